"""Requests that fail: one clear line each, and never later than the deadline."""

import errno
import itertools
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from nutbridge.errors import DeviceUnreachable, Stopping
from nutbridge.net.https import BODY_CAP, HttpsDevice
from nutbridge.net.wire import Request
from nutbridge.system.clock import SignalWaiter, SystemClock
from tests.net.scripted import (
    OK,
    Script,
    ScriptedServer,
    Talk,
    answer_all,
)

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., HttpsDevice]

RELAY = Request("GET", "/ivp/ensemble/relay?x=1")
SHORT_S = 1.0


def _after_request(data: bytes) -> Script:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(data)

    return script


ANSWERS = {
    "cut body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b"x" * 120,
        "answer cut off after 120 of 4000 bytes",
    ),
    "cut chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "answer cut off after 3 bytes",
    ),
    "cut header": (b"HTTP/1.1 200 OK\r\nContent-Le", "answer cut off in its header"),
    "nothing": (b"", "connection closed without an answer"),
    "no http": (b"SSH-2.0-x\r\n\r\n" * 3, "answer is not HTTP"),
    "huge by length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_CAP + 1),
        "answer larger than 8 MiB",
    ),
    "huge by count": (
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(BODY_CAP + 1),
        "answer larger than 8 MiB",
    ),
    "huge header": (
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        "answer is not HTTP",
    ),
    "compressed": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
        "answer is compressed, which was not asked for",
    ),
}


@pytest.mark.parametrize(("answer", "problem"), ANSWERS.values(), ids=ANSWERS)
def test_bad_answer(
    serve: Serve, connect: Connect, until: float, answer: bytes, problem: str
) -> None:
    server = serve(_after_request(answer))
    with pytest.raises(DeviceUnreachable) as caught:
        connect(server.host).send(RELAY, until)
    assert str(caught.value) == f"{server.host}/ivp/ensemble/relay: {problem}"


def test_recovers_after_a_failure(serve: Serve, connect: Connect, until: float) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(b"" if talk.number == 1 else OK)

    device = connect(serve(script).host)
    with pytest.raises(DeviceUnreachable):
        device.send(RELAY, until)
    assert device.send(RELAY, until).body == b"hi"


def test_refused(connect: Connect, until: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DeviceUnreachable, match=f":{port}/.*: connection refused$"):
        connect(f"127.0.0.1:{port}").send(RELAY, until)


def test_no_tls_there(serve: Serve, connect: Connect, until: float) -> None:
    server = serve(lambda talk: talk.send(b"HTTP/1.1 400 Bad\r\n\r\n"), tls=False)
    with pytest.raises(DeviceUnreachable, match="TLS error WRONG_VERSION_NUMBER"):
        connect(server.host).send(RELAY, until)


def test_closed_in_handshake(serve: Serve, connect: Connect, until: float) -> None:
    server = serve(lambda talk: None, tls=False)
    with pytest.raises(DeviceUnreachable, match="closed in the TLS handshake"):
        connect(server.host).send(RELAY, until)


def _drip(data: Iterator[bytes]) -> Script:
    def script(talk: Talk) -> None:
        talk.request()
        for piece in data:
            talk.send(piece)
            talk.server.tick.wait(SHORT_S / 10)

    return script


def _hang(talk: Talk) -> None:
    talk.hang()


