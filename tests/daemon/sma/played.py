"""A real monitor inside the test's process, with an SMA inverter as the UPS.

Config, wiring, HTTPS, status and port file are the daemon's own; only the clock
is put forward, and the test says when to check.
"""

from pathlib import Path

from nutbridge.config.file import load
from nutbridge.daemon.wiring import MonitorParts, build, maker_of
from nutbridge.net.worker import ThreadWaiter
from nutbridge.nut.port_file import PortFile, PortFileName, PortFilePublisher
from nutbridge.system.clock import Host
from tests.fakes.inside import Ahead
from tests.fakes.inverter import PASSWORD, RunningInverter

UPS = "sun"


class Played:
    """One monitor of one port file.

    Args:
        folder: empty, or that of an earlier one whose work goes on.
        inverter: the UPS.
        keys: more lines of the config.
        shown: the port file found at the start; None: hidden.
    """

    def __init__(
        self,
        folder: Path,
        inverter: RunningInverter,
        keys: str = "",
        shown: str | None = None,
    ) -> None:
        self.folder = folder
        self.inverter = inverter
        self.config = folder / f"enphase-{UPS}.conf"
        self.config.write_text(
            f"SMA_HOST={inverter.host}\nSMA_PASSWORD={PASSWORD}\n"
            f"SMA_TIMEOUT=10\nPORT_FILE=home.dev\nSTATE_DIR={folder}\n{keys}\n",
            encoding="utf-8",
        )
        self.config.chmod(0o600)
        path, twin = folder / "home.dev", folder / "home.dev-nocomms"
        if shown is not None:
            path.write_text(shown, encoding="ascii")
        if not path.exists():
            twin.touch()
        self.clock = Ahead()
        self.waiter = ThreadWaiter()
        self.parts = self._build()

    def _build(self) -> MonitorParts:
        environ = {
            "RUNTIME_DIRECTORY": str(self.folder),
            "NUT_STATEPATH": str(self.folder),
        }
        settings, self.notices = load(str(self.config), UPS, environ)
        self._port = port = PortFile(Path(settings.port_file), self.clock)
        port.check()
        publisher = PortFilePublisher(port, maker_of(settings))
        publisher.load()
        host = Host(self.clock, self.waiter, environ)
        parts = build(settings, publisher, port.real, host, once=False)
        parts.monitor.start(
            parts.state_session.memory,
            written_this_boot=parts.state_session.written_this_boot,
        )
        return parts

    def kill(self) -> None:
        """Go on with a new process: the old one had no last words."""
        self.parts = self._build()

    def stop(self) -> None:
        """End as with SIGTERM."""
        self.parts.monitor.stop()

    def hurry(self, total_s: float = 0.5) -> None:
        """Wait for an answer no longer than this, in place of SMA_TIMEOUT."""
        pinned = self.parts.source._client._wire  # type: ignore[attr-defined]
        pinned._wire._total_s = total_s

    def check(self, later_s: float = 0.0, times: int = 1) -> None:
        """Let time pass and check, so often."""
        for _ in range(times):
            self.clock.ahead_s += later_s
            self.parts.monitor.tick()

    def settle(self) -> None:
        """Check until a whole poll has been published."""
        self.check(0.0)
        self.check(61.0)

    def confirm(self) -> None:
        """Check, and once more after a second, as the first island asks for."""
        self.check(10.0)
        self.check(1.0)

    @property
    def visible(self) -> bool:
        return self._port.find() is PortFileName.VISIBLE

    @property
    def values(self) -> dict[str, str]:
        """What the file says, by name; without those that have no value."""
        text = self._port.read().decode("ascii")
        pairs = (line.split(": ", 1) for line in text.splitlines() if ": " in line)
        return {name: value.strip('"') for name, value in pairs if value != '""'}

    @property
    def status(self) -> str | None:
        return self.values["ups.status"] if self.visible else None
