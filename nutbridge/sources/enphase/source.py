"""The IQ Gateway as a ``source.Source``.

The relay decides about the grid, together with an IQ Meter Collar where one is
fitted. When it alone fails, witnesses.py tells who else is believed; details.py sees
to everything else.
"""

import logging
import math
from typing import TYPE_CHECKING, Protocol, TypeVar

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.sources.enphase.details import INVENTORY_S, SLOW_S, Details, is_refused
from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.readings import (
    INVENTORY,
    RELAY,
    STATUS,
    Dated,
    Endpoint,
    Inventory,
    Relay,
)
from nutbridge.sources.enphase.witnesses import verdict_of, votes_of
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts, Grid, GridAnswer

if TYPE_CHECKING:
    from nutbridge.ups.source import Retry

_log = logging.getLogger(__name__)

#: Before anything is known, the inventory is asked this often beside the relay:
#: behind a Collar the relay alone may say "closed" in an outage.
INVENTORY_TRIES = 3

RELAY_TRIES = 2

#: Where the relay hangs the others get so long, s: healthy ones need 0.4 s, and in a
#: silence of the whole gateway the relay has its next turn sooner.
WITNESSES_S = 5.0

#: A witness that refuses so often in a row is asked every SLOW_S only.
REFUSALS = 3

