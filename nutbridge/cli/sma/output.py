"""Rows of an inverter on standard output: tree, list, CSV or JSON."""

import contextlib
import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nutbridge.cli.logs import printable
from nutbridge.errors import NutbridgeError

if TYPE_CHECKING:
    from nutbridge.sma.rows import Row


def guard_encoding() -> None:
    """Write what the terminal cannot show (``°C``) as an escape."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Say plainly that a disk is full; a closed pipe is typer's business."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would write what is left at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        problem = error.strerror or type(error).__name__
        raise NutbridgeError(f"standard output: {problem}") from None


def write_lines(lines: Iterable[str]) -> None:
    """Write lines; control characters from the network are escaped.

    Raises:
        NutbridgeError: they cannot be written, here and below.
    """
    with _writing():
        sys.stdout.writelines(f"{printable(line)}\n" for line in lines)


def write_object(members: Mapping[str, object]) -> None:
    """Write one JSON object on one line."""
    with _writing():
        sys.stdout.write(json.dumps(members, allow_nan=False) + "\n")


def write_json(rows: Sequence["Row"], *, one_line: bool = False) -> None:
    """Write an array with one object per row.

    Args:
        rows: in the order shown.
        one_line: the whole array on one line, for a watch.
    """
    # Plain ASCII: an escape in a text cannot reach a terminal.
    objects = [json.dumps(row.as_json(), allow_nan=False) for row in rows]
    start, between, end = ("[", ", ", "]") if one_line else ("[\n ", ",\n ", "\n]")
    with _writing():
        sys.stdout.write(start + between.join(objects) + end + "\n")


def write_csv(rows: Sequence["Row"], *, time: str | None, header: bool) -> None:
    """Write comma-separated values.

    Args:
        rows: in the order shown.
        time: of a round of a watch, in a last column; None for a single answer.
        header: names of the columns first.
    """
    from nutbridge.sma.rows import CSV_COLUMNS

    writer = csv.writer(sys.stdout, lineterminator="\n")
    more = [] if time is None else [time]
    with _writing():
        if header:
            writer.writerow([*CSV_COLUMNS, *(["time"] if more else [])])
        for row in rows:
            writer.writerow([printable(cell) for cell in (*row.as_cells(), *more)])
