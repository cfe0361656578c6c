"""What dummy-ups and upsmon make of the port file.

Not the real ones (tests/nut has those): the smallest model that shuts a house
down whenever a real one would, with the times of Debian's defaults and the
haste of NUT 2.8.1.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.sim.clock import SimClock
from tests.sim.port import SimPort

DRIVER_POLL_S = 2.0
RESTART_S = 15.0
UPSMON_POLL_S = 5.0


@dataclass(frozen=True, slots=True)
class Shutdown:
    """SHUTDOWNCMD ran.

    Attributes:
        at: true time, s.
        reason: "low" when OB LB was read, "gone" when the UPS vanished on OB.
    """

    at: float
    reason: str


class NutModel:
    """One driver with its supervisor, and one primary upsmon.

    The driver reads the file every DRIVER_POLL_S and exits when it is missing;
    it is started again every RESTART_S. upsmon asks every UPSMON_POLL_S and
    shuts down on OB LB, and at once when a UPS last seen OB cannot be read.
    """

    def __init__(self, clock: SimClock, port: SimPort) -> None:
        self._clock = clock
        self._port = port
        self.shutdowns: list[Shutdown] = []
        self.on_shutdown: Callable[[Shutdown], None] = lambda _down: None
        self.boot()

    def boot(self) -> None:
        """Start with the host: nothing read yet."""
        self._down = False
        self.driver_runs = False
        self.shown: str | None = None
        self.seen = ""
        self._driver_at = self._clock.awake_s + 3.0
        self._upsmon_at = self._clock.awake_s + 5.0

    def pass_time(self) -> None:
        """Do every poll that was due up to now, in the order of time."""
        now = self._clock.awake_s
        while min(self._driver_at, self._upsmon_at) <= now:
            if self._settled():
                self._driver_at = _skip(self._driver_at, DRIVER_POLL_S, now)
                self._upsmon_at = _skip(self._upsmon_at, UPSMON_POLL_S, now)
            elif self._driver_at <= self._upsmon_at:
                self._poll_driver()
            else:
                self._poll_upsmon()

    def _settled(self) -> bool:
        """Whether more polls would change nothing."""
        if not self.driver_runs:
            return False
        return self._port.status == self.shown == self.seen and "LB" not in self.seen

    def _poll_driver(self) -> None:
        self.driver_runs = self._port.status is not None
        self.shown = self._port.status
        self._driver_at += DRIVER_POLL_S if self.driver_runs else RESTART_S

    def _poll_upsmon(self) -> None:
        self._upsmon_at += UPSMON_POLL_S
        if self.driver_runs and self.shown:
            self.seen = self.shown
            if {"OB", "LB"} <= set(self.seen.split()):
                self._shut_down("low")
        elif "OB" in self.seen.split():
            self._shut_down("gone")
            self.seen = ""

    def _shut_down(self, reason: str) -> None:
        if not self._down:
            down = Shutdown(self._clock.true_s, reason)
            self.shutdowns.append(down)
            self._down = True
            self.on_shutdown(down)


def _skip(at: float, every: float, now: float) -> float:
    return at if at > now else at + every * ((now - at) // every + 1)
