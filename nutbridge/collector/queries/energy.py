"""Energy of panels by hour, day or month of the Envoy's place: of the kept sums.

An AC Battery is no panel: what it gives was production before.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from nutbridge.collector.parse.periods import (
    DAY,
    HOUR,
    By,
    Calendar,
    clock_time,
    segments,
)
from nutbridge.collector.store.given import eqids_of, lists_of
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row
from nutbridge.collector.store.zones import QUARTER_S, offset_s

Object = dict[str, Any]

#: ``device_type`` of what is no panel, and its name.
NO_PANEL = {11: "AC Battery"}
#: AC Batteries, of some Envoys.
_OTHERS = (
    "SELECT envoy_id, eqid FROM panel WHERE envoy_id IN ({envoys})"  # noqa: S608
    f" AND device_type IN ({', '.join(map(str, NO_PANEL))})"
)


class Question(NamedTuple):
    """What is asked of the sums ``s`` of some Envoys.

    Attributes:
        columns: of them.
        table: in which they are.
        key: that says of what time they are.
        local: what the clocks show then, s, as if of UTC.
    """

    columns: str
    table: str = "envoy_day"
    key: str = "s.day"
    local: str = "s.day"


#: What each panel gave on each day; ``_each`` reads both.
DAYS = Question(f"s.envoy_id, s.day / {DAY}, s.gave")
#: In each hour.
_HOURS = Question(
    *("s.envoy_id, s.hour, s.gave, s.offset_s", "envoy_hour"),
    *("s.hour", "(s.hour + s.offset_s)"),
)
#: What all gave together.
_ALL_DAYS = DAYS._replace(
    columns=f"s.envoy_id, s.panels, s.day / {DAY}, 0, s.energy_j, s.estimated_j"
)
_ALL_HOURS = _HOURS._replace(
    columns="s.envoy_id, s.panels, s.hour, s.offset_s, s.energy_j, s.estimated_j"
)
# ``envoys`` are pairs: the number of an Envoy, and where its sums begin.
# CROSS JOIN keeps SQLite to this order: a look into the key for each Envoy.
_SQLITE = (
    "SELECT {columns} FROM (VALUES {envoys}) AS w CROSS JOIN {table} s WHERE {sums}"
)
# PostgreSQL reads the sums of all Envoys there are, and sorts them, unless
# something in the inner statement (OFFSET 0 is enough) keeps it to this order.
_POSTGRES = (
    "SELECT d.* FROM (VALUES {envoys}) AS w CROSS JOIN LATERAL"
    " (SELECT {columns} FROM {table} s WHERE {sums} OFFSET 0) d"
)
#: No place is farther from UTC, s.
_FARTHEST = 18 * HOUR
#: Where a place moved, hours of the next two days may have begun before those of one.
_APART = 3
#: Places where a calendar begins and ends: few of them serve all.
_ERA = 4096 * DAY


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which energy; None: all. Of days and months, days that begin in this time.

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
    question = _HOURS if by is By.HOUR else DAYS
    for batch in reading.batches(wanted.serial):
        found = _by_panel(reading, question, batch, _others(reading, batch), wanted)
        for envoy in batch:
            yield from _periods(envoy, by, found.pop(envoy.envoy_id, ()))


def _of_wanted(
    reading: Reader, question: Question, envoys: Sequence[EnvoyRow], wanted: Wanted
) -> dict[int, list[Row]]:
    since = wanted.since or 0
    if question.key != question.local:
        since = max(0, since - _FARTHEST)
    begins = {envoy.envoy_id: since for envoy in envoys}
    return of_envoys(reading, question, begins, wanted)


def _others(reading: Reader, envoys: Sequence[EnvoyRow]) -> dict[int, list[Row]]:
    return reading.of_envoys(_OTHERS, [envoy.envoy_id for envoy in envoys])


def _by_panel(
    reading: Reader,
    question: Question,
    envoys: Sequence[EnvoyRow],
    others: Mapping[int, Sequence[Row]],
    wanted: Wanted,
) -> dict[int, Iterator[Row]]:
    """Return what each panel gave: number, eqid, place, offset, energy, estimated."""
    found = _of_wanted(reading, question, envoys, wanted)
    return {
        number: _each(rows, {eqid for _, eqid in others.get(number, ())}, wanted.panel)
        for number, rows in found.items()
    }


def _each(rows: Sequence[Row], others: set[str], panel: str | None) -> Iterator[Row]:
    for number, place, gave, *offset in rows:
        eqids, *columns = lists_of(gave)
        for eqid, energy_j, estimated_j in zip(eqids, *columns[:2], strict=True):
            device = eqid.partition(".")[0]
            if device not in others and panel in (None, eqid, device):
                yield number, eqid, place, sum(offset), energy_j, estimated_j


def of_envoys(
    reading: Reader,
    question: Question,
    begins: Mapping[int, int],
    wanted: Wanted = ALL,
) -> dict[int, list[Row]]:
    """Return the answers about some Envoys, by the Envoy's number.

    Args:
        reading: the database.
        question: which.
        begins: of each Envoy, the moment to begin with, s: of hours Unix seconds, of
            days what the clocks show.
        wanted: which times.
    """
    found: dict[int, list[Row]] = {}
    if not begins:
        return found
    key, local = question.key, question.local
    sums = f"s.envoy_id = w.column1 AND {key} >= w.column2"
    values: list[object] = []
    if key != local and wanted.since is not None:
        sums += f" AND {local} >= ?"
        values.append(wanted.since)
    if key != local and wanted.until is not None:
        # For the key, and for the months of PostgreSQL.
        sums += f" AND {key} < ?"
        values.append(wanted.until + _FARTHEST)
    if wanted.until is not None:
        sums += f" AND {local} < ?"
        values.append(wanted.until)
    if reading.postgres:
        # Its months cannot be told by a column. SQLite would use this one for its look
        # into the key, and take four times as long.
        sums += f" AND {key} >= {min(begins.values())}"
    asked = (_POSTGRES if reading.postgres else _SQLITE).format(
        columns=question.columns,
        envoys=", ".join(f"({number}, {begin})" for number, begin in begins.items()),
        table=question.table,
        sums=sums,
    )
    for row in reading.rows(asked, values):
        found.setdefault(row[0], []).append(row)
    return found


def first_told(reading: Reader, number: int, eqids: set[str]) -> dict[str, int]:
    """Return the begin of the first hour of which panels told, by eqid, Unix s.

    Each day is looked at once, however many panels never told of any.

    Args:
        reading: the database.
        number: of the Envoy.
        eqids: of its panels.
    """
    found: dict[str, int] = {}
    days = of_envoys(reading, DAYS, {number: 0}) if eqids else {}
    for _, day, gave in sorted(days.get(number, ())):
        new = (eqids - found.keys()).intersection(eqids_of(gave))
        if new:
            wanted = Wanted(until=(day + _APART) * DAY)
            hours = of_envoys(reading, _HOURS, {number: day * DAY - _FARTHEST}, wanted)
            for _, hour, text, _ in sorted(hours.get(number, ()), reverse=True):
                found.update((eqid, hour) for eqid in new.intersection(eqids_of(text)))
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
    each, all_ = (_HOURS, _ALL_HOURS) if by is By.HOUR else (DAYS, _ALL_DAYS)
    for batch in reading.batches(wanted.serial):
        others = _others(reading, batch)
        singly = [
            envoy
            for envoy in batch
            if wanted.panel is not None or envoy.envoy_id in others
        ]
        rest = [envoy for envoy in batch if envoy not in singly]
        of_panels = _by_panel(reading, each, singly, others, wanted)
        of_all = _of_wanted(reading, all_, rest, wanted)
        for envoy in batch:
            number = envoy.envoy_id
            yield from added_up(_periods(envoy, by, of_panels.get(number, ())))
            yield from _sums(envoy, by, of_all.pop(number, ()))


def _sums(envoy: EnvoyRow, by: By, rows: Iterable[Row]) -> list[EnvoyEnergy]:
    found = []
    for _, panels, place, offset, whole, estimated in rows:
        period = _period(envoy.timezone, by, place, offset)
        found.append(EnvoyEnergy(envoy, period, whole, estimated, panels))
    return sorted(found, key=lambda one: one.period)


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


def _periods(envoy: EnvoyRow, by: By, rows: Iterable[Row]) -> Iterator[PanelEnergy]:
    sums: dict[Period, dict[str, list[int]]] = {}
    for (place, offset), some in groupby(rows, itemgetter(2, 3)):
        given = sums.setdefault(_period(envoy.timezone, by, place, offset), {})
        for _, eqid, _, _, whole, estimated in some:
            one = given.setdefault(eqid, [0, 0])
            one[0] += whole
            one[1] += estimated
    for period in sorted(sums):
        for eqid, (whole, estimated) in sorted(sums[period].items()):
            yield PanelEnergy(envoy, period, eqid, whole, estimated)


@functools.lru_cache(maxsize=65_536)
def _period(zone: str | None, by: By, place: int, offset: int) -> Period:
    """Return the period of an hour (Unix seconds), or of a local day (a number)."""
    if by is By.HOUR:
        ends = _clock_hour(zone, place, offset)
        first, last = (clock_time(moment, offset) for moment in ends)
        return Period(*ends, f"{first[:10]} {first[11:16]} {first[19:]}", first, last)
    era = place * DAY // _ERA * _ERA
    calendar = _calendar(zone, by, era - 40 * DAY, era + _ERA + 40 * DAY)
    start, end = calendar.span_of_day(place)
    first, last = (clock_time(at, offset_s(zone, at)) for at in (start, end))
    return Period(start, end, calendar.label(start), first, last)


def _clock_hour(zone: str | None, start: int, offset: int) -> tuple[int, int]:
    """Return begin and end of an hour as clocks show it that are ``offset`` s ahead.

    On Lord Howe Island they are changed by half an hour: one hour has half of one.
    """
    quarters = [
        at
        for at in range(start, start + HOUR, QUARTER_S)
        if offset_s(zone, at) == offset
    ]
    # None: the hour was counted while the Envoy named another zone.
    return (
        (quarters[0], quarters[-1] + QUARTER_S) if quarters else (start, start + HOUR)
    )


@functools.lru_cache(maxsize=64)
def _calendar(zone: str | None, by: By, first: int, last: int) -> Calendar:
    return Calendar(segments(functools.partial(offset_s, zone), first, last), by)
