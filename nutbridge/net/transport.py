"""HTTP over a connection of ours, and the one retry policy.

Only this module knows httpx, httpcore and tenacity. Their transport is used
without the client around it: no redirects, no cookies, no proxies, no
environment. https.py makes a ``wire.Wire`` of a session.

Source: IQ Gateways want one connection and requests one after another
(firmware 7 and 8, pyenphase).
"""

import logging
import ssl
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any, TypeVar, cast

import httpcore
import tenacity

from nutbridge import __version__
from nutbridge.errors import DeviceAnswerError, DeviceUnreachable
from nutbridge.net.addresses import AddressBook
from nutbridge.net.link import Link, LinkError, Peer, describe
from nutbridge.net.tls import PinnedContext
from nutbridge.net.wire import Answer, Request
from nutbridge.net.worker import Worker
from nutbridge.system.clock import Clock, Waiter

# httpx loads a command line of its own where click and rich stand beside it, as
# they do with the collector: 0.1 s more at each start. None cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402  after the line above

#: Longest body taken, bytes; the largest known answer has about 60 kB.
BODY_CAP = 8 * 2**20

#: What every request carries. No compression: a few kB are sent faster plain, and
#: the cap then counts what is kept.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": f"nutbridge/{__version__}",
    }
)

# At DEBUG they write whole header lines, session ids among them.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

#: First HTTP status of those that blame the server.
SERVER_ERRORS = 500

#: Shortest and longest pause between two tries, s.
PAUSE_S = (0.2, 1.0)

T = TypeVar("T")


class _Transport(httpx.HTTPTransport):
    """httpx's transport over connections of our own.

    httpx 0.28 hands no network backend on, hence the private name.
    """

    def __init__(
        self, context: ssl.SSLContext | None, via: httpcore.NetworkBackend
    ) -> None:
        super().__init__(verify=False if context is None else context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=via
        )


