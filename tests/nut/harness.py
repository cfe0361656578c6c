"""Debian's dummy-ups, upsd, upsmon and upsc, by hand, in a temporary folder.

Everything listens on 127.0.0.1 and is stopped by its pid. A thread starts a
driver that ended again, as systemd does with Restart=always. SHUTDOWNCMD only
leaves a mark. Several can run at once.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.nut.upsd_client import Client, NutError

UPS = "test"
#: For what takes a second or two, on a machine that runs many tests at once.
SOON_S = 60.0
INSTALL = "NUT is not installed; run: apt-get install nut-server nut-client"

_FOLDERS = ("/lib/nut", "/usr/lib/nut", "/usr/libexec/nut", "/usr/sbin", "/usr/bin")
_UPSMON_RUN = "/run/nut"


class NutMissing(RuntimeError):
    """A program of NUT is not there."""


def program(name: str) -> str:
    """Return the path of one of NUT's programs.

    Debian's /sbin/upsd and /sbin/upsmon are wrappers that want nut.conf; the
    programs themselves lie beside the drivers.
    """
    for folder in _FOLDERS:
        path = Path(folder, name)
        if path.is_file():
            return str(path)
    raise NutMissing(f"{name} not found: {INSTALL}")


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll a condition 50 times a second; AssertionError after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


@dataclass(frozen=True)
class Times:
    """Seconds: the driver's, the supervisor's and upsmon's."""

    pollinterval: int = 1
    restart: float = 1.0
    pollfreq: int = 1
    deadtime: int = 6
    hostsync: int = 3
    finaldelay: int = 0


#: What Debian installs, with nut-driver@.service's RestartSec.
DEBIAN = Times(
    pollinterval=2, restart=15.0, pollfreq=5, deadtime=15, hostsync=15, finaldelay=5
)


