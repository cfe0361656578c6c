"""The way to the upstream, and to nothing else.

One connection per report, as the Envoy itself does; no redirects, no proxies, no
cookies, no decompression. What was received goes on byte by byte. The address is
looked up here, not by httpx: a name that leads back to ourselves is noticed before
anything is sent (loop.py).

Source: the Envoy gives up after 60 s, so all ends before that.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from nutbridge.collector.errors import UpstreamDown
from nutbridge.collector.serve.headers import Header
from nutbridge.collector.serve.options import Address, Origin
from nutbridge.collector.serve.resolver import Resolver

#: Largest answer taken, bytes; a real one has 142.
ANSWER_CAP = 1 << 20
CONNECT_S = 10.0
TOTAL_S = 45.0

_STATUSES = range(200, 600)

# At DEBUG they write whole header lines.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it goes out.

    Attributes:
        target: path and query as the Envoy wrote them.
        headers: all of them, in order.
        body: the bytes received.
    """

    target: bytes
    headers: Sequence[Header]
    body: bytes


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """An answer as it came in: order and spelling of headers, raw bytes."""

    status: int
    headers: Sequence[Header]
    body: bytes


class Upstream:
    """Sends one request at a time per call; calls run side by side.

    Args:
        origin: whom to ask.
        context: verifies an https upstream; None for http.
        resolver: finds its addresses.
        connect_s: limit until the connection stands, s.
        total_s: limit until the answer is complete, s.
    """

    def __init__(
        self,
        origin: Origin,
        context: ssl.SSLContext | None,
        resolver: Resolver,
        connect_s: float = CONNECT_S,
        total_s: float = TOTAL_S,
    ) -> None:
        self.origin = origin
        # httpx would make one per request, also for http.
        self._context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._resolver = resolver
        self._connect_s = connect_s
        self._total_s = total_s

    async def send(self, sent: Sent) -> UpstreamAnswer:
        """Send a request and read the whole answer.

        Raises:
            UpstreamDown: no connection, no trust, no answer, too late, too large.
        """
        try:
            async with asyncio.timeout(self._total_s):
                return await self._connect_and_ask(sent)
        except TimeoutError:
            problem = f"no answer within {self._total_s:g} s"
        raise UpstreamDown(str(self.origin), problem)

    async def _connect_and_ask(self, sent: Sent) -> UpstreamAnswer:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._connect_s
        addresses = await self._resolver.addresses(self._connect_s)
        problem = "no address"
        for number, address in enumerate(addresses):
            left_s = max(0.1, until - loop.time()) / (len(addresses) - number)
            try:
                return await self._ask(sent, address, left_s)
            except httpx.ConnectTimeout:
                problem = f"no connection within {self._connect_s:g} s"
            except httpx.ConnectError as exc:
                problem = _reason(exc)
        self._resolver.forget()
        raise UpstreamDown(str(self.origin), problem)

    async def _ask(self, sent: Sent, address: str, connect_s: float) -> UpstreamAnswer:
        origin = self.origin
        request = httpx.Request(
            "POST",
            f"{origin.scheme}://{Address(address, origin.port)}/",
            headers=list(sent.headers),
            content=sent.body,
            extensions={
                "target": sent.target,
                "sni_hostname": origin.host,
                "timeout": {
                    "connect": connect_s,
                    "read": self._total_s,
                    "write": self._total_s,
                    "pool": self._total_s,
                },
            },
        )
        # A transport of its own per report: nothing is shared that a cancelled
        # one could leave behind. The context, dear to make, is shared.
        async with httpx.AsyncHTTPTransport(
            verify=self._context, trust_env=False
        ) as way:
            try:
                response = await way.handle_async_request(request)
                try:
                    body = await self._body(response)
                finally:
                    await response.aclose()
            except (httpx.ConnectError, httpx.ConnectTimeout):
                raise
            except httpx.HTTPError as exc:
                problem = _reason(exc)
            else:
                return self._checked(response, body)
        # Outside of the except clause: no header is shown with a traceback.
        raise UpstreamDown(str(origin), problem)

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > ANSWER_CAP:
                raise UpstreamDown(
                    str(self.origin), f"answer larger than {ANSWER_CAP >> 20} MiB"
                )
        return bytes(body)

    def _checked(self, response: httpx.Response, body: bytes) -> UpstreamAnswer:
        if response.status_code not in _STATUSES:
            raise UpstreamDown(
                str(self.origin), f"answer with status {response.status_code}"
            )
        return UpstreamAnswer(response.status_code, response.headers.raw, body)


def _reason(exc: httpx.HTTPError) -> str:
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or 'connection ended'}"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    words = {
        httpx.ConnectError: "no connection",
        httpx.RemoteProtocolError: "answer is not HTTP, or was cut off",
        httpx.ReadError: "connection broke off",
        httpx.WriteError: "connection broke off",
    }
    return next(
        (text for kind, text in words.items() if isinstance(exc, kind)), "no answer"
    )
