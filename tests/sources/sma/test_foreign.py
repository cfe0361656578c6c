"""What is told of a device that does not speak Webconnect, or not so."""

from collections.abc import Callable

import pytest

from nutbridge.errors import DeviceError, NoFreeSession, NotWebconnect
from nutbridge.simulator.messages import Answer, Reply
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.inverter import (
    err,
    html_page,
    to_https,
)
from nutbridge.sources.sma.webconnect.connect import connect
from nutbridge.sources.sma.webconnect.foreign import explain
from tests.fakes.inverter import PASSWORD, RunningInverter

Run = Callable[..., RunningInverter]


def told(host: str, scheme: str = "https") -> str:
    """Return what a failed login is explained with."""
    client = connect(host, password=PASSWORD, scheme=scheme, timeout_s=10.0)
    try:
        client.login()
    except DeviceError as error:
        return str(explain(error, host, scheme=scheme, timeout_s=10.0))
    finally:
        client.close()
    return "logged in"


def test_redirecting_page_is_not_ennexos() -> None:
    """A router that sends everybody to its login page."""
    moved = Reply(302, {"Location": "/login"})
    with Server(lambda _: moved) as server:
        found = told(f"{LOOPBACK}:{server.port}")
    assert "this is ennexOS" not in found
    assert "302" in found


def test_http_only(run_inverter: Run) -> None:
    old = run_inverter("old-flat", tls=False)
    assert "http only: use --scheme http" in told(old.host)
    assert old.logins == 0


def test_https_only(hybrid: RunningInverter) -> None:
    hybrid.inverter.replies["/dyn/login.json"] = to_https(hybrid.host)
    assert "https only: use --scheme https" in told(hybrid.host)


def test_iq_gateway() -> None:
    """It wants a token; an inverter refuses a password with status 200."""
    with Server(lambda _: Reply(401)) as server:
        found = told(f"{LOOPBACK}:{server.port}")
    assert "401 (another kind of device, such as an IQ Gateway" in found


@pytest.mark.parametrize(
    "answer", [lambda _: err(404), lambda _: html_page(503)], ids=["err 404", "503"]
)
def test_web_server_that_restarts(answer: Answer) -> None:
    with Server(answer) as server:
        found = told(f"{LOOPBACK}:{server.port}")
    assert "ennexOS (/api/v1), not Webconnect" not in found
    assert "404" in found or "503" in found


def test_nobody_there(run_inverter: Run) -> None:
    old = run_inverter()
    old.server.refuse()
    assert "connection refused" in told(old.host)


def test_other_errors_are_left_as_they_are() -> None:
    error = NoFreeSession("h", "no free session")
    assert explain(error, "127.0.0.1:1", scheme="https") is error


def test_redirect_needs_no_request() -> None:
    error = NotWebconnect("h", "redirect", 301, redirected=True)
    assert "https only" in str(explain(error, "127.0.0.1:1", scheme="http"))
