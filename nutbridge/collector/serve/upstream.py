"""The way to the upstream, and to nothing else.

One connection per report, as the Envoy itself does; no redirects, no proxies, no
cookies, no decompression. What was received goes on byte by byte. The address is
looked up here, not by httpx: a name that leads back to ourselves is noticed before
anything is sent (``resolver``).

Source: the Envoy gives up after 60 s, so all ends before that.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from nutbridge.collector.errors import UpstreamDown
from nutbridge.collector.serve.headers import Header
from nutbridge.collector.serve.options import Address, Origin
from nutbridge.collector.serve.resolver import Resolver
from nutbridge.net.failures import LinkError, NotConnectedError
from nutbridge.net.forward import ForwardRoute, RawAnswer, post_raw

#: Largest answer taken, bytes; a real one has 142.
ANSWER_CAP = 1 << 20
CONNECT_S = 10.0
TOTAL_S = 45.0

_STATUSES = range(200, 600)


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

    async def send(self, sent: Sent) -> RawAnswer:
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

    async def _connect_and_ask(self, sent: Sent) -> RawAnswer:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._connect_s
        addresses = await self._resolver.addresses(self._connect_s)
        problem = "no address"
        for number, address in enumerate(addresses):
            left_s = max(0.1, until - loop.time()) / (len(addresses) - number)
            try:
                answer = await self._ask(sent, address, left_s)
            except NotConnectedError as exc:
                problem = str(exc)
            except LinkError as exc:
                raise UpstreamDown(str(self.origin), str(exc)) from None
            else:
                self._resolver.worked(address)
                return answer
        self._resolver.failed()
        raise UpstreamDown(str(self.origin), problem)

    async def _ask(self, sent: Sent, address: str, connect_s: float) -> RawAnswer:
        origin = self.origin
        way = ForwardRoute(
            f"{origin.scheme}://{Address(address, origin.port)}/",
            origin.host,
            self._context,
            connect_s,
            self._total_s,
        )
        answer = await post_raw(way, sent.target, sent.headers, sent.body, ANSWER_CAP)
        if answer.status not in _STATUSES:
            raise UpstreamDown(str(origin), f"answer with status {answer.status}")
        return answer
