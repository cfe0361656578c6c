"""Energy of panels by hour, day or month of the Envoy's place: of the sums by hour.

An AC Battery is no panel: what it gives was production before.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from nutbridge.collector.parse.periods import (
    DAY,
    HOUR,
    By,
    Calendar,
    clock_time,
    segments,
)
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row
from nutbridge.collector.store.zones import offset_s

Object = dict[str, Any]

#: ``device_type`` of what is no panel, and its name.
NO_PANEL = {11: "AC Battery"}
#: Which rows of ``panel p`` are panels: a channel is what its device is.
IS_PANEL = (
    "NOT EXISTS (SELECT 1 FROM panel d WHERE d.envoy_id = p.envoy_id"  # noqa: S608
    " AND d.eqid = p.device_eqid"
    f" AND d.device_type IN ({', '.join(map(str, NO_PANEL))}))"
)
_LOCAL = "(h.hour + h.offset_s)"


class Question(NamedTuple):
    """What is asked of the hours ``h`` of each panel.

    Attributes:
        columns: of them.
        grouped: whether these add up the hours of a place.
        over: what is asked of all panels together; ``{}`` are their rows.
    """

    columns: str
    grouped: bool
    over: str = "{}"


HOURS = Question(
    "h.hour AS place, h.offset_s AS offset_s, h.energy_j AS energy_j,"
    " h.estimated_j AS estimated_j",
    grouped=False,
)
DAYS = Question(
    f"{_LOCAL} / {DAY} AS place, 0 AS offset_s,"
    " CAST(sum(h.energy_j) AS BIGINT) AS energy_j,"
    " CAST(sum(h.estimated_j) AS BIGINT) AS estimated_j",
    grouped=True,
)
_TOTAL = (
    "SELECT envoy_id, count(*), place, offset_s, CAST(sum(energy_j) AS BIGINT),"
    " CAST(sum(estimated_j) AS BIGINT) FROM ({}) AS sums"
    " GROUP BY envoy_id, place, offset_s"
)
_TOTALS = {
    By.HOUR: HOURS._replace(over=_TOTAL),
    By.DAY: DAYS._replace(over=_TOTAL),
}
#: Hours in which some panels gave energy, and how many did.
BRIGHT = HOURS._replace(
    over="SELECT envoy_id, place, count(*) FROM ({}) AS sums WHERE energy_j > 0"
    " GROUP BY envoy_id, place"
)
# ``envoys`` are pairs: the number of an Envoy, and where its hours begin.
# CROSS JOIN keeps SQLite to this order: a look into the key for each panel.
_SQLITE = (
    "SELECT p.envoy_id AS envoy_id, p.eqid AS eqid, {columns}"  # noqa: S608
    " FROM (VALUES {envoys}) AS w CROSS JOIN panel p CROSS JOIN energy_hour h"
    f" WHERE p.envoy_id = w.column1 AND {IS_PANEL} AND {{hours}}{{panels}}"
)
# PostgreSQL reads the hours of all panels there are, and sorts them, unless
# something in the inner statement (OFFSET 0 is enough) keeps it to this order.
_POSTGRES = (
    "SELECT p.envoy_id, p.eqid, h.*"  # noqa: S608
    " FROM (VALUES {envoys}) AS w CROSS JOIN panel p"
    " CROSS JOIN LATERAL (SELECT {columns} FROM energy_hour h WHERE {hours}{end}) h"
    f" WHERE p.envoy_id = w.column1 AND {IS_PANEL}{{panels}}"
)
#: No place is farther from UTC, s.
_FARTHEST = 18 * HOUR
#: Places where a calendar begins and ends: few of them serve all.
_ERA = 4096 * DAY


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which energy; None: all.

    Attributes:
        serial: of the Envoy.
        panel: serial number of a microinverter, or eqid of one channel of it.
        since: first moment, s: what the clocks of the place show, as if of UTC.
        until: the moment after the last, likewise.
    """

    serial: str | None = None
    panel: str | None = None
    since: int | None = None
    until: int | None = None


ALL = Wanted()


class Period(NamedTuple):
    """An hour, a day or a month of a place.

    Attributes:
        start: Unix seconds.
        end: Unix seconds.
        label: as people write it; an hour has its offset: 01:00 comes twice.
        start_local: ISO 8601 with the offset of the place.
        end_local: likewise.
    """

    start: int
    end: int
    label: str
    start_local: str
    end_local: str


class PanelEnergy(NamedTuple):
    """Energy of one channel in one period.

    Attributes:
        envoy: that told it.
        period: of its place.
        eqid: of the channel.
        energy_j: all of it, J.
        estimated_j: the part that the Envoy made up to fill a gap, J.
    """

    envoy: EnvoyRow
    period: Period
    eqid: str
    energy_j: int
    estimated_j: int


class EnvoyEnergy(NamedTuple):
    """Energy of all panels of an Envoy in one period, J."""

    envoy: EnvoyRow
    period: Period
    energy_j: int
    estimated_j: int
    panels: int


def panel_energy(
    reading: Reader, by: By, wanted: Wanted = ALL
) -> Iterator[PanelEnergy]:
    """Yield the energy of each channel and period: by Envoy, time, channel."""
    question = HOURS if by is By.HOUR else DAYS
    for envoy, rows in _of_wanted(reading, question, wanted):
        yield from _periods(envoy, by, rows)


def _of_wanted(
    reading: Reader, question: Question, wanted: Wanted
) -> Iterator[tuple[EnvoyRow, Sequence[Row]]]:
    # For the key, and for the months of PostgreSQL.
    since = 0 if wanted.since is None else wanted.since - _FARTHEST
    for batch in reading.batches(wanted.serial):
        begins = {envoy.envoy_id: since for envoy in batch}
        found = of_envoys(reading, question, begins, wanted)
        for envoy in batch:
            yield envoy, found.pop(envoy.envoy_id, ())


