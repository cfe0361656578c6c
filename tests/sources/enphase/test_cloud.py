"""Login and token request: every answer that is known to come."""

import json
import logging
from urllib.parse import parse_qs

import pytest

from nutbridge.errors import (
    CloudError,
    DeviceUnreachable,
    LoginRefused,
    SecondFactorNeeded,
)
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.enphase.claims import parse_token
from nutbridge.sources.enphase.cloud import LOGIN_URL, TOKEN_URL, Cloud
from tests.sources.enphase.tokens import SERIAL, make_token, owner_token

PASSWORD = "pa$$ wört&=+"
SESSION = "5e5510"
LOGIN = json.dumps({"message": "success", "session_id": SESSION}).encode()


class Enlighten:
    """A wire with one answer for each of the two addresses."""

    def __init__(
        self,
        login: Answer | Exception | bytes = LOGIN,
        token: Answer | Exception | bytes = b"",
    ) -> None:
        self.answers = {LOGIN_URL: login, TOKEN_URL: token}
        self.requests: list[Request] = []

    def send(self, request: Request, until: float) -> Answer:
        self.requests.append(request)
        answer = self.answers[request.path]
        if isinstance(answer, Exception):
            raise answer
        return Answer(200, {}, answer) if isinstance(answer, bytes) else answer

    def reconnect(self) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def _cloud(wire: Enlighten, *, any_audience: bool = False) -> Cloud:
    return Cloud(
        wire,
        user="me@home.invalid",
        password=PASSWORD,
        serial=SERIAL,
        any_audience=any_audience,
    )


def test_new_token() -> None:
    wire = Enlighten(token=owner_token().encode() + b"\n")
    assert _cloud(wire).new_token(None, 0.0) == owner_token()
    login, order = wire.requests
    assert login.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert parse_qs((login.body or b"").decode()) == {
        "user[email]": ["me@home.invalid"],
        "user[password]": [PASSWORD],
    }
    assert order.headers == {"Content-Type": "application/json"}
    assert json.loads(order.body or b"") == {
        "session_id": SESSION,
        "serial_num": SERIAL,
        "username": "me@home.invalid",
    }


def _status(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, named, body)


WALL = b" \n<!DOCTYPE html><p>5e5510"

LOGIN_FAILURES: list[
    tuple[Answer | Exception | bytes, type[CloudError], str, float]
] = [
    (_status(401), LoginRefused, "check USERNAME and PASSWORD", 900),
    (
        b'{"success":true,"isBlocked":false}',
        SecondFactorNeeded,
        "`nutbridge token import`",
        900,
    ),
    (b'{"requires_mfa":true,"session_id":"x"}', SecondFactorNeeded, "MFA", 900),
    (b'{"isBlocked":true}', LoginRefused, "blocked", 900),
    (_status(406), CloudError, "(406)", 0),
    (_status(429), CloudError, "fewer logins (429)", 900),
    (_status(429, retry_after="7200"), CloudError, "(429)", 7200),
    (_status(429, retry_after="9999999999"), CloudError, "(429)", 900),
    (_status(429, retry_after="999999"), CloudError, "(429)", 86400),
    (_status(302), CloudError, "elsewhere (302)", 0),
    (_status(503), CloudError, "out of order (503)", 0),
    (_status(418), CloudError, "answers 418", 0),
    (WALL, CloudError, "web page instead of a login", 3600),
    (b"\xef\xbb\xbf" + WALL, CloudError, "web page instead of a login", 3600),
    (b'{"session_id":17}', CloudError, "odd session id", 0),
    (b'{"session_id":""}', CloudError, "odd session id", 0),
    (b"[]", CloudError, "not a JSON object", 0),
    (b"", CloudError, "not a JSON object", 0),
    (b"\xff\xfe{}", CloudError, "not a JSON object", 0),
    (b"[" * 60_000, CloudError, "not a JSON object", 0),
    (b'{"a":' + b"1" * 5000 + b"}", CloudError, "not a JSON object", 0),
    (b'{"a":"' + b"x" * 99_999 + b'"}', CloudError, "not a JSON object", 0),
    (
        DeviceUnreachable("enlighten", "connection refused"),
        CloudError,
        "cannot be reached: enlighten: connection refused",
        0,
    ),
]


