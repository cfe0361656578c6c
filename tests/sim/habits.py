"""A gateway with the habits that public reports tell of, and a house that lives.

``Habit`` says how the gateway behaves at a time of the outage: it is a function of
that time alone, so that a story can be told again. The relay, the charge, the
size, the powers: each can be right while the others are wrong.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from nutbridge.errors import DeviceAnswerError, DeviceUnreachable
from nutbridge.ups.model import (
    BatteryReading,
    Equipment,
    Flows,
    Grid,
    GridAnswer,
    Identity,
)
from tests.sim.clock import SimClock
from tests.sim.gateway import SimGateway
from tests.sim.house import FLOOR_PCT, House
from tests.sim.loads import Load, no_sun

#: Two batteries of 5 kWh.
BATTERIES = 2
#: What a silent gateway costs per check: two tries of 2 x API_TIMEOUT.
SILENT_S = 20.0


class RelaySays(StrEnum):
    """What becomes of the question about the grid."""

    TRUTH = "truth"
    HANGS = "hangs"
    REFUSED = "401"
    CLOSED = "closed"


class Habit(NamedTuple):
    """How a gateway behaves at one moment.

    Attributes:
        away: nothing answers.
        relay: see RelaySays.
        seen: batteries that report, of BATTERIES; 0 shows zeros.
        soc: the charge is told; False: the key is missing.
        zero_soc: the charge is 0 beside the true capacity.
        frozen_pct: the charge that is told, whatever is true.
        sized: the capacity is told.
        listed: the inventory tells how large each battery is.
        own_socs: /ivp/ensemble/power tells each battery's charge.
        flows: the powers are told.
        by_meter: they are those of all batteries, whichever report.
    """

    away: bool = False
    relay: RelaySays = RelaySays.TRUTH
    seen: int = BATTERIES
    soc: bool = True
    zero_soc: bool = False
    frozen_pct: float | None = None
    sized: bool = True
    listed: bool = True
    own_socs: bool = True
    flows: bool = True
    by_meter: bool = False


GOOD = Habit()
AWAY = Habit(away=True)
ZEROS = Habit(seen=0)
HALF = Habit(seen=1)

Habits = Callable[[float], Habit]


class LivingHouse(House):
    """A house whose loads and sun follow the time; its outage begins at 0.

    On line its battery rests: the owner keeps it for outages.

    Attributes:
        zero_s: true time at which the outage begins.
        batteries: how many of BATTERIES are left; the others are broken.
    """

    def live(
        self, zero_s: float, load: Load, sun: Load = no_sun, generator: Load = no_sun
    ) -> "LivingHouse":
        """Follow these."""
        self.zero_s = zero_s
        self.batteries = BATTERIES
        self._load, self._sun, self._generator = load, sun, generator
        return self

    def lose_battery(self) -> None:
        """One of the batteries breaks; the others carry the house."""
        self.batteries -= 1
        self.capacity_wh *= self.batteries / (self.batteries + 1)

    @property
    def battery_w(self) -> float:
        return 0.0 if self.grid else super().battery_w

    def pass_time(self, now: float, seconds: float) -> None:
        """Let ``seconds`` pass, up to ``now``."""
        t = now - self.zero_s
        self.load_w, self.pv_w = self._load(t), self._sun(t)
        self.generator_w = 0.0 if self.grid else self._generator(t)
        super().pass_time(now, seconds)


class HabitGateway(SimGateway):
    """Implements Source; what it says follows ``habits``.

    Attributes:
        habits: how it behaves at each second of the outage.
    """

    house: LivingHouse

    #: The rules of watch.py that need a truthful gateway rest here.
    @property
    def truthful(self) -> bool:
        return False

    def __init__(
        self, house: House, clock: SimClock, advance: Callable[[float], None]
    ) -> None:
        super().__init__(house, clock, advance)
        self.habits: Habits = lambda _t: GOOD

    @property
    def habit(self) -> Habit:
        """How it behaves now."""
        return self.habits(self._clock.true_s - self.house.zero_s)

    def grid(self, until: float) -> GridAnswer:
        habit = self.habit
        if habit.away or habit.relay is RelaySays.HANGS:
            self._advance(max(0.0, min(SILENT_S, until - self._clock.boottime())))
            raise DeviceUnreachable("gateway", "no answer")
        self._advance(self.answer_s)
        if habit.relay is RelaySays.REFUSED:
            raise DeviceAnswerError("gateway", "401")
        closed = self.house.grid or habit.relay is RelaySays.CLOSED
        if closed:
            self.closed_at = self._clock.true_s
        self.last_usable = Grid.CLOSED if closed else Grid.OPEN
        generator = not closed and self.house.generator_w > 0
        word = self.last_usable.value
        return GridAnswer(self.last_usable, word, backup_mode=True, generator=generator)

    def details(self, until: float) -> bool:
        self.on_details()
        habit = self.habit
        if habit.away:
            self._advance(max(0.0, min(10.0, until - self._clock.boottime())))
            return True
        self._advance(0.5)
        now = self._clock.boottime()
        facts = self._facts._replace(identity=Identity("123456789012", "D8.2.4378"))
        facts = facts._replace(battery=self._reading(habit, now))
        if habit.seen:
            size_wh = self.house.capacity_wh if habit.listed else None
            equipment = Equipment(controller=True, batteries=BATTERIES, size_wh=size_wh)
            facts = facts._replace(equipment=equipment)
        if habit.flows:
            facts = facts._replace(flows=self._powers(habit, now))
        self._facts = facts
        self.reading_at = now
        return True

    def _reading(self, habit: Habit, now: float) -> BatteryReading:
        if not habit.seen:
            return BatteryReading(now, 0.0, 0.0)
        seen = min(habit.seen, self.house.batteries)
        size_wh = self.house.capacity_wh * seen / self.house.batteries
        soc_pct = self.reported_pct()
        own = (soc_pct,) * seen if habit.own_socs else ()
        if habit.frozen_pct is not None:
            soc_pct = habit.frozen_pct
        said = soc_pct if habit.soc else None
        if said is None and habit.own_socs and seen == BATTERIES:
            said = self.reported_pct()
        return BatteryReading(
            now,
            0.0 if habit.zero_soc else said,
            size_wh if habit.sized else None,
            FLOOR_PCT,
            15.0,
            own_socs_pct=own,
        )

    def _powers(self, habit: Habit, now: float) -> Flows:
        house = self.house
        part = 1.0 if habit.by_meter else min(1.0, habit.seen / house.batteries)
        battery_w = house.battery_w * part
        load_w = battery_w + house.pv_w + house.generator_w
        load_w = house.load_w if house.grid else load_w
        return Flows(now, load_w, battery_w, 0.0, house.pv_w)
