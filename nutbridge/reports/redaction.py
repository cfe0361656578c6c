"""What must not leave the house: its place, its addresses, its serial numbers.

Exports hide the place and the MAC address. A capture for a bug report goes to
strangers: there every serial number becomes another one as well, the same one
each time, so that rows still belong together.
"""

import re

HIDDEN = "(hidden)"

_PLACE = (
    r"lat|lon|lng|latitude|longitude|altitude|gps\w*|location|address|zip|postal\w*"
)
_ADDRESS = r"\w*mac(?:_\w*)?|ip_addr\w*|hostname|ssid"
_PRIVATE_NAME = re.compile(rf"(?:{_PLACE}|\w*mac(?:_\w*)?)", re.IGNORECASE)
_MAC = re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE)

#: name="value", name='value', "name": "value"
_NAMED = re.compile(
    rf"""(?P<before>\b(?:{_PLACE}|{_ADDRESS})["']?\s*[=:]\s*)"""
    r"""(?:"[^"<]*"|'[^'<]*'|[^\s"'<>&,;}]+)""",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_SERIAL = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SECRET = re.compile(r"(?i)^(?:authorization|cookie|set-cookie|x-forwarded-for)$")


def hide(name: str, value: object) -> object:
    """Return the value of an attribute for an export."""
    if value is None:
        return None
    if _PRIVATE_NAME.fullmatch(name):
        return HIDDEN
    if isinstance(value, str):
        return _MAC.sub(HIDDEN, value)
    return value


class Pseudonyms:
    """Hides what a text says about a house and its owner.

    One object for all texts of a capture: a serial number gets one other number.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Return a text of the wire without anything private."""
        text = _NAMED.sub(rf'\g<before>"{HIDDEN}"', text)
        text = _MAC.sub(HIDDEN, text)
        text = _IPV4.sub(HIDDEN, text)
        return _SERIAL.sub(self._other, text)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without anything private."""
        return HIDDEN if _SECRET.match(name) else self.text(value)

    def _other(self, found: re.Match[str]) -> str:
        return self._names.setdefault(found[0], f"9999{len(self._names) + 1:08}")
