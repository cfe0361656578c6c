"""Answers of a device without what names its owner (pure).

What is private is found by the table of redact.py and replaced by something of the
same form, the same by the same in all answers, so that a program that reads
them sees what it would have seen. At the end nothing of it may be left anywhere.
"""

import ipaddress
import re
from collections.abc import Iterator

from nutbridge.system.redact import KEYED, SHAPES, SecretKind

#: A private text this long is replaced wherever it stands, even inside of
#: another; a shorter one only as a word of its own.
_UNMISTAKABLE = 8

#: Shorter ones (a serial number of "0") name nobody.
_SHORTEST = 3

#: A key that is a serial number.
_NUMBERED_KEY = re.compile(r'"([^"\\]*\d{6}[^"\\]*)"\s*:')

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

#: A new text that happens to be an old one is passed over.
_TRIES = 1000

#: Addresses for documentation (RFC 5737, RFC 3849, RFC 7042) and test names (RFC 2606).
_NET4, _NET6 = "192.0.2.", "2001:db8::"
_EDGE = r"[A-Za-z0-9_]"


class Mask:
    """Replaces private texts in one set of answers; study all, then apply."""

    def __init__(self) -> None:
        self._found: dict[str, SecretKind] = {}
        self._table: dict[str, str] = {}

    @property
    def count(self) -> int:
        """How many private texts were found."""
        return len(self._found)

    def know(self, kind: SecretKind, *texts: str | None) -> None:
        """Add texts that are private wherever they stand."""
        for text in texts:
            self._add(kind, text or "")

    def study(self, text: str) -> None:
        """Find what is private in one answer."""
        for pattern, kind in KEYED:
            for hit in pattern.finditer(text):
                for value in _values(hit["value"]):
                    self._add(_kind_of(value, kind), value)
        for kind, pattern in SHAPES:
            for hit in pattern.finditer(text):
                if _is_one(kind, hit[0]):
                    self._add(kind, hit[0])

    def _add(self, kind: SecretKind, text: str) -> None:
        folded = text.lower()
        if len(text) >= _SHORTEST and text.strip("0.:-") and folded not in self._found:
            self._found[folded] = kind
            self._table = {}

    def instead_of(self, text: str) -> str:
        """Return what stands for a private text."""
        return self._replacements().get(text.lower(), text)

    def _replacements(self) -> dict[str, str]:
        """Choose the new texts; none of them is one of the old ones."""
        numbers = dict.fromkeys(SecretKind, 0)
        if not self._table:
            taken = set(self._found)
            for text, kind in self._found.items():
                new = text
                for _ in range(_TRIES):
                    if new not in taken:
                        break
                    numbers[kind] += 1
                    new = _instead(kind, text, numbers[kind])
                taken.add(new)
                self._table[text] = new
        return self._table

    def apply(self, text: str) -> str:
        """Return a text with everything private replaced."""
        table = self._replacements()
        if not table:
            return text
        every = sorted(table, key=len, reverse=True)
        pattern = re.compile("|".join(_pattern(one) for one in every), re.IGNORECASE)
        return pattern.sub(lambda hit: table[hit[0].lower()], text)

    def is_left_in(self, text: str) -> bool:
        """Whether anything private is still to be seen."""
        return any(re.search(_pattern(one), text, re.IGNORECASE) for one in self._found)


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    if len(text) >= _UNMISTAKABLE and text.isalnum():
        return escaped
    return rf"(?<!{_EDGE}){escaped}(?!{_EDGE})"


def _values(text: str) -> Iterator[str]:
    """Return the texts and numbers of a value: of itself, a list, an object.

    In a list those with a digit; of an object the keys that are serial numbers.
    """
    stripped = text.strip()
    if stripped[:1] not in ("[", "{"):
        yield _content(stripped)
        return
    if stripped[:1] == "{":
        # What is told of each stands behind its serial number, and names nobody.
        for hit in _NUMBERED_KEY.finditer(stripped):
            yield hit[1]
        return
    for hit in re.finditer(r'"((?:[^"\\]|\\.)*)"|(-?[\d.]+)', stripped):
        one = hit[1] if hit[1] is not None else hit[2]
        if any(char.isdigit() for char in one):
            yield one


def _content(value: str) -> str:
    """Return a value without its quotes, escaped (JSON inside a text) or cut off."""
    escape, quote, text = value.partition('"')
    if not quote or escape.strip("\\"):
        return value
    if escape:
        return text.partition(escape + quote)[0]
    return text[:-1] if text.endswith(quote) else text.rstrip("\\")


def _kind_of(value: str, default: SecretKind) -> SecretKind:
    """Return what a value looks like, else what its key says."""
    for kind, pattern in SHAPES:
        if pattern.fullmatch(value) and _is_one(kind, value):
            return kind
    return default


def _is_one(kind: SecretKind, text: str) -> bool:
    """Tell an address from a version or a time of the same shape."""
    if kind is not SecretKind.IP:
        return True
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (found.is_unspecified or text.startswith(("255.", _NET4)))


def _instead(kind: SecretKind, text: str, number: int) -> str:
    match kind:
        case _ if _NUMBER.fullmatch(text):
            # As the serials of test-data: digits beginning with 122. A number
            # stays a number.
            return f"122{number:0{max(3, len(text) - 3)}d}"
        case SecretKind.MAC:
            sep = next((c for c in text if c in ":-"), "")
            tail = f"{number & 0xFFFF:04x}"
            return sep.join(("00", "00", "5e", "00", tail[:2], tail[2:]))
        case SecretKind.IP:
            six = ":" in text
            return f"{_NET6}{number:x}" if six else f"{_NET4}{(number - 1) % 254 + 1}"
        case SecretKind.MAIL:
            return f"user{number}@example.net"
        case _:
            return f"{kind.value}-{number}"
