"""The inverter at an address, asked in the language that it turns out to speak.

Nothing but ``GET /api/v1/system/info`` tells ennexOS from Webconnect, before any
login: a JSON object with a whole number ``productFriendlyNameTagId``. A page of
HTML, an ``err`` or a refusal proves nothing; then Webconnect is tried. The question
is asked again only after an answer that fits neither.

Source: pysma-plus (device_ennexos.py, ``detect``).
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NotEnnexos,
    NotWebconnect,
    UserMissing,
)
from nutbridge.net.jsonfields import BodyError, as_object, parse_json
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.sma.pinned_wire import DeviceWire
from nutbridge.sources.sma.reading import (
    InverterClient,
    LoginPermission,
    SessionKeeper,
    UpsReading,
)
from nutbridge.system.clock import Clock

_log = logging.getLogger(__name__)

SYSTEM_INFO = Request("GET", "/api/v1/system/info")
SESSION_CHECK = Request(
    "POST", "/dyn/sessionCheck.json", {"Content-Type": "application/json"}, b"{}"
)
_PRODUCT = "productFriendlyNameTagId"
_REDIRECTS = range(300, 400)
#: So many answers of no use in a row, and the session is taken for ended: not every
#: firmware need say so with 401 (chosen).
_USELESS = 10


class Family(StrEnum):
    """What an inverter speaks."""

    WEBCONNECT = "Webconnect"
    ENNEXOS = "ennexOS"


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in.

    Attributes:
        password: of the group, or of the user.
        group: Webconnect's, ``usr`` or ``istl``.
        user: ennexOS's, made on the device; empty: none is known.
    """

    password: str = field(repr=False)
    group: str = "usr"
    user: str = ""


def detect(
    wire: DeviceWire, host: str, until: float, *, user: str = ""
) -> Family | None:
    """Return which family answers, or None without a proof; no login is tried.

    Args:
        wire: to the device.
        host: as configured, for errors.
        until: CLOCK_BOOTTIME.
        user: SMA_USER. Without one a device that answers both ways, as one may after
            an update, is asked in the way that needs none.

    Raises:
        NotWebconnect: it wants https.
        DeviceError: nobody answers.
    """
    try:
        answer = wire.send(SYSTEM_INFO, until)
    except DeviceUnreachable as error:
        if not error.sent:
            raise
        return None  # connected, and no answer to this
    to_https = answer.headers.get("location", "").lower().startswith("https:")
    if answer.status in _REDIRECTS and to_https:
        problem = f"answered {answer.status}, a redirect; it wants https"
        raise NotWebconnect(host, problem, answer.status, redirected=True)
    family = family_of(answer)
    both = family is Family.ENNEXOS and not user and _is_webconnect(wire, until)
    return Family.WEBCONNECT if both else family


def _is_webconnect(wire: DeviceWire, until: float) -> bool:
    """Tell whether Webconnect answers a question that needs no session."""
    try:
        answer = wire.send(SESSION_CHECK, until)
        return "result" in as_object(parse_json(answer.body))
    except (DeviceError, BodyError):
        return False


def family_of(answer: Answer) -> Family | None:
    """Return who gives such an answer to SYSTEM_INFO, or None without a proof."""
    try:
        found = as_object(parse_json(answer.body))
    except BodyError:
        return None
    tag = found.get(_PRODUCT)
    whole = isinstance(tag, int) and not isinstance(tag, bool)
    if answer.status == HTTPStatus.OK and whole:
        return Family.ENNEXOS
    return Family.WEBCONNECT if "err" in found else None


class Inverter(InverterClient):
    """An SMA inverter of either family; an ``InverterClient``.

    Args:
        wire: sends the requests.
        host: as configured, for errors.
        account: who logs in.
        clock: all times.
        gate: decides when; None lets every login pass.
        keeper: returns who keeps the session of a group, or of a user, over a
            restart; None forgets it with the process.

    Attributes:
        family: found out; None before.
    """

    def __init__(
        self,
        wire: DeviceWire,
        host: str,
        account: Account,
        clock: Clock,
        *,
        gate: LoginPermission | None = None,
        keeper: Callable[[str], SessionKeeper] | None = None,
    ) -> None:
        self.host = host
        self.family: Family | None = None
        self._wire = wire
        self._account = account
        self._clock = clock
        self._gate = gate
        self._keeper = keeper
        self._client: InverterClient | None = None
        self._spoken: Family | None = None
        self._in_doubt = False
        self._useless = 0

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate at the other end."""
        return self._wire.fingerprint

    @property
    def logged_in(self) -> bool:
        """Whether there is a session."""
        return self._client is not None and self._client.logged_in

    def client(self, until: float = math.inf) -> InverterClient:
        """Return the client that fits, finding out which where need be.

        Raises:
            UserMissing: an ennexOS device, and nobody to log in as.
            DeviceError: as ``detect``.
        """
        if self._client is None or self._in_doubt:
            user = self._account.user
            proven = detect(self._wire, self.host, until, user=user)
            # Who restarts proves nothing, and stays who it was: another client would
            # not know of the session.
            family = proven or self._spoken or Family.WEBCONNECT
            if proven and proven is not self.family:
                _log.info("%s speaks %s", self.host, family)
                self.family = family
            if self._client is None or family is not self._spoken:
                self._client = None
                self._client = self._made(family)
                self._spoken = family
            self._in_doubt = False
        return self._client

    def _made(self, family: Family) -> InverterClient:
        # Only what answers is loaded.
        account = self._account
        if family is Family.WEBCONNECT:
            from nutbridge.sources.sma.webconnect.client import Webconnect

            return Webconnect(
                self._wire,
                self.host,
                password=account.password,
                group=account.group,
                state_session=self._kept(account.group),
                gate=self._gate,
            )
        if not account.user:
            raise UserMissing(
                self.host,
                "this is an ennexOS device (/api/v1): it needs SMA_USER, the name of "
                "a user made on the device itself, beside the password",
            )
        from nutbridge.sources.sma.ennexos.client import Ennexos

        return Ennexos(
            self._wire,
            self.host,
            self._clock,
            user=account.user,
            password=account.password,
            state_session=self._kept(f"{family} {account.user}"),
            gate=self._gate,
        )

    def _kept(self, whose: str) -> SessionKeeper | None:
        return self._keeper(whose) if self._keeper else None

    def read(self, until: float = math.inf, *, side: bool = False) -> UpsReading:
        """Ask in its language."""
        client = self.client(until)
        try:
            reading = client.read(until, side=side)
        except DeviceAnswerError as error:
            # Firmware may have made it another one.
            self._in_doubt = isinstance(error, NotWebconnect | NotEnnexos)
            self._useless = self._useless + 1 if client.logged_in else 0
            if self._useless >= _USELESS:
                _log.debug("%s: session of no use, given up: %s", self.host, error)
                self._useless = 0
                client.logout(until)
            raise
        self._useless = 0
        return reading

    def complete(self, reading: UpsReading, until: float = math.inf) -> UpsReading:
        """Add what changes seldom."""
        return self._client.complete(reading, until) if self._client else reading

    def logout(self, until: float = math.inf) -> None:
        """End the session."""
        if self._client is not None:
            self._client.logout(until)

    def close(self) -> None:
        """Drop the connection."""
        self._wire.close()
