"""SMA ennexOS: a token for a user made on the device, and requests that only read.

A token lives about an hour. It is renewed shortly before by its refresh token, as a
detail of a full poll, never before the question about the grid; our clock only
schedules that, the device's 401 decides. Nothing is ever set: PUT /parameters
switches and restarts, and is not in this file. Redirects are not followed: a client
that does loses the form of the login, and a password must not go where it was not
sent.

Source: public clients (home-assistant-sma-ennexos, pysma-plus, evcc, FHEM).
"""

import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    NotEnnexos,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.net.jsonfields import (
    BodyError,
    number,
    parse_json,
)
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.sma.ennexos.channels import PLANT, SELF
from nutbridge.sources.sma.ennexos.readings import (
    ChannelValues,
    DeviceInfo,
    completed,
    devices_of,
    live_reading,
    unfit_text,
)
from nutbridge.sources.sma.pinned_wire import DeviceWire
from nutbridge.sources.sma.reading import (
    InverterClient,
    LoginPermission,
    SessionKeeper,
    UpsReading,
)
from nutbridge.system.clock import Clock
from nutbridge.ups.notices import BODIES

_log = logging.getLogger(__name__)

TOKEN = "/api/v1/token"  # noqa: S105 - a path
LOGOUT = "/api/v1/refreshtoken"
LIVE = "/api/v1/measurements/live"
PARAMETERS = "/api/v1/parameters/search"
DEVICES = f"/api/v1/plants/{PLANT}/devices"
DEVICE = f"{DEVICES}/{SELF}"

_JSON: Mapping[str, str] = {"Content-Type": "application/json"}
_FORM: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"}

#: What ends a token: 403 is treated like 401 by one client, 500 by another.
_TOKEN_OVER = frozenset({401, 403, 500})
_LOGIN_REFUSED = frozenset({400, 401, 403})
_REDIRECTS = range(300, 400)
#: The largest answer known has 70 kB.
_BODY_MAX = 1 << 20
_TOKEN_MAX = 4096
#: Where the answer to a login does not say, s.
_LIFE_S = 3600.0
#: Renewed so long before the end: a full poll comes every minute.
_LEAD_S = 70.0
#: A device that ends its tokens at once gets no login more often, s.
_BETWEEN_S = 60.0
#: Parameters and the device's own words are asked for so often, s.
SLOW_S = 600.0


