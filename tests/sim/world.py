"""A house, its gateway, a monitor and NUT, in simulated time.

The monitor is the real one with the real panel; only the clock, the source and
the bytes of the port file are stand-ins. ``World`` drives it as runner.run
does, and lets everything happen to it that happens to a daemon.
"""

import contextlib
from collections.abc import Callable

from nutbridge.daemon.monitor import Monitor
from nutbridge.nut.port_file import PortFilePublisher
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.saved import SavedState, parse, render
from tests.sim.clock import SimClock
from tests.sim.gateway import Mood, SimGateway
from tests.sim.house import FLOOR_PCT, House
from tests.sim.nut import NutModel
from tests.sim.port import Killed, SimPort
from tests.sim.watch import Watch

_STEP_S = 30.0
#: A restart after a longer gap begins to ask anew.
_GOES_ON_S = 60.0
#: A suspend of this length is longer than any planned wait by 60 s.
_SURELY_ASLEEP_S = 400.0


class World:
    """Everything, and what can happen to it.

    Args:
        policy: of the monitor.
        house: what is true at the beginning.
        state_outlives_boot: False for $RUNTIME_DIRECTORY, True for STATE_DIR.
        gateway: who is asked.

    Attributes:
        phase: "start", "run" or "stop": what the monitor is doing.
        written_this_boot: of the last start.
        asked_before_s: how long earlier monitors have asked, without a longer gap.
        checked_at: end of the last check.
        by_others: somebody else changes the port file just now.
        story: what happened, for the report of a broken rule.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        house: House | None = None,
        *,
        state_outlives_boot: bool = False,
        gateway: type[SimGateway] = SimGateway,
    ) -> None:
        self.policy = policy or Policy()
        self.house = house or House()
        self.clock = SimClock()
        self.port = SimPort()
        self.nut = NutModel(self.clock, self.port)
        self.gateway = gateway(self.house, self.clock, self.advance)
        self.story: list[str] = []
        self.watch = Watch(self)
        self.port.on_change = self.watch.file_changed
        self.phase = "start"
        self.written_this_boot = False
        self.by_others = False
        self.started_at = 0.0
        self.asked_before_s = 0.0
        self.checked_at = 0.0
        self._state: SavedState | None = None
        self._outlives = state_outlives_boot
        self._kill_mid_check = False
        self.gateway.on_details = self._in_details
        self.next_at = 0.0
        self.start()

    @property
    def low_pct(self) -> float:
        """The charge below which the battery is low, as the design says."""
        return max(self.policy.charge_low_pct, FLOOR_PCT + 5.0)

    def tell(self, text: str) -> None:
        """Add a line to the story; only the last ones are kept."""
        self.story.append(f"{self.clock.true_s:10.1f} {text}")
        del self.story[:-200]

    def lb_lost(self) -> bool:
        """Whether the monitor wants to say LB."""
        verdict = self.monitor.verdict
        return verdict is not None and "LB" in verdict.status.split()

    # Time.

    def advance(self, seconds: float) -> None:
        """Let time pass in the house, for NUT and for the clock."""
        while seconds > 0:
            step = min(seconds, _STEP_S)
            self.clock.advance(step)
            self.house.pass_time(self.clock.true_s, step)
            self.nut.pass_time()
            seconds -= step

    def run_for(self, seconds: float) -> None:
        """Poll as runner.run does, for ``seconds`` or until the house is dark."""
        until = self.clock.true_s + seconds
        while self.clock.true_s < until and not self.over:
            left = self.next_at - self.clock.boottime()
            if left > 0:
                # A float cannot add less than this to a large time.
                self.advance(max(0.001, min(left, until - self.clock.true_s)))
            else:
                self._tick()

    def run_until(self, condition: Callable[[], bool], longest_s: float) -> None:
        """Poll until ``condition`` holds; it has to within ``longest_s``."""
        end = self.clock.true_s + longest_s
        while not condition():
            assert self.clock.true_s < end, "it never came"
            assert not self.over, "the machines are down"
            self.run_for(0.5)

    @property
    def over(self) -> bool:
        """Whether the machines are down: shut down, or without power."""
        return bool(self.nut.shutdowns) or self.house.dark_at is not None

    def _tick(self) -> None:
        try:
            self.next_at = self.monitor.tick()
        except Killed:
            self.tell("killed within a check")
            # It may not have been saved, so the next process cannot know it.
            self.gateway.last_usable = None
            self.start()
        else:
            self.checked_at = self.clock.boottime()
            self.watch.after_check()

    def _in_details(self) -> None:
        if self._kill_mid_check:
            self._kill_mid_check = False
            raise Killed

    # The life of the daemon.

    def start(self) -> None:
        """Start a monitor on what the last one left."""
        self.phase = "start"
        self.watch.break_streak()
        self.gateway.forget()
        publisher = PortFilePublisher(self.port)
        publisher.load()
        self.monitor = Monitor(
            self.policy,
            "123456789012",
            self.gateway,
            publisher,
            self.clock,
            lambda: self.nut.driver_runs,
            self._save,
        )
        now = self.clock.boottime()
        # Restarts within a minute go on asking.
        went_on = 0.0 <= now - self.checked_at <= _GOES_ON_S
        ran_s = max(0.0, self.checked_at - self.started_at)
        self.asked_before_s = self.asked_before_s + ran_s if went_on else 0.0
        self.started_at = now
        # What a start reads was bytes in between; those that no start reads were not.
        saved = parse(render(self._state)) if self._state else None
        self.written_this_boot = (
            saved is not None and saved.boot_id == self.clock.boot_id()
        )
        self.gateway.known = self.written_this_boot
        if not self.written_this_boot:
            self.gateway.last_usable = None
        with contextlib.suppress(Killed):
            self.monitor.start(
                saved.memory if saved else None,
                written_this_boot=self.written_this_boot,
            )
        self.phase = "run"
        self.next_at = self.clock.boottime()

    def _save(self, memory: Memory) -> None:
        self._state = SavedState(self.clock.boot_id(), "sim.dev", memory)

    def restart(self, away_s: float) -> None:
        """SIGTERM, and a new process ``away_s`` later."""
        self._stop()
        self.advance(away_s)
        self.start()

    def kill(self, away_s: float) -> None:
        """SIGKILL between two checks."""
        self.advance(away_s)
        self.start()

    def kill_in_check(self) -> None:
        """SIGKILL after OB or OL was written, before anything was saved."""
        self._kill_mid_check = True

    def kill_after_write(self) -> None:
        """SIGKILL right after the next write of the port file."""
        self.port.kill_after_write = True

    def _stop(self) -> None:
        self.phase = "stop"
        self.monitor.stop()

    def reboot(self, away_s: float, *, orderly: bool) -> None:
        """Reboot the host; orderly means NUT stops first, then the monitor."""
        if orderly:
            self.nut.driver_runs = False
            self._stop()
        self.power_off(away_s)
        self.power_on()

    def power_off(self, away_s: float) -> None:
        """The host is off; the house and its gateway go on."""
        self.clock.advance(away_s, awake=False)
        self.house.pass_time(self.clock.true_s, away_s)

    def power_on(self) -> None:
        """Boot: the monitor before the driver, the driver before upsmon."""
        self.clock.reboot()
        if not self._outlives:
            self._state = None
        self.nut.boot()
        self.watch.forget_clients()
        self.start()

    def suspend(self, seconds: float) -> None:
        """The host sleeps."""
        self.power_off(seconds)
        self.watch.break_streak()
        if seconds >= _SURELY_ASLEEP_S:
            self.started_at = self.clock.boottime()
            self.asked_before_s = 0.0
        else:
            self.watch.nap(seconds)

    # The world around.

    def set_mood(self, mood: Mood) -> None:
        """Let the gateway behave like this from now on."""
        self.tell(f"gateway: {mood.value}")
        if mood is not self.gateway.mood:
            self.gateway.mood_at = self.clock.true_s
        self.gateway.mood = mood

    def set_grid(self, *, there: bool) -> None:
        """Let the grid come or go."""
        self.tell(f"grid: {'there' if there else 'gone'}")
        self.house.grid = there
        if there:
            self.house.dark_at = None
        self.watch.break_streak()

    def lose_state(self) -> None:
        """Somebody removes the state file."""
        self._state = None

    def foreign_write(self, text: bytes) -> None:
        """Somebody else writes the port file."""
        self.by_others = True
        self.tell(f"somebody writes {text!r}")
        self.port.place(text)
        self.by_others = False


def outage(soc_pct: float = 50.0, policy: Policy | None = None) -> World:
    """A house half a minute into an outage."""
    world = World(policy, House(soc_pct=soc_pct))
    world.run_for(20.0)
    world.house.soc_pct = soc_pct
    world.set_grid(there=False)
    world.run_for(32.0)
    assert world.port.status == "OB"
    return world
