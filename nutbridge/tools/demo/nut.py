"""NUT's own programs, started by hand on loopback in a folder of their own.

dummy-ups reads one port file and is started again when it ends, as systemd
would; upsd serves it on a spare port; upsc asks. Everything is stopped by pid.
Nothing of an installed NUT is touched: its config and state folders are others.
"""

import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.file import folders
from nutbridge.errors import NutbridgeError
from nutbridge.nut.ups_conf import parse_ups_conf
from nutbridge.nut.versions import FOLDERS, find_driver
from nutbridge.system.files import read_file

_ALSO = ("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/ups/sbin")

_LOOPBACK = "127.0.0.1"
_UPS_CONF_BYTES = 1 << 20
_START_S = 10.0
_STOP_S = 3.0
_UPSC_S = 5.0
_ASK_AGAIN_S = 0.02


class NutFailed(NutbridgeError):
    """A program of NUT does not start; the text has its last words."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the three programs."""

    driver: str
    server: str
    client: str

    @property
    def folder(self) -> str:
        """Where the driver lies."""
        return os.path.dirname(self.driver)


def find_programs(environ: Mapping[str, str]) -> Programs | None:
    """Return NUT's programs, or None unless all three are there."""
    driver = find_driver(environ, _driverpath(environ))
    if driver is None:
        return None
    server, client = (find_beside(driver, name, environ) for name in ("upsd", "upsc"))
    return Programs(driver, server, client) if server and client else None


def find_beside(driver: str, name: str, environ: Mapping[str, str]) -> str | None:
    """Return where another program of the NUT with this driver is, or None.

    Debian's /sbin/upsd is a wrapper that wants nut.conf; the program itself lies
    beside the drivers. A build from source has bin and sbin side by side.
    """
    folder = os.path.dirname(driver)
    near = (
        folder,
        os.path.join(folder, "..", "sbin"),
        os.path.join(folder, "..", "bin"),
    )
    path = (*near, *FOLDERS, environ.get("PATH", ""), *_ALSO)
    return shutil.which(name, path=os.pathsep.join(filter(None, path)))


def _driverpath(environ: Mapping[str, str]) -> str | None:
    try:
        path = Path(folders(environ).sysconfig, "ups.conf")
        text = read_file(path, _UPS_CONF_BYTES).data.decode("utf-8", "replace")
    except OSError:
        return None
    return parse_ups_conf(text).values.get("driverpath")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Stop a process of ours; kill it if it does not listen."""
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Nut:
    """One UPS on dummy-ups, served by upsd.

    Args:
        programs: where they are.
        folder: an empty folder of our own; short, because the path of a socket
            has room for 107 bytes.
        ups: name of the UPS.
        restart_s: pause before a driver that ended is started again.
        users: content of upsd.users.

    Attributes:
        programs: as given.
        state: folder of the driver's socket (NUT_STATEPATH).
        port: of upsd.
    """

    def __init__(
        self,
        programs: Programs,
        folder: Path,
        ups: str,
        *,
        restart_s: float = 1.0,
        users: str = "",
    ) -> None:
        self.programs = programs
        self._folder = folder
        self._ups = ups
        self._restart_s = restart_s
        self._users = users
        self._conf = folder / "conf"
        self.state = folder / "state"
        self.port = 0
        self._server: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def start(self, port_file: Path) -> None:
        """Start the driver under its supervisor, and upsd.

        Args:
            port_file: what dummy-ups reads.

        Raises:
            NutFailed: upsd does not start.
        """
        for folder in (self._folder, self._conf, self.state):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._write(
            "ups.conf",
            f"maxretry = 1\npollinterval = 1\n[{self._ups}]\ndriver = dummy-ups\n"
            f'port = "{port_file}"\nmode = dummy-once\n',
        )
        self._write("upsd.users", self._users)
        self._supervisor.start()
        # Between choosing a spare port and upsd's bind somebody may take it.
        for _ in range(3):
            with socket.create_server((_LOOPBACK, 0)) as spare:
                self.port = spare.getsockname()[1]
            self._write("upsd.conf", f"LISTEN {_LOOPBACK} {self.port}\n")
            self._server = self._spawn("upsd", self.programs.server, "-F")
            if self._listens(self._server):
                return
        raise NutFailed(f"upsd does not start: {self._last_words('upsd')}")

    def _listens(self, server: "subprocess.Popen[bytes]") -> bool:
        said = f"listening on {_LOOPBACK} port {self.port}"
        until = time.monotonic() + _START_S
        while time.monotonic() < until and server.poll() is None:
            if said in self.log("upsd"):
                return True
            time.sleep(_ASK_AGAIN_S)
        return False

    def stop(self) -> None:
        """Stop driver and upsd; may be called at any time."""
        self._ending.set()
        if self._server is not None:
            end(self._server)
        if self._supervisor.is_alive():
            self._supervisor.join()

    def _supervise(self) -> None:
        while not self._ending.is_set():
            driver = self._spawn(
                "dummy-ups", self.programs.driver, "-a", self._ups, "-D", "-F"
            )
            while driver.poll() is None:
                if self._ending.wait(_ASK_AGAIN_S):
                    end(driver)
                    return
            self._ending.wait(self._restart_s)

    def _spawn(
        self, name: str, program: str, *arguments: str
    ) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{name}.log").open("ab") as log:
            # In a session of its own: ^C on the terminal is for the demo alone.
            return subprocess.Popen(  # noqa: S603 - one of the programs found
                [program, *arguments, *as_ourselves()],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        state = str(self.state)
        return {
            "PATH": os.pathsep.join(_ALSO),
            "NUT_CONFPATH": str(self._conf),
            "NUT_STATEPATH": state,
            "NUT_ALTPIDPATH": state,
            "NUT_PIDPATH": state,
        }

    def _write(self, name: str, text: str) -> None:
        path = self._conf / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def log(self, name: str) -> str:
        """Return what one program has written so far."""
        try:
            return (self._folder / f"{name}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _last_words(self, name: str) -> str:
        lines = self.log(name).split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no word")

    def upsc(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run upsc on the UPS."""
        return subprocess.run(  # noqa: S603 - one of the programs found
            [self.programs.client, f"{self._ups}@{_LOOPBACK}:{self.port}", *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_UPSC_S,
            start_new_session=True,
            check=False,
        )


def as_ourselves() -> tuple[str, ...]:
    """Tell NUT not to become its own user, who cannot read our folder."""
    try:
        return ("-u", pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:  # a user without a name, as in a container
        return ()
