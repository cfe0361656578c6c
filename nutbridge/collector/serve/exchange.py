"""One request passed on byte by byte, beside others, in asyncio.

A connection of its own for each; no redirects, no proxies, no cookies, no
decompression. h11 alone writes and reads it: httpx above it, with a transport for each
request, took 1.5 ms of CPU more.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import NamedTuple, cast

import h11

from nutbridge.net.failures import LinkError, NotConnectedError, describe

#: How long the peer has for its part of the end of TLS, s; the answer is there.
_GOODBYE_S = 1.0

#: Name and value as they are sent.
RawHeader = tuple[bytes, bytes]


class ForwardRoute(NamedTuple):
    """Where a request goes.

    Attributes:
        address: numeric, found by who calls.
        port: of the peer.
        name: for the TLS handshake.
        context: verifies the peer; None: no TLS.
        connect_s: limit of connecting, s.
    """

    address: str
    port: int
    name: str
    context: ssl.SSLContext | None
    connect_s: float


class RawAnswer(NamedTuple):
    """An answer as it came in: order and spelling of headers, raw bytes."""

    status: int
    headers: Sequence[RawHeader]
    body: bytes


async def post_raw(
    way: ForwardRoute,
    target: bytes,
    headers: Sequence[RawHeader],
    body: bytes,
    cap: int,
) -> RawAnswer:
    """Post, and read the whole answer; as long as it takes, once it is connected.

    Args:
        way: to whom.
        target: path and query, sent as they are.
        headers: all of them, in order.
        body: sent as it is.
        cap: longest answer taken, bytes.

    Raises:
        NotConnectedError: nothing was sent; another address may do.
        LinkError: no complete answer.
    """
    exchange = await _connect(way, cap)
    try:
        exchange.ask(target, headers, body)
        return await exchange.answer
    finally:
        exchange.end()


async def _connect(way: ForwardRoute, cap: int) -> "_Exchange":
    tls = way.context is not None
    try:
        async with asyncio.timeout(way.connect_s):
            _, exchange = await asyncio.get_running_loop().create_connection(
                lambda: _Exchange(cap),
                way.address,
                way.port,
                ssl=way.context,
                server_hostname=way.name if tls else None,
                ssl_shutdown_timeout=_GOODBYE_S if tls else None,
            )
    except TimeoutError as exc:
        problem = describe(exc, f"no connection within {way.connect_s:g} s")
    except OSError as exc:
        problem = describe(exc)
    else:
        return exchange
    raise NotConnectedError(problem)


class _Exchange(asyncio.Protocol):
    """One request and its answer.

    Args:
        cap: longest answer taken, bytes.

    Attributes:
        answer: has the outcome.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._wire = h11.Connection(h11.CLIENT)
        self._head: h11.Response | None = None
        self._body = bytearray()
        self.answer: asyncio.Future[RawAnswer] = (
            asyncio.get_running_loop().create_future()
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, target: bytes, headers: Sequence[RawHeader], body: bytes) -> None:
        """Send the request.

        Raises:
            LinkError: no such request can be sent.
        """
        try:
            request = (
                h11.Request(method=b"POST", target=target, headers=list(headers)),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
            parts = [self._wire.send(one) or b"" for one in request]
        except h11.LocalProtocolError:
            problem = LinkError("the request is not HTTP")
        else:
            self._transport.write(b"".join(parts))
            return
        # Outside of the except clause: no header is shown with a traceback.
        raise problem

    def end(self) -> None:
        """Leave the connection, whatever is still under way."""
        if self.answer.done() and not self.answer.cancelled():
            self._transport.close()
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self.answer.done():
            return
        try:
            self._wire.receive_data(data)
            while (event := self._wire.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response):
                    self._head = event
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > self._cap:
                        self._fail(f"answer larger than {self._cap >> 20} MiB")
                        return
                elif isinstance(event, h11.EndOfMessage) and self._head is not None:
                    headers = self._head.headers.raw_items()
                    status = self._head.status_code
                    answer = RawAnswer(status, headers, bytes(self._body))
                    self.answer.set_result(answer)
                    return
        except h11.RemoteProtocolError:
            self._fail("answer is not HTTP, or was cut off")

    def eof_received(self) -> None:
        """Take the end for one."""
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """End with an error what has no end yet."""
        self._fail(describe(exc, "connection broke off") if exc else "no answer")

    def _fail(self, problem: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(LinkError(problem))
            # Seen, even where nobody waits any longer.
            self.answer.exception()
