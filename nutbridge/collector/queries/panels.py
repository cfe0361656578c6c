"""The panels of the Envoys: how each is, when it was seen, what it gave today.

A panel is a channel of a microinverter, or the whole of one that has no channels.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nutbridge.collector.parse.periods import DAY, HOUR
from nutbridge.collector.queries.energy import (
    DAYS_AND_HOURS,
    NO_PANEL,
    local_now,
    of_envoys,
)
from nutbridge.collector.queries.panel_states import (
    SILENT_HOURS,
    WINDOW_DAYS,
    PanelFacts,
    PanelState,
    living_state,
    low_ones,
    state_of,
    sunny_days,
)
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row
from nutbridge.collector.store.zones import offset_s

#: Days in which a panel is looked for that has been silent for long.
_SILENT_DAYS = 7
#: All that an Envoy named: devices and channels.
NAMED = (
    "SELECT envoy_id, eqid, device_eqid, last_energy, device_type FROM panel"
    " WHERE envoy_id IN ({envoys}) ORDER BY envoy_id, eqid"
)
#: When each was known first: by its energy, by a description.
KNOWN = (
    "SELECT p.envoy_id, p.eqid, (SELECT min(h.hour) FROM energy_hour h"
    " WHERE h.envoy_id = p.envoy_id AND h.eqid = p.eqid),"
    " (SELECT min(d.reported) FROM device d WHERE d.envoy_id = p.envoy_id"
    " AND d.eqid = p.device_eqid) FROM panel p WHERE p.envoy_id IN ({envoys})"
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


def named_of(reading: Reader, envoys: Sequence[EnvoyRow]) -> dict[int, list[Row]]:
    """Return the rows of NAMED by the number of the Envoy."""
    return _of_each(reading, NAMED, [envoy.envoy_id for envoy in envoys])


def panels_of(reading: Reader, envoys: Sequence[EnvoyRow], now: int) -> Iterator[Panel]:
    """Yield the panels of some Envoys; see ``panels``."""
    for _, found in houses_of(reading, envoys, now, named_of(reading, envoys)):
        yield from found


def houses_of(
    reading: Reader,
    envoys: Sequence[EnvoyRow],
    now: int,
    named: Mapping[int, Sequence[Row]],
) -> Iterator[tuple[EnvoyRow, list[Panel]]]:
    """Yield some Envoys, each with its panels.

    Args:
        reading: the database.
        envoys: of it.
        now: Unix seconds, for what is today.
        named: from ``named_of``.
    """
    units = {number: _units(rows) for number, rows in named.items()}
    begins = {
        number: newest - (WINDOW_DAYS + 2) * DAY
        for number, rows in units.items()
        if (newest := _newest(rows)) is not None
    }
    days = of_envoys(reading, DAYS_AND_HOURS, begins)
    houses = [
        _House(envoy, units.get(number, ()), days.pop(number, ()), now)
        for envoy in envoys
        for number in (envoy.envoy_id,)
    ]
    doubtful = [house.envoy.envoy_id for house in houses if house.doubtful]
    known = _of_each(reading, KNOWN, doubtful)
    for house in houses:
        yield house.envoy, list(house.judged(known.get(house.envoy.envoy_id, ())))


def _of_each(
    reading: Reader, statement: str, numbers: Sequence[int]
) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    if numbers:
        envoys = ", ".join(map(str, numbers))
        for row in reading.rows(statement.format(envoys=envoys)):
            found.setdefault(row[0], []).append(row)
    return found


def _units(rows: Sequence[Row]) -> list[Row]:
    """Leave out devices that have channels, and all of those that are no panels."""
    divided = {row[2] for row in rows if row[1] != row[2]}
    others = {row[1] for row in rows if row[4] in NO_PANEL}
    return [row for row in rows if row[1] not in divided and row[2] not in others]


def _newest(rows: Sequence[Row]) -> int | None:
    return max((row[3] for row in rows if row[3] is not None), default=None)


class _House:
    """The panels of one Envoy, and their days.

    Args:
        envoy: their Envoy.
        units: rows of NAMED that are panels.
        sums: rows of DAYS_AND_HOURS, of the window.
        now: Unix seconds.

    Attributes:
        envoy: the same.
        doubtful: panels whose state depends on when they were known first.
    """

    def __init__(
        self, envoy: EnvoyRow, units: Sequence[Row], sums: Sequence[Row], now: int
    ) -> None:
        self.envoy = envoy
        self._units = units
        eqids = {row[1] for row in units}
        self._sums = [row for row in sums if row[1] in eqids]
        self._now = now
        self._given: dict[int, dict[str, int]] = {}
        for _, eqid, day, energy_j, _ in self._sums:
            self._given.setdefault(day, {})[eqid] = energy_j
        # Of what comes later nobody knows.
        heard = envoy.last_received
        self._moment = now if heard is None else min(now, heard)
        today = local_now(envoy, self._moment) // DAY
        self._sunny = sunny_days(self._given, today)
        self.doubtful = low_ones(eqids, self._given, self._sunny)
        self.doubtful.update(row[1] for row in units if row[3] is None)

    def judged(self, known: Sequence[Row]) -> Iterator[Panel]:
        """Yield the panels.

        Args:
            known: rows of KNOWN, where one is doubtful.
        """
        since = self._since(known)
        today = self._given.get(local_now(self.envoy, self._now) // DAY, {})
        late = (_newest(self._units) or 0) - SILENT_HOURS * HOUR
        bright: Sequence[int] | None = None
        for _, eqid, device_eqid, last_seen, _ in self._units:
            hours: Sequence[int] = ()
            if (last_seen or 0) <= late:
                hours = bright = self._bright() if bright is None else bright
            if eqid in self.doubtful:
                facts = PanelFacts(eqid, last_seen, since.get(eqid))
                first = local_now(self.envoy, facts.known_since or 0) // DAY
                state = state_of(
                    facts, self._given, self._sunny, hours, self._moment, first
                )
            else:
                state = living_state(last_seen, None, hours, self._moment)
            today_j = today.get(eqid, 0)
            yield Panel(self.envoy, eqid, device_eqid, state, last_seen, today_j)

    def _since(self, known: Sequence[Row]) -> dict[str, int]:
        """Return when each was known first; not for those of the first report."""
        units = {row[1] for row in self._units}
        ours = [row for row in known if row[1] in units]
        # They may be older than what is known of the Envoy.
        oldest = min((row[3] for row in ours if row[3] is not None), default=None)
        return {
            eqid: min(at for at in (hour, reported) if at is not None)
            for _, eqid, hour, reported in ours
            if reported != oldest and (hour, reported) != (None, None)
        }

    def _bright(self) -> list[int]:
        """Return the hours in which half of the panels that are alive gave energy."""
        alive = len({row[1] for row in self._sums if row[4]})
        first = (_newest(self._units) or 0) // DAY - _SILENT_DAYS
        gave: dict[int, Counter[int]] = {}
        for _, _, day, _, hours in self._sums:
            if day >= first:
                gave.setdefault(day, Counter())[hours] += 1
        local = [
            day * DAY + hour * HOUR
            for day, found in gave.items()
            for hour in range(DAY // HOUR)
            if 2 * sum(n for hours, n in found.items() if hours >> hour & 1)
            >= max(alive, 1)
        ]
        # By day clocks are changed nowhere: it is that of an hour nearby.
        return [at - offset_s(self.envoy.timezone, at) for at in local]
