"""Locked, full, broken, foreign, newer and older databases; a killed process."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from nutbridge.collector.errors import (
    SchemaRefused,
    StoreBusy,
    StoreDamaged,
    StoreDown,
    StoreError,
    StoreFull,
    StoreRefused,
)
from nutbridge.collector.parse.body import parse
from nutbridge.collector.store import engine as engines
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.engine import parse_url, shown, translate
from nutbridge.collector.store.lead import FileLead
from nutbridge.collector.store.migrations import bring_up, version_of
from nutbridge.collector.store.reading import reading
from nutbridge.collector.store.schema import SCHEMA
from nutbridge.collector.store.sql import Sql
from tests.collector.parse.samples import body, device, event
from tests.collector.store.using import exported, listed, put, raw
from tests.fakes import postgres

ROOT = Path(__file__).parents[3]


def test_newer_schema_is_refused(url: str) -> None:
    store = Store.open(url)
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO schema_version VALUES ({SCHEMA + 1}, 0)"
        )
    store.close()
    with pytest.raises(SchemaRefused, match="newer nutbridge"):
        Store.open(url)
    with pytest.raises(SchemaRefused, match="newer nutbridge"), reading(url):
        pass


def test_older_schema_goes_through_the_numbered_steps(url: str) -> None:
    store = Store.open(url)

    def first(sql: Sql, _: object) -> None:
        sql.run("CREATE TABLE extra (a BIGINT)")

    def second(sql: Sql, _: object) -> None:
        sql.run("INSERT INTO extra VALUES (7)")
        sql.run("ALTER TABLE extra ADD b BIGINT")

    steps = {SCHEMA + 1: first, SCHEMA + 2: second}
    writing = store.engine.execution_options(writes=True)
    with writing.begin() as connection, pytest.raises(SchemaRefused):
        bring_up(connection, 0, create=False, steps=steps, wanted=SCHEMA + 2)
    for _ in range(2):
        with writing.begin() as connection:
            bring_up(connection, 5, create=True, steps=steps, wanted=SCHEMA + 2)
            assert version_of(connection) == SCHEMA + 2
            rows = connection.exec_driver_sql("SELECT a, b FROM extra").all()
            assert [tuple(row) for row in rows] == [(7, None)]
    store.close()


def test_store_that_lost_its_name_is_told(url: str) -> None:
    store = Store.open(url)
    store.write(lambda sql: sql.run("DELETE FROM store"))
    store.close()
    for opened in (Store.open, lambda where: reading(where).__enter__()):
        with pytest.raises(StoreDamaged, match="put a backup there"):
            opened(url)


def test_damaged_schema_is_told(tmp_path: Path) -> None:
    """What SQLite says of it is not even text."""
    path = tmp_path / "r.db"
    Store.open(str(path)).close()
    before, after = b"CREATE TABLE raw ", b"CREA\xc2E T\xff\xfeLE raw "
    path.write_bytes(path.read_bytes().replace(before, after))
    with pytest.raises(StoreDamaged, match="put a backup in its place"):
        Store.open(str(path))


def test_schema_without_a_way_to_ours_is_refused(url: str) -> None:
    store = Store.open(url)
    with store.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 0")
    store.close()
    with pytest.raises(SchemaRefused, match="schema 0; use a new"):
        Store.open(url)
    with pytest.raises(SchemaRefused, match="schema 0, this"), reading(url):
        pass


def test_questions_to_a_database_without_reports(url: str, tmp_path: Path) -> None:
    (tmp_path / "reports.db").touch()
    with pytest.raises(SchemaRefused, match="no reports"), reading(url):
        pass


def test_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database at"), reading(f"{tmp_path}/a.db"):
        pass
    assert not (tmp_path / "a.db").exists()
    port = "postgresql://someone:secret@127.0.0.1:1/x"
    with pytest.raises(StoreDown, match="refused") as found:
        Store.open(port)
    assert "secret" not in str(found.value)


def test_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no database\n" * 1000)
    with pytest.raises(StoreDown, match="not a database"):
        Store.open(str(text))
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE photos (a)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(SchemaRefused), reading(str(other)):
        pass
    with pytest.raises(SchemaRefused, match="another program"):
        Store.open(str(other))
    assert other.read_bytes() == before


def test_server_may_hold_other_programs_unless_their_tables_are_ours(
    postgres_url: str,
) -> None:
    server = create_engine(parse_url(postgres_url))
    with server.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE photos (); CREATE TABLE event ()")
    with pytest.raises(SchemaRefused, match="another program"):
        Store.open(postgres_url)
    with server.begin() as connection:
        connection.exec_driver_sql("DROP TABLE event")
    server.dispose()
    Store.open(postgres_url).close()


def test_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Store.open(f"{tmp_path}/a/reports.db").close()
    assert (tmp_path / "a" / "reports.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["mysql://a:secret@b/c", "sqlite://", "sqlite:///:memory:", "x://", "://"]
)
def test_other_urls_are_refused(text: str) -> None:
    with pytest.raises(StoreError) as found:
        parse_url(text)
    assert "secret" not in str(found.value)


def test_password_is_never_shown() -> None:
    url = parse_url("postgres://me:secret@db/reports")
    assert url.drivername == "postgresql+psycopg"
    assert "secret" not in shown(url)
    assert "secret" not in shown(parse_url("postgresql://db/r?password=secret"))


def test_power_may_fail_after_an_answer(tmp_path: Path) -> None:
    """WAL with synchronous=FULL: NORMAL loses the last commits."""
    store = Store.open(f"{tmp_path}/r.db")
    for engine in (store.engine, store._writing):
        with engine.connect() as connection:
            full = connection.exec_driver_sql("PRAGMA synchronous").scalar()
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        assert (full, mode) == (2, "wal")
    store.close()


def test_locked_database_is_waited_for_within_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_S", 0.05)
    store = Store.open(f"{tmp_path}/r.db")
    other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        store.accept(raw(b"x"))
    other.execute("ROLLBACK")
    other.close()
    store.accept(raw(b"x"))
    store.close()


def test_locked_table_of_postgresql_is_waited_for_within_a_bound(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_S", 0.05)
    store = Store.open(postgres_url)
    with store.engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE raw")
        with pytest.raises(StoreBusy):
            store.accept(raw(b"x"))
    store.accept(raw(b"x"))
    store.close()


def test_lock_that_ends_in_time_is_not_seen(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    other = sqlite3.connect(
        tmp_path / "r.db", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(0.1, other.execute, ("ROLLBACK",))
    ends.start()
    assert not store.accept(raw(b"x")).duplicate
    ends.join()
    other.close()
    store.close()


def test_full_disk_is_told_apart_and_recovers(tmp_path: Path) -> None:
    """The database may have no more pages: SQLite says the same as for a disk."""
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body())
    with store._writing.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFull, match="make room"):
        store.accept(raw(os.urandom(100_000)))
    assert len(listed(f"{tmp_path}/r.db")) == 1
    with store._writing.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    store.accept(raw(os.urandom(100_000)))
    assert len(listed(f"{tmp_path}/r.db")) == 2
    store.close()


def test_errors_of_postgresql_are_told_apart(postgres_url: str) -> None:
    engine = create_engine(parse_url(postgres_url))
    kinds = {"53100": StoreFull, "55P03": StoreBusy, "57014": StoreDown}
    for state, kind in kinds.items():
        code = f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"
        with engine.connect() as connection, pytest.raises(Exception) as found:  # noqa: PT011  any of them
            connection.exec_driver_sql(code)
        assert type(translate(found.value, parse_url(postgres_url))) is kind
    engine.dispose()


def test_encoding_of_the_database(postgres_server: str) -> None:
    """SQL_ASCII holds all texts; another one would refuse some reports' rows."""
    name = uuid.uuid4().hex
    texts = "Gerät ☀"
    with postgres.database(postgres_server, f"a{name}", "SQL_ASCII") as url:
        store = Store.open(url)
        put(store, body(device(part_num=texts)))
        store.close()
        assert texts in [row.get("part_num") for row in exported(url)]
    with (
        postgres.database(postgres_server, f"l{name}", "LATIN1") as url,
        pytest.raises(SchemaRefused, match="encoding LATIN1"),
    ):
        Store.open(url)


