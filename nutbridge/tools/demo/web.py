"""The page behind the demo: ``nutbridge web`` in a process of its own."""

import importlib.util
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from nutbridge.daemon.history.file import history_path
from nutbridge.daemon.history.points import render_point
from nutbridge.simulator import legacy_envoy
from nutbridge.simulator.server import LOOPBACK
from nutbridge.system.installation import adding
from nutbridge.tools.demo.month import month, place_where
from nutbridge.tools.demo.nut import NutFailed, end
from nutbridge.tools.demo.stage import UPS, DemoMissing, DemoStage

PORT = 9181
#: It is afternoon where the panels are, and they have told of these days before.
_HOUR = 15.0
_DAYS = 13
_START_S = 20.0
_IMPORT_S = 60.0
_LOOK_AGAIN_S = 0.05
_SAID = re.compile(r"the page is at (http://\S+)")
_NEEDED = ("jinja2", "starlette", "uvicorn")


def check_web() -> None:
    """Make sure that the page can be served.

    Raises:
        DemoMissing: says what to install.
    """
    if not all(map(importlib.util.find_spec, _NEEDED)):
        raise DemoMissing(
            "demo --web needs the libraries of the page; install them: "
            f"{adding('demo,web,collector')}"
        )


class DemoWeb:
    """The page of a stage.

    Args:
        stage: the house.
        environ: of this process.
    """

    def __init__(self, stage: DemoStage, environ: Mapping[str, str]) -> None:
        self._stage = stage
        self._environ = stage.environ_for(environ)
        self._log = stage.folder / "web.log"
        self._server: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write the month before, and the panels' days where they can be stored."""
        now = time.time()
        lines = b"".join(map(render_point, month(now)))
        path = history_path(str(self._stage.folder), UPS)
        path.touch(mode=0o640)
        path.write_bytes(lines)
        self._db = self._stage.folder / "reports.db"
        folder = self._stage.folder / "reports"
        folder.mkdir()
        write_days(folder, now)
        with self._log.open("ab") as log:
            subprocess.run(  # noqa: S603 - our own module
                [*_NUTBRIDGE, "reports", "import", "--db", str(self._db), str(folder)],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_IMPORT_S,
                check=False,
            )

    def start(self, upsd_port: int | None) -> str:
        """Start it; return its address.

        Args:
            upsd_port: of upsd on loopback; None without NUT.

        Raises:
            NutFailed: it does not start; says its last words.
        """
        command = [
            *(*_NUTBRIDGE, "web", "--ups", UPS, "--listen", f"{LOOPBACK}:{_port()}"),
            *("--state-dir", str(self._stage.folder)),
            *("--upsd", f"{LOOPBACK}:{upsd_port}" if upsd_port else "off"),
            *(("--db", str(self._db)) if self._db.exists() else ()),
        ]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own module
                command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + _START_S
        while time.monotonic() < until and self._server.poll() is None:
            if found := _SAID.search(self._text()):
                return found[1]
            time.sleep(_LOOK_AGAIN_S)
        lines = self._text().strip().splitlines()
        raise NutFailed(f"the page does not start: {lines[-1] if lines else 'no word'}")

    def _text(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Stop it; may be called at any time."""
        if self._server is not None:
            end(self._server)


_NUTBRIDGE = (sys.executable, "-m", "nutbridge")


def _port() -> int:
    """Return the usual port, 0 (any) where that is taken."""
    try:
        with socket.create_server((LOOPBACK, PORT)):
            return PORT
    except OSError:
        return 0


def write_days(folder: Path, now: float, hour: float = _HOUR) -> None:
    """Write the reports of the made-up Envoy up to now, one file each.

    Args:
        folder: empty.
        now: s since 1970.
        hour: of the day, where the panels are.
    """
    midnight, zone = place_where(now, hour)
    day_s = legacy_envoy.DAY
    for back in range(_DAYS, 0, -3):
        body = legacy_envoy.sample(midnight - back * day_s, zone)
        (folder / f"day-{back:02}").write_bytes(body)
    for made, body in legacy_envoy.reports(midnight, int(now), zone=zone, first=False):
        (folder / f"today-{made}").write_bytes(body)
