"""The command nutbridge: tools for people."""

import contextlib
import logging
import os
import re
import sys
from typing import Annotated

import typer

from nutbridge import __version__
from nutbridge.cli import (
    discover,
    doctor,
    drill,
    gateway,
    history,
    release,
    setting,
    status,
    token,
    web,
)
from nutbridge.cli.common import writing
from nutbridge.cli.logs import guard_streams
from nutbridge.cli.reports import commands as reports
from nutbridge.cli.setup import command as setup
from nutbridge.cli.sma import commands as sma
from nutbridge.errors import (
    EX_CONFIG,
    EX_SOFTWARE,
    DeviceError,
    NutbridgeError,
    UsageError,
)
from nutbridge.system.text import printable

_log = logging.getLogger("nutbridge")

app = typer.Typer(
    help="Tools beside enphase-monitor, which makes a home battery a UPS for NUT.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 80},
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  called so by typer
    if wanted:
        sys.stdout.write(f"nutbridge {__version__}\n")
        raise typer.Exit


@app.callback()
def _common(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def demo(
    *,
    page: Annotated[
        bool,
        typer.Option("--web", help="Serve its page too, and go on until ^C."),
    ] = False,
) -> None:
    """Play a power outage in one minute, on this machine alone.

    Starts a stand-in gateway on loopback, the monitor, and NUT where it is
    installed, and shows what upsc sees. Changes nothing outside a temporary
    folder. With --web also the page of that house, with a made-up month behind it
    and a day of 12 panels.
    """
    from nutbridge.tools.demo.show import play

    raise typer.Exit(play(sys.stdout, os.environ, web=page))


app.command(epilog=setup.AFTERWARDS)(setup.setup)
app.command()(discover.discover)
app.add_typer(token.token, name="token")
app.add_typer(gateway.gateway, name="gateway")
app.add_typer(sma.sma, name="sma")
app.command(epilog=doctor.EPILOG)(doctor.doctor)
app.command("set")(setting.set_settings)
app.command("status")(status.show_status)
app.command("history")(history.show_history)
app.command("release")(release.release)
app.command("drill")(drill.drill)
app.command("web")(web.web)
app.add_typer(reports.reports, name="reports")


#: Three base64url parts, the first begins with {" (redact.py); other users can
#: read a command line, and a shell keeps it.
_A_TOKEN = re.compile(r"eyJ[\w-]{6,}\.[\w-]*\.")


def _refuse_tokens(words: list[str]) -> None:
    """Say where a token belongs, before any message repeats it."""
    if any(_A_TOKEN.search(word) for word in words):
        raise UsageError(
            "a token does not belong on the command line: give it to nutbridge token "
            "import on stdin or in a file, and remove this line from the history"
        )


def _run() -> None:
    try:
        app(prog_name="nutbridge")
    except SystemExit:
        # What is still in the buffer fails here, not in the interpreter's end.
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        raise


def _no_folder() -> str | None:
    """Return what is to be said where the current folder has been removed."""
    try:
        os.getcwd()
    except OSError as exc:
        return f"no current folder: {exc.strerror}; cd to one that is there"
    return None


def main() -> None:
    """Run the command and end the process."""
    guard_streams()
    try:
        _refuse_tokens(sys.argv[1:])
        with writing():
            _run()
    except NutbridgeError as exc:
        text = exc.advice if isinstance(exc, DeviceError) else str(exc)
        sys.stderr.write(f"nutbridge: {printable(text)}\n")
        sys.exit(exc.exit_code)
    except Exception as exc:  # noqa: BLE001  the one place where a bug ends
        if isinstance(exc, FileNotFoundError) and (gone := _no_folder()):
            sys.stderr.write(f"nutbridge: {gone}\n")
            sys.exit(EX_CONFIG)
        logging.basicConfig()
        _log.exception("this is a bug in nutbridge; please report it with these lines")
        sys.exit(EX_SOFTWARE)
