"""The answer of /info: who the gateway is, and its clock.

XML without a document type, parsed with expat's handlers: no tree, no entity,
no external file. Control characters are dropped first, one of them in the
software version would otherwise cost the whole answer.
"""

import re
from typing import Any, NamedTuple, Self

from nutbridge.net.jsonfields import BodyError, tidy

#: Times by a gateway's clock. One that was never set, in an outage without internet,
#: begins in 1970; only its differences count. 0 is no time.
EPOCH_RANGE = (1.0, 2.6e11)

_ROOT = "envoy_info"
_SERIAL = (_ROOT, "device", "sn")
_SOFTWARE = (_ROOT, "device", "software")
_TIME = (_ROOT, "time")
_TOKENS = (_ROOT, "web-tokens")
_WANTED = frozenset((_SERIAL, _SOFTWARE, _TIME, _TOKENS))

_MAJOR = re.compile(r"[A-Za-z]?(\d{1,3})\.")
_FIRST_WITH_TOKENS = 7

_TEXT_MAX = 200
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r")


class Info(NamedTuple):
    """Identity of a gateway.

    Attributes:
        serial: ``sn``, 12 digits.
        software: e.g. ``D8.3.5169``; the letter is the hardware's branch.
        epoch_s: the gateway's clock, seconds since 1970.
        web_tokens: True when it wants tokens (firmware 7 and later); None where it
            does not say.
    """

    serial: str | None = None
    software: str | None = None
    epoch_s: float | None = None
    web_tokens: bool | None = None

    @property
    def takes_tokens(self) -> bool | None:
        """Whether it knows tokens: firmware 7 and later; None while not told.

        The element ``web-tokens`` is missing in all firmware before; versions begin
        with a letter (D8.3.5169, R4.10.35, M4.2.33) or without one (3.9.36).
        """
        found = _MAJOR.match(self.software or "")
        return int(found[1]) >= _FIRST_WITH_TOKENS if found else self.web_tokens

    @classmethod
    def from_xml(cls, body: bytes) -> Self:
        """Read the body of /info.

        Source: GET /info, all firmware; no authentication. Indentation and
        Content-Type differ between versions.
        Shape: <envoy_info><time/><device><sn/><software/>...</device>...

        Raises:
            BodyError: no XML, another document, or one with a document type.
        """
        found = _read(body)
        seconds = found.get(_TIME, "").strip()
        epoch_s = float(seconds) if _is_number(seconds) else None
        if epoch_s is not None and not EPOCH_RANGE[0] <= epoch_s <= EPOCH_RANGE[1]:
            epoch_s = None
        tokens = found.get(_TOKENS)
        return cls(
            serial=tidy(found.get(_SERIAL, "")),
            software=tidy(found.get(_SOFTWARE, "")),
            epoch_s=epoch_s,
            web_tokens=None if tokens is None else tokens.strip().lower() == "true",
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20  # noqa: PLR2004  no endless number


def _read(body: bytes) -> dict[tuple[str, ...], str]:
    """Return the texts of the wanted elements, the first of each."""
    from xml.parsers import expat

    body = body.translate(None, _CONTROLS).strip()
    if not body:
        raise BodyError("empty body")
    if body[:9].lower() == b"<!doctype" or body[:5].lower() == b"<html":
        raise BodyError("HTML or an XML document type instead of plain XML")
    reader = _InfoReader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003  expat takes it by position only
    except expat.ExpatError as error:
        raise BodyError(f"cut or damaged XML in line {error.lineno}") from None
    except (LookupError, UnicodeError):
        raise BodyError("XML in an unknown encoding") from None
    return reader.found


class _InfoReader:
    """Collects what expat reports; deep nesting costs a list, not a stack."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, ...], str] = {}
        self._path: list[str] = []
        self._inside: tuple[str, ...] | None = None

    def start(self, name: str, _attributes: Any) -> None:
        self._path.append(name)
        if self._path[0] != _ROOT:
            raise BodyError(f"XML of another kind, not {_ROOT}")
        self._inside = None
        if len(self._path) <= len(_SERIAL):
            place = tuple(self._path)
            if place in _WANTED and place not in self.found:
                self._inside = place
                self.found[place] = ""

    def end(self, _name: str) -> None:
        self._path.pop()
        self._inside = None

    def characters(self, data: str) -> None:
        if self._inside and len(self.found[self._inside]) < _TEXT_MAX:
            self.found[self._inside] += data

    def doctype(self, *_args: Any) -> None:
        raise BodyError("XML with a document type, which is refused")
