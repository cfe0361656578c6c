"""The text of a config: new, or with some values changed; differences. Pure."""

from collections.abc import Mapping

from nutbridge.config.text import ConfigEntry, parse
from nutbridge.errors import ConfigError, Refused
from nutbridge.nut import port_text
from nutbridge.nut.variables import ENPHASE

_HEADER = """\
# Config of enphase-monitor for the UPS {ups}, written by nutbridge setup.
# Every key and its default: nutbridge.conf(5).
"""


def quoted(value: str) -> str:
    """Return a value as bash and our reader take it, whatever it holds.

    Within single quotes everything is itself; a single quote leaves them.
    """
    return "'" + value.replace("'", "'\\''") + "'"


def new_config(ups: str, values: Mapping[str, str]) -> str:
    """Return a config with these keys."""
    lines = [f"{key}={quoted(value)}\n" for key, value in values.items()]
    return _HEADER.format(ups=ups) + "".join(lines)


def changed_config(data: bytes, path: str, values: Mapping[str, str]) -> bytes:
    """Return a config in which these keys have these values.

    A key is changed where it stands, one that is missing comes at the end; all
    else stays, comments and order too.

    Args:
        data: the file now.
        path: its name, for messages.
        values: by key.

    Raises:
        ConfigError: the file is no config.
        Refused: a key does not stand in a line of its own.
    """
    entries = parse(data, path)
    wanted = {
        key: value
        for key, value in values.items()
        if key not in entries or entries[key].value != value
    }
    if not wanted:
        return data
    lines = data.decode("utf-8-sig").splitlines(keepends=True)
    for key in [key for key in wanted if key in entries]:
        entry = entries[key]
        if not _alone(lines[entry.line - 1], entry):
            raise Refused(
                f"{path}:{entry.line}: {key}: shares its line or spans several; "
                "change it by hand, then run setup again"
            )
        lines[entry.line - 1] = f"{key}={quoted(wanted.pop(key))}\n"
    if lines and not lines[-1].endswith("\n"):
        lines.append("\n")
    lines += [f"{key}={quoted(value)}\n" for key, value in wanted.items()]
    return "".join(lines).encode()


def _alone(line: str, entry: ConfigEntry) -> bool:
    """Tell whether a physical line is this assignment and nothing else."""
    try:
        found = parse(line.encode(), "")
    except ConfigError:
        return False
    same = found.get(entry.key)
    return len(found) == 1 and same is not None and same.value == entry.value


def own_lines(port_file: bytes) -> bytes:
    """Return the user's lines of a port file, but for settings at their default."""
    kept = [
        f"{line.text}\n"
        for line in port_text.parse(port_file).lines
        if not line.setting
        or not port_text.same_value(line.value, ENPHASE.default(line.setting) or "")
    ]
    return "".join(kept).encode("utf-8", "surrogateescape")


def difference(old: str, new: str, path: str) -> str:
    """Return what changes, as ``diff -u`` shows it; empty if nothing does."""
    import difflib  # seldom needed

    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), path, path, n=2
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in lines
    )
