"""A database of an older version goes on as one of this, with the same answers.

Those of test-data/collector were written by those versions' own code.
"""

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from nutbridge.collector.errors import SchemaRefused
from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.queries.energy import energy
from nutbridge.collector.store import schema, units
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import rebuild
from nutbridge.collector.store.reading import Reader, reading
from nutbridge.collector.store.sql import Sql
from tests.collector.parse.samples import NOW, body, interval
from tests.collector.store.using import (
    exported,
    hours_in,
    listed,
    put,
    run,
    waits_for_lock,
)

DATA = Path(__file__).parents[3] / "test-data" / "collector"
V1, V2, V3, V4, V5 = (DATA / f"v{number}" for number in range(1, 6))


@pytest.fixture
def old(url: str) -> str:
    """Return a database as schema 1 left it, of each kind in turn."""
    return of_before(url, V1)


@pytest.fixture
def second(url: str) -> str:
    """Return a database as schema 2 left it, of each kind in turn."""
    return of_before(url, V2)


def of_before(url: str, version: Path) -> str:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as link:
            link.executescript((version / "sqlite.sql").read_text())
        link.close()
    else:
        with psycopg.connect(url) as connection:
            connection.execute((version / "postgresql.sql").read_bytes())
    return url


def asked(url: str, by: By) -> list[list[object]]:
    with reading(url) as database:
        return [list(one.values())[1:] for one in energy(database, by)]


def test_sums_stay_but_for_what_was_counted_twice(old: str) -> None:
    Store.open(old).close()
    before = json.loads((V1 / "expected.json").read_text())
    # Told again under another id; and 8 J of 1970.
    eqid, energy_j = "990000000102.1", 60_100
    for by in By:
        found = {tuple(row[:3]): row[3:] for row in asked(old, by)}
        # An AC Battery is no panel any more.
        expected = {
            tuple(row[:3]): row[3:]
            for row in before[by.value]
            if row[3] != 8 and row[2] != "990000000901.1"
        }
        wrong = [key for key in expected if found[key] != expected[key]]
        assert [key[2] for key in wrong] == [eqid]
        expected[wrong[0]][0] -= energy_j
        assert found == expected


def test_rows_and_states_stay(old: str) -> None:
    Store.open(old).close()
    states = [one["forward_state"] for one in listed(old)]
    assert len(states) == 22
    assert states.count("queued") == 4
    assert (states.count("dead_letter"), states.count("forwarded")) == (1, 1)
    rows = exported(old)
    left = {row["id"]: row["left_out"] for row in rows if row.get("left_out")}
    assert left == {77: "twice", 78: "date"}
    assert [row["conflict"] for row in rows if "conflict" in row] == [True]
    assert [row["odd"] for row in rows if "odd" in row] == [True]


#: Dies when it is told of its way for the n-th time.
_DIES = """
import os, signal, sys
from nutbridge.collector.store.api import Store
left = int(sys.argv[2])
def tell(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
Store.open(sys.argv[1], progress=tell)
"""


