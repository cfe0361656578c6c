"""Rows of reports into the tables, inside of one transaction.

The same row again changes nothing. A row whose key is there with another payload
is kept as a variant, and the first counts. An event that comes again with more
attributes fills the missing ones: the Envoy names the partner of a pair only when
it knows it.
"""

import functools
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError

from nutbridge.collector.parse.model import Report
from nutbridge.collector.parse.values import as_json
from nutbridge.collector.store import kept, partitions, schema, sums
from nutbridge.collector.store.dates import DAY, believable
from nutbridge.collector.store.days import Days
from nutbridge.collector.store.hours import Hours
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.collector.store.sums import LeftOut, Slot, SumRow
from nutbridge.collector.store.units import ParsedBody, reported, see_units

#: Rows that are looked up and stored together.
_SLICE = 2000
#: Transactions after one that met a row again. An Envoy that repeats rows does so
#: more than once, and each time costs the work of a transaction.
_CAREFUL = 100
#: Columns of a key.
_KEYS = 3
#: Hours over which the long slots of one report may be spread: those of 500 slots of
#: a week each. A hostile one could ask for 600 million.
_MOST_HOURS = 84_000
#: Days that one report may change: the longest slot has a year.
_MOST_DAYS = 500
#: Panels in the rows of hours that one report changes: those of 600 panels in 16 days,
#: a second's work. A hostile one could have ten times as much written as all before it
#: brought.
_MOST_WRITTEN = 250_000


class Raced(Exception):
    """Another process stored the same rows at the same moment."""


@dataclass(frozen=True)
class RowIdentity:
    """How rows of one table are told apart.

    Attributes:
        table: its first three columns are the key; what comes before raw_id says
            whether two rows are the same.
        fills: a later row fills what is missing.
    """

    table: Table
    fills: bool = False

    @functools.cached_property
    def raw_id(self) -> int:
        """The place of raw_id."""
        return self.names.index("raw_id")

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """All columns in their order."""
        return tuple(self.table.columns.keys())


INTERVAL = RowIdentity(schema.interval)
READING = RowIdentity(schema.reading)
EVENT = RowIdentity(schema.event, fills=True)
DEVICE = RowIdentity(schema.device)
CHANNEL = RowIdentity(schema.channel)


class Known:
    """What need not be looked up in each transaction; forgotten when one fails.

    Attributes:
        envoys: serial numbers and their ids.
        months: those that have their pieces (PostgreSQL).
        counted_from: earlier rows were pruned.
        newest: the highest number of a body so far.
        careful: for so many transactions more, rows may be there already.
    """

    #: When a piece could not be made, Unix seconds.
    _not_free = 0

    def __init__(self) -> None:
        self.newest = 0
        self.envoys: dict[str, int] = {}
        self.months: set[int] = set()
        self.counted_from = 0
        self.careful = 0

    def forget(self) -> None:
        """Look everything up again."""
        self.newest = 0
        self.envoys.clear()
        self.months.clear()

    def make_months(self, sql: Sql, moments: Iterable[int], received: int) -> None:
        """Make the pieces of tables that rows of these moments need.

        Args:
            sql: a transaction of PostgreSQL.
            moments: dates of rows, Unix seconds.
            received: when they came.
        """
        months = partitions.months_of(moments, received) - self.months
        if not months or 0 <= received - self._not_free < partitions.AGAIN_S:
            return
        if partitions.make_if_free(sql, months):
            self.months |= months
        else:
            self._not_free = received


def store_rows(sql: Sql, found: Sequence[ParsedBody], known: Known) -> None:
    """Store all rows of some reports.

    Raises:
        Raced: do the transaction again.
    """
    see_units(sql, found)
    counting = _Counting(sql, found, known.counted_from)
    for place, rows in enumerate(_slices(_plain(found, "intervals"))):
        counting.look(rows)
        counting.count(_put(sql, known, INTERVAL, rows, later=place > 0))
    counting.keep()
    for kind, name in ((READING, "readings"), (EVENT, "events")):
        for place, rows in enumerate(_slices(_plain(found, name))):
            new = _put(sql, known, kind, rows, later=place > 0)
            if kind is EVENT:
                kept.see_events(sql, rows, new)
    for kind, name in ((DEVICE, "devices"), (CHANNEL, "channels")):
        for place, rows in enumerate(_slices(_dated(found, name))):
            _put(sql, known, kind, rows, later=place > 0)
    _insert(sql, schema.report, [_report_row(one) for one in found])
    for rows in _slices(_odd(found)):
        _insert(sql, schema.odd_row, rows)
    known.careful = max(0, known.careful - 1)


