"""The cloud's wire: certificates verified, one deadline for all."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.cloud_https import CloudHttps
from nutbridge.net.wire import Request
from nutbridge.system.clock import SystemClock
from tests.net.scripted import ScriptedServer, Talk, answer_all

Serve = Callable[..., ScriptedServer]


def _post(server: ScriptedServer, host: str = "localhost") -> Request:
    url = f"https://{host}:{server.port}/login/login.json?a=b"
    return Request("POST", url, {"Content-Type": "text/x"}, b"body")


def test_post(serve: Serve, ca_file: Path, until: float) -> None:
    server = serve(answer_all)
    wire = CloudHttps(SystemClock(), ca_file=ca_file)
    assert wire.send(_post(server), until).body == b"hi"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /login/login.json?a=b HTTP/1.1")
    assert body == b"body"


@pytest.mark.parametrize("trusted", [False, True])
def test_certificate_is_verified(
    serve: Serve, ca_file: Path, until: float, *, trusted: bool
) -> None:
    """By the system's authorities, and for the name that was asked for."""
    server = serve(answer_all)
    wire = CloudHttps(
        SystemClock(),
        ca_file=ca_file if trusted else None,
        resolve=lambda _host, _port: ["127.0.0.1"],
    )
    host = "other.invalid" if trusted else "localhost"
    with pytest.raises(DeviceUnreachable, match="certificate not trusted") as caught:
        wire.send(_post(server, host), until)
    assert server.requests == []
    assert caught.value.what == f"{host}:{server.port}/login/login.json"


def test_deadline(serve: Serve, ca_file: Path, until: float) -> None:
    """A byte now and then does not stretch it."""

    def drip(talk: Talk) -> None:
        talk.request()
        while True:
            talk.send(b"H")
            talk.server.tick.wait(0.05)

    server = serve(drip)
    wire = CloudHttps(SystemClock(), timeout_s=0.3, ca_file=ca_file)
    with pytest.raises(DeviceUnreachable, match=r"no complete answer within 0\.3 s"):
        wire.send(_post(server), until)


@pytest.mark.parametrize("url", ["http://localhost/x", "/login", "https:///x", ""])
def test_only_https(until: float, url: str) -> None:
    with pytest.raises(DeviceUnreachable, match="not an https address"):
        CloudHttps(SystemClock()).send(Request("POST", url), until)


def test_server_of_another_authority(ca_file: Path, until: float) -> None:
    other = trustme.CA().issue_cert("localhost")
    with ScriptedServer(other, answer_all) as server:
        wire = CloudHttps(SystemClock(), ca_file=ca_file)
        with pytest.raises(DeviceUnreachable, match="certificate not trusted"):
            wire.send(_post(server), until)
