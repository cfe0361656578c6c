r"""The text of ups.conf: read as NUT reads it, and one section added.

Rules of NUT's parseconf.c and upsconf.c (2.8.0 to 2.8.5):

1. Words and lines: words.py.
2. A line is ``[name]``, ``key = value`` (words behind the value are not used),
   or a flag. Anything else means nothing.
3. A section that comes twice is one; the last value of a key counts. Names of
   sections and the keys of NUT itself (driver, port, desc, pollinterval) differ
   by case, a driver's own keys (mode) do not.
"""

import functools
import posixpath
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from nutbridge.errors import Refused
from nutbridge.nut.words import conf_lines, leading_number, plain_text

DRIVER = "dummy-ups"
#: Keys that NUT compares letter by letter; all others are a driver's.
_EXACT = frozenset({"driver", "port", "desc", "pollinterval"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Section(NamedTuple):
    """One UPS.

    Attributes:
        name: between the brackets.
        values: by key, a driver's own keys in lower case; a flag has ``""``.
        line: of the first header; the first line is 1.
    """

    name: str
    values: Mapping[str, str] = _NOTHING
    line: int = 0

    @property
    def port(self) -> str:
        """``port`` as written; empty without one."""
        return self.values.get("port", "")

    @property
    def driver(self) -> str:
        """``driver`` as written; empty without one."""
        return self.values.get("driver", "")


class UpsConf(NamedTuple):
    """What a ups.conf says.

    Attributes:
        values: what stands before any section.
        sections: in the order of their first headers.
        whole: False where a quote is open, or a backslash stands, at the end:
            whatever is appended would be swallowed.
    """

    values: Mapping[str, str] = _NOTHING
    sections: tuple[Section, ...] = ()
    whole: bool = True

    def section(self, name: str) -> Section | None:
        """Return the section of that very name, or None."""
        return next((each for each in self.sections if each.name == name), None)

    def sections_of(self, port_path: str, folder: str = "") -> tuple[Section, ...]:
        """Return the dummy-ups sections that read this file.

        Args:
            port_path: absolute path of a port file.
            folder: where dummy-ups looks for a relative port: NUT's config folder.
        """
        wanted = posixpath.normpath(port_path)
        return tuple(
            each
            for each in self.sections
            if each.driver == DRIVER
            and each.port
            and posixpath.normpath(posixpath.join(folder, each.port)) == wanted
        )


@functools.lru_cache(4)  # each check of the daemon sees the same few
def parse_ups_conf(text: str) -> UpsConf:
    """Read a ups.conf as NUT does; never raises."""
    top: dict[str, str] = {}
    found: dict[str, tuple[int, dict[str, str]]] = {}
    here = top
    lines = conf_lines(text)
    for words, _comment, _whole, number in lines:
        first = words[0] if words else ""
        if first.startswith("[") and first.endswith("]") and first != "[":
            here = found.setdefault(first[1:-1], (number, {}))[1]
            continue
        pair = _pair(words)
        if pair is not None:
            here[pair[0]] = pair[1]
    sections = tuple(
        Section(name, MappingProxyType(values), line)
        for name, (line, values) in found.items()
    )
    return UpsConf(MappingProxyType(top), sections, lines[-1].whole)


def _pair(words: tuple[str, ...]) -> tuple[str, str] | None:
    if len(words) == 1:
        value = ""
    elif len(words) > 2 and words[1] == "=":  # noqa: PLR2004 - key, =, value
        value = words[2]
    else:
        return None
    key = words[0]
    folded = key.lower()
    return (key if folded in _EXACT else folded), value


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
