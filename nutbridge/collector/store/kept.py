"""What is kept ready for who asks about a fleet: made of rows of other tables alone.

Written in the transaction that stores those rows. The row of their Envoy is locked
before (``jobs``): no two transactions make the same of them at once.
"""

from collections.abc import Sequence

from nutbridge.collector.parse.codes import CLEARED, SET
from nutbridge.collector.store import schema
from nutbridge.collector.store.sql import Row, Sql

_OPEN = (
    "INSERT INTO open_event (envoy_id, id, event_date)"  # noqa: S608  our words
    " SELECT s.envoy_id, s.id, s.event_date FROM event s WHERE s.envoy_id = ?"
    f" AND s.event_state = {SET} AND s.correlation_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM event c WHERE c.envoy_id = s.envoy_id"
    f" AND c.correlation_id = s.id AND c.event_state = {CLEARED}"
    " AND c.event_date >= s.event_date)"
)
_CLOSE = (
    "DELETE FROM open_event WHERE (envoy_id, id, event_date) IN"
    " (SELECT s.envoy_id, s.id, s.event_date FROM {keys} CROSS JOIN open_event s"
    " WHERE s.envoy_id = k.envoy_id AND s.id = k.id AND s.event_date <= k.cleared)"
)
_CLEARED = (("envoy_id", "bigint"), ("id", "bigint"), ("cleared", "bigint"))


def see_events(sql: Sql, rows: Sequence[Row], new: Sequence[Row]) -> None:
    """Keep which conditions may be open; who asks looks for what cleared them.

    Of a set that comes after its clear, or learns of it later, the key stays.

    Args:
        sql: the transaction.
        rows: of ``event``, as they came.
        new: those of them that were not there.
    """
    sets = {row[:3] for row in rows if row[4] == SET and row[7] is None}
    names = tuple(schema.open_event.columns.keys())
    sql.insert(schema.open_event, names, sorted(sets), "DO NOTHING")
    clears = {
        (row[0], row[7], row[2])
        for row in new
        if row[4] == CLEARED and row[7] is not None
    }
    sql.run_of(_CLOSE, _CLEARED, sorted(clears))


def lock(sql: Sql, envoy_id: int) -> None:
    """Let no other transaction store rows of an Envoy until the end of this one."""
    how = " FOR UPDATE" if sql.postgres else ""
    sql.rows(f"SELECT 1 FROM envoy WHERE envoy_id = ?{how}", (envoy_id,))  # noqa: S608


def rebuild(sql: Sql, envoy_id: int) -> None:
    """Make what is kept of an Envoy anew, but for its sums."""
    lock(sql, envoy_id)
    sql.run("DELETE FROM open_event WHERE envoy_id = ?", (envoy_id,))
    sql.run(_OPEN, (envoy_id,))
