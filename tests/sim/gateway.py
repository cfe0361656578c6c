"""An in-memory source: the gateway of a simulated house, with its faults.

The faults are the rows of the table in the list of what gateways do: silence,
503, zeros after a reboot, then a part of the batteries, a missing secctrl, odd
words, ``closed`` with mode ``unknown`` while the house is an island, a charge
that falls faster than physics allows.
"""

from collections.abc import Callable
from enum import StrEnum

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.ups.model import (
    BatteryReading,
    Equipment,
    Facts,
    Flows,
    Grid,
    GridAnswer,
    Identity,
)
from tests.sim.clock import SimClock
from tests.sim.house import FLOOR_PCT, House


class Mood(StrEnum):
    """How a gateway behaves now."""

    OK = "ok"
    SILENT = "silent"
    REFUSING = "refusing"
    BUSY_503 = "503"
    TOKEN_401 = "401"
    ZEROS = "zeros"
    PARTIAL = "part of the batteries"
    NO_SECCTRL = "no secctrl"
    NO_SOC = "no charge"
    ODD_WORD = "odd word"
    LOST_MODE = "closed, mode unknown"
    TOO_LOW = "implausible charge"


_FAILING: dict[Mood, tuple[type[DeviceError], float]] = {
    # Seconds until it is known: two tries of 2 x API_TIMEOUT; refused at once.
    Mood.SILENT: (DeviceUnreachable, 20.0),
    Mood.REFUSING: (DeviceUnreachable, 0.1),
    Mood.BUSY_503: (DeviceAnswerError, 0.3),
    Mood.TOKEN_401: (TokenRejected, 0.6),
}
#: Moods in which the details tell the truth about the battery.
TRUTHFUL = frozenset({Mood.OK, Mood.ODD_WORD, Mood.LOST_MODE})
#: How long a wrong battery has to be shown until it must be believed, s.
_BELIEVED_S = {Mood.TOO_LOW: 60.0, Mood.PARTIAL: 900.0}


class SimGateway:
    """Implements Source; asking takes simulated time.

    Args:
        house: what is true.
        clock: what the time is.
        advance: lets time pass everywhere.

    Attributes:
        mood: how it behaves.
        last_usable: the last usable answer about the grid.
        closed_at: true time of the last usable ``closed``.
        reading_at: boot time of the last truthful reading of the battery, or of
            any reading where nobody can know better.
        mood_at: true time since which it behaves so.
        known: somebody remembers the battery from before.
        rounds: full polls completed with a truthful reading.
        timeout_s: what silence costs per check, None = as listed above.
        answer_s: how long an answer about the grid takes.
        relay_fails: the relay hangs, all else answers.
        on_details: called before details are asked (a kill strikes there).
    """

    def __init__(
        self, house: House, clock: SimClock, advance: Callable[[float], None]
    ) -> None:
        self.house = house
        self._clock = clock
        self._advance = advance
        self.mood = Mood.OK
        self.last_usable: Grid | None = None
        self.closed_at = 0.0
        self.reading_at: float | None = None
        self.known = False
        self.mood_at = 0.0
        self._truth = (0.0, 0.0)
        self.rounds = 0
        self.timeout_s: float | None = None
        self.answer_s = 0.2
        self.relay_fails = False
        self.on_details: Callable[[], None] = lambda: None
        self._facts = Facts()
        self._asked = False

    @property
    def truthful(self) -> bool:
        """Whether it tells all, and that is true."""
        return self.mood is Mood.OK

    def forget(self) -> None:
        """The monitor's process ended, and what it had read is gone."""
        self._facts = Facts()
        self.reading_at = None

    def reported_pct(self) -> float:
        """The charge in the words of the gateway: whole percents."""
        return float(round(self.house.soc_pct))

    def grid(self, until: float) -> GridAnswer:
        failing = _FAILING.get(Mood.SILENT if self.relay_fails else self.mood)
        if failing is not None:
            error, seconds = failing
            if self.timeout_s is not None and self.mood is Mood.SILENT:
                seconds = self.timeout_s
            self._advance(max(0.0, min(seconds, until - self._clock.boottime())))
            raise error("gateway", self.mood.value)
        left_s = until - self._clock.boottime()
        self._advance(max(0.0, min(self.answer_s, left_s)))
        if self.answer_s > left_s:
            raise DeviceUnreachable("gateway", "too slow")
        if self.mood is Mood.ODD_WORD:
            return GridAnswer(Grid.UNKNOWN, "unknown", backup_mode=True)
        if self.mood is Mood.LOST_MODE:
            return GridAnswer(Grid.CLOSED, "closed", backup_mode=False)
        self.last_usable = Grid.CLOSED if self.house.grid else Grid.OPEN
        if self.house.grid:
            self.closed_at = self._clock.true_s
        return GridAnswer(
            self.last_usable,
            self.last_usable.value,
            backup_mode=True,
            generator=not self.house.grid and self.house.generator_w > 0,
        )

    def begin_round(self) -> None:
        self._asked = True

    def details(self, until: float) -> bool:
        self.on_details()
        self._advance(0.5)
        now = self._clock.boottime()
        if self.mood in _FAILING:
            return True
        facts = self._facts._replace(identity=Identity("123456789012", "D8.2.4378"))
        battery = self._battery(now)
        if battery is not None:
            facts = facts._replace(battery=battery)
        if self.mood is not Mood.ZEROS:
            facts = facts._replace(equipment=Equipment(controller=True, batteries=2))
        self._facts = facts._replace(flows=self._flows(now))
        if self.mood in TRUTHFUL:
            self.reading_at = now
            self.rounds += 1
            self._truth = (now, self.reported_pct())
            self.known = True
        elif battery is not None and self._credible(now, battery):
            self.reading_at = now
            self._truth = (now, battery.soc_pct or 0.0)
        return True

    def _credible(self, now: float, battery: BatteryReading) -> bool:
        """Whether a wrong reading has to be believed.

        Nobody knows better, or it has lasted (60 s; 15 min for a capacity), or
        the charge could have fallen so far meanwhile (2 % + 1.3 % a minute).
        """
        if not battery.capacity_wh or battery.soc_pct is None:
            return False
        lasted_s = self._clock.true_s - self.mood_at
        if not self.known or lasted_s >= _BELIEVED_S[self.mood]:
            return True
        at, soc_pct = self._truth
        possible_pct = 2 + 1.3 * (now - at) / 60
        return self.mood is Mood.TOO_LOW and soc_pct - battery.soc_pct <= possible_pct

    def _battery(self, now: float) -> BatteryReading | None:
        soc_pct, size_wh = self.reported_pct(), self.house.capacity_wh
        said: dict[Mood, tuple[float | None, float]] = {
            Mood.ZEROS: (0.0, 0.0),
            Mood.PARTIAL: (max(0.0, soc_pct - 30), size_wh / 2),
            Mood.NO_SOC: (None, size_wh),
            Mood.TOO_LOW: (3.0, size_wh),
        }
        if self.mood is Mood.NO_SECCTRL:
            return None
        soc, size = said.get(self.mood, (soc_pct, size_wh))
        return BatteryReading(now, soc, size, FLOOR_PCT if size else None, 15.0)

    def _flows(self, now: float) -> Flows:
        if self.mood is Mood.ZEROS:
            return Flows(now, 0.0, 0.0, 0.0, 0.0)
        house = self.house
        return Flows(now, house.load_w, house.battery_w, 0.0, house.pv_w)

    @property
    def facts(self) -> Facts:
        return self._facts

    def upkeep(self, *, grid_gone: bool) -> None:
        pass

    def close(self) -> None:
        pass
