"""What several commands of nutbridge share: their arguments, and a hint."""

import contextlib
import errno
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.errors import ConfigError, NutbridgeError, PortFileError, UsageError
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.config.settings import Settings
    from nutbridge.nut.port_file import PortFile
    from nutbridge.system.clock import SystemClock

Ups = Annotated[
    str | None, typer.Argument(metavar="[UPS]", help="Name of the UPS in ups.conf.")
]
Config = Annotated[
    str | None,
    typer.Option("-c", "--config", metavar="CONFIG", help="Use this config file."),
]
Json = Annotated[bool, typer.Option("--json", help="Show it as JSON.")]

#: For typer.Typer of a group of commands.
PLAIN = {"help_option_names": ["-h", "--help"], "terminal_width": 80}

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotPermitted(NutbridgeError):
    """A file that only root and the monitor's user may read or write.

    Attributes:
        exit_code: of the error without the hint.
    """

    def __init__(self, error: NutbridgeError) -> None:
        self.exit_code = error.exit_code
        super().__init__(f"{error}; try again with sudo")


@contextlib.contextmanager
def sudo_hint() -> Iterator[None]:
    """Say in one line what the system refuses, and ``sudo`` where that helps.

    Raises:
        NotPermitted: an ordinary user was not let in.
        NutbridgeError: instead of an OSError.
    """
    try:
        yield
    except (ConfigError, PortFileError) as error:
        if os.geteuid() != 0 and error.denied:
            raise NotPermitted(error) from error
        raise
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in _FULL and error.filename is None:
            raise  # standard output: who writes files names them
        named = f"{error.filename}: " if error.filename else ""
        problem = NutbridgeError(f"{named}{error.strerror}")
        if isinstance(error, PermissionError) and os.geteuid() != 0:
            raise NotPermitted(problem) from error
        raise problem from error


def settings_of(
    config: str | None, ups: str | None, *, account_needed: bool = False
) -> "Settings":
    """Read the config; what is odd in it is doctor's to tell.

    Raises:
        UsageError, ConfigError: see ``config.file.load``.
    """
    from nutbridge.config.file import load

    settings, _ = load(config, ups, os.environ, account_needed=account_needed)
    return settings


def gateway_settings_of(config: str | None, ups: str | None) -> "Settings":
    """Read the config of a UPS that is an IQ Gateway.

    Raises:
        ConfigError: an inverter alone is the UPS; or see ``settings_of``.
    """
    settings = settings_of(config, ups)
    if settings.inverter_alone:
        raise ConfigError(
            settings.config_path, "SERIAL", "not set: this UPS is no IQ Gateway"
        )
    return settings


def port_of(settings: "Settings", clock: "SystemClock | None" = None) -> "PortFile":
    """Return the port file of a config; nothing is looked at yet."""
    from nutbridge.nut.port_file import PortFile
    from nutbridge.system.clock import SystemClock

    return PortFile(Path(settings.port_file), clock or SystemClock())


def finite(option: str, value: float) -> float:
    """Refuse ``nan`` and infinity, which typer lets pass as numbers.

    Raises:
        UsageError: it is not.
    """
    if not math.isfinite(value):
        raise UsageError(f"{option} takes a number of seconds")
    return value


def paragraph(text: str) -> str:
    """Return a text from anywhere as lines of at most 80 characters.

    A path or an address is not broken over two lines.
    """
    import textwrap

    lines = textwrap.wrap(
        printable(text), 80, break_on_hyphens=False, break_long_words=False
    )
    return "".join(f"{line}\n" for line in lines)


def date_of(epoch: float) -> str:
    """Return a date of this machine's zone."""
    return time.strftime("%Y-%m-%d", time.localtime(epoch))


def token_ended(expires_epoch: float) -> str:
    """Say that a token has ended: it may be this machine's clock that is wrong."""
    return (
        f"the token ended on {date_of(expires_epoch)}; this machine's clock says "
        f"{date_of(time.time())}: if that is wrong, set it (timedatectl)"
    )


def quiet_logs() -> None:
    """Log to stderr, warnings and worse alone."""
    import logging

    from nutbridge.cli.logs import set_up

    set_up("nutbridge", logging.WARNING, os.environ)


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn a full disk under standard output into one clear error.

    Raises:
        NutbridgeError: its disk is full.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        # Python would write what is left at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise NutbridgeError(f"standard output: {error.strerror}") from None


def _csv_cell(value: object) -> object:
    """Return a cell of a CSV file: control characters escaped, 1 and 0 for a bool."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        # A spreadsheet would run what begins like a formula.
        safe = printable(value)
        return f"'{safe}" if safe[:1] in ("=", "+", "-", "@") else safe
    return value


def write_cells(rows: Iterable[Iterable[object]]) -> None:
    """Write comma-separated values, one line each, as they come."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows(map(_csv_cell, row) for row in rows)
