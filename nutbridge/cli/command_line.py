"""The command line of enphase-monitor in full: help, long names, what is wrong.

Loaded only where ``options.plain`` cannot read a command line.
"""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from nutbridge import __version__
from nutbridge.cli.options import PROGRAM, Options
from nutbridge.errors import UsageError

#: What is wrong on the command line. Its name is TyperException from 0.28 on, and
#: ClickException before; BadParameter and UsageError stand below it.
_PARSER_ERROR: Any = typer.BadParameter.__mro__[2]

_ABOUT = """\
Make a home battery a UPS for NUT.

Asks the Enphase IQ Gateway on the local network how the grid and the battery
are, and keeps the port file of NUT's dummy-ups driver true. Runs until it is
told to stop, unless -s or -x is given.
"""

_AFTERWARDS = """\
\b
Environment:
  CONFIG_FILE     config file where -c is not given
  UPS             name of the UPS where neither UPS nor the config tells it
  NUT_SYSCONFIG   folder of enphase-UPS.conf and ups.conf (or NUT_CONFPATH)
  NUT_LOCALSTATE  folder of the port file and the token (or NUT_STATEPATH)

\b
Exit status:
  0   stopped, or the check left a port file that tells the truth
  2   the command line is wrong
  73  the port file or its folder cannot be used
  75  another monitor runs, or one check (-s) could not decide
  78  the config is wrong
"""


app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - called so by typer
    if wanted:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


_Ups = Annotated[
    str | None,
    typer.Argument(
        metavar="UPS",
        help="Name of the UPS in ups.conf. Without -c its config is "
        "enphase-UPS.conf in NUT's config folder.",
        show_default=False,
    ),
]
_Config = Annotated[
    str | None,
    typer.Option("-c", "--config", metavar="CONFIG", help="Use this config file."),
]
_Debug = Annotated[
    int,
    typer.Option(
        "-d",
        "--debug",
        count=True,
        help="Show details; twice: also the gateway's answers.",
        show_default=False,
    ),
]
_Once = Annotated[
    bool,
    typer.Option("-s", "--once", help="Check once, within 10 seconds, and exit."),
]
_Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Show one line per poll.")
]
_Hide = Annotated[
    int,
    typer.Option(
        "-x",
        "--nocomms",
        count=True,
        help="Hide the port file, so that clients see no communication, and "
        "exit. Refused while on battery, where it shuts machines down; -x -x "
        "does it all the same.",
        show_default=False,
    ),
]
_Version = Annotated[
    bool,
    typer.Option(
        "--version",
        callback=_show_version,
        is_eager=True,
        help="Show the version and exit.",
    ),
]


@app.command(
    help=_ABOUT,
    epilog=_AFTERWARDS,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "terminal_width": 80,
    },
)
def _options(
    *,
    ups: _Ups = None,
    config: _Config = None,
    debug: _Debug = 0,
    once: _Once = False,
    verbose: _Verbose = False,
    hide: _Hide = 0,
    _version: _Version = False,
) -> Options:
    return Options(config, ups, debug, once, verbose, hide)


def read(argv: Sequence[str]) -> Options | None:
    """Read any command line; None after -h or --version.

    Raises:
        UsageError: it is wrong.
    """
    try:
        found = typer.main.get_command(app).main(
            args=list(argv), prog_name=PROGRAM, standalone_mode=False
        )
    except _PARSER_ERROR as exc:
        raise UsageError(exc.format_message()) from None
    return found if isinstance(found, Options) else None
