"""A request passed on, against real sockets that say what a test chose."""

import asyncio
import contextlib
import socket
import ssl

import pytest

from nutbridge.net.failures import LinkError, NotConnectedError
from nutbridge.net.forward import ForwardRoute, RawAnswer, RawHeader, post_raw

HOST = (b"Host", b"reports.example")
LENGTH = (b"content-LENGTH", b"4")
CAP = 1 << 20


def route(port: int) -> ForwardRoute:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    url = f"http://127.0.0.1:{port}/"
    return ForwardRoute(url, "reports.example", context, 60, 60)


def ask(answer: bytes, *headers: RawHeader, got: bytearray | None = None) -> RawAnswer:
    """Send a request of four bytes to a peer that answers so, and hangs up."""

    async def run() -> RawAnswer:
        ended = asyncio.Event()

        async def peer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                request = head + await reader.readexactly(4)
                if got is not None:
                    got.extend(request)
                writer.write(answer)
                await writer.drain()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            ended.set()

        async with await asyncio.start_server(peer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            way = route(port)
            try:
                return await post_raw(
                    way, b"/a%20b?c", headers or (HOST, LENGTH), b"body", CAP
                )
            finally:
                await ended.wait()

    return asyncio.run(run())


def test_request_is_written_as_it_is() -> None:
    got = bytearray()
    ask(b"HTTP/1.1 204 OK\r\n\r\n", HOST, LENGTH, (b"x-Y", b"1"), got=got)
    assert bytes(got) == (
        b"POST /a%20b?c HTTP/1.1\r\nHost: reports.example\r\ncontent-LENGTH: 4\r\n"
        b"x-Y: 1\r\n\r\nbody"
    )


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (b"Content-Length: 5", b"hello"),
        (b"Transfer-Encoding: chunked", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        (b"X: 1", b"hello"),
    ],
    ids=["length", "chunks", "until the end"],
)
def test_answer_is_whole(head: bytes, rest: bytes) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\n"
    found = ask(early + b"HTTP/1.1 299 x\r\n" + head + b"\r\nset-Z: 1\r\n\r\n" + rest)
    assert (found.status, found.body) == (299, b"hello")
    name, _, value = head.partition(b": ")
    assert list(found.headers) == [(name, value), (b"set-Z", b"1")]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "answer is not HTTP, or was cut off"),
        (b"SSH-2.0-x\r\n\r\n", "answer is not HTTP, or was cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "cut off"),
        (b"HTTP/1.1 101 x\r\nUpgrade: x\r\n\r\n", "answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(CAP + 1), "answer larger than 1 MiB"),
    ],
    ids=["nothing", "not HTTP", "truncated", "another protocol", "too large"],
)
def test_answer_that_is_none(answer: bytes, problem: str) -> None:
    with pytest.raises(LinkError, match=problem):
        ask(answer)


def test_request_that_cannot_be_sent() -> None:
    """Its headers are in no error: what is sent may be secret."""
    with pytest.raises(LinkError) as found:
        ask(b"", HOST, LENGTH, (b"X", b"secret\r\nY: 1"))
    assert str(found.value) == "the request is not HTTP"
    assert found.value.__context__ is None


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        way = route(taken.getsockname()[1])
        with pytest.raises(NotConnectedError, match="connection refused"):
            asyncio.run(post_raw(way, b"/", (HOST,), b"", CAP))
