"""What an owner does with the database: prune, back up, rebuild, requeue."""

import json
import os
import random
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from nutbridge.collector.errors import StoreError
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.energy import energy
from nutbridge.collector.store import schema
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import prune, rebuild
from nutbridge.collector.store.given import panels_in
from nutbridge.collector.store.jobs import Accepting, FailedTry
from nutbridge.collector.store.states import ForwardState
from nutbridge.collector.store.writer import Batch
from nutbridge.collector.store.zones import offset_s
from tests.collector.parse.samples import NOW, body, device, event, interval, reading
from tests.collector.store.using import (
    asked,
    asking,
    exported,
    hours_in,
    listed,
    put,
    raw,
    run,
    waits_for_lock,
)

DAY = 86_400
#: A day after New York's clocks went back, 2023-11-05.
CLOCKS = 1_699_250_400
SERIAL = "990000000001"
PANELS = [f"99000000010{n}.1" for n in range(3)]
ZONES = ["US/Eastern", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC", "x/Y"]


def quiet(_done: int, _total: int) -> None:
    pass


def hours(store: Store) -> list[tuple[object, ...]]:
    return sorted(row for row in store.write(hours_in) if row[4])


def days(store: Store) -> list[tuple[object, ...]]:
    rows = store.write(
        lambda sql: sql.rows("SELECT envoy_id, day, gave FROM envoy_day ORDER BY 1, 2")
    )
    return [
        (envoy_id, day, *panel)
        for envoy_id, day, gave in rows
        for panel in panels_in(gave)
        if panel[1]
    ]


def days_of(hours: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Add up hours, slowly: by the date and the hour that the clocks show."""
    found: dict[tuple[object, ...], list[int]] = {}
    for envoy_id, eqid, hour, offset, energy_j, estimated_j in hours:
        shown = datetime.fromtimestamp(hour + offset, tz=UTC)  # type: ignore[operator]
        midnight = int(shown.replace(hour=0, minute=0).timestamp())
        one = found.setdefault((envoy_id, midnight, eqid), [0, 0, 0])
        one[0] += energy_j  # type: ignore[operator]
        one[1] += estimated_j  # type: ignore[operator]
        one[2] |= 2**shown.hour
    return sorted((*key, *one) for key, one in found.items())


def made_up(chance: random.Random, number: int) -> bytes:
    """Return a report with slots of all kinds, some of them told before."""
    rows = []
    for _ in range(chance.randrange(1, 12)):
        length = chance.choice([300, 300, 300, 900, 3600, 9000, 56_400])
        rows.append(
            interval(
                id=chance.randrange(200),
                eqid=chance.choice(PANELS),
                end_date=chance.choice([NOW, CLOCKS]) - 300 * chance.randrange(400),
                interval_duration=length,
                stat_duration=chance.choice([length, length - 6]),
                stats=chance.choice([0, chance.randrange(10**7), "x", "1,2"]),
            )
        )
    place = {
        "serial_num": chance.choice([SERIAL, "990000000002"]),
        "timezone": chance.choice(ZONES),
    }
    return body(*rows, envoy=place, report_timestamp=NOW + number)


def expected(store: Store) -> list[tuple[object, ...]]:
    """Add up the counted intervals, slowly; see that none overlaps another."""
    rows = store.write(
        lambda sql: sql.rows(
            "SELECT i.envoy_id, i.eqid, i.end_date, i.interval_duration, i.energy_j,"
            " i.estimated, r.timezone FROM interval i JOIN report r USING (raw_id)"
            " WHERE i.energy_j IS NOT NULL AND i.left_out IS NULL"
        )
    )
    found: dict[tuple[int, str, int, int], list[int]] = {}
    taken: dict[str, set[int]] = {}
    for envoy_id, eqid, end, length, total, estimated, zone in rows:
        quarters = set(range(end - length, end, 300))
        assert not quarters & taken.setdefault(eqid, set())
        taken[eqid] |= quarters
        given = 0
        for second in range(end - length, end, 300):
            moment = end - length if length <= 3600 else second
            offset = offset_s(zone, moment)
            key = (envoy_id, eqid, moment - (moment + offset) % 3600, offset)
            part = total * (second + 300 - end + length) // length - given
            given += part
            one = found.setdefault(key, [0, 0])
            one[0] += part
            one[1] += part if estimated else 0
    return sorted((*key, *one) for key, one in found.items() if one[0])


@pytest.mark.parametrize("seed", range(6))
def test_sums_are_those_of_the_intervals(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever came, some of it twice; and a rebuild says the same."""
    chance = random.Random(seed)
    if seed % 2:
        # Written and made anew piece by piece, as those of large Envoys are.
        few = {"MOST_WAITING": 7, "MOST_DAYS": 1, "TOGETHER": 3, "PAGE": 3}
        for name, most in few.items():
            monkeypatch.setattr(f"nutbridge.collector.store.hours._{name}", most)
        monkeypatch.setattr("nutbridge.collector.store.days._TOGETHER", 2)
    bodies = [made_up(chance, number) for number in range(30)]
    for one in bodies + chance.sample(bodies, 10):
        put(store, one)
    before = hours(store)
    assert before == expected(store)
    by_day = days(store)
    assert by_day == days_of(before)
    store.write(
        lambda sql: sql.run("UPDATE envoy_hour SET energy_j = 7, gave = '[[],[],[]]'")
    )
    store.write(
        lambda sql: sql.run("DELETE FROM envoy_hour WHERE hour / 7200 * 7200 = hour")
    )
    store.write(
        lambda sql: sql.run("UPDATE envoy_day SET energy_j = 7, gave = '[[],[],[],[]]'")
    )
    store.write(lambda sql: sql.run("DELETE FROM envoy_day WHERE envoy_id = 2"))
    rebuild(store, quiet)
    assert hours(store) == before
    assert days(store) == by_day


def test_rebuild_looks_at_slots_of_times_that_have_some(store: Store) -> None:
    """One date of 2005: nothing is read for each month since."""
    old = interval(id=1, eqid=PANELS[0], end_date=1_104_537_600 + 2 * DAY)
    put(store, body(old, *[interval(id=2 + n, eqid=PANELS[n]) for n in range(3)]))
    before = hours(store), days(store)
    with asked() as sent:
        rebuild(store, quiet)
    assert (hours(store), days(store)) == before
    assert len([one for one, _ in sent if "LEFT JOIN report" in one]) == 4


def test_energy_told_twice_counts_once(store: Store, url: str) -> None:
    """Under another id, by an overlapping gap fill, by another Envoy: kept, flagged."""
    slot = {"end_date": NOW, "interval_duration": 300, "stats": 100}
    put(store, body(interval(id=1, **slot)))
    put(store, body(interval(id=2, **slot), report_timestamp=NOW + 1))
    gap = {"interval_duration": 56_400, "stat_duration": 56_400, "stats": 9}
    put(store, body(interval(id=3, end_date=NOW + 600, **gap)))
    put(store, body(interval(id=4, end_date=NOW + 60_000, **gap)))
    put(store, body(interval(id=5, end_date=NOW + 60_300, **gap)))
    other = {"serial_num": "990000000002"}
    put(store, body(interval(id=1, **slot), envoy=other))
    with asking(url) as database:
        found = sum(one["energy_j"] for one in energy(database, By.MONTH))
    assert found == 100 + 9
    flags = {(row["envoy_serial"], row["id"]): row["left_out"] for row in exported(url)}
    assert flags == {
        (SERIAL, 1): None,
        (SERIAL, 2): "twice",
        (SERIAL, 3): "twice",
        (SERIAL, 4): None,
        (SERIAL, 5): "twice",
        ("990000000002", 1): "elsewhere",
    }


def test_report_that_asks_for_too_many_hours(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nutbridge.collector.store.ingest._MOST_HOURS", 100)
    week = {"interval_duration": 7 * DAY // 2, "stats": 5}
    put(store, body(*[interval(id=n, eqid=PANELS[n], **week) for n in range(3)]))
    assert [row["left_out"] for row in exported(url)] == [None, "too_many", "too_many"]


def old_and_new(store: Store) -> None:
    for number, back in enumerate((90, 60, 2, 0)):
        at = NOW - back * DAY
        data = body(
            interval(id=number, end_date=at),
            *(reading(id=number, date=at), event(id=number, event_date=at), device()),
            report_timestamp=at,
        )
        queue = number in (1, 3)
        raw_id = store.accept(raw(data, at)).raw_id
        store.parsed(raw_id, parse(data), queue=queue)


def test_prune(store: Store, url: str) -> None:
    """Rows and bodies go; sums, what waits, and the newest description stay."""
    old_and_new(store)
    sums_before, days_before = hours(store), days(store)
    assert prune(store, NOW - 10 * DAY, quiet) > 0
    assert hours(store) == sums_before
    kinds = [(row["kind"], row.get("id")) for row in exported(url)]
    assert kinds == [
        *(("interval", 2), ("interval", 3), ("reading", 2), ("reading", 3)),
        *(("event", 2), ("event", 3)),
        *(("device", None), ("device", None), ("channel", None), ("channel", None)),
    ]
    assert [one["forward_state"] for one in listed(url)] == ["queued", "none", "queued"]
    assert [len(one.body) > 0 for one in store.outbox_heads()] == [True]
    rebuild(store, quiet)
    assert hours(store) == sums_before
    assert days(store) == days_before
    # What was pruned comes again: it is in the sums.
    again = interval(id=99, end_date=NOW - 60 * DAY)
    put(store, body(again, report_timestamp=NOW + 5))
    assert hours(store) == sums_before
    late = [row["left_out"] for row in exported(url) if row.get("id") == 99]
    assert late == ["pruned"]
    assert prune(store, NOW - 10 * DAY, quiet) >= 1


def test_prune_drops_whole_months(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    old_and_new(store)
    months = "SELECT relname FROM pg_class WHERE relname ~ '^interval_[0-9_]+$'"
    before = {row[0] for row in store.write(lambda sql: sql.rows(months))}
    assert {"interval_2023_08", "interval_2023_09", "interval_2023_11"} <= before
    prune(store, NOW - 10 * DAY, quiet)
    after = {row[0] for row in store.write(lambda sql: sql.rows(months))}
    assert "interval_2023_08" not in after
    assert "interval_2023_11" in after
    # They are made again where they are needed.
    put(store, body(interval(id=98, end_date=NOW - 89 * DAY), report_timestamp=NOW + 6))
    store.close()


def test_body_that_is_queued_meanwhile_is_not_pruned(postgres_url: str) -> None:
    """An Envoy sends an old report again at that moment, and hears that it is here."""
    store = Store.open(postgres_url)
    data, at = body(interval(id=1, end_date=NOW - 12 * DAY)), NOW - 12 * DAY
    one = store.take(raw(data, at), parse(data)).result().answer
    with psycopg.connect(postgres_url) as other:
        # It has got as far as this.
        other.execute("UPDATE raw SET times_received = 2, forward_state = 'queued'")
        envoy = "SELECT raw_id, envoy_id FROM raw"
        other.execute(f"INSERT INTO outbox (raw_id, envoy_id) {envoy}")
        pruning = threading.Thread(target=prune, args=(store, NOW - 10 * DAY, quiet))
        pruning.start()
        pruning.join(60)
        other.commit()
    pruning.join()
    heads = store.outbox_heads()
    store.close()
    assert [(head.raw_id, head.body) for head in heads] == [(one.raw_id, data)]


def test_body_that_was_pruned_before_its_row_is_kept_again(store: Store) -> None:
    """Of a month that was dropped, whose other rows prune has not come to yet."""
    data = body(interval(id=1))
    put(store, data)
    store.write(lambda sql: sql.run("DELETE FROM raw_body"))
    raw_id = put(store, data, queue=True)
    heads = store.outbox_heads()
    assert [(head.raw_id, head.body) for head in heads] == [(raw_id, data)]


def test_what_is_pruned_meanwhile_counts_once(postgres_url: str) -> None:
    """A transaction that began before must not take it for new."""
    stores = [Store.open(postgres_url) for _ in range(2)]
    put(stores[0], body(interval(id=1, end_date=NOW - 60 * DAY)))
    before = hours(stores[0])
    again = body(interval(id=9, end_date=NOW - 60 * DAY), report_timestamp=NOW + 5)
    begun, goes_on = threading.Event(), threading.Event()

    def job(batch: Batch) -> None:
        batch.accepting.append(Accepting(raw(again), parse(again)))
        begun.set()
        goes_on.wait()

    late = stores[0]._writer.ask(job)
    begun.wait()
    pruning = threading.Thread(target=prune, args=(stores[1], NOW - DAY, quiet))
    pruning.start()
    waited = waits_for_lock(postgres_url, pruning)
    goes_on.set()
    late.result()
    pruning.join()
    after = hours(stores[1])
    for store in stores:
        store.close()
    assert (after, waited) == (before, True)


def test_pieces_have_room_beside_rows_that_change(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    old_and_new(store)
    options = "SELECT relname, reloptions FROM pg_class WHERE relname ~ '_2023_11$'"
    rows = store.write(lambda sql: sql.rows(f"{options} AND relkind = 'r'"))
    store.close()
    found = {name.removesuffix("_2023_11"): room for name, room in rows}
    assert found == {
        name: [f"fillfactor={schema.FILLED_PCT[name]}"]
        if name in schema.FILLED_PCT
        else None
        for name in schema.PARTITIONED
    }


def test_two_collectors_make_the_same_months(postgres_url: str) -> None:
    stores = [Store.open(postgres_url) for _ in range(2)]
    failed: list[Exception] = []

    def work(store: Store, number: int) -> None:
        for back in range(8):
            at = NOW - back * 31 * DAY
            row = interval(id=number, end_date=at, eqid=PANELS[number])
            try:
                put(store, body(row, report_timestamp=at + number))
            except StoreError as exc:
                failed.append(exc)

    threads = [
        threading.Thread(target=work, args=(store, number))
        for number, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = "SELECT count(*), count(DISTINCT tableoid) FROM interval"
    found = stores[0].write(lambda sql: sql.rows(counts))
    for store in stores:
        store.close()
    assert (failed, found) == ([], [(16, 8)])


def test_rows_of_the_future_move_when_their_month_comes(postgres_url: str) -> None:
    """Somebody's clock must not keep a later month from being stored."""
    store = Store.open(postgres_url)
    early, late = (
        body(interval(id=1, end_date=NOW + 400 * DAY)),
        body(interval(id=2, end_date=NOW + 400 * DAY)),
    )
    for data, at in ((early, NOW), (late, NOW + 400 * DAY)):
        store.parsed(store.accept(raw(data, at)).raw_id, parse(data))
    rows = store.write(
        lambda sql: sql.rows("SELECT id, left_out, tableoid::regclass FROM interval")
    )
    store.close()
    piece = "interval_2024_12"
    assert sorted(rows) == [(1, "date", piece), (2, None, piece)]


def test_dump_that_reads_all_tables_keeps_no_report_out(postgres_url: str) -> None:
    """pg_dump does so for hours; the first reports of a month wait in another piece."""
    store = Store.open(postgres_url)
    where = "SELECT id, tableoid::regclass::text FROM interval ORDER BY id"
    days = (0, 40, 41, 42)

    def come(number: int) -> None:
        at = NOW + days[number] * DAY
        row = interval(id=number, end_date=at)
        data = body(row, report_timestamp=at)
        store.take(raw(data, at), parse(data)).result()

    try:
        come(0)
        with psycopg.connect(postgres_url) as dump:
            for table in (*schema.metadata.tables, *rests()):
                dump.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
            come(1)
            come(2)
            before = store.write(lambda sql: sql.rows(where))
        come(3)
        after = store.write(lambda sql: sql.rows(where))
    finally:
        store.close()
    first = (0, "interval_2023_11")
    assert before == [first, *((n, "interval_rest") for n in (1, 2))]
    assert after == [first, *((n, "interval_2023_12") for n in (1, 2, 3))]


def rests() -> list[str]:
    """Return the pieces for rows of no month."""
    return [f"{table}_rest" for table in schema.PARTITIONED]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "reports.db"
    store = Store.open(str(path))
    old_and_new(store)
    raw_id = store.outbox_heads()[0].raw_id
    dead = FailedTry("answered 400", 5, NOW, None, ForwardState.DEAD_LETTER)
    store.refused(raw_id, None, dead)
    store.close()
    return path


def test_commands(db: Path, tmp_path: Path) -> None:
    text = run("outbox", "--db", db).stdout
    assert "dead_letter" in text
    assert "answered 400" in text
    (dead, _) = json.loads(run("outbox", "--db", db, "--json").stdout)
    for odd in ("ffff", "", "%"):
        words = ("--requeue", "all", "--requeue", odd)
        told = run("outbox", "--db", db, *words, code=1).stderr
        assert f"{odd}: nothing in the outbox fits" in told
    wanted = dead["sha256"][:9]
    assert "1 report(s)" in run("outbox", "--db", db, "--requeue", wanted).stdout
    found = json.loads(run("outbox", "--db", db, "--json").stdout)
    assert [one["forward_state"] for one in found] == ["queued", "queued"]
    assert "2 report(s)" in run("outbox", "--db", db, "--requeue", "all").stdout
    assert "2 panels" in run("rebuild", "--db", db).stdout
    assert "removed" in run("prune", "--before", "2023-11-01", "--db", db).stdout
    for odd in ("2023-13-01", "yesterday", "2999-01-01"):
        assert "--before" in run("prune", "--before", odd, "--db", db, code=2).stderr
    copy = tmp_path / "copy.db"
    run("backup", copy, "--db", db)
    assert os.stat(copy).st_mode & 0o777 == 0o600
    assert "exists" in run("backup", copy, "--db", db, code=1).stderr
    assert listed(str(copy)) == listed(str(db))
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    run("backup", link, "--db", db, code=1)
    assert not (tmp_path / "nowhere").exists()


def test_backup_of_a_store_in_use(db: Path, tmp_path: Path) -> None:
    store = Store.open(str(db))
    store.accept(raw(b"x"))
    run("backup", tmp_path / "copy.db", "--db", db)
    store.accept(raw(b"y"))
    store.close()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as link:
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert link.execute("SELECT count(*) FROM raw").fetchall() == [(5,)]


def test_name_of_any_bytes(tmp_path: Path) -> None:
    """A name need not be UTF-8, and may hold what a URI has for itself."""
    db = tmp_path / os.fsdecode(b"old\xff 100%?#.db")
    with closing(Store.open(str(db))) as store:
        store.accept(raw(b"x"))
    copy = tmp_path / os.fsdecode(b"copy\xff.db")
    run("backup", copy, "--db", db)
    assert run("list", "--db", copy).stdout.count("\n") == 2
    names = os.listdir(os.fsencode(tmp_path))
    assert {b"old\xff 100%?#.db", b"copy\xff.db"} <= set(names)


@pytest.mark.skipif(os.geteuid() != 0, reason="run as root to see what root does")
@pytest.mark.parametrize("open_to_all", [True, False])
def test_root_works_as_the_owner_of_the_folder(
    db: Path, tmp_path: Path, *, open_to_all: bool
) -> None:
    """It follows no link to what is root's, and leaves nothing of root's behind."""
    secret = tmp_path / "secret.db"
    Store.open(str(secret)).close()
    for path in (db.parent, *db.parent.iterdir()):
        os.chown(path, 65534, 65534)
    # Everybody may pass to it, as to /var/lib; or nobody, as to /var/lib/private.
    tmp_path.chmod(0o711 if open_to_all else 0o700)
    for path in tmp_path.parents if open_to_all else ():
        if path.stat().st_uid == 0 and not path.stat().st_mode & 1:
            path.chmod(path.stat().st_mode | 0o11)
    run("list", "--db", db)
    run("rebuild", "--db", db)
    run("backup", tmp_path / "of-root.db", "--db", db)
    assert (tmp_path / "of-root.db").stat().st_uid == 0
    assert {path.stat().st_uid for path in db.parent.iterdir()} == {65534}
    assert os.geteuid() == 0
    db.unlink()
    db.symlink_to(secret)
    secret.chmod(0o600)
    before = secret.read_bytes()
    for command in (["list"], ["rebuild"], ["prune", "--before", "2023-11-01"]):
        run(*command, "--db", db, code=74)
    assert secret.read_bytes() == before


def test_every_table_that_is_cut_by_month_is_there() -> None:
    for table, column in schema.PARTITIONED.items():
        assert column in schema.metadata.tables[table].columns
