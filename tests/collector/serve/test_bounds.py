"""Connections and bodies end in any case."""

import asyncio
import contextlib
import errno
import itertools
import socket
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from nutbridge.collector.serve import body, listeners, run, threads
from nutbridge.collector.serve.body import (
    Budget,
    Message,
    Unusable,
    drain,
    read_body,
)
from nutbridge.collector.serve.listeners import ConnectionCount, Listener, bind
from nutbridge.collector.serve.options import Address


class Sender:
    """Hands out messages, then says nothing more."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = iter(messages)
        self.taken = 0

    async def receive(self) -> Message:
        for message in self._messages:
            self.taken += 1
            return message
        await asyncio.Event().wait()
        raise AssertionError


def piece(data: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("messages", "cap", "found"),
    [
        ([piece(b"ab"), piece(b"c", more=False)], 3, b"abc"),
        ([piece(b"", more=False)], 3, b""),
        ([piece(b"ab"), piece(b"cd"), piece(b"e")], 3, Unusable.TOO_LARGE),
        ([piece(b"ab"), GONE], 3, Unusable.GONE),
        ([piece(b"ab")], 3, Unusable.TOO_LATE),
    ],
)
def test_read_body(messages: list[Message], cap: int, found: object) -> None:
    sender = Sender(messages)
    assert asyncio.run(read_body(sender.receive, [], cap, 0.05)) == found


def test_read_body_believes_a_length_that_is_too_large() -> None:
    sender = Sender([piece(b"a", more=False)])
    headers = [(b"content-length", b"4")]
    found = asyncio.run(read_body(sender.receive, headers, 3))
    assert (found, sender.taken) == (Unusable.TOO_LARGE, 0)


def test_drain_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last piece, after so many bytes, or after so long."""
    monkeypatch.setattr(body, "DRAIN_BYTES", 10)
    monkeypatch.setattr(body, "DRAIN_S", 0.05)
    endless = Sender(piece(b"12345") for _ in range(1000))
    asyncio.run(drain(endless.receive))
    assert endless.taken == 2
    for messages in ([piece(b"1", more=False)], [GONE], [piece(b"1")]):
        asyncio.run(drain(Sender(messages).receive))


async def silent_app(_scope: Message, _receive: object, _send: object) -> None:
    """Never answers."""
    await asyncio.Event().wait()


@asynccontextmanager
async def listening(gate: ConnectionCount) -> AsyncIterator[tuple[str, int]]:
    """Run a listener whose requests are never answered."""
    listener = Listener(silent_app, bind(Address("127.0.0.1", 0)), gate, grace_s=1)
    task = asyncio.create_task(listener.serve())
    await listener.listening.wait()
    yield (listener.address.host, listener.address.port)
    gate.clear()
    listener.should_exit = True
    listener.force_exit = True
    await asyncio.wait({task}, timeout=5)


async def opened(place: tuple[str, int], data: bytes = b"") -> socket.socket:
    link = socket.socket()
    link.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(link, place)
    # Where a busy machine took long, it may be closed already.
    with contextlib.suppress(ConnectionError):
        await loop.sock_sendall(link, data)
    return link


async def closed(link: socket.socket) -> bool:
    """Wait until the other side has ended the connection."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(60):
            return await loop.sock_recv(link, 100) == b""
    except ConnectionResetError:
        return True


async def all_spoke(gate: ConnectionCount, count: int) -> None:
    """Wait until so many connections stand, all with a complete header."""
    async with asyncio.timeout(60):
        while len(gate._open) < count or gate._silent:  # noqa: ASYNC110 - of the test
            await asyncio.sleep(0.001)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine too no connection ends for its own slowness."""
    monkeypatch.setattr(listeners, "HEADER_S", 600.0)
    monkeypatch.setattr(listeners, "LIFE_S", 600.0)


REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.usefixtures("patient")
def test_connection_silent_longest_makes_room() -> None:
    """One with a complete request stays, however old."""

    async def play() -> None:
        gate = ConnectionCount(3)
        async with listening(gate) as place:
            busy = await opened(place, REQUEST)
            await all_spoke(gate, 1)
            first = await opened(place)
            second = await opened(place, b"POST / HT")
            third = await opened(place)
            assert await closed(first)
            fourth = await opened(place)
            assert await closed(second)
            for link in (busy, third, fourth):
                with pytest.raises(BlockingIOError):
                    link.recv(1)
            for link in (busy, first, second, third, fourth):
                link.close()

    asyncio.run(play())


