"""A new token from Enlighten: log in, then ask for one gateway.

Source: Enlighten as its own pages and pyenphase ask it. Nothing of the account
or of an answer's text reaches an error.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from nutbridge.errors import (
    CloudError,
    DeviceError,
    LoginRefused,
    SecondFactorNeeded,
    TokenError,
)
from nutbridge.net.wire import Answer, Request, Wire
from nutbridge.sources.enphase.claims import (
    Claims,
    check_for,
    parse_token,
    pasted_token,
)

LOGIN_URL = "https://enlighten.enphaseenergy.com/login/login.json"
TOKEN_URL = "https://entrez.enphaseenergy.com/tokens"  # noqa: S105 - an address

_OK = 200
_SERVER_ERRORS = range(500, 600)
_REDIRECTS = range(300, 400)

#: More logins lengthen the time for which Enlighten shows its wall, s.
_WALL_PAUSE_S = 3600.0

#: Each try for a token costs a login, s; the pause doubles with every failure.
_NO_TOKEN_PAUSE_S = 600.0

#: Pause after 429 when the answer names none, and the longest taken from one, s.
_BUSY_PAUSE_S = 900.0
_LONGEST_PAUSE_S = 86400.0

#: Answers are a few hundred bytes.
_LONGEST_ANSWER = 65536

_MFA = (
    "Enlighten wants a second factor for this account (MFA); get a token in the "
    "browser and give it to `nutbridge token import`, or switch MFA off"
)

_LOGIN_PROBLEMS: Mapping[int, str] = {
    406: "Enlighten does not take logins from this program (406)",
    404: "Enlighten's login has moved (404)",
}

_TOKEN_PROBLEMS: Mapping[int, str] = {
    400: "Enlighten does not take the request for gateway {serial} (400); check SERIAL",
    401: "Enlighten forgot the login before it gave a token (401)",
    403: "this account may not have a token for gateway {serial} (403); check SERIAL "
    "and whose account it is",
    404: "Enlighten does not know gateway {serial} (404); check SERIAL",
    422: "Enlighten does not take {serial} for a serial number (422); check SERIAL",
}


class Cloud:
    """Gets tokens for one gateway and one account.

    Args:
        wire: takes whole URLs.
        user: e-mail address of the account.
        password: of the account.
        serial: of the gateway.
        any_audience: take tokens for any gateway (TEST mode).
        login_url: ENPHASE_LOGIN.
        tokens_url: ENPHASE_TOKENS.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        user: str,
        password: str,
        serial: str,
        any_audience: bool = False,
        login_url: str = LOGIN_URL,
        tokens_url: str = TOKEN_URL,
    ) -> None:
        self._wire = wire
        self._user = user
        self._password = password
        self._serial = serial
        self._any_audience = any_audience
        self._login_url = login_url
        self._tokens_url = tokens_url

    def new_token(self, old: Claims | None, until: float) -> str:
        """Log in and ask for a token.

        Args:
            old: the token in use, which the new one must outlive; None when the
                gateway does not take it or there is none.
            until: CLOCK_BOOTTIME by which all must be done, s.

        Raises:
            LoginRefused: wrong password, MFA, blocked.
            CloudError: anything else.
        """
        session_id = self._log_in(until)
        text = self._ask(session_id, until)
        try:
            claims = parse_token(text)
            if not self._any_audience:
                check_for(claims, self._serial)
        except TokenError as error:
            problem = f"Enlighten sent no usable token: {error}"
            raise CloudError(problem, _NO_TOKEN_PAUSE_S) from None
        if claims.life_s is None and claims.issued_epoch is not None:
            problem = "Enlighten sent a token that ends before it begins"
            raise CloudError(problem, _NO_TOKEN_PAUSE_S)
        if old is not None and claims.expires_epoch <= old.expires_epoch:
            problem = "Enlighten sent a token that ends no later than the old"
            raise CloudError(problem, _NO_TOKEN_PAUSE_S)
        return text

    def close(self) -> None:
        """Drop the connection."""
        self._wire.close()

    def _log_in(self, until: float) -> str:
        form = {"user[email]": self._user, "user[password]": self._password}
        answer = self._send(
            self._login_url,
            "application/x-www-form-urlencoded",
            urlencode(form).encode("ascii"),
            until,
        )
        if answer.status == 401:  # noqa: PLR2004 - HTTP's own number
            raise LoginRefused(
                "Enlighten refuses the login; check USERNAME and PASSWORD"
            )
        _check_status(answer, _LOGIN_PROBLEMS)
        return _session_id(_login_object(answer.body))

    def _ask(self, session_id: str, until: float) -> str:
        order = {
            "session_id": session_id,
            "serial_num": self._serial,
            "username": self._user,
        }
        body = json.dumps(order).encode("ascii")
        answer = self._send(self._tokens_url, "application/json", body, until)
        problems = {
            status: text.format(serial=self._serial)
            for status, text in _TOKEN_PROBLEMS.items()
        }
        _check_status(answer, problems, _NO_TOKEN_PAUSE_S)
        body = answer.body[:_LONGEST_ANSWER].strip()
        if _is_page(body):
            raise CloudError(
                "Enlighten shows a web page instead of a token; it is out of order, "
                "or there were too many logins lately",
                _NO_TOKEN_PAUSE_S,
            )
        if not body:
            raise CloudError(
                f"Enlighten sent an empty token for gateway {self._serial}; "
                "check SERIAL",
                _NO_TOKEN_PAUSE_S,
            )
        return pasted_token(body)

    def _send(self, url: str, kind: str, body: bytes, until: float) -> Answer:
        headers = {"Content-Type": kind}
        try:
            return self._wire.send(Request("POST", url, headers, body), until)
        except DeviceError as error:
            # Only what happened on the way; the request holds secrets.
            raise CloudError(f"Enlighten cannot be reached: {error}") from None


