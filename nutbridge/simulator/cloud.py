"""The stand-in Enlighten: login and token request on one loopback server.

POST /login/login.json takes the form fields ``user[email]`` and
``user[password]`` and gives a session id; POST /tokens takes JSON and gives the
token as plain text. ``mood`` chooses among the ways the real one fails.
"""

import hashlib
import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.tokens import OWNER_LIFETIME_S, make_token

LOGIN_PATH: Final = "/login/login.json"
TOKENS_PATH: Final = "/tokens"

_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_OTHER_SERIAL: Final = "122000009999"


class Mood(StrEnum):
    """How the cloud behaves."""

    OK = "ok"
    #: The account has multi-factor authentication: 200 without a session id.
    MFA = "mfa"
    #: The account is blocked: 200 without a session id, isBlocked true.
    BLOCKED = "blocked"
    #: 429 to everything.
    RATE_LIMITED = "rate-limited"
    #: A page for people where JSON or a token is due, with 200.
    HTML_WALL = "html-wall"
    #: 503 to everything.
    DOWN = "down"
    #: Login works, the token is refused with 403.
    NO_TOKEN = "no-token"  # noqa: S105 - a way to fail, not a password
    #: Login works, the token's body is empty.
    EMPTY_TOKEN = "empty-token"  # noqa: S105 - a way to fail, not a password
    #: Login works, the token is for another gateway.
    WRONG_SERIAL = "wrong-serial"


_WALL: Final = Reply(
    headers=_HTML,
    body=b"<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>\n",
)
_RATE_LIMITED: Final = Reply(
    HTTPStatus.TOO_MANY_REQUESTS, _JSON, b'{"message":"Too many requests"}'
)
_DOWN: Final = Reply(HTTPStatus.SERVICE_UNAVAILABLE, _HTML, b"<h1>503</h1>\n")
_BAD_REQUEST: Final = Reply(HTTPStatus.BAD_REQUEST, _JSON, b'{"message":"bad"}')
_BAD_PASSWORD: Final = Reply(
    HTTPStatus.UNAUTHORIZED, _JSON, b'{"message":"Invalid credentials"}'
)
_MFA: Final = Reply(
    headers=_JSON | {"Set-Cookie": "login_otp_nonce=stand-in; path=/; Secure"},
    body=b'{"success":true,"isBlocked":false}',
)
_BLOCKED: Final = Reply(headers=_JSON, body=b'{"success":true,"isBlocked":true}')
_NO_SESSION: Final = Reply(
    HTTPStatus.FORBIDDEN, _JSON, b'{"message":"session not valid"}'
)
_NOT_ACCEPTABLE: Final = Reply(HTTPStatus.NOT_ACCEPTABLE, _HTML, b"<h1>406</h1>\n")

#: Moods that decide every request, and those that decide a login or a token.
_ALWAYS: Final[Mapping[Mood, Reply]] = {
    Mood.RATE_LIMITED: _RATE_LIMITED,
    Mood.DOWN: _DOWN,
    Mood.HTML_WALL: _WALL,
}
_AFTER_PASSWORD: Final[Mapping[Mood, Reply]] = {
    Mood.MFA: _MFA,
    Mood.BLOCKED: _BLOCKED,
}
_AFTER_SESSION: Final[Mapping[Mood, Reply]] = {
    Mood.NO_TOKEN: Reply(HTTPStatus.FORBIDDEN, _JSON, b'{"message":"forbidden"}'),
    Mood.EMPTY_TOKEN: Reply(),
}


@dataclass(slots=True)
class CloudAccount:
    """The one account; change it at any time.

    Attributes:
        email: user name.
        password: its password.
        serial: the gateway that belongs to it.
        mood: how the cloud behaves.
        lifetime_s: of the tokens it gives.
        user: ``owner`` or ``installer``.
        clock: the cloud's clock, seconds since 1970.
        login_attempts: login requests so far.
        logins: logins that gave a session id.
        tokens: tokens given so far.
    """

    email: str = "owner@example.net"
    password: str = "correct horse"  # noqa: S105 - opens nothing but this stand-in
    serial: str = "122000000001"
    mood: Mood = Mood.OK
    lifetime_s: float = OWNER_LIFETIME_S
    user: str = "owner"
    clock: Callable[[], float] = time.time
    login_attempts: int = 0
    logins: int = 0
    tokens: int = 0


