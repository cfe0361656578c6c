"""All that a monitor knows between two checks.

One frozen value: a check makes a new one (events.py, battery.py, low.py), the
state file keeps it over a restart (saved.py). Times are CLOCK_BOOTTIME, s.

Of what the house drew, means of five minutes are kept, without their times: a silence
or a night off leaves a gap, and what the house drew before it is still the best guess.
One last sample is none: an air conditioner at its pause costs the house.
"""

from itertools import accumulate, groupby
from typing import NamedTuple

from nutbridge.ups.model import DeviceHealth, Flows, Grid
from nutbridge.ups.status.policy import FALL_READINGS, FALL_S
from nutbridge.ups.status.table import State
from nutbridge.ups.units import SECONDS_PER_HOUR

#: One mean, s; and how many are kept: four hours, which hold two cycles of the
#: slowest heat pump (chosen).
SLOT_S = 300.0
SLOTS = 48
#: A slot that is not over counts from this many samples on: a kettle is no load.
SAMPLES_LEAST = 3
#: Loads that differ by no more than this part of their mean are one load.
STEADY_PART = 0.5
#: A cycle has ended when its last part is longer than any before by this factor.
CYCLE_OVER = 1.5


class LoadHistory(NamedTuple):
    """The loads of the last hours.

    Attributes:
        past_w: means of SLOT_S each, the newest last; SLOTS at most.
        open_at: when the slot began that is not over, s of CLOCK_BOOTTIME.
        open_w: the mean of its samples.
        open_samples: how many they are.
    """

    past_w: tuple[float, ...] = ()
    open_at: float = 0.0
    open_w: float = 0.0
    open_samples: int = 0

    def note(self, at: float, load_w: float) -> "LoadHistory":
        """Return the history with one more sample."""
        if self.open_samples and 0 <= at - self.open_at < SLOT_S:
            samples = self.open_samples + 1
            mean_w = self.open_w + (load_w - self.open_w) / samples
            return self._replace(open_w=mean_w, open_samples=samples)
        past_w = self.past_w
        if self.open_samples >= min(SAMPLES_LEAST, 1 + len(past_w)):
            past_w = (*past_w, round(self.open_w, 1))[-SLOTS:]
        return LoadHistory(past_w, at, load_w, 1)

    def closed(self) -> "LoadHistory":
        """Return the history with nothing open: times of another boot say nothing."""
        return LoadHistory(self.slots_w[-SLOTS:])

    @property
    def slots_w(self) -> tuple[float, ...]:
        """All means, the open one too once it has SAMPLES_LEAST."""
        told = self.open_samples and not self.past_w
        if told or self.open_samples >= SAMPLES_LEAST:
            return (*self.past_w, self.open_w)
        return self.past_w

    @property
    def peak_w(self) -> float | None:
        """The highest mean, or None when nothing was told."""
        return max(self.slots_w, default=None)


def expected(slots_w: tuple[float, ...]) -> tuple[float, ...]:
    """Return the past loads from which the coming load is estimated.

    What came and went at least twice comes again: all slots count. A load that
    came once and went (a car) is left out, one that came and stays is all that
    counts; so is the last part of a cycle that has ended.
    """
    if not slots_w:
        return slots_w
    low_w, high_w, mean_w = min(slots_w), max(slots_w), sum(slots_w) / len(slots_w)
    if high_w - low_w <= STEADY_PART * mean_w:
        return slots_w
    middle_w = (low_w + high_w) / 2
    runs = [
        (high, tuple(group))
        for high, group in groupby(slots_w, key=lambda w: w > middle_w)
    ]
    last_high, last = runs[-1]
    whole = [len(run) for high, run in runs[1:-1] if high == last_high]
    # How long the first part lasted before it was seen nobody knows.
    seen_before = whole or (len(runs) > 2 and runs[0][0] == last_high)  # noqa: PLR2004
    if not seen_before or (whole and len(last) > CYCLE_OVER * max(whole)):
        return last
    if sum(high for high, _ in runs) > 1:
        return slots_w
    # Down, up, down.
    return expected(tuple(w for high, run in runs if not high for w in run))


def most_wh(slots_w: tuple[float, ...], seconds: float) -> float:
    """Return the most that was drawn in any stretch of this length, Wh.

    Longer than all slots together: the mean from there on.
    """
    sums = (0.0, *accumulate(slots_w))
    whole, part = divmod(seconds / SLOT_S, 1.0)

    def most(count: int) -> float:
        last = len(slots_w)
        if count >= last:
            return sums[-1] * count / last
        return max(sums[i + count] - sums[i] for i in range(last - count + 1))

    here = most(int(whole))
    return (here + part * (most(int(whole) + 1) - here)) * SLOT_S / SECONDS_PER_HOUR


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
        grown: the capacity before it grew, and how often the new one was told, until
            that counts.
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
    grown: Fall | None = None
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
