"""The command ``nutbridge demo``: from nothing to an exit code, and back.

Exit codes: 0 every expected status was seen; 1 one was not, or something could
not be started; 130 it was interrupted (SIGINT, SIGTERM, SIGHUP). Whatever ends
it, every process that it started is stopped and its folder is removed.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from nutbridge.errors import NutbridgeError, Stopping
from nutbridge.system.clock import SignalWaiter
from nutbridge.system.terminal import Terminal
from nutbridge.system.text import printable
from nutbridge.tools.demo import script, table
from nutbridge.tools.demo.nut import (
    Nut,
    NutFailed,
    Programs,
    find_programs,
)
from nutbridge.tools.demo.play import Player
from nutbridge.tools.demo.script import DemoStep
from nutbridge.tools.demo.stage import UPS, DemoStage, check_extra
from nutbridge.tools.demo.views import FileView, UpscView, View
from nutbridge.tools.demo.web import DemoWeb, check_web

Find = Callable[[Mapping[str, str]], Programs | None]

EX_MISSED = 1
EX_INTERRUPTED = 130
_LOG_LINES = 15
_IDLE_S = 1.0
#: A socket's path has room for 107 bytes; ours needs 60 beside the folder's.
_LONGEST_FOLDER = 45

_INTRODUCTION = f"""\
A power outage in one minute, on this machine alone. The gateway and the cloud
are stand-ins on loopback; enphase-monitor is the real one. The house: a battery
of {script.CAPACITY_WH / 1000:g} kWh, charged to {script.SOC_PCT:g} %, and a load \
of {script.LOAD_W / 1000:g} kW. Low battery: {script.CHARGE_LOW_PCT} %.
"""


@dataclass(frozen=True, slots=True)
class _Ending:
    """How it went: the step that was not seen, and the monitor's last lines."""

    missed: DemoStep | None
    log: list[str]


def play(
    stdout: TextIO,
    environ: Mapping[str, str],
    find: Find = find_programs,
    *,
    web: bool = False,
) -> int:
    """Run the demo.

    Args:
        stdout: where the table goes.
        environ: of this process.
        find: finds NUT's programs.
        web: serve the page too, until somebody ends it.

    Returns:
        The exit code, see above.

    Raises:
        DemoMissing: the extra ``demo`` (or ``web``) is not installed.
    """
    started_s = time.monotonic()
    check_extra()
    if web:
        check_web()
    waiter = SignalWaiter()
    waiter.install()
    # A closed terminal too; but under nohup it shall go on.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    screen = Terminal(stdout, environ)
    try:
        screen.say("nutbridge demo", "", _INTRODUCTION)
        with _folder() as folder:
            stage = DemoStage(folder, environ)
            page = DemoWeb(stage, environ) if web else None
            programs = find(environ)
            if page is not None:
                screen.live(" making up a month of a house and its panels ...")
                page.prepare()
                started_s = time.monotonic()
            ending = _perform(stage, programs, (screen, page), waiter, started_s)
        return _conclude(screen, ending)
    except Stopping:
        with contextlib.suppress(OSError):
            screen.live("")
            screen.say("", "interrupted; everything is stopped and removed")
        return EX_INTERRUPTED
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            _forget_output()
            return EX_INTERRUPTED
        raise NutbridgeError(f"the demo cannot run: {error}") from error


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    where = tempfile.gettempdir()
    if len(where) > _LONGEST_FOLDER:
        where = "/tmp"  # noqa: S108 - mkdtemp makes a folder of our own in it
    folder = Path(tempfile.mkdtemp(prefix="nutbridge-demo-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _perform(
    stage: DemoStage,
    programs: Programs | None,
    shown: tuple[Terminal, DemoWeb | None],
    waiter: SignalWaiter,
    started_s: float,
) -> _Ending:
    screen, page = shown
    with contextlib.ExitStack() as stack:
        screen.live(" starting ...")
        stack.enter_context(stage)
        nut = None if programs is None else Nut(programs, stage.folder / "nut", UPS)
        if nut is not None:
            stack.callback(nut.stop)
        view = _choose_view(stage, nut, screen)
        stage.start_monitor(nut.state if nut else None)
        if page is not None:
            stack.callback(page.stop)
            address = page.start(nut.port if nut else None)
            screen.say("", f"The page of the house and its panels: {address}")
        screen.say("", *table.heading())
        player = Player(stage, view, screen, waiter, started_s)
        try:
            missed = player.run()
        finally:
            screen.live("")
        if page is not None and missed is None:
            screen.say("", "The house goes on, and its page with it, until ^C.")
            while stage.monitor_runs:
                waiter.wait(_IDLE_S)
        return _Ending(missed, stage.log_tail(_LOG_LINES))


def _choose_view(stage: DemoStage, nut: Nut | None, screen: Terminal) -> View:
    """Start NUT if it is there, and say where the values come from."""
    if nut is None:
        screen.say(
            "Read from the port file, because NUT is not found here (Debian:",
            "apt-get install nut-server nut-client).",
        )
        return FileView(stage.port_file)
    try:
        nut.start(stage.port_file)
    except NutFailed as failed:
        screen.say(f"Read from the port file, because {printable(str(failed))}.")
        return FileView(stage.port_file)
    screen.say(
        f"Read with upsc {UPS}@localhost:{nut.port} from NUT's own dummy-ups and upsd",
        f"({nut.programs.folder}).",
    )
    return UpscView(nut)


def _conclude(screen: Terminal, ending: _Ending) -> int:
    missed = ending.missed
    if missed is None:
        screen.say(
            "",
            "Seen: no UPS without an answer, OL, OB, OB LB held without an answer, OL.",
            "Everything is stopped and removed; nothing else here was touched.",
            "The real thing: README.rst; its config: conf/enphase-ups.conf.",
        )
        return 0
    wanted = missed.status or "that no UPS is to be seen"
    screen.say(
        "",
        f"Not seen: {wanted} ({missed.what}).",
        "The last lines of the monitor:",
        *(f"  {printable(line)}" for line in ending.log or ["(none)"]),
    )
    return EX_MISSED


def _forget_output() -> None:
    """Send what is still in the buffer nowhere: its reader has gone."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
