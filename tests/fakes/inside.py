"""A real monitor inside the test's process, against a stand-in on loopback.

Everything is the daemon's own: config, wiring, HTTPS, status, port file. Only
the main thread's signals are missing, and the test says when to check.
"""

from pathlib import Path

from nutbridge.config.file import load
from nutbridge.daemon.monitor import Monitor
from nutbridge.daemon.wiring import MonitorParts, build, maker_of
from nutbridge.net.worker import ThreadWaiter
from nutbridge.nut.port_file import PortFile, PortFileName, PortFilePublisher
from nutbridge.system.clock import Clock, Host, SystemClock

UPS = "inside"


class Ahead:
    """The host's clocks, put forward as often as a test likes."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self.ahead_s = 0.0

    def boottime(self) -> float:
        return self._real.boottime() + self.ahead_s

    def wall(self) -> float:
        return self._real.wall() + self.ahead_s

    def boot_id(self) -> str:
        return self._real.boot_id()


class Inside:
    """One monitor of one port file.

    Args:
        folder: empty, or that of an earlier one whose work goes on.
        host: ENVOY_HOST.
        token: put into the token file.
        serial: SERIAL.
        keys: more keys of the config.
        clock: all times.
        timeout_s: instead of API_TIMEOUT, which is 2 s at least.
    """

    def __init__(
        self,
        folder: Path,
        host: str,
        token: str,
        serial: str,
        *,
        keys: str = "",
        clock: Clock | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        config = folder / f"enphase-{UPS}.conf"
        config.write_text(
            f"SERIAL={serial}\nENVOY_HOST={host}\nPORT_FILE=home.dev\n"
            f"STATE_DIR={folder}\n{keys}\n",
            encoding="utf-8",
        )
        config.chmod(0o600)
        token_file = folder / f"enphase-{UPS}.token"
        token_file.write_text(token, encoding="ascii")
        token_file.chmod(0o600)
        self.path = folder / "home.dev"
        self.twin = folder / "home.dev-nocomms"
        if not self.path.exists():
            self.twin.touch()
        self.parts = self._build(clock or SystemClock())

    def _build(self, clock: Clock) -> MonitorParts:
        # No socket of a driver lies there.
        environ = {
            "RUNTIME_DIRECTORY": str(self._folder),
            "NUT_STATEPATH": str(self._folder),
        }
        settings, self.notices = load(
            str(self._folder / f"enphase-{UPS}.conf"), UPS, environ
        )
        self.settings = settings = settings._replace(api_timeout_s=self._timeout_s)
        port = PortFile(Path(settings.port_file), clock)
        port.check()
        publisher = PortFilePublisher(port, maker_of(settings))
        publisher.load()
        parts = build(
            settings,
            publisher,
            port.real,
            Host(clock, ThreadWaiter(), environ),
            once=False,
        )
        parts.monitor.start(
            parts.state_session.memory,
            written_this_boot=parts.state_session.written_this_boot,
        )
        self._port = port
        return parts

    @property
    def monitor(self) -> Monitor:
        return self.parts.monitor

    @property
    def visible(self) -> bool:
        """Whether the port file is not hidden."""
        return self._port.find() is PortFileName.VISIBLE

    @property
    def text(self) -> str:
        """What the port file, visible or hidden, says."""
        return self._port.read().decode("ascii")

    @property
    def values(self) -> dict[str, str]:
        """The same, by name; without those that have no value."""
        pairs = (line.split(": ", 1) for line in self.text.splitlines() if ": " in line)
        return {name: text.strip('"') for name, text in pairs if text != '""'}