def test_lock_of_the_outbox_that_cannot_be_made(tmp_path: Path) -> None:
    """An error of the store, which the outbox tries again; not its end."""
    lead = FileLead(f"{tmp_path}/none/x.lock")
    with pytest.raises(StoreDown, match="No such file"):
        lead.take()


def test_connection_that_ended_is_made_anew(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    put(store, body())
    with store.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    store.accept(raw(b"more"))
    assert len(listed(postgres_url)) == 2
    store.close()


def test_why_a_connection_ended_is_told(postgres_url: str) -> None:
    """And the next question has a new one."""
    store = Store.open(postgres_url)
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with reading(postgres_url) as database:
        assert database.envoys() == []
        with psycopg.connect(postgres_url) as link:
            link.execute(end)
        with pytest.raises(StoreDown, match="terminating connection"):
            database.envoys()
        assert database.envoys() == []
    store.close()


def test_server_that_takes_no_connection_is_no_other_collector(
    postgres_url: str, postgres_server: str
) -> None:
    """All connections are taken: nobody empties the outbox, and that is told."""
    store = Store.open(postgres_url)
    assert store.lead_outbox()
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(f"{postgres_server}postgres", autocommit=True) as link:
        link.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        end = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        )
        link.execute(end, (name,))
        for _ in range(2):
            with pytest.raises(StoreDown):
                store.lead_outbox()
        link.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert store.lead_outbox()
    store.close()