class Ennexos(InverterClient):
    """One ennexOS device and at most one token for it.

    Args:
        wire: sends the requests; it decides about the certificate.
        host: as configured, for errors.
        clock: schedules what comes seldom.
        user: made on the device.
        password: of the user.
        state_session: None forgets the token with the process.
        gate: None lets every login pass.

    An ``InverterClient``; see there for ``until`` and the errors.
    """

    def __init__(
        self,
        wire: DeviceWire,
        host: str,
        clock: Clock,
        *,
        user: str,
        password: str,
        state_session: SessionKeeper | None = None,
        gate: LoginPermission | None = None,
    ) -> None:
        self.host = host
        self._wire = wire
        self._clock = clock
        self._user = user
        self._password = password
        self._state_session = state_session
        self._gate = gate
        # Of an earlier process: "access refresh", the second where it is ours.
        kept = (state_session.load() if state_session else None) or ""
        self._access, _, self._refresh = (one or None for one in kept.partition(" "))
        self._until = clock.boottime() + _LIFE_S
        self._token_at = self._login_at = -math.inf
        self._proven = False
        self._info: DeviceInfo | None = None
        self._parameters = ChannelValues({})
        self._slow_at = -math.inf
        self._unfit_at = -math.inf
        self._unfit = ""

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate at the other end."""
        return self._wire.fingerprint

    @property
    def logged_in(self) -> bool:
        """Whether there is a token that has not been found ended."""
        return self._access is not None

    @property
    def info(self) -> DeviceInfo:
        """What the device has said of itself."""
        return self._info or DeviceInfo()

    def read(self, until: float = math.inf, *, side: bool = False) -> UpsReading:
        """Ask for all live values of the device itself, in one request.

        The first time after a login it is asked who it is, too.
        """
        body = self.live(until)
        if self._info is None and not side:
            # After the values: they may have needed a login, and another device
            # may have taken it.
            self._info = self._asked_info(until)
        try:
            reading = live_reading(ChannelValues.of_live(body))
        except BodyError as error:
            raise DeviceAnswerError(self.host + LIVE, str(error)) from None
        if not reading.battery_keys and not side:
            self._name_others(until)
        return self._completed(reading)

    def complete(self, reading: UpsReading, until: float = math.inf) -> UpsReading:
        """Renew the token, ask for the parameters and the device where due."""
        now = self._clock.boottime()
        try:
            if now > self._until - _LEAD_S:
                self._renewed(until)
            if now >= self._slow_at + SLOW_S:
                self._slow_at = now
                self._parameters = ChannelValues.of_parameters(self.parameters(until))
                self._info = self._asked_info(until)
        except (DeviceError, BodyError) as error:
            _log.debug("%s: not complete: %s", self.host, error)
        return self._completed(reading)

    def _completed(self, reading: UpsReading) -> UpsReading:
        found = completed(reading, self.info, self._parameters)
        return replace(found, unfit=self._unfit or found.unfit)

    def _asked_info(self, until: float) -> DeviceInfo:
        """Ask who it is; a device that does not tell stays nameless for a while.

        Its values count all the same, whatever becomes of this question: firmware
        may lack the path, or take the question and never answer.
        """
        try:
            return DeviceInfo.from_json(self.device_info(until))
        except DeviceError as error:
            _log.debug("%s: no information about the device: %s", self.host, error)
            return self.info

    def _name_others(self, until: float) -> None:
        """Find out which devices stand behind one without a battery."""
        now = self._clock.boottime()
        if now < self._unfit_at + SLOW_S:
            return
        self._unfit_at = now
        try:
            self._unfit = unfit_text(devices_of(self.devices(until)))
        except DeviceError as error:
            _log.debug("%s: no list of devices: %s", self.host, error)

    # Requests.

    def live(self, until: float = math.inf, component: str = SELF) -> Any:
        """Return all live values, as sent."""
        return self._asked("POST", LIVE, until, [{"componentId": component}])

    def live_of(self, names: Iterable[str], until: float = math.inf) -> Any:
        """Return some live values, as sent; what becomes of others is not known."""
        wanted = [{"componentId": SELF, "channelId": name} for name in names]
        return self._asked("POST", LIVE, until, wanted)

    def parameters(self, until: float = math.inf, component: str = SELF) -> Any:
        """Return all parameters, as sent; names of the house are in it."""
        wanted = {"queryItems": [{"componentId": component}]}
        return self._asked("POST", PARAMETERS, until, wanted)

    def device_info(self, until: float = math.inf) -> Any:
        """Return what the device says of itself, as sent."""
        return self._asked("GET", DEVICE, until)

    def devices(self, until: float = math.inf) -> Any:
        """Return the devices behind this address, as sent."""
        return self._asked("GET", DEVICES, until)

    def logout(self, until: float = math.inf) -> None:
        """End the token; a failure is only noted."""
        refresh, self._access, self._refresh = self._refresh, None, None
        self._info = None
        if self._end(refresh, until) and self._state_session is not None:
            self._state_session.clear()

    def _end(self, refresh: str | None, until: float) -> bool:
        """End a token, where it can be ended, and tell whether that was said."""
        if refresh is None:
            return False
        path = f"{LOGOUT}?refreshToken={quote(refresh, safe='')}"
        try:
            self._wire.send(Request("DELETE", path), until)
        except DeviceError as error:
            _log.debug("%s: no logout: %s", self.host, type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Drop the connection, not the token."""
        self._wire.close()

    def login(self, until: float = math.inf) -> None:
        """Get a token unless there is one.

        Raises:
            PasswordRefused: name or password.
            DeviceError: no answer, or none that is a token.
        """
        if self._access is None and not self._logged_in_anew(until):
            problem = "its tokens end within a minute; no login for a moment"
            raise SessionRefused(self.host, problem)

    def _logged_in_anew(self, until: float) -> bool:
        """Log in, unless that was done a moment ago."""
        if self._clock.boottime() < self._login_at + _BETWEEN_S:
            return False
        if self._gate is not None:
            self._gate.admit()
        old, self._refresh = self._refresh, None
        form = {"grant_type": "password", "username": self._user}
        try:
            self._take_token({**form, "password": self._password}, until)
        except DeviceError as error:
            self._refresh = old
            if self._gate is not None:
                self._gate.failed(error)
            raise
        self._end(old, until)
        self._login_at = self._clock.boottime()
        # Another device, perhaps.
        self._info, self._slow_at = None, -math.inf
        self._proven = False
        if self._gate is not None:
            self._gate.made()
        return True

    def _renewed(self, until: float) -> bool:
        """Get a new token for the refresh token, unless this one is that new."""
        young = self._clock.boottime() < self._token_at + _BETWEEN_S
        if self._refresh is None or young:
            return False
        form = {"grant_type": "refresh_token", "refresh_token": self._refresh}
        try:
            self._take_token(form, until)
        except DeviceAnswerError as error:
            _log.debug("%s: token not renewed: %s", self.host, error)
            self._refresh = None
            return False
        return True

    def _take_token(self, form: Mapping[str, str], until: float) -> None:
        request = Request("POST", TOKEN, _FORM, urlencode(form).encode("ascii"))
        answer = self._wire.send(request, until)
        what = self.host + TOKEN
        if answer.status in _LOGIN_REFUSED:
            raise PasswordRefused(
                what,
                f"answered {answer.status}: wrong user or password, or a login of "
                "SMA's portal in place of a user made on the device",
                answer.status,
            )
        found = self._checked(answer, what)
        access, refresh = (
            _token(found, name) for name in ("access_token", "refresh_token")
        )
        if access is None:
            raise DeviceAnswerError(what, "no token in the answer")
        life_s = number(found, "expires_in", 1.0, 1.0e7) or _LIFE_S
        self._access, self._refresh = access, refresh or self._refresh
        self._token_at = self._clock.boottime()
        self._until = self._token_at + life_s
        if self._state_session is not None:
            self._state_session.save(f"{access} {self._refresh or ''}".rstrip())

    def _asked(self, method: str, path: str, until: float, body: Any = None) -> Any:
        """Ask with a token; with a renewed or a new one if the old one is over."""
        ways = () if self._access is None else (self._renewed, self._logged_in_anew)
        login_at = self._login_at
        self.login(until)
        answer = self._sent(method, path, until, body)
        # Only the live values are everybody's: the rest may be forbidden to a user.
        over = _TOKEN_OVER if path == LIVE else frozenset[int]()
        for renew in ways:
            if answer.status in over and renew(until):
                answer = self._sent(method, path, until, body)
        anew = self._login_at != login_at
        if answer.status in over and (anew or answer.status == HTTPStatus.UNAUTHORIZED):
            self._refused(self.host + path, answer.status, until)
        found = self._checked(answer, self.host + path)
        if not self._proven and self._gate is not None:
            self._gate.passed()
        self._proven = True
        if path == LIVE and _log.isEnabledFor(BODIES):
            self._show(path, answer)
        return found

    def _refused(self, what: str, status: int, until: float) -> None:
        """Note a login that was of no use; a token that may be good is kept."""
        if status == HTTPStatus.UNAUTHORIZED:
            self.logout(until)
        failure = SessionRefused(what, f"{status} right after a login", status)
        if self._gate is not None:
            self._gate.failed(failure)
        raise failure

    def _sent(self, method: str, path: str, until: float, body: Any) -> Answer:
        data = None
        headers = {"Authorization": f"Bearer {self._access}"}
        if body is not None:
            data = json.dumps(body, separators=(",", ":")).encode("ascii")
            headers |= _JSON
        return self._wire.send(Request(method, path, headers, data), until)

    def _checked(self, answer: Answer, what: str) -> Any:
        """Return the JSON of an answer.

        Raises:
            NotEnnexos, DeviceAnswerError: there is none.
        """
        status = answer.status
        if status in _REDIRECTS:
            problem = f"answered {status}, a redirect; set SMA_SCHEME=https"
            raise NotEnnexos(what, problem, status)
        if status == HTTPStatus.NOT_FOUND:
            raise NotEnnexos(what, "answered 404: no ennexOS here, or not now", status)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise DeviceAnswerError(what, f"answered {status}", status)
        if len(answer.body) > _BODY_MAX:
            raise DeviceAnswerError(what, f"more than {_BODY_MAX >> 20} MiB")
        try:
            found = parse_json(answer.body)
        except BodyError as error:
            raise NotEnnexos(what, str(error)) from None
        if isinstance(found, dict) and "err" in found:
            raise NotEnnexos(what, "answered an err, as Webconnect does")
        return found

    def _show(self, path: str, answer: Answer) -> None:
        # Loaded only here: its table takes longer to build than a poll.
        from nutbridge.system.redact import redact_text

        secrets = (self._password, self._access, self._refresh)
        shown = redact_text(answer.body, secrets=secrets)
        _log.log(BODIES, "POST %s: %d %s", path, answer.status, shown)


def _token(found: Any, name: str) -> str | None:
    token = found.get(name) if isinstance(found, dict) else None
    if not isinstance(token, str) or not 0 < len(token) <= _TOKEN_MAX:
        return None
    # It goes into a header.
    return token if all("!" <= c <= "~" for c in token) else None