T = TypeVar("T")


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

    Attributes:
        opened_at: CLOCK_BOOTTIME when anybody last said open, s; None for never.
        collar_known: a Meter Collar was seen, now or earlier: it is asked too.
        backup_known: a mode ``multimode-*`` was seen, now or earlier.
    """

    def __init__(
        self,
        gateway: Gateway,
        renewal: TokenKeeper,
        retry: "Retry",
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
        self.collar_known = collar
        self.backup_known = False
        self._inventory_tries = INVENTORY_TRIES
        self.opened_at: float | None = None
        self._before: frozenset[float] = frozenset()
        self._believed = ""
        self._refused: dict[str, tuple[int, float]] = {}
        self._silent_too = False
        self._offered: str | None = None
        self._token_failed = False

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
        """Ask the relay, and who else knows where it alone is not enough.

        Raises:
            DeviceError: no usable answer.
            Stopping: asked to end while waiting.
        """
        try:
            relay = self._ask_relay(until)
        except (DeviceUnreachable, DeviceAnswerError, TokenRejected) as error:
            # Nobody else takes a bad token either.
            bad = self._gateway.token_bad
            said = None if bad else self._ask_witnesses(error, until)
            if said is None:
                raise
            answer = said
        else:
            answer = derive_grid(relay)
            if answer.grid is Grid.UNKNOWN:
                odd = DeviceAnswerError("the relay", f"says {answer.word!r}")
                answer = self._ask_witnesses(odd, until) or answer
            else:
                own = answer.speaker
                if answer.grid is Grid.CLOSED:
                    answer = self._ask_beside(relay, answer, until)
                if answer.speaker == own:
                    self._believe("", None)
        self.backup_known |= bool(answer.backup_mode)
        if answer.grid is Grid.OPEN:
            self.opened_at = self._clock.boottime()
            seen = self._details.inventory
            self._before = seen.value.dates if seen else frozenset()
        return answer

    def _ask_beside(self, relay: Relay, closed: GridAnswer, until: float) -> GridAnswer:
        """Ask who may know better than a relay that says ``closed``."""
        inventory = None
        seen = self._details.inventory
        # An empty one proves nothing: gateways boot with it.
        unseen = not (seen and seen.value.devices) and not self.collar_known
        if unseen and self._inventory_tries > 0:
            inventory = self._look_for_collar(until)
        if self._has_collar():
            return self._ask_collar(relay, until, inventory)
        return self._unless_stale(closed, until, inventory)

    def _unless_stale(
        self, closed: GridAnswer, until: float, inventory: Dated[Inventory] | None
    ) -> GridAnswer:
        """Return ``closed``, marked where the gateway only repeats it.

        An inventory that can no longer be read accuses nobody for long. Who says open
        beside such a ``closed`` is believed, as beside a relay that fails; so is who
        says it to a gateway that has started in an outage and lost the mode.

        Args:
            closed: what the relay says.
            until: when to give up, CLOCK_BOOTTIME, s.
            inventory: asked in this check, if it was.
        """
        lost_mode = self._proves_nothing(closed)
        if not (lost_mode or self._details.reports.stale):
            return closed
        inventory = inventory or self._ask_inventory(until)
        reports = self._details.reports
        fresh = self._clock.boottime() - reports.at <= INVENTORY_S
        stale = reports.stale if fresh else ""
        if not (lost_mode or stale):
            return closed
        said = self._who_says_open(inventory, until)
        if said is None:
            return closed._replace(stale=stale)
        why = stale or "says closed, in mode unknown after a backup mode"
        self._believe(said.speaker, DeviceAnswerError("the relay", why))
        return said

    def _ask_inventory(self, until: float) -> Dated[Inventory] | None:
        inventory = self._witness(INVENTORY, until)
        if inventory is not None:
            self._details.take_inventory(inventory)
        return inventory

    def _who_says_open(
        self, inventory: Dated[Inventory] | None, until: float
    ) -> GridAnswer | None:
        """Return the word of a witness beside a ``closed`` that proves nothing."""
        status = self._witness(STATUS, until)
        return verdict_of(
            votes_of(
                inventory.value if inventory else None, status.value if status else None
            )
        )

    def _ask_witnesses(self, failure: DeviceError, until: float) -> GridAnswer | None:
        """Ask anew who else knows; None when they tell nothing."""
        if isinstance(failure, DeviceUnreachable):
            until = min(until, self._clock.boottime() + WITNESSES_S)
        inventory = self._ask_inventory(until)
        lost = inventory is None and self._silent_too
        if lost and isinstance(failure, DeviceUnreachable):
            return None  # not the relay alone: the gateway
        status = self._witness(STATUS, until)
        votes = votes_of(
            inventory.value if inventory else None, status.value if status else None
        )
        now = self._clock.boottime()
        offset_s = self._details.gateway_offset_s
        for answer in (inventory, status):
            if answer is not None and answer.gateway_epoch_s is not None:
                offset_s = answer.gateway_epoch_s - answer.at
        open_s: float | None = -math.inf
        if self.opened_at is not None:
            open_s = None if offset_s is None else self.opened_at + offset_s
        now_s = None if offset_s is None else now + offset_s
        said = verdict_of(votes, now_s, open_s, self._before)
        self._believe(said.speaker if said else "", failure)
        return said

    def _witness(self, endpoint: Endpoint[T], until: float) -> Dated[T] | None:
        """Fetch one endpoint; one that refuses again and again is asked seldom."""
        refused, again_at = self._refused.get(endpoint.path, (0, 0.0))
        self._silent_too = False
        if refused >= REFUSALS and self._clock.boottime() < again_at:
            return None
        try:
            answer = self._gateway.fetch(endpoint, self._deadline(until))
        except DeviceError as error:
            _log.debug("no witness: %s", error)
            self._silent_too = isinstance(error, DeviceUnreachable)
            times = refused + 1 if is_refused(error) else 0
            self._refused[endpoint.path] = (times, self._clock.boottime() + SLOW_S)
            return None
        self._refused.pop(endpoint.path, None)
        return answer

    def _believe(self, speaker: str, failure: DeviceError | None) -> None:
        """Say once who is believed instead of the relay, and once that it is back."""
        if speaker == self._believed:
            return
        before, self._believed = self._believed, speaker
        if speaker:
            _log.warning("the relay fails (%s): believing %s", failure, speaker)
        elif before and failure is None:
            _log.info("the relay answers again")
        elif before:
            _log.warning("nobody tells of the grid any more (%s)", failure)

    def _ask_relay(self, until: float) -> Relay:
        """Ask the relay, at most RELAY_TRIES times; after a 401 see ``insist``.

        A new token is made if the gateway itself says that this one is bad.
        """
        gateway, renewal = self._gateway, self._renewal
        self._offered = renewal.token
        self._token_failed = self._offered is None
        before, tries = gateway.judged, 0

        def ask(until: float) -> Relay:
            nonlocal tries
            tries += 1
            return gateway.fetch(RELAY, self._deadline(until)).value

        def ask_patiently(until: float) -> Relay:
            return self._retry(lambda: ask(until), tries=RELAY_TRIES, until=until)

        try:
            relay = gateway.insist(
                ask, until, first=ask_patiently, again=lambda: tries < RELAY_TRIES
            )
        except DeviceError as error:
            judged = gateway.judged
            if judged is not before and judged is not None:
                self._token_failed = True
                (renewal.accepted if judged.good else renewal.refused)()
            if isinstance(error, TokenRejected):
                self._token_failed = True
            raise
        if gateway.judged is not None:
            gateway.judged = None
            renewal.accepted()
        return relay

    def recall(self, *, collar: bool, backup_mode: bool) -> None:
        """Ask a Meter Collar too, and doubt a lost mode, as an earlier boot would."""
        self.collar_known = self.collar_known or collar
        self.backup_known = self.backup_known or backup_mode

    def _has_collar(self) -> bool:
        inventory = self._details.inventory
        if inventory is not None and inventory.value.collars:
            self.collar_known = True
        return self.collar_known

    def _ask_collar(
        self, relay: Relay, until: float, inventory: Dated[Inventory] | None
    ) -> GridAnswer:
        """Ask the Collar too; without its word ``closed`` proves nothing.

        Where it says nothing a battery that is off grid does.
        """
        answer: GridAnswer | DeviceError
        try:
            if inventory is None:
                inventory = self._gateway.fetch(INVENTORY, self._deadline(until))
                self._details.take_inventory(inventory)
            answer = derive_grid(relay, inventory.value.collars)
            if not inventory.value.collars:
                # A System Controller listed instead has replaced the Collar.
                if inventory.value.controllers:
                    return self._unless_stale(answer, until, inventory)
                what = self._gateway.host + INVENTORY.path
                answer = DeviceAnswerError(
                    what, "the IQ Meter Collar is not listed now"
                )
        except DeviceError as error:
            answer = error
        if isinstance(answer, GridAnswer) and not self._proves_nothing(answer):
            return answer
        said = self._who_says_open(None, until)
        if said is not None:
            return said
        if isinstance(answer, DeviceError):
            raise answer
        return answer

    def _proves_nothing(self, answer: GridAnswer) -> bool:
        """Whether it is no word, or ``closed`` of a gateway that has just started."""
        fitted = self.facts.equipment
        # Given up: nobody is left to be asked.
        bare = fitted and fitted.controller is False and not fitted.batteries
        lost_mode = answer.backup_mode is False and self.backup_known and not bare
        return answer.grid is not Grid.OPEN and (
            lost_mode or answer.grid is Grid.UNKNOWN
        )

    def _look_for_collar(self, until: float) -> Dated[Inventory] | None:
        """Find out whether there is a Collar; without an answer the relay decides."""
        self._inventory_tries -= 1
        try:
            inventory = self._gateway.fetch(INVENTORY, self._deadline(until))
        except DeviceError as error:
            _log.debug("no look at the inventory yet: %s", error)
            if isinstance(error, TokenRejected):
                self._inventory_tries = 0
            return None
        self._details.take_inventory(inventory)
        return inventory

    def _deadline(self, until: float) -> float:
        return min(until, self._clock.boottime() + self._request_s)