def _slices(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Cut rows into lists: a body of 99,000 rows needs no copy of all at once."""
    while some := list(islice(rows, _SLICE)):
        yield some


def moments_of(report: Report) -> Iterator[int]:
    """Yield the begins of the days of all rows that have a table's pieces."""
    days = {row.end_date // DAY for row in report.intervals}
    days |= {row.date // DAY for row in report.readings}
    days |= {row.event_date // DAY for row in report.events}
    return (day * DAY for day in days)


class _Counting:
    """Decides which of the new slots are in the sums, and adds them.

    Args:
        sql: the transaction.
        found: the reports.
        counted_from: earlier rows were pruned.
    """

    def __init__(
        self, sql: Sql, found: Sequence[ParsedBody], counted_from: int
    ) -> None:
        self._sql = sql
        self._zones = {one.raw_id: one.zone for one in found}
        self._from = counted_from
        self._long = dict.fromkeys(self._zones, 0)
        self._seen: dict[int, set[int]] = {raw_id: set() for raw_id in self._zones}
        self._written: dict[int, tuple[set[int], int]] = {
            raw_id: (set(), 0) for raw_id in self._zones
        }
        self._hours = Hours(sql)
        self._days = Days(sql)
        self._lines: dict[str, SumRow] = {}
        self._in_the_way: dict[Row, int] = {}

    def look(self, rows: list[Row]) -> None:
        """See what stored slots are in the way, before these rows are stored."""
        ours = [row for row in rows if row[7] is not None and row[-1] is None]
        slots = [(row[3], row[2] - row[4], row[2]) for row in ours]
        found = sums.overlapping(self._sql, slots)
        self._in_the_way = {ours[place][:_KEYS]: found[place] for place in found}

    def count(self, added: list[Row]) -> None:
        """Add new rows to the sums, or note why not."""
        found: list[tuple[Row, Slot]] = []
        left: list[Row] = []
        for row in added:
            energy_j, raw_id, left_out = row[7], row[10], row[11]
            if energy_j is None or left_out is not None:
                continue
            reason = self._reason(row)
            if reason is None:
                envoy_id, _, end, eqid, duration = row[:5]
                parts = sums.parts(end - duration, end, energy_j, self._zones[raw_id])
                found.append((row, (envoy_id, eqid, row[8], parts)))
            else:
                left.append((*row[:_KEYS], str(reason)))
        self._days.read({(row[0], part[2]) for row, slot in found for part in slot[3]})
        for row, slot in found:
            if self._has_room(row[10], slot):
                self._hours.add(slot)
            else:
                left.append((*row[:_KEYS], str(LeftOut.TOO_MANY)))
        sums.leave_out(self._sql, left)

    def keep(self) -> None:
        """Add all that was counted to the sums."""
        self._hours.keep()
        self._days.keep()

    def _reason(self, row: Row) -> LeftOut | None:
        envoy_id, _, end, eqid, duration = row[:5]
        start = end - duration
        holder = self._in_the_way.get(row[:_KEYS])
        if holder is not None:
            return sums.why(holder, envoy_id)
        if start < self._from:
            return LeftOut.PRUNED
        if self._is_too_much(row[10], start, end):
            return LeftOut.TOO_MANY
        line = self._lines.get(eqid)
        if line is None:
            line = self._lines[eqid] = SumRow()
        holder = line.take(start, end, envoy_id)
        return None if holder is None else sums.why(holder, envoy_id)

    def _has_room(self, raw_id: int, slot: Slot) -> bool:
        """Add a slot to its days, unless it has more written than any has."""
        seen, written = self._written[raw_id]
        for hour, _, day, _, _ in slot[3]:
            if hour not in seen:
                seen.add(hour)
                written += self._days.panels(slot[0], day)
        self._written[raw_id] = seen, written
        return written <= _MOST_WRITTEN and self._days.add(slot)

    def _is_too_much(self, raw_id: int, start: int, end: int) -> bool:
        """Tell whether a report has more hours or days than any, with this slot."""
        if end - start > sums.HOUR:
            self._long[raw_id] += (end - start) // sums.HOUR + 2
            if self._long[raw_id] > _MOST_HOURS:
                return True
        seen = self._seen[raw_id]
        days = range(start // DAY, end // DAY + 1)
        if not seen.issuperset(days):
            if len(seen.union(days)) > _MOST_DAYS:
                return True
            seen.update(days)
        return False


def _plain(found: Sequence[ParsedBody], name: str) -> Iterator[Row]:
    date = LeftOut.DATE.value
    for one in found:
        envoy_id, raw_id, dates = one.envoy_id, one.raw_id, believable(one.received)
        for row in getattr(one.report, name):
            left_out = None if row[1] in dates else date
            yield (envoy_id, *row, raw_id, left_out)


def _dated(found: Sequence[ParsedBody], name: str) -> Iterator[Row]:
    for one in found:
        moment = reported(one.report, one.received)
        for row in getattr(one.report, name):
            yield (one.envoy_id, row.eqid, moment, *row[1:], one.raw_id)


def _odd(found: Sequence[ParsedBody]) -> Iterator[Row]:
    for one in found:
        for row in one.report.odd_rows:
            yield (one.envoy_id, digest(row.kind, row.attributes), *row, one.raw_id)


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


def _put(
    sql: Sql, known_here: Known, kind: RowIdentity, rows: list[Row], *, later: bool
) -> list[Row]:
    """Store rows of one kind; return those that were not there.

    Args:
        sql: the transaction.
        known_here: whether rows may be there already.
        kind: of the rows.
        rows: not too many.
        later: other rows of the same bodies were stored before.

    Raises:
        Raced: another process stores the same body.
    """
    names = kind.names
    # Of rows with one key the first counts.
    fresh: dict[Row, Row] = {row[:_KEYS]: row for row in reversed(rows)}
    again: list[Row] = []
    if len(fresh) < len(rows):
        end = kind.raw_id
        again = [row for row in rows if fresh[row[:_KEYS]][:end] != row[:end]]
    if later:
        # The same body may have brought the key before.
        stored = sql.find(kind.table, names[:_KEYS], names[:_KEYS], list(fresh))
        again = [*(fresh.pop(key) for key in stored), *again]
    # In one order everywhere, or two processes could wait for each other.
    new = sorted(fresh.values())
    count = _insert_new(sql, known_here, kind, new)
    if count == len(new) and not again:
        return new
    # Looked up only now: nearly always all rows are new. A row is new where the one
    # in the table came with the same body, whose rows are stored once.
    keys = {row[:_KEYS] for row in (*new, *again)}
    found = sql.find(kind.table, names[:_KEYS], names, list(keys))
    known = {row[:_KEYS]: row for row in found}
    place = kind.raw_id
    added = [row for row in new if known[row[:_KEYS]][place] == row[place]]
    if len(added) != count:
        raise Raced
    there = [row for row in new if known[row[:_KEYS]][place] != row[place]]
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
        if before[: kind.raw_id] == row[: kind.raw_id]:
            continue
        merged = _fill(before, row, kind.raw_id) if kind.fills else None
        if merged is None:
            others.append(row)
        elif merged != before:
            filled[key] = current[key] = merged
    payloads = [row[: kind.raw_id] for row in filled.values()]
    sql.update(kind.table, names[:_KEYS], names[_KEYS : kind.raw_id], payloads)
    _keep_variants(sql, kind, others)


def _insert(sql: Sql, table: Table, rows: list[Row]) -> int:
    return sql.insert(table, tuple(table.columns.keys()), rows, "DO NOTHING")


def _insert_new(sql: Sql, known: Known, kind: RowIdentity, rows: list[Row]) -> int:
    """Insert rows that nearly always are all new; return how many were.

    Raises:
        Raced: one was not; do the transaction again, and look first.
    """
    if not sql.postgres or known.careful:
        return _insert(sql, kind.table, rows)
    try:
        sql.copy(kind.table, kind.names, rows)
    except IntegrityError as exc:
        known.careful = _CAREFUL
        raise Raced from exc
    return len(rows)


def _fill(before: Row, row: Row, raw_id: int) -> Row | None:
    """Return ``before`` with what it lacks; None where the two differ."""
    merged = list(before)
    pairs = zip(before[:raw_id], row[:raw_id], strict=True)
    for place, (old, new) in enumerate(pairs):
        if old is None:
            merged[place] = new
        elif new is not None and new != old:
            return None
    return tuple(merged)


def _keep_variants(sql: Sql, kind: RowIdentity, rows: list[Row]) -> None:
    kept = []
    place = kind.raw_id
    names = kind.names[1:place]
    for row in rows:
        attributes = as_json(dict(zip(names, row[1:place], strict=True)))
        own = digest(kind.table.name, attributes)
        kept.append((row[0], own, kind.table.name, attributes, row[place]))
    _insert(sql, schema.variant, kept)


def digest(kind: str, attributes: str) -> str:
    """Return what tells rows without a key of their own apart."""
    return hashlib.sha256(f"{kind} {attributes}".encode()).hexdigest()
