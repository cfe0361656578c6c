"""SMA Webconnect: login, session, and the requests that only read.

An inverter has four sessions for everybody, browsers included, and keeps those
that nobody ends. So one is made, kept, used again and ended; after ``err 401``
exactly one more is made. Nothing here waits or repeats otherwise: how long to
stay away after ``err 503`` is the caller's business (a ``LoginPermission``).

Every answer comes with HTTP status 200; what went wrong stands in ``err``.
Redirects are not followed: a password must not go where it was not sent.

Source: captures of firmware 2 to 4 and public clients (pysma and others).
"""

import json
import logging
import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.net.wire import Answer, Request, Wire
from nutbridge.sources.sma.webconnect import paths
from nutbridge.sources.sma.webconnect.answers import (
    SESSION_ENDED,
    result_of,
)
from nutbridge.ups.notices import BODIES

_log = logging.getLogger(__name__)

_JSON: Mapping[str, str] = {"Content-Type": "application/json; charset=utf-8"}
#: Seen: 16 characters. Longer ones have no place in a URL.
_SID_MAX = 256
_LOGOUT_TRIES = 2


class DeviceWire(Wire, Protocol):
    """A wire that knows the certificate at the other end (https.HttpsDevice)."""

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 fingerprint, 64 hex digits; None without a connection or TLS."""
        ...


class SessionKeeper(Protocol):
    """Keeps the session over a kill -9 (session_store.py)."""

    def load(self) -> str | None:
        """Return the session id of an earlier process, or None."""
        ...

    def save(self, sid: str) -> None:
        """Store it; never raises."""
        ...

    def clear(self) -> None:
        """Forget it; never raises."""
        ...


class LoginPermission(Protocol):
    """Decides when a login may be tried (login_gate.py)."""

    def admit(self) -> None:
        """Let a login pass, or raise the DeviceError to go on with."""
        ...

    def failed(self, error: DeviceError) -> None:
        """Take note of a login that failed."""
        ...

    def made(self) -> None:
        """Take note of a login that made a session."""
        ...

    def passed(self) -> None:
        """Take note of a session that is of use."""
        ...


class Pin(Protocol):
    """Decides about a certificate that is not the known one (pin.py)."""

    def changed(self, error: CertificateChanged) -> None:
        """Raise ``error``, or let the new certificate pass."""
        ...

    def answered(self, fingerprint: str | None) -> None:
        """Take note of who has answered."""
        ...


class Webconnect:
    """One inverter and at most one session on it.

    Args:
        wire: sends the requests.
        host: as configured, for errors.
        password: of the group, at most 12 characters on the real ones.
        group: ``usr`` or ``istl``.
        state_session: None forgets the session with the process.
        gate: None lets every login pass.
        pin: None takes the certificates that the wire takes.

    ``until`` is a CLOCK_BOOTTIME everywhere; the wire has a limit of its own.
    All requests raise DeviceError, among them:

        DeviceUnreachable: no answer.
        CertificateChanged: nothing was sent.
        NotWebconnect: ennexOS, http instead of https, or restarting.
        PasswordRefused, NoFreeSession, SessionRefused: no session.
        DeviceAnswerError: any other ``err``, or nothing that can be used.
    """

    def __init__(
        self,
        wire: DeviceWire,
        host: str,
        *,
        password: str,
        group: str = "usr",
        state_session: SessionKeeper | None = None,
        gate: LoginPermission | None = None,
        pin: Pin | None = None,
    ) -> None:
        self.host = host
        self._wire = wire
        self._password = password
        self._group = group
        self._state_session = state_session
        self._gate = gate
        self._pin = pin
        self._sid = state_session.load() if state_session else None
        self._proven = False

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate at the other end, 64 hex digits; None with http."""
        return self._wire.fingerprint

    @property
    def logged_in(self) -> bool:
        """Whether there is a session that has not been found ended."""
        return self._sid is not None

    def login(self, until: float = math.inf) -> None:
        """Make a session unless there is one.

        Shape: {"result": {"sid": "16 characters" | null}}; null is a wrong
        password or a group that is not allowed.
        """
        if self._sid is not None:
            return
        if self._gate is not None:
            self._gate.admit()
        try:
            sid = self._ask_for_session(until)
        except DeviceError as error:
            if self._gate is not None:
                self._gate.failed(error)
            raise
        self._sid = sid
        self._proven = False
        if self._state_session is not None:
            self._state_session.save(sid)
        if self._gate is not None:
            self._gate.made()

    def online_values(self, until: float = math.inf) -> object:
        """Return all present values: ``{device: {key: payload}}``, as sent."""
        return self._ask(paths.ONLINE_VALUES, {"destDev": []}, until)

    def param_values(self, until: float = math.inf) -> object:
        """Return all parameters: ``{device: {key: payload}}``, as sent."""
        return self._ask(paths.PARAM_VALUES, {"destDev": []}, until)

    def get_values(self, keys: Iterable[str], until: float = math.inf) -> object:
        """Return some values or parameters; unknown keys are left out silently."""
        wanted = {"destDev": [], "keys": list(keys)}
        return self._ask(paths.VALUES, wanted, until)

    def free_sessions(self, until: float = math.inf) -> int | None:
        """Return how many sessions are free, or None when it does not say.

        Source: POST /dyn/sessionCheck.json without a session id.
        """
        result = self._post(paths.SESSION_CHECK, {}, until)
        free = result.get("cntFreeSess") if isinstance(result, dict) else None
        return free if isinstance(free, int) and not isinstance(free, bool) else None

    def fetch(self, path: str, until: float = math.inf) -> bytes:
        """Return a file that needs no session (/data/...), at most 8 MiB."""
        answer = self._send(Request("GET", path), until)
        if answer.status != HTTPStatus.OK:
            problem = f"answered {answer.status}"
            raise DeviceAnswerError(self.host + path, problem, answer.status)
        return answer.body

    def logout(self, until: float = math.inf) -> None:
        """End the session, with a second try; a failure is only noted.

        If it may still live then, it stays in the keeper for the next process.
        """
        sid, self._sid = self._sid, None
        if sid is None:
            return
        ended = any(self._ends(sid, until) for _ in range(_LOGOUT_TRIES))
        if ended and self._state_session is not None:
            self._state_session.clear()

    def _ends(self, sid: str, until: float) -> bool:
        """Log out once, and tell whether the session has surely ended."""
        try:
            self._post(paths.LOGOUT, {}, until, sid)
        except DeviceError as error:
            _log.debug("no logout: %s", error)
            return getattr(error, "status", None) == SESSION_ENDED
        return True

    def close(self) -> None:
        """Drop the connection, not the session."""
        self._wire.close()

    def _ask(self, path: str, body: object, until: float) -> object:
        """Ask with a session; with a new one if the old one has ended."""
        fresh = self._sid is None
        for again in (False,) if fresh else (False, True):
            if again:
                # It may live all the same: it is one of four.
                self.logout(until)
            self.login(until)
            try:
                result = self._post(path, body, until, self._sid)
            except DeviceAnswerError as error:
                if error.status != SESSION_ENDED:
                    raise
            else:
                self._prove()
                return result
        self.logout(until)
        failure = SessionRefused(
            self.host + path, "err 401 right after a login", SESSION_ENDED
        )
        if self._gate is not None:
            self._gate.failed(failure)
        raise failure

    def _prove(self) -> None:
        if not self._proven and self._gate is not None:
            self._gate.passed()
        self._proven = True

    def _ask_for_session(self, until: float) -> str:
        body = {"right": self._group, "pass": self._password}
        result = self._post(paths.LOGIN, body, until)
        sid = result.get("sid", "") if isinstance(result, dict) else ""
        what = self.host + paths.LOGIN
        if sid is None:
            raise PasswordRefused(
                what, f"wrong password, or group {self._group} is not allowed"
            )
        if not isinstance(sid, str) or not 0 < len(sid) <= _SID_MAX:
            raise DeviceAnswerError(what, "no session id in the answer")
        return sid

    def _post(
        self, path: str, body: object, until: float, sid: str | None = None
    ) -> Any:
        full = f"{path}?sid={quote(sid, safe='')}" if sid else path
        data = json.dumps(body, separators=(",", ":")).encode("ascii")
        answer = self._send(Request("POST", full, _JSON, data), until)
        if path in paths.SHOWN and _log.isEnabledFor(BODIES):
            self._show(path, answer)
        return result_of(self.host + path, answer)

    def _send(self, request: Request, until: float) -> Answer:
        try:
            answer = self._wire.send(request, until)
        except CertificateChanged as error:
            if self._pin is None:
                raise
            self._pin.changed(error)
            answer = self._wire.send(request, until)
        if self._pin is not None:
            self._pin.answered(self._wire.fingerprint)
        return answer

    def _show(self, path: str, answer: Answer) -> None:
        # Loaded only here: its table takes longer to build than a poll.
        from nutbridge.system.redact import redact_text

        secrets = (self._password, self._sid)
        shown = redact_text(answer.body, secrets=secrets)
        _log.log(BODIES, "POST %s: %d %s", path, answer.status, shown)
