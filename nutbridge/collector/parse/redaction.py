"""What must not leave the house: its place, its addresses, its serial numbers.

Exports hide the place and the MAC address. A capture for a bug report goes to
strangers: there every serial number becomes another one as well, the same one
each time, so that rows still belong together.
"""

import functools
import ipaddress
import re

from nutbridge.system.redact import MAC

HIDDEN = "(hidden)"

# Never "any number of letters": a word of a megabyte would take for ever.
_PLACE = (
    r"lat|lon|lng|\w{0,40}latitude\w{0,40}|\w{0,40}longitude\w{0,40}|altitude"
    r"|gps\w{0,40}|\w{0,40}location\w{0,40}|address|zip|postal\w{0,40}"
)
_MACS = r"\w{0,40}mac(?:_?addr\w{0,40}|_\w{0,40})?"
_OWNER = (
    r"\w{0,40}(?:site|system|account|owner|user|installer|company|array)"
    r"_?(?:id|name|key|num|no|number|uid)|email\w{0,40}|e-mail|phone"
)
_ADDRESS = rf"{_OWNER}|{_MACS}|ip_addr\w{{0,40}}|hostname|ssid"
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
#: What may be IPv6; ``ipaddress`` says whether it is.
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})(?![\w:])",
    re.IGNORECASE,
)
_ID_IN_PATH = re.compile(
    r"(?P<before>/(?:systems?|sites?|accounts?|users?)/)[^/\s?&\"'<>]{1,64}",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SERIAL = re.compile(r"(?<!\d)\d{12}(?!\d)")
#: Where a serial number of any length stands; a channel may follow it.
_SERIAL_IN_TEXT = re.compile(
    rf"""(?P<before>\b(?:\w{{0,40}}eqid|sn|\w{{0,40}}serial\w{{0,40}})(?:["']|{_ENTITY})?"""
    rf"""[\s+]*[=:>][\s+]*(?:["']|{_ENTITY})?)(?P<serial>[0-9A-Za-z-]{{1,64}})""",
    re.IGNORECASE,
)
#: Shorter ones may be anything where no name stands before them.
_LONG_ENOUGH = 6
_WORD = re.compile(r"[0-9A-Za-z]+")
_SECRET = re.compile(r"(?i)^(?:authorization|cookie|set-cookie|x-forwarded-for)$")


def hide(name: str, value: object) -> object:
    """Return the value of an attribute for an export."""
    if value is None:
        return None
    if _is_private(name):
        return HIDDEN
    if isinstance(value, str):
        if not _NAMING.isdisjoint(value):
            value = _cover(_PLACE_IN_TEXT, value)
        # An export of a year has millions of texts, hardly one with a separator.
        if ":" in value or "-" in value:
            value = MAC.sub(HIDDEN, value)
    return value


@functools.lru_cache(maxsize=1024)
def _is_private(name: str) -> bool:
    return _PRIVATE_NAME.fullmatch(name) is not None


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
        self._others: set[str] = set()

    def learn(self, text: str) -> None:
        """Note the serial numbers of a text, to find them in others too."""
        for found in _SERIAL_IN_TEXT.finditer(text):
            self._other(found["serial"])

    def text(self, text: str) -> str:
        """Return a text of the wire without anything private."""
        text = _SERIAL_IN_TEXT.sub(
            lambda found: found["before"] + self._other(found["serial"]), text
        )
        text = _cover(_ALL_IN_TEXT, text)
        text = _ID_IN_PATH.sub(rf"\g<before>{HIDDEN}", text)
        text = _MAIL.sub(HIDDEN, text)
        text = MAC.sub(HIDDEN, text)
        text = _IPV6.sub(_hidden_address, text)
        text = _IPV4.sub(HIDDEN, text)
        text = _SERIAL.sub(lambda found: self._other(found[0]), text)
        return _WORD.sub(self._known, text)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without anything private."""
        return HIDDEN if _SECRET.match(name) else self.text(value)

    def _known(self, found: re.Match[str]) -> str:
        word = found[0]
        return self._names.get(word, word) if len(word) >= _LONG_ENOUGH else word

    def _other(self, serial: str) -> str:
        if serial in self._others:
            return serial
        if serial not in self._names:
            other = f"9999{len(self._names) + 1:08}"
            self._names[serial] = other
            self._others.add(other)
        return self._names[serial]


def _hidden_address(found: re.Match[str]) -> str:
    try:
        ipaddress.IPv6Address(found[0])
    except ValueError:
        return found[0]
    return HIDDEN
