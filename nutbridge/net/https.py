"""HTTPS to a device on the local network; cloud_https.py asks the cloud.

The one door to the HTTP library, by its public interface: its transport without
the client around it, so no redirects, no cookies, no proxies, no environment.
The URL holds a numeric address; the name goes into the Host header and the TLS
handshake. What the library does not tell, its ``trace`` extension and the socket
of the TLS context do: who is at the other end before anything is sent, and what
was sent and received when a request fails.

Source: IQ Gateways want one connection and requests one after another
(firmware 7 and 8, pyenphase).
"""

import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, cast

from nutbridge import __version__
from nutbridge.errors import CertificateChanged, DeviceUnreachable
from nutbridge.net.addresses import AddressBook, Resolve, resolve_host, split_host
from nutbridge.net.failures import (
    LinkError,
    NotConnectedError,
    describe,
    ended_in_handshake,
)
from nutbridge.net.library import httpx
from nutbridge.net.tls import PinnedContext, WatchedSocket
from nutbridge.net.wire import Answer, Peer, Request
from nutbridge.net.worker import LateError, ThreadWaiter, Worker
from nutbridge.system.clock import Clock, SystemClock, Waiter

HTTPS_PORT = 443
HTTP_PORT = 80

#: Longest body taken, bytes; the largest known answer has about 60 kB.
BODY_CAP = 8 * 2**20

#: Headers that only a known peer may see.
SECRET_HEADERS = frozenset({"authorization", "cookie"})

#: What every request carries. No compression: a few kB are sent faster plain, and
#: the cap then counts what is kept.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": f"nutbridge/{__version__}",
    }
)

#: Requests kept ready; a poll asks for ten paths at most.
_MOST_KEPT = 16

_LIMITS = httpx.Limits(max_connections=1, keepalive_expiry=None)


