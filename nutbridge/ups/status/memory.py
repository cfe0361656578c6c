"""All that a monitor knows between two checks.

One frozen value: a check makes a new one (events.py, battery.py, low.py), the
state file keeps it over a restart (saved.py). Times are CLOCK_BOOTTIME, s.
"""

from typing import NamedTuple

from nutbridge.ups.model import DeviceHealth, Flows, Grid
from nutbridge.ups.status.history import LoadHistory
from nutbridge.ups.status.policy import FALL_READINGS, FALL_S
from nutbridge.ups.status.table import State


class RelayMemory(NamedTuple):
    """What the relay last said.

    Attributes:
        at: when the last usable answer came.
        grid: that answer, CLOSED or OPEN.
        closed_at: when ``closed`` was last said, fit to be believed or not.
        unconfirmed: an answer that has to come a second time to count.
        silent_since: when the first failed poll of a silence began, or None.
        why: what the last failed poll failed by, for people.
    """

    at: float | None = None
    grid: Grid | None = None
    closed_at: float | None = None
    unconfirmed: Grid | None = None
    silent_since: float | None = None
    why: str = ""


class Gap(NamedTuple):
    """A silence of the gateway that is over.

    Attributes:
        ended_at: when a usable answer came again.
        length_s: from the first failed poll to that answer.
    """

    ended_at: float
    length_s: float


class ShownStatus(NamedTuple):
    """What the port file says since when, as last written with success.

    Attributes:
        status: value of ups.status; "" when hidden or without a status.
        since: when the words OL or OB in it last changed.
        after_outage: an OL that followed an OB.
    """

    status: str = ""
    since: float = 0.0
    after_outage: bool = False

    @property
    def on_battery(self) -> bool:
        """Whether clients are told OB."""
        return "OB" in self.status.split()


class Charge(NamedTuple):
    """A charge that was read and believed, and what has left it since.

    Attributes:
        at: when it was read; the first time where it stands still although it
            cannot.
        soc_pct: state of charge.
        drained_wh: reckoned to have left the battery from ``at`` to
            ``drained_at``: the last measured power.
        drained_at: see above; what left it later nobody has measured.
        reckoned_pct: the lowest charge reckoned from this one, or None.
        first_at: when this value was first read in this outage.
        net_wh: measured to have left the battery in this outage since then,
            less what came in.
    """

    at: float
    soc_pct: float
    drained_wh: float = 0.0
    drained_at: float = 0.0
    reckoned_pct: float | None = None
    first_at: float = 0.0
    net_wh: float = 0.0


class Fall(NamedTuple):
    """A fall of the charge that is not believed yet, and how often it was read."""

    first_at: float
    readings: int
    capacity_wh: float | None
    last_at: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether it was read often enough and for long enough."""
        lasted_s = self.last_at - self.first_at
        return self.readings >= FALL_READINGS and lasted_s >= FALL_S


class BatteryMemory(NamedTuple):
    """The battery as last believed.

    Attributes:
        charge: the last good charge.
        capacity_wh: the last known capacity.
        listed_wh: what the inventory lists, for want of a capacity.
        shrunk_since: since when readings show less than REJOIN_PART of it.
        floor_pct: where discharging stops.
        fall: a charge that fell too fast.
        own_low: every battery's own charge is low while the capacity is short.
        zero_at: when a charge or a capacity of 0 was last read.
        part: the part of the known capacity that the last reading showed; 0
            while a gateway that has just started shows none.
        fitted: True once a battery was seen, False when the inventory lists a
            controller and no battery, or nothing for long; None before that.
        read_at: time of the last reading looked at, believed or not.
    """

    charge: Charge | None = None
    capacity_wh: float | None = None
    listed_wh: float | None = None
    shrunk_since: float | None = None
    floor_pct: float | None = None
    fall: Fall | None = None
    own_low: Fall | None = None
    zero_at: float | None = None
    part: float = 1.0
    fitted: bool | None = None
    read_at: float = 0.0

    @property
    def size_wh(self) -> float | None:
        """The capacity as told, else as listed; None while nobody knows it."""
        return self.capacity_wh or self.listed_wh


class FlowMemory(NamedTuple):
    """What the monitor remembers about power in and out of the battery.

    Attributes:
        samples: (time, discharge W) of the last SMOOTH_S of this outage.
        at: time of the last flows looked at.
        past: the loads of the last hours.
        load_w: last house load.
        load_at: when it was read.
        direction: 1 discharging, -1 charging, 0 neither, by the last sample.
        direction_since: since when.
        flag: the direction shown, see STATUS_FLAGS.
        last: the flows looked at last, to be shown; nothing is decided by them.
    """

    samples: tuple[tuple[float, float], ...] = ()
    past: LoadHistory = LoadHistory()
    at: float = 0.0
    load_w: float | None = None
    load_at: float = 0.0
    direction: int = 0
    direction_since: float = 0.0
    flag: int = 0
    last: Flows | None = None


class LowMemory(NamedTuple):
    """What the monitor remembers about a low battery.

    Attributes:
        lb: the battery is low, whether or not LB may be shown now.
        short_polls: full polls in a row with a runtime below the limit.
        short_key: the poll that was counted last.
    """

    lb: bool = False
    short_polls: int = 0
    short_key: float = -1.0


class Memory(NamedTuple):
    """All that a monitor knows between two checks.

    Attributes:
        state: see table.py.
        started_at: start of the monitor, or the end of a suspend.
        awake_since: since when monitors of this boot run without a longer gap: a
            restart within a minute is none.
        checked_at: end of the last check.
        vain_s: how long the charge was asked for in vain in this outage, while a
            monitor ran; restarts within a minute go on counting.
        outage_since: start of the present outage.
        low_at: when the battery would be low at the present rate.
        generator_since: since when a generator carries the house.
        controller: something that can island the house was seen.
        collar: a Meter Collar was seen; the source is told at the next start.
        backup_mode: a mode ``multimode-*`` was seen.
        hidden_at_stop: an OB was hidden because the driver ended before us.
        released: a person said that the grid is back; the gateway has not yet.
        last_gap: the last silence of the gateway.
        noted_at: when this was saved last, or None.
        told: log lines already said in this stay in this state.
        hour_told_at: when the hourly line of a reckoning was last said.
        devices: health of each battery and controller, as last read.
        given_up_since: the answers look as if the controller was given up; battery.py.
    """

    state: State = State.STARTING
    started_at: float = 0.0
    awake_since: float = 0.0
    checked_at: float = 0.0
    vain_s: float = 0.0
    outage_since: float | None = None
    low_at: float | None = None
    generator_since: float | None = None
    controller: bool = False
    collar: bool = False
    backup_mode: bool = False
    hidden_at_stop: bool = False
    released: bool = False
    last_gap: Gap | None = None
    noted_at: float | None = None
    told: tuple[str, ...] = ()
    hour_told_at: float | None = None
    devices: tuple[DeviceHealth, ...] = ()
    given_up_since: float | None = None
    relay: RelayMemory = RelayMemory()
    shown: ShownStatus = ShownStatus()
    battery: BatteryMemory = BatteryMemory()
    flow: FlowMemory = FlowMemory()
    low: LowMemory = LowMemory()