def of_envoys(
    reading: Reader,
    question: Question,
    begins: Mapping[int, int],
    wanted: Wanted = ALL,
) -> dict[int, list[Row]]:
    """Return the answers about some Envoys, by the Envoy's number.

    Args:
        reading: the database.
        question: HOURS, DAYS, BRIGHT.
        begins: of each Envoy, the hour to begin with, Unix seconds.
        wanted: which panels and times.
    """
    found: dict[int, list[Row]] = {}
    if not begins:
        return found
    hours, values = _hours(wanted)
    panels = ""
    if wanted.panel is not None:
        panels = " AND (p.eqid = ? OR p.device_eqid = ?)"
        values += [wanted.panel, wanted.panel]
    asked = (_POSTGRES if reading.postgres else _SQLITE).format(
        columns=question.columns,
        envoys=", ".join(f"({number}, {hour})" for number, hour in begins.items()),
        hours="h.envoy_id = p.envoy_id AND h.eqid = p.eqid AND h.hour >= w.column2"
        f" AND h.hour >= {min(begins.values())}{hours}",
        panels=panels,
        end=" GROUP BY place" if question.grouped else " OFFSET 0",
    )
    if question.grouped and not reading.postgres:
        asked += " GROUP BY p.envoy_id, p.eqid, place"
    for row in reading.rows(question.over.format(asked), values):
        found.setdefault(row[0], []).append(row)
    return found


def as_object(one: PanelEnergy) -> Object:
    """Return it in units of the wire."""
    return {
        "envoy_serial": one.envoy.serial_num,
        "start": one.period.start,
        "end": one.period.end,
        "eqid": one.eqid,
        "energy_j": one.energy_j,
        "estimated_j": one.estimated_j,
    }


def energy(reading: Reader, by: By, wanted: Wanted = ALL) -> Iterator[Object]:
    """Yield ``panel_energy`` in units of the wire."""
    return map(as_object, panel_energy(reading, by, wanted))


def added_up(found: Iterable[PanelEnergy]) -> Iterator[EnvoyEnergy]:
    """Yield the energy of all channels of an Envoy in each period."""
    for (envoy, period), group in groupby(found, lambda one: (one.envoy, one.period)):
        parts = [(one.energy_j, one.estimated_j) for one in group]
        whole, estimated = (sum(column) for column in zip(*parts, strict=True))
        yield EnvoyEnergy(envoy, period, whole, estimated, len(parts))


def totals(reading: Reader, by: By, wanted: Wanted = ALL) -> Iterator[EnvoyEnergy]:
    """Yield ``panel_energy``, added up for each Envoy."""
    if by is By.MONTH:
        # How many panels gave in a month is not in its days.
        yield from added_up(panel_energy(reading, by, wanted))
        return
    for envoy, rows in _of_wanted(reading, _TOTALS[by], wanted):
        found = []
        for _, panels, place, offset, whole, estimated in rows:
            period = _period(envoy.timezone, by, place, offset)
            found.append(EnvoyEnergy(envoy, period, whole, estimated, panels))
        yield from sorted(found, key=lambda one: one.period)


def extent(reading: Reader, wanted: Wanted) -> str:
    """Return the days of which there is energy, in words."""
    always = replace(wanted, since=None, until=None)
    days = [one.period.label for one in panel_energy(reading, By.DAY, always)]
    if not days:
        return "there is none of any day"
    return f"there is energy from {min(days)} to {max(days)}"


def local_now(envoy: EnvoyRow, now: int) -> int:
    """Return what the clocks of an Envoy's place show, s, as if of UTC."""
    return now + offset_s(envoy.timezone, now)


def _hours(wanted: Wanted) -> tuple[str, list[object]]:
    text = ""
    values: list[object] = []
    if wanted.since is not None:
        text += f" AND {_LOCAL} >= ?"
        values.append(wanted.since)
    if wanted.until is not None:
        text += f" AND h.hour < ? AND {_LOCAL} < ?"
        values += [wanted.until + _FARTHEST, wanted.until]
    return text, values


def _periods(envoy: EnvoyRow, by: By, rows: Iterable[Row]) -> Iterator[PanelEnergy]:
    sums: dict[tuple[Period, str], list[int]] = {}
    for _, eqid, place, offset, whole, estimated in rows:
        one = sums.setdefault(
            (_period(envoy.timezone, by, place, offset), eqid), [0, 0]
        )
        one[0] += whole
        one[1] += estimated
    for period, eqid in sorted(sums):
        whole, estimated = sums[period, eqid]
        yield PanelEnergy(envoy, period, eqid, whole, estimated)


@functools.lru_cache(maxsize=65_536)
def _period(zone: str | None, by: By, place: int, offset: int) -> Period:
    """Return the period of an hour (Unix seconds), or of a local day (a number)."""
    if by is By.HOUR:
        ends = (place, place + HOUR)
        first, last = (clock_time(moment, offset) for moment in ends)
        return Period(*ends, f"{first[:10]} {first[11:16]} {first[19:]}", first, last)
    era = place * DAY // _ERA * _ERA
    calendar = _calendar(zone, by, era - 40 * DAY, era + _ERA + 40 * DAY)
    start, end = calendar.span_of_day(place)
    first, last = (clock_time(at, offset_s(zone, at)) for at in (start, end))
    return Period(start, end, calendar.label(start), first, last)


@functools.lru_cache(maxsize=64)
def _calendar(zone: str | None, by: By, first: int, last: int) -> Calendar:
    return Calendar(segments(functools.partial(offset_s, zone), first, last), by)
