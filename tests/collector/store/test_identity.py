"""The database under its feet: nothing is acknowledged that is lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import psycopg
import pytest

from nutbridge.collector.errors import (
    SchemaRefused,
    StoreDamaged,
    StoreError,
    StoreReplaced,
)
from nutbridge.collector.store import identity
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.engine import connect, parse_url
from nutbridge.collector.store.schema import SCHEMA
from nutbridge.collector.store.sql import Sql
from tests.collector.parse.samples import NOW, body, event
from tests.collector.store.using import raw

Fault = Callable[[Path, Path], None]


def backup(db: Path, copy: Path) -> None:
    with closing(sqlite3.connect(db)) as source, closing(sqlite3.connect(copy)) as to:
        source.backup(to)


def other_store(db: Path, _copy: Path) -> None:
    """A new database, perhaps of another collector, takes its name."""
    other = db.with_name("other.db")
    Store.open(str(other)).close()
    os.replace(other, db)


def overwrite(db: Path, copy: Path) -> None:
    shutil.copyfile(copy, db)


def truncate(db: Path, _copy: Path) -> None:
    os.truncate(db, 8192)


def empty(db: Path, _copy: Path) -> None:
    db.write_bytes(b"")


def delete(db: Path, _copy: Path) -> None:
    db.unlink()


def delete_all(db: Path, _copy: Path) -> None:
    for file in db.parent.glob("reports.db*"):
        file.unlink()


def delete_log(db: Path, _copy: Path) -> None:
    db.with_name("reports.db-wal").unlink()


def empty_log(db: Path, _copy: Path) -> None:
    os.truncate(db.with_name("reports.db-wal"), 0)


def cut_log(db: Path, _copy: Path) -> None:
    log = db.with_name("reports.db-wal")
    os.truncate(log, log.stat().st_size // 2)


def zeros_in_log(db: Path, _copy: Path) -> None:
    with open(db.with_name("reports.db-wal"), "r+b") as log:
        log.write(bytes(4096))


def delete_index(db: Path, _copy: Path) -> None:
    db.with_name("reports.db-shm").unlink()


def something_else(db: Path, _copy: Path) -> None:
    db.unlink()
    db.write_text("no database\n" * 100)


def folder(db: Path, _copy: Path) -> None:
    db.unlink()
    db.mkdir()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "reports.db"


@pytest.fixture
def used(db: Path, tmp_path: Path) -> Iterator[Store]:
    """A store with reports, a copy of its state before the last ones beside it."""
    store = Store.open(str(db))
    for number in range(30):
        store.accept(raw(os.urandom(4000)))
        if number == 10:
            backup(db, tmp_path / "copy.db")
        if number == 20:
            # Until then an overwritten file is whole with its log.
            with closing(sqlite3.connect(db)) as link:
                link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield store
    store.close()


def bodies(db: Path) -> list[bytes]:
    with closing(sqlite3.connect(db)) as link:
        return [row[0] for row in link.execute("SELECT body FROM raw_body")]


FAULTS = (
    *(other_store, overwrite, truncate, empty, delete, delete_all),
    *(delete_log, empty_log, cut_log, zeros_in_log),
    *(delete_index, something_else, folder),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__)
def test_nothing_is_taken_until_it_is_right(
    used: Store, db: Path, tmp_path: Path, fault: Fault
) -> None:
    fault(db, tmp_path / "copy.db")
    for number in range(3):
        with pytest.raises(StoreReplaced, match=r"restart|stop the collector"):
            used.accept(raw(b"%d" % number))
        with pytest.raises(StoreError):
            used.counters()


@pytest.mark.parametrize("fault", [delete_log, delete_index], ids=["log", "index"])
def test_log_that_was_deleted_is_saved_at_the_end(
    used: Store, db: Path, tmp_path: Path, fault: Fault
) -> None:
    fault(db, tmp_path)
    used.close()
    assert len(bodies(db)) == 30


@pytest.mark.parametrize(
    "fault",
    # Half of a log that is written to behind the cut looks like a whole one.
    [one for one in FAULTS if one is not cut_log],
    ids=lambda one: one.__name__,
)
def test_fault_between_two_looks_of_a_transaction(
    used: Store, db: Path, tmp_path: Path, fault: Fault
) -> None:
    """What was written just then is not acknowledged."""
    future = used._writer.ask(lambda _: fault(db, tmp_path / "copy.db"))
    with pytest.raises(StoreError):
        future.result()


@pytest.mark.parametrize("fault", [empty_log, cut_log, zeros_in_log])
def test_cut_log_leaves_what_is_in_the_file(
    used: Store, db: Path, tmp_path: Path, fault: Fault
) -> None:
    """SQLite would go on behind the hole, and move zeros into the file at its end."""
    fault(db, tmp_path)
    with pytest.raises(StoreReplaced):
        used.accept(raw(b"a"))
    used.close()
    shutil.copy(db, tmp_path / "left.db")
    assert len(bodies(tmp_path / "left.db")) == 21
    with closing(sqlite3.connect(tmp_path / "left.db")) as link:
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_log_that_its_owner_moved_into_the_file_is_none(used: Store, db: Path) -> None:
    for number in range(3):
        with closing(sqlite3.connect(db)) as link:
            link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        used.accept(raw(b"%d" % number))
    assert used.counters().reports == 33


def test_log_that_was_moved_just_before_a_transaction_is_none(
    used: Store, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does so makes it wait; all were refused from then on, until a restart."""
    noticing = used._noticing

    def move() -> AbstractContextManager[None]:
        monkeypatch.undo()
        with closing(sqlite3.connect(db)) as link:
            link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return noticing()

    monkeypatch.setattr(used, "_noticing", move)
    for number in range(3):
        used.accept(raw(b"%d" % number))
    assert used.counters().reports == 33


