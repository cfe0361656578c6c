"""One TCP connection with TLS, as the HTTP library reads and writes it.

It knows what an error line needs and the library forgets: whether anything of
the request was sent, whether anything of the answer came, and whether the
connection had served before. Another thread may break it off at any moment.

The methods from ``read`` to ``get_extra_info`` are those of a network stream of
httpcore 1.0. They raise LinkError, which httpcore passes on.
"""

import contextlib
import errno
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_TEXTS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network is unreachable",
    errno.ETIMEDOUT: "no answer from the host",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Attributes:
        address: numeric.
        fingerprint: SHA-256 of its certificate, 64 hex digits.
    """

    address: str
    fingerprint: str


class LinkError(Exception):
    """The connection cannot be made or used.

    Attributes:
        dropped: it had served before and was closed before anything of this
            answer came: an idle connection that the device gave up.
    """

    def __init__(self, problem: str, *, dropped: bool = False) -> None:
        self.dropped = dropped
        super().__init__(problem)


def describe(error: OSError) -> str:
    """Say in a few words what happened, without data of the peer."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS error {error.reason or 'without a reason'}"
    code = error.errno or 0
    return _TEXTS.get(code) or os.strerror(code).lower()


class Link:
    """A connection to one address.

    Args:
        address: numeric, IPv4 or IPv6.
        port: TCP port.
        vet: called after the TLS handshake, before anything is sent; what it
            raises ends the connection.

    Attributes:
        address: as given.
        sent: something of the present request was handed to the system.
        received: bytes of the present answer.
        ended: the device has closed its side.
    """

    def __init__(self, address: str, port: int, vet: Callable[[], None]) -> None:
        self.address = address
        self._port = port
        self._vet = vet
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._requests = 0
        self.sent = False
        self.received = 0
        self.ended = False

    @property
    def open(self) -> bool:
        """Whether it has not been closed by us."""
        return self._sock.fileno() >= 0

    @property
    def fresh(self) -> bool:
        """Whether the present request is its first."""
        return self._requests == 1

    def begin(self) -> None:
        """Count anew for one more request."""
        self._requests += 1
        self.sent = False
        self.received = 0

    def connect(self, timeout_s: float) -> None:
        """Connect, or close and raise LinkError."""
        self._sock.settimeout(timeout_s)
        try:
            self._sock.connect((self.address, self._port))
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except TimeoutError:
            problem = f"no connection within {timeout_s:g} s"
        except OSError as error:
            problem = describe(error)
        else:
            return
        self.close()
        raise LinkError(problem)

    def abort(self) -> None:
        """Break the connection off from another thread."""
        with self._lock, contextlib.suppress(OSError):
            # Not SSLSocket.shutdown: it takes the TLS state from under a read.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "Link":
        """Shake hands, or close and raise LinkError or CertificateChanged."""
        try:
            with self._lock:
                self._sock = ssl_context.wrap_socket(
                    self._sock,
                    server_hostname=server_hostname,
                    do_handshake_on_connect=False,
                )
            self._sock.settimeout(timeout)
            self._sock.do_handshake()
            self._vet()
        except TimeoutError:
            problem = f"no TLS handshake within {timeout:g} s"
        except (ssl.SSLEOFError, ConnectionError):
            problem = "connection closed in the TLS handshake"
        except OSError as error:
            problem = describe(error)
        except BaseException:
            self.close()
            raise
        else:
            return self
        self.close()
        raise LinkError(problem)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return some bytes, or none when the device has closed its side."""
        self._sock.settimeout(timeout)
        try:
            data = self._sock.recv(max_bytes)
        except TimeoutError:
            raise LinkError(f"no answer within {timeout:g} s") from None
        except OSError as error:
            problem = describe(error)
            if self.received:
                problem += " in the middle of the answer"
        else:
            problem = "connection closed without an answer"
            if data or self.received:
                self.received += len(data)
                self.ended = not data
                return data
        raise LinkError(problem, dropped=not (self.fresh or self.received))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all; a connection that the device closed shows at the next read.

        It may have answered before it closed (413 to a long body).
        """
        self._sock.settimeout(timeout)
        try:
            if buffer:
                self._sock.sendall(buffer)
                self.sent = True
        except TimeoutError:
            raise LinkError(f"request not taken within {timeout:g} s") from None
        except OSError:
            return

    def close(self) -> None:
        """Close; harmless when closed."""
        with self._lock:
            self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        """Tell httpcore about TLS, and whether an idle connection was closed."""
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        if info == "is_readable":
            # An idle connection has nothing to say but its end.
            poll = select.poll()
            poll.register(self._sock, select.POLLIN)
            return bool(poll.poll(0))
        return None
