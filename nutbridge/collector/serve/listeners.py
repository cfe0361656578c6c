"""Sockets, and uvicorn servers on them that share one event loop.

What uvicorn leaves open is closed here: a limit for the TLS handshake, for the
header of a request and for the whole life of a connection, and for the number of
connections. They are counted, and looked at by address, when they are accepted: before
TLS. At their number the connection that has been silent longest makes room for a new
one, so that slow senders cannot keep an Envoy out.

uvicorn's Server and H11Protocol are subclassed, which nobody promises to keep as they
are: pyproject.toml allows no later version than the one that this was tested with.
"""

import asyncio
import contextlib
import errno
import re
import resource
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Protocol, cast

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from nutbridge.collector.serve.options import Address
from nutbridge.collector.serve.reply import refusal
from nutbridge.errors import NutbridgeError

HANDSHAKE_S = 10.0
HEADER_S = 10.0
#: Body 30 s, upstream 45 s, answer 30 s, and some room.
LIFE_S = 120.0
#: A request line and a handful of headers have less than 1 kB.
HEADER_BYTES = 16384
_BACKLOG = 1024
#: How long one who may not connect has to read that, s, and how many at once are
#: told; others are cut off.
FAREWELL_S = 5.0
_STRANGERS = 64
_NOT_ALLOWED = refusal(HTTPStatus.FORBIDDEN, "address not allowed")
_FORBIDDEN = b"".join(
    (
        b"HTTP/1.1 403 Forbidden\r\n",
        *(b"%s: %s\r\n" % header for header in _NOT_ALLOWED.headers),
        b"\r\n",
        _NOT_ALLOWED.body,
    )
)
_AT_ONCE = struct.pack("ii", 1, 0)
#: No more files, or no more memory for one.
_TOO_MANY = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NO_SOCKET = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK})
_NO_ROOM_S = 0.5
#: A handshake record, or the greeting of SSL 2.
_TLS_HELLO = re.compile(rb"\x16\x03|[\x80-\xff].\x01", re.DOTALL)
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
        # Accepted sockets have its protocol; asyncio sends small answers at once
        # (TCP_NODELAY) only where that is TCP by name: else TLS takes 40 ms more.
        family, kind, protocol, _, where = found[0]
        link = socket.socket(family, kind, protocol)
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


class Door(Protocol):
    """Decides who may connect to a listener, and counts those who may not."""

    def lets_in(self, peer: str) -> bool:
        """Tell whether this address may connect; one that may not is counted."""

    def knocked_with_tls(self, peer: str) -> None:
        """Note a client that speaks TLS on a listener without TLS."""


class Guest:
    """One connection, from its acceptance on: before TLS, before any byte.

    Args:
        link: the accepted socket.
    """

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.transport: asyncio.Transport | None = None

    def abort(self) -> None:
        """End it at once."""
        if self.transport is not None:
            self.transport.abort()
            return
        # The handshake's own transport ends with it.
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)


