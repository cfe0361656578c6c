"""Two collectors on one PostgreSQL: one store, one outbox."""

from pathlib import Path

from sqlalchemy import create_engine, text

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
from tests.collector.store.using import put


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
