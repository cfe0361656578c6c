"""What of a request goes on to the upstream, and what of its answer comes back.

Everything but what belongs to one connection (RFC 9110 7.6.1). Nothing is added:
no User-Agent, no Via, no Accept-Encoding.

Source: envoy-xml-data-format (headers of a request and of an answer), RFC 9112.
"""

import functools
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

Header = tuple[bytes, bytes]

REPORTS = b"/emu_reports/"
#: Escapes of escapes that are read; a path with more is none.
_ESCAPED = 4
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
#: What a sender knows is none of the upstream's business; no Envoy sends these.
_OF_THE_SENDER = frozenset({b"cookie", b"authorization"})

_OF_ONE_CONNECTION = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"proxy-authenticate"),
        *(b"proxy-authorization", b"proxy-authentication-info"),
    }
)
_WITHOUT_BODY = frozenset({204, 304})
#: A report does not make sense without these, whatever Connection lists.
_KEPT = frozenset({b"host", b"content-type", b"content-length", b"accept"})


@functools.lru_cache(16)
def report_path(raw_path: bytes) -> bytes | None:
    """Return the path as it goes on, or None where it is not one of reports.

    Args:
        raw_path: of the request line, without the query; may be the absolute
            form ``http://host/path``, whose host decides nothing.
    """
    path = raw_path
    if path[:7].lower() == b"http://" or path[:8].lower() == b"https://":
        _, _, rest = path.partition(b"//")
        path = b"/" + rest.partition(b"/")[2]
    if not path.startswith(REPORTS):
        return None
    # An upstream may resolve dots, and would leave /emu_reports/ then; one behind
    # another unescapes twice, and Java's take ";" for the begin of parameters.
    plain = path
    for _ in range(_ESCAPED):
        plain = unquote_to_bytes(plain)
    if b"%" in plain or _CONTROL.search(plain):
        return None
    segments = plain.replace(b"\\", b"/").split(b"/")
    names = {segment.partition(b";")[0].strip() for segment in segments}
    return None if names & {b".", b".."} else path


def onward(
    received: Iterable[Header], length: int, default_host: bytes
) -> list[Header]:
    """Return the headers of the request to the upstream.

    Args:
        received: names in lower case, order and duplicates as sent.
        length: of the body, bytes.
        default_host: for a request of HTTP/1.0 without Host.
    """
    given = list(received)
    dropped = _dropped(given) | _OF_THE_SENDER | {b"expect"}
    sent: list[Header] = []
    seen = set()
    for name, value in given:
        if name == b"connection":
            value = b"close"  # noqa: PLW2901 - each report has its own connection
        elif name == b"content-length":
            value = b"%d" % length  # noqa: PLW2901 - the same, or one of several
        elif name in dropped:
            continue
        if name in {b"connection", b"content-length"} and name in seen:
            continue
        seen.add(name)
        sent.append((name.title(), value))
    for name, value in (
        (b"host", default_host),
        (b"content-length", b"%d" % length),
        (b"connection", b"close"),
    ):
        if name not in seen:
            sent.append((name.title(), value))
    return sent


def backward(received: Iterable[Header], length: int, status: int) -> list[Header]:
    """Return the headers of the answer to the Envoy, spelled as the upstream did.

    Args:
        received: order, duplicates and spelling as received.
        length: of the body, bytes; said even where the upstream sent chunks.
        status: of the answer.
    """
    given = [(name.lower(), name, value) for name, value in received]
    dropped = _dropped([(lower, value) for lower, _, value in given])
    if status not in _WITHOUT_BODY:
        dropped = dropped | {b"content-length"}
    sent = [(name, value) for lower, name, value in given if lower not in dropped]
    if status not in _WITHOUT_BODY:
        sent.append((b"Content-Length", b"%d" % length))
    return [*sent, (b"Connection", b"close")]


def _dropped(given: Iterable[Header]) -> frozenset[bytes]:
    named = frozenset(
        token.strip().lower()
        for name, value in given
        if name == b"connection"
        for token in value.split(b",")
    )
    return (_OF_ONE_CONNECTION | named) - _KEPT
