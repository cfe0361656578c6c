"""What an owner does with the database now and then: prune, back up, rebuild, requeue.

Each takes many short transactions, so that a collector goes on meanwhile.
"""

import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from nutbridge.collector.errors import StoreError
from nutbridge.collector.store import days, hours, kept, partitions, units
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.engine import (
    asking,
    file_uri,
    is_sqlite,
    parse_url,
    translated,
)
from nutbridge.collector.store.identity import alone
from nutbridge.collector.store.sql import Sql
from nutbridge.system.files import Folder, is_beyond_others

#: Called with how many are done, of how many.
Progress = Callable[[int, int], None]

#: Rows that go in one transaction.
_BATCH = 5000
#: Bodies that are still to go somewhere, or to be looked into.
_NEEDED = (
    "(parse_state = 'pending' OR forward_state IN ('queued', 'stuck', 'dead_letter'))"
)
#: Rows of reports, and the column of their date.
_ROWS = {"interval": "end_date", "reading": "date", "event": "event_date"}
#: Kept once per body; of descriptions the newest stays.
_OF_A_BODY = ("receipt", "answer", "report", "odd_row", "variant", "raw_body", "raw")


def rebuild(store: Store, progress: Progress) -> int:
    """Make all that is kept anew from the rows; returns of how many panels.

    What was pruned is in the sums alone, and stays.
    """
    envoys = _envoys(store)
    for envoy_id in envoys:
        _locked(store, kept.rebuild, envoy_id)
        _locked(store, units.rebuild, envoy_id)
    spans = [
        (envoy_id, *span)
        for envoy_id in envoys
        for span in store.write(functools.partial(hours.spans, envoy_id=envoy_id))
    ]
    for done, span in enumerate(spans):
        progress(done, len(spans))
        _locked(store, hours.rebuild, *span)
    for envoy_id in envoys:
        _locked(store, days.rebuild, envoy_id)
    ((panels,),) = store.write(lambda sql: sql.rows("SELECT count(*) FROM panel"))
    return int(panels)


def _locked(
    store: Store, rebuild_: Callable[..., None], envoy_id: int, *more: int
) -> None:
    def work(sql: Sql) -> None:
        kept.lock(sql, envoy_id)
        rebuild_(sql, envoy_id, *more)

    store.write(work)


def _envoys(store: Store) -> list[int]:
    rows = store.write(lambda sql: sql.rows("SELECT envoy_id FROM envoy"))
    return [envoy_id for (envoy_id,) in rows]


def prune(store: Store, before: int, progress: Progress) -> int:
    """Remove reports and their rows from before a day; returns how many rows.

    Sums stay, and so do bodies that wait for the upstream, or that it refused. Rows
    from before that come later are left out of the sums: nobody could tell whether
    they are in them.

    Args:
        store: the database.
        before: Unix seconds; the begin of its day counts.
        progress: called now and then.
    """
    before -= before % DAY
    store.write(lambda sql: _count_from(sql, before))
    count = store.write(lambda sql: _drop_months(sql, before) if sql.postgres else 0)
    envoys = _envoys(store)
    for done, envoy_id in enumerate(envoys):
        progress(done, len(envoys))
        for table, column in _ROWS.items():
            keys = f"envoy_id, id, {column}"
            count += _delete(
                store,
                f"DELETE FROM {table} WHERE ({keys}) IN (SELECT {keys} FROM {table}"  # noqa: S608  our names
                f" WHERE envoy_id = ? AND {column} <= ? LIMIT {_BATCH})",
                (envoy_id, before),
            )
    store.write(
        lambda sql: sql.run("DELETE FROM open_event WHERE event_date <= ?", (before,))
    )
    for table in ("device", "channel"):
        count += _delete(
            store,
            f"DELETE FROM {table} WHERE reported < ?"  # noqa: S608  our names
            f" AND EXISTS (SELECT 1 FROM {table} n"
            f" WHERE n.envoy_id = {table}.envoy_id AND n.eqid = {table}.eqid"
            f" AND n.reported > {table}.reported)",
            (before,),
            once=True,
        )
    return count + _delete_bodies(store, before)


def _count_from(sql: Sql, before: int) -> None:
    # Who began earlier would look for slots that are removed by then.
    alone(sql)
    sql.run(
        "UPDATE store SET counted_from = ? WHERE counted_from < ?", (before, before)
    )


