"""From the bytes of a request to the bytes of its XML.

The Envoy sends zlib (RFC 1950) around a form whose field ``body`` holds the XML,
percent-encoded. Raw deflate, gzip, no compression and XML without a form are read
too, and noted. Nothing here is larger than a few times the inflated bytes,
whatever the sender wrote.

Source: docs of the two public collectors (2012-2021) and a capture of webcomm
4.6.0; Enphase itself documents none of it.
"""

import re
import zlib
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass

from nutbridge.collector.errors import TooLarge

#: Longest inflated body, bytes. Real reports have up to 200 kB.
MAX_INFLATED = 8 * 1024 * 1024

#: Inflated and dropped piece by piece where only the size is asked for.
_PIECE = 65536
#: Escapes are decoded in slices: a list of all pieces of 8 MiB takes 600 MB.
_SLICE = 65536

_DEFLATE = 8
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_BITS = 31
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_NAME = b"body="
_FIELD = re.compile(rb"(?:\A|&)\s*body=([^&]*)")
_FORM = re.compile(rb"\A\s*[\w.%+\-\[\]]{1,100}=")
#: What is no escape, though it begins as one.
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
#: Escapes become those of quoted-printable, which is read in C.
_AS_QUOTED = bytes.maketrans(b"%", b"=")


class NotAReport(ValueError):
    """A body that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside of the compression.

    Attributes:
        data: the inflated bytes.
        notes: what differs from the usual envelope.
    """

    data: bytes
    notes: tuple[str, ...]


def _kinds(body: bytes) -> list[tuple[int, str | None]]:
    """Return the readings of the compression to try, as zlib's wbits, best first."""
    if body[:2] == _GZIP_MAGIC:
        return [(_GZIP_BITS, "gzip instead of zlib")]
    raw: list[tuple[int, str | None]] = [(-15, "raw deflate instead of zlib")]
    # RFC 1950: method 8, and the two bytes are a multiple of 31.
    if body[0] & 15 == _DEFLATE and (body[0] << 8 | body[1]) % 31 == 0:
        return [(15, None), *raw]
    return raw


def _is_plain(body: bytes) -> bool:
    return is_xml(body) or _FORM.match(body) is not None


def is_xml(data: bytes) -> bool:
    """Tell whether these bytes begin as XML does."""
    return data.startswith(_BOMS) or data[:1000].lstrip()[:1] == b"<"


def inflated_size(body: bytes, max_inflated: int = MAX_INFLATED) -> int | None:
    """Return how many bytes a body inflates to; None if it cannot be inflated.

    Raises:
        TooLarge: more than ``max_inflated``; found without holding them.
    """
    if len(body) < 2 or _is_plain(body):  # noqa: PLR2004  the bytes of a header
        if len(body) > max_inflated:
            raise TooLarge(max_inflated)
        return len(body)
    for wbits, _ in _kinds(body):
        size = _stream(body, wbits, max_inflated)
        if size is not None:
            return size
    return None


def _stream(body: bytes, wbits: int, limit: int) -> int | None:
    engine = zlib.decompressobj(wbits)
    rest: bytes | memoryview = memoryview(body)
    size = 0
    try:
        while rest:
            piece, rest = rest[:_PIECE], rest[_PIECE:]
            while piece and not engine.eof:
                size += len(engine.decompress(piece, _PIECE))
                if size > limit:
                    raise TooLarge(limit)
                piece = engine.unconsumed_tail
            while not engine.eof and (more := engine.decompress(b"", _PIECE)):
                size += len(more)
                if size > limit:
                    raise TooLarge(limit)
            if engine.eof:
                rest = memoryview(engine.unused_data + bytes(rest))
                if wbits != _GZIP_BITS or not _another_member(rest):
                    break
                engine = zlib.decompressobj(wbits)
    except zlib.error:
        return None
    return size if engine.eof else None


def _another_member(rest: bytes | memoryview) -> bool:
    return bytes(rest[:2]) == _GZIP_MAGIC


def members(data: bytes, limit: int) -> Iterator[bytes]:
    """Yield what is in each member of a gzip file.

    Raises:
        TooLarge: more than ``limit`` bytes in one of them.
        NotAReport: it ends too early, or other bytes follow.
        zlib.error: it is none.
    """
    at, view = 0, memoryview(data)
    while data.startswith(_GZIP_MAGIC, at):
        engine = zlib.decompressobj(_GZIP_BITS)
        member = bytearray()
        # In pieces: what is behind a member is copied each time.
        while not engine.eof and at < len(data):
            piece = view[at : at + _PIECE]
            member += engine.decompress(piece, limit + 1 - len(member))
            if len(member) > limit:
                raise TooLarge(limit)
            at += len(piece) - len(engine.unused_data)
        if not engine.eof:
            raise NotAReport("the compressed data ends too early")
        yield bytes(member)
        # Tapes and some programs fill up with zeros; gzip passes over them.
        while data.startswith(b"\0", at):
            at += 1
    if at < len(data):
        raise NotAReport("other bytes follow the compressed data")


