"""Rows of reports into the tables, inside of one transaction.

The same row again changes nothing. A row whose key is there with another payload
is kept as a variant, and the first counts. An event that comes again with more
attributes fills the missing ones: the Envoy names the partner of a pair only when
it knows it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Table

from nutbridge.collector.parse.model import Report
from nutbridge.collector.parse.values import as_json
from nutbridge.collector.store import schema
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.ups.units import SECONDS_PER_DAY

HOUR = 3600
#: Rows that are looked up and stored together.
_SLICE = 2000
#: Columns of a key.
_KEYS = 3
#: No Envoy reported before 2008; a report from tomorrow has a wrong clock.
_EARLIEST = 1_199_145_600
_AHEAD_S = int(SECONDS_PER_DAY)


class Raced(Exception):
    """Another process stored the same rows at the same moment."""


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """How rows of one table are told apart.

    Attributes:
        table: its first three columns are the key, its last is raw_id.
        fills: a later row fills what is missing.
    """

    table: Table
    fills: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in their order."""
        return tuple(self.table.columns.keys())


INTERVAL = RowIdentity(schema.interval)
READING = RowIdentity(schema.reading)
EVENT = RowIdentity(schema.event, fills=True)
DEVICE = RowIdentity(schema.device)
CHANNEL = RowIdentity(schema.channel)


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """One parsed body on its way into the tables."""

    raw_id: int
    envoy_id: int
    received: int
    report: Report


def store_rows(sql: Sql, found: Sequence[ParsedBody]) -> None:
    """Store all rows of some reports.

    Raises:
        Raced: do the transaction again.
    """
    for place, rows in enumerate(_slices(_plain(found, "intervals"))):
        _add_energy(sql, _put(sql, INTERVAL, rows, later=place > 0))
    for kind, name in ((READING, "readings"), (EVENT, "events")):
        for place, rows in enumerate(_slices(_plain(found, name))):
            _put(sql, kind, rows, later=place > 0)
    for kind, name in ((DEVICE, "devices"), (CHANNEL, "channels")):
        for place, rows in enumerate(_slices(_dated(found, name))):
            _put(sql, kind, rows, later=place > 0)
    _insert(sql, schema.report, [_report_row(one) for one in found])
    for rows in _slices(_odd(found)):
        _insert(sql, schema.odd_row, rows)


