"""The gateway's endpoints: what is sent, and what each answer becomes."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.enphase import meters, paths, readings
from nutbridge.sources.enphase.gateway import Gateway, http_date
from nutbridge.ups.notices import BODIES
from tests.fakes.clock import FakeClock
from tests.sources.enphase.wires import (
    HOST,
    TOKEN,
    TableWire,
)

LATER = 5000.0
ENDPOINTS = {
    each.path: each
    for each in (
        *(readings.RELAY, readings.LIVEDATA, readings.SECCTRL, readings.INVENTORY),
        *(readings.STATUS, readings.POWER, meters.REPORTS, meters.METERS),
    )
}
PATHS = (*ENDPOINTS, paths.INFO)
RELAY = b'{"mains_oper_state":"closed"}'
INFO = b"<envoy_info><device><sn>1</sn></device></envoy_info>"


def gateway(*, token: str | None = TOKEN) -> tuple[Gateway, TableWire]:
    clock = FakeClock()
    wire = TableWire(clock)
    return Gateway(wire, clock, HOST, lambda: token), wire


def fetch(of: Gateway, path: str) -> Any:
    endpoint = ENDPOINTS.get(path)
    return of.fetch(endpoint, LATER) if endpoint else of.fetch_info(LATER)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer(503, {}, b""), DeviceAnswerError, "answered 503"),
        (Answer(404, {}, b""), DeviceAnswerError, "answered 404"),
        (Answer(301, {"location": "/home"}, b""), DeviceAnswerError, "redirect"),
        (Answer(204, {}, b""), DeviceAnswerError, "answered 204"),
        (Answer(200, {}, b""), DeviceAnswerError, "empty"),
        (Answer(200, {}, b"<!DOCTYPE html>"), DeviceAnswerError, "HTML"),
        (Answer(200, {}, b'{"a":'), DeviceAnswerError, "cut or damaged"),
        (Answer(200, {}, b"\xff"), DeviceAnswerError, "UTF-8|damaged"),
        (Answer(200, {}, b"[" * 100000), DeviceAnswerError, "deeply|damaged"),
        (Answer(200, {}, b"5"), DeviceAnswerError, "expected|damaged"),
        (DeviceUnreachable(HOST, "connection refused"), DeviceUnreachable, "refused"),
    ],
)
def test_fetch_every_failure_is_one_clear_line(
    path: str, answer: Answer | DeviceError, kind: type[DeviceError], says: str
) -> None:
    ours, wire = gateway()
    wire.table[path] = answer
    with pytest.raises(kind, match=says) as caught:
        fetch(ours, path)
    assert HOST in str(caught.value)
    assert "\n" not in str(caught.value)
    if isinstance(answer, Answer):
        assert caught.value.what == HOST + path


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", PATHS)
def test_fetch_refused(path: str, status: int) -> None:
    """To /info goes no token, so none is refused there."""
    ours, wire = gateway()
    wire.table[path] = Answer(status, {}, b"<html>401</html>")
    kind = DeviceAnswerError if path == paths.INFO else TokenRejected
    with pytest.raises(kind, match=str(status)):
        fetch(ours, path)


@pytest.mark.parametrize("body", [b"{}", b'{"mains_oper_state":5}'])
def test_fetch_relay_without_a_word(body: bytes) -> None:
    ours, wire = gateway()
    wire.table[paths.RELAY] = body
    with pytest.raises(DeviceAnswerError, match="no mains_oper_state"):
        ours.fetch(readings.RELAY, LATER)


def test_token_goes_everywhere_but_to_info() -> None:
    ours, wire = gateway()
    wire.table = {paths.RELAY: RELAY, paths.INFO: INFO}
    ours.fetch(readings.RELAY, LATER)
    ours.fetch_info(LATER)
    sent = [request.headers.get("Authorization") for request in wire.asked]
    assert sent == [f"Bearer {TOKEN}", None]


def test_no_token_yet() -> None:
    ours, wire = gateway(token=None)
    with pytest.raises(DeviceError, match="no token yet"):
        ours.fetch(readings.RELAY, LATER)
    assert wire.asked == []


def test_session_is_sent_back_until_it_is_dropped() -> None:
    ours, wire = gateway()
    cookie = {"set-cookie": "sessionId=abc123; Secure; HttpOnly; path=/"}
    wire.table = {paths.RELAY: Answer(200, cookie, RELAY), paths.INFO: INFO}
    ours.fetch(readings.RELAY, LATER)
    ours.fetch(readings.RELAY, LATER)
    ours.fetch_info(LATER)
    ours.new_session()
    ours.fetch(readings.RELAY, LATER)
    sent = [request.headers.get("Cookie") for request in wire.asked]
    assert sent == [None, "sessionId=abc123", None, None]
    assert wire.reconnects == 1


def test_session_of_an_old_token_is_not_sent() -> None:
    clock = FakeClock()
    wire = TableWire(clock)
    tokens = iter(["one", "two"])
    ours = Gateway(wire, clock, HOST, lambda: next(tokens))
    wire.table[paths.RELAY] = Answer(200, {"set-cookie": "sessionId=x"}, RELAY)
    ours.fetch(readings.RELAY, LATER)
    ours.fetch(readings.RELAY, LATER)
    assert "Cookie" not in wire.asked[1].headers


@pytest.mark.parametrize("cookie", ["", "sessionId=", "sessionId=a\r\nX: b", "other=1"])
def test_session_odd_cookies(cookie: str) -> None:
    ours, wire = gateway()
    wire.table[paths.RELAY] = Answer(200, {"set-cookie": cookie}, RELAY)
    ours.fetch(readings.RELAY, LATER)
    ours.fetch(readings.RELAY, LATER)
    assert wire.asked[1].headers.get("Cookie") in (None, "sessionId=a")


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (Answer(200, {}, b"<!DOCTYPE html><h2>Valid token.</h2>\n"), True),
        (Answer(200, {}, b"<h2>Invalid token.</h2>"), False),
        (Answer(401, {}, b""), False),
        (Answer(403, {}, b""), False),
        (Answer(404, {}, b""), False),
    ],
)
def test_check_jwt(answer: Answer, good: bool) -> None:
    ours, wire = gateway()
    wire.table[paths.CHECK_JWT] = answer
    assert ours.check_jwt(LATER) is good


def test_check_jwt_shows_the_token_alone() -> None:
    """The gateway would take the session for the token."""
    ours, wire = gateway()
    cookie = {"set-cookie": "sessionId=abc123"}
    wire.table = {paths.RELAY: Answer(200, cookie, RELAY), paths.CHECK_JWT: b"Valid"}
    ours.fetch(readings.RELAY, LATER)
    ours.check_jwt(LATER)
    assert set(wire.asked[1].headers) == {"Authorization"}


@pytest.mark.parametrize("status", [301, 502, 503])
def test_check_jwt_cannot_tell(status: int) -> None:
    ours, wire = gateway()
    wire.table[paths.CHECK_JWT] = Answer(status, {}, b"")
    with pytest.raises(DeviceAnswerError):
        ours.check_jwt(LATER)


def test_only_the_stream_is_posted() -> None:
    ours, wire = gateway()
    wire.table = dict.fromkeys(PATHS, Answer(500, {}, b""))
    wire.table[paths.CHECK_JWT] = wire.table[paths.STREAM] = Answer(200, {}, b"{}")
    for path in PATHS:
        with pytest.raises(DeviceAnswerError):
            fetch(ours, path)
    ours.check_jwt(LATER)
    ours.enable_stream(LATER)
    posts = [request for request in wire.asked if request.method != "GET"]
    assert [(post.path, post.body) for post in posts] == [
        ("/ivp/livedata/stream", b'{"enable":1}')
    ]


def test_answers_are_dated() -> None:
    ours, wire = gateway()
    wire.date = "Sat, 26 Sep 2026 12:31:40 GMT"
    wire.table[paths.RELAY] = RELAY
    relay = ours.fetch(readings.RELAY, LATER)
    assert relay.at == wire.clock.now
    assert relay.gateway_epoch_s == 1790425900.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sat, 26 Sep 2026 12:31:40",
        "Sat, 26 Xyz 2026 12:31:40 GMT",
        "Sat, 31 Feb 2026 12:31:40 GMT",
        "Sat, 26 Sep 2026 25:31:40 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)
def test_http_date_odd(text: str) -> None:
    assert http_date(text) is None


def test_http_date_of_any_century() -> None:
    """A gateway whose clock was never set shows 1970."""
    assert http_date("Thu, 01 Jan 1970 00:00:10 GMT") == 10.0
    assert http_date("Sat, 26 Sep 9999 12:31:40 GMT") is not None


@given(st.from_regex(r"\w{3}, \d\d (Jan|Feb|Dec) \d{4} \d\d:\d\d:\d\d GMT\n?"))
def test_http_date_never_raises(text: str) -> None:
    http_date(text)


def test_bodies_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    ours, wire = gateway()
    cookie = {"set-cookie": "sessionId=abc123; path=/"}
    body = b'{"mains_oper_state":"open","x":"abc123 %s 122000000001"}' % TOKEN.encode()
    wire.table[paths.RELAY] = Answer(200, cookie, body)
    with caplog.at_level(BODIES, "nutbridge"):
        ours.fetch(readings.RELAY, LATER)
        ours.fetch(readings.RELAY, LATER)
    assert '"mains_oper_state":"open"' in caplog.text
    assert TOKEN not in caplog.text
    assert "122000000001" not in caplog.text
    assert "abc123" not in caplog.messages[1]
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "nutbridge"):
        ours.fetch(readings.RELAY, LATER)
    assert caplog.text == ""


def test_certificate_changed_without_a_guard() -> None:
    ours, wire = gateway()
    wire.table[paths.RELAY] = CertificateChanged(HOST, "a" * 64, "b" * 64)
    with pytest.raises(CertificateChanged):
        ours.fetch(readings.RELAY, LATER)


def test_close_closes_the_wire() -> None:
    ours, wire = gateway()
    ours.close()
    assert wire.closed


def test_secrets_are_in_no_repr() -> None:
    request = Request("GET", "/x", {"Authorization": f"Bearer {TOKEN}"})
    assert TOKEN not in repr(request)