#: Holds the lock of who moves the log into the file, which is half a state meanwhile.
_MOVER = """
import fcntl, sys
index, db = (open(name, "r+b", buffering=0) for name in sys.argv[1:])
fcntl.lockf(index, fcntl.LOCK_EX, 1, 121)
before = db.read(100)
db.seek(28)
db.write(bytes([0, 1, 0, 0]))
print(flush=True)
sys.stdin.readline()
db.seek(0)
db.write(before)
print(flush=True)
sys.stdin.readline()
"""


def test_log_that_is_being_moved_is_waited_for(
    used: Store, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, on a slow disk: its file was called overwritten."""
    used.accept(raw(b"a"))
    command = [sys.executable, "-c", _MOVER, f"{db}-shm", str(db)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as mover:
        assert mover.stdin is not None
        assert mover.stdout is not None
        said = mover.stdout
        said.readline()
        looks = []

        def look_again(_seconds: float) -> None:
            looks.append(1)
            if len(looks) == 30:
                print(file=mover.stdin, flush=True)
                said.readline()

        monkeypatch.setattr(f"{identity.__name__}.time.sleep", look_again)
        used.counters()
        monkeypatch.undo()
        mover.stdin.close()
    assert len(looks) == 30
    used.accept(raw(b"b"))


def test_newer_version_brings_it_up_meanwhile(store: Store, url: str) -> None:
    """What an old program writes lacks what the new one relies on."""
    store.accept(raw(b"a"))
    other = Store.open(url)
    newer = "INSERT INTO schema_version (version, applied) VALUES (?, 0)"
    other.write(lambda sql: sql.run(newer, (SCHEMA + 1,)))
    other.close()
    with pytest.raises(SchemaRefused, match=f"schema {SCHEMA + 1} now"):
        store.accept(raw(b"b"))
    engine = connect(parse_url(url), create=False)
    with engine.connect() as link:
        assert Sql(link).rows("SELECT count(*) FROM raw") == [(1,)]
    engine.dispose()


def test_damage_that_was_seen_is_not_forgotten(
    used: Store, db: Path, tmp_path: Path
) -> None:
    """A question met it; reports would go into pages that are whole, and be lost."""
    with closing(sqlite3.connect(db)) as link:
        ((page,),) = link.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'raw_dead'"
        )
    with open(db, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"x" * 4096)
    used.accept(raw(b"a"))
    used.engine.dispose()
    with pytest.raises(StoreDamaged, match="put a backup in its place"):
        used.counters()
    with pytest.raises(StoreDamaged):
        used.accept(raw(b"b"))
    for end in ("", "-wal", "-shm"):
        os.replace(f"{db}{end}", tmp_path / f"old.db{end}")
    shutil.copy(tmp_path / "copy.db", db)
    used.accept(raw(b"c"))
    assert used.counters().reports == 12


def test_damage_that_a_transaction_meets_on_its_way_is_told(
    used: Store, db: Path
) -> None:
    """SQLite reads on while rows are fetched; it was called a report that is odd."""
    for number in range(100):
        used.accept(raw(b"more %d" % number))
    used.close()
    data = bytearray(db.read_bytes())
    with closing(sqlite3.connect(db)) as link:
        ((root,),) = link.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'raw'"
        )
    # The last leaf, by the format of an inner page.
    leaf = int.from_bytes(data[(root - 1) * 4096 + 8 :][:4])
    data[(leaf - 1) * 4096 : leaf * 4096] = b"x" * 4096
    db.write_bytes(data)
    store = Store.open(str(db))
    with pytest.raises(StoreDamaged, match="put a backup in its place"):
        store.write(lambda sql: sql.rows("SELECT raw_id, headers FROM raw"))
    with pytest.raises(StoreDamaged):
        store.accept(raw(b"b"))
    store.close()


def test_file_that_comes_back_goes_on(used: Store, db: Path, tmp_path: Path) -> None:
    away = tmp_path / "away.db"
    db.rename(away)
    with pytest.raises(StoreReplaced, match="gone"):
        used.accept(raw(b"a"))
    assert not db.exists()
    away.rename(db)
    used.accept(raw(b"b"))
    assert bodies(db)[-1] == b"b"
    assert used.counters().reports == 31


@pytest.mark.parametrize("whole", [True, False])
def test_copy_of_the_store_that_takes_its_name_is_used(
    used: Store, db: Path, tmp_path: Path, *, whole: bool
) -> None:
    """Its owner restored a backup; the log of the old file is none of it."""
    for end in ("", "-wal", "-shm") if whole else ("",):
        os.replace(f"{db}{end}", tmp_path / f"old.db{end}")
    shutil.copy(tmp_path / "copy.db", db)
    used.accept(raw(b"new"))
    assert used.counters().reports == 12
    assert bodies(db)[-1] == b"new"
    with closing(sqlite3.connect(db)) as link:
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if whole:
        assert b"new" not in bodies(tmp_path / "old.db")


def test_state_that_was_put_back_in_order_is_used(
    used: Store, db: Path, tmp_path: Path
) -> None:
    """sqlite3 reports.db ".restore copy.db" while it serves."""
    used.parsed(used.accept(raw(body(event(id=7)))).raw_id, _parsed(7))
    backup(tmp_path / "copy.db", db)
    with pytest.raises(StoreReplaced, match="earlier state"):
        used.accept(raw(b"a"))
    accepted = used.accept(raw(body(event(id=8))))
    used.parsed(accepted.raw_id, _parsed(8))
    # The Envoy's row went with the later state: nothing that was known is used.
    with closing(sqlite3.connect(db)) as link:
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = "SELECT count(*) FROM event JOIN envoy USING (envoy_id)"
        assert link.execute(rows).fetchall() == [(1,)]


def _parsed(number: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from nutbridge.collector.parse.body import parse

    return parse(body(event(id=number)))


def test_link_that_leads_elsewhere_is_noticed(db: Path, tmp_path: Path) -> None:
    """The database may lie on another disk."""
    real, other = tmp_path / "real.db", tmp_path / "other.db"
    for path in (real, other):
        Store.open(str(path)).close()
    db.symlink_to(real)
    store = Store.open(str(db))
    store.accept(raw(b"a"))
    db.unlink()
    db.symlink_to(other)
    with pytest.raises(StoreReplaced):
        store.accept(raw(b"b"))
    db.unlink()
    db.symlink_to(real)
    store.accept(raw(b"c"))
    real.rename(tmp_path / "away.db")
    with pytest.raises(StoreReplaced):
        store.accept(raw(b"d"))
    store.close()


def test_many_checkpoints_are_no_fault(used: Store, db: Path) -> None:
    """Of this process and of another one."""
    for number in range(40):
        used.accept(raw(os.urandom(200_000)))
        if number % 4 == 0:
            with closing(sqlite3.connect(db, timeout=30)) as other:
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if number % 8 == 0:
                    other.execute("VACUUM")
    assert used.counters().reports == 70


def test_postgres_with_another_store_or_an_earlier_state(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    for number in range(3):
        store.accept(raw(b"%d" % number, NOW))
    with psycopg.connect(postgres_url, autocommit=True) as link:
        link.execute("DELETE FROM raw WHERE raw_id > 1")
        link.execute("SELECT setval('raw_raw_id_seq', 1)")
        with pytest.raises(StoreReplaced, match="earlier"):
            store.accept(raw(b"a", NOW))
        # What the failed try took is not given again.
        store.accept(raw(b"b", NOW))
        link.execute("UPDATE store SET store_id = 'x'")
        with pytest.raises(StoreReplaced, match="another store"):
            store.accept(raw(b"c", NOW))
    store.close()
