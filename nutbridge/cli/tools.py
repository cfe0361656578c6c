"""The command nutbridge: tools for people."""

import logging
import os
import sys
from typing import Annotated

import typer

from nutbridge import __version__
from nutbridge.cli import trust
from nutbridge.cli.logs import guard_streams, printable
from nutbridge.errors import EX_SOFTWARE, NutbridgeError

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
def demo() -> None:
    """Play a power outage in one minute, on this machine alone.

    Starts a stand-in gateway on loopback, the monitor, and NUT where it is
    installed, and shows what upsc sees. Changes nothing outside a temporary
    folder.
    """
    from nutbridge.demo.show import play

    raise typer.Exit(play(sys.stdout, os.environ))


app.add_typer(trust.token, name="token")
app.add_typer(trust.gateway, name="gateway")


def main() -> None:
    """Run the command and end the process."""
    guard_streams()
    try:
        app(prog_name="nutbridge")
    except NutbridgeError as exc:
        sys.stderr.write(f"nutbridge: {printable(str(exc))}\n")
        sys.exit(exc.exit_code)
    except Exception:  # noqa: BLE001  the one place where a bug ends
        logging.basicConfig()
        _log.exception("this is a bug in nutbridge; please report it with these lines")
        sys.exit(EX_SOFTWARE)