def _slices(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into lists: a body of 99,000 rows needs no copy of all at once."""
    while some := list(islice(rows, _SLICE)):
        yield some


def reported(report: Report, received: int) -> int:
    """Return when the report was made; a clock that cannot be right does not count."""
    stamp = report.report_timestamp
    if stamp is None or stamp < _EARLIEST:
        return received
    # A small board counts from 1970 until it has the network's time: ours is wrong.
    ahead = stamp > received + _AHEAD_S and received >= _EARLIEST
    return received if ahead else stamp


def _plain(found: Sequence[ParsedBody], name: str) -> Iterator[Row]:
    for one in found:
        for row in getattr(one.report, name):
            yield (one.envoy_id, *row, one.raw_id)


def _dated(found: Sequence[ParsedBody], name: str) -> Iterator[Row]:
    for one in found:
        moment = reported(one.report, one.received)
        for row in getattr(one.report, name):
            yield (one.envoy_id, row.eqid, moment, *row[1:], one.raw_id)


def _odd(found: Sequence[ParsedBody]) -> Iterator[Row]:
    for one in found:
        for row in one.report.odd_rows:
            digest = _digest(row.kind, row.attributes)
            yield (one.envoy_id, digest, *row, one.raw_id)


def _report_row(one: ParsedBody) -> Row:
    report = one.report
    unknown = "[" + ",".join(report.unknown) + "]" if report.unknown else None
    return (
        one.raw_id,
        one.envoy_id,
        *report.envoy[1:],
        report.extra,
        unknown,
    )


def _put(sql: Sql, kind: RowIdentity, rows: list[Row], *, later: bool) -> list[Row]:
    """Store rows of one kind; return those that were not there.

    Args:
        sql: the transaction.
        kind: of the rows.
        rows: not too many.
        later: other rows of the same bodies were stored before.

    Raises:
        Raced: another process stores the same body.
    """
    names = kind.names
    fresh: dict[Row, Row] = {}
    again: list[Row] = []
    for row in rows:
        key = row[:_KEYS]
        before = fresh.get(key)
        if before is None:
            fresh[key] = row
        elif before[:-1] != row[:-1]:
            again.append(row)
    if later:
        # The same body may have brought the key before.
        stored = sql.find(kind.table, names[:_KEYS], names[:_KEYS], list(fresh))
        again = [*(fresh.pop(key) for key in stored), *again]
    # In one order everywhere, or two processes could wait for each other.
    new = [fresh[key] for key in sorted(fresh)]
    count = _insert(sql, kind.table, new)
    if count == len(new) and not again:
        return new
    # Looked up only now: nearly always all rows are new. A row is new where the one
    # in the table came with the same body, whose rows are stored once.
    keys = {row[:_KEYS] for row in (*new, *again)}
    found = sql.find(kind.table, names[:_KEYS], names, list(keys))
    known = {row[:_KEYS]: row for row in found}
    added = [row for row in new if known[row[:_KEYS]][-1] == row[-1]]
    if len(added) != count:
        raise Raced
    there = [row for row in new if known[row[:_KEYS]][-1] != row[-1]]
    _merge(sql, kind, known, [*there, *again])
    return added


def _merge(sql: Sql, kind: RowIdentity, known: dict[Row, Row], rows: list[Row]) -> None:
    """Fill what rows that were there lack; keep apart what differs from them."""
    names = kind.names
    current = dict(known)
    filled: dict[Row, Row] = {}
    others: list[Row] = []
    for row in rows:
        key = row[:_KEYS]
        before = current[key]
        if before[:-1] == row[:-1]:
            continue
        merged = _fill(before, row) if kind.fills else None
        if merged is None:
            others.append(row)
        elif merged != before:
            filled[key] = current[key] = merged
    payloads = [row[:-1] for row in filled.values()]
    sql.update(kind.table, names[:_KEYS], names[_KEYS:-1], payloads)
    _keep_variants(sql, kind, others)


def _insert(sql: Sql, table: Table, rows: list[Row]) -> int:
    return sql.insert(table, tuple(table.columns.keys()), rows, "DO NOTHING")


def _fill(before: Row, row: Row) -> Row | None:
    """Return ``before`` with what it lacks; None where the two differ."""
    merged = list(before)
    for place, (old, new) in enumerate(zip(before[:-1], row[:-1], strict=True)):
        if old is None:
            merged[place] = new
        elif new is not None and new != old:
            return None
    return tuple(merged)


def _keep_variants(sql: Sql, kind: RowIdentity, rows: list[Row]) -> None:
    kept = []
    names = kind.names[1:-1]
    for row in rows:
        attributes = as_json(dict(zip(names, row[1:-1], strict=True)))
        digest = _digest(kind.table.name, attributes)
        kept.append((row[0], digest, kind.table.name, attributes, row[-1]))
    _insert(sql, schema.variant, kept)


def _digest(kind: str, attributes: str) -> str:
    return hashlib.sha256(f"{kind} {attributes}".encode()).hexdigest()


def _add_energy(sql: Sql, rows: list[Row]) -> None:
    """Add new rows of ``interval`` to the sums by hour."""
    sums: dict[tuple[int, str, int], list[int]] = {}
    for row in rows:
        envoy_id, _, _, eqid, _, _, _, energy_j, estimated, start = row[:10]
        if start is None:
            continue
        total = sums.setdefault((envoy_id, eqid, start - start % HOUR), [0, 0])
        total[0] += energy_j
        total[1] += energy_j if estimated else 0
    sql.insert(
        schema.energy_hour,
        tuple(schema.energy_hour.columns.keys()),
        [(*key, *sums[key]) for key in sorted(sums)],
        "(envoy_id, eqid, hour) DO UPDATE SET "
        "energy_j = energy_hour.energy_j + excluded.energy_j, "
        "estimated_j = energy_hour.estimated_j + excluded.estimated_j",
    )
