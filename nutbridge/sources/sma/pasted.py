"""Answers as people paste them: out of a log, as Python prints them, cut short.

JSON and Python's literals are read alike, wherever in the text they begin. What is
whole is kept; the entry in whose middle the text ends is taken out and named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nutbridge.errors import DecodeError

_SPACE = re.compile(r"\s*")
#: Whatever follows tells that it has ended.
_SCALAR = re.compile(r"[-+]?[A-Za-z0-9_.]+(?:[-+][0-9]+)?(?=[\s,:\]})])")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("null", "None", "NaN", "nan", "inf", "-inf", "Infinity")),
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_HEX = {"x": 2, "u": 4}
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_OPENING = re.compile(r"[\[{]")
_DEEPEST = 32
_LONGEST_NUMBER = 64

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was found in a text.

    Attributes:
        value: the answer, without what is not whole.
        missing: what the text breaks off in; None where it is whole.
    """

    value: Any
    missing: str | None = None


class _Broken(Exception):
    """The text ends, or goes on with something that is no value."""


class _PastedReader:
    """Reads one value from a place on.

    Attributes:
        at: the place reached.
        cut: where in the value the text broke off; None: the value is whole.
    """

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at
        self.cut: Path | None = None

    def value(self, path: Path = ()) -> Any:
        """Return the next value; a container that breaks off is kept in part."""
        opening = self._peek()
        if opening in _CLOSING:
            if len(path) > _DEEPEST:
                raise DecodeError("nested too deeply")
            self.at += 1
            filled = self._object if opening == "{" else self._list
            return filled(path, _CLOSING[opening])
        return self._text_value() if opening in "'\"" else self._scalar()

    def _peek(self) -> str:
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at
        if self.at >= len(self._text):
            raise _Broken
        return self._text[self.at]

    def _object(self, path: Path, closing: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        here = path
        try:
            while self._peek() != closing:
                key = str(self.value(path))
                here = (*path, key)
                self._colon()
                found = self.value(here)
                members[key] = found
                if self.cut is not None:
                    return members
                here = path
                self._comma(closing)
            self.at += 1
        except _Broken:
            self.cut = self.cut or here
        return members

    def _list(self, path: Path, closing: str) -> list[Any]:
        members: list[Any] = []
        try:
            while self._peek() != closing:
                members.append(self.value((*path, len(members))))
                if self.cut is not None:
                    return members
                self._comma(closing)
            self.at += 1
        except _Broken:
            self.cut = self.cut or (*path, len(members))
        return members

    def _colon(self) -> None:
        if self._peek() != ":":
            raise _Broken
        self.at += 1

    def _comma(self, closing: str) -> None:
        follows = self._peek()
        if follows == ",":
            self.at += 1
        elif follows != closing:
            raise _Broken

    def _text_value(self) -> str:
        quote = self._text[self.at]
        parts: list[str] = []
        self.at += 1
        while True:
            if self.at >= len(self._text):
                raise _Broken
            char = self._text[self.at]
            self.at += 1
            if char == quote:
                return "".join(parts)
            parts.append(self._escaped() if char == "\\" else char)

    def _escaped(self) -> str:
        char = self._text[self.at : self.at + 1]
        self.at += 1
        digits = self._text[self.at : self.at + _HEX.get(char, 0)]
        if char in _HEX and char and re.fullmatch("[0-9a-fA-F]+", digits):
            self.at += len(digits)
            return chr(int(digits, 16))
        return _ESCAPES.get(char, char)

    def _scalar(self) -> Any:
        found = _SCALAR.match(self._text, self.at)
        if found is None:
            raise _Broken
        word = found.group()
        if word in _WORDS:
            said = _WORDS[word]
        elif len(word) <= _LONGEST_NUMBER and _NUMBER.fullmatch(word):
            said = int(word) if word.lstrip("+-").isdigit() else float(word)
        else:
            raise _Broken
        self.at = found.end()
        return said


def read_pasted(text: str) -> Pasted:
    """Return the longest answer in a text.

    Raises:
        DecodeError: there is none, or nothing of it is whole.
    """
    best: tuple[int, _PastedReader, Any] | None = None
    for reader, begun, value in _found(text):
        if best is None or reader.at - begun > best[0]:
            best = (reader.at - begun, reader, value)
    if best is None:
        raise DecodeError("no answer in this text: neither JSON nor a Python dict")
    _, reader, value = best
    if reader.cut is None:
        return Pasted(value)
    missing = _taken_out(value, reader.cut)
    if not value:
        raise DecodeError("the text breaks off before the first whole value")
    return Pasted(value, missing)


def _found(text: str) -> Iterator[tuple[_PastedReader, int, Any]]:
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        begun = opening.start()
        reader = _PastedReader(text, begun)
        value = reader.value()
        if value:
            yield reader, begun, value
        at = max(reader.at, begun + 1) if value else begun + 1


def _taken_out(value: Any, cut: Path) -> str:
    """Take the entry out in whose middle the text ends; return what it is called.

    An entry is an object of Webconnect, a channel or a parameter of ennexOS: half of
    one would look like one without a value.
    """
    depth = _entry_depth(value, cut)
    if len(cut) <= depth:
        return "its end"
    holder = value
    for step in cut[:depth]:
        holder = holder[step]
    step = cut[depth]
    entry = None
    if isinstance(holder, dict):
        entry = holder.pop(str(step), None)
    elif isinstance(step, int) and step < len(holder):
        entry = holder.pop(step)
    name = entry.get("channelId") if isinstance(entry, dict) else None
    return str(name or (step if isinstance(step, str) else f"entry {step + 1}"))


def _entry_depth(value: Any, cut: Path) -> int:
    """Return how deep entries lie: result / device / key, or a list of channels."""
    if isinstance(value, list):
        at = next(iter(cut), None)
        first = value[at] if isinstance(at, int) and at < len(value) else None
        of_parameters = isinstance(first, dict) and "channelId" not in first
        return 2 if of_parameters and cut[1:2] == ("values",) else 0
    return 2 if "result" in value else 1
