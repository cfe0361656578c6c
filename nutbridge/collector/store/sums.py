"""Which slots are in the sums, and the sums by hour and by day.

Energy is counted once, whatever was sent: of slots of one panel that overlap, the
first that was stored counts. An Envoy sends a slot again under another id after a
reset, fills gaps twice, and a panel may have moved to another Envoy.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from nutbridge.collector.store import kept, schema
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.collector.store.zones import offset_s

HOUR = 3600
#: Rows read at once where all are gone through.
_PAGE = 5000

_ADD = (
    "(envoy_id, eqid, hour, offset_s) DO UPDATE SET "
    "energy_j = energy_hour.energy_j + excluded.energy_j, "
    "estimated_j = energy_hour.estimated_j + excluded.estimated_j"
)
_ADD_DAY = (
    "(envoy_id, day, eqid) DO UPDATE SET "
    "energy_j = panel_day.energy_j + excluded.energy_j, "
    "estimated_j = panel_day.estimated_j + excluded.estimated_j, "
    "hours = panel_day.hours | excluded.hours"
)
#: The days out of the hours. Powers of two, each once: their sum has all their bits.
_DAYS = (
    "INSERT INTO panel_day (envoy_id, day, eqid, energy_j, estimated_j, hours)"  # noqa: S608  our names
    f" SELECT envoy_id, local / {DAY} * {DAY} AS day, eqid,"
    " CAST(sum(energy_j) AS BIGINT), CAST(sum(estimated_j) AS BIGINT),"
    " CAST(sum(DISTINCT CASE WHEN energy_j > 0 THEN CAST(1 AS BIGINT) <<"
    f" CAST((local - local / {DAY} * {DAY}) / {HOUR} AS INTEGER) ELSE 0 END) AS BIGINT)"
    " FROM (SELECT envoy_id, eqid, hour + offset_s AS local, energy_j, estimated_j"
    " FROM energy_hour WHERE envoy_id = ? AND eqid = ?) AS hours"
    " GROUP BY envoy_id, day, eqid"
)
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
_KEYS_SQLITE = (
    "(SELECT json_extract(value, '$[0]') AS place, json_extract(value, '$[1]') AS eqid,"
    " json_extract(value, '$[2]') AS start, json_extract(value, '$[3]') AS stop"
    " FROM json_each(?)) AS k"
)
_KEYS_POSTGRES = (
    "unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[])"
    " AS k(place, eqid, start, stop)"
)


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


class Slot(NamedTuple):
    """A slot with its energy."""

    envoy_id: int
    eqid: str
    start: int
    end: int
    energy_j: int
    estimated: bool
    zone: str | None


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
    shape = _KEYS_POSTGRES if sql.postgres else _KEYS_SQLITE
    kinds = ("bigint", "text", "bigint", "bigint")
    found = sql.rows_of(_OVERLAPS.format(keys=shape), kinds, keys)
    return dict(found)


def parts(slot: Slot) -> Iterator[tuple[int, int, int]]:
    """Yield hour, offset and energy of each part; whole numbers that add up."""
    start, end, length = slot.start, slot.end, slot.end - slot.start
    given, at = 0, start
    while at < end:
        offset = offset_s(slot.zone, at)
        hour = at - (at + offset) % HOUR
        after = end if length <= HOUR else min(hour + HOUR, end)
        until = slot.energy_j * (after - start) // length
        yield hour, offset, until - given
        given, at = until, after


def add(sql: Sql, slots: Iterable[Slot]) -> None:
    """Add slots that count to the sums."""
    days: dict[tuple[int, int, str], list[int]] = {}
    for envoy_id, eqid, hour, offset, energy_j, estimated_j in _add_hours(sql, slots):
        local = hour + offset
        day = local - local % DAY
        total = days.setdefault((envoy_id, day, eqid), [0, 0, 0])
        total[0] += energy_j
        total[1] += estimated_j
        if energy_j > 0:
            total[2] |= 1 << (local - day) // HOUR
    names = tuple(schema.panel_day.columns.keys())
    rows = [(*key, *days[key]) for key in sorted(days)]
    sql.insert(schema.panel_day, names, rows, _ADD_DAY)
    kept.add_up(sql, {key[:2] for key in days})


def _add_hours(sql: Sql, slots: Iterable[Slot], since: int = 0) -> list[Row]:
    """Add slots to the sums by hour alone; return what was added.

    Hours before ``since`` stay as they are.
    """
    sums: dict[tuple[int, str, int, int], list[int]] = {}
    for slot in slots:
        envoy_id, eqid, _, _, _, estimated, _ = slot
        for hour, offset, energy_j in parts(slot):
            if hour < since:
                continue
            key = (envoy_id, eqid, hour, offset)
            total = sums.get(key)
            if total is None:
                total = sums[key] = [0, 0]
            total[0] += energy_j
            if estimated:
                total[1] += energy_j
    # In one order everywhere, or two processes could wait for each other.
    rows = [(*key, *sums[key]) for key in sorted(sums)]
    names = tuple(schema.energy_hour.columns.keys())
    sql.insert(schema.energy_hour, names, rows, _ADD)
    return rows


def panels(sql: Sql) -> list[tuple[int, str]]:
    """Return Envoy and eqid of all panels."""
    rows = sql.rows("SELECT envoy_id, eqid FROM panel ORDER BY envoy_id, eqid")
    return [(row[0], row[1]) for row in rows]


def rebuild(sql: Sql, envoy_id: int, eqid: str) -> None:
    """Make the sums of a panel anew from its slots; in a transaction of its own.

    What was pruned is in the sums alone, and stays.
    """
    lock = " FOR UPDATE" if sql.postgres else ""
    sql.rows(
        f"SELECT 1 FROM panel WHERE envoy_id = ? AND eqid = ?{lock}",  # noqa: S608
        (envoy_id, eqid),
    )
    ((since,),) = sql.rows("SELECT max(counted_from) FROM store")
    sql.run(
        "DELETE FROM energy_hour WHERE envoy_id = ? AND eqid = ? AND hour >= ?",
        (envoy_id, eqid, since),
    )
    for page in counted(sql, eqid):
        slots = (
            Slot(row[0], eqid, row[1] - row[2], row[1], row[3], bool(row[4]), row[5])
            for row in page
            if row[0] == envoy_id
        )
        _add_hours(sql, slots, since)
    rebuild_days(sql, envoy_id, eqid)


def rebuild_days(sql: Sql, envoy_id: int, eqid: str) -> None:
    """Make the sums by day of a panel anew from those by hour."""
    panel = (envoy_id, eqid)
    sql.run("DELETE FROM panel_day WHERE envoy_id = ? AND eqid = ?", panel)
    sql.run(_DAYS, panel)


def counted(sql: Sql, eqid: str) -> Iterator[list[Row]]:
    """Yield the counted slots of a panel of all Envoys, page by page, by their end.

    Each has envoy_id, end_date, interval_duration, energy_j, estimated, timezone,
    raw_id, id.
    """
    after = -1
    while True:
        rows = sql.rows(
            "SELECT i.envoy_id, i.end_date, i.interval_duration, i.energy_j,"  # noqa: S608
            " i.estimated, coalesce(nullif(trim(r.timezone), ''), e.timezone),"
            " i.raw_id, i.id"
            " FROM interval i LEFT JOIN report r ON r.raw_id = i.raw_id"
            " LEFT JOIN envoy e ON e.envoy_id = i.envoy_id"
            " WHERE i.eqid = ? AND i.end_date > ?"
            f" AND {COUNTED}"
            " ORDER BY i.end_date LIMIT ?",
            (eqid, after, _PAGE),
        )
        if not rows:
            return
        yield rows
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