@pytest.mark.usefixtures("patient")
def test_all_busy_means_no_room() -> None:
    async def play() -> None:
        gate = ConnectionCount(2)
        async with listening(gate) as place:
            busy = [await opened(place, REQUEST) for _ in range(2)]
            await all_spoke(gate, 2)
            late = await opened(place)
            assert await closed(late)
            for link in (*busy, late):
                link.close()

    asyncio.run(play())


@pytest.mark.parametrize("data", [b"", b"POST / HTTP/1.1\r\nHo", REQUEST])
def test_connection_ends_in_any_case(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """Without a header, with half of one, and with a request never answered."""
    monkeypatch.setattr(listeners, "HEADER_S", 0.1)
    monkeypatch.setattr(listeners, "LIFE_S", 0.2)

    async def play() -> None:
        async with listening(ConnectionCount(9)) as place:
            link = await opened(place, data)
            assert await closed(link)
            link.close()

    asyncio.run(play())


def test_answers_are_sent_at_once() -> None:
    """Without TCP_NODELAY an answer over TLS waits 40 ms for the sender's word."""

    async def play() -> None:
        gate = ConnectionCount(9)
        async with listening(gate) as place:
            link = await opened(place, REQUEST)
            await all_spoke(gate, 1)
            (guest,) = gate._open
            assert guest.transport is not None
            accepted = guest.transport.get_extra_info("socket")
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            link.close()

    asyncio.run(play())


def test_listener_that_can_accept_no_more_ends() -> None:
    """Else the collector would be there, well by its own account, and deaf."""

    async def play() -> None:
        loop = asyncio.get_running_loop()
        listener = Listener(
            silent_app, bind(Address("127.0.0.1", 0)), ConnectionCount(9), grace_s=1
        )

        async def broken(_link: socket.socket) -> None:
            raise OSError(errno.EBADF, "bad")

        loop.sock_accept = broken  # type: ignore[method-assign,assignment]
        with pytest.raises(OSError, match="bad"):
            await listener.serve()

    asyncio.run(play())


@pytest.mark.parametrize("ends", ["raises", "returns", "signal"])
def test_part_that_dies_ends_the_whole(
    ends: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def part() -> None:
        if ends == "signal":
            await asyncio.Event().wait()
        if ends == "raises":
            raise ValueError("a bug")

    async def play() -> int:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[int] = loop.create_future()
        if ends == "signal":
            loop.call_soon(ended.set_result, 15)
        return await run._first_of(ended, [asyncio.create_task(part())])

    assert asyncio.run(play()) == (15 if ends == "signal" else 0)
    assert ("a part of the collector died" in caplog.text) is (ends != "signal")


def test_wait_tells_that_it_goes_on() -> None:
    """Systemd is asked for patience while an old database is brought up."""
    go_on = threading.Event()
    ticks = itertools.count()

    def tick() -> None:
        if next(ticks) == 2:
            go_on.set()

    assert threads.wait_aside("x", lambda: go_on.wait(60), tick, 0.001)

    def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        threads.wait_aside("x", late, lambda: None, 60)


def test_budget_of_all_bodies() -> None:
    """Large bodies leave half of it to usual ones, and give back what they took."""
    budget = Budget(200_000)
    large = Sender(piece(bytes(60_000)) for _ in range(3))
    headers: list[tuple[bytes, bytes]] = []
    found = asyncio.run(read_body(large.receive, headers, 10**6, 5.0, budget))
    assert (found, budget.held) == (Unusable.NO_ROOM, 0)
    usual = [Sender([piece(bytes(60_000), more=False)]) for _ in range(4)]
    taken = [
        asyncio.run(read_body(one.receive, headers, 10**6, 5.0, budget))
        for one in usual
    ]
    assert [isinstance(one, bytes) for one in taken] == [True, True, True, False]
    assert budget.held == 180_000
    budget.give(180_000)
    for messages in ([piece(b"ab"), GONE], [piece(b"abcd")]):
        asyncio.run(read_body(Sender(messages).receive, headers, 3, 0.05, budget))
    assert budget.held == 0
