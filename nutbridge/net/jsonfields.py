"""JSON from a device: parsed once, then read field by field without surprises.

``parse_json`` raises BodyError and nothing else. The getters never raise: a
field that is missing, of another type or outside its range is ``None``.
"""

import json
import math
from typing import Any

#: Texts of a device are shown in logs and in NUT; longer ones are junk.
_TEXT_MAX = 127

_BOM = "\ufeff"


#: A page for people, or a document of another kind.
WEB_PAGE = "a web page (HTML or XML) instead of JSON"


class BodyError(ValueError):
    """A body that cannot be used; the text is one clear line."""


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _no_constant(_name: str) -> None:
    """NaN and Infinity are no JSON; they are unknown values."""


# Made once: a decoder with hooks costs more to make than a small answer to read.
_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)


def parse_json(body: bytes) -> Any:
    """Parse the body of an answer, whatever its Content-Type said.

    The gateway sends no Content-Type for /ivp/*, HTML with status 200 from its
    web server, and the key "" several times in livedata's ``dry_contacts``.
    NaN, infinities and numbers too large for a float become ``None``.

    Raises:
        BodyError: empty, HTML, not UTF-8, cut, damaged or nested too deeply.
    """
    try:
        text = body.decode("utf-8").removeprefix(_BOM).strip()
    except UnicodeDecodeError as error:
        raise BodyError(f"not UTF-8 text at byte {error.start}") from None
    if not text:
        raise BodyError("empty body")
    if text.startswith("<"):
        raise BodyError(WEB_PAGE)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"character {error.pos} of {len(text)}"
        raise BodyError(f"cut or damaged JSON at {place}") from None
    except RecursionError:
        raise BodyError("JSON nested too deeply") from None
    except ValueError:
        # int() refuses more than 4300 digits.
        raise BodyError("JSON with an endless number") from None


def as_object(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object.

    Raises:
        BodyError: it is something else.
    """
    if isinstance(value, dict):
        return value
    raise BodyError(f"a JSON {_kind(value)} where an object is expected")


def as_list(value: Any) -> list[Any]:
    """Return ``value`` if it is a JSON list.

    Raises:
        BodyError: it is something else.
    """
    if isinstance(value, list):
        return value
    raise BodyError(f"a JSON {_kind(value)} where a list is expected")


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "list", str: "text", bool: "flag"}
    return kinds.get(type(value), "null" if value is None else "number")


def child(value: Any, key: str) -> dict[str, Any]:
    """Return the object under ``key``, or an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def children(value: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects in the list under ``key``; other members are left out."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list):
        return []
    return [member for member in found if isinstance(member, dict)]


def number(value: Any, key: str, low: float, high: float) -> float | None:
    """Return the number under ``key`` if it lies in ``low..high``.

    A flag or a text is no number: after a reboot the gateway says "unknown"
    where numbers belong.
    """
    found = value.get(key) if isinstance(value, dict) else None
    # Of 70 numbers in a poll each; what JSON gives is of no subclass.
    if type(found) is not float and type(found) is not int:
        return None
    # Compared before it is converted: a JSON integer may be too large for a float.
    return float(found) if low <= found <= high else None


def whole(value: Any, key: str, low: int, high: int) -> int | None:
    """Return the whole number under ``key`` (3 or 3.0) if it is in range."""
    found = number(value, key, low, high)
    return int(found) if found is not None and found.is_integer() else None


def flag(value: Any, key: str) -> bool | None:
    """Return the flag under ``key``; a text or a number is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, bool) else None


def text(value: Any, key: str) -> str | None:
    """Return the text under ``key``: printable ASCII, not empty, at most 127 long."""
    found = value.get(key) if isinstance(value, dict) else None
    return tidy(found) if isinstance(found, str) else None


def tidy(raw: str) -> str | None:
    """Return ``raw`` as one short printable line, or None when nothing is left."""
    line = raw[:_TEXT_MAX].strip()
    if line.isascii() and line.isprintable():
        return line or None  # nearly every one
    return "".join(c if " " <= c <= "~" else "?" for c in line) or None
