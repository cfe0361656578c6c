"""A stand-in for Enphase's server of reports, on loopback, on plain sockets.

It keeps the bytes of each request as they came over the wire, and answers with
bytes that the test chose: a library between would tidy both.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nutbridge.collector.parse.body import parse, response_xml

ACK_XML = (
    b'<perf_report_response status="success"><events_processed/></perf_report_response>'
)
#: Of a report without events.
ACK_BODY = zlib.compress(ACK_XML)


def answer(status: int = 200, *headers: bytes, body: bytes = ACK_BODY) -> bytes:
    """Return the bytes of an answer as Enphase's server writes it."""
    lines = [
        b"HTTP/1.1 %d OK" % status,
        b"Date: Mon, 13 Feb 2012 11:56:48 GMT",
        b"Server: Apache",
        b'ETag: "95bc2eaddfac613540f469946f28af4b"',
        b"Cache-Control: private, max-age=0, must-revalidate",
        b"Content-Length: %d" % len(body),
        b"Status: %d" % status,
        b"Cache-Control: max-age=31536000",
        *headers,
        b"Connection: close",
        b"Content-Type: application/x-deflate; charset=utf-8",
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Got:
    """One request, byte by byte."""

    head: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        return self.head.partition(b"\r\n")[0]

    @property
    def headers(self) -> list[bytes]:
        return self.head.split(b"\r\n")[1:]


Reaction = Callable[[Got, socket.socket], None]


def yes_to(body: bytes) -> bytes:
    """Return the bytes of an answer that names every event of this report."""
    return answer(body=response_xml(parse(body).event_ids))


def takes(got: Got, link: socket.socket) -> None:
    """Acknowledge whatever comes."""
    link.sendall(yes_to(got.body))


def says(data: bytes) -> Reaction:
    """Answer with these bytes."""
    return lambda _got, link: link.sendall(data)


def hangs(_got: Got, link: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    with contextlib.suppress(OSError):
        while link.recv(4096):
            pass


def resets(_got: Got, link: socket.socket) -> None:
    """Break the connection off."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def bombs(_got: Got, link: socket.socket) -> None:
    """Answer without end."""
    link.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    piece = bytes(65536)
    with contextlib.suppress(OSError):
        while True:
            link.sendall(piece)


@dataclass
class Enphase:
    """The stand-in; change ``reaction`` at any time.

    Attributes:
        reaction: what happens after a request was read.
        got: all requests so far, in order.
        connections: accepted so far.
    """

    context: ssl.SSLContext | None = None
    reaction: Reaction = field(default_factory=lambda: takes)
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def running(self) -> Iterator["Enphase"]:
        """Listen until left; on the port of the last time, if there was one."""
        server = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = server.getsockname()[1]
        thread = threading.Thread(target=self._accept, args=(server,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            # Wakes accept(2), which close() alone does not.
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(5)

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(link):
            link.settimeout(60)
            if self.context is not None:
                link = self.context.wrap_socket(link, server_side=True)
            with contextlib.closing(link):
                got = read_request(link)
                if got is not None:
                    self.got.append(got)
                    self.reaction(got, link)


def read_request(link: socket.socket) -> Got | None:
    """Read one request with Content-Length; None when it ends early."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = link.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        piece = link.recv(65536)
        if not piece:
            return None
        body += piece
    return Got(head, body)


def wait_for(found: Callable[[], object], seconds: float = 60.0) -> None:
    """Poll until ``found()`` is true.

    Raises:
        AssertionError: not within ``seconds``.
    """
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)
