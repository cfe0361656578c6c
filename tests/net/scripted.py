"""A TLS server on loopback that does byte by byte what a test says."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self

import trustme

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

Script = Callable[["Talk"], None]


class Talk:
    """One connection, seen from the server."""

    def __init__(self, server: "ScriptedServer", sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.number = len(server.resumed)

    def request(self) -> bytes:
        """Read one request with its body; empty when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += self.sock.recv(65536)
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hang(self) -> None:
        """Stay silent until the client goes or the test ends."""
        self.sock.settimeout(None)
        while self.sock.recv(65536):
            pass


def answer_all(talk: Talk) -> None:
    """Answer every request of the connection with ``OK``."""
    while talk.request():
        talk.send(OK)


class ScriptedServer:
    """Runs ``script`` for each connection in a thread of its own.

    Attributes:
        requests: all that came, as bytes.
        resumed: per connection, whether its TLS session was a resumed one.
        tick: never set; to pause on.
    """

    def __init__(
        self,
        certificate: trustme.LeafCert,
        script: Script,
        *,
        tls: bool = True,
        version: ssl.TLSVersion | None = None,
    ) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.resumed: list[bool] = []
        self.tick = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._context is not None:
            certificate.configure_cert(self._context)
            if version is not None:
                self._context.maximum_version = version
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                self.resumed.append(False)
                self.script(Talk(self, sock))
                return
            with self._context.wrap_socket(sock, server_side=True) as wrapped:
                self._open.append(wrapped)
                self.resumed.append(bool(wrapped.session_reused))
                self.script(Talk(self, wrapped))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
