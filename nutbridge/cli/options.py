"""The command line of enphase-monitor; the options of the bash script."""

import contextlib
import getopt
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

from nutbridge.errors import EX_USAGE, NutbridgeError, UsageError
from nutbridge.system.text import printable

PROGRAM = "enphase-monitor"


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


def plain(argv: Sequence[str]) -> Options | None:
    """Read the short options alone, all that a unit or the script's user types.

    Without typer, which would take a tenth of a check; None for anything else.
    """
    try:
        given, names = getopt.gnu_getopt(list(argv), "c:dsvx")
    except getopt.GetoptError:
        return None
    if len(names) > 1:
        return None
    flags = [flag for flag, _ in given]
    return Options(
        config=next((text for flag, text in reversed(given) if flag == "-c"), None),
        ups=names[0] if names else None,
        debug=flags.count("-d"),
        once="-s" in flags,
        verbose="-v" in flags,
        hide=flags.count("-x"),
    )


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
    found = plain(argv) or _read(argv)
    if found.once and found.hide:
        _refuse("-s and -x exclude each other")
    if not (
        found.config or found.ups or environ.get("CONFIG_FILE") or environ.get("UPS")
    ):
        from nutbridge.config.file import which_ups

        _refuse(which_ups(environ))
    return found


def _read(argv: Sequence[str]) -> Options:
    from nutbridge.cli.command_line import read
    from nutbridge.cli.common import writing

    try:
        with writing():
            found = read(argv)
    except UsageError as error:
        _refuse(str(error))
    except NutbridgeError as error:
        _tell(str(error))
        raise SystemExit(error.exit_code) from None
    if found is None:  # -h and --version give an exit code
        raise SystemExit(0)
    return found


def _refuse(problem: str) -> NoReturn:
    line = printable(" ".join(problem.split()))
    _tell(f"{line}\nTry '{PROGRAM} -h' for help.")
    raise SystemExit(EX_USAGE)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{PROGRAM}: {text}\n")
        sys.stderr.flush()