def gunzip(data: bytes, limit: int) -> bytes:
    """Return what is in all members of a gzip file together.

    Raises:
        TooLarge: more than ``limit`` bytes.
        NotAReport: it ends too early, or other bytes follow.
        zlib.error: it is none.
    """
    whole = bytearray()
    for member in members(data, limit):
        whole += member
        if len(whole) > limit:
            raise TooLarge(limit)
    return bytes(whole)


def open_body(body: bytes, max_inflated: int = MAX_INFLATED) -> Opened:
    """Inflate a body.

    Raises:
        TooLarge: more than ``max_inflated`` bytes.
        NotAReport: it is empty, truncated, followed by other bytes, or garbage.
    """
    if len(body) < 2:  # noqa: PLR2004  the bytes of a header
        raise NotAReport("the body is empty")
    if _is_plain(body):
        if len(body) > max_inflated:
            raise TooLarge(max_inflated)
        return Opened(body, ("not compressed",))
    problem = ""
    for wbits, note in _kinds(body):
        try:
            data = _inflate(body, wbits, max_inflated)
        except (zlib.error, NotAReport) as exc:
            problem = problem or str(exc)
        else:
            return Opened(data, (note,) if note else ())
    raise NotAReport(f"cannot be inflated: {problem}")


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    if wbits == _GZIP_BITS:
        return gunzip(body, limit)
    engine = zlib.decompressobj(wbits)
    data = engine.decompress(body, limit + 1)
    if len(data) > limit:
        raise TooLarge(limit)
    if not engine.eof:
        raise NotAReport("the compressed data ends too early")
    if engine.unused_data:
        raise NotAReport("other bytes follow the compressed data")
    return data


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The XML of a body; what a ``+`` in it means may be open.

    Attributes:
        literal: the XML with every ``+`` left as it is.
        has_plus: it has some, so that the reading as a space is possible too.
        notes: what differs from the usual envelope.
    """

    literal: bytes
    has_plus: bool
    notes: tuple[str, ...]
    _field: bytes

    def with_spaces(self) -> bytes:
        """Return the XML with every ``+`` of the form read as a space."""
        return unescape(self._field.replace(b"+", b" "))


def unwrap(inflated: bytes) -> Wrapped:
    """Find the XML in an inflated body.

    Raises:
        NotAReport: neither XML nor a form with the field ``body``.
    """
    if is_xml(inflated):
        return Wrapped(
            inflated, has_plus=False, notes=("XML without a form",), _field=b""
        )
    text = _field(inflated)
    if text is None:
        raise NotAReport("neither XML nor a form with the field body")
    return Wrapped(unescape(text), has_plus=b"+" in text, notes=(), _field=text)


def _field(form: bytes) -> bytes | None:
    """Return the value of the field; the last counts, as with the public collectors."""
    before, name, value = form.rpartition(_NAME)
    begins = before.rstrip()[-1:] in {b"", b"&"}
    if name and begins and _NAME not in before:
        # The usual form: not each of its bytes is tried.
        return value.partition(b"&")[0]
    found = None
    for match in _FIELD.finditer(form):
        found = match
    return found.group(1) if found else None


def unescape(text: bytes) -> bytes:
    """Replace percent escapes; one that is none stays as it is."""
    if len(text) <= _SLICE:
        return _unescape_slice(text)
    done = bytearray()
    start = 0
    while start < len(text):
        end = min(start + _SLICE, len(text))
        # An escape must not be cut in two.
        cut = text.rfind(b"%", end - 2, end)
        if cut > start and end < len(text):
            end = cut
        done += _unescape_slice(text[start:end])
        start = end
    return bytes(done)


def _unescape_slice(text: bytes) -> bytes:
    plain = _unquote(text)
    # Each escape is two bytes shorter as what it means; broken ones are not. One
    # before a line's end is a soft break, and as long.
    whole = len(plain) + 2 * text.count(b"%") == len(text)
    if whole and b"\n" not in text and b"\r" not in text:
        return plain
    return _unquote(_NO_ESCAPE.sub(b"%25", text))


def _unquote(text: bytes) -> bytes:
    return a2b_qp(text.replace(b"=", b"=3D").translate(_AS_QUOTED))
