"""The file that says where each panel is: a line per panel (pure but for one read).

``SERIAL = NAME, ROW, COLUMN``; the serial number as in the reports, with its channel
(``.1``) or without. ``#`` begins a comment. Rows and columns count from 1.
"""

import re
from pathlib import Path
from typing import NamedTuple

from nutbridge.errors import ConfigError
from nutbridge.system.files import read_file

_BYTES = 1 << 16
_MOST = 40
_LINE = re.compile(
    r"\s*([A-Za-z0-9.]{1,40})\s*=\s*([^,]{1,60}?)\s*,\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*"
)


class Place(NamedTuple):
    """Where a panel is; row and column from 1."""

    name: str
    row: int
    column: int


def read_layout(path: Path) -> dict[str, Place]:
    """Read a layout.

    Raises:
        ConfigError: it cannot be read, or a line is none; names the line.
    """
    try:
        data = read_file(path, _BYTES).data
    except OSError as exc:
        raise ConfigError(str(path), None, exc.strerror or "unreadable") from exc
    return parse_layout(data.decode("utf-8", "replace"), str(path))


def parse_layout(text: str, where: str) -> dict[str, Place]:
    """Return the places by serial number.

    Raises:
        ConfigError: a line is none, or two panels have one place.
    """
    found: dict[str, Place] = {}
    taken: dict[tuple[int, int], str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0]
        if not words.strip():
            continue
        match = _LINE.fullmatch(words)
        row, column = (int(match[3]), int(match[4])) if match else (0, 0)
        if match is None or not (0 < row <= _MOST and 0 < column <= _MOST):
            raise ConfigError(
                f"{where}:{number}",
                None,
                f"not SERIAL = NAME, ROW, COLUMN with rows and columns of 1 to {_MOST}",
            )
        other = taken.setdefault((row, column), match[1])
        if other != match[1]:
            problem = f"{other} has row {row}, column {column} already"
            raise ConfigError(f"{where}:{number}", None, problem)
        found[match[1]] = Place(match[2], row, column)
    return found
