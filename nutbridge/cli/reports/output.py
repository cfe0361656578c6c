"""Answers on standard output: JSON, CSV, or lines for people."""

import contextlib
import csv
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer

from nutbridge.cli.common import csv_cell
from nutbridge.errors import NutbridgeError
from nutbridge.system.terminal import Terminal
from nutbridge.system.text import printable

Object = dict[str, Any]

_INTERRUPTED = 130
_COLLECTOR = (
    *("sqlalchemy", "psycopg", "psycopg_c", "psycopg_binary", "tzdata"),
    *("uvicorn", "starlette", "prometheus_client", "cryptography", "h11"),
)
#: Redraws of the bar, s.
_EVERY_S = 0.1
_BAR = 30


@contextlib.contextmanager
def orderly() -> Iterator[None]:
    """End quietly on ^C and a closed pipe, plainly where a library is missing."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        # Python would write what is left at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except ModuleNotFoundError as exc:
        if exc.name not in _COLLECTOR:
            raise
        raise NutbridgeError(
            f"{exc.name} is missing; "
            "install it with: pip install 'nutbridge[collector]'"
        ) from exc


def write_array(objects: Iterable[Object]) -> None:
    """Write an array, one object per line, as they come."""
    between = "[\n "
    for one in objects:
        sys.stdout.write(between + _json(one))
        between = ",\n "
    sys.stdout.write("[]\n" if between[0] == "[" else "\n]\n")


def write_lines_of_json(objects: Iterable[Object]) -> None:
    """Write one object per line."""
    for one in objects:
        sys.stdout.write(_json(one) + "\n")


def write_csv(objects: Iterable[Object], columns: Sequence[str]) -> None:
    """Write comma-separated values; what has no column goes into ``extra``."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for one in objects:
        more = {key: value for key, value in one.items() if key not in columns}
        if more and "extra" in columns:
            one["extra"] = json.dumps(more, sort_keys=True)
        writer.writerow([csv_cell(one.get(column)) for column in columns])


def write_lines(lines: Iterable[str]) -> None:
    """Write lines; control characters from the network are escaped."""
    for line in lines:
        sys.stdout.write(printable(line) + "\n")


def moment(seconds: object) -> str:
    """Return a time as people read it, in this machine's timezone."""
    if not isinstance(seconds, int):
        return "-"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _json(one: Object) -> str:
    # Plain ASCII: an escape in a text cannot reach a terminal.
    return json.dumps(one, allow_nan=False)


class Bar:
    """How far a long job is, on the last line of a terminal; else nothing.

    Args:
        total: of what is counted.
    """

    def __init__(self, total: int) -> None:
        self._screen = Terminal(sys.stderr)
        self._shown = total > 0 and self._screen.redraws
        self._total = total
        self._next_s = 0.0

    def at(self, done: int) -> None:
        """Show that so many are done."""
        now_s = time.monotonic()
        if not self._shown or (now_s < self._next_s and done < self._total):
            return
        self._next_s = now_s + _EVERY_S
        full = _BAR * done // self._total
        bar = "#" * full + "." * (_BAR - full)
        self._screen.live(f"[{bar}] {done} of {self._total}")

    def end(self) -> None:
        """Take it away."""
        self._screen.live("")