@pytest.mark.parametrize(("answer", "kind", "text", "pause_s"), LOGIN_FAILURES)
def test_login_fails(
    answer: Answer | Exception | bytes, kind: type, text: str, pause_s: float
) -> None:
    wire = Enlighten(login=answer, token=owner_token().encode())
    with pytest.raises(CloudError) as caught:
        _cloud(wire).new_token(None, 0.0)
    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert caught.value.pause_s == pause_s
    assert len(wire.requests) == 1


TOKEN_FAILURES: list[tuple[Answer | Exception | bytes, str]] = [
    *((_status(status), "check SERIAL") for status in (400, 403, 404, 422)),
    (_status(401), "(401)"),
    (_status(429), "(429)"),
    (_status(500), "out of order (500)"),
    (Answer(503, {}, b"<html>"), "out of order (503)"),
    (_status(301), "elsewhere (301)"),
    (b"", "empty token for gateway 122000000001"),
    (b" \n", "empty token"),
    (b" <html>", "web page instead of a token"),
    (b"\xef\xbb\xbf<html>", "web page instead of a token"),
    (b"Too many requests, try later", "no usable token: not a token"),
    (b"\xff\x00", "no usable token: not a token"),
    (b"x" * 100_000, "no usable token: longer"),
    (b'{"token":"a.b.c"}', "no usable token: not a token"),
    (owner_token(aud="122000000009").encode(), "is for gateway 122000000009"),
    (make_token(exp=1792000000).encode(), "does not say for which gateway"),
    (owner_token(days=-1).encode(), "ends before it begins"),
    (DeviceUnreachable("entrez", "no answer within 10 s"), "no answer within 10 s"),
]


@pytest.mark.parametrize(("answer", "text"), TOKEN_FAILURES)
def test_token_fails(answer: Answer | Exception | bytes, text: str) -> None:
    with pytest.raises(CloudError) as caught:
        _cloud(Enlighten(token=answer)).new_token(None, 0.0)
    assert text in str(caught.value)
    # Each try costs a login, except where nobody was asked.
    free = "500" in text or "no answer" in text
    assert caught.value.pause_s >= (0 if free else 600)


@pytest.mark.parametrize(("days", "good"), [(364, False), (365, False), (366, True)])
def test_new_token_must_outlive_the_old(days: float, *, good: bool) -> None:
    text = owner_token(days=days)
    cloud = _cloud(Enlighten(token=text.encode()))
    if good:
        assert cloud.new_token(parse_token(owner_token()), 0.0) == text
        return
    with pytest.raises(CloudError, match="ends no later than the old"):
        cloud.new_token(parse_token(owner_token()), 0.0)


def test_test_mode_takes_any_audience() -> None:
    text = make_token(exp=1792000000)
    cloud = _cloud(Enlighten(token=text.encode()), any_audience=True)
    assert cloud.new_token(None, 0.0) == text


def test_no_secret_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither password nor session id nor token, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    secret = owner_token(aud="122000000009")
    answers = [answer for answer, *_ in LOGIN_FAILURES]
    shown = [repr(_cloud(Enlighten()))]
    for wire in (
        *(Enlighten(login=answer) for answer in answers),
        *(Enlighten(token=answer) for answer, _ in TOKEN_FAILURES),
    ):
        with pytest.raises(CloudError) as caught:
            _cloud(wire).new_token(None, 0.0)
        shown += [str(caught.value), repr(caught.value), *map(repr, wire.requests)]
    text = "\n".join([*shown, caplog.text])
    for word in (PASSWORD, "%24%24", SESSION, secret, secret.split(".")[1]):
        assert word not in text
