"""A client for the tests of the stand-ins: stdlib only, verifies the certificate."""

import http.client
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from nutbridge.net.wire import Answer
from nutbridge.simulator.server import LOOPBACK, Server

TIMEOUT_S = 60.0


class Client:
    """One keep-alive connection to a stand-in server."""

    def __init__(
        self,
        server: Server,
        *,
        token: str | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if context is None:
            trusted = server.ca_pem.decode("ascii")
            context = ssl.create_default_context(cadata=trusted)
        self.token = token
        self.connection = http.client.HTTPSConnection(
            LOOPBACK, server.port, timeout=TIMEOUT_S, context=context
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    def be_impatient(self, seconds: float) -> None:
        """Wait no longer than this for an answer; connecting may take its time."""
        self.connection.connect()
        assert self.connection.sock is not None
        self.connection.sock.settimeout(seconds)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read the whole answer."""
        sent = dict(headers or {})
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        self.connection.request(method, path, body, sent)
        got = self.connection.getresponse()
        names = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, names, got.read())
