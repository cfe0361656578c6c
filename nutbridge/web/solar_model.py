"""What the pages of the panels show (pure): Wh, and seconds since 1970."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nutbridge.ups.snapshot import encode

#: Parts of the median of an Envoy: below the first the darkest, ...
SCALE = (0.1, 0.5, 0.8, 0.95, 1.05)
SCALE_WORDS = (
    "under 10 %",
    "10 to 50 %",
    "50 to 80 %",
    "80 to 95 %",
    "95 to 105 %",
    "over 105 %",
)


class DayEnergy(NamedTuple):
    """Energy of one day or month.

    Attributes:
        name: ``2026-11-29`` or ``2026-11``.
        wh: all of it; None: nothing is known.
        estimated_wh: the part that the Envoy made up to fill a gap.
        median_wh: of all panels of the Envoy, for the days of one panel.
    """

    name: str
    wh: float | None
    estimated_wh: float = 0.0
    median_wh: float | None = None


class CurvePoint(NamedTuple):
    """The panels at one moment of a day, W each.

    Attributes:
        hour: of the day at the panels' place, 0 to 24.
    """

    hour: float
    median_w: float | None = None
    least_w: float | None = None
    most_w: float | None = None
    yesterday_w: float | None = None


class SolarEvent(NamedTuple):
    """Something that an Envoy told about a panel, or about itself.

    Attributes:
        at: when.
        zone: name of the Envoy's timezone.
        text: in words.
        eqid: of the panel; None: the Envoy's own.
        open: not over.
    """

    at: float | None
    zone: str | None
    text: str
    eqid: str | None
    open: bool = True


@dataclass(frozen=True, slots=True)
class SolarPanel:
    """One panel.

    Attributes:
        eqid: serial number with channel.
        name: of the layout, else the serial number.
        state: ok, asleep, silent or dead.
        part: today's energy of the median of its Envoy; None: not known.
        days: the last 31, oldest first.
    """

    eqid: str
    envoy: str
    name: str
    state: str
    row: int | None = None
    column: int | None = None
    today_wh: float | None = None
    estimated_wh: float = 0.0
    part: float | None = None
    last_seen: float | None = None
    days: tuple[DayEnergy, ...] = ()

    @property
    def bucket(self) -> int | None:
        """Which step of the colour scale it has reached; None: not known."""
        if self.part is None:
            return None
        return sum(self.part >= step for step in SCALE)


@dataclass(frozen=True, slots=True)
class SolarEnvoy:
    """One Envoy.

    Attributes:
        received: when its last report came.
        newest: the end of the newest energy that it told of.
        zone: name of its timezone.
    """

    serial: str
    zone: str | None = None
    received: float | None = None
    newest: float | None = None
    median_wh: float | None = None


@dataclass(frozen=True, slots=True)
class Solar:
    """All panels of a collector.

    Attributes:
        more_panels: how many there are that are not among them.
        night: the sun is down where they are: nobody gives anything.
        waiting: reports that wait for Enphase; None: not known.
        stuck: of those, refused.
        enphase: how the last report fared there, in words; None: it goes nowhere.
        today: date of the newest day, where the panels are.
    """

    time: float
    today: str
    envoys: tuple[SolarEnvoy, ...] = ()
    panels: tuple[SolarPanel, ...] = ()
    more_panels: int = 0
    events: tuple[SolarEvent, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    days: tuple[DayEnergy, ...] = ()
    months: tuple[DayEnergy, ...] = ()
    night: bool = False
    waiting: int | None = None
    stuck: int = 0
    enphase: str | None = None

    def panel(self, eqid: str) -> SolarPanel | None:
        """Return a panel by its serial number."""
        return next((one for one in self.panels if one.eqid == eqid), None)

    @property
    def today_wh(self) -> float | None:
        """Energy of today, None while nothing is known."""
        known = [one.today_wh for one in self.panels if one.today_wh is not None]
        return sum(known) if known else None

    @property
    def received(self) -> float | None:
        """When the last report came."""
        return max(filter(None, (one.received for one in self.envoys)), default=None)

    @property
    def newest(self) -> float | None:
        """The end of the newest energy that is known."""
        return max(filter(None, (one.newest for one in self.envoys)), default=None)

    def plain(self) -> dict[str, Any]:
        """Return it for JSON; every key is always there."""
        found: dict[str, Any] = encode(self)
        found["today_wh"] = self.today_wh
        return found

    def panel_object(self, eqid: str) -> dict[str, Any]:
        """Return one panel for JSON."""
        found: dict[str, Any] = encode(self.panel(eqid))
        events = [encode(one) for one in self.events if one.eqid == eqid]
        return {"time": self.time, "today": self.today, **found, "events": events}


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of what is known."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def curve_of(
    today: Mapping[str, Mapping[int, float]],
    yesterday: Mapping[str, Mapping[int, float]],
    slot_s: int,
) -> tuple[CurvePoint, ...]:
    """Return the day's curve.

    Args:
        today: W of each panel by slot of the day.
        yesterday: the same of the day before.
        slot_s: length of a slot.
    """
    slots: set[int] = set()
    for each in (*today.values(), *yesterday.values()):
        slots.update(each)
    if not slots:
        return ()
    found = []
    for slot in range(min(slots), max(slots) + 1):
        now = _at(today, slot)
        found.append(
            CurvePoint(
                hour=(slot + 0.5) * slot_s / 3600,
                median_w=median(now),
                least_w=min(now, default=None),
                most_w=max(now, default=None),
                yesterday_w=median(_at(yesterday, slot)),
            )
        )
    return tuple(found)


def _at(panels: Mapping[str, Mapping[int, float]], slot: int) -> Sequence[float]:
    return [each[slot] for each in panels.values() if slot in each]
