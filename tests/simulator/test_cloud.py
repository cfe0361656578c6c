"""The stand-in cloud gives and refuses tokens as Enlighten does."""

import json
import urllib.parse

import jwt
import pytest

from nutbridge.simulator.cloud import (
    LOGIN_PATH,
    TOKENS_PATH,
    CloudAccount,
    Mood,
    SimulatedCloud,
)
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.tokens import make_token, read_claims
from tests.fakes.client import Client
from tests.fakes.fixtures import RunningCloud

NOW = 1_790_000_000.0
YEAR_S = 365 * 86400
EMAIL = "owner@example.net"


def form(password: str = "correct horse") -> bytes:
    fields = {"user[email]": EMAIL, "user[password]": password}
    return urllib.parse.urlencode(fields).encode()


def cloud_in(mood: Mood) -> SimulatedCloud:
    return SimulatedCloud(CloudAccount(mood=mood, clock=lambda: NOW))


def log_in(
    cloud: SimulatedCloud, body: bytes | None = None, agent: str = "nutbridge"
) -> Reply:
    body = form() if body is None else body
    return cloud(Incoming("POST", LOGIN_PATH, headers={"user-agent": agent}, body=body))


def ask_token(
    cloud: SimulatedCloud, session: str, serial: str = "122000000001"
) -> Reply:
    body = json.dumps(
        {"session_id": session, "serial_num": serial, "username": EMAIL}
    ).encode()
    return cloud(Incoming("POST", TOKENS_PATH, body=body))


def session_of(reply: Reply) -> str:
    return str(json.loads(reply.body)["session_id"])


def test_cloud_over_https(standin_cloud: RunningCloud) -> None:
    """Login and token as the bash script asks for them, question mark included."""
    with Client(standin_cloud.server) as client:
        got = client.ask(LOGIN_PATH + "?", method="POST", body=form())
        session = json.loads(got.body)["session_id"]
        body = json.dumps(
            {"session_id": session, "serial_num": "122000000001", "username": EMAIL}
        )
        got = client.ask(TOKENS_PATH, method="POST", body=body.encode())
    claims = read_claims(got.body.decode())
    assert claims is not None
    assert claims["aud"] == "122000000001"
    assert standin_cloud.login_url.endswith(LOGIN_PATH)
    account = standin_cloud.account
    assert (account.login_attempts, account.logins, account.tokens) == (1, 1, 1)


def test_cloud_token_reads_with_pyjwt() -> None:
    cloud = cloud_in(Mood.OK)
    token = ask_token(cloud, session_of(log_in(cloud))).body.decode()
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "ES256"
    assert "kid" in header
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == YEAR_S
    assert claims["iss"] == "Entrez"
    assert claims["enphaseUser"] == "owner"
    assert "=" not in token


def test_token_of_an_installer_lives_12_hours() -> None:
    claims = read_claims(make_token("1", NOW, user="installer"))
    assert claims is not None
    assert claims["iat"] == NOW - 12 * 3600


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c", "a.!.c", "a.W10.c", "..", "a.e30.c.d"]
)
def test_token_claims_of_other_texts(text: str) -> None:
    assert read_claims(text) is None


@pytest.mark.parametrize(
    ("mood", "status", "body_start"),
    [
        (Mood.OK, 200, b'{"message":"success","session_id":"'),
        (Mood.MFA, 200, b'{"success":true,"isBlocked":false}'),
        (Mood.BLOCKED, 200, b'{"success":true,"isBlocked":true}'),
        (Mood.RATE_LIMITED, 429, b"{"),
        (Mood.HTML_WALL, 200, b"<!DOCTYPE html>"),
        (Mood.DOWN, 503, b"<h1>"),
    ],
)
def test_cloud_login(mood: Mood, status: int, body_start: bytes) -> None:
    cloud = cloud_in(mood)
    got = log_in(cloud)
    assert got.status == status
    assert got.body.startswith(body_start)
    assert cloud.account.login_attempts == 1
    assert cloud.account.logins == (1 if mood is Mood.OK else 0)


def test_cloud_refuses_a_wrong_password_in_every_state_of_the_account() -> None:
    for mood in (Mood.OK, Mood.MFA, Mood.BLOCKED):
        cloud = cloud_in(mood)
        assert log_in(cloud, form("wrong")).status == 401
        assert cloud.account.logins == 0
    assert log_in(cloud_in(Mood.OK), b"\xff\xfe").status == 401


def test_cloud_turns_away_home_assistant() -> None:
    assert log_in(cloud_in(Mood.OK), agent="HomeAssistant/2026.1").status == 406


@pytest.mark.parametrize(
    ("mood", "status", "body"),
    [(Mood.NO_TOKEN, 403, b'{"message":"forbidden"}'), (Mood.EMPTY_TOKEN, 200, b"")],
)
def test_cloud_gives_no_token(mood: Mood, status: int, body: bytes) -> None:
    cloud = cloud_in(mood)
    got = ask_token(cloud, session_of(log_in(cloud)))
    assert (got.status, got.body) == (status, body)
    assert cloud.account.tokens == 0


def test_cloud_gives_a_token_for_another_gateway() -> None:
    cloud = cloud_in(Mood.WRONG_SERIAL)
    token = ask_token(cloud, session_of(log_in(cloud))).body.decode()
    claims = read_claims(token)
    assert claims is not None
    assert claims["aud"] != "122000000001"


def test_cloud_gives_nothing_for_a_serial_that_is_not_the_accounts() -> None:
    cloud = cloud_in(Mood.OK)
    got = ask_token(cloud, session_of(log_in(cloud)), serial="122000007777")
    assert (got.status, got.body) == (200, b"")


def test_cloud_wants_a_session() -> None:
    cloud = cloud_in(Mood.OK)
    assert ask_token(cloud, "null").status == 403
    log_in(cloud)
    assert ask_token(cloud, "null").status == 403
    for body in (b"", b"[]"):
        assert cloud(Incoming("POST", TOKENS_PATH, body=body)).status == 400


def test_cloud_knows_two_paths() -> None:
    cloud = cloud_in(Mood.OK)
    assert cloud(Incoming("GET", LOGIN_PATH)).status == 404
    assert cloud(Incoming("POST", "/elsewhere")).status == 404