class Nut:
    """One UPS on dummy-ups, served by upsd; upsmon when asked.

    Args:
        port_file: what dummy-ups reads (mode dummy-once).
        times: poll and restart times.
        ups: its name, the section of ups.conf.
    """

    def __init__(
        self, port_file: Path, times: Times | None = None, ups: str = UPS
    ) -> None:
        self.port_file = port_file
        self.ups = ups
        self.times = times or Times()
        # Not pytest's tmp_path: a socket's path has room for 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="nut-"))
        self.port = 0
        self.driver_starts = 0
        self._user = pwd.getpwuid(os.getuid()).pw_name
        self._processes: list[subprocess.Popen[bytes]] = []
        self._driver: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._conf = self.folder / "conf"
        self._state = self.folder / "state"
        self._events = self.folder / "events"
        self.mark = self.folder / "shutdown-mark"

    def start(self) -> None:
        """Start the driver under its supervisor, and upsd."""
        for folder in (self._conf, self._state):
            folder.mkdir(mode=0o700)
        self._write(
            "ups.conf",
            f"maxretry = 1\npollinterval = {self.times.pollinterval}\n[{self.ups}]\n"
            f'driver = dummy-ups\nport = "{self.port_file}"\nmode = dummy-once\n',
        )
        self._write("upsd.users", "[mon]\npassword = x\nupsmon primary\n")
        self._supervisor.start()
        self._start_upsd()

    def _start_upsd(self) -> None:
        # Between choosing a spare port and upsd's bind another test may take it.
        for _ in range(5):
            with socket.create_server(("127.0.0.1", 0)) as spare:
                self.port = spare.getsockname()[1]
            self._write("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 15\n")
            upsd = self._spawn("upsd", "-F", "-u", self._user)
            self._processes.append(upsd)
            if self._listens(upsd):
                return
        raise NutError(f"upsd does not start: {self.log('upsd')}")

    def _listens(self, upsd: subprocess.Popen[bytes]) -> bool:
        said = f"listening on 127.0.0.1 port {self.port}"
        wait_until(
            lambda: upsd.poll() is not None or said in self.log("upsd"), SOON_S, "upsd"
        )
        return upsd.poll() is None

    def start_upsmon(self) -> None:
        """Start upsmon as primary.

        2.8.0 has its PID path compiled in: it gets a /run/nut of its own.
        """
        times = self.times
        notify = self.folder / "notify"
        notify.write_text(f'#!/bin/sh\necho "$NOTIFYTYPE" >> {self._events}\n')
        notify.chmod(0o700)
        notices = "ONLINE ONBATT LOWBATT FSD COMMOK COMMBAD SHUTDOWN NOCOMM NOPARENT"
        self._write(
            "upsmon.conf",
            f"MONITOR {self.ups}@127.0.0.1:{self.port} 1 mon x primary\nMINSUPPLIES 1\n"
            f'SHUTDOWNCMD "touch {self.mark}"\nRUN_AS_USER {self._user}\n'
            f"POWERDOWNFLAG {self.folder}/killpower\nFINALDELAY {times.finaldelay}\n"
            f"POLLFREQ {times.pollfreq}\nPOLLFREQALERT {times.pollfreq}\n"
            f"NOCOMMWARNTIME {times.deadtime + 2}\n"
            f"DEADTIME {times.deadtime}\nHOSTSYNC {times.hostsync}\n"
            f"NOTIFYCMD {notify}\n"
            + "".join(f"NOTIFYFLAG {notice} EXEC\n" for notice in notices.split()),
        )
        apart = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
        shell = (
            f"mkdir -p {_UPSMON_RUN}; mount -t tmpfs none {_UPSMON_RUN} && "
            f"exec {program('upsmon')} -F -p -D -u {self._user}"
        )
        self._processes.append(self._run("upsmon", [*apart, "sh", "-c", shell]))
        wait_until(lambda: "Logged into UPS" in self.log("upsmon"), SOON_S, "upsmon")

    def stop(self) -> None:
        """End everything and remove the folder."""
        self._ending.set()
        for process in reversed(self._processes):
            _end(process)
        if self._supervisor.is_alive():
            self._supervisor.join(15)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _supervise(self) -> None:
        while not self._ending.is_set():
            self._driver = self._spawn(
                "dummy-ups", "-a", self.ups, "-D", "-F", "-u", self._user
            )
            self.driver_starts += 1
            while self._driver.poll() is None:
                if self._ending.wait(0.05):
                    _end(self._driver)
                    return
            self._ending.wait(self.times.restart)

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        return self._run(name, [program(name), *arguments])

    def _run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        state = str(self._state)
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "NUT_CONFPATH": str(self._conf),
            "NUT_STATEPATH": state,
            "NUT_ALTPIDPATH": state,
            "NUT_PIDPATH": state,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _write(self, name: str, text: str) -> None:
        path = self._conf / name
        path.write_text(text, encoding="ascii")
        path.chmod(0o600)

    def log(self, name: str) -> str:
        """Return what one program has written so far."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def driver_pid(self) -> int | None:
        """The pid of the running driver; None while there is none."""
        driver = self._driver
        return driver.pid if driver and driver.poll() is None else None

    @property
    def socket(self) -> Path:
        """The driver's socket."""
        return self._state / f"dummy-ups-{self.ups}"

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        client = Client(self.port, self.ups)
        try:
            yield client
        finally:
            client.close()

    def variables(self) -> dict[str, str]:
        """LIST VAR over a connection of its own.

        Raises:
            NutError: e.g. ERR DRIVER-NOT-CONNECTED.
        """
        with self.client() as client:
            return client.list_var()

    def status(self) -> str | None:
        """ups.status, or None while the driver is not connected."""
        try:
            return self.variables().get("ups.status")
        except NutError:
            return None

    def wait_status(self, wanted: str | None, seconds: float = SOON_S) -> None:
        """Wait for a status; None: until the driver is not connected."""
        wait_until(lambda: self.status() == wanted, seconds, f"status {wanted!r}")

    def wait_variable(
        self, name: str, wanted: str | None, seconds: float = SOON_S
    ) -> None:
        """Wait for a value; None: until the variable is gone."""

        def there() -> bool:
            with contextlib.suppress(NutError):
                return self.variables().get(name) == wanted
            return False

        wait_until(there, seconds, f"{name} {wanted!r}")

    def upsc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run upsc on the UPS."""
        where = f"{self.ups}@127.0.0.1:{self.port}"
        return subprocess.run(
            [program("upsc"), where, *arguments],
            capture_output=True,
            text=True,
            timeout=SOON_S,
            check=False,
        )

    def events(self) -> list[str]:
        """What upsmon has told so far: ONBATT, COMMBAD, NOCOMM, ..."""
        return self._events.read_text().split() if self._events.exists() else []

    def shutdown_mark(self) -> bool:
        """Whether SHUTDOWNCMD ran."""
        return self.mark.exists()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
