"""Answers that are the collector's own, not the upstream's.

Source: envoy-xml-data-format (headers of an answer of Enphase's server).
"""

import functools
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from nutbridge.collector.serve.headers import Header


@dataclass(frozen=True, slots=True)
class EnvoyReply:
    """What the Envoy is answered.

    Attributes:
        status: of HTTP.
        headers: all of them.
        body: the bytes.
        reason: why it was refused, for the metrics; None: it was not.
        unread: whether the request's body may still be on its way.
    """

    status: int
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    reason: str | None = None
    unread: bool = False


def refusal(
    status: HTTPStatus,
    reason: str,
    *more: Header,
    now: float | None = None,
    unread: bool = False,
) -> EnvoyReply:
    """Return an answer that is not the upstream's.

    Args:
        status: of HTTP.
        reason: one or two words, for the body and the metrics.
        more: further headers.
        now: Unix time for the Date header, None leaves it out.
        unread: whether the request's body may still be on its way.
    """
    body = f"{status.value} {status.phrase}: {reason}\n".encode()
    headers = [
        *_dated(now),
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", b"%d" % len(body)),
        *more,
        (b"Connection", b"close"),
    ]
    return EnvoyReply(status, headers, body, reason, unread)


def acknowledgement(body: bytes, now: float) -> EnvoyReply:
    """Return the answer to a report that was stored here, as Enphase's looks.

    Args:
        body: of ``response_xml``.
        now: Unix time.
    """
    headers = [
        *_dated(now),
        (b"Cache-Control", b"private, max-age=0, must-revalidate"),
        (b"Content-Length", b"%d" % len(body)),
        (b"Status", b"200"),
        (b"Connection", b"close"),
        (b"Content-Type", b"application/x-deflate; charset=utf-8"),
    ]
    return EnvoyReply(HTTPStatus.OK, headers, body)


def _dated(now: float | None) -> list[Header]:
    return [] if now is None else [(b"Date", _date(int(now)))]


@functools.lru_cache(1)
def _date(now: int) -> bytes:
    return formatdate(now, usegmt=True).encode("ascii")
