"""The panels of the Envoys: how each is, when it was seen, what it gave today.

A panel is a channel of a microinverter, or the whole of one that has no channels.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from types import MappingProxyType
from typing import NamedTuple

from nutbridge.collector.parse.periods import DAY, HOUR
from nutbridge.collector.queries.alike import alike_of
from nutbridge.collector.queries.energy import (
    DAYS,
    Question,
    first_told,
    local_now,
    of_envoys,
)
from nutbridge.collector.queries.panel_states import (
    DEAD_DAYS,
    DEAD_PART,
    SILENT_HOURS,
    WINDOW_DAYS,
    PanelFacts,
    PanelState,
    living_state,
    low_ones,
    medians_of,
    state_of,
    sunny_days,
)
from nutbridge.collector.store.days import Gave, columns_of, hours_of
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row
from nutbridge.collector.store.sums import COUNTED
from nutbridge.collector.store.units import UnitList, listed
from nutbridge.collector.store.zones import offset_s

#: Days in which a panel is looked for that has been silent for long.
_SILENT_DAYS = 7
#: One that another Envoy has is missed here.
_MISSED = (PanelState.DEAD, PanelState.SILENT)
#: Of these in one statement.
_MOST_ASKED = 400
#: All that an Envoy named: devices and channels.
NAMED = "SELECT envoy_id, eqids, sights FROM unit_list WHERE envoy_id IN ({envoys})"
#: What the rule needs of each day: how many panels gave, the least, the median. What
#: each of them gave (DAYS) is needed of few days.
_LIGHT = Question(
    f"s.envoy_id, s.day / {DAY}, s.panels, s.undivided, s.lowest_j, s.twice_median_j"
)
#: When each was described first.
KNOWN = (
    "SELECT p.envoy_id, p.eqid, (SELECT min(d.reported) FROM device d"
    " WHERE d.envoy_id = p.envoy_id AND d.eqid = p.device_eqid) FROM panel p"
    " WHERE p.envoy_id IN ({envoys})"
)
#: Those of some panels whose newest slots another Envoy told: they have moved there.
MOVED = (
    "SELECT w.column1, w.column2 FROM (VALUES {panels}) AS w WHERE w.column1 <>"  # noqa: S608
    " (SELECT i.envoy_id FROM interval i WHERE i.eqid = w.column2"
    f" AND {COUNTED} ORDER BY i.end_date DESC LIMIT 1)"
)


class Panel(NamedTuple):
    """One panel.

    Attributes:
        envoy: that tells of it.
        eqid: of the channel.
        device_eqid: serial number of its microinverter.
        state: as of the Envoy's last report.
        last_seen: end of the last interval, or time of the last reading, with
            energy; Unix seconds.
        today_j: energy of this day of the Envoy's place, J.
    """

    envoy: EnvoyRow
    eqid: str
    device_eqid: str
    state: PanelState
    last_seen: int | None
    today_j: int


def panels(reading: Reader, now: int, serial: str | None = None) -> Iterator[Panel]:
    """Yield the panels of all Envoys, or of one, by their eqids.

    Args:
        reading: the database.
        now: Unix seconds, for what is today.
        serial: of the Envoy.
    """
    for batch in reading.batches(serial):
        yield from panels_of(reading, batch, now)


def panels_of(reading: Reader, envoys: Sequence[EnvoyRow], now: int) -> Iterator[Panel]:
    """Yield the panels of some Envoys; see ``panels``."""
    days = {envoy.envoy_id: local_now(envoy, now) // DAY for envoy in envoys}
    houses = houses_of(reading, envoys, now, days)
    begins = {
        number: days[number] * DAY
        for number, house in houses.items()
        if days[number] not in house.given
        and house.begin is not None
        and days[number] * DAY >= house.begin
    }
    rows = of_envoys(reading, DAYS, begins)
    for number, house in houses.items():
        for _, day, gave in rows.get(number, ()):
            house.see_day(day, columns_of(gave))
        today_j = house.given.get(days[number], {})
        for own in house.panels():
            yield Panel(house.envoy, *own, today_j.get(own[0], 0))


def houses_of(
    reading: Reader,
    envoys: Sequence[EnvoyRow],
    now: int,
    days: Mapping[int, int] = MappingProxyType({}),
) -> dict[int, "EnvoyPanels"]:
    """Return some Envoys, with what the states of their panels are made of.

    Args:
        reading: the database.
        envoys: of it.
        now: Unix seconds.
        days: of each, the local day of which it is wanted what its panels gave.
    """
    named = reading.of_envoys(NAMED, [envoy.envoy_id for envoy in envoys])
    houses = {
        envoy.envoy_id: EnvoyPanels(envoy, units, now, days.get(envoy.envoy_id))
        for envoy in envoys
        for _, *texts in named.get(envoy.envoy_id, ((None,),))
        for units in (listed(*texts),)
    }
    asked = {
        number: house.begin
        for number, house in houses.items()
        if house.begin is not None
    }
    light = of_envoys(reading, _LIGHT, asked)
    for number in asked:
        houses[number].see_days(light.get(number, ()))
    # Which of them are asked tells the one before.
    for begin_of, take in (
        (EnvoyPanels.given_since, EnvoyPanels.see_given),
        (EnvoyPanels.alive_since, EnvoyPanels.see_alive),
    ):
        begins = {
            number: begin
            for number in asked
            if (begin := begin_of(houses[number])) is not None
        }
        found = of_envoys(reading, DAYS, begins)
        for number in begins:
            take(houses[number], found.get(number, ()))
    doubtful = [number for number, house in houses.items() if house.doubtful]
    known = reading.of_envoys(KNOWN, doubtful)
    for number in doubtful:
        later = houses[number].see_known(known.get(number, ()))
        houses[number].see_told(first_told(reading, number, later))
    _see_moved(reading, houses)
    return houses


def _see_moved(reading: Reader, houses: Mapping[int, "EnvoyPanels"]) -> None:
    """Leave out panels of which another Envoy tells now."""
    missed = [
        (number, eqid) for number, house in houses.items() for eqid in house.missed()
    ]
    for number, eqid in of_panels(reading, MOVED, missed):
        houses[number].see_moved(eqid)


def of_panels(
    reading: Reader,
    statement: str,
    asked: Sequence[tuple[int, str]],
    values: Sequence[int] = (),
) -> Iterator[Row]:
    """Yield the rows of a statement about ``{panels}``: numbers of Envoys, eqids.

    Args:
        reading: the database.
        statement: with ``?`` for ``values`` behind the panels.
        asked: the panels; some of them at a time.
        values: of the statement.
    """
    for start in range(0, len(asked), _MOST_ASKED):
        some = asked[start : start + _MOST_ASKED]
        shown = ", ".join(f"({number}, CAST(? AS TEXT))" for number, _ in some)
        eqids = [eqid for _, eqid in some]
        yield from reading.rows(statement.format(panels=shown), (*eqids, *values))


class EnvoyPanels:
    """The panels of one Envoy, and what their states are made of.

    That is read little by little: of most Envoys a line for each day will do.

    Args:
        envoy: their Envoy.
        named: its devices and channels.
        now: Unix seconds.
        wanted: local day that is looked at closely, if at all.

    Attributes:
        envoy: the same.
        sights: what was said of the devices and channels, by their marks.
        devices: each with what it is like.
        kinds: the different ones of these.
        begin: of the days that count, s; None: no panel ever had energy.
        doubtful: panels whose state depends on when they were known first.
        given: what each of them gave on days that were looked at closely, J, by local
            day.
        moved: those that another Envoy has now.
    """

    def __init__(
        self, envoy: EnvoyRow, named: UnitList, now: int, wanted: int | None = None
    ) -> None:
        self.envoy = envoy
        self._wanted = wanted
        self.sights = named.sights
        self.devices = alike_of(named)
        self.kinds = kinds = set(self.devices.values())
        # Few, and mostly one: what is the same of all is found out once.
        self._moments = {
            named.sights[mark].last_energy for kind in kinds for _, mark in kind.panels
        }
        newest = max((at for at in self._moments if at is not None), default=None)
        self.begin = None if newest is None else newest - (WINDOW_DAYS + 2) * DAY
        # Of what comes later nobody knows.
        heard = envoy.last_received
        self._moment = now if heard is None else min(now, heard)
        self._today = local_now(envoy, self._moment) // DAY
        self._late = (newest or 0) - SILENT_HOURS * HOUR
        self._first = (newest or 0) // DAY - _SILENT_DAYS
        self._is_late = any(map(self._late_one, self._moments))
        self.doubtful: set[str] = set()
        if None in self._moments:
            self.doubtful = {eqid for eqid, at in self.units.items() if at is None}
        self._divided = any(kind.is_divided for kind in kinds)
        #: Whether ``envoy_day`` is of these panels and of nothing else.
        self._plain = all(
            kind.is_panel and kind.is_divided is self._divided for kind in kinds
        )
        self._count = sum([len(kind.panels) for kind in self.devices.values()])
        self._sunny: Mapping[int, float] = {}
        self._low_since: int | None = None
        self._low: set[str] = set()
        self._hours: list[tuple[int, int, int]] = []
        self._alive: int | None = None
        self._since: dict[str, int | None] = {}
        self.given: dict[int, dict[str, int]] = {}
        self.moved: set[str] = set()

    @functools.cached_property
    def units(self) -> dict[str, int | None]:
        """Return the eqids of the panels, and when each had energy last, Unix s."""
        seen = {mark: sight.last_energy for mark, sight in self.sights.items()}
        return {
            device + behind: seen[mark]
            for device, kind in self.devices.items()
            for behind, mark in kind.panels
        }

    def see_days(self, rows: Sequence[Row]) -> None:
        """Take rows of _LIGHT."""
        if self._divided and any(row[3] for row in rows):
            self._plain = False
        if not self._plain:
            return
        self._sunny = sunny_days({row[1]: row[5] / 2 for row in rows}, self._today)
        newest = sorted(self._sunny)[-DEAD_DAYS:]
        low = [
            row[2] < self._count or row[4] < DEAD_PART * self._sunny[row[1]]
            for row in rows
            if row[1] in newest
        ]
        if len(low) == DEAD_DAYS and all(low):
            self._low_since = newest[0] * DAY

    def given_since(self) -> int | None:
        """Return since when what each panel gave is needed, s; None: it is not."""
        if not self._plain:
            return self.begin
        late = self._first * DAY if self._is_late else None
        return min(
            (at for at in (self._low_since, late) if at is not None), default=None
        )

    def see_day(self, day: int, gave: Gave) -> Gave:
        """Take what was given on a day; returns the part of these panels."""
        if not self._plain:
            ours = [eqid in self.units for eqid in gave.eqids]
            gave = Gave._make([*compress(column, ours)] for column in gave)
        self.given[day] = dict(zip(gave.eqids, gave.energy_j, strict=True))
        return gave

    def see_given(self, rows: Sequence[Row]) -> None:
        """Take rows of DAYS."""
        alive: set[str] = set()
        for _, day, text in rows:
            if self._plain and self._low_since is None and day != self._wanted:
                found = hours_of(text)
            else:
                gave = self.see_day(day, columns_of(text))
                found = gave.hours
                if not self._plain:
                    alive.update(compress(gave.eqids, found))
            self._hours += [(day, *one) for one in Counter(found).items()]
            if len(found) - found.count(0) == self._count:
                # All of them on one day: no more can be alive.
                self._alive = self._count
        if not self._plain:
            self._sunny = sunny_days(medians_of(self.given), self._today)
            self._alive = len(alive)
        if not self._plain or self._low_since is not None:
            self._low = low_ones(self.units, self.given, self._sunny)
            self.doubtful |= self._low

    def alive_since(self) -> int | None:
        """Return since when panels that are alive are to be counted, s."""
        needed = self._is_late and self._alive is None
        return self.begin if needed else None

    def see_alive(self, rows: Sequence[Row]) -> None:
        """Take rows of DAYS."""
        alive: set[str] = set()
        for _, _, gave in rows:
            found = columns_of(gave)
            alive.update(compress(found.eqids, found.hours))
        self._alive = len(alive)

    def see_known(self, rows: Sequence[Row]) -> set[str]:
        """Take rows of KNOWN; returns the doubtful that came after the first report."""
        ours = {row[1]: row[2] for row in rows if row[1] in self.units}
        # They may be older than what is known of the Envoy.
        oldest = min((at for at in ours.values() if at is not None), default=None)
        later = [eqid for eqid in self.doubtful & ours.keys() if ours[eqid] != oldest]
        self._since = {eqid: ours[eqid] for eqid in later}
        return set(later)

    def see_told(self, hours: Mapping[str, int]) -> None:
        """Take the first hours of which these told: known then at the latest."""
        for eqid, hour in hours.items():
            self._since[eqid] = min(self._since[eqid] or hour, hour)

    def see_moved(self, eqid: str) -> None:
        """Take note that another Envoy tells of a panel: it is none of this one."""
        self.moved.add(eqid)

    def state(self, eqid: str | None, last_seen: int | None) -> PanelState:
        """Return the state of a panel, once all is known; None: of a usual one."""
        own = None if eqid is None else self.own_states.get(eqid)
        return own or self._usual_states[last_seen]

    def panels(self) -> Iterator[tuple[str, str, PanelState, int | None]]:
        """Yield each eqid, its device, its state, when it had energy last."""
        usual, own = self._usual_states, self.own_states
        for device, kind in self.devices.items():
            for behind, mark in kind.panels:
                eqid, last_seen = device + behind, self.sights[mark].last_energy
                if eqid not in self.moved:
                    yield eqid, device, own.get(eqid) or usual[last_seen], last_seen

    def missed(self) -> list[str]:
        """Return the panels that are, or should be, looked for."""
        own = self.own_states
        found = [eqid for eqid, state in own.items() if state in _MISSED]
        times = {at for at, state in self._usual_states.items() if state in _MISSED}
        marks = {mark for mark, one in self.sights.items() if one.last_energy in times}
        kinds = {
            kind for kind in self.kinds if any(mark in marks for _, mark in kind.panels)
        }
        for device, kind in self.devices.items():
            if kind in kinds:
                ours = [
                    device + behind for behind, mark in kind.panels if mark in marks
                ]
                found += [eqid for eqid in ours if eqid not in own]
        return found

    @functools.cached_property
    def own_states(self) -> dict[str, PanelState]:
        """Return the states that depend on more than when energy came last."""
        found = {}
        for eqid in self.doubtful:
            last_seen, since = self.units[eqid], self._since.get(eqid)
            bright = self._bright if self._late_one(last_seen) else ()
            if eqid in self._low:
                facts = PanelFacts(eqid, last_seen, since)
                first = local_now(self.envoy, since or 0) // DAY
                days = (self.given, self._sunny)
                found[eqid] = state_of(facts, *days, bright, self._moment, first)
            else:
                found[eqid] = living_state(last_seen, since, bright, self._moment)
        return found

    @functools.cached_property
    def _usual_states(self) -> dict[int | None, PanelState]:
        """Return the state of all others, by when energy came last."""
        return {
            at: living_state(
                at, None, self._bright if self._late_one(at) else (), self._moment
            )
            for at in self._moments
        }

    def _late_one(self, last_seen: int | None) -> bool:
        """Tell whether others had energy for hours while there was none."""
        return (last_seen or 0) <= self._late

    @functools.cached_property
    def _bright(self) -> list[int]:
        """Return the hours in which half of the panels that are alive gave energy."""
        gave: dict[int, int] = {}
        for day, hours, count in self._hours:
            if day >= self._first:
                for hour in _places(hours):
                    local = day * DAY + hour * HOUR
                    gave[local] = gave.get(local, 0) + count
        least = max(self._alive or 0, 1)
        bright = [at for at, count in gave.items() if 2 * count >= least]
        # By day clocks are changed nowhere: it is that of an hour nearby.
        return [at - offset_s(self.envoy.timezone, at) for at in bright]


@functools.lru_cache(maxsize=4096)
def _places(hours: int) -> tuple[int, ...]:
    """Return the hours whose bits are set."""
    return tuple(hour for hour in range(DAY // HOUR) if hours >> hour & 1)
