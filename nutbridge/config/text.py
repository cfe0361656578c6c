"""Read the text of a bash-style config file as data; nothing is ever run.

What a line may be: empty, a comment, or ``KEY=value`` (``export KEY=value``
too; ``;`` ends a line). Values follow the quoting rules of bash: '...' takes
everything as it is, "..." keeps blanks and line ends, a backslash takes away
the meaning of the next character, pieces join (a'b'"c" is abc). ``$``,
backticks and ``~`` stay as they are: the entry tells when bash would have put
something else in their place.

Source: bash(1), QUOTING and EXPANSION (assignments get neither word splitting
nor pathname or brace expansion); the tests compare with bash.
"""

import re
from typing import NamedTuple

from nutbridge.errors import ConfigError

#: A config file is a few lines; anything longer is some other file.
MAX_BYTES = 1 << 20

_RULE = "allowed are comments and KEY=value lines; the file is read, never run"

_GAP = re.compile(r"(?:[ \t]|\\\n)+")
_END = re.compile(r"#[^\n]*|[\n;]+")
_EXPORT = re.compile(r"export[ \t]+")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)([ \t]+=|\+?=\(?|\[)")

_BARE = re.compile(r"[^ \t\n'\"\\;&|<>()]+")
_SINGLE = re.compile(r"'([^']*)'")
# Possessive (*+): an unclosed quote is found out in one pass.
_DOUBLE = re.compile(r'"((?:[^"\\]+|\\.)*+)"', re.DOTALL)
_ESCAPE_IN_DOUBLE = r'\\([$`"\\\n])'

# What bash replaces: $NAME, $1, $?, ${...}, $(...), $[...] and backticks; the
# line may go on between $ and the rest.
_REPLACED = r"\$(?:\\\n)*[A-Za-z0-9_{(\[@*#?!$-]|`"
_REPLACED_BARE = re.compile(_REPLACED + "|:~")
_REPLACED_DOUBLE = rf"\\.|({_REPLACED})"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class ConfigEntry(NamedTuple):
    """One assignment.

    Attributes:
        key: the name.
        value: what bash would assign, ``$``, backtick and ``~`` kept.
        line: where it begins; the first line is 1.
        has_expansion: bash would have replaced a part of it.
    """

    key: str
    value: str
    line: int
    has_expansion: bool = False

    def __repr__(self) -> str:
        """Show no value: it may be a secret."""
        return f"ConfigEntry(key={self.key!r}, line={self.line})"


def parse(data: bytes, name: str) -> dict[str, ConfigEntry]:
    """Return the last assignment of every key.

    Args:
        data: the file.
        name: its name, for messages.

    Raises:
        ConfigError: with file:line; the text never shows a value.
    """
    return {entry.key: entry for entry in _Scanner(_decode(data, name), name).entries()}


def _decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise ConfigError(name, None, f"larger than {MAX_BYTES} bytes, not a config")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        found = _CONTROL.search(text)
        before = text[: found.start()].encode() if found else data
        what = f"control character {ord(found[0])}" if found else ""
    except UnicodeDecodeError as exc:
        before, what = data[: exc.start], "bytes that are not UTF-8"
    if what:
        line = before.count(b"\n") + 1
        raise ConfigError(f"{name}:{line}", None, f"not a text file: {what}")
    return text


class _Scanner:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._pos = 0
        self._counted = 0
        self._line = 1

    def entries(self) -> list[ConfigEntry]:
        found: list[ConfigEntry] = []
        same_line = False
        while True:
            self._take(_GAP)
            if self._take(_END):
                same_line = False
            elif self._pos == len(self._text):
                return found
            else:
                found.append(self._assignment(found[-1] if same_line else None))
                same_line = True

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._pos)
        if found:
            self._pos = found.end()
        return found

    def _line_here(self) -> int:
        # Counts on from the last place: lines of a long file cost one pass.
        self._line += self._text.count("\n", self._counted, self._pos)
        self._counted = self._pos
        return self._line

    def _failure(self, key: str | None, problem: str) -> ConfigError:
        return ConfigError(f"{self._name}:{self._line_here()}", key, problem)

    def _assignment(self, before: ConfigEntry | None) -> ConfigEntry:
        if before is None:
            self._take(_EXPORT)
        line = self._line_here()
        start = self._take(_KEY)
        if start is None and before is not None:
            raise self._failure(
                before.key, "text after the value; a value with blanks needs quotes"
            )
        if start is None:
            raise self._failure(None, f"this is no assignment; {_RULE}")
        key, sign = start.groups()
        if sign.endswith(("[", "(")) or sign.startswith("+"):
            raise self._failure(key, f"lists and += are not allowed; {_RULE}")
        if sign != "=":
            raise self._failure(key, "no blank is allowed before =")
        value, has_expansion = "", False
        while piece := self._piece(key, value):
            value += piece[0]
            has_expansion = has_expansion or piece[1]
        return ConfigEntry(key, value, line, has_expansion)

    def _piece(self, key: str, so_far: str) -> tuple[str, bool] | None:
        """Take one piece of a value: its text, and whether bash replaces in it."""
        char = self._text[self._pos : self._pos + 1]
        if char in " \t\n;":  # the empty string, the end, is in it too
            return None
        if char == "\\":
            return self._escaped(), False
        if char == "'":
            return self._quoted(key, _SINGLE), False
        if char == '"':
            raw = self._quoted(key, _DOUBLE)
            text = re.sub(_ESCAPE_IN_DOUBLE, _unescape, raw)
            return text, _replaced_in_double(raw)
        found = self._take(_BARE)
        if found is None:
            raise self._failure(key, f"{char} is not allowed outside quotes")
        return found[0], self._replaced_in_bare(found[0], so_far)

    def _escaped(self) -> str:
        self._pos += 2
        char = self._text[self._pos - 1 : self._pos]
        if not char:  # a backslash as the last character of the file is itself
            self._pos = len(self._text)
            return "\\"
        return "" if char == "\n" else char

    def _quoted(self, key: str, pattern: re.Pattern[str]) -> str:
        found = self._take(pattern)
        if found is None:
            raise self._failure(
                key, f"the quote {self._text[self._pos]} is never closed"
            )
        return found[1]

    def _replaced_in_bare(self, text: str, so_far: str) -> bool:
        home = text.startswith("~") and (not so_far or so_far.endswith(":"))
        following = self._text[self._pos : self._pos + 1]
        # $'...' and $"..." are quotes of their own in bash.
        odd_quote = text.endswith("$") and following in ("'", '"', "\\")
        return home or odd_quote or _REPLACED_BARE.search(text) is not None


def _unescape(found: re.Match[str]) -> str:
    return "" if found[1] == "\n" else found[1]


def _replaced_in_double(raw: str) -> bool:
    found = re.finditer(_REPLACED_DOUBLE, raw, re.DOTALL)
    return any(each[1] for each in found)
