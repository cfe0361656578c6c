"""nutbridge status: what the port file says, and whether anybody keeps it true."""

import contextlib
import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.cli.common import (
    Config,
    Json,
    Ups,
    quiet_logs,
    settings_of,
    sudo_hint,
)
from nutbridge.cli.sma.session import interruptible
from nutbridge.errors import NutbridgeError, Stopping
from nutbridge.system.terminal import Terminal
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.config.settings import Settings
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.status.inverter import InverterLook
    from nutbridge.tools.status.live import LiveLook
    from nutbridge.tools.status.report import Live, Status

#: Between two rounds of --watch, s: of the files, and of the gateway, which
#: serves a few clients at a time.
EVERY_S = 2.0
LIVE_EVERY_S = 10.0


def show_status(
    ups: Ups = None,
    config: Config = None,
    *,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="Go on until ^C, redrawn in place."),
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask the device too; read only."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the state of a UPS, how old each value is, and its monitor.

    It is read from the port file and from what the monitor has noted, with
    --live also from the gateway or inverter, over a connection of its own. Nothing
    is written. Ages are those at the monitor's last note, which it makes at every
    full poll and at every change.

    With --watch and --json one object per line and round. JSON: times are seconds
    since 1970, ages seconds, null is unknown; power is W, positive towards the
    house.

    \b
    Exit status:
      0    protected: a monitor runs and the file claims a state
      1    not protected: the file claims a state and no monitor runs, or the
           monitor hangs, or the file has no status
      2    the command line is wrong
      69   hidden (nocomms): clients see no communication
      73   the port file is missing or cannot be read
      78   the config is wrong
      130  ended by ^C
    """  # noqa: D301  \b is typer's mark for lines that stay as they are
    from nutbridge.system.clock import SystemClock

    quiet_logs()
    clock = SystemClock()
    with sudo_hint():
        settings = settings_of(config, ups)
    with sudo_hint(), _leaving(settings, live=live):
        rounds = _Rounds(settings, clock, live=live)
        screen = Terminal(sys.stdout)
        code = _show(rounds.next(), screen, as_json=as_json, watch=watch)
        while watch:
            time.sleep(LIVE_EVERY_S if live else EVERY_S)
            code = _show(rounds.next(), screen, as_json=as_json, watch=watch)
    raise typer.Exit(code)


def _leaving(
    settings: "Settings", *, live: bool
) -> contextlib.AbstractContextManager[object]:
    """Let a signal end a session on an inverter first."""
    ours = live and settings.inverter_alone
    return interruptible() if ours else contextlib.nullcontext()


def _show(status: "Status", screen: Terminal, *, as_json: bool, watch: bool) -> int:
    from nutbridge.system import services
    from nutbridge.tools.status.words import head_of, lines_of

    if as_json:
        indent = None if watch else 2
        screen.say(json.dumps(status.plain(), indent=indent))
        return status.exit_code
    head, code = head_of(status)
    head = printable(head)
    name, colon, state = head.partition(": ")

    def paint(line: str) -> str:
        if not line.startswith(head):
            return line
        return name + colon + screen.paint(state, code) + line.removeprefix(head)

    lines = [printable(line) for line in lines_of(status, services.here())]
    if watch:
        screen.redraw(lines, paint)
    else:
        screen.say(*map(paint, lines))
    return status.exit_code


class _Rounds:
    """One look after another.

    Args:
        settings: of the config.
        clock: all times.
        live: ask the gateway too.
    """

    def __init__(
        self, settings: "Settings", clock: "SystemClock", *, live: bool
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._live = live
        self._device: LiveLook | InverterLook | None = None

    def next(self) -> "Status":
        """Look once."""
        from nutbridge.tools.status.gather import look

        live = self._ask() if self._live else None
        return replace(look(self._settings, self._clock), live=live)

    def _ask(self) -> "Live":
        from nutbridge.net.worker import ThreadWaiter
        from nutbridge.tools.status.gather import live_of
        from nutbridge.tools.status.inverter import InverterLook
        from nutbridge.tools.status.live import LiveLook
        from nutbridge.tools.status.report import Live

        try:
            with sudo_hint():
                settings, clock = self._settings, self._clock
                if self._device is None and settings.inverter_alone:
                    self._device = InverterLook(settings, clock)
                elif self._device is None:
                    self._device = LiveLook(settings, clock, ThreadWaiter())
                return live_of(self._device.look(), clock)
        except Stopping:
            raise
        except NutbridgeError as error:
            return Live(problem=str(error))
