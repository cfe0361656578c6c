"""Changes that people ask for: settings of a port file, a section of ups.conf (pure).

Only the lines of these settings are touched: every other byte stays, the
status included, and the status stays last.
"""

import difflib
import posixpath
import re
from collections.abc import Mapping

from nutbridge.errors import Refused, UsageError
from nutbridge.nut.port_text import RANGES, UserLine, is_number, parse, user_settings
from nutbridge.nut.ups_conf import DRIVER, Section, UpsConf, parse_ups_conf
from nutbridge.nut.variables import (
    BY_NAME,
    ENPHASE,
    SETTINGS,
    STATUS,
    Maker,
    Variable,
    find,
)
from nutbridge.nut.words import assignment, leading_number, plain_text

NAMES = tuple(each.name for each in SETTINGS)


def parse_change(word: str, maker: Maker = ENPHASE) -> tuple[str, str]:
    """Read ``name=value``; without a value the maker's default is meant.

    Raises:
        UsageError: not a setting, or a value that cannot be used; says which
            can.
    """
    name, equals, value = word.partition("=")
    name, value = name.strip(), value.strip()
    if not (equals and name):
        raise UsageError(f"{word!r}: write it as NAME=VALUE")
    known = find(name)
    if known is None or known.name not in NAMES:
        raise UsageError(f"{plain_text(name)}: {_no_setting(name, known)}")
    value = value or maker.default(known.name) or ""
    problem = _problem(known.name, value)
    if problem is not None:
        raise UsageError(f"{known.name}: {value!r} {problem}")
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


def section_text(
    name: str, port_path: str, desc: str, pollinterval_s: int | None = None
) -> str:
    """Return the section of one battery.

    Args:
        name: of the UPS: letters, digits, ``_ . -``.
        port_path: absolute path of the port file.
        desc: shown by ``upsc -l``.
        pollinterval_s: where the file's own default would read the port file
            too seldom.
    """
    lines = [
        f"[{name}]",
        f"  driver = {DRIVER}",
        f"  port = {_quoted(port_path)}",
        "  mode = dummy-once",
        f'  desc = "{plain_text(desc)}"',
    ]
    if pollinterval_s is not None:
        lines.append(f"  pollinterval = {pollinterval_s}")
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9%+,./:;@_-]+", path):
        return path
    escaped = re.sub(r'(["\\#])', r"\\\1", path)
    return f'"{escaped}"'


#: A driver that looks less often shows an outage late.
_SLOWEST_POLL_S = 5
_POLL_S = 2


def with_section(
    text: str, name: str, port_path: str, desc: str, folder: str = ""
) -> str:
    """Return the text of ups.conf with this UPS in it.

    A section that is there already, for this port file, is left as it is.

    Args:
        text: of the file now, empty if there is none.
        name: of the UPS.
        port_path: absolute path of its port file.
        desc: for a new section.
        folder: where dummy-ups looks for a relative port: NUT's config folder.

    Raises:
        Refused: the name is taken for something else, or nothing can be
            appended; the text says what to do.
    """
    conf = parse_ups_conf(text)
    old = conf.section(name)
    if old is not None:
        _check_same(old, port_path, folder)
        return text
    _check_free(conf, name, port_path, folder)
    seconds = leading_number(conf.values.get("pollinterval", "")) or 0
    poll_s = _POLL_S if seconds > _SLOWEST_POLL_S else None
    gap = "" if not text or text.endswith("\n\n") else "\n"
    if text and not text.endswith("\n"):
        gap = "\n\n"
    added = section_text(name, port_path, desc, poll_s)
    return f"{text}{gap}{added}"


def _check_free(conf: UpsConf, name: str, port_path: str, folder: str) -> None:
    for each in conf.sections:
        if each.name.lower() == name.lower():
            raise Refused(
                f"ups.conf:{each.line}: there is a UPS [{each.name}], which upsd takes "
                f"for the same name; choose another one than {name}"
            )
    # The monitor looks for the driver of its own name: one file, one UPS.
    for each in conf.sections_of(port_path, folder):
        raise Refused(
            f"ups.conf:{each.line}: [{each.name}] reads {port_path} already; set up "
            f"{each.name} instead, or choose another file (--port-file)"
        )
    if not conf.whole:
        raise Refused(
            "ups.conf: its end is not whole (an open quote or a backslash): NUT would "
            "not see a section behind it; close it first"
        )


def _check_same(old: Section, port_path: str, folder: str) -> None:
    where = f"ups.conf:{old.line}: [{old.name}]"
    if old.driver != DRIVER:
        raise Refused(
            f"{where} is a UPS of driver {old.driver or 'unknown'}; choose another "
            "name, or remove that section"
        )
    read = posixpath.normpath(posixpath.join(folder, old.port))
    if read != posixpath.normpath(port_path):
        raise Refused(
            f"{where} has port = {old.port or 'none'}, not {port_path}; choose "
            f"another name, or that file (--port-file), or change the section"
        )
