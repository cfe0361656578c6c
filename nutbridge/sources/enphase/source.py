"""The IQ Gateway as a ``source.Source``.

The relay decides about the grid, together with an IQ Meter Collar where one is
fitted; details.py sees to everything else.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    TokenRejected,
)
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.details import Details
from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.readings import Relay
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts, Grid, GridAnswer
from nutbridge.ups.source import Retry

_log = logging.getLogger(__name__)

#: A token found bad is judged again after this long, s: each judgement costs
#: one of the gateway's few sessions.
JUDGE_S = 60.0

#: Before anything is known, the inventory is asked this often beside the relay:
#: behind a Collar the relay alone may say "closed" in an outage.
INVENTORY_TRIES = 3

RELAY_TRIES = 2


class TokenKeeper(Protocol):
    """Keeps the token, and gets a new one in the background (renewal.py)."""

    @property
    def token(self) -> str | None:
        """The token to offer, or None while there is none."""
        ...

    @property
    def running(self) -> bool:
        """Whether a new token is being asked for."""
        ...

    def refused(self) -> None:
        """The gateway does not take the token."""
        ...

    def accepted(self) -> None:
        """The gateway takes the token after all."""
        ...

    def poke(self, *, grid_gone: bool) -> None:
        """Start a renewal if one is due; never waits."""
        ...

    def close(self) -> None:
        """End background work."""
        ...


class EnphaseSource:
    """Asks one gateway; see ``source.Source`` for the contract.

    Args:
        gateway: the endpoints.
        renewal: the token.
        retry: how the relay is asked again.
        clock: all times.
        api_timeout_s: API_TIMEOUT; a request takes twice that at most.
        disable_meters: DISABLE_METERS; leaves /ivp/meters alone.
        collar: a Meter Collar was seen before the start.
    """

    def __init__(
        self,
        gateway: Gateway,
        renewal: TokenKeeper,
        retry: Retry,
        clock: Clock,
        *,
        api_timeout_s: float = 5.0,
        disable_meters: bool = False,
        collar: bool = False,
    ) -> None:
        self._gateway = gateway
        self._renewal = renewal
        self._retry = retry
        self._clock = clock
        self._request_s = 2 * api_timeout_s
        self._details = Details(
            gateway, clock, request_s=self._request_s, disable_meters=disable_meters
        )
        self._collar_known = collar
        self._inventory_tries = INVENTORY_TRIES
        self._offered: str | None = None
        self._token_failed = False
        self._judged_at: float | None = None

    @property
    def facts(self) -> Facts:
        """All that is known now."""
        return self._details.facts

    @property
    def has_new_token(self) -> bool:
        """Whether a token came that the last check of the grid lacked."""
        token = self._renewal.token
        return self._token_failed and token is not None and token != self._offered

    @property
    def token_pending(self) -> bool:
        """Whether a token is on its way that the last check lacked."""
        return self._token_failed and self._renewal.running

    def begin_round(self) -> None:
        """Put every detail that is due on the list of things to ask."""
        self._details.begin_round()

    def details(self, until: float) -> bool:
        """Ask what is on the list, one try each, and stop at ``until``."""
        return self._details.ask(until)

    def upkeep(self, *, grid_gone: bool) -> None:
        """Start the renewal of the token when it is due."""
        self._renewal.poke(grid_gone=grid_gone)

    def close(self) -> None:
        """End connection and renewal at once."""
        self._gateway.close()
        self._renewal.close()

    def grid(self, until: float) -> GridAnswer:
        """Ask the relay, and the Collar where there is one.

        Raises:
            DeviceError: no usable answer.
            Stopping: asked to end while waiting.
        """
        relay: Relay | None = None
        failure: DeviceError | None = None
        try:
            relay = self._ask_relay(until)
        except DeviceError as error:
            if not self._has_collar():
                raise
            failure = error
        answer = derive_grid(relay)
        if answer.grid is Grid.OPEN:
            return answer
        if self._has_collar():
            return self._ask_collar(relay, failure, until)
        seen = self._details.inventory
        # An empty one proves nothing: gateways boot with it.
        if not (seen and seen.value.devices) and self._inventory_tries > 0:
            return self._look_for_collar(relay, until)
        return answer

    def _ask_relay(self, until: float) -> Relay:
        """Ask the relay, at most RELAY_TRIES times.

        After a 401 once more in a new session: a gateway that has restarted
        refuses good tokens for a while.
        """
        token = self._renewal.token
        if token != self._offered:
            self._judged_at = None
        self._offered = token
        self._token_failed = self._offered is None
        tries = 0

        def ask() -> Relay:
            nonlocal tries
            tries += 1
            return self._gateway.fetch_relay(self._deadline(until)).value

        try:
            relay = self._retry(ask, tries=RELAY_TRIES, until=until)
        except TokenRejected:
            self._gateway.new_session()
            if tries >= RELAY_TRIES:
                raise
            relay = self._ask_again(ask, until)
        if self._judged_at is not None:
            self._judged_at = None
            self._renewal.accepted()
        return relay

    def _ask_again(self, ask: Callable[[], Relay], until: float) -> Relay:
        try:
            return ask()
        except TokenRejected:
            self._token_failed = True
            self._judge_token(until)
            if not self._gateway.has_session:
                raise
        # Some firmware wants the cookie of check_jwt beside the token.
        relay = ask()
        self._token_failed = False
        return relay

    def _judge_token(self, until: float) -> None:
        """Have a new token made if the gateway itself says that this one is bad."""
        now = self._clock.boottime()
        if self._judged_at is not None and now - self._judged_at < JUDGE_S:
            return
        try:
            good = self._gateway.check_jwt(self._deadline(until))
        except DeviceError as error:
            _log.debug("token not judged: %s", error)
            return
        self._judged_at = now
        if good:
            self._renewal.accepted()
            _log.debug("the gateway takes the token, but not for the relay")
        else:
            self._renewal.refused()

    def _has_collar(self) -> bool:
        inventory = self._details.inventory
        if inventory is not None and inventory.value.collars:
            self._collar_known = True
        return self._collar_known

    def _ask_collar(
        self, relay: Relay | None, failure: DeviceError | None, until: float
    ) -> GridAnswer:
        """Ask the Collar too; without its word ``closed`` proves nothing."""
        try:
            inventory = self._gateway.fetch_inventory(self._deadline(until))
        except DeviceError as error:
            raise failure or error from None
        self._details.take_inventory(inventory)
        collars = inventory.value.collars
        answer = derive_grid(relay, collars)
        if answer.grid is Grid.OPEN:
            return answer
        if failure is not None:
            raise failure
        # A System Controller listed instead has replaced the Collar.
        if not collars and not inventory.value.controllers:
            what = self._gateway.host + paths.INVENTORY
            raise DeviceAnswerError(what, "the IQ Meter Collar is not listed now")
        return answer

    def _look_for_collar(self, relay: Relay | None, until: float) -> GridAnswer:
        """Find out whether there is a Collar; without an answer the relay decides."""
        self._inventory_tries -= 1
        try:
            inventory = self._gateway.fetch_inventory(self._deadline(until))
        except DeviceError as error:
            _log.debug("no look at the inventory yet: %s", error)
            if isinstance(error, TokenRejected):
                self._inventory_tries = 0
            return derive_grid(relay)
        self._details.take_inventory(inventory)
        return derive_grid(relay, inventory.value.collars)

    def _deadline(self, until: float) -> float:
        return min(until, self._clock.boottime() + self._request_s)
