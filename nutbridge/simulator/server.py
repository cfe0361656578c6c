"""A real HTTPS server on loopback for stand-ins of a gateway, inverter or cloud.

It never listens anywhere but on 127.0.0.1, makes its certificate at start
(trustme, extra ``demo``) and keeps connections alive as the real ones do. What
it answers is a function's business (messages.py); it counts what was asked.
"""

import contextlib
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import BinaryIO, Self

from nutbridge.simulator.counts import Counts
from nutbridge.simulator.messages import (
    Answer,
    Incoming,
    Line,
    Reply,
    read_request,
    say_goodbye,
)

LOOPBACK = "127.0.0.1"
#: A gateway closes a connection that was idle for about 4 s.
GATEWAY_IDLE_S = 4.0
#: A client that neither reads nor leaves for so long is given up.
_SEND_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 1.0
_BACKLOG = 16


class Server:
    """One HTTPS server; ``with Server(answer) as server`` starts and stops it.

    Args:
        answer: gives the reply to each request; called from several threads.
        port: port on 127.0.0.1, 0 for any free one.
        idle_s: connections idle for so long are closed; None: never.
        name: the name in the certificate. A real gateway's does not fit its
            address; the cloud's must.
        tls: False speaks plain http, as the oldest inverters do.

    Attributes:
        port: the port in use, also while connections are refused.
        counts: what happened so far.
        stalled: while True, new connections get no TLS handshake and no end.
        answer: may be replaced at any time.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        port: int = 0,
        idle_s: float | None = GATEWAY_IDLE_S,
        name: str = LOOPBACK,
        tls: bool = True,
    ) -> None:
        self.answer = answer
        self.idle_s = idle_s
        self.counts = Counts()
        self.stalled = False
        self._name = name
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None
        self._tls = tls
        if tls:
            self.new_certificate()
        # Bound, never listening: the port stays ours while `refuse` lasts, and
        # a connection to it is refused.
        self._holder = _bound(port)
        self.port: int = self._holder.getsockname()[1]

    @property
    def url(self) -> str:
        """Address without a path."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{LOOPBACK}:{self.port}"

    def new_certificate(self) -> None:
        """Take another certificate, as after a firmware update.

        Sets ``ca_pem`` (what a verifying client must trust) and ``fingerprint``
        (SHA-256 of the certificate, 64 hex digits). Open connections keep theirs.
        """
        import trustme

        authority = trustme.CA()
        leaf = authority.issue_cert(self._name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        self._context = context
        self.ca_pem = authority.cert_pem.bytes()
        pem = leaf.cert_chain_pems[0].bytes().decode("ascii")
        self.fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def listen(self) -> None:
        """Accept connections; again after ``refuse``."""
        if self._listener is not None:
            return
        listener = _bound(self.port)
        listener.listen(_BACKLOG)
        self._listener = listener
        self._start(self._accept, listener)

    def refuse(self) -> None:
        """Refuse new connections and drop the open ones, until ``listen``."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Wakes the thread in accept(2); closing alone would not.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """End all open connections at once, without notice."""
        with self._lock:
            for connection in self._open:
                # The unbound method: SSLSocket.shutdown would forget the TLS
                # object that another thread is reading from.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._open)

    def stop(self) -> None:
        """Stop for good; hanging replies end too."""
        self._stop.set()
        self.refuse()
        self._holder.close()
        end = time.monotonic() + _STOP_TIMEOUT_S
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _start(
        self, work: Callable[[socket.socket], None], connection: socket.socket
    ) -> None:
        def run() -> None:
            try:
                work(connection)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name="stand-in", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # `refuse` or `stop`
            with self._lock:
                self.counts.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # Without it every request waits 40 ms for a delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_SEND_TIMEOUT_S)
        with connection, self._known(connection):
            if self.stalled:
                self._stop.wait()
                return
            with contextlib.suppress(OSError):
                if not self._tls:
                    self._converse(connection)
                    return
                secure = self._context.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
                with secure, self._known(secure):
                    self._talk(secure)

    @contextlib.contextmanager
    def _known(self, connection: socket.socket) -> Iterator[None]:
        """Let ``drop_connections`` find this connection."""
        with self._lock:
            self._open.add(connection)
        try:
            # Accepted while `stop` was at work: nobody will drop it any more.
            if not self._stop.is_set():
                yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def _talk(self, connection: ssl.SSLSocket) -> None:
        try:
            connection.do_handshake()
        except OSError:
            with self._lock:
                self.counts.failed_handshakes += 1
            raise
        with self._lock:
            if connection.session_reused:
                self.counts.resumed_handshakes += 1
            else:
                self.counts.full_handshakes += 1
        self._converse(connection)
        say_goodbye(connection)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while self._answer_next(connection, stream):
                pass

    def _answer_next(self, connection: socket.socket, stream: BinaryIO) -> bool:
        """Answer one request; return whether another one may come."""
        connection.settimeout(self.idle_s)
        try:
            asked = read_request(stream)
        except ValueError:
            asked = None  # not HTTP; the real server ends the connection too
        if asked is None:
            return False
        with self._lock:
            self.counts.requests[asked.path] += 1
            self.counts.recent.append(asked)
        connection.settimeout(_SEND_TIMEOUT_S)
        reply = self.answer(asked)
        self._send(connection, asked, reply)
        return not (reply.close or asked.wants_close or self._stop.is_set())

    def _send(self, connection: socket.socket, asked: Incoming, reply: Reply) -> None:
        head = reply.head(announce_close=asked.wants_close)
        if reply.deliver is not None:
            reply.deliver(Line(connection, self._stop), head, reply.body)
        else:
            connection.sendall(head + reply.body)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        # The listener and the holder share the port.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
    except BaseException:
        bound.close()
        raise
    return bound
