"""PostgreSQL: large tables in pieces of a month, made when rows of it come.

Rows whose date cannot be right are in the piece called ``rest``. A piece is made
within the transaction that needs it first; the next month's a week ahead, so that
no collector waits for it at midnight of the first. Where somebody reads all tables
meanwhile, for hours as pg_dump does, rows stay in ``rest`` until a piece can be made.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError

from nutbridge.collector.store.dates import DAY, EARLIEST
from nutbridge.collector.store.schema import FILLED_PCT, PARTITIONED
from nutbridge.collector.store.sql import Sql

_AHEAD_S = 7 * DAY
_MONTHS = 12
#: Any number that others do not use.
_LOCK = 7_264_110_003
#: Who only stores a report has ended by then, s.
_FREE_S = 2
#: Where it was not free it is tried again after so long, s.
AGAIN_S = 60
#: lock_not_available, deadlock_detected.
_NOT_FREE = ("55P03", "40P01")

#: The one table whose key differs from that on SQLite: there the body's number
#: alone is the row's, and a copy of all bodies would be made to change it.
RAW_BODY = (
    "CREATE TABLE raw_body (raw_id BIGINT NOT NULL, body BYTEA NOT NULL,"
    " received BIGINT NOT NULL, PRIMARY KEY (raw_id, received))"
    " PARTITION BY RANGE (received)"
)


def month_of(moment: int) -> int:
    """Return the number of a moment's month in UTC, counted from the year 0."""
    there = datetime.fromtimestamp(moment, tz=UTC)
    return there.year * _MONTHS + there.month - 1


def begin_of(month: int) -> int:
    """Return when a month begins, Unix seconds."""
    year, place = divmod(month, _MONTHS)
    return int(datetime(year, place + 1, 1, tzinfo=UTC).timestamp())


def name_of(table: str, month: int) -> str:
    """Return the name of a piece."""
    year, place = divmod(month, _MONTHS)
    return f"{table}_{year:04}_{place + 1:02}"


def month_in(table: str, piece: str) -> int | None:
    """Return the month of a piece by its name; None: it has none."""
    found = re.fullmatch(rf"{table}_(\d{{4}})_(\d{{2}})", piece)
    return int(found[1]) * _MONTHS + int(found[2]) - 1 if found else None


def make_rest(sql: Sql) -> None:
    """Make the pieces for rows of no month."""
    for table in PARTITIONED:
        sql.run(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")


def months_of(moments: Iterable[int], received: int) -> set[int]:
    """Return the months that need a piece for rows of these moments.

    Args:
        moments: dates of rows, Unix seconds.
        received: when they came.
    """
    latest = max(received, EARLIEST) + _AHEAD_S
    found = {month_of(at) for at in moments if EARLIEST <= at <= latest}
    return found | {month_of(latest)}


def present(sql: Sql, table: str) -> set[int]:
    """Return the months that have a piece of a table; none where there is none."""
    rows = sql.rows(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = to_regclass(?)",
        (table,),
    )
    found = (month_in(table, name) for (name,) in rows)
    return {month for month in found if month is not None}


def make_if_free(sql: Sql, months: set[int]) -> bool:
    """Make the pieces of some months, unless somebody reads the tables for long.

    Returns: whether they are there.
    """
    if not any(_missing(sql, months)):
        return True
    _wait_for_others(sql)
    ((limit,),) = sql.rows("SELECT current_setting('lock_timeout')")
    sql.run("SAVEPOINT pieces")
    try:
        _limit_locks(sql, f"{_FREE_S}s")
        # At once, or rows of a month come into rest after it was looked through.
        rests = ", ".join(f"{table}_rest" for table in PARTITIONED)
        sql.run(f"LOCK TABLE {rests} IN ACCESS EXCLUSIVE MODE")
        make(sql, months)
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) not in _NOT_FREE:
            raise
        sql.run("ROLLBACK TO SAVEPOINT pieces")
        return False
    _limit_locks(sql, limit)
    return True


def _limit_locks(sql: Sql, limit: str) -> None:
    sql.rows("SELECT set_config('lock_timeout', ?, true)", (limit,))


def _wait_for_others(sql: Sql) -> None:
    """Another collector may need the same ones at the same moment."""
    sql.rows(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _missing(sql: Sql, months: Iterable[int]) -> Iterator[tuple[str, int]]:
    for month in sorted(months):
        for table in PARTITIONED:
            ((there,),) = sql.rows("SELECT to_regclass(?)", (name_of(table, month),))
            if there is None:
                yield table, month


def make(sql: Sql, months: set[int]) -> None:
    """Make the pieces of some months; those that are there stay.

    Rows that waited in ``rest`` move: a date far ahead becomes the present one day.
    """
    if months:
        _wait_for_others(sql)
    for table, month in _missing(sql, months):
        start, end = begin_of(month), begin_of(month + 1)
        column, piece = PARTITIONED[table], name_of(table, month)
        # Our names and numbers alone, hence the S608.
        sql.run(f"CREATE TABLE {piece} (LIKE {table} INCLUDING ALL)")
        if table in FILLED_PCT:
            sql.run(f"ALTER TABLE {piece} SET (fillfactor = {FILLED_PCT[table]})")
        sql.run(
            f"WITH moved AS (DELETE FROM {table}_rest WHERE {column} >= {start}"  # noqa: S608
            f" AND {column} < {end} RETURNING *) INSERT INTO {piece}"
            " SELECT * FROM moved"
        )
        sql.run(
            f"ALTER TABLE {table} ATTACH PARTITION {piece}"
            f" FOR VALUES FROM ({start}) TO ({end})"
        )
