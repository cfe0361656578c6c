"""nutbridge history: what happened, and would the machines have survived it."""

import json
import os
import re
import shutil
import sys
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.cli.common import (
    Config,
    Json,
    Ups,
    quiet_logs,
    settings_of,
    sudo_hint,
    write_cells,
)
from nutbridge.errors import NutbridgeError, UsageError
from nutbridge.system.terminal import shows
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.daemon.history.reading import History

_AGO = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
#: As systemd's journalctl has them: midnights so many days ago.
_DAYS_AGO = {"today": 0, "yesterday": 1}


def show_history(
    ups: Ups = None,
    config: Config = None,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="A day (2026-03-01, yesterday), a month (2026-03), or how long "
            "ago (12h, 30d, 8w).",
        ),
    ] = None,
    plot: Annotated[
        bool, typer.Option("--plot", help="Draw the charge in the last outage.")
    ] = False,
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Show the outages as CSV.")
    ] = False,
) -> None:
    """Show the outages and silences of a UPS, and a sum for each month.

    The monitor notes them while it runs: in an outage once a minute, else every
    quarter of an hour and at each change. Of an outage: when and how long, the charge
    before and after, what left the battery, the lowest runtime, how the charge was
    known, whether LB was reached, and what upsmon would have done. Lines that cannot
    be used are left out; one line says which.

    JSON: times are seconds since 1970, null is unknown, the curve of an outage is its
    points; power is W, that of the battery positive while it gives.

    \b
    Exit status:
      0    shown
      1    nothing was noted yet, no outage to draw, or the file cannot be read
      2    the command line is wrong
      78   the config is wrong
    """  # noqa: D301  \b is typer's mark for lines that stay as they are
    if as_json + as_csv + plot > 1:
        raise UsageError("--plot, --json and --csv: only one of them")
    first = None if since is None else _since(since)
    quiet_logs()
    with sudo_hint():
        settings = settings_of(config, ups)
        history = _read(settings.state_dir, settings.ups, first)
    if as_json:
        _write_json(history)
    elif as_csv:
        from nutbridge.tools.history import rows_of

        write_cells(rows_of(history))
        sys.stderr.writelines(f"{text}\n" for text in history.left_out)
    else:
        _say(settings.ups, history, plot=plot)


def _write_json(history: "History") -> None:
    from nutbridge.ups.snapshot import encode

    found = encode(history)
    del found["points"]  # those of outages are their curves
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


def _say(ups: str, history: "History", *, plot: bool) -> None:
    from nutbridge.tools.history import drawing_of, lines_of

    if not plot:
        lines = lines_of(ups, history)
    elif history.outages:
        blocks = shows("█░▁", sys.stdout, os.environ)
        width = shutil.get_terminal_size().columns
        lines = drawing_of(history.outages[-1], blocks=blocks, width=width)
    else:
        raise NutbridgeError(f"{ups}: no outage in this time")
    sys.stdout.writelines(f"{printable(line)}\n" for line in lines)


def _read(state_dir: str, ups: str, since: float | None) -> "History":
    from nutbridge.daemon.history.file import history_path, load_history

    path = history_path(state_dir, ups)
    try:
        return load_history(path, since=since, now=time.time())
    except FileNotFoundError:
        raise NutbridgeError(
            f"{path} is not there yet: enphase-monitor writes it while it runs"
        ) from None


def _since(text: str) -> float:
    """Return the time that is meant, s since 1970.

    Raises:
        UsageError: no such time.
    """
    try:
        if ago := _AGO.fullmatch(text):
            past = timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return (datetime.now().astimezone() - past).timestamp()
        if text in _DAYS_AGO:
            day = date.today() - timedelta(days=_DAYS_AGO[text])  # noqa: DTZ011 - the user's day
            return datetime(day.year, day.month, day.day).timestamp()  # noqa: DTZ001 - and midnight
        day_of = f"{text}-01" if _MONTH.fullmatch(text) else text
        return datetime.fromisoformat(day_of).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {text}: a day like 2026-03-01, a month like 2026-03, today, "
            "yesterday, or 12h, 30d, 8w"
        ) from None
