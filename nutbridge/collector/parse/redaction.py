"""What must not leave the house: its place, its addresses, its serial numbers.

Exports hide the place and the MAC address. A capture for a bug report goes to
strangers: there every serial number becomes another one as well, the same one
each time, so that rows still belong together.
"""

import contextlib
import functools
import html
import ipaddress
import re
from urllib.parse import unquote

from nutbridge.system.redact import MAC

HIDDEN = "(hidden)"

# Never "any number of letters": a word of a megabyte would take for ever.
_PLACE = (
    r"\w{0,40}(?:latitude|longitude|location|coordinate)\w{0,40}"
    r"|(?:\w{0,40}_)?(?:lat|lon|lng|long|lat_?lon|lat_?lng|coords?|geo|place|position"
    r"|altitude|elevation|city|town|village|street|county|country)(?:_\w{0,40})?"
    r"|(?:gps|geo|zip|postal|postcode)\w{0,40}|address"
)
_MACS = r"\w{0,40}mac(?:_?addr\w{0,40}|_\w{0,40})?"
_WHOSE = (
    r"site|system|account|owner|user|installer|company|array|plant|home|house|customer"
    r"|client|station|member|partner|organi[sz]ation|subscriber|contract|building"
)
_NUMBERED = r"id|uid|uuid|guid|name|key|num|no|nr|number|code|ref"
_OWNER = (
    rf"\w{{0,40}}(?:{_WHOSE})[-_ ]?(?:{_NUMBERED})|u?uid|guid|imei|iccid"
    r"|site|account|owner|user|installer|company|customer|contact"
    r"|(?:first|last|full|given|family|sur|host|net|display)[-_ ]?name"
    r"|\w{0,40}e[-_]?mail\w{0,40}|\w{0,40}phone\w{0,40}|mobile|fax"
    r"|\w{0,40}(?:password|passwd|passphrase|secret|token|api[-_]?key)\w{0,40}|pwd|psk"
)
_ADDRESS = (
    rf"{_OWNER}|{_MACS}|(?:\w{{0,40}}_)?ip(?:v?[46])?(?:_?addr\w{{0,40}})?"
    r"|\w{0,40}ssid|netmask|fqdn"
)
_PRIVATE_NAME = re.compile(rf"{_PLACE}|{_MACS}", re.IGNORECASE)
#: Texts without these name nothing; that is nearly all of an export.
_NAMING = frozenset("=:>")
_ENTITY = r"&(?:quot|apos|\#\d+|\#x[0-9a-f]+);"
# JSON inside a JSON text has a backslash before each quote.
_QUOTE = rf"""\\{{0,3}}["']|{_ENTITY}"""
_PREFIX = r"(?:\w{1,40}:)?"


def _named(names: str) -> re.Pattern[str]:
    """Return what finds name="value", "name": 1, <name>value, and broken ones."""
    return re.compile(
        rf"""(?P<before>\b(?:{names})(?:{_QUOTE})?[\s+]*[=:][\s+]*)"""
        rf"""(?:(?P<nested>[\[{{{{])|(?P<quote>\\{{0,3}}")[^"<]*"|'[^'<]*'"""
        rf"""|{_ENTITY}[^<&]*"""
        # A pair: "52.5,13.4".
        rf"""|["']?[^\s"'<>&,;}}]+(?:,\s?[+-]?\d+\.\d+)*)"""
        rf"""|(?P<tag><(?P<name>{_PREFIX}(?:{names}))\b[^<>]*(?<!/)>\s*)"""
        rf"""(?:<!\[CDATA\[)?(?P<said>[^<]*)""",
        re.IGNORECASE,
    )