def _check_status(
    answer: Answer, problems: Mapping[int, str], pause_s: float = 0.0
) -> None:
    status = answer.status
    if status == _OK:
        return
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        asked_s = _retry_after_s(answer.headers.get("retry-after", ""))
        raise CloudError("Enlighten wants fewer logins (429)", asked_s)
    if status in _REDIRECTS:
        problem = f"Enlighten sends us elsewhere ({status}): a login wall?"
        raise CloudError(problem, pause_s)
    if status in _SERVER_ERRORS:
        problem = f"Enlighten is out of order ({status})"
        raise CloudError(problem, pause_s if _is_page(answer.body) else 0.0)
    raise CloudError(problems.get(status, f"Enlighten answers {status}"), pause_s)


def _is_page(body: bytes) -> bool:
    """Tell whether an answer is for people, as from a login wall."""
    return body.removeprefix(BOM_UTF8).lstrip()[:1] == b"<"


def _retry_after_s(text: str) -> float:
    known = text.isascii() and text.isdigit() and len(text) < len("1000000")
    asked_s = float(text) if known else 0.0
    return min(max(asked_s, _BUSY_PAUSE_S), _LONGEST_PAUSE_S)


def _login_object(body: bytes) -> dict[str, Any]:
    if _is_page(body):
        raise CloudError(
            "Enlighten shows a web page instead of a login: too many logins lately",
            _WALL_PAUSE_S,
        )
    try:
        found = (
            json.loads(body.decode("utf-8-sig"))
            if len(body) <= _LONGEST_ANSWER
            else None
        )
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CloudError("Enlighten's answer to the login is not a JSON object")
    return found


def _session_id(found: dict[str, Any]) -> str:
    if found.get("isBlocked") is True:
        raise LoginRefused("Enlighten has blocked this account for some time")
    session_id = found.get("session_id")
    if found.get("requires_mfa") is True or session_id is None:
        raise SecondFactorNeeded(_MFA)
    if not isinstance(session_id, str) or not session_id:
        raise CloudError("Enlighten's answer to the login has an odd session id")
    return session_id
