"""Two collectors on one PostgreSQL: one store, one outbox."""

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from nutbridge.collector.errors import StoreBusy
from nutbridge.collector.parse.body import parse
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.engine import connect, parse_url
from tests.collector.serve.collector import collector
from tests.collector.serve.reports import report_body
from tests.collector.serve.upstream import (
    Enphase,
    resets,
    takes,
    wait_for,
)
from tests.collector.store.using import put, raw


def test_two_collectors_share_a_database(
    tmp_path: Path, enphase: Enphase, postgres_url: str
) -> None:
    """What either acknowledged is stored once and goes out in order, once.

    When the one that empties the outbox dies, the other goes on.
    """
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))

    def count(table: str) -> int:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT count(*) FROM {table}"))
            return int(found.scalar_one())

    enphase.reaction = resets
    bodies = [report_body(number) for number in range(6)]
    options = (
        *("--mode", "store-and-forward", "--db", postgres_url),
        *("--upstream", enphase.url),
    )
    with collector(tmp_path / "b", *options) as second:
        with collector(tmp_path / "a", *options) as first:
            for number, body in enumerate(bodies):
                taker = first if number % 2 else second
                assert taker.post(body).status == 200
            assert first.post(bodies[0]).status == 200
            assert (count("raw"), count("outbox")) == (6, 6)
            first.process.kill()
            first.process.wait()
        enphase.got.clear()
        enphase.reaction = takes
        wait_for(lambda: count("outbox") == 0, 60)
        assert [got.body for got in enphase.got] == bodies
        assert count("interval") == 6 * 3
    engine.dispose()


def test_options_in_the_address_hold_for_every_connection(postgres_url: str) -> None:
    """Tables are made, written and read in the schema that the user named."""
    engine = create_engine(parse_url(postgres_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA own")
    store = Store.open(f"{postgres_url}?options=-csearch_path%3Down")
    put(store, report_body())
    assert store.counters().reports == 1
    store.close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM own.raw")).scalar() == 1
    engine.dispose()


def test_server_notices_soon_that_a_collector_is_gone(postgres_url: str) -> None:
    """Else the outbox would be held for hours by a machine that lost its power."""
    for create, writer in ((True, False), (False, True)):
        engine = connect(parse_url(postgres_url), create=create, writer=writer)
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SHOW tcp_keepalives_idle").scalar()
            assert found == "30"
        engine.dispose()


def test_collector_notices_soon_that_the_server_is_gone(postgres_url: str) -> None:
    """Else it waits for hours for the answer of one that lost its power."""
    engine = connect(parse_url(postgres_url), create=False, writer=True)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        handle = os.dup(driver.fileno())
        with socket.socket(fileno=handle) as link:
            idle_s = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            every_s = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
            count = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
            assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    engine.dispose()
    assert idle_s + every_s * count <= 30


@pytest.mark.slow(10)
def test_server_that_hangs_is_told(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives, and says nothing: new reports are refused, /healthz says why."""
    monkeypatch.setattr("nutbridge.collector.store.writer.STALLED_S", 0.2)
    store = Store.open(postgres_url)
    put(store, report_body(0))
    pids = store.write(lambda sql: sql.rows("SELECT pg_backend_pid()"))
    os.kill(pids[0][0], signal.SIGSTOP)
    body = report_body(1)
    try:
        first = store.take(raw(body), parse(body))
        wait_for(lambda: stalled(store))
        with pytest.raises(StoreBusy, match="does not answer"):
            store.take(raw(body), parse(body))
    finally:
        os.kill(pids[0][0], signal.SIGCONT)
    assert not first.result().answer.duplicate
    wait_for(lambda: not stalled(store))
    assert store.counters().reports == 2
    store.close()


def stalled(store: Store) -> bool:
    """Tell whether a store says that it hangs."""
    try:
        store.counters()
    except StoreBusy:
        return True
    return False


def test_commits_wait_for_the_disk_whatever_the_server_says(postgres_url: str) -> None:
    """An acknowledged report survives the end of the server's power."""
    name = postgres_url.rpartition("/")[2]
    engine = create_engine(parse_url(postgres_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f'ALTER DATABASE "{name}" SET synchronous_commit = off'
        )
    engine.dispose()
    store = Store.open(postgres_url)
    found = store.write(lambda sql: sql.rows("SHOW synchronous_commit"))
    store.close()
    assert found == [("on",)]
