"""Energy by hour, day or month of the Envoy's place.

Intervals only: a reading says the same energy once more. Where the hours of the
place are those of UTC the sums by hour are used, elsewhere the intervals
themselves; both give the same.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from nutbridge.collector.parse.periods import (
    DAY,
    HOUR,
    By,
    Calendar,
    Segment,
    has_whole_hours,
    segments,
)
from nutbridge.collector.store.reading import Reader
from nutbridge.collector.store.sql import Row

Object = dict[str, Any]
#: (start, end, eqid) to energy and estimated energy, J.
Sums = dict[tuple[int, int, str], list[int]]

#: Of all Envoys: with "envoy_id = ?" SQLite reads the whole table by its key (0.3 s
#: for 3.2 million rows), without it the index made for this.
_LONG = (
    "SELECT envoy_id, eqid, end_date, interval_duration, energy_j, estimated"
    " FROM interval WHERE slot_start IS NULL AND energy_j IS NOT NULL"
)
_RANGE = "SELECT min(hour), max(hour) FROM energy_hour WHERE envoy_id = ?"
#: Whole days, more than there are before 1970: SQLite and PostgreSQL round
#: towards zero when they divide.
_POSITIVE = 1000 * DAY
_ZONE = (
    "SELECT timezone FROM report WHERE envoy_id = ? AND timezone IS NOT NULL"
    " ORDER BY raw_id DESC LIMIT 1"
)


def energy(reading: Reader, by: By, serial: str | None = None) -> Iterator[Object]:
    """Yield one object per period and channel, earliest first.

    ``energy_j`` is all energy of the period, ``estimated_j`` the part of it that
    the Envoy made up to fill a gap.
    """
    for (start, end, eqid), (total, estimated), _ in _sorted(reading, by, serial):
        yield {
            "start": start,
            "end": end,
            "eqid": eqid,
            "energy_j": total,
            "estimated_j": estimated,
        }


def totals(
    reading: Reader, by: By, serial: str | None = None
) -> Iterator[tuple[str, int, int, int]]:
    """Yield name of the period, energy, estimated energy and number of channels."""
    found: dict[tuple[int, str], list[int]] = {}
    for (start, _, _), (total, estimated), name in _sorted(reading, by, serial):
        one = found.setdefault((start, name), [0, 0, 0])
        one[0] += total
        one[1] += estimated
        one[2] += 1
    for (_, name), (total, estimated, count) in found.items():
        yield name, total, estimated, count


def _sorted(
    reading: Reader, by: By, serial: str | None
) -> list[tuple[tuple[int, int, str], list[int], str]]:
    sums: Sums = {}
    names: dict[int, str] = {}
    all_long: dict[int, list[Row]] = {}
    for envoy_id, *row in reading.rows(_LONG):
        all_long.setdefault(envoy_id, []).append(tuple(row))
    for envoy_id, _ in reading.envoys(serial):
        long = all_long.get(envoy_id, [])
        found = _segments(reading, envoy_id, long)
        if found is None:
            continue
        calendar = Calendar(found, by)
        own: Sums = {}
        _add_short(reading, envoy_id, found, calendar, own)
        _add_long(long, calendar, own)
        for key, (total, estimated) in own.items():
            _add(sums, key, total, estimated)
            if key[0] not in names:
                names[key[0]] = calendar.label(key[0])
    return [(key, sums[key], names[key[0]]) for key in sorted(sums)]


def zone_offset(name: str | None) -> Callable[[int], int]:
    """Return seconds east of UTC at a moment, for a timezone; UTC if unknown.

    Envoys name zones by links like US/Eastern, which some systems leave out; the
    package tzdata has them.
    """
    from datetime import UTC, datetime, timedelta, tzinfo

    place: tzinfo = UTC
    try:
        # It would be read as a path, and "localtime" is this machine's.
        if name and name[0].isupper():
            place = ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        place = UTC
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def offset(moment: int) -> int:
        # Not fromtimestamp: some platforms refuse moments before 1970.
        there = (epoch + timedelta(seconds=moment)).astimezone(place)
        return int((there.utcoffset() or timedelta()).total_seconds())

    return offset


def _segments(reading: Reader, envoy_id: int, long: list[Row]) -> list[Segment] | None:
    known = [at for at in reading.rows(_RANGE, (envoy_id,))[0] if at is not None]
    known += [row[1] - row[2] for row in long] + [row[1] for row in long]
    if not known:
        return None
    name = reading.rows(_ZONE, (envoy_id,))
    offset = zone_offset(name[0][0] if name else None)
    # A month around it, so that every period has its start and its end.
    return segments(offset, min(known) - 32 * DAY, max(known) + 33 * DAY)


def _add_short(
    reading: Reader,
    envoy_id: int,
    found: list[Segment],
    calendar: Calendar,
    sums: Sums,
) -> None:
    """Add slots of up to an hour; each counts where it begins."""
    whole = has_whole_hours(found)
    moment = "hour" if whole else "slot_start"
    estimated = "estimated_j"
    if not whole:
        estimated = "CASE WHEN estimated THEN energy_j ELSE 0 END"
    local = f"({moment} + {_offset_sql(found, moment)} + {_POSITIVE})"
    # An hour that comes twice is two hours, the day around it is one.
    group = f"{local} / {DAY}"
    if calendar.by is By.HOUR:
        group = f"{moment} - ({local} - {local} / {HOUR} * {HOUR})"
    rows = reading.rows(
        f"SELECT eqid, min({moment}), CAST(sum(energy_j) AS BIGINT),"  # noqa: S608  our names and numbers
        f" CAST(sum({estimated}) AS BIGINT)"
        f" FROM {'energy_hour' if whole else 'interval'}"
        f" WHERE envoy_id = ? AND {moment} IS NOT NULL"
        f" GROUP BY eqid, {group}",
        (envoy_id,),
    )
    for eqid, first, total, part in rows:
        start, end = calendar.span(first)
        _add(sums, (start, end, eqid), total, part)


def _offset_sql(found: list[Segment], moment: str) -> str:
    cases = "".join(
        f" WHEN {moment} < {after.start} THEN {before.offset}"
        for before, after in pairwise(found)
    )
    last = str(found[-1].offset)
    return f"CASE{cases} ELSE {last} END" if cases else last


def _add_long(long: list[Row], calendar: Calendar, sums: Sums) -> None:
    """Add slots of more than an hour, spread evenly."""
    for eqid, end_date, duration, total, estimated in long:
        parts = calendar.spread(end_date - duration, end_date, total)
        for period, part in parts:
            start, end = calendar.span(period)
            _add(sums, (start, end, eqid), part, part if estimated else 0)


def _add(sums: Sums, key: tuple[int, int, str], total: int, estimated: int) -> None:
    one = sums.setdefault(key, [0, 0])
    one[0] += total
    one[1] += estimated
