"""The installed command in a process of its own, on folders of its own.

Gateway and cloud are stand-ins on loopback. Whatever the command writes to
stdout and stderr is kept and, at the end of every test, searched for secrets
and tracebacks.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from nutbridge.nut.port_text import parse
from nutbridge.simulator.messages import Incoming
from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.nut.harness import SOON_S, wait_until

UPS = "e2e"
COMMAND = Path(sys.executable).with_name("enphase-monitor")
PASSWORD = "pass-word-7c1e"
_QUICKLY = "import nutbridge.cli.enphase_monitor as m; m.{} = 0.2; m.main()"
#: The monitor, whose wait for a port file that it cannot keep ends at once, or that
#: looks every moment whether it can.
IMPATIENT = _QUICKLY.format("UNKNOWN_WAIT_S")
QUICK = _QUICKLY.format("LOOK_AGAIN_S")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Daemon:
    """A command that runs; what it says on stderr is read all the time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            self._lines.extend(iter(stream.readline, ""))

    @property
    def err(self) -> str:
        """Everything said so far."""
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        return self.process.pid

    def says(self, text: str, seconds: float = SOON_S) -> None:
        """Wait for a text on stderr."""
        wait_until(lambda: text in self.err, seconds, f"{text!r} on stderr")

    def says_again(self, text: str, before: int) -> None:
        """Wait for a text that was there ``before`` times."""
        wait_until(lambda: self.err.count(text) > before, SOON_S, f"{text!r} again")

    def stop(self, seconds: float = SOON_S, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code, or fail after ``seconds``."""
        self.process.send_signal(number)
        return self.ended(seconds)

    def kill(self) -> None:
        """SIGKILL: no last words."""
        self.stop(number=signal.SIGKILL)

    def ended(self, seconds: float = SOON_S) -> int:
        """Wait for the end; return the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(SOON_S)
        return code


class Site:
    """One UPS: config, port file, token, state.

    Attributes:
        folder: config; ``state`` and ``run`` lie in it.
        port: the port file; the twin exists at the beginning.
        keys: of the config; change them before a start.
        environ: of the next command.
        has_bug: the test has planted one: a traceback is no surprise.
    """

    has_bug = False

    def __init__(self, gateway: RunningGateway, cloud: RunningCloud) -> None:
        # Not pytest's tmp_path: a socket's path has room for 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="nb-"))
        self.state, self.run_folder = self.folder / "state", self.folder / "run"
        self.state.mkdir()
        self.run_folder.mkdir()
        self.gateway, self.cloud = gateway, cloud
        cloud.account.password = PASSWORD
        self.port = self.state / "home.dev"
        self.twin = self.state / "home.dev-nocomms"
        self.twin.touch()
        self.token_file = self.state / f"enphase-{UPS}.token"
        self.config = self.folder / f"enphase-{UPS}.conf"
        ca_file = self.folder / "ca.pem"
        ca_file.write_bytes(cloud.server.ca_pem)
        self.keys = {
            "USERNAME": cloud.account.email,
            "PASSWORD": PASSWORD,
            "SERIAL": gateway.house.serial,
            "PORT_FILE": "home.dev",
            "STATE_DIR": str(self.state),
            "ENVOY_HOST": gateway.host,
            "ENPHASE_LOGIN": cloud.login_url,
            "ENPHASE_TOKENS": cloud.tokens_url,
            "POLLFREQ": "5",
            "POLLFREQALERT": "5",
            "RELAYFREQ": "5",
        }
        self.environ = {
            "PATH": os.environ["PATH"],
            "SSL_CERT_FILE": str(ca_file),
            "RUNTIME_DIRECTORY": str(self.run_folder),
            "NUT_SYSCONFIG": str(self.folder),
            "NUT_STATEPATH": str(self.run_folder),
        }
        self.secrets = {PASSWORD, "Bearer "}
        self._daemons: list[Daemon] = []
        self._said: list[str] = []
        self._driver: socket.socket | None = None

    def close(self) -> None:
        """End everything that still runs and remove the folder."""
        for daemon in self._daemons:
            if daemon.process.poll() is None:
                daemon.kill()
        self.stop_driver()
        shutil.rmtree(self.folder)

    def check_words(self) -> None:
        """No secret and no traceback may stand in what was said."""
        secrets = {*self.secrets, *self.gateway.gateway.sessions.used}
        with contextlib.suppress(OSError):
            secrets.add(self.token_file.read_text().strip())
        for asked in [*self.cloud.server.counts.recent, *self._gateway_requests()]:
            bearer = asked.bearer
            secrets |= {bearer} if bearer else set()
        session = self.cloud.cloud._session
        secrets |= {session} if session else set()
        for text in [*self._said, *(daemon.err for daemon in self._daemons)]:
            assert self.has_bug or "Traceback" not in text
            found = [secret for secret in secrets if secret in text]
            assert not found, "a secret was shown"

    def _gateway_requests(self) -> list[Incoming]:
        return list(self.gateway.server.counts.recent)

    # What the user does.

    def cache_token(self, token: str | None = None) -> None:
        """Put a token, by default a good one, into the token file."""
        self.token_file.write_text(token or self.gateway.token, encoding="ascii")
        self.token_file.chmod(0o600)

    def show(self, text: str) -> None:
        """Make ``text`` the visible port file."""
        self.port.write_text(text, encoding="utf-8", newline="")
        self.twin.unlink(missing_ok=True)

    def start_driver(self) -> None:
        """Let somebody listen on the socket of dummy-ups."""
        self._driver = socket.socket(socket.AF_UNIX)
        self._driver.bind(str(self.run_folder / f"dummy-ups-{UPS}"))
        self._driver.listen(64)

    def stop_driver(self) -> None:
        """Let the driver be gone."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def begin_outage(self) -> None:
        """Let the file say OB, vouched for by this boot's state."""
        self.gateway.house.lose_grid()
        assert self.run("-s").code == 0
        assert self.status == "OB"

    def start(self, *options: str) -> Daemon:
        """Start the daemon."""
        self.write_config()
        daemon = Daemon(self._popen([str(COMMAND), *options, UPS]))
        self._daemons.append(daemon)
        return daemon

    def start_plain(self, *arguments: str) -> Daemon:
        """Start the daemon with the config as it is on disk."""
        return self.start_command([str(COMMAND), *arguments])

    def start_command(self, command: list[str]) -> Daemon:
        """The same with a whole command line."""
        daemon = Daemon(self._popen(command))
        self._daemons.append(daemon)
        return daemon

    def start_program(self, program: str) -> Daemon:
        """Start the daemon out of a small Python program."""
        self.write_config()
        daemon = Daemon(self._popen([sys.executable, "-c", program, UPS]))
        self._daemons.append(daemon)
        return daemon

    def _popen(self, command: list[str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *options: str, seconds: float = SOON_S) -> Done:
        """Run a command to its end, which must come within ``seconds``."""
        self.write_config()
        return self.run_plain(*options, UPS, seconds=seconds)

    def run_plain(self, *arguments: str, seconds: float = SOON_S) -> Done:
        """The same with the config as it is on disk, and these arguments only."""
        return self._run([str(COMMAND), *arguments], seconds)

    def run_command(self, command: list[str], seconds: float = SOON_S) -> Done:
        """The same with a whole command line."""
        self.write_config()
        return self._run(command, seconds)

    def _run(self, command: list[str], seconds: float) -> Done:
        done = subprocess.run(
            command,
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        self._said += [done.stdout, done.stderr]
        return Done(done.returncode, done.stdout, done.stderr)

    def write_config(self) -> None:
        """Write the config, unless it says the same already."""
        text = "".join(f"{key}='{value}'\n" for key, value in self.keys.items())
        # An edited config ends the pause after a refused login.
        if not self.config.exists() or self.config.read_text(encoding="utf-8") != text:
            self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)

    # What the world sees.

    @property
    def text(self) -> str | None:
        """The visible port file; None while it is hidden."""
        try:
            return self.port.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    @property
    def status(self) -> str | None:
        """ups.status of the visible file; None while it is hidden."""
        text = self.text
        return None if text is None else parse(text.encode()).status

    def value(self, name: str) -> str | None:
        """One value of the visible file."""
        for line in (self.text or "").splitlines():
            key, _, text = line.partition(": ")
            if key == name:
                return text.partition(" #")[0]
        return None

    def wait_for_one_name(self) -> None:
        """Wait until the twin is gone: it goes right after the file is written."""
        wait_until(lambda: not self.twin.exists(), SOON_S, "one name")

    def wait_status(self, wanted: str | None, seconds: float = SOON_S) -> None:
        """Wait for a status; None: until the file is hidden."""
        wait_until(lambda: self.status == wanted, seconds, f"status {wanted}")
