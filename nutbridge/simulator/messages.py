"""HTTP/1.1 as the stand-in server reads and writes it.

An answer function gets an Incoming and returns a Reply. Usually the server
sends a reply at once; a reply with ``deliver`` decides itself what goes over the
wire and when, which is how the tests make slow, cut and silent gateways.
"""

import contextlib
import http.client
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO, NoReturn

#: The longest request line that is read; ours have less than 100 bytes.
_LINE_CAP = 8192
#: The longest request body; a login has less than 1 kB.
_BODY_CAP = 1 << 20


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it came; header names are in lower case.

    ``path`` has no query, ``query`` no question mark. Headers and body may hold
    a token or a password and stay out of ``repr``.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header, None without one."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    @property
    def wants_close(self) -> bool:
        """Whether the client asks for the end of the connection."""
        return self.headers.get("connection", "").lower() == "close"


class Line:
    """What a ``deliver`` function may do with the connection."""

    def __init__(self, connection: socket.socket, stop: threading.Event) -> None:
        self._connection = connection
        self._stop = stop

    def send(self, data: bytes) -> None:
        """Send all of ``data`` now.

        Raises:
            OSError: the client has gone.
        """
        self._connection.sendall(data)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait (None: for ever), but never past the stop of the server.

        Returns:
            True when the server stops.
        """
        return self._stop.wait(seconds)

    def reset(self) -> NoReturn:
        """End the connection with a TCP reset, without the TLS goodbye.

        Raises:
            ConnectionResetError: always; the server closes on it.
        """
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise ConnectionResetError("reset as scripted")


#: Sends a head and a body its own way; the head ends with the empty line.
Deliver = Callable[[Line, bytes, bytes], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        status: HTTP status.
        headers: sent as they are; Content-Length is added unless it, or
            Transfer-Encoding, is among them.
        body: the body, whole.
        deliver: sends head and body its own way; None: both in one write.
        close: end the connection afterwards without having announced it.
    """

    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    deliver: Deliver | None = None
    close: bool = False

    def head(self, *, announce_close: bool) -> bytes:
        """Return status line and headers, with the empty line at the end."""
        headers = dict(self.headers)
        names = {name.lower() for name in headers}
        if not names & {"content-length", "transfer-encoding"}:
            headers["Content-Length"] = str(len(self.body))
        headers["Connection"] = "close" if announce_close else "keep-alive"
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Answer = Callable[[Incoming], Reply]


def read_request(stream: BinaryIO) -> Incoming | None:
    """Read the next request of a connection.

    Returns:
        The request, or None when the client has ended the connection.

    Raises:
        ValueError: not HTTP/1.1 as a client of ours speaks it.
        OSError: the connection broke, or nothing came in time.
    """
    line = stream.readline(_LINE_CAP)
    if not line:
        return None
    method, target, version = line.decode("latin-1").split()
    if version != "HTTP/1.1":
        raise ValueError(f"unknown protocol {version}")
    try:
        parsed = http.client.parse_headers(stream)
    except http.client.HTTPException as error:
        raise ValueError("headers cannot be read") from error
    headers = {name.lower(): value for name, value in parsed.items()}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _BODY_CAP:
        raise ValueError(f"body of {length} bytes")
    body = stream.read(length) if length else b""
    path, _, query = target.partition("?")
    return Incoming(method, path, query, headers, body)


def say_goodbye(connection: ssl.SSLSocket) -> None:
    """Send the TLS close notification, as nginx does; do not wait for the other's."""
    connection.settimeout(0)
    with contextlib.suppress(OSError, ValueError):
        connection.unwrap()
