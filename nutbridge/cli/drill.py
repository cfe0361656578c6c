"""nutbridge drill: an outage rehearsed, with this UPS's own settings."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nutbridge.cli.common import (
    Config,
    Ups,
    paragraph,
    port_of,
    quiet_logs,
    settings_of,
    sudo_hint,
)
from nutbridge.errors import EX_UNAVAILABLE, NutbridgeError, Stopping

if TYPE_CHECKING:
    from nutbridge.config.settings import Settings
    from nutbridge.tools.drill.play import Ending
    from nutbridge.tools.drill.script import DrillStep
    from nutbridge.tools.drill.times import UpsmonTimes

#: A socket's path has room for 107 bytes.
_LONGEST_FOLDER = 40
_UPSMON_BYTES = 1 << 20


class NutMissing(NutbridgeError):
    """NUT is not installed, or not all of it."""

    exit_code = EX_UNAVAILABLE


def drill(ups: Ups = None, config: Config = None) -> None:
    """Rehearse an outage: OL, OB, OB LB, on a port file of its own.

    Starts a dummy-ups, upsd and upsmon of its own on loopback, in a temporary
    folder, with the settings of the UPS (battery.charge.low, ...) and the times of
    the system's upsmon.conf, and shows what upsc and upsmon see. The SHUTDOWNCMD
    of that upsmon only makes a file. The system's NUT, port file and gateway are
    not touched. It takes about half a minute.

    \b
    Exit status:
      0    OL, OB and OB LB were seen, upsmon shut down on OB LB and not before
      1    something of it was not seen; the message says what
      69   NUT is not installed
      73   the port file cannot be read
      78   the config is wrong
      130  interrupted; everything is stopped and removed
    """  # noqa: D301  \b is typer's mark for lines that stay as they are
    from nutbridge.daemon.wiring import maker_of
    from nutbridge.nut.port_text import values_in
    from nutbridge.tools.drill.script import steps

    quiet_logs()
    with sudo_hint():
        settings = settings_of(config, ups)
        data = port_of(settings).read()
        played = steps(data, values_in(data), maker_of(settings))
        try:
            ending = _play(settings, played)
        except Stopping:
            typer.echo("interrupted; everything is stopped and removed")
            raise typer.Exit(130) from None
    _say(_verdict(ending))
    if not ending.good:
        raise typer.Exit(1)


def _play(
    settings: "Settings", played: "tuple[DrillStep, DrillStep, DrillStep]"
) -> "Ending":
    from nutbridge.nut.port_file import PortFile
    from nutbridge.system.clock import SignalWaiter, SystemClock
    from nutbridge.tools.drill.nut import DrillNut, find_all
    from nutbridge.tools.drill.play import Play

    found = find_all(os.environ)
    if found is None:
        raise NutMissing(
            "dummy-ups, upsd, upsc and upsmon are not all here; install NUT (Debian: "
            "apt install nut-server nut-client; Fedora: dnf install nut)"
        )
    programs, upsmon = found
    times = _times()
    waiter = SignalWaiter()
    waiter.install()
    with _folder() as folder, contextlib.ExitStack() as stack:
        port = PortFile(folder / "drill.dev", SystemClock())
        port.write(played[0].data)
        nut = DrillNut(programs, upsmon, folder / "nut", settings.ups)
        stack.callback(nut.stop)
        nut.start(port.real)
        _say(
            f"Drill of {settings.ups}: an outage for NUT programs of its own "
            f"({programs.folder}, 127.0.0.1:{nut.port}), with the settings of "
            f"{settings.port_file} and the times of {times.origin}. The system's NUT "
            "is not touched, and nothing shuts down."
        )
        typer.echo("")
        ending = Play(nut, port, times, waiter, typer.echo).run(played)
    typer.echo("")
    return ending


def _times() -> "UpsmonTimes":
    """Return upsmon's times as on this system, or its defaults."""
    from nutbridge.config.file import folders
    from nutbridge.system.files import read_file
    from nutbridge.tools.drill.times import parse_times

    path = Path(folders(os.environ).sysconfig, "upsmon.conf")
    try:
        text = read_file(path, _UPSMON_BYTES).data.decode("utf-8", "replace")
    except OSError as error:
        why = (error.strerror or "not there").lower()
        return parse_times("", f"upsmon's defaults ({path}: {why})")
    return parse_times(text, str(path))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    where = tempfile.gettempdir()
    if len(where) > _LONGEST_FOLDER or not where.replace("/", "").isalnum():
        where = "/tmp"  # noqa: S108 - mkdtemp makes a folder of our own in it
    folder = Path(tempfile.mkdtemp(prefix="nutbridge-drill-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _verdict(ending: "Ending") -> str:
    if ending.too_early:
        return "Not as it should be: upsmon shut down on OB, before OB LB."
    if ending.missed:
        return f"Not as it should be: upsc never showed {ending.missed}."
    if ending.upsmon_problem is not None:
        remedy = "" if os.geteuid() == 0 else " Try again with sudo."
        return (
            "OL, OB and OB LB came through to upsc, but upsmon could not be kept apart "
            f"from the system's and took no part: {ending.upsmon_problem}.{remedy}"
        )
    if ending.shutdown_s is None:
        return "Not as it should be: upsmon did not shut down on OB LB."
    return (
        "As it should be: OL, OB and OB LB came through; on OB upsmon only told, on "
        f"OB LB it ran SHUTDOWNCMD after {ending.shutdown_s:.0f} s."
    )


def _say(text: str) -> None:
    sys.stdout.write(paragraph(text))
    sys.stdout.flush()
