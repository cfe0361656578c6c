"""Requests that succeed: one connection, quiet reconnects, resumed sessions."""

import errno
import logging
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.wire import Peer, Request
from tests.net.scripted import OK, ScriptedServer, Talk, answer_all

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., HttpsDevice]

RELAY = Request("GET", "/ivp/ensemble/relay")
POST = Request("POST", "/ivp/livedata/stream", {}, b'{"enable":1}')


def test_send_answer(serve: Serve, connect: Connect, until: float) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(b"HTTP/1.1 404 No\r\nX-Thing: a\r\nContent-Length: 3\r\n\r\nabc")

    server = serve(script)
    answer = connect(server.host).send(RELAY, until)
    assert (answer.status, answer.body) == (404, b"abc")
    assert answer.headers["x-thing"] == "a"


def test_send_request_as_given(serve: Serve, connect: Connect, until: float) -> None:
    """Host is the configured one; no compression, no cookies, no surprises."""
    server = serve(answer_all)
    device = connect(server.host)
    device.send(Request("GET", "/a?b=c", {"Authorization": "Bearer x.y.z"}), until)
    lines = server.requests[0].split(b"\r\n")
    assert lines[0] == b"GET /a?b=c HTTP/1.1"
    assert sorted(line.split(b":")[0].lower() for line in lines[1:] if line) == [
        b"accept",
        b"accept-encoding",
        b"authorization",
        b"host",
        b"user-agent",
    ]
    assert f"Host: {server.host}".encode() in lines
    assert b"Accept-Encoding: identity" in lines


def test_send_same_path_with_something_else(
    serve: Serve, connect: Connect, until: float
) -> None:
    """A request is kept ready; never the token, the session or the body of before."""
    server = serve(answer_all)
    device = connect(server.host)
    for number in (1, 1, 2):
        headers = {"Authorization": f"Bearer t{number}"}
        device.send(Request("GET", "/a", headers), until)
    device.send(Request("GET", "/a", {**headers, "Cookie": "sessionId=s"}), until)
    device.send(Request("GET", "/b", headers), until)
    for body in (b"one", b"two", b"two"):
        device.send(Request("POST", "/a", headers, body), until)
    device.send(Request("GET", "/a"), until)
    found = [
        (
            request.split(b" HTTP")[0],
            *sorted(re.findall(rb"Bearer t\d|sessionId=\w", request)),
            request.partition(b"\r\n\r\n")[2],
        )
        for request in server.requests
    ]
    first, second, session = b"Bearer t1", b"Bearer t2", b"sessionId=s"
    assert found == [
        (b"GET /a", first, b""),
        (b"GET /a", first, b""),
        (b"GET /a", second, b""),
        (b"GET /a", second, session, b""),
        (b"GET /b", second, b""),
        (b"POST /a", second, b"one"),
        (b"POST /a", second, b"two"),
        (b"POST /a", second, b"two"),
        (b"GET /a", b""),
    ]


def test_answer_header_that_comes_twice(
    serve: Serve, connect: Connect, until: float
) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=\xe9\r\n")
        talk.send(b"Content-Length: 0\r\n\r\n")

    answer = connect(serve(script).host).send(RELAY, until)
    assert answer.headers["set-cookie"] == "a=1, b=\xe9"


def test_send_path_with_two_slashes_stays_on_host(
    serve: Serve, connect: Connect, until: float
) -> None:
    server = serve(answer_all)
    connect(server.host).send(Request("GET", "//localhost/x"), until)
    assert server.requests[0].startswith(b"GET //localhost/x HTTP/1.1")


def test_send_no_redirect_followed(
    serve: Serve, connect: Connect, until: float
) -> None:
    def script(talk: Talk) -> None:
        while talk.request():
            talk.send(b"HTTP/1.1 301 M\r\nLocation: /e\r\nContent-Length: 0\r\n\r\n")

    server = serve(script)
    assert connect(server.host).send(RELAY, until).status == 301
    assert len(server.requests) == 1


def test_send_cookies_are_the_callers(
    serve: Serve, connect: Connect, until: float
) -> None:
    def script(talk: Talk) -> None:
        while talk.request():
            talk.send(
                b"HTTP/1.1 200 OK\r\nSet-Cookie: sessionId=s3cret\r\n"
                b"Content-Length: 0\r\n\r\n"
            )

    server = serve(script)
    device = connect(server.host)
    device.send(RELAY, until)
    device.send(RELAY, until)
    assert b"s3cret" not in server.requests[1]