_PLACE_IN_TEXT = _named(f"{_PLACE}|{_MACS}")
_ALL_IN_TEXT = _named(f"{_PLACE}|{_ADDRESS}")
#: <site id="4711">, <lat value="52.5"/>
_ELEMENT = re.compile(
    rf"<{_PREFIX}(?:(?P<place>{_PLACE})|{_WHOSE})\s[^<>]*", re.IGNORECASE
)
_VALUE = re.compile(r"""(?P<name>[\w:.-]{1,80}\s*=\s*)(?:"[^"]*"|'[^']*')""")
_ID = re.compile(rf"(?:{_NUMBERED}|value)\s*=\s*", re.IGNORECASE)
#: What opens or closes a list or an object, or a text in which it means nothing.
_BRACKETS = re.compile(r"""[\[\]{}]|"(?:[^"\\]|\\.)*+"?|\\.""", re.DOTALL)
_IPV4 = re.compile(r"(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
#: What may be IPv6; ``ipaddress`` says whether it is.
_IPV6 = re.compile(r"(?<![0-9a-z])[0-9a-f:][0-9a-f:.]{1,50}(?![0-9a-z])", re.IGNORECASE)
_OTHER_MAC = re.compile(
    r"(?<![0-9a-z])(?:(?:[0-9a-f]{1,2}[:_-]){5,7}[0-9a-f]{1,2}"
    r"|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|(?=\d*[a-f])[0-9a-f]{12})(?![0-9a-z])",
    re.IGNORECASE,
)
_ID_IN_PATH = re.compile(
    rf"(?P<before>/(?:{_WHOSE})s?/)[^/\s?&\"'<>]{{1,64}}", re.IGNORECASE
)
_MAIL = re.compile(
    r"""[^\s"'<>=&,;:()\[\]@]{1,64}\s?@\s?(?:\[[^\]\s]{1,80}\]|[\w.-]{1,253})"""
)
_COLONS = 2
#: Two numbers of degrees.
_PAIR = re.compile(
    r"(?<![\d.])[+-]?\d{1,3}\.\d{3,}\s?\W?[NS]?[,;\s]\s?[+-]?\d{1,3}\.\d{3,}"
)
#: Times have ten digits.
_SERIAL = re.compile(r"(?<!\d)\d{11,20}(?!\d)")
_SERIAL_NAME = (
    r"\w{0,40}eqid|\w{0,40}(?:sn|s/n)"
    r"|\w{0,40}serial\w{0,40}(?:[-_ ]n(?:um\w{0,7}|o|r))?"
    r"|\w{0,40}(?:envoy|emu|gateway|device|panel|pcu|inverter|module|acb|battery|meter)"
    r"[-_ ]?(?:id|num|no|number)"
)
#: Where a serial number of any length stands, or several.
_SERIAL_IN_TEXT = re.compile(
    rf"""(?P<before><{_PREFIX}(?:{_SERIAL_NAME})\b[^<>]*>\s*(?:<!\[CDATA\[)?"""
    rf"""|\b(?:{_SERIAL_NAME})(?:{_QUOTE})?(?:[\s+]*[=:][\s+]*|[\s+]+(?=\d{{3}}))"""
    rf"""(?:{_QUOTE})?)"""
    r"""(?P<serial>(?<=["';])[^"'<>&\\]{1,256}|\[[^\]<>]{1,4096}"""
    r"""|[^\s"'<>&,;\[\]{}()\\]{1,64})""",
    re.IGNORECASE,
)
#: One of them; its channel may follow.
_ONE_SERIAL = re.compile(
    r"""(?P<one>[^\s,;"'\[\]\\]+?)(?P<channel>\.\d{1,3})?(?=[\s,;"'\[\]\\]|$)"""
)
_NO_SERIAL = frozenset({"null", "none", "true", "false", "-", HIDDEN})
#: Shorter ones may be anything where no name stands before them.
_LONG_ENOUGH = 6
_WORD = re.compile(r"[0-9A-Za-z]+")
#: Serial numbers of other letters that are looked for one by one.
_MOST_ODD = 100
_SECRET = re.compile(r"(?i)^(?:authorization|cookie|set-cookie|x-forwarded-for)$")
_ESCAPED = re.compile(
    r"(?:%[0-9a-f]{2})+|&(?:quot|apos|amp|lt|gt|#\d{1,7}|#x[0-9a-f]{1,6});|\\u[0-9a-f]{4}",
    re.IGNORECASE,
)
#: How often escapes of escapes are read.
_TIMES = 3


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
        self._odd: list[str] = []

    def learn(self, text: str) -> None:
        """Note the serial numbers of a text, to find them in others too."""
        for found in _SERIAL_IN_TEXT.finditer(_decoded(text)):
            self._serials(found["serial"])

    def text(self, text: str) -> str:
        """Return a text of the wire without anything private.

        Escapes stay, unless there is something private behind them.
        """
        said = self._read_as_it_is(text)
        plain = _decoded(said)
        if plain == said:
            return said
        again = self._read_as_it_is(plain)
        return said if again == plain else again

    def _read_as_it_is(self, text: str) -> str:
        text = _SERIAL_IN_TEXT.sub(
            lambda found: found["before"] + self._serials(found["serial"]), text
        )
        text = _ELEMENT.sub(_without_values, text)
        text = _cover(_ALL_IN_TEXT, text)
        text = _ID_IN_PATH.sub(rf"\g<before>{HIDDEN}", text)
        if "@" in text:
            text = _MAIL.sub(HIDDEN, text)
        text = _IPV6.sub(_hidden_address, text)
        for private in (MAC, _OTHER_MAC, _PAIR, _IPV4):
            text = private.sub(HIDDEN, text)
        text = _SERIAL.sub(lambda found: self._other(found[0]), text)
        for odd in self._odd:
            text = text.replace(odd, self._names[odd])
        return _WORD.sub(self._known, text)

    def header(self, name: str, value: str) -> str:
        """Return the value of a header without anything private."""
        return HIDDEN if _SECRET.match(name) else self.text(value)

    def _known(self, found: re.Match[str]) -> str:
        word = found[0]
        return self._names.get(word, word) if len(word) >= _LONG_ENOUGH else word

    def _serials(self, text: str) -> str:
        return _ONE_SERIAL.sub(
            lambda found: self._other(found["one"]) + (found["channel"] or ""), text
        )

    def _other(self, serial: str) -> str:
        if serial in self._others or serial.lower() in _NO_SERIAL:
            return serial
        if serial not in self._names:
            other = f"9999{len(self._names) + 1:08}"
            self._names[serial] = other
            self._others.add(other)
            odd = len(serial) >= _LONG_ENOUGH and not _WORD.fullmatch(serial)
            if odd and len(self._odd) < _MOST_ODD:
                self._odd.append(serial)
        return self._names[serial]


def _decoded(text: str) -> str:
    """Return a text without the escapes of URLs, XML and JSON."""
    for _ in range(_TIMES):
        before, text = text, _ESCAPED.sub(_unescaped, text)
        if text == before:
            break
    return text


def _unescaped(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[0] == "%":
        return unquote(escape)
    # HTML's knows numbers that are no character, as halves of one are none.
    entity = f"&#x{escape[2:]};" if escape[0] == "\\" else escape
    return html.unescape(entity)


def _without_values(found: re.Match[str]) -> str:
    """Hide what the attributes of an element say: all, or those that are an id."""

    def hidden(one: re.Match[str]) -> str:
        private = found["place"] or _ID.fullmatch(one["name"])
        return f'{one["name"]}"{HIDDEN}"' if private else one[0]

    return _VALUE.sub(hidden, found[0])


def _hidden_address(found: re.Match[str]) -> str:
    text = found[0]
    if text.count(":") >= _COLONS:
        # A colon or a full stop of the sentence may stand beside it.
        for start in (0, 1):
            for end in (len(text), len(text) - 1):
                with contextlib.suppress(ValueError):
                    ipaddress.IPv6Address(text[start:end])
                    return f"{text[:start]}{HIDDEN}{text[end:]}"
    return text
