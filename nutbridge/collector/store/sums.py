"""Which slots are in the sums, and in which hours each part of them counts.

Energy is counted once, whatever was sent: of slots of one panel that overlap, the
first that was stored counts. An Envoy sends a slot again under another id after a
reset, fills gaps twice, and a panel may have moved to another Envoy.
"""

import functools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum

from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.collector.store.zones import offset_s

HOUR = 3600
#: Rows read at once where all are gone through.
_PAGE = 5000

#: Which rows of ``interval i`` are in the sums.
COUNTED = "i.energy_j IS NOT NULL AND i.left_out IS NULL"
#: The first counted slot that ends after ours begins is the only one to look at:
#: those that count do not overlap.
_OVERLAPS = (
    "SELECT place, holder FROM (SELECT k.place, (SELECT"  # noqa: S608  our names
    " CASE WHEN i.end_date - i.interval_duration < k.stop THEN i.envoy_id END"
    " FROM interval i WHERE i.eqid = k.eqid AND i.end_date > k.start"
    f" AND {COUNTED} ORDER BY i.end_date LIMIT 1) AS holder FROM {{keys}}) AS found"
    " WHERE holder IS NOT NULL"
)
_SLOT = (("place", "bigint"), ("eqid", "text"), ("start", "bigint"), ("stop", "bigint"))


class LeftOut(StrEnum):
    """Why a row is not in the sums."""

    #: Before 2005, or more than a day after its receipt.
    DATE = "date"
    #: The Envoy told this energy before, under another id.
    TWICE = "twice"
    #: Another Envoy told it.
    ELSEWHERE = "elsewhere"
    #: Earlier than what was pruned.
    PRUNED = "pruned"
    #: A report with more hours than any has.
    TOO_MANY = "too_many"


#: A part of a slot that counts in one hour: the hour and its offset, the day of both
#: (what the clocks show at its begin) and the bit of the hour in it, and energy, J.
Part = tuple[int, int, int, int, int]
#: A slot that counts: its Envoy, its eqid, whether it was estimated, its parts.
Slot = tuple[int, str, bool, Sequence[Part]]


class SumRow:
    """Slots of one panel that do not overlap."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._slots: list[tuple[int, int]] = []

    def take(self, start: int, end: int, envoy_id: int) -> int | None:
        """Take a slot in, or return the Envoy of the one that is in its way."""
        ends = self._ends
        place = len(ends)
        # Nearly always it is the last one.
        if ends and start < ends[-1]:
            place = bisect_right(ends, start)
            before, holder = self._slots[place]
            if before < end:
                return holder
        ends.insert(place, end)
        self._slots.insert(place, (start, envoy_id))
        return None


def why(holder: int, envoy_id: int) -> LeftOut:
    """Return why a slot is left out beside a counted one of ``holder``."""
    return LeftOut.TWICE if holder == envoy_id else LeftOut.ELSEWHERE


def overlapping(sql: Sql, slots: Sequence[tuple[str, int, int]]) -> dict[int, int]:
    """Return the Envoys of stored slots that are in the way of these, by their places.

    Args:
        sql: the transaction.
        slots: eqid, begin and end of each.
    """
    keys = [(place, *slot) for place, slot in enumerate(slots)]
    found = sql.rows_of(_OVERLAPS, _SLOT, keys)
    return dict(found)


def parts(start: int, end: int, energy_j: int, zone: str | None) -> list[Part]:
    """Return the parts of a slot; their energies are whole numbers that add up."""
    length = end - start
    if length <= HOUR:
        return [(*_place(zone, start), energy_j)] if length else []
    found: list[Part] = []
    given, at = 0, start
    while at < end:
        place = _place(zone, at)
        after = min(place[0] + HOUR, end)
        until = energy_j * (after - start) // length
        found.append((*place, until - given))
        given, at = until, after
    return found


# All slots of a report begin at the same moments.
@functools.lru_cache(maxsize=4096)
def _place(zone: str | None, moment: int) -> tuple[int, int, int, int]:
    """Return the hour of a moment, its offset, its day and its bit in that day."""
    offset = offset_s(zone, moment)
    hour = moment - (moment + offset) % HOUR
    in_day = (hour + offset) % DAY
    return hour, offset, hour + offset - in_day, 1 << in_day // HOUR


def counted(sql: Sql, eqid: str, after: int) -> Iterator[Row]:
    """Yield the counted slots of a panel of all Envoys that end after a moment.

    By their end, and so by their begin. Each has envoy_id, end_date,
    interval_duration, energy_j, estimated, timezone.
    """
    while True:
        rows = sql.rows(
            "SELECT i.envoy_id, i.end_date, i.interval_duration, i.energy_j,"  # noqa: S608
            " i.estimated, coalesce(nullif(trim(r.timezone), ''), e.timezone)"
            " FROM interval i LEFT JOIN report r ON r.raw_id = i.raw_id"
            " LEFT JOIN envoy e ON e.envoy_id = i.envoy_id"
            " WHERE i.eqid = ? AND i.end_date > ?"
            f" AND {COUNTED}"
            " ORDER BY i.end_date LIMIT ?",
            (eqid, after, _PAGE),
        )
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][1]


def choose(sql: Sql, eqid: str) -> None:
    """Leave out what overlaps, for slots that were stored without a look at it.

    In the order of the reports: the first counts.
    """
    line = SumRow()
    rows = sql.rows(
        "SELECT envoy_id, id, end_date, interval_duration FROM interval i"  # noqa: S608
        f" WHERE eqid = ? AND {COUNTED} ORDER BY raw_id, envoy_id, id, end_date",
        (eqid,),
    )
    flagged = []
    for envoy_id, number, end, duration in rows:
        holder = line.take(end - duration, end, envoy_id)
        if holder is not None:
            flagged.append((envoy_id, number, end, str(why(holder, envoy_id))))
    leave_out(sql, flagged)


def leave_out(sql: Sql, rows: Sequence[Row]) -> None:
    """Note why slots are not in the sums; rows of key and reason."""
    keys = ("envoy_id", "id", "end_date")
    sql.update(schema.interval, keys, ("left_out",), rows)
