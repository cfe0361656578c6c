"""Changes to the body of a good answer; text in, text out.

A change that has nothing to change (a serial number in JSON) leaves the body as
it is.
"""

import functools
import gzip
import json
import re
from collections.abc import Callable
from typing import Any

Change = Callable[[bytes], bytes]

DEPTH = 100_000
DEEP_JSON = b"[" * DEPTH + b"]" * DEPTH
DEEP_OBJECTS = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH

#: Well-formed XML: quotes, a hash, a backslash, line breaks, far too long.
ODD_VERSION = (
    "D8.3&#10;ups.status: OB LB&#13;&#9;&quot;#\\\u0085\u00e9".encode() + b"9" * 300
)
#: Not well-formed: XML 1.0 allows no escape and no null.
RAW_VERSION = b"D8.3\x1b[2J\x00"

_NUMBER = re.compile(rb"(?<=[\[:,])(\s*)-?\d+(?:\.\d+)?(?=\s*[,\]}])")
_VERSION = re.compile(rb"(?<=<software>).*?(?=</software>)", re.DOTALL)
_SERIAL = re.compile(rb"(?<=<sn>).*?(?=</sn>)", re.DOTALL)


def numbers_to(word: bytes) -> Change:
    """Put one word in the place of every number of a JSON body."""
    return lambda body: _NUMBER.sub(rb"\g<1>" + word, body)


def numbers_to_strings(body: bytes) -> bytes:
    """Put every number of a JSON body in quotes."""
    return _NUMBER.sub(lambda found: b'"' + found.group().strip() + b'"', body)


def strings_to(text: str) -> Change:
    """Put one text in the place of every string value of a JSON body."""

    def change(value: Any) -> Any:
        return text if isinstance(value, str) else value

    return _walked(change)


def objects_to_lists(body: bytes) -> bytes:
    """Put lists of their values in the place of all objects."""
    return _walked(lambda v: list(v.values()) if isinstance(v, dict) else v)(body)


def lists_to_objects(body: bytes) -> bytes:
    """Put objects with the keys "0", "1", ... in the place of all lists."""

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return {str(number): part for number, part in enumerate(value)}
        return value

    return _walked(change)(body)


def add_doctype(body: bytes) -> bytes:
    """Give an XML body a DOCTYPE whose entities would grow to gigabytes."""
    head, mark, rest = body.partition(b"<envoy_info>")
    if not mark:
        return body
    entities = b'<!ENTITY a0 "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY a%d "%b">' % (level, b"&a%d;" % (level - 1) * 10)
        for level in range(1, 10)
    )
    doctype = b"<!DOCTYPE envoy_info [" + entities + b"]>"
    return head + doctype + mark + version(b"&a9;")(rest)


def version(text: bytes) -> Change:
    """Put ``text`` in the place of the software version of an /info body."""
    return lambda body: _VERSION.sub(lambda _found: text, body)


def serial(text: str) -> Change:
    """Put ``text`` in the place of the serial number of an /info body."""
    return lambda body: _SERIAL.sub(lambda _found: text.encode(), body)


@functools.cache
def gzip_bomb(size: int) -> bytes:
    """Return a small body that unpacks to ``size`` bytes."""
    return gzip.compress(b" " * size)


def _walked(change: Callable[[Any], Any]) -> Change:
    """Apply ``change`` to every value of a JSON body, the innermost first."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            value = {key: walk(part) for key, part in value.items()}
        elif isinstance(value, list):
            value = [walk(part) for part in value]
        return change(value)

    def spoil(body: bytes) -> bytes:
        try:
            return json.dumps(walk(json.loads(body))).encode()
        except ValueError:
            return body

    return spoil
