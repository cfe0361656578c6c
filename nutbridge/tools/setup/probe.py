"""Ask a gateway who it is and what is fitted, before anything is written."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NotDecided,
    Refused,
    TokenRejected,
)
from nutbridge.net.cloud_https import CloudHttps
from nutbridge.net.pins import PinInMemory, PinRecord
from nutbridge.sources.enphase import readings
from nutbridge.sources.enphase.cloud import Cloud
from nutbridge.sources.enphase.facts import (
    derive_equipment,
    derive_grid,
)
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.readings import (
    Dated,
    Inventory,
    Relay,
    SecCtrl,
)
from nutbridge.sources.enphase.remedies import (
    NO_DEVICES,
    NO_DEVICES_REMEDY,
    no_tokens,
)
from nutbridge.sources.enphase.session import GatewaySite, introduce, open_gateway
from nutbridge.sources.enphase.witnesses import verdict_of, votes_of
from nutbridge.system.clock import Clock, Waiter
from nutbridge.ups.model import Grid, GridAnswer

T = TypeVar("T")

#: A busy gateway lets a request wait; asked by hand, it gets more time.
TIMEOUT_S = 5.0
_LOGIN_S = 30.0
#: What a gateway may not tell.
GRID, INVENTORY, CHARGE = "the state of the relay", "its inventory", "its charge"


@dataclass(frozen=True, slots=True)
class GatewaySurvey:
    """What a gateway says about its house.

    Attributes:
        relay: the relay to the grid, or None when it did not answer and others did.
        inventory: what is fitted; nothing when it did not answer.
        battery: charge and capacity, or None when it did not answer.
        fingerprint: of the gateway's certificate.
        problems: what did not answer, by the name of what it tells.
    """

    relay: Relay | None
    inventory: Inventory
    battery: SecCtrl | None
    fingerprint: str
    problems: Mapping[str, DeviceError] = field(default_factory=dict)

    @property
    def answer(self) -> GridAnswer | None:
        """What it says of the grid; the words of others where the relay has none."""
        if self.relay is not None:
            return derive_grid(self.relay, self.inventory.collars)
        return verdict_of(votes_of(self.inventory, None), None, -math.inf)

    @property
    def grid(self) -> Grid:
        """Whether the house is connected to the grid."""
        return self.answer.grid if self.answer else Grid.UNKNOWN

    @property
    def controller(self) -> bool:
        """Whether something is fitted that can island the house.

        Where the inventory is refused (early firmware 7), the mode tells it.
        """
        mode = self.answer is not None and self.answer.backup_mode is True
        listed = derive_equipment(self.inventory).controller
        return bool(listed or (INVENTORY in self.problems and mode))


class Probe:
    """Asks one gateway; ``close`` it in the end.

    Args:
        host: as ENVOY_HOST.
        clock: for deadlines.
        waiter: of the calling thread.
        known: fingerprint of its certificate, where it is known already.
        strict: ENVOY_TLS=strict.
        trust: the command that accepts another certificate.

    Raises:
        ValueError: ``host`` is none.
    """

    def __init__(
        self,
        host: str,
        clock: Clock,
        waiter: Waiter,
        *,
        known: str | None = None,
        strict: bool = False,
        trust: str = "nutbridge gateway trust",
    ) -> None:
        self._clock = clock
        self._waiter = waiter
        self._pins = PinInMemory(PinRecord(known))
        # Without a known certificate who runs setup takes the first one.
        self._site = GatewaySite(
            host,
            strict=strict and known is not None,
            timeout_s=TIMEOUT_S,
            trust=trust,
        )
        self._asked = introduce(self._site, clock, waiter)

    def close(self) -> None:
        """Drop the connection."""
        self._asked.close()

    def fetch_info(self, *, patient: bool = True) -> Info:
        """Ask who it is; needs no token.

        Args:
            patient: a second time, should the first get no answer.

        Raises:
            DeviceError: it is no gateway, or does not answer.
            Refused: its firmware knows no tokens.
        """
        fetch = self._asked.fetch_info
        try:
            if patient:
                info = self._patiently(fetch)
            else:
                info = fetch(self._clock.boottime() + TIMEOUT_S).value
        except DeviceUnreachable:
            if self._asked.info is None:
                raise
            info = self._asked.info  # of old firmware, which has no TLS
        if info.serial is None:
            raise DeviceError(self._site.host, "its /info has no serial number")
        if info.takes_tokens is False:
            raise Refused(f"{self._site.host}: {no_tokens(info)}")
        return info

    def fetch_house(self, serial: str, token: str) -> GatewaySurvey:
        """Ask with the token what is fitted.

        Args:
            serial: the gateway that must answer.
            token: for it.

        Raises:
            WrongDevice: another gateway answers; it got no token.
            DeviceError: no usable answer; TokenRejected when it refuses ours.
        """
        self._asked.close()
        site = self._site._replace(serial=serial)
        asked = self._asked = open_gateway(
            site, lambda: token, self._pins, self._clock, self._waiter, read_only=True
        )
        problems: dict[str, DeviceError] = {}
        relay = self._answered(
            GRID, partial(asked.insist, partial(asked.fetch, readings.RELAY)), problems
        )
        fetch_inventory = partial(asked.fetch, readings.INVENTORY)
        inventory = self._answered(INVENTORY, fetch_inventory, problems)
        if inventory is not None and not inventory.devices:
            # An answer of nothing may be one of a bad moment.
            inventory = self._patiently(fetch_inventory)
        fetch_charge = partial(asked.fetch, readings.SECCTRL)
        battery = self._answered(CHARGE, fetch_charge, problems)
        house = GatewaySurvey(
            relay,
            inventory or Inventory(),
            battery,
            self._pins.load().known or "",
            problems,
        )
        # As the monitor: one of the two may fail where the other tells enough.
        for name, told in ((GRID, house.answer), (INVENTORY, house.controller)):
            if name in problems and not told:
                raise problems[name]
        return house

    def _answered(
        self,
        name: str,
        fetch: Callable[[float], Dated[T]],
        problems: dict[str, DeviceError],
    ) -> T | None:
        """Return an answer, or None with the problem noted where others may do.

        Raises:
            DeviceError: nobody else can do either.
        """
        try:
            return self._patiently(fetch)
        except DeviceAnswerError as error:
            problems[name] = error
        except TokenRejected as error:
            if name == GRID and not error.good:
                raise  # a new token may do
            problems[name] = error
        except DeviceError as error:
            if name != CHARGE:
                raise
            problems[name] = error
        return None

    def _patiently(self, fetch: Callable[[float], Dated[T]]) -> T:
        try:
            return fetch(self._until()).value
        except DeviceUnreachable:
            # A gateway closes idle connections and drops one answer in a hundred.
            return fetch(self._until()).value

    def _until(self) -> float:
        return self._clock.boottime() + 2 * TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Login:
    """An account at Enlighten, and where to log in."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    login_url: str
    tokens_url: str


