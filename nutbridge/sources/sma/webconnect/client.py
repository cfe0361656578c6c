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
from typing import Any
from urllib.parse import quote

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    NoFreeSession,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.net.jsonfields import BodyError
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.sma.pinned_wire import DeviceWire
from nutbridge.sources.sma.reading import (
    InverterClient,
    LoginPermission,
    SessionKeeper,
    UpsReading,
)
from nutbridge.sources.sma.webconnect import keys, paths
from nutbridge.sources.sma.webconnect.answers import (
    SESSION_ENDED,
    result_of,
)
from nutbridge.sources.sma.webconnect.readings import has_values, ups_reading
from nutbridge.ups.notices import BODIES

_log = logging.getLogger(__name__)

_JSON: Mapping[str, str] = {"Content-Type": "application/json; charset=utf-8"}
#: Seen: 16 characters. Longer ones have no place in a URL.
_SID_MAX = 256
_LOGOUT_TRIES = 2
_PARAMS_TRIES = 3
#: A getValues that left the values out is tried again after so many polls: an
#: inverter that has just started, or sleeps, has none for a moment.
_ONLINE_POLLS = 60

#: ``{device: {key: payload}}``.
Devices = Mapping[str, Mapping[str, Any]]


def _by_device(result: object) -> Devices:
    devices = result if isinstance(result, dict) else {}
    return {name: one for name, one in devices.items() if one and isinstance(one, dict)}


def _tells_parameters(result: object) -> bool:
    return any(
        key.startswith(keys.PARAMETERS)
        for one in _by_device(result).values()
        for key in one
    )


class Webconnect(InverterClient):
    """One inverter and at most one session on it.

    Args:
        wire: sends the requests; it decides about the certificate.
        host: as configured, for errors.
        password: of the group, at most 12 characters on the real ones.
        group: ``usr`` or ``istl``.
        state_session: None forgets the session with the process.
        gate: None lets every login pass.

    An ``InverterClient``; see there for ``until`` and the errors.
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
    ) -> None:
        self.host = host
        self._wire = wire
        self._password = password
        self._group = group
        self._state_session = state_session
        self._gate = gate
        self._sid = state_session.load() if state_session else None
        self._proven = False
        # What it says of its free sessions was true.
        self._counts = True
        # So many polls go without getValues, which leaves the values out.
        self._online_polls = 0
        self._labels_told = False
        self._params: Devices = {}
        self._params_tries = _PARAMS_TRIES
        self._last: object = None

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
        early = self._admitted(until)
        try:
            sid = self._ask_for_session(until)
        except DeviceError as error:
            # What it counts as free is not, or somebody was quicker.
            self._counts = not early
            if self._gate is not None:
                self._gate.failed(error)
            raise
        self._counts = True
        self._sid = sid
        self._proven = False
        # Another device, perhaps.
        self._params, self._params_tries = {}, _PARAMS_TRIES
        if self._state_session is not None:
            self._state_session.save(sid)
        if self._gate is not None:
            self._gate.made()

    def _admitted(self, until: float) -> bool:
        """Wait no longer for a free session than until there is one.

        Returns:
            Whether the gate would have let the login wait.

        Raises:
            DeviceError: no login now.
        """
        if self._gate is None:
            return False
        try:
            self._gate.admit()
        except NoFreeSession:
            if not (self._counts and self._has_free_session(until)):
                raise
            self._gate.admit(free=True)
            return True
        return False

    def _has_free_session(self, until: float) -> bool:
        try:
            return bool(self.free_sessions(until))
        except DeviceError:
            return False

    def read(self, until: float = math.inf, *, side: bool = False) -> UpsReading:
        """Ask once with getValues."""
        if self._online_polls:
            self._last = self._instead(until)
            return self._reading()
        wanted = keys.SIDE_KEYS if side else keys.UPS_KEYS
        self._last = self.get_values(wanted, until)
        if has_values(self._last):
            return self._reading()
        self._online_polls = _ONLINE_POLLS
        self._last = self._instead(until)
        if self._online_polls and not self._labels_told:
            self._labels_told = True
            _log.info(
                "%s: getValues gives keys without values; getAllOnlValues is asked "
                "instead",
                self.host,
            )
        return self._reading()

    def _instead(self, until: float) -> object:
        """Ask for everything; where that is of no use, getValues is asked next."""
        left, self._online_polls = self._online_polls - 1, 0
        result = self.online_values(until)
        if has_values(result):
            self._online_polls = left
        return result

    def complete(self, reading: UpsReading, until: float = math.inf) -> UpsReading:
        """Add parameters where getValues has none."""
        told = self._params or _tells_parameters(self._last)
        if told or not self._params_tries:
            return reading
        # Some units answer err 503 to it each time.
        self._params_tries -= 1
        try:
            self._params = _by_device(self.param_values(until))
            return self._reading()
        except DeviceError as error:
            _log.debug("no parameters: %s", error)
            return reading

    def _reading(self) -> UpsReading:
        """Read the last answer, with the parameters where they came separately."""
        try:
            if not self._params:
                return ups_reading(self._last)
            online = _by_device(self._last)
            return ups_reading(
                {
                    name: {**self._params.get(name, {}), **online.get(name, {})}
                    for name in {**online, **self._params}
                }
            )
        except BodyError as error:
            raise DeviceAnswerError(self.host, str(error)) from None

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
        answer = self._wire.send(Request("GET", path), until)
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
                # The parameters may be forbidden; the values need the session.
                if error.status != SESSION_ENDED or path == paths.PARAM_VALUES:
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
        answer = self._wire.send(Request("POST", full, _JSON, data), until)
        if path in paths.SHOWN and _log.isEnabledFor(BODIES):
            self._show(path, answer)
        return result_of(self.host + path, answer, login=path == paths.LOGIN)

    def _show(self, path: str, answer: Answer) -> None:
        # Loaded only here: its table takes longer to build than a poll.
        from nutbridge.system.redact import redact_text

        secrets = (self._password, self._sid)
        shown = redact_text(answer.body, secrets=secrets)
        _log.log(BODIES, "POST %s: %d %s", path, answer.status, shown)