class Session(httpcore.NetworkBackend):
    """One worker thread with its connection; thrown away at the first failure.

    Args:
        host: name for the Host header and for TLS.
        port: TCP port.
        book: addresses to connect to.
        context: of the TLS connections; None for plain http.
        limit_s: limit of one connect, handshake, read or write.

    Attributes:
        link: the connection, or the last one tried.
        worker: runs ``exchange``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        book: AddressBook,
        context: ssl.SSLContext | None,
        limit_s: float,
    ) -> None:
        # A zone (fe80::1%eth0) is for connecting only.
        host = host.partition("%")[0]
        scheme = "http" if context is None else "https"
        self._url = httpx.URL(scheme=scheme, host=host, port=port)
        self._book = book
        self._context = context
        self._limit_s = limit_s
        self._timeouts = httpx.Timeout(limit_s).as_dict()
        self._transport = _Transport(context, self)
        self._aborted = False
        self._only: Peer | None = None
        self.link: Link | None = None
        self.worker = Worker("https", self._transport.close)

    def abort(self) -> None:
        """Break the connection off and end the thread; from any thread."""
        self._aborted = True
        if self.link is not None:
            self.link.abort()
        self.worker.retire()

    @property
    def peer(self) -> Peer | None:
        """Who is at the other end; only a pinned context takes note of it."""
        if self.link is None or not isinstance(self._context, PinnedContext):
            return None
        return Peer(self.link.address, self._context.seen or "")

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the address book knows it
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - none is set
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - none is set
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; httpcore calls this."""
        addresses = self._book.addresses(2 * self._limit_s)
        problem = LinkError("given up")
        for address in addresses:
            try:
                self.link = link = Link(address, port, self._vet)
            except OSError as error:  # a kernel without IPv6; no more sockets
                problem = LinkError(describe(error))
                continue
            try:
                if self._aborted:
                    raise problem
                link.connect((timeout or self._limit_s) / len(addresses))
                if self._context is None:
                    self._vet()
            except LinkError as error:
                link.close()
                problem = error
            else:
                link.begin()
                return cast("httpcore.NetworkStream", link)
        raise problem

    def _vet(self) -> None:
        """Refuse to show a secret to anybody but the known peer."""
        if self._aborted:
            raise LinkError("given up")
        if self._only is not None and self.peer != self._only:
            raise LinkError("another address or certificate than the one trusted")
        if self.link is not None:
            self._book.worked(self.link.address)

    def exchange(self, request: Request, only: Peer | None) -> Answer:
        """Send one request; once more if the device gave up an idle connection.

        Runs in the worker. What may have arrived is repeated only if it is a
        GET.

        Raises:
            LinkError, AddressError, CertificateChanged: no answer.
        """
        self._only = only
        if self.link is not None and self.link.open:
            self._vet()
            self.link.begin()
        try:
            return self._once(request)
        except LinkError as error:
            sent = self.link is not None and self.link.sent
            if not error.dropped or (sent and request.method != "GET"):
                raise
        return self._once(request)

    def _once(self, request: Request) -> Answer:
        try:
            http = httpx.Request(
                request.method,
                self._url.copy_with(raw_path=request.path.encode("ascii")),
                headers={**HEADERS, **request.headers},
                content=request.body,
                extensions={"timeout": self._timeouts},
            )
            with closing(self._transport.handle_request(http)) as response:
                self._keep_tls_session()
                headers = {key.lower(): text for key, text in response.headers.items()}
                return Answer(response.status_code, headers, self._body(response))
        except httpx.RemoteProtocolError:
            ended = self.link is not None and self.link.ended
            problem = "answer cut off in its header" if ended else "answer is not HTTP"
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TypeError):
            problem = "request cannot be sent as it is"
        # Outside of the except clause: what the library raised may hold the
        # value of a header, and a context is shown with a traceback.
        raise LinkError(problem)

    def _keep_tls_session(self) -> None:
        if self.link is None or not isinstance(self._context, PinnedContext):
            return
        connection = self.link.get_extra_info("ssl_object")
        if self.link.fresh and connection is not None:
            self._context.keep_session(connection)

    def _body(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise LinkError("answer is compressed, which was not asked for")
        length = response.headers.get("content-length")
        body = bytearray()
        try:
            if length is not None and int(length) > BODY_CAP:
                raise LinkError(f"answer larger than {BODY_CAP >> 20} MiB")
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > BODY_CAP:
                    raise LinkError(f"answer larger than {BODY_CAP >> 20} MiB")
        except httpx.RemoteProtocolError:
            of = f" of {length}" if length else ""
            raise LinkError(f"answer cut off after {len(body)}{of} bytes") from None
        return bytes(body)


def worth_retrying(error: BaseException) -> bool:
    """Tell whether the same question may be answered a moment later."""
    if isinstance(error, DeviceAnswerError):
        return error.status is not None and error.status >= SERVER_ERRORS
    return isinstance(error, DeviceUnreachable)


def retrying(
    call: Callable[[], T], *, tries: int, until: float, clock: Clock, waiter: Waiter
) -> T:
    """Call until it succeeds, at most ``tries`` times and not past ``until``.

    Between two tries lie 0.2 to 1 s, drawn at random.

    Args:
        call: raises DeviceError when it fails; takes care of ``until`` itself.
        tries: how often in all, 1 or more.
        until: CLOCK_BOOTTIME after which no try begins, s.
        clock: tells CLOCK_BOOTTIME.
        waiter: waits between tries.

    Raises:
        DeviceError: the last try's.
        Stopping: asked to end while waiting.
    """

    def sleep(seconds: float) -> None:
        end = clock.boottime() + seconds
        while (left := end - clock.boottime()) > 0 and waiter.wait(left):
            pass  # woken for another reason

    class Late(tenacity.stop.stop_base):
        def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
            return clock.boottime() + retry_state.upcoming_sleep >= until

    return tenacity.Retrying(
        sleep=sleep,
        stop=tenacity.stop_any(tenacity.stop_after_attempt(tries), Late()),
        wait=tenacity.wait_random(*PAUSE_S),
        retry=tenacity.retry_if_exception(worth_retrying),
        reraise=True,
    )(call)
