"""The pretended house, and the real monitor that watches it.

The stand-ins run in this process, the monitor in one of its own with a config,
a port file and an account, as on a real machine; only the addresses differ.
"""

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from nutbridge.errors import NutbridgeError
from nutbridge.simulator.cloud import CloudAccount, SimulatedCloud, config_of
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.system.installation import adding
from nutbridge.tools.demo import script
from nutbridge.tools.demo.nut import end

UPS = "demo"

#: These would lead the monitor to somebody else's files or service manager.
_NOT_PASSED_ON = (
    *("CONFIG_FILE", "UPS", "RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY"),
    *(
        "STATE_DIRECTORY",
        "NUTBRIDGE_DB",
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "JOURNAL_STREAM",
    ),
)
_PACKAGES = Path(__file__).parents[3]
_LOG_BYTES = 16 * 1024


class DemoMissing(NutbridgeError):
    """A library of the extra ``demo`` is not installed."""


def check_extra() -> None:
    """Make sure that the stand-ins can run.

    Raises:
        DemoMissing: says what to install.
    """
    try:
        import trustme  # noqa: F401 - server.py uses it
    except ModuleNotFoundError as error:
        if error.name != "trustme":
            raise
        raise DemoMissing(
            "the demo needs trustme, for the certificate of its stand-in gateway; "
            f"install it: {adding('demo')}"
        ) from None


class DemoStage:
    """House, gateway, cloud and monitor; a context manager that ends them all.

    Args:
        folder: an empty folder of our own.
        environ: of this process.

    Attributes:
        folder: as given.
        house: the state of the house.
        port_file: what the monitor keeps.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._environ = environ
        self._exits = contextlib.ExitStack()
        self._log = folder / "monitor.log"
        self._monitor: subprocess.Popen[bytes] | None = None
        self.port_file = folder / "demo.dev"
        self.house = SimulatedHouse(
            capacity_wh=script.CAPACITY_WH,
            soc_pct=script.SOC_PCT,
            load_w=script.LOAD_W,
            batteries=1,
        )

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._gateway = stack.enter_context(Server(SimulatedGateway(self.house)))
            self._gateway.refuse()
            account = CloudAccount(serial=self.house.serial)
            self._cloud = stack.enter_context(Server(SimulatedCloud(account)))
            self._write_files(account)
            self._exits = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exits.close()

    def _write_files(self, account: CloudAccount) -> None:
        config = {
            **config_of(account, f"{LOOPBACK}:{self._gateway.port}", self._cloud.url),
            "PORT_FILE": str(self.port_file),
            "STATE_DIR": str(self.folder),
            "UPS": UPS,
            **script.CONFIG,
        }
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in config.items()]
        self._write("enphase-demo.conf", "".join(lines))
        self._write("cloud.pem", self._cloud.ca_pem.decode("ascii"))
        self._write(f"{self.port_file.name}-nocomms", script.PORT_FILE)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def start_monitor(self, nut_state: Path | None) -> None:
        """Start enphase-monitor.

        Args:
            nut_state: where it looks for the driver's socket; None without NUT.
        """
        environ = self.environ_for(self._environ)
        environ["SSL_CERT_FILE"] = str(self.folder / "cloud.pem")
        environ["NUT_STATEPATH"] = str(nut_state or self.folder)
        config = str(self.folder / "enphase-demo.conf")
        with self._log.open("ab") as log:
            monitor = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "nutbridge.cli.enphase_monitor", "-c", config],
                cwd=self.folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # ^C on the terminal is for the demo alone.
                start_new_session=True,
            )
        self._monitor = monitor
        self._exits.callback(end, monitor)

    @staticmethod
    def environ_for(environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a process of ours: it finds the package."""
        found = {
            name: value
            for name, value in environ.items()
            if name not in _NOT_PASSED_ON and not name.startswith("NUT_")
        }
        found["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(_PACKAGES), environ.get("PYTHONPATH")))
        )
        return found

    @property
    def monitor_runs(self) -> bool:
        """Whether the monitor has not ended."""
        return self._monitor is not None and self._monitor.poll() is None

    def log_tail(self, lines: int) -> list[str]:
        """Return the last lines of the monitor's log."""
        if not self._log.exists():
            return []
        data = self._log.read_bytes()[-_LOG_BYTES:]
        return data.decode("utf-8", "replace").splitlines()[-lines:]

    def be(self, *, grid: bool, gateway: bool) -> None:
        """Switch the grid and the gateway of the house on or off."""
        if grid:
            self.house.regain_grid()
        else:
            self.house.lose_grid()
        if gateway:
            self._gateway.listen()
        else:
            self._gateway.refuse()

    def truth(self, *, gateway: bool) -> str:
        """Say in a few words how things really are."""
        grid = "gone" if self.house.islanded else "there"
        silent = "" if gateway else ", gateway silent"
        return f"grid {grid}, battery {self.house.soc_pct:.1f} %{silent}"
