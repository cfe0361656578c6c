"""What must not leave the house: its place, its addresses, its serial numbers.

Exports hide the place and the MAC address. A capture for a bug report goes to
strangers: there every serial number becomes another one as well, the same one
each time, so that rows still belong together.
"""

import re

from nutbridge.system.redact import MAC

HIDDEN = "(hidden)"

# Never "any number of letters": a word of a megabyte would take for ever.
_PLACE = (
    r"lat|lon|lng|\w{0,40}latitude\w{0,40}|\w{0,40}longitude\w{0,40}|altitude"
    r"|gps\w{0,40}|\w{0,40}location\w{0,40}|address|zip|postal\w{0,40}"
)
_MACS = r"\w{0,40}mac(?:_?addr\w{0,40}|_\w{0,40})?"
_ADDRESS = rf"{_MACS}|ip_addr\w{{0,40}}|hostname|ssid"
_PRIVATE_NAME = re.compile(rf"{_PLACE}|{_MACS}", re.IGNORECASE)
#: Texts without these name nothing; that is nearly all of an export.
_NAMING = frozenset("=:>")
_ENTITY = r"&(?:quot|apos|\#\d+);"


def _named(names: str) -> re.Pattern[str]:
    """Return what finds name="value", "name": 1, <name>value, and broken ones."""
    # JSON inside a JSON text has a backslash before each quote.
    quote = rf"""\\{{0,3}}["']|{_ENTITY}"""
    return re.compile(
        rf"""(?P<before>\b(?:{names})(?:{quote})?[\s+]*[=:][\s+]*)"""
        rf"""(?:(?P<nested>[\[{{{{])|(?P<quote>\\{{0,3}}")[^"<]*"|'[^'<]*'"""
        rf"""|{_ENTITY}[^<&]*"""
        # A pair: "52.5,13.4".
        rf"""|["']?[^\s"'<>&,;}}]+(?:,\s?[+-]?\d+\.\d+)*)"""
        rf"""|(?P<tag><(?P<name>{names})\b[^<>]*(?<!/)>\s*)"""
        rf"""(?:<!\[CDATA\[)?(?P<said>[^<]*)""",
        re.IGNORECASE,
    )


_PLACE_IN_TEXT = _named(f"{_PLACE}|{_MACS}")
_ALL_IN_TEXT = _named(f"{_PLACE}|{_ADDRESS}")
#: What opens or closes a list or an object, or a text in which it means nothing.
_BRACKETS = re.compile(r"""[\[\]{}]|"(?:[^"\\]|\\.)*+"?|\\.""", re.DOTALL)
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
        if not _NAMING.isdisjoint(value):
            value = _cover(_PLACE_IN_TEXT, value)
        return MAC.sub(HIDDEN, value)
    return value


def _cover(names: re.Pattern[str], text: str) -> str:
    """Return a text with the values of names hidden, with all that is in them."""
    parts: list[str] = []
    folded, endless = "", set()
    at = 0
    while found := names.search(text, at):
        before, quote, end = found["before"], found["quote"] or '"', found.end()
        if found["nested"]:
            end = _end_of_nested(text, end - 1)
        elif before is None:
            before, quote = found["tag"], ""
            closing = f"</{found['name'].lower()}"
            folded = folded or text.lower()
            last = -1 if closing in endless else folded.find(closing, end)
            if last < 0:
                endless.add(closing)
            end = max(end, last)
            if end == found.end("tag"):
                parts.append(text[at:end])
                at = end
                continue
        parts += [text[at : found.start()], before, quote, HIDDEN, quote]
        at = end
    return "".join((*parts, text[at:]))


def _end_of_nested(text: str, start: int) -> int:
    """Return where the list or object that begins at ``start`` ends, or the text."""
    depth = 0
    for found in _BRACKETS.finditer(text, start):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(text)


class Pseudonyms:
    """Hides what a text says about a house and its owner.

    One object for all texts of a capture: a serial number gets one other number.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Return a text of the wire without anything private."""
        text = _cover(_ALL_IN_TEXT, text)
        text = MAC.sub(HIDDEN, text)
        text = _IPV4.sub(HIDDEN, text)
        return _SERIAL.sub(self._other, text)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without anything private."""
        return HIDDEN if _SECRET.match(name) else self.text(value)

    def _other(self, found: re.Match[str]) -> str:
        return self._names.setdefault(found[0], f"9999{len(self._names) + 1:08}")
