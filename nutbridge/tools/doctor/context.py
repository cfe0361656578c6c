"""What the probes are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nutbridge.config.settings import Settings
from nutbridge.net.worker import ThreadWaiter
from nutbridge.system import services
from nutbridge.system.clock import Clock
from nutbridge.system.services import Services
from nutbridge.tools.doctor import systemd


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
        services: of this machine.
    """

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    until: float
    upsd: str
    leaving: ThreadWaiter = field(default_factory=ThreadWaiter)
    services: Services = field(default_factory=services.here)

    @property
    def left_s(self) -> float:
        """Time that is left, s."""
        return max(0.0, self.until - self.clock.boottime())

    @property
    def has_units(self) -> bool:
        """Whether units matter: in a container some lie about that nobody starts."""
        return self.services.systemd or systemd.UNIT_PATH in self.environ

    def look(self, unit: str, names: Sequence[str]) -> Mapping[str, str] | None:
        """Return properties of a unit; where systemd does not run, what its files say.

        Returns:
            None without such a file, or where systemctl does not tell.
        """
        if self.services.systemd:
            return systemd.look(unit, names, self.environ)
        return systemd.from_files(unit, self.environ)
