"""What the page of a house shows (pure): values with the time each was read.

Times are seconds since 1970 by the clock of this machine; None is unknown, never 0.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from nutbridge.daemon.history.outages import Outage, Silence
from nutbridge.ups.snapshot import encode


class HouseState(StrEnum):
    """What the machines of a house are told, and whether that can be believed."""

    ON_LINE = "on line"
    ON_BATTERY = "on battery"
    LOW = "low battery"
    #: No answer for long: the port file is hidden, clients see no communication.
    HIDDEN = "hidden"
    #: The file claims a state, and nobody keeps it true.
    NO_MONITOR = "no monitor"
    HANGS = "monitor hangs"
    NO_STATUS = "no status"
    #: Nothing can be read.
    UNREADABLE = "unreadable"


#: States in which somebody has to do something.
TO_ACT = frozenset(HouseState) - {HouseState.ON_LINE, HouseState.ON_BATTERY}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value, and when it was read.

    Attributes:
        value: in the unit of its name.
        at: when; None where that is not known.
        reckoned: it was calculated from an older one.
    """

    value: float | None = None
    at: float | None = None
    reckoned: bool = False


UNKNOWN = Reading()


@dataclass(frozen=True, slots=True)
class HouseDevice:
    """A battery or controller.

    Attributes:
        name: what it is and its serial number.
        words: its faults, or that it is well.
        well: it has no fault.
    """

    name: str
    words: str
    well: bool
    soc_pct: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What is known of one UPS now.

    Powers: ``battery_w`` > 0 discharges, ``grid_w`` > 0 is drawn, ``pv_w`` >= 0.

    Attributes:
        status: ups.status; None while hidden.
        problem: why something could not be read, for people.
        since: when OL, OB or the hiding began.
        grid_asked: when the gateway last told where the grid is.
        silent_since: since when it tells nothing.
        source: experimental.nutbridge.source, where the numbers come from.
        noted: when the monitor last noted anything.
        low_pct: charge at which the battery is low, as the monitor uses it.
        token_ends: when the gateway's token ends.
        clients: machines that are logged in at upsd; None: not known.
    """

    ups: str
    time: float
    state: HouseState
    status: str | None = None
    problem: str | None = None
    since: float | None = None
    grid_asked: float | None = None
    silent_since: float | None = None
    source: str | None = None
    noted: float | None = None
    charge_pct: Reading = UNKNOWN
    runtime_s: Reading = UNKNOWN
    low_pct: float | None = None
    floor_pct: float | None = None
    capacity_wh: float | None = None
    temperature_c: float | None = None
    load_w: Reading = UNKNOWN
    grid_w: Reading = UNKNOWN
    pv_w: Reading = UNKNOWN
    battery_w: Reading = UNKNOWN
    load_pct: float | None = None
    nominal_w: float | None = None
    generator: bool = False
    token_ends: float | None = None
    devices: tuple[HouseDevice, ...] = ()
    clients: tuple[str, ...] | None = None

    @property
    def to_act(self) -> bool:
        """Whether somebody has to do something."""
        return self.state in TO_ACT

    def plain(self) -> dict[str, Any]:
        """Return it for JSON; every key is always there."""
        found: dict[str, Any] = encode(self)
        return found


class Stretch(NamedTuple):
    """A time in which something was so.

    Attributes:
        kind: ``outage``, ``low``, ``silence``, or ``unwatched``: nothing was noted.
        began: s since 1970.
        ended: None while it lasts.
    """

    kind: str
    began: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class Past:
    """What the monitor has kept.

    Attributes:
        since: of its first line; None: there is none.
        stretches: all that began or lasted in the last 31 days.
        outages: the newest 30, the newest first.
        silences: the newest first.
        outages_kept: how many there are, older ones among them.
        outages_kept_s: their length together.
        problem: why there is none, or what was left out of it.
    """

    since: float | None = None
    stretches: tuple[Stretch, ...] = ()
    outages: tuple[Outage, ...] = ()
    silences: tuple[Silence, ...] = ()
    outages_kept: int = 0
    outages_kept_s: float = 0.0
    problem: str | None = None
