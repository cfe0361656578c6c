"""What is kept ready for who asks about a fleet: made of rows of other tables alone.

Written in the transaction that stores those rows. The row of their Envoy is locked
before (``jobs``): no two transactions make the same of them at once.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Table

from nutbridge.collector.parse.codes import CLEARED, SET
from nutbridge.collector.parse.values import as_json
from nutbridge.collector.store import schema
from nutbridge.collector.store.sql import Names, Row, Sql

#: Columns of a description that are no attributes of it.
_PLACE = ("envoy_id", "eqid", "reported", "device_eqid", "raw_id")
_NEWER = (
    "(envoy_id, eqid) DO UPDATE SET reported = excluded.reported, said = excluded.said"
    " WHERE excluded.reported > described.reported"
)
_NEWEST = (
    "SELECT {names} FROM {table} d WHERE d.envoy_id = ? AND d.reported = (SELECT"
    " max(n.reported) FROM {table} n WHERE n.envoy_id = d.envoy_id AND n.eqid = d.eqid)"
)

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


def _keys(sql: Sql, *names: str) -> str:
    """Return a source of rows ``k``, of whole numbers that are sent."""
    if sql.postgres:
        arrays = ", ".join("?::bigint[]" for _ in names)
        return f"unnest({arrays}) AS k({', '.join(names)})"
    parts = ", ".join(
        f"json_extract(value, '$[{place}]') AS {name}"
        for place, name in enumerate(names)
    )
    return f"(SELECT {parts} FROM json_each(?)) AS k"  # noqa: S608


def _run(sql: Sql, shape: str, names: Names, rows: Sequence[Row]) -> None:
    statement = shape.format(keys=_keys(sql, *names))
    sql.run_of(statement, ("bigint",) * len(names), rows)


def attributes(table: Table) -> Names:
    """Return the columns of a description that say something, ``extra`` the last."""
    return tuple(one.name for one in table.columns if one.name not in _PLACE)


def describe(sql: Sql, table: Table, rows: Sequence[Row]) -> None:
    """Keep the newest descriptions.

    Args:
        sql: the transaction.
        table: ``device`` or ``channel``.
        rows: of it; of two with one key the first counts.
    """
    columns = table.columns.keys()
    said = [(columns.index(name), name) for name in attributes(table)]
    newest: dict[tuple[int, str], Row] = {}
    for row in rows:
        envoy_id, eqid, reported = row[:3]
        # A device has no dot, a channel has one: the others are never looked for.
        if ("." in eqid) is not (table is schema.channel):
            continue
        before = newest.get((envoy_id, eqid))
        if before is None or reported > before[2]:
            known = {name: row[place] for place, name in said if row[place] is not None}
            newest[envoy_id, eqid] = (envoy_id, eqid, reported, as_json(known))
    names = tuple(schema.described.columns.keys())
    # In one order everywhere, or two processes could wait for each other.
    sql.insert(schema.described, names, [newest[key] for key in sorted(newest)], _NEWER)


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
    _run(sql, _CLOSE, ("envoy_id", "id", "cleared"), sorted(clears))


def lock(sql: Sql, envoy_id: int) -> None:
    """Let no other transaction store rows of an Envoy until the end of this one."""
    how = " FOR UPDATE" if sql.postgres else ""
    sql.rows(f"SELECT 1 FROM envoy WHERE envoy_id = ?{how}", (envoy_id,))  # noqa: S608


def rebuild(sql: Sql, envoy_id: int) -> None:
    """Make what is kept of an Envoy anew, but for its sums."""
    lock(sql, envoy_id)
    for name in ("described", "open_event"):
        sql.run(f"DELETE FROM {name} WHERE envoy_id = ?", (envoy_id,))  # noqa: S608
    sql.run(_OPEN, (envoy_id,))
    for table, rows in _newest(sql, envoy_id):
        describe(sql, table, rows)


def _newest(sql: Sql, envoy_id: int) -> Iterator[tuple[Table, list[Row]]]:
    for table in (schema.device, schema.channel):
        names = ", ".join(f"d.{one.name}" for one in table.columns)
        statement = _NEWEST.format(names=names, table=table.name)
        yield table, sql.rows(statement, (envoy_id,))