def fetch_token(login: Login, serial: str, clock: Clock) -> str:
    """Log in and get a token for one gateway.

    Raises:
        LoginRefused: wrong password, a second factor, blocked.
        CloudError: anything else.
    """
    cloud = Cloud(
        CloudHttps(clock, timeout_s=_LOGIN_S),
        user=login.user,
        password=login.password,
        serial=serial,
        login_url=login.login_url,
        tokens_url=login.tokens_url,
    )
    try:
        return cloud.new_token(None, clock.boottime() + 2 * _LOGIN_S)
    finally:
        cloud.close()


def check_house(host: str, house: GatewaySurvey, *, allow_no_controller: bool) -> None:
    """Make sure that this house can be told from one that never loses the grid.

    Raises:
        Refused: it can not be.
        NotDecided: the gateway does not know yet.
    """
    if not house.controller and allow_no_controller:
        return
    if not house.inventory.devices and not house.controller:
        raise NotDecided(f"{host}: {NO_DEVICES}; {NO_DEVICES_REMEDY}")
    if not house.controller:
        raise Refused(
            f"{host}: no System Controller and no IQ Meter Collar is fitted: this "
            'gateway says "on line" for ever, also while the grid is gone'
        )
    if house.grid is Grid.UNKNOWN:
        raise NotDecided(
            f"{host}: the gateway does not tell the state of the relay to the grid "
            "yet; try again later"
        )