class ConnectionCount:
    """Counts the connections of all listeners.

    Args:
        most: connections at the same time.

    Attributes:
        most: the same.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: set[Guest] = set()
        # A dict keeps the order in which they came.
        self._silent: dict[Guest, None] = {}

    def enter(self, one: Guest) -> None:
        """Let a connection in; the one silent longest may have to leave."""
        self._open.add(one)
        self._silent[one] = None
        if len(self._open) > self.most:
            oldest = next(iter(self._silent))
            self.leave(oldest)
            oldest.abort()

    def spoke(self, one: Guest) -> None:
        """Note that the header of a request is complete."""
        self._silent.pop(one, None)

    def leave(self, one: Guest) -> None:
        """Note that a connection has ended."""
        self._open.discard(one)
        self._silent.pop(one, None)

    def clear(self) -> None:
        """End every connection that still stands."""
        for one in list(self._open):
            one.abort()


class TimedProtocol(H11Protocol):
    """One connection, which ends in any case."""

    gate: ConnectionCount
    guest: Guest
    door: Door | None = None
    _limit: asyncio.TimerHandle | None = None
    _heard = False
    _until_s: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self.guest.transport = transport
        self._limit = self.loop.call_later(HEADER_S, self._late)

    def data_received(self, data: bytes) -> None:
        """Give a request with its header complete more time."""
        if not self._heard:
            # Line ends before a request are none of it (RFC 9112 2.2).
            data = data.lstrip(b"\r\n")
            if not data:
                return
            self._heard = True
            if self.scheme == "http" and _TLS_HELLO.match(data):
                if self.door is not None and self.client is not None:
                    self.door.knocked_with_tls(self.client[0])
                self.transport.abort()
                return
        if self.conn.their_state is h11.MUST_CLOSE:
            # Old clients end a body with one more line: no second request, and the
            # first has its answer still to come.
            return
        super().data_received(data)
        # Once only: a sender that drips gets no more than that.
        if self.cycle is not None and self._until_s is None:
            self._until_s = self.loop.time() + LIFE_S
            self.gate.spoke(self.guest)

    def _late(self) -> None:
        """End it, or look again: nearly all have ended before the first look."""
        if self._until_s is None or self._until_s <= self.loop.time():
            self.transport.abort()
        else:
            self._limit = self.loop.call_at(self._until_s, self._late)

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
        self.gate.leave(self.guest)
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None


class Stranger(asyncio.Protocol):
    """Answers 403 to an address that is not allowed, without reading its request.

    Args:
        strangers: those that are being told.
    """

    def __init__(self, strangers: set["Stranger"]) -> None:
        self._strangers = strangers
        strangers.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the 403 at once, and let a client that still writes read it."""
        made = cast("asyncio.Transport", transport)
        self._limit = asyncio.get_running_loop().call_later(FAREWELL_S, made.abort)
        made.write(_FORBIDDEN)
        made.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another one."""
        del exc
        self._limit.cancel()
        self._strangers.discard(self)


class Listener(Server):
    """A uvicorn server on one bound socket; signals are somebody else's.

    Args:
        app: of ASGI.
        link: from ``bind``.
        gate: counts its connections.
        context: speaks TLS; None for plain HTTP.
        grace_s: how long requests under way may take once it is to end.
        door: who may connect; None: everyone.

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
        door: Door | None = None,
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
        self._door = door
        self._greeting: set[asyncio.Task[None]] = set()
        self._strangers: set[Stranger] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Listen on our socket.

        Raises:
            NutbridgeError: somebody else began to listen there.
        """
        try:
            self._link.listen(_BACKLOG)
            self._link.settimeout(0)
        except OSError as exc:
            problem = f"cannot listen on {self.address}: {exc.strerror}"
            raise NutbridgeError(problem) from exc
        self.servers = []
        self._accepting = asyncio.create_task(self._accept())
        self.started = True
        self.listening.set()

    async def on_tick(self, counter: int) -> bool:
        """Go on; end with the error that nobody else would see."""
        if self._accepting.done():
            self._link.close()
            self._accepting.result()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, then end those that are there."""
        self._accepting.cancel()
        for task in self._greeting:
            task.cancel()
        self._link.close()
        await super().shutdown(sockets)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                link, address = await loop.sock_accept(self._link)
            except OSError as exc:
                if exc.errno in _NO_SOCKET:
                    raise
                if exc.errno in _TOO_MANY:
                    await asyncio.sleep(_NO_ROOM_S)
                continue
            task = asyncio.create_task(self._greet(link, address[0]))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    async def _greet(self, link: socket.socket, peer: str) -> None:
        """Let a connection in, or turn it away, before it has said anything."""
        loop = asyncio.get_running_loop()
        if self._door is not None and not self._door.lets_in(peer):
            if self._context is not None or len(self._strangers) >= _STRANGERS:
                with contextlib.suppress(OSError):
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                link.close()
                return
            with contextlib.suppress(OSError):
                await loop.connect_accepted_socket(
                    lambda: Stranger(self._strangers), link
                )
            return
        guest = Guest(link)
        self._gate.enter(guest)
        try:
            await loop.connect_accepted_socket(
                lambda: self._protocol(guest),
                link,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S if self._context else None,
            )
        except (OSError, asyncio.CancelledError):
            self._gate.leave(guest)
            link.close()

    def _protocol(self, guest: Guest) -> asyncio.Protocol:
        made = TimedProtocol(self.config, self.server_state, {})
        made.gate, made.guest, made.door = self._gate, guest, self._door
        return made