@pytest.mark.slow(15)
def test_killed_on_its_way_it_begins_anew(old: str) -> None:
    """All steps are one transaction: the older version can still use it, too."""
    for calls in (1, 4, 8):
        command = [sys.executable, "-c", _DIES, old, str(calls)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        with pytest.raises(SchemaRefused, match="has schema 1"), reading(old):
            pass
    Store.open(old).close()
    assert len(listed(old)) == 22


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_backup_before_it_is_brought_up(tmp_path: Path, version: Path) -> None:
    old, copy = (f"sqlite:///{tmp_path}/{name}.db" for name in ("old", "copy"))
    of_before(old, version)
    run("backup", tmp_path / "copy.db", "--db", old)
    for url in (old, copy):
        Store.open(url).close()
    assert listed(copy) == listed(old)
    assert exported(copy) == exported(old)


def test_panels_are_known(old: str) -> None:
    Store.open(old).close()
    with reading(old) as database:
        panels = database.rows(
            "SELECT eqid, device_eqid, device_type FROM panel ORDER BY eqid"
        )
        rows = database.rows("SELECT eqids, sights FROM unit_list")
    seen = {
        eqid: sights[mark].last_energy
        for eqids, marks, sights in (units.listed(*row) for row in rows)
        for eqid, mark in zip(eqids, marks, strict=True)
    }
    assert sorted(seen) == [eqid for eqid, *_ in panels]
    found = [(eqid, device, seen[eqid], kind) for eqid, device, kind in panels]
    last = NOW - NOW % 86400 + 15 * 3600 + 3000
    place = NOW - NOW % 86400 + 5 * 3600 + 5400
    assert found == [
        ("990000000101", "990000000101", None, 1),
        ("990000000101.1", "990000000101", last, None),
        ("990000000102.1", "990000000102", last, None),
        ("990000000103.1", "990000000103", place, None),
        ("990000000901", "990000000901", None, 11),
        ("990000000901.1", "990000000901", last, None),
    ]


def test_it_takes_reports_as_before(old: str) -> None:
    store = Store.open(old)
    put(store, body(interval(id=9001, end_date=NOW + 86400)), queue=True)
    again = interval(id=9002, end_date=NOW + 86400)
    put(store, body(again, report_timestamp=NOW + 3))
    assert store.counters().outbox == 5
    store.close()
    assert max(asked(old, By.HOUR))[3:] == [65439, 0]
    bodies = "SELECT count(*) FROM raw_body"
    with reading(old) as database:
        assert database.rows(bodies) == [(24,)]


def shape(database: Reader, url: str) -> object:
    """Return all columns and indexes, and how full pages are made."""
    if url.startswith("sqlite"):
        tables = sorted(schema.metadata.tables)
        columns = {
            name: [row[1:4] for row in database.rows(f"PRAGMA table_info({name})")]
            for name in tables
        }
        indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
        return columns, sorted(database.rows(f"{indexes} AND sql IS NOT NULL"))
    return (
        database.rows(
            "SELECT table_name, column_name, data_type, is_nullable FROM"
            " information_schema.columns WHERE table_schema = 'public'"
            " AND table_name !~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1, ordinal_position"
        ),
        database.rows(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname !~ 'pkey' AND tablename !~ '_[0-9]{4}_[0-9]{2}$'"
            " ORDER BY 1"
        ),
        database.rows(
            "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"
            " AND relnamespace = 'public'::regnamespace"
            " AND relname !~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1"
        ),
    )


@pytest.mark.parametrize("version", [V1, V2, V3, V4, V5], ids=lambda one: one.name)
def test_upgraded_and_new_databases_have_one_shape(
    url: str, tmp_path: Path, version: Path
) -> None:
    old = of_before(url, version)
    Store.open(old).close()
    if old.startswith("sqlite"):
        new = f"sqlite:///{tmp_path}/new.db"
    else:
        new = f"{old}_new"
        with psycopg.connect(old, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{new.rpartition("/")[2]}"'.encode())
    Store.open(new).close()
    with reading(old) as first, reading(new) as second:
        assert shape(first, old) == shape(second, new)


def test_rebuild_says_the_same(old: str) -> None:
    store = Store.open(old)
    before = [asked(old, by) for by in By]
    with store.engine.execution_options(writes=True).begin() as connection:
        sql = Sql(connection)
        sql.run("UPDATE envoy_hour SET energy_j = energy_j + 1, gave = '[[],[],[]]'")
    rebuild(store, lambda *_: None)
    store.close()
    assert [asked(old, by) for by in By] == before


def answers(url: str, now: int) -> dict[str, object]:
    with reading(url) as database:
        found: dict[str, object] = {
            by.value: [list(one.values()) for one in energy(database, by)] for by in By
        }
        found["devices"] = [
            [
                *(one["envoy_serial"], one["eqid"], one["state"], one["last_seen"]),
                one["condition_flags"],
                [[event["id"], event["eqid"]] for event in one["open_events"]],
            ]
            for one in (device.as_object() for device in devices(database, now))
        ]
    return found


def test_schema_2_answers_as_before(second: str) -> None:
    """Sums by day are made of those by hour, what was pruned included."""
    expected = json.loads((V2 / "expected.json").read_text())
    (now,) = expected.pop("now")
    with pytest.raises(SchemaRefused, match="schema 2"), reading(second):
        pass
    told: list[tuple[str, int, int]] = []
    store = Store.open(second, progress=lambda *at: told.append(at))
    assert told == [
        *(("Envoys", done, 2) for done in range(2)),
        *(("units", done, 2) for done in range(2)),
        *(("sums", done, 2) for done in range(2)),
    ]
    assert answers(second, now) == expected
    rebuild(store, lambda *_: None)
    store.close()
    assert answers(second, now) == expected


def test_schema_3_answers_as_before(url: str) -> None:
    """What it looked up for each question is kept now: descriptions, what is open."""
    third = of_before(url, V3)
    expected = json.loads((V3 / "expected.json").read_text())
    store = Store.open(third)

    def objects() -> list[object]:
        with reading(third) as database:
            found = devices(database, expected["now"])
            return [one.as_object() for one in found]

    assert objects() == expected["devices"]
    for table in ("open_event", "envoy_day"):
        store.write(lambda sql, table=table: sql.run(f"DELETE FROM {table}"))  # type: ignore[misc]  # mypy and defaults
    store.write(
        lambda sql: sql.run("UPDATE unit_list SET sights = replace(sights, '_', '')")
    )
    assert objects() != expected["devices"]
    rebuild(store, lambda *_: None)
    store.close()
    assert objects() == expected["devices"]


@pytest.mark.parametrize("version", [V4, V5], ids=lambda one: one.name)
def test_schemas_4_and_5_answer_as_before(url: str, version: Path) -> None:
    old = of_before(url, version)
    expected = json.loads((V2 / "expected.json").read_text())
    (now,) = expected.pop("now")
    store = Store.open(old)
    assert answers(old, now) == expected
    rebuild(store, lambda *_: None)
    store.close()
    assert answers(old, now) == expected


def test_hours_of_schema_5_are_taken_over_piece_by_piece(url: str) -> None:
    """Those of an Envoy that are more than are read at once, in two offsets."""
    fifth = of_before(url, V5)
    hours = [
        (9, f"{panel}.1", hour * 3600, offset, 5 * hour + panel, panel)
        for hour in range(450)
        for offset in ((0, 3600) if hour in (199, 200) else (0,))
        for panel in range(3)
    ]
    values = ", ".join(map(str, hours))
    statement = f"INSERT INTO energy_hour VALUES {values}"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as link:
            link.execute("INSERT INTO envoy VALUES (9, '990000000009', 'UTC', NULL)")
            link.execute(statement)
            link.commit()
    else:
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO envoy VALUES (9, '99000009', 'UTC', NULL)")
            connection.execute(statement.encode())
    Store.open(fifth).close()
    with reading(fifth) as database:
        found = [row for row in hours_in(database) if row[0] == 9]
        whole = database.rows(
            "SELECT sum(energy_j), sum(estimated_j) FROM envoy_day WHERE envoy_id = 9"
        )
    assert sorted(found) == sorted(hours)
    assert whole == [(sum(row[4] for row in hours), sum(row[5] for row in hours))]


def test_older_collector_beside_loses_nothing(postgres_url: str) -> None:
    """What it writes at that moment is taken over; what comes later it refuses."""
    fourth = of_before(postgres_url, V4)
    migrating = threading.Thread(target=lambda: Store.open(fourth).close())
    with psycopg.connect(fourth) as older:
        # As it begins each transaction, and what it does first with a report's rows.
        older.execute("SELECT store_id, counted_from FROM store")
        older.execute("UPDATE panel SET last_energy = %s", (NOW + 1234,))
        migrating.start()
        assert waits_for_lock(fourth, migrating)
        # It had these locks in this order; nobody may wait for one in another.
        older.execute("DELETE FROM described")
    migrating.join()
    with reading(fourth) as database:
        rows = database.rows("SELECT eqids, sights FROM unit_list")
    for row in rows:
        sights = units.listed(*row).sights.values()
        assert {one.last_energy for one in sights} == {NOW + 1234}


def test_older_collector_beside_loses_no_hour(postgres_url: str) -> None:
    fifth = of_before(postgres_url, V5)
    migrating = threading.Thread(target=lambda: Store.open(fifth).close())
    with psycopg.connect(fifth) as older:
        older.execute("SELECT store_id, counted_from FROM store")
        migrating.start()
        assert waits_for_lock(fifth, migrating)
        older.execute("UPDATE energy_hour SET energy_j = 7, estimated_j = 3")
    migrating.join()
    with reading(fifth) as database:
        assert {row[4:] for row in hours_in(database)} == {(7, 3)}
