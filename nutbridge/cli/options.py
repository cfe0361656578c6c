"""The command line of enphase-monitor; the options of the bash script."""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, NoReturn

import typer

from nutbridge import __version__
from nutbridge.errors import EX_USAGE
from nutbridge.system.text import printable

PROGRAM = "enphase-monitor"

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
  75  another monitor runs, or one check (-s) could not decide
  78  the config is wrong
"""


class Options(NamedTuple):
    """What the command line says.

    Attributes:
        config: -c, or None.
        ups: the name, or None.
        debug: how often -d was given.
        once: -s, one check and exit.
        verbose: -v.
        hide: how often -x was given: hide the port file and exit; twice also
            while it says that the house is on battery.
    """

    config: str | None = None
    ups: str | None = None
    debug: int = 0
    once: bool = False
    verbose: bool = False
    hide: int = 0


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


def parse(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Options:
    """Read the command line.

    Args:
        argv: the arguments, without the name of the program.
        environ: CONFIG_FILE and UPS may stand for arguments; os.environ if None.

    Raises:
        SystemExit: 0 after -h or --version, 2 after a usage error, which is
            told on stderr.
    """
    environ = os.environ if environ is None else environ
    try:
        found = typer.main.get_command(app).main(
            args=list(argv), prog_name=PROGRAM, standalone_mode=False
        )
    except _PARSER_ERROR as exc:
        _refuse(exc.format_message())
    if not isinstance(found, Options):  # -h and --version give an exit code
        raise SystemExit(0)
    if found.once and found.hide:
        _refuse("-s and -x exclude each other")
    if not (
        found.config or found.ups or environ.get("CONFIG_FILE") or environ.get("UPS")
    ):
        _refuse("which UPS? Give its name, or -c CONFIG")
    return found


def _refuse(problem: str) -> NoReturn:
    line = printable(" ".join(problem.split()))
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{PROGRAM}: {line}\nTry '{PROGRAM} -h' for help.\n")
        sys.stderr.flush()
    raise SystemExit(EX_USAGE)
