"""What the probes are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nutbridge.config.settings import Settings
from nutbridge.net.worker import ThreadWaiter
from nutbridge.system.clock import Clock


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """One UPS on one machine.

    Attributes:
        settings: of the config.
        environ: the environment.
        clock: all times.
        until: CLOCK_BOOTTIME by which every probe must be done, s.
        upsd: address of upsd, HOST:PORT.
        leaving: ended when a signal comes, so that no session stays.
    """

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    until: float
    upsd: str
    leaving: ThreadWaiter = field(default_factory=ThreadWaiter)

    @property
    def left_s(self) -> float:
        """Time that is left, s."""
        return max(0.0, self.until - self.clock.boottime())
