"""Reads the collector's database for the pages of the panels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from nutbridge.collector.parse.periods import DAY, By
from nutbridge.collector.queries.energy import (
    PanelEnergy,
    Wanted,
    local_now,
    panel_energy,
    totals,
)
from nutbridge.collector.queries.panels import Panel, panels
from nutbridge.collector.queries.recent import (
    PanelSlot,
    Poll,
    events,
    forwarding,
    polls,
    slots,
)
from nutbridge.collector.store.reading import EnvoyRow, Reader, reading
from nutbridge.collector.store.zones import offset_s
from nutbridge.ups.units import SECONDS_PER_HOUR
from nutbridge.web.layout import Place
from nutbridge.web.solar_model import (
    CurvePoint,
    DayEnergy,
    Solar,
    SolarEnvoy,
    SolarEvent,
    SolarPanel,
    curve_of,
    median,
)

DAYS, MONTHS = 31, 12
#: Panels shown one by one; more are no roof, and no page for people (chosen).
MOST_PANELS = 1000
_SLOT_S = 900
_J_PER_WH = SECONDS_PER_HOUR
#: Less than this by noon is no day to compare panels by, Wh.
_LEAST_WH = 5.0
#: No energy and no report for longer, where yesterday at this hour was dark: night, s.
_DARK_S = 3600
#: Panels sleep no longer than this; a silence that lasts is another matter, s.
_LONGEST_NIGHT_S = 18 * 3600
#: Sums of months are made anew so often, s.
_MONTHS_FRESH_S = 900.0
_POLLS_S = 2 * DAY
_ENPHASE = {"forwarded": "ok", "refused": "refuses", "failed": "does not answer"}


class _Days(NamedTuple):
    """Energy of the last days: (Envoy, panel) -> day -> (Wh, estimated Wh)."""

    of: Mapping[tuple[str, str], Mapping[str, tuple[float, float]]]
    medians: Mapping[str, Mapping[str, float | None]]


class SolarReader:
    """Looks at all Envoys of a database.

    Args:
        url: of the database.
        layout: where the panels are, by serial number with channel or without.
        wall: seconds since 1970.
    """

    def __init__(
        self, url: str, layout: Mapping[str, Place], wall: Callable[[], float]
    ) -> None:
        self._url = url
        self._layout = layout
        self._wall = wall
        self._months: tuple[float, tuple[DayEnergy, ...]] = (0.0, ())

    def read(self) -> Solar:
        """Return what is known now.

        Raises:
            StoreError: the database cannot be asked.
        """
        wall = self._wall()
        with reading(self._url) as database:
            return self._read(database, wall)

    def polls(self, eqid: str) -> tuple[Poll, ...]:
        """Return the polls of a panel of the last two days.

        Raises:
            StoreError: the database cannot be asked.
        """
        since = int(self._wall()) - _POLLS_S
        with reading(self._url) as database:
            for envoy in database.envoys():
                found = tuple(polls(database, envoy, eqid, since))
                if found:
                    return found
        return ()

    def _read(self, database: Reader, wall: float) -> Solar:
        now = int(wall)
        envoys = database.envoys()
        every = [*panels(database, now)]
        known = every[:MOST_PANELS]
        today = _today(envoys, now)
        days = _days(database, today)
        sent = forwarding(database)
        curve, dark = _curve(database, envoys, now)
        night = dark and bool(known) and _is_quiet(known, now)
        shown = [self._panel(one, days, str(today), night=night) for one in known]
        return Solar(
            time=round(wall, 1),
            today=str(today),
            envoys=tuple(_envoy(one, known, shown) for one in envoys),
            panels=tuple(shown),
            more_panels=len(every) - len(known),
            events=tuple(
                SolarEvent(
                    one.at, envoy.timezone, one.name, self._eqid(one.eqid, shown),
                    one.is_open,
                )
                for envoy in envoys
                for one in events(database, envoy)
            ),
            curve=curve,
            days=_sums(days, today),
            months=self._months_of(database, today, wall),
            night=night,
            waiting=None if sent.last in (None, "none") else sent.waiting,
            stuck=sent.stuck,
            enphase=_ENPHASE.get(sent.last or ""),
        )  # fmt: skip

    @staticmethod
    def _eqid(eqid: str | None, shown: Sequence[SolarPanel]) -> str | None:
        """Return the panel that an event is about; of a device its first channel."""
        start = f"{eqid}."
        return next(
            (one.eqid for one in shown if eqid and f"{one.eqid}.".startswith(start)),
            eqid,
        )

    def _panel(self, one: Panel, days: _Days, today: str, *, night: bool) -> SolarPanel:
        envoy = one.envoy.serial_num
        ours = days.of.get((envoy, one.eqid), {})
        medians = days.medians.get(envoy, {})
        today_wh, estimated_wh = ours.get(today, (None, 0.0))
        typical = medians.get(today)
        place = self._layout.get(one.eqid) or self._layout.get(one.device_eqid)
        awake = str(one.state) in ("ok", "silent")
        return SolarPanel(
            eqid=one.eqid,
            envoy=envoy,
            name=place.name if place else _short(one.eqid),
            state="asleep" if night and awake else str(one.state),
            row=place.row if place else None,
            column=place.column if place else None,
            today_wh=today_wh,
            estimated_wh=estimated_wh,
            part=None
            if typical is None or typical < _LEAST_WH
            else round((today_wh or 0.0) / typical, 3),
            last_seen=one.last_seen,
            days=tuple(
                _day(name, ours.get(name), medians.get(name))
                for name in _names(date.fromisoformat(today))
            ),
        )

    def _months_of(
        self, database: Reader, today: date, wall: float
    ) -> tuple[DayEnergy, ...]:
        made_at, found = self._months
        if not found or not 0 <= wall - made_at < _MONTHS_FRESH_S:
            found = _months(database, today)
            self._months = wall, found
        return found


def _day(
    name: str, pair: tuple[float, float] | None, typical: float | None
) -> DayEnergy:
    wh, estimated_wh = pair or (None, 0.0)
    return DayEnergy(name, wh, estimated_wh, typical)


def _short(eqid: str) -> str:
    """Return a serial number with a channel only where it is not the first."""
    return eqid.removesuffix(".1")


def _today(envoys: Sequence[EnvoyRow], now: int) -> date:
    """Return today's date at the first Envoy that is known."""
    at = local_now(envoys[0], now) if envoys else now
    return datetime.fromtimestamp(at, UTC).date()


