"""Rows of an inverter on standard output: tree, list, CSV or JSON."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from nutbridge.cli.common import write_cells, writing
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.sources.sma.rows import DecodedRow


def guard_encoding() -> None:
    """Write what the terminal cannot show (``°C``) as an escape."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def write_lines(lines: Iterable[str]) -> None:
    """Write lines; control characters from the network are escaped.

    Raises:
        NutbridgeError: they cannot be written, here and below.
    """
    with writing():
        sys.stdout.writelines(f"{printable(line)}\n" for line in lines)


def write_object(members: Mapping[str, object]) -> None:
    """Write one JSON object on one line."""
    with writing():
        sys.stdout.write(json.dumps(members, allow_nan=False) + "\n")


def write_json(rows: Sequence["DecodedRow"], *, one_line: bool = False) -> None:
    """Write an array with one object per row.

    Args:
        rows: in the order shown.
        one_line: the whole array on one line, for a watch.
    """
    # Plain ASCII: an escape in a text cannot reach a terminal.
    objects = [json.dumps(row.as_json(), allow_nan=False) for row in rows]
    start, between, end = ("[", ", ", "]") if one_line else ("[\n ", ",\n ", "\n]")
    with writing():
        sys.stdout.write(start + between.join(objects) + end + "\n")


def write_csv(rows: Sequence["DecodedRow"], *, time: str | None, header: bool) -> None:
    """Write comma-separated values.

    Args:
        rows: in the order shown.
        time: of a round of a watch, in a last column; None for a single answer.
        header: names of the columns first.
    """
    from nutbridge.sources.sma.rows import CSV_COLUMNS

    more = [] if time is None else [time]
    with writing():
        if header:
            write_cells([[*CSV_COLUMNS, *(["time"] if more else [])]])
        write_cells([*row.as_cells(), *more] for row in rows)
