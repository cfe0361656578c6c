"""nutbridge release: the grid is back, but the gateway is dead."""

import contextlib
import signal
import sys
from typing import Annotated

import typer

from nutbridge.cli.ask import ask_yes
from nutbridge.cli.common import (
    Config,
    Ups,
    paragraph,
    quiet_logs,
    settings_of,
    sudo_hint,
)
from nutbridge.system.terminal import Terminal

#: ^C, kill, and the end of an ssh session.
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED = (
    "Interrupted. A running monitor goes on by itself; without one the port file "
    "stands as it is until the monitor of {ups} is started."
)


def release(
    ups: Ups = None,
    config: Config = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask: the grid is back.")
    ] = False,
) -> None:
    """End an outage that is held because the gateway went silent in it.

    For the case that the grid is back and the gateway is dead, so that the port
    file says OB until the estimated charge is low and machines shut down. The
    gateway is asked first; when it answers, nothing is done. Then OL is shown
    for 30 seconds, so that every client sees it, and the file is hidden until
    the gateway answers. A running monitor does it, and asks the gateway all the
    time; without one this command does.

    \b
    Exit status:
      0   released: OL was seen, the file is hidden
      1   refused or not released; the message says why
      73  the port file cannot be written
      78  the config is wrong
    """  # noqa: D301  \b is typer's mark for lines that stay as they are
    from nutbridge.net.worker import ThreadWaiter
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools import release as releasing

    quiet_logs()
    clock, waiter = SystemClock(), ThreadWaiter()
    with sudo_hint():
        settings = settings_of(config, ups)
        asked = releasing.check(settings, clock, waiter)
        _say(f"The port file says {asked.status}. The {settings.device}: {asked.why}.")
        if not yes:
            _confirm()
        progress = _Progress(releasing.BY_US)
        try:
            ended = releasing.release(settings, clock, waiter, progress.tell)
        except KeyboardInterrupt:
            progress.clear()
            _say(_INTERRUPTED.format(ups=settings.ups))
            raise typer.Exit(130) from None
        finally:
            progress.clear()
    _say(f"Released: {ended}.")


def _confirm() -> None:
    _say(
        "Released, clients see OL for 30 seconds and then no communication. If the "
        "grid is not back, nothing will shut the machines down before the battery "
        "is empty."
    )
    if not ask_yes("Is the grid back?"):
        _say("Nothing was changed.")
        raise typer.Exit(1)


def _say(text: str) -> None:
    typer.echo(paragraph(text), nl=False)


class _Progress:
    """A line that counts down on a terminal, one line per stage elsewhere.

    Args:
        last: the stage that nothing may end, not even a closed pipe or terminal.
    """

    def __init__(self, last: str) -> None:
        self._last = last
        self._stage = ""
        self._screen = Terminal(sys.stdout)

    def tell(self, stage: str, left_s: float) -> None:
        """Show a stage and how many seconds it still takes."""
        if stage != self._last:
            self._write(stage, left_s)
            return
        # Less than 30 s of OL could shut machines down, and an OL that nobody
        # hides would hide the next outage.
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            self._write(stage, left_s)

    def _write(self, stage: str, left_s: float) -> None:
        if self._screen.redraws:
            self._screen.live(f"{stage}, {left_s:.0f} s ...")
        elif stage != self._stage:
            self._screen.say(f"{stage}, up to {left_s:.0f} s")
        self._stage = stage

    def clear(self) -> None:
        """Take the line away."""
        self._screen.live("")
