"""What must hold at every moment of a simulation, each rule with its exceptions."""

from typing import TYPE_CHECKING

from nutbridge.daemon.last_resort import Crashes
from nutbridge.ups.model import Grid

if TYPE_CHECKING:
    from tests.sim.world import World

#: An OL that followed an OB is visible at least this long (awake), s.
OL_VISIBLE_S = 29.9
#: No LB from reckoning this early after a start, s.
ASK_FIRST_S = 60.0
#: One ``closed`` and then silence holds LB back for so long, s; less where the
#: reckoned charge leaves only battery.runtime.low.
CLOSED_ONCE_S, RUNTIME_LOW_S = 1800.0, 300.0
#: A fall is believed after 60 s and three readings; a capacity after 15 min.
FALL_S, REJOIN_S = 60.0, 900.0
FULL_POLLS = 3


class Broken(AssertionError):
    """An invariant did not hold; the text tells the story."""


class BugFoundError(BaseException):
    """The monitor has caught an exception of its own; no handler takes this one."""


class NoBugs(Crashes):
    """In place of ``Crashes``: a life in which nothing crashes."""

    def tell(self, doing: str, error: Exception) -> None:
        raise BugFoundError(doing) from error


class Watch:
    """Looks at every change of the port file and after every check."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._ob_pending = False
        self._ol_since = 0.0
        self.excused = False
        self._strange = False
        self._low_since: float | None = None
        self._low_rounds = 0
        self._rounds = 0
        self._patience_s = 0.0
        self._broken: Broken | None = None

    def require(self, *, holds: bool, rule: str) -> None:
        """Note that a rule is broken.

        It is raised after the check: within one the monitor would take it for a bug
        of its own, and go on.
        """
        if not holds and self._broken is None:
            story = "\n".join(self._world.story[-40:])
            self._broken = Broken(f"{rule}\n{story}")

    def forget_clients(self) -> None:
        """The host was booted: no upsmon remembers an OB."""
        self._ob_pending = False
        self.excused = False

    def file_changed(self, old: str | None, new: str | None) -> None:
        """Check what can be seen from outside at once."""
        if old != new:
            self._world.tell(f"file: {old!r} -> {new!r}")
        if new is None:
            self._hidden(old)
            return
        words = new.split()
        if not self._world.by_others:
            self._never_without_status(words)
            self._lb_only_with_ob(words)
            self._lb_has_a_reason(words)
        self._strange = self._world.by_others and (old is None or self._strange)
        was_ol = old is not None and "OL" in old.split()
        if "OB" in words:
            self._ob_pending = True
        elif not was_ol:
            self._ol_since = self._world.clock.awake_s

    def after_check(self) -> None:
        """Check what may take a poll or three."""
        words = (self._world.port.status or "").split()
        if not self._world.by_others:
            self._lb_has_a_reason(words)
        self._low_is_told(words)
        gone = any(down.reason == "gone" for down in self._world.nut.shutdowns)
        self.require(
            holds=self.excused or not gone, rule="upsmon never finds an OB gone"
        )
        self.tell()

    def tell(self) -> None:
        """Raise what was broken."""
        if self._broken is not None:
            raise self._broken

    def _never_without_status(self, words: list[str]) -> None:
        """Exactly one of OL and OB, in every file that the monitor writes."""
        known = [word for word in words if word in {"OL", "OB"}]
        self.require(holds=len(known) == 1, rule="never without a status")

    def _lb_only_with_ob(self, words: list[str]) -> None:
        self.require(
            holds="LB" not in words or "OB" in words, rule="LB never without OB"
        )

    def _lb_has_a_reason(self, words: list[str]) -> None:
        if "LB" not in words or self._world.port.full:
            return
        gateway = self._world.gateway
        self.require(
            holds=gateway.last_usable is not Grid.CLOSED or self._closed_is_old(),
            rule="no LB while the latest usable answer is closed",
        )
        asked_s = self._world.clock.boottime() - self._world.started_at
        asked_s += self._world.asked_before_s if asked_s > 0 else 0.0
        read_at = gateway.reading_at
        read = read_at is not None and read_at >= self._world.started_at
        self.require(
            holds=asked_s >= ASK_FIRST_S or read,
            rule="no LB from reckoning before 60 s of asking",
        )

    def _closed_is_old(self) -> bool:
        """Half an hour of silence, or a reckoned charge that is at its end."""
        silent_s = self._world.clock.true_s - self._world.gateway.closed_at
        verdict = self._world.monitor.verdict
        left_s = verdict.runtime_s if verdict else None
        short = left_s is not None and left_s < RUNTIME_LOW_S
        return silent_s >= (ASK_FIRST_S if short else CLOSED_ONCE_S)

    def _hidden(self, old: str | None) -> None:
        """After OB never hidden until OL was visible for 30 s.

        Exceptions: the user says ``-x -x``, a start with a file that nobody
        vouches for, LB that cannot be written, the system going down (the
        driver is gone already).
        """
        world = self._world
        visible_s = world.clock.awake_s - self._ol_since
        old_ol = old is not None and "OL" in old.split()
        if not self._ob_pending or (old_ol and visible_s >= OL_VISIBLE_S):
            self._ob_pending = False
            return
        excuses = {
            "a file nobody vouches for": self._strange
            or (world.phase == "start" and not world.written_this_boot),
            "LB that cannot be written": world.port.full and world.lb_lost(),
            "the system goes down": world.phase == "stop" and not world.nut.driver_runs,
            "-x -x": world.by_others,
        }
        self.require(
            holds=any(excuses.values()),
            rule=f"after OB never hidden until OL was visible ({visible_s:.1f} s)",
        )
        self.excused = True
        self._ob_pending = False

    def nap(self, seconds: float) -> None:
        """Less than 60 s of sleep are not told from a slow poll."""
        self._ol_since -= seconds

    def break_streak(self) -> None:
        """Something happened that lets the count of full polls begin anew."""
        self._low_since = None

    def _low_is_told(self, words: list[str]) -> None:
        """Charge below the limit, gateway answering: OB LB within three full polls.

        A full poll counts when the gateway told the truth in it. The first 30 s
        of an outage must be over. Where the charge came in a fall that is faster
        than possible it counts after 60 s more (three readings), where the
        capacity had shrunk after 15 min. Not while a generator runs, nor while
        the file cannot be written.
        """
        world, house = self._world, self._world.house
        low = world.gateway.reported_pct() < world.low_pct and not house.grid
        if not low or not world.gateway.truthful or house.generator_w:
            self._low_since = None
            return
        if world.port.full:
            self._low_since = None
            return
        now = world.clock.boottime()
        if self._low_since is None:
            self._low_since, self._low_rounds = now, world.gateway.rounds
            self._patience_s = 30.0
        battery = world.monitor.memory.battery
        polls_s = 2 * (world.policy.alert_s + world.policy.relay_s)
        if battery.fall is not None:
            self._patience_s = max(self._patience_s, FALL_S + polls_s)
        if battery.shrunk_since is not None:
            self._patience_s = max(self._patience_s, REJOIN_S + polls_s)
        polls = world.gateway.rounds - self._low_rounds
        due = polls >= FULL_POLLS and now - self._low_since > self._patience_s
        self.require(
            holds=not due or "LB" in words, rule="OB LB within three full polls"
        )