class Connection:
    """One worker thread with its one connection; thrown away at the first failure.

    Args:
        host: name for the Host header and for TLS.
        context: None for plain http.
        limit_s: limit of one connect, handshake, read or write.

    Attributes:
        worker: runs ``exchange``.
        peer: who is at the other end; only a pinned context takes note of it.
        address: of the other end, "" before the first.
        found: there is an address.
        sent: something of the present request was handed to the system.
    """

    def __init__(
        self,
        host: str,
        port: int,
        book: AddressBook,
        context: ssl.SSLContext | None,
        limit_s: float,
    ) -> None:
        # Of several addresses the first names the device. A zone (fe80::1%eth0) is
        # for connecting only.
        self._name = host.partition(",")[0].partition("%")[0]
        scheme = "http" if context is None else "https"
        self._url = httpx.URL(scheme=scheme, host=self._name, port=port)
        self._headers = {**HEADERS, "Host": self._url.netloc.decode("ascii")}
        self._book = book
        self._context = context
        self._limit_s = limit_s
        self._transport = httpx.HTTPTransport(
            verify=False if context is None else context,
            trust_env=False,
            limits=_LIMITS,
        )
        self._lock = threading.Lock()
        self._aborted = False
        self._handle: socket.socket | None = None
        self._tls: WatchedSocket | None = None
        self.address = ""
        self._fresh = self._in_tls = False
        self._kept: dict[str, tuple[tuple[Request, str, float], httpx.Request]] = {}
        self._only: Peer | None = None
        self.peer: Peer | None = None
        self.found = self.sent = False
        self.worker = Worker("https", self._close)

    def abort(self) -> None:
        """Break the connection off and end the thread; from any thread."""
        self._aborted = True
        self._break_off()
        self.worker.retire()

    def _break_off(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._handle is not None:
                self._handle.shutdown(socket.SHUT_RDWR)

    def _hold(self, handle: socket.socket | None) -> None:
        """Keep a handle of the connection that is ours: TLS takes the other over."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            self._handle = handle
        if self._aborted:
            self._break_off()

    def _close(self) -> None:
        self._kept.clear()  # they hold the token, and lead back to here
        self._transport.close()
        self._hold(None)

    def exchange(self, request: Request, only: Peer | None) -> Answer:
        """Send one request to the first address that answers.

        Runs in the worker. One that shows another certificate than the known one is
        somebody else, as long as another address does better.

        Args:
            request: goes out once; once more if the device gave up an idle
                connection and it cannot have arrived, or is a GET.
            only: the peer that may see it; None lets everybody.

        Raises:
            LinkError, CertificateChanged: no answer.
        """
        self._only = only
        addresses = self._book.addresses(2 * self._limit_s)
        self.found = True
        problem = LinkError("given up")
        stranger: CertificateChanged | None = None
        for address in addresses:
            if address != self.address:
                self.address, self._url = address, self._url.copy_with(host=address)
            limit_s = self._limit_s / len(addresses)
            try:
                try:
                    return self._once(request, limit_s)
                except LinkError as error:
                    if not error.dropped or (self.sent and request.method != "GET"):
                        raise
                return self._once(request, limit_s)
            except NotConnectedError as error:
                problem = error
            except CertificateChanged as error:
                stranger = stranger or error
        raise stranger or problem

    def _once(self, request: Request, connect_s: float) -> Answer:
        self._fresh = self.sent = False
        context = self._context
        if self._tls is not None:
            self._tls.received = 0
        problem: LinkError
        try:
            made = self._made(request, connect_s)
            with contextlib.closing(self._transport.handle_request(made)) as response:
                if self._fresh and self._tls and isinstance(context, PinnedContext):
                    context.keep_session(self._tls)
                return _read(response)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TypeError) as error:
            problem = self._problem(error, connect_s)
        # Outside of the except clause: what the library raised may hold the
        # value of a header, and a context is shown with a traceback.
        raise problem

    def _made(self, request: Request, connect_s: float) -> httpx.Request:
        """Return the request as the library wants it; of each path the last is kept.

        A poll asks for the same again, and making one is a tenth of its work.
        """
        kept = self._kept.get(request.path)
        wanted = (request, self.address, connect_s)
        if kept is not None and kept[0] == wanted:
            return kept[1]
        limits = dict.fromkeys(("read", "write", "pool"), self._limit_s)
        made = httpx.Request(
            request.method,
            self._url,
            headers={**self._headers, **request.headers},
            content=request.body,
            extensions={
                "target": request.path.encode("ascii"),
                "sni_hostname": self._name,
                "timeout": {"connect": connect_s, **limits},
                "trace": self._trace,
            },
        )
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()  # paths that hold a session are new ones each time
        self._kept[request.path] = wanted, made
        return made

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow what the library does; what is raised here ends the request.

        Source: https://www.python-httpx.org/advanced/extensions/#trace
        """
        match event:
            case "connection.connect_tcp.started":
                self._fresh, self._in_tls = True, False
                self._tls = self.peer = None
                self._hold(None)
                self._go_on()
            case "connection.connect_tcp.complete":
                sock = info["return_value"].get_extra_info("socket")
                try:
                    self._hold(sock.dup())
                except OSError as error:  # no more handles; more may come back
                    sock.close()  # the library has not taken it over yet
                    raise NotConnectedError(describe(error)) from None
            case "connection.start_tls.started":
                self._in_tls = True
            case "connection.start_tls.complete":
                self._tls = info["return_value"].get_extra_info("socket")
                if self._tls is not None and self._tls.shown is not None:
                    self.peer = Peer(self.address, self._tls.shown)
            case "http11.send_request_headers.started":
                self._go_on()
                if self._only is not None and self.peer != self._only:
                    other = "another address or certificate than the one trusted"
                    raise LinkError(other)
                self._book.worked(self.address)
            case "http11.send_request_headers.complete":
                self.sent = True

    def _go_on(self) -> None:
        if self._aborted:
            raise LinkError("given up")

    def _problem(self, error: Exception, connect_s: float) -> LinkError:
        """Say what went wrong, and whether another try may help."""
        if isinstance(error, httpx.ConnectTimeout):
            thing = "TLS handshake" if self._in_tls else "connection"
            return NotConnectedError(f"no {thing} within {connect_s:g} s")
        if isinstance(error, httpx.ConnectError):
            if self._in_tls and ended_in_handshake(error):
                return NotConnectedError("connection closed in the TLS handshake")
            return NotConnectedError(describe(error))
        received = self._tls is not None and self._tls.received > 0
        dropped = False
        if isinstance(error, httpx.TimeoutException):
            late = isinstance(error, httpx.ReadTimeout)
            what = "no answer" if late else "request not taken"
            problem = f"{what} within {self._limit_s:g} s"
        elif isinstance(error, httpx.NetworkError):
            where = " in the middle of the answer" if received else ""
            problem = describe(error, "connection broken off") + where
            dropped = not (self._fresh or received)
        elif not isinstance(error, httpx.RemoteProtocolError):
            problem = "request cannot be sent as it is"
        elif self._tls is not None and not self._tls.ended:
            problem = "answer is not HTTP"
        elif received:
            problem = "answer cut off in its header"
        else:
            problem = "connection closed without an answer"
            dropped = not self._fresh
        return LinkError(problem, dropped=dropped)


def _read(response: httpx.Response) -> Answer:
    headers: dict[str, str] = {}
    for raw_name, raw_text in response.headers.raw:
        name, text = raw_name.decode("latin-1").lower(), raw_text.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    if headers.get("content-encoding", "identity") != "identity":
        raise LinkError("answer is compressed, which was not asked for")
    length = headers.get("content-length")
    body = bytearray()
    try:
        if length is not None and int(length) > BODY_CAP:
            raise LinkError(f"answer larger than {BODY_CAP >> 20} MiB")
        # The library's iter_raw() is this, and 40 calls around it.
        for chunk in cast("Iterable[bytes]", response.stream):
            body += chunk
            if len(body) > BODY_CAP:
                raise LinkError(f"answer larger than {BODY_CAP >> 20} MiB")
    except httpx.RemoteProtocolError:
        of = f" of {length}" if length else ""
        raise LinkError(f"answer cut off after {len(body)}{of} bytes") from None
    return Answer(response.status_code, headers, bytes(body))


class HttpsDevice:
    """A ``wire.Wire`` to one device on the local network.

    Args:
        host: see ``addresses.split_host``.
        context: checks the certificate; None speaks plain http.
        clock: tells CLOCK_BOOTTIME.
        waiter: of the calling thread.
        timeout_s: limit of one connect, handshake, or read.
        total_s: limit of one request in all; 2 x ``timeout_s`` when None.
        resolve: finds addresses.

    Attributes:
        where: how errors call it, ``HOST:PORT``.
        context: told which certificate to expect; None where there is no pin.
        secrets_only_to: once set, a request with a token or a session id fails,
            unsent, when the connection leads to another peer.

    Raises:
        ValueError: ``host`` is none.
    """

    def __init__(
        self,
        host: str,
        *,
        context: ssl.SSLContext | None,
        clock: Clock,
        waiter: Waiter,
        timeout_s: float = 5.0,
        total_s: float | None = None,
        resolve: Resolve = resolve_host,
    ) -> None:
        name, port = split_host(host, HTTP_PORT if context is None else HTTPS_PORT)
        self.where = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        self.context = context if isinstance(context, PinnedContext) else None
        if self.context is not None:
            self.context.device = self.where
        self._clock = clock
        self._waiter = waiter
        self._total_s = 2 * timeout_s if total_s is None else total_s
        self._book = AddressBook(name, port, resolve)
        self._connect = functools.partial(
            Connection, name, port, self._book, context, timeout_s
        )
        self._connection: Connection | None = None
        self.secrets_only_to: Peer | None = None

    @property
    def peer(self) -> Peer | None:
        """Whom the connection leads to; None while there is none."""
        return None if self._connection is None else self._connection.peer

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 fingerprint of ``peer``, 64 hex digits."""
        return None if self.peer is None else self.peer.fingerprint

    @property
    def shown(self) -> str | None:
        """Fingerprint shown last, by whomever."""
        return None if self.context is None else self.context.seen

    def send(self, request: Request, until: float) -> Answer:
        """Send, and wait no longer than ``until`` or the total limit.

        Raises:
            DeviceUnreachable: host, path and what happened.
            CertificateChanged: nothing was sent.
            Stopping: asked to end while waiting.
        """
        what = self.where + request.path.partition("?")[0]
        secret = any(name.lower() in SECRET_HEADERS for name in request.headers)
        only = self.secrets_only_to if secret else None
        begun = self._clock.boottime()
        until = min(until, begun + self._total_s)
        self._connection = connection = self._connection or self._connect()
        try:
            return connection.worker.call(
                lambda: connection.exchange(request, only),
                until,
                self._clock,
                self._waiter,
            )
        except BaseException as error:
            sent = connection.sent
            self.reconnect()
            self._book.failed()
            if isinstance(error, LateError):
                thing = "complete answer" if connection.found else "address"
                problem = f"no {thing} within {max(0.0, until - begun):.3g} s"
            elif isinstance(error, LinkError):
                problem = str(error)
            else:
                raise
        raise DeviceUnreachable(what, problem, sent=sent)

    def turn_away(self) -> None:
        """Drop the connection, to somebody else; another address goes first now."""
        if self._connection is not None:
            self._book.strange(self._connection.address)
        self.reconnect()

    def reconnect(self) -> None:
        """Drop the connection; the next request makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()

    close = reconnect


def open_wire(
    host: str,
    *,
    scheme: str = "https",
    fingerprint: str | None = None,
    clock: Clock | None = None,
    waiter: Waiter | None = None,
    timeout_s: float = 5.0,
) -> HttpsDevice:
    """Return a connection to be; nothing is sent yet.

    Args:
        host: see ``HttpsDevice``; so are the others.
        scheme: ``https`` or ``http``.
        fingerprint: 64 lower-case hex digits that the certificate must have; None
            takes any, "" none. Another one is refused before anything is sent.
        clock: the host's if None.
        waiter: one that no signal ends if None.
        timeout_s: of one step; a request takes twice that.
    """
    return HttpsDevice(
        host,
        context=PinnedContext(fingerprint) if scheme == "https" else None,
        clock=clock or SystemClock(),
        waiter=waiter or ThreadWaiter(),
        timeout_s=timeout_s,
    )
