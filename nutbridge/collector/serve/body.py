"""Read the body of a request within its bounds, or get rid of it.

A sender may lie about its length, send slowly, without end, or go away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from enum import Enum, auto
from typing import Any

from nutbridge.collector.serve.headers import Header

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: A report of 30 kB over a slow line takes a few seconds.
BODY_S = 30.0
#: What is read and thrown away after a refusal, so that the sender, who reads
#: only after it has sent all, sees the answer and not a broken connection.
DRAIN_S = 5.0
DRAIN_BYTES = 64 << 20


class Unusable(Enum):
    """Why there is no body."""

    TOO_LARGE = auto()
    TOO_LATE = auto()
    GONE = auto()


async def read_body(
    receive: Receive, headers: Iterable[Header], cap: int, limit_s: float = BODY_S
) -> bytes | Unusable:
    """Read the whole body.

    Args:
        receive: of ASGI.
        headers: a Content-Length above the cap is refused at once.
        cap: largest body, bytes.
        limit_s: until the last byte, s.
    """
    for name, value in headers:
        if name == b"content-length" and int(value) > cap:
            return Unusable.TOO_LARGE
    body = bytearray()
    try:
        async with asyncio.timeout(limit_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return Unusable.GONE
                body += message.get("body", b"")
                if len(body) > cap:
                    return Unusable.TOO_LARGE
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return Unusable.TOO_LATE


async def drain(receive: Receive) -> None:
    """Read what still comes, within bounds, and forget it."""
    left = DRAIN_BYTES
    try:
        async with asyncio.timeout(DRAIN_S):
            while left > 0:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
