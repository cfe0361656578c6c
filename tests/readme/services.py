"""Plays systemd in a box: does what the installed unit and NUT's units say.

upsmon is never started: it would shut this machine down.
"""

import contextlib
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence

from tests.nut.harness import program, wait_until
from tests.readme.box import PATH, Box
from tests.system.unit_file import parse

_MONITOR = "enphase-monitor@"
_UNIT_FILE = "/etc/systemd/system/enphase-monitor@.service"
_SECTION = re.compile(r"^\[(\S+)\]", re.MULTILINE)

#: nut-driver@.service starts a driver that ended again, after 15 s; here sooner.
_DRIVER = """
trap 'kill $driver; exit' TERM
while :; do "$0" -a "$1" -D -F & driver=$!; wait $driver; sleep 0.5; done
"""


class Services:
    """The services of one box, by unit name.

    Attributes:
        enabled: what would be started at boot.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.enabled: set[str] = set()

    def obey(self, words: Sequence[str]) -> None:
        """Do what ``systemctl`` would do.

        Raises:
            AssertionError: it cannot, or this manual has no such line yet.
        """
        match list(words):
            case ["daemon-reload"]:
                pass
            case ["enable", "--now", unit]:
                self.enabled.add(unit)
                self._start(unit)
            case ["disable", "--now", unit]:
                self.enabled.discard(unit)
                self._stop(unit)
            case ["restart", "nut-driver-enumerator"]:
                self._enumerate()
            case ["reload-or-restart", "nut-server"]:
                self._stop("nut-server")
                self._start("nut-server")
            case _:
                raise AssertionError(f"systemctl {' '.join(words)}: cannot be played")

    def close(self) -> None:
        """End everything."""
        for unit in list(self._running):
            self._stop(unit)

    def log(self, unit: str) -> str:
        """Return what a service has said."""
        path = self._box.folder / f"{unit}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _start(self, unit: str) -> None:
        if unit in self._running or unit == "nut-driver-enumerator.path":
            return
        if unit.startswith(_MONITOR):
            self._start_monitor(unit.removeprefix(_MONITOR))
        elif unit == "nut-server":
            self._spawn(unit, [program("upsd"), "-F"])
            wait_until(lambda: "listening on 127.0.0.1" in self.log(unit), 20, unit)
        else:
            raise AssertionError(f"{unit}: no such unit")

    def _stop(self, unit: str) -> None:
        process = self._running.pop(unit, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        code = process.wait(20)
        assert code == 0 or not unit.startswith(_MONITOR), self.log(unit)

    def _enumerate(self) -> None:
        """Let there be one driver for each section, as NUT's enumerator does."""
        text = self._box.run("cat /etc/nut/ups.conf").stdout
        wanted = {f"nut-driver@{name}" for name in _SECTION.findall(text)}
        for unit in [unit for unit in self._running if unit.startswith("nut-driver@")]:
            if unit not in wanted:
                self._stop(unit)
        for unit in wanted - self._running.keys():
            name = unit.partition("@")[2]
            self._spawn(unit, ["sh", "-c", _DRIVER, program("dummy-ups"), name])

    def _start_monitor(self, ups: str) -> None:
        """Run ExecStartPre, then ExecStart until it says that it is ready."""
        drop_ins = f"/etc/systemd/system/{_MONITOR}{ups}.service.d/*.conf"
        unit = parse(self._box.run(f"cat {_UNIT_FILE} {drop_ins}").stdout)
        service = {name: values[-1] for name, values in unit["Service"].items()}
        user, folder = service["User"], f"/run/{service['RuntimeDirectory']}"
        group = service.get("Group", user)
        made = self._box.run(f"install -d -o {user} -g {group} -m 755 {folder}")
        assert made.returncode == 0, made.stderr
        account = ["setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups"]
        environ = {
            "PATH": PATH,
            "RUNTIME_DIRECTORY": folder,
            "SSL_CERT_FILE": str(self._box.ca_file),
        }
        umask = int(service["UMask"], 8)
        name = f"{_MONITOR}{ups}"
        for line in (service["ExecStartPre"].lstrip("-"), service["ExecStart"]):
            self._stop(name)
            command = [*account, *line.replace("%i", ups).split()]
            with self._ready(environ) as wait:
                process = self._spawn(name, command, environ, umask)
                if line is service["ExecStart"]:
                    wait(name)
                else:
                    process.wait(15)

    @contextlib.contextmanager
    def _ready(self, environ: dict[str, str]) -> Iterator[Callable[[str], None]]:
        """Offer a NOTIFY_SOCKET; what is yielded waits for READY=1."""
        path = self._box.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.bind(str(path))
            path.chmod(0o777)
            door.settimeout(20)
            environ["NOTIFY_SOCKET"] = str(path)

            def wait(unit: str) -> None:
                assert b"READY=1" in door.recv(4096), self.log(unit)

            try:
                yield wait
            finally:
                path.unlink()

    def _spawn(
        self,
        unit: str,
        command: Sequence[str],
        environ: dict[str, str] | None = None,
        umask: int = 0o022,
    ) -> "subprocess.Popen[bytes]":
        with (self._box.folder / f"{unit}.log").open("ab") as log:
            process = subprocess.Popen(
                self._box.inside(*command, service=True),
                env=environ or {"PATH": PATH},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=umask,
            )
        self._running[unit] = process
        return process