def test_connection_kept(serve: Serve, connect: Connect, until: float) -> None:
    server = serve(answer_all)
    device = connect(server.host)
    for _ in range(100):
        device.send(RELAY, until)
    assert len(server.requests) == 100
    assert len(server.resumed) == 1


def test_reconnect_makes_a_new_connection(
    serve: Serve, connect: Connect, until: float
) -> None:
    server = serve(answer_all)
    device = connect(server.host)
    device.send(RELAY, until)
    device.reconnect()
    assert device.peer is None
    device.send(RELAY, until)
    assert len(server.resumed) == 2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_session_resumed(
    serve: Serve, connect: Connect, until: float, version: ssl.TLSVersion
) -> None:
    """One full handshake per device, however often it drops the connection."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.send(OK)

    server = serve(script, version=version)
    device = connect(server.host)
    for _ in range(10):
        assert device.send(RELAY, until).body == b"hi"
    assert server.resumed == [False] + [True] * 9


def test_session_resumed_after_connection_close(
    serve: Serve, connect: Connect, until: float
) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    server = serve(script)
    device = connect(server.host)
    for _ in range(3):
        device.send(RELAY, until)
    assert server.resumed == [False, True, True]


def test_idle_connection_closed_costs_one_quiet_reconnect(
    serve: Serve, connect: Connect, until: float
) -> None:
    """The device closes when the next request comes: the race of keep-alive."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.send(OK)
        if talk.number == 1:
            talk.request()

    server = serve(script)
    device = connect(server.host)
    device.send(RELAY, until)
    assert device.send(RELAY, until).body == b"hi"
    assert len(server.requests) == 3
    assert len(server.resumed) == 2


def test_post_that_may_have_arrived_is_not_repeated(
    serve: Serve, connect: Connect, until: float
) -> None:
    def script(talk: Talk) -> None:
        talk.request()
        talk.send(OK)
        talk.request()

    server = serve(script)
    device = connect(server.host)
    device.send(RELAY, until)
    with pytest.raises(DeviceUnreachable, match="closed without an answer"):
        device.send(POST, until)
    assert len(server.requests) == 2


def test_get_on_a_new_connection_is_not_repeated(
    serve: Serve, connect: Connect, until: float
) -> None:
    server = serve(lambda talk: [talk.request(), None][1])
    with pytest.raises(DeviceUnreachable, match="closed without an answer"):
        connect(server.host).send(RELAY, until)
    assert len(server.requests) == 1


def test_address_of_a_family_that_the_kernel_lacks(
    serve: Serve, connect: Connect, until: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ipv6.disable=1, and a name with an IPv6 address: the other one serves."""
    real = socket.socket

    def lacking(family: int = socket.AF_INET, *args: Any, **how: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported")
        return real(family, *args, **how)

    monkeypatch.setattr("socket.socket", lacking)
    server = serve(answer_all)
    device = connect(server.host, resolve=lambda *_: ("fd00::1", "127.0.0.1"))
    assert device.send(RELAY, until).status == 200
    lost = connect(server.host, resolve=lambda *_: ("fd00::1",))
    with pytest.raises(DeviceUnreachable, match="not supported"):
        lost.send(RELAY, until)


def test_peer_and_secrets(serve: Serve, connect: Connect, until: float) -> None:
    """A token goes only over a connection to the peer that was proven."""
    server = serve(answer_all)
    context = PinnedContext()
    device = connect(server.host, context=context)
    assert device.peer is None
    device.send(Request("GET", "/info"), until)
    assert device.peer == Peer("127.0.0.1", context.seen or "")
    secret = Request("GET", "/x", {"authorization": "Bearer t0ken"})
    device.secrets_only_to = device.peer
    assert device.send(secret, until).status == 200
    device.secrets_only_to = Peer("127.0.0.2", context.seen or "")
    for _ in range(2):  # over the open connection, and over a new one
        with pytest.raises(DeviceUnreachable, match="than the one trusted"):
            device.send(secret, until)
    assert sum(b"t0ken" in request for request in server.requests) == 1
    assert device.send(Request("GET", "/info"), until).status == 200


def test_nothing_secret_in_debug_log(
    serve: Serve, connect: Connect, until: float, caplog: pytest.LogCaptureFixture
) -> None:
    """The HTTP libraries log header lines at DEBUG; ours must not let them."""
    caplog.set_level(logging.DEBUG)
    server = serve(answer_all)
    connect(server.host).send(
        Request("GET", "/x", {"Authorization": "Bearer t0ken"}), until
    )
    assert caplog.records == []
