"""The stand-in server is as real as the gateway where a client can tell."""

import hashlib
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator

import pytest

from nutbridge.simulator.messages import Incoming, Line, Reply
from nutbridge.simulator.server import LOOPBACK, Server
from tests.fakes.client import Client

DEADLINE_S = 60.0


def echo(asked: Incoming) -> Reply:
    text = f"{asked.method} {asked.path} {asked.query} ".encode()
    return Reply(headers={"X-Kind": "echo"}, body=text + asked.body)


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.005)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(echo, idle_s=None) as running:
        yield running


def test_server_answers_with_status_headers_and_body(server: Server) -> None:
    with Client(server) as client:
        got = client.ask("/a?b=c", method="POST", body=b"body")
    assert (got.status, got.body) == (200, b"POST /a b=c body")
    assert got.headers["x-kind"] == "echo"
    assert "content-type" not in got.headers


def test_server_keeps_the_connection(server: Server) -> None:
    with Client(server) as client:
        for _ in range(20):
            client.ask("/a?n=1")
    assert server.counts.connections == 1
    assert server.counts.full_handshakes == 1
    assert server.counts.requests == {"/a": 20}
    assert len(server.counts.recent) == 20
    server.counts.clear()
    assert server.counts.connections == 0
    assert not server.counts.requests


def test_server_closes_after_connection_close(server: Server) -> None:
    with Client(server) as client:
        got = client.ask("/a", headers={"Connection": "close"})
        assert got.headers["connection"] == "close"
        eventually(lambda: server.open_connections == 0)


def test_server_counts_resumed_handshakes(server: Server) -> None:
    context = ssl.create_default_context(cadata=server.ca_pem.decode())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for _ in range(3):
        with (
            socket.create_connection((LOOPBACK, server.port)) as plain,
            context.wrap_socket(
                plain, server_hostname=LOOPBACK, session=session
            ) as secure,
        ):
            session = secure.session
            secure.sendall(b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")
            while secure.recv(4096):
                pass
    assert server.counts.full_handshakes == 1
    assert server.counts.resumed_handshakes == 2


def test_server_closes_an_idle_connection() -> None:
    """A gateway drops a connection that nobody uses; the next request shows it."""
    with Server(echo, idle_s=0.05) as server, Client(server) as client:
        client.ask("/a")
        eventually(lambda: server.open_connections == 0)
        client.connection.auto_open = 0
        with pytest.raises((http.client.HTTPException, OSError)):
            client.ask("/a")


def test_server_shows_its_certificate(server: Server) -> None:
    pem = ssl.get_server_certificate((LOOPBACK, server.port))
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    assert shown == server.fingerprint


def test_server_with_a_new_certificate(server: Server) -> None:
    known = server.fingerprint
    old = ssl.create_default_context(cadata=server.ca_pem.decode())
    server.new_certificate()
    assert server.fingerprint != known
    test_server_shows_its_certificate(server)
    with Client(server, context=old) as client, pytest.raises(ssl.SSLError):
        client.ask("/a")
    eventually(lambda: server.counts.failed_handshakes == 1)


def test_server_refuses_and_listens_again(server: Server) -> None:
    port = server.port
    with Client(server) as client:
        client.ask("/a")
        server.refuse()
        eventually(lambda: server.open_connections == 0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((LOOPBACK, port))
        server.listen()
        with Client(server) as again:
            assert again.ask("/a").status == 200


def test_server_that_refuses_keeps_its_port() -> None:
    """Another process could get the port meanwhile."""
    with Server(echo) as server:
        server.refuse()
        with pytest.raises(OSError, match="in use"), socket.socket() as thief:
            thief.bind((LOOPBACK, server.port))


def test_server_drops_connections(server: Server) -> None:
    with Client(server) as client:
        client.ask("/a")
        client.connection.auto_open = 0
        server.drop_connections()
        eventually(lambda: server.open_connections == 0)
        with pytest.raises((http.client.HTTPException, OSError)):
            client.ask("/a")
    with Client(server) as client:
        assert client.ask("/a").status == 200


def test_server_stalls_a_handshake(server: Server) -> None:
    server.stalled = True
    with Client(server) as client:
        client.connection.timeout = 0.2
        with pytest.raises(TimeoutError):
            client.ask("/a")
    eventually(lambda: server.counts.connections == 1)
    assert server.counts.full_handshakes == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET /a HTTP/1.0\r\n\r\n",
        b"GET /a HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET /a HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET /a\r\n\r\n",
    ],
)
def test_server_ends_a_connection_without_http(server: Server, sent: bytes) -> None:
    context = ssl.create_default_context(cadata=server.ca_pem.decode())
    with (
        socket.create_connection((LOOPBACK, server.port), DEADLINE_S) as plain,
        context.wrap_socket(plain, server_hostname=LOOPBACK) as secure,
    ):
        secure.sendall(sent)
        assert secure.recv(1) == b""
    with Client(server) as client:
        assert client.ask("/a").status == 200


def test_server_stop_ends_a_hanging_reply() -> None:
    ended: list[bool] = []

    def deliver(channel: Line, _head: bytes, _body: bytes) -> None:
        ended.append(channel.wait())

    with Server(lambda _asked: Reply(deliver=deliver)) as server:
        client = Client(server)
        client.connection.request("GET", "/a")
        eventually(lambda: server.counts.requests["/a"] == 1)
    assert ended == [True]
    client.connection.close()
    assert server.open_connections == 0


def test_server_stop_leaves_the_port_closed() -> None:
    with Server(echo) as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port))
    server.stop()