class SimulatedCloud:
    """Answers for a ``CloudAccount``; an answer function of ``Server``."""

    def __init__(self, account: CloudAccount | None = None) -> None:
        self.account = CloudAccount() if account is None else account
        self._lock = threading.Lock()
        self._session: str | None = None

    def __call__(self, asked: Incoming) -> Reply:
        """Answer one request."""
        steps = {LOGIN_PATH: self._login, TOKENS_PATH: self._token}
        step = steps.get(asked.path)
        if step is None or asked.method != "POST":
            return Reply(HTTPStatus.NOT_FOUND, _HTML, b"<h1>404</h1>\n")
        with self._lock:
            if step == self._login:
                self.account.login_attempts += 1
            always = _ALWAYS.get(self.account.mood)
            return step(asked) if always is None else always

    def _login(self, asked: Incoming) -> Reply:
        account = self.account
        # The real one turns away what calls itself so.
        if "homeassistant" in asked.headers.get("user-agent", "").lower():
            return _NOT_ACCEPTABLE
        form = dict(urllib.parse.parse_qsl(asked.body.decode("utf-8", "replace")))
        given = (form.get("user[email]"), form.get("user[password]"))
        if given != (account.email, account.password):
            return _BAD_PASSWORD
        if account.mood in _AFTER_PASSWORD:
            return _AFTER_PASSWORD[account.mood]
        account.logins += 1
        text = f"{account.email} {account.logins}".encode()
        self._session = hashlib.sha256(text).hexdigest()[:32]
        return _json_reply(
            {
                "message": "success",
                "session_id": self._session,
                "manager_token": make_token("manager", account.clock() + 3600),
                "is_consumer": True,
                "system_id": "4800001",
                "redirect_url": "",
            },
            cookie=f"_enlighten_4_session={self._session}; path=/; Secure; HttpOnly",
        )

    def _token(self, asked: Incoming) -> Reply:
        account = self.account
        try:
            wanted = json.loads(asked.body)
        except ValueError:
            return _BAD_REQUEST
        if not isinstance(wanted, dict):
            return _BAD_REQUEST
        if self._session is None or wanted.get("session_id") != self._session:
            return _NO_SESSION
        if account.mood in _AFTER_SESSION:
            return _AFTER_SESSION[account.mood]
        # A serial that is not the account's gives no token.
        if wanted.get("serial_num") != account.serial:
            return Reply()
        account.tokens += 1
        other = account.mood is Mood.WRONG_SERIAL
        now = account.clock()
        token = make_token(
            _OTHER_SERIAL if other else account.serial,
            now + account.lifetime_s,
            account.user,
            now,
        )
        return Reply(headers={"Content-Type": "text/plain"}, body=token.encode())


def _json_reply(fields: Mapping[str, object], cookie: str) -> Reply:
    body = json.dumps(fields, separators=(",", ":")).encode()
    return Reply(headers=_JSON | {"Set-Cookie": cookie}, body=body)


def config_of(account: CloudAccount, gateway: str, cloud_url: str) -> dict[str, str]:
    """Return the lines of a config that lead a monitor to the stand-ins.

    Args:
        account: the owner's.
        gateway: ``HOST:PORT``.
        cloud_url: where a SimulatedCloud listens.
    """
    return {
        "USERNAME": account.email,
        "PASSWORD": account.password,
        "SERIAL": account.serial,
        "ENVOY_HOST": gateway,
        "ENPHASE_LOGIN": cloud_url + LOGIN_PATH,
        "ENPHASE_TOKENS": cloud_url + TOKENS_PATH,
    }
