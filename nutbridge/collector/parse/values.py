"""Attributes of the wire to values; what cannot be used is kept as it came."""

import json
import re
from collections.abc import Mapping

#: Where the databases' integers end.
MAX_INT = 2**63 - 1
_MAX_DIGITS = 19
#: 2100-01-01: an Envoy whose clock is later has none.
MAX_DATE = 4_102_444_800
#: Serial numbers and eqids are keys of the database.
MAX_NAME = 64
#: Of a timezone: real ones have up to 40. What is known of one stays in memory.
MAX_ZONE = 200
#: Real lists have up to 8.
_MAX_VALUES = 100
#: A list without a doubt, found out three times as fast.
USUAL_LIST = "-?[0-9]{1,18}(?:,-?[0-9]{1,18}){0,98}"
_USUAL = re.compile(USUAL_LIST)


def whole(text: str | None, most: int = MAX_INT) -> int | None:
    """Return a whole number from 0 to ``most``, else None."""
    if text is None or not text.isdigit() or not text.isascii():
        return None
    if len(text) > _MAX_DIGITS:
        text = text.lstrip("0")
        if len(text) > _MAX_DIGITS:
            return None
    number = int(text or "0")
    return number if number <= most else None


def date(text: str | None) -> int | None:
    """Return Unix seconds, else None."""
    return whole(text, MAX_DATE)


def name(text: str | None) -> str | None:
    """Return a serial number or an eqid, else None."""
    if text and len(text) <= MAX_NAME and text.isprintable():
        return text
    return None


def as_json(attributes: Mapping[str, object]) -> str:
    """Return a JSON object whose text is the same for the same content."""
    return json.dumps(attributes, sort_keys=True, separators=(",", ":"))


class Attributes:
    """The attributes of one element, taken out one by one.

    What is left at the end is unknown. ``odd`` collects what cannot be used.
    """

    __slots__ = ("left", "odd")

    def __init__(self, attributes: dict[str, str]) -> None:
        self.left = attributes
        self.odd: dict[str, str] = {}

    def text(self, key: str) -> str | None:
        """Take a text as it is."""
        return self.left.pop(key, None)

    def zone(self, key: str) -> str | None:
        """Take the name of a timezone, which nobody need know."""
        text = self.left.pop(key, None)
        if text is not None and len(text) > MAX_ZONE:
            self.odd[key] = text
            return None
        return text

    def whole(self, key: str, most: int = MAX_INT) -> int | None:
        """Take a whole number."""
        text = self.left.pop(key, None)
        value = whole(text, most)
        if value is None and text is not None:
            self.odd[key] = text
        return value

    def date(self, key: str) -> int | None:
        """Take Unix seconds."""
        return self.whole(key, MAX_DATE)

    def name(self, key: str) -> str | None:
        """Take a serial number or an eqid."""
        text = self.left.pop(key, None)
        value = name(text)
        if value is None and text is not None:
            self.odd[key] = text
        return value

    def extra(self) -> str | None:
        """Return what is unknown and what cannot be used, as JSON."""
        if self.left or self.odd:
            return as_json(self.left | self.odd)
        return None


def numbers(stats: str | None) -> list[int | None]:
    """Return the values of a list like ``250102,59979``; a minus is allowed.

    None stands for a value that is no whole number of 64 bits, and for a list that
    is no list of measured values.
    """
    if stats is None:
        return []
    if stats.count(",") >= _MAX_VALUES:
        return [None]
    return [_signed(part.strip()) for part in stats.split(",")]


def _signed(text: str) -> int | None:
    if text.startswith("-"):
        value = whole(text[1:])
        return None if value is None else -value
    return whole(text)


def count_odd(stats: str | None) -> int:
    """Count the values of a list that cannot be used."""
    if stats is None or _USUAL.fullmatch(stats):
        return 0
    return sum(1 for value in numbers(stats) if value is None)