_TOO_LONG = """
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NEW.id = 666 THEN RAISE EXCEPTION 'late' USING ERRCODE = '57014'; END IF;
RETURN NEW; END $$;
CREATE TRIGGER late BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION late()
"""


def test_report_that_takes_too_long_fails_alone(postgres_url: str) -> None:
    """Those that came at the same moment are stored."""
    store = Store.open(postgres_url)
    with psycopg.connect(postgres_url) as link:
        link.execute(_TOO_LONG)
    goes_on = threading.Event()
    store._writer.ask(lambda _: goes_on.wait())
    bodies = [body(event(id=number)) for number in (1, 666, 2)]
    asked = [store.take(raw(one), parse(one)) for one in bodies]
    goes_on.set()
    problems = [type(one.exception()) for one in asked]
    store.close()
    assert problems == [type(None), StoreRefused, type(None)]


KILLED = """
import sys
from nutbridge.collector.store.api import Store
from tests.collector.store.using import put, raw
from tests.collector.parse.samples import body, event
store = Store.open(sys.argv[1])
number = int(sys.argv[2])
while True:
    number += 1
    put(store, body(event(id=number)), queue=True)
    print(number, flush=True)
"""


@pytest.mark.slow(8)
def test_killed_process_loses_nothing_that_it_said(tmp_path: Path) -> None:
    """Each number that was said is stored, queued and there once."""
    url = f"{tmp_path}/r.db"
    said = 0
    for more in (1, 5, 9, 14):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, url, str(said + 1000)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        for _ in range(more):
            said = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        said = max([said, *map(int, process.stdout.read().split())])
        process.stdout.close()
        process.wait()
        ids = [row["id"] for row in exported(url)]
        assert said in ids
        assert len(ids) == len(set(ids))
        queued = [one["forward_state"] for one in listed(url) if one["intervals"] == 0]
        assert queued.count("queued") == len(ids)
