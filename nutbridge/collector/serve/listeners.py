"""Sockets, and uvicorn servers on them that share one event loop.

What uvicorn leaves open is closed here: a limit for the TLS handshake, for the
header of a request and for the whole life of a connection, and for the number of
connections. At that number the connection that has been silent longest makes room
for a new one, so that slow senders cannot keep an Envoy out.
"""

import asyncio
import contextlib
import resource
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from nutbridge.collector.serve.options import Address
from nutbridge.errors import NutbridgeError

HANDSHAKE_S = 10.0
HEADER_S = 10.0
#: Body 30 s, upstream 45 s, answer 30 s, and some room.
LIFE_S = 120.0
#: A request line and a handful of headers have less than 1 kB.
HEADER_BYTES = 16384
_BACKLOG = 1024
#: Each connection may need one to the upstream; some files are for the rest.
_OTHER_FILES = 100
_MOST_FILES = 65536
_FEWEST = 16


def bind(address: Address) -> socket.socket:
    """Open a socket that is bound, but does not listen yet.

    Raises:
        NutbridgeError: the address is not ours, or not free.
    """
    try:
        found = socket.getaddrinfo(
            address.host,
            address.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
        family, kind, _, _, where = found[0]
        link = socket.socket(family, kind)
        try:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            link.bind(where)
        except OSError:
            link.close()
            raise
    except (OSError, UnicodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "bad name"
        raise NutbridgeError(f"cannot listen on {address}: {reason}") from exc
    return link


def bound_address(link: socket.socket) -> Address:
    """Return where a socket is bound."""
    host, port = link.getsockname()[:2]
    return Address(host, port)


def most_connections() -> int:
    """Allow this process as many files as it may have, and share them out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    usable = _MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, _MOST_FILES)
    return max(_FEWEST, (usable - _OTHER_FILES) // 2)


class ConnectionCount:
    """Counts the connections of all listeners.

    Args:
        most: connections at the same time.

    Attributes:
        most: the same.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: set[TimedProtocol] = set()
        # A dict keeps the order in which they came.
        self._silent: dict[TimedProtocol, None] = {}

    def enter(self, one: "TimedProtocol") -> None:
        """Let a connection in; the one silent longest may have to leave."""
        self._open.add(one)
        self._silent[one] = None
        if len(self._open) > self.most:
            oldest = next(iter(self._silent))
            self.leave(oldest)
            oldest.transport.abort()

    def spoke(self, one: "TimedProtocol") -> None:
        """Note that the header of a request is complete."""
        self._silent.pop(one, None)

    def leave(self, one: "TimedProtocol") -> None:
        """Note that a connection has ended."""
        self._open.discard(one)
        self._silent.pop(one, None)

    def clear(self) -> None:
        """End every connection that still stands."""
        for one in list(self._open):
            one.transport.abort()


class TimedProtocol(H11Protocol):
    """One connection, which ends in any case."""

    gate: ConnectionCount
    _limit: asyncio.TimerHandle | None = None
    _spoke = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._limit = self.loop.call_later(HEADER_S, transport.abort)
        self.gate.enter(self)

    def data_received(self, data: bytes) -> None:
        """Give a request with its header complete more time."""
        if self.conn.their_state is h11.MUST_CLOSE:
            # Old clients end a body with one more line: no second request, and the
            # first has its answer still to come.
            return
        super().data_received(data)
        # Once only: a sender that drips gets no more than that.
        if self.cycle is not None and self._limit is not None and not self._spoke:
            self._spoke = True
            self._limit.cancel()
            self._limit = self.loop.call_later(LIFE_S, self.transport.abort)
            self.gate.spoke(self)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Stay open for a sender who has said all and waits for the answer."""
        # TLS has no connection that is closed on one side only.
        return (
            self.scheme == "http"
            and self.cycle is not None
            and not self.cycle.more_body
            and not self.cycle.response_complete
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        super().connection_lost(exc)
        self.gate.leave(self)
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


class Listener(Server):
    """A uvicorn server on one bound socket; signals are somebody else's.

    Args:
        app: of ASGI.
        link: from ``bind``.
        gate: counts its connections.
        context: speaks TLS; None for plain HTTP.
        grace_s: how long requests under way may take once it is to end.

    Attributes:
        address: where it listens.
        listening: set when it does.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        link: socket.socket,
        gate: ConnectionCount,
        context: ssl.SSLContext | None = None,
        grace_s: int = 3,
    ) -> None:
        super().__init__(
            Config(
                app,
                loop="none",
                http=TimedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=grace_s,
                h11_max_incomplete_event_size=HEADER_BYTES,
            )
        )
        self.address = bound_address(link)
        self.listening = asyncio.Event()
        self._link = link
        self._gate = gate
        self._context = context

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Listen on our socket, with a limit for the handshake.

        Raises:
            NutbridgeError: somebody else began to listen there.
        """
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                self._protocol,
                sock=self._link,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S if self._context else None,
                backlog=_BACKLOG,
            )
        except OSError as exc:
            problem = f"cannot listen on {self.address}: {exc.strerror}"
            raise NutbridgeError(problem) from exc
        self.servers = [server]
        self.started = True
        self.listening.set()

    def _protocol(self) -> asyncio.Protocol:
        made = TimedProtocol(self.config, self.server_state, {})
        made.gate = self._gate
        return made
