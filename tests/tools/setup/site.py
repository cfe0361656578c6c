"""A machine below a temporary folder on which nutbridge setup runs."""

import contextlib
import io
import os
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nutbridge.cli.setup.steps import Setup
from nutbridge.errors import NutbridgeError
from nutbridge.system.services import SYSTEMD, Services
from nutbridge.system.text import printable
from nutbridge.tools.setup.context import SetupOptions
from tests.fakes.fixtures import RunningCloud, RunningGateway

PASSWORD = 'it\'s a "pass" $word'
SOON_S = 30.0

UPS_CONF = """\
maxretry = 3

[rack]
  driver = usbhid-ups
  port = auto
"""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Machine:
    """The folders of Debian below ``root``, a gateway and a cloud."""

    root: Path
    gateway: RunningGateway
    cloud: RunningCloud
    said: list[str] = field(default_factory=list)
    folder: str = "nut"

    def __post_init__(self) -> None:
        self.cloud.account.password = PASSWORD
        for name in (f"etc/{self.folder}", f"var/lib/{self.folder}", "run", "etc"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.ups_conf.write_text(UPS_CONF, encoding="ascii")
        self.ups_conf.chmod(0o640)
        (self.root.parent / "ca.pem").write_bytes(self.cloud.server.ca_pem)

    @property
    def etc(self) -> Path:
        return self.root / "etc" / self.folder

    @property
    def state(self) -> Path:
        return self.root / "var/lib" / self.folder

    @property
    def ups_conf(self) -> Path:
        return self.etc / "ups.conf"

    @property
    def config(self) -> Path:
        return self.etc / "enphase-home.conf"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "SSL_CERT_FILE": str(self.root.parent / "ca.pem"),
            "ENPHASE_LOGIN": self.cloud.login_url,
            "ENPHASE_TOKENS": self.cloud.tokens_url,
        }

    @property
    def all_options(self) -> list[str]:
        """Everything that --yes needs, the password apart."""
        return [
            *("home", "--yes", "--root", str(self.root)),
            *("--host", self.gateway.host, "--username", self.cloud.account.email),
        ]

    def run(self, *options: str, stdin: str = "", **environ: str) -> Done:
        """Run the installed command in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "nutbridge", "setup", *options],
            env=self.environ | environ,
            cwd=self.root,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SOON_S,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        return Done(done.returncode, done.stdout, done.stderr)

    def run_yes(self, *options: str) -> Done:
        """Run with all options that are needed."""
        return self.run(*self.all_options, *options, ENPHASE_PASSWORD=PASSWORD)

    def run_here(
        self,
        patch: pytest.MonkeyPatch,
        wishes: SetupOptions,
        stdin: str = "",
        path: str | None = None,
        services: Services = SYSTEMD,
    ) -> Done:
        """Run in this process: quicker, without the command line."""
        out = io.StringIO()
        environ = self.environ if path is None else self.environ | {"PATH": path}
        for key, value in environ.items():
            patch.setenv(key, value)
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        problem = ""
        code = 0
        with contextlib.redirect_stdout(out):
            try:
                Setup(wishes, os.environ, services).run()
            except NutbridgeError as exc:
                problem, code = printable(str(exc)), exc.exit_code
        self.said += [out.getvalue(), problem]
        return Done(code, out.getvalue(), problem)

    def tree(self) -> dict[str, tuple[str, bytes]]:
        """Every file and folder with its mode, owner and content."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            info = path.lstat()
            mode = f"{stat.filemode(info.st_mode)} {info.st_uid}:{info.st_gid}"
            data = path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(self.root))] = (mode, data)
        return found

    def check_words(self) -> None:
        """No secret and no traceback may stand in what was said."""
        secrets = {PASSWORD, *self.gateway.gateway.sessions.used}
        for asked in [
            *self.cloud.server.counts.recent,
            *self.gateway.server.counts.recent,
        ]:
            secrets |= {asked.bearer} if asked.bearer else set()
        for text in self.said:
            assert "Traceback" not in text
            assert "this is a bug" not in text
            assert not [secret for secret in secrets if secret in text]


def wishes_of(machine: Machine, port_file: str | None = None) -> SetupOptions:
    """Return the options that ask nothing and write everything."""
    return SetupOptions(
        ups="home",
        host=machine.gateway.host,
        username=machine.cloud.account.email,
        port_file=port_file,
        append=True,
        yes=True,
        root=str(machine.root),
    )