def _names(today: date) -> list[str]:
    return [str(today - timedelta(days=back)) for back in range(DAYS - 1, -1, -1)]


def _local(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def _days(database: Reader, today: date) -> _Days:
    first = _local(today - timedelta(days=DAYS - 1))
    found: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for one in panel_energy(database, By.DAY, Wanted(since=first)):
        ours = found.setdefault((one.envoy.serial_num, one.eqid), {})
        ours[one.period.label] = _wh(one)
    given: dict[str, dict[str, list[float]]] = {}
    for (envoy, _), by_day in found.items():
        for name, (wh, _) in by_day.items():
            if wh > 0:
                given.setdefault(envoy, {}).setdefault(name, []).append(wh)
    medians = {
        envoy: {name: median(each) for name, each in by_day.items()}
        for envoy, by_day in given.items()
    }
    return _Days(found, medians)


def _wh(one: PanelEnergy) -> tuple[float, float]:
    whole, estimated = one.energy_j / _J_PER_WH, one.estimated_j / _J_PER_WH
    return round(whole, 1), round(estimated, 1)


def _sums(days: _Days, today: date) -> tuple[DayEnergy, ...]:
    found: dict[str, list[tuple[float, float]]] = {}
    for by_day in days.of.values():
        for name, pair in by_day.items():
            found.setdefault(name, []).append(pair)
    return tuple(_summed(name, found.get(name, ())) for name in _names(today))


def _summed(name: str, pairs: Iterable[tuple[float, float]]) -> DayEnergy:
    known = list(pairs)
    if not known:
        return DayEnergy(name, None)
    return DayEnergy(name, sum(one for one, _ in known), sum(one for _, one in known))


def _months(database: Reader, today: date) -> tuple[DayEnergy, ...]:
    names = []
    year, month = today.year, today.month
    for _ in range(MONTHS):
        names.append(f"{year:04}-{month:02}")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    first = _local(date.fromisoformat(f"{names[-1]}-01"))
    found: dict[str, list[tuple[float, float]]] = {}
    for one in totals(database, By.MONTH, Wanted(since=first)):
        pair = one.energy_j / _J_PER_WH, one.estimated_j / _J_PER_WH
        found.setdefault(one.period.label, []).append(pair)
    return tuple(_summed(name, found.get(name, ())) for name in reversed(names))


def _curve(
    database: Reader, envoys: Sequence[EnvoyRow], now: int
) -> tuple[tuple[CurvePoint, ...], bool]:
    """Return the day's curve, and whether it was dark at this hour yesterday."""
    by_day: tuple[dict[str, dict[int, float]], ...] = ({}, {})
    slot_now = 0
    for envoy in envoys:
        local = local_now(envoy, now)
        slot_now = local % DAY // _SLOT_S
        midnight = now - local % DAY
        for one in slots(database, envoy, midnight - DAY, now):
            _add(by_day, one, envoy, local // DAY)
    today, yesterday = by_day
    for panel in today.values():
        # Its reports are still to come.
        panel.pop(max(panel), None)
    dark = all(panel.get(slot_now, 0.0) < 1.0 for panel in yesterday.values())
    return curve_of(today, yesterday, _SLOT_S), dark


def _add(
    by_day: tuple[dict[str, dict[int, float]], ...],
    one: PanelSlot,
    envoy: EnvoyRow,
    today: int,
) -> None:
    start = one.end - one.length_s
    local = start + offset_s(envoy.timezone, start)
    back = today - local // DAY
    if back not in (0, 1):
        return
    found = by_day[back].setdefault(one.eqid, {})
    # A longer slot is spread over those that it covers.
    covered = range(local, local + max(one.length_s, 1), _SLOT_S)
    for at in covered:
        slot = at % DAY // _SLOT_S
        watts = one.energy_j / len(covered) / _SLOT_S
        found[slot] = round(found.get(slot, 0.0) + watts, 2)


def _is_quiet(known: Sequence[Panel], now: int) -> bool:
    """Whether nothing came for an hour, and not for so long that it is no night."""
    newest = max((one.last_seen or 0 for one in known), default=0)
    return _DARK_S < now - newest < _LONGEST_NIGHT_S


def _envoy(
    envoy: EnvoyRow, known: Sequence[Panel], shown: Sequence[SolarPanel]
) -> SolarEnvoy:
    ours = [one for one in known if one.envoy.envoy_id == envoy.envoy_id]
    given = [one.today_wh for one in shown if one.envoy == envoy.serial_num]
    return SolarEnvoy(
        serial=envoy.serial_num,
        zone=envoy.timezone,
        received=envoy.last_received,
        newest=max((one.last_seen for one in ours if one.last_seen), default=None),
        median_wh=median(wh for wh in given if wh),
    )