def _delete(
    store: Store, statement: str, values: tuple[int, ...], *, once: bool = False
) -> int:
    count = 0
    while some := store.write(lambda sql: sql.count(statement, values)):
        count += some
        if once:
            break
    return count


def _delete_bodies(store: Store, before: int) -> int:
    old = (
        f"SELECT raw_id FROM raw WHERE received < ? AND NOT {_NEEDED}"  # noqa: S608  our words
        f" ORDER BY raw_id LIMIT {_BATCH // 10}"
    )

    def some(sql: Sql) -> int:
        # What comes once more at this moment may have to go somewhere yet.
        how = " FOR UPDATE SKIP LOCKED" if sql.postgres else ""
        ids = [row[0] for row in sql.rows(f"{old}{how}", (before,))]
        places = ", ".join("?" * len(ids))
        for table in _OF_A_BODY if ids else ():
            sql.run(f"DELETE FROM {table} WHERE raw_id IN ({places})", ids)  # noqa: S608  our names
        return len(ids)

    count = 0
    while found := store.write(some):
        count += found
    return count


def _drop_months(sql: Sql, before: int) -> int:
    """Drop whole pieces of tables; returns about how many rows were in them."""
    count = 0
    rows = sql.rows(
        "SELECT p.relname, c.relname, greatest(c.reltuples, 0)::bigint"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " JOIN pg_class p ON p.oid = i.inhparent"
        " WHERE p.oid IN (SELECT to_regclass(name) FROM unnest(?::text[]) AS name)",
        ([*_ROWS, "raw_body"],),
    )
    for table, piece, about in rows:
        month = partitions.month_in(table, piece)
        if month is None or partitions.begin_of(month + 1) > before:
            continue
        if table == "raw_body" and _is_needed(sql, piece):
            continue
        sql.run(f"ALTER TABLE {table} DETACH PARTITION {piece}")
        sql.run(f"DROP TABLE {piece}")
        count += about
    return count


def _is_needed(sql: Sql, piece: str) -> bool:
    """Tell whether a body of a piece is still to go somewhere; none comes meanwhile."""
    sql.run(f"LOCK TABLE {piece} IN ACCESS EXCLUSIVE MODE")
    needed = (
        "SELECT raw_id FROM outbox UNION SELECT raw_id FROM raw WHERE parse_state ="
        " 'pending' UNION SELECT raw_id FROM raw WHERE forward_state = 'dead_letter'"
    )
    found = sql.rows(f"SELECT 1 FROM {piece} WHERE raw_id IN ({needed}) LIMIT 1")  # noqa: S608  our names
    return bool(found)


@contextmanager
def opened(url: str) -> Iterator[sqlite3.Connection]:
    """Open an SQLite database to be copied.

    Raises:
        StoreError: it cannot be read, or it is one of PostgreSQL.
    """
    address = parse_url(url)
    if not is_sqlite(address):
        raise StoreError("a database of PostgreSQL is backed up by pg_dump")
    path = Path(os.path.abspath(str(address.database)))
    source = file_uri(path, "mode=rw")
    with (
        translated(address),
        closing(asking(sqlite3.connect(source, uri=True), path)) as live,
    ):
        # Of whatever version: one that is to be brought up first of all.
        live.execute("SELECT version FROM schema_version").fetchall()
        yield live


def backup(live: sqlite3.Connection, file: str) -> None:
    """Copy an SQLite database as it is at one moment; a collector goes on.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be made.
    """
    # The place of the house is in it.
    path = Path(os.path.abspath(file))
    with Folder(path.parent) as folder:
        handle = folder.create(path.name, 0o600, None)
        try:
            with os.fdopen(handle, "wb") as target:
                _copy(live, path, target)
        except BaseException:
            folder.unlink(path.name)
            raise


def _copy(live: sqlite3.Connection, path: Path, target: IO[bytes]) -> None:
    if os.geteuid() != 0 or is_beyond_others(path.parent):
        _copy_all(live, path)
        return
    # SQLite opens by path alone, and follows what another user puts there meanwhile.
    where = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 - a folder of our own
    with tempfile.TemporaryDirectory(prefix="nutbridge-backup-", dir=where) as own:
        _copy_all(live, Path(own, "copy"))
        with open(Path(own, "copy"), "rb") as source:
            shutil.copyfileobj(source, target)
        target.flush()
        os.fsync(target.fileno())


def _copy_all(live: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        # All at once: one that is made piece by piece begins anew with each report.
        live.backup(copy)