STRETCHERS: dict[str, tuple[Script, bool]] = {
    "no answer": (_hang, True),
    "hung handshake": (_hang, False),
    "dripping header": (_drip(itertools.repeat(b"H")), True),
    "dripping body": (
        _drip(
            itertools.chain(
                [b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"],
                itertools.repeat(b"x"),
            )
        ),
        True,
    ),
    "dripping 100 Continue": (
        _drip(itertools.repeat(b"HTTP/1.1 100 C\r\n\r\n")),
        True,
    ),
}


@pytest.mark.parametrize(("script", "tls"), STRETCHERS.values(), ids=STRETCHERS)
def test_deadline_cannot_be_stretched(
    serve: Serve, connect: Connect, until: float, script: Script, *, tls: bool
) -> None:
    """The total limit holds though no single read is late; the thread ends too."""
    before = threading.active_count()
    device = connect(serve(script, tls=tls).host, total_s=SHORT_S)
    with pytest.raises(DeviceUnreachable, match=r"no complete answer within 1 s"):
        device.send(RELAY, until)
    # The server lets go when the connection is gone; only its listener is left.
    _wait_for(lambda: threading.active_count() <= before + 1)


def test_until_counts_too(serve: Serve, connect: Connect) -> None:
    device = connect(serve(_hang).host)
    with pytest.raises(DeviceUnreachable, match="no complete answer"):
        device.send(RELAY, SystemClock().boottime() + SHORT_S)


def test_no_time_left(serve: Serve, connect: Connect) -> None:
    server = serve(answer_all)
    with pytest.raises(DeviceUnreachable, match="within 0 s"):
        connect(server.host).send(RELAY, SystemClock().boottime() - 1)
    assert server.requests == []


def test_read_limit(serve: Serve, connect: Connect, until: float) -> None:
    device = connect(serve(_hang).host, timeout_s=SHORT_S, total_s=60.0)
    with pytest.raises(DeviceUnreachable, match=r"no answer within 1 s"):
        device.send(RELAY, until)


@pytest.fixture
def signals() -> Iterator[SignalWaiter]:
    kept = {number: signal.getsignal(number) for number in (15, 2)}
    waiter = SignalWaiter()
    waiter.install()
    yield waiter
    signal.set_wakeup_fd(-1)
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_sigterm_ends_a_hung_request(
    serve: Serve, connect: Connect, until: float, signals: SignalWaiter
) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        os.kill(os.getpid(), signal.SIGTERM)
        talk.hang()

    before = threading.active_count()
    device = connect(serve(script).host, waiter=signals)
    with pytest.raises(Stopping):
        device.send(RELAY, until)
    _wait_for(lambda: threading.active_count() <= before + 1)


def test_sigterm_ends_a_hung_resolution(
    connect: Connect, until: float, signals: SignalWaiter
) -> None:
    never = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        os.kill(os.getpid(), signal.SIGTERM)
        never.wait()
        return []

    device = connect("gateway.invalid", waiter=signals, resolve=resolve)
    with pytest.raises(Stopping):
        device.send(RELAY, until)
    never.set()


@pytest.mark.parametrize("tls", [True, False])
def test_nothing_is_sent_once_given_up(
    serve: Serve, connect: Connect, until: float, *, tls: bool
) -> None:
    """The address came too late: nobody waits for the answer any more."""
    found = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        found.wait()
        return ["127.0.0.1"]

    server = serve(answer_all, tls=tls)
    before = threading.active_count()
    host = f"gateway.invalid:{server.port}"
    scheme = {} if tls else {"context": None}
    device = connect(host, resolve=resolve, total_s=SHORT_S, **scheme)
    with pytest.raises(DeviceUnreachable, match="no address within 1 s"):
        device.send(RELAY, until)
    found.set()
    _wait_for(lambda: threading.active_count() <= before)
    assert server.requests == []


def test_no_handle_is_left(
    serve: Serve, connect: Connect, until: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dup(_sock: socket.socket) -> socket.socket:
        raise OSError(errno.EMFILE, "no matter what the text is")

    server = serve(answer_all)
    device = connect(server.host)
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "dup", dup)
        with pytest.raises(DeviceUnreachable, match="too many open files"):
            device.send(RELAY, until)
    assert device.send(RELAY, until).status == 200


@pytest.mark.parametrize("text", ["Bearer s3cret\n", "Bearer s3cr\xe9t", "s3cret\0"])
def test_odd_header_is_not_shown(
    serve: Serve, connect: Connect, until: float, text: str
) -> None:
    request = Request("GET", "/x", {"Authorization": text})
    with pytest.raises(DeviceUnreachable, match="cannot be sent as it is") as caught:
        connect(serve(answer_all).host).send(request, until)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "s3cr" not in repr(chain)
        chain = chain.__context__


def _wait_for(condition: Callable[[], bool]) -> None:
    """Poll until true; a broken condition fails after a minute."""
    pause = threading.Event()
    for _ in range(6000):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("never came true")
