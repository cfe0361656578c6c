"""Read the body of a request within its bounds, or get rid of it.

A sender may lie about its length, send slowly, without end, or go away.
"""

import asyncio
import contextlib
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


#: Bodies of all requests together, bytes: two thousand usual ones.
IN_FLIGHT = 64 << 20
#: Larger ones than any real report get no more than the half of it.
_USUAL = 64 << 10


class Unusable(Enum):
    """Why there is no body."""

    TOO_LARGE = auto()
    TOO_LATE = auto()
    GONE = auto()
    NO_ROOM = auto()


class Budget:
    """Counts the bytes of all bodies that are held at the same time.

    Args:
        most: bytes.
    """

    def __init__(self, most: int = IN_FLIGHT) -> None:
        self._most = most
        self.held = 0

    def take(self, more: int, size: int) -> bool:
        """Hold more bytes of a body; False: there is no room for them.

        Args:
            more: bytes.
            size: of the whole body so far.
        """
        if self.held + more > (self._most if size <= _USUAL else self._most // 2):
            return False
        self.held += more
        return True

    def give(self, size: int) -> None:
        """Hold a body no longer."""
        self.held -= size


async def read_body(
    receive: Receive,
    headers: Iterable[Header],
    cap: int,
    limit_s: float = BODY_S,
    budget: Budget | None = None,
) -> bytes | Unusable:
    """Read the whole body.

    The bytes of one that is returned stay in the budget: give them back.

    Args:
        receive: of ASGI.
        headers: a Content-Length above the cap is refused at once.
        cap: largest body, bytes.
        limit_s: until the last byte, s.
        budget: of all bodies.
    """
    budget = Budget() if budget is None else budget
    for name, value in headers:
        if name == b"content-length" and int(value) > cap:
            return Unusable.TOO_LARGE
    body = bytearray()
    outcome: bytes | Unusable = Unusable.TOO_LATE
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            outcome = await _fill(body, receive, cap, budget)
    if isinstance(outcome, Unusable):
        budget.give(len(body))
    return outcome


async def _fill(
    body: bytearray, receive: Receive, cap: int, budget: Budget
) -> bytes | Unusable:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return Unusable.GONE
        piece = message.get("body", b"")
        if len(body) + len(piece) > cap:
            return Unusable.TOO_LARGE
        if not budget.take(len(piece), len(body) + len(piece)):
            return Unusable.NO_ROOM
        body += piece
        if not message.get("more_body", False):
            return bytes(body)


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
