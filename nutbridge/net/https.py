"""HTTPS to a device on the local network, and to the cloud.

Source: IQ Gateways want one connection and requests one after another
(firmware 7 and 8, pyenphase).
"""

import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.addresses import (
    AddressBook,
    AddressError,
    Resolve,
    resolve_host,
    split_host,
)
from nutbridge.net.link import LinkError, Peer
from nutbridge.net.tls import PinnedContext, verifying_context
from nutbridge.net.transport import Session
from nutbridge.net.wire import Answer, Request
from nutbridge.net.worker import LateError, ThreadWaiter, call_within
from nutbridge.system.clock import Clock, Waiter

HTTPS_PORT = 443
HTTP_PORT = 80

#: Headers that only a known peer may see.
SECRET_HEADERS = frozenset({"authorization", "cookie"})


@dataclass(slots=True)
class _Call:
    """How to run one exchange: what to call it, who waits, until when."""

    what: str
    clock: Clock
    waiter: Waiter
    until: float

    def run(self, session: Session, request: Request, only: Peer | None) -> Answer:
        limit_s = self.until - self.clock.boottime()
        try:
            return call_within(
                session.worker,
                lambda: session.exchange(request, only),
                clock=self.clock,
                waiter=self.waiter,
                deadline=self.until,
            )
        except LateError:
            thing = "address" if session.link is None else "complete answer"
            problem = f"no {thing} within {max(0.0, limit_s):.3g} s"
        except (LinkError, AddressError) as error:
            problem = str(error)
        except BaseException:
            session.abort()
            raise
        sent = session.link is not None and session.link.sent
        session.abort()
        raise DeviceUnreachable(self.what, problem, sent=sent)


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
        secrets_only_to: once set, a request with a token or a session id fails,
            unsent, when the connection leads to another peer.
        waiter: may be replaced between two requests: at the end by one that no
            signal ends.

    Raises:
        ValueError: ``host`` is none.
    """

    def __init__(
        self,
        host: str,
        *,
        context: PinnedContext | None,
        clock: Clock,
        waiter: Waiter,
        timeout_s: float = 5.0,
        total_s: float | None = None,
        resolve: Resolve = resolve_host,
    ) -> None:
        name, port = split_host(host, HTTP_PORT if context is None else HTTPS_PORT)
        self._host = name
        self._port = port
        self._where = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        if context is not None:
            context.device = self._where
        self._context = context
        self._clock = clock
        self.waiter = waiter
        self._timeout_s = timeout_s
        self._total_s = 2 * timeout_s if total_s is None else total_s
        self._book = AddressBook(name, port, resolve)
        self._session: Session | None = None
        self.secrets_only_to: Peer | None = None

    @property
    def peer(self) -> Peer | None:
        """Whom the connection leads to; None while there is none."""
        return None if self._session is None else self._session.peer

    @property
    def address(self) -> str | None:
        """Numeric address of ``peer``."""
        return None if self.peer is None else self.peer.address

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 fingerprint of ``peer``, 64 hex digits."""
        return None if self.peer is None else self.peer.fingerprint

    def send(self, request: Request, until: float) -> Answer:
        """Send, and wait no longer than ``until`` or the total limit.

        Raises:
            DeviceUnreachable: host, path and what happened.
            CertificateChanged: nothing was sent.
            Stopping: asked to end while waiting.
        """
        what = self._where + request.path.partition("?")[0]
        secret = any(name.lower() in SECRET_HEADERS for name in request.headers)
        if self._session is None:
            self._session = Session(
                self._host, self._port, self._book, self._context, self._timeout_s
            )
        until = min(until, self._clock.boottime() + self._total_s)
        call = _Call(what, self._clock, self.waiter, until)
        try:
            return call.run(
                self._session, request, self.secrets_only_to if secret else None
            )
        except BaseException:
            self._session = None
            self._book.failed()
            raise

    def reconnect(self) -> None:
        """Drop the connection; the next request makes a new one."""
        session, self._session = self._session, None
        if session is not None:
            session.abort()

    def close(self) -> None:
        """Drop the connection."""
        self.reconnect()


class CloudHttps:
    """A ``wire.Wire`` to absolute https URLs with verified certificates.

    For a thread of its own: no signal ends its waiting.

    Args:
        clock: tells CLOCK_BOOTTIME.
        timeout_s: limit of one request in all.
        ca_file: certificates to trust instead of the system's, PEM.
        resolve: finds addresses.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        ca_file: Path | None = None,
        resolve: Resolve = resolve_host,
    ) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._resolve = resolve
        self._waiter = ThreadWaiter()
        self._context: ssl.SSLContext | None = None

    def send(self, request: Request, until: float) -> Answer:
        """Send over a connection of its own: two requests a year go there.

        Raises:
            DeviceUnreachable: host, path and what happened.
        """
        url = urlsplit(request.path)
        what = f"{url.netloc}{url.path}"
        if url.scheme != "https" or not url.hostname:
            raise DeviceUnreachable(what, "not an https address")
        host, port = url.hostname, url.port or HTTPS_PORT
        book = AddressBook(host, port, self._resolve)
        if self._context is None:
            self._context = verifying_context(self._ca_file)
        session = Session(host, port, book, self._context, self._timeout_s)
        path = url.path + (f"?{url.query}" if url.query else "")
        target = replace(request, path=path)
        until = min(until, self._clock.boottime() + self._timeout_s)
        try:
            return _Call(what, self._clock, self._waiter, until).run(
                session, target, None
            )
        finally:
            session.abort()

    def reconnect(self) -> None:
        """Nothing to drop."""

    def close(self) -> None:
        """Nothing to drop."""
