"""Changing the user's settings in the text of a port file (pure).

Only the lines of these settings are touched: every other byte stays, the
status included, and the status stays last.
"""

import difflib
from collections.abc import Mapping

from nutbridge.errors import UsageError
from nutbridge.nut.port_text import RANGES, UserLine, is_number, parse, user_settings
from nutbridge.nut.variables import (
    BY_NAME,
    ENPHASE,
    SETTINGS,
    STATUS,
    Maker,
    Variable,
    find,
)
from nutbridge.nut.words import assignment, plain_text

NAMES = tuple(each.name for each in SETTINGS)


def parse_change(word: str, maker: Maker = ENPHASE) -> tuple[str, str]:
    """Read ``name=value``; without a value the maker's default is meant.

    Raises:
        UsageError: not a setting, or a value that cannot be used; says which
            can.
    """
    name, equals, value = word.partition("=")
    name, value = name.strip(), value.strip()
    if not equals:
        raise UsageError(f"{plain_text(word)!r}: write it as NAME=VALUE")
    known = find(name)
    if known is None or known.name not in NAMES:
        raise UsageError(f"{plain_text(name)}: {_no_setting(name, known)}")
    value = value or maker.default(known.name) or ""
    problem = _problem(known.name, value)
    if problem is not None:
        raise UsageError(f"{known.name}: {plain_text(value)!r} {problem}")
    return known.name, value


def _no_setting(name: str, known: Variable | None) -> str:
    if known is not None:
        return "is written by the monitor, not a setting"
    near = difflib.get_close_matches(name.lower(), NAMES, n=1, cutoff=0.4)
    hint = f"is {near[0]} meant?" if near else f"the settings are {', '.join(NAMES)}"
    return f"not a setting; {hint}"


def _problem(name: str, value: str) -> str | None:
    if name in RANGES:
        lowest, highest = RANGES[name]
        if is_number(value, lowest, highest):
            return None
        unit = f" {BY_NAME[name].unit}".rstrip()
        return f"is not a number from {lowest:g} to {highest:g}{unit}"
    if value != plain_text(value) or not value:
        return 'must be up to 127 printable ASCII characters without ", \\ and #'
    return None


def with_settings(
    data: bytes, changes: Mapping[str, str], maker: Maker = ENPHASE
) -> bytes:
    """Return a port file with other settings.

    The last line of a setting counts, so that one is changed; its comment
    stays. A setting without a line gets one before the status.

    Raises:
        UsageError: the settings do not fit together.
    """
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    tail = lines.pop() if lines[-1] == "" else None
    found = [_setting_of(line) for line in lines]
    last = {line.setting: at for at, line in enumerate(found) if line is not None}
    added = []
    for name, value in changes.items():
        if name in last:
            old = found[last[name]]
            lines[last[name]] = _changed(name, value, old.comment if old else "")
        else:
            added.append(assignment(name, value))
    at = _before_status(lines)
    lines[at:at] = added
    if tail is not None or added:
        lines.append("")
    new = "\n".join(lines).encode("utf-8", "surrogateescape")
    _check_together(new, changes, maker)
    return new


def _setting_of(line: str) -> UserLine | None:
    lines = parse(line.encode("utf-8", "surrogateescape")).lines
    return next((each for each in lines if each.setting), None)


def _changed(name: str, value: str, comment: str) -> str:
    return f"{assignment(name, value)} {comment}".rstrip(" ")


def _before_status(lines: list[str]) -> int:
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].lstrip().lower().startswith(STATUS):
            return at
    return len(lines)


def _check_together(new: bytes, changes: Mapping[str, str], maker: Maker) -> None:
    """Refuse voltages that do not rise; what was wrong before is not our word."""
    touched = [name for name in changes if name in RANGES and "voltage" in name]
    if touched:
        for notice in user_settings(parse(new), maker).notices:
            if "do not rise" in notice:
                raise UsageError(notice.partition(";")[0])
