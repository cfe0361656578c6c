r"""The text of ups.conf: read as NUT reads it; edit.py adds a section.

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
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from nutbridge.nut.words import conf_lines

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
        """Return the section of exactly this name, or None."""
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
