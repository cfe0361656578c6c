"""The IQ Gateway as a ``source.Source``.

The relay decides about the grid, together with an IQ Meter Collar where one is
fitted. When it alone fails, witnesses.py tells who else is believed; details.py sees
to everything else.
"""

import logging
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

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
from nutbridge.sources.enphase.witnesses import doubt_of, verdict_of, votes_of
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

#: What the relay and a Meter Collar come to, and the inventory asked beside it.
_Own = GridAnswer | DeviceError
_Beside = Dated[Inventory] | DeviceError | None


class _Refusals(NamedTuple):
    """How often a witness has refused in a row, how, and when it is asked again."""

    times: int
    again_at: float
    error: DeviceError


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
    ) -> None:
        self._gateway = gateway
        self._renewal = renewal
        self._retry = retry
        self._clock = clock
        self._request_s = 2 * api_timeout_s
        self._details = Details(
            gateway, clock, request_s=self._request_s, disable_meters=disable_meters
        )
        self.collar_known = False
        self.backup_known = False
        self._inventory_tries = INVENTORY_TRIES
        self.opened_at: float | None = None
        self._before: frozenset[float] = frozenset()
        self._believed = ""
        self._refused: dict[str, _Refusals] = {}
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

    def recall(self, *, collar: bool, backup_mode: bool) -> None:
        """Ask a Meter Collar too, and doubt a lost mode, as an earlier run would."""
        self.collar_known |= collar
        self.backup_known |= backup_mode

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

        ==========================  =================  ==============================
        what the relay says         who is asked       what counts
        ==========================  =================  ==============================
        open                        nobody             its word
        closed                      nobody             its word
        closed, behind a Collar     inventory          the Collar's word
        closed, doubtful            inventory, status  open of one, else what is left
        nothing, or an odd word     inventory, status  open of one, closed of all
        ==========================  =================  ==============================

        Doubtful is what ``doubt_of`` says, and what a Collar leaves without its word.

        Raises:
            DeviceError: no usable answer.
            Stopping: asked to end while waiting.
        """
        own: _Own
        beside: _Beside = None
        try:
            relay = self._ask_relay(until)
        except (DeviceUnreachable, DeviceAnswerError, TokenRejected) as error:
            own = error
        else:
            own = derive_grid(relay)
            if own.grid is Grid.CLOSED:
                beside = self._ask_beside(own, until)
                own = self._with_collar(relay, own, beside)
        doubt, said = doubt_of(own, lost_mode=self._has_lost_mode(own)), None
        # Nobody else takes a bad token either.
        if doubt is not None and not self._gateway.token_bad:
            said = self._ask_witnesses(doubt, beside, until)
        self._believe(said.speaker if said else "", doubt)
        answer = said or own
        if isinstance(answer, DeviceError):
            raise answer
        self.backup_known |= bool(answer.backup_mode)
        if answer.grid is Grid.OPEN:
            self.opened_at = self._clock.boottime()
            seen = self._details.inventory
            self._before = seen.value.dates if seen else frozenset()
        return answer

    def _ask_beside(self, closed: GridAnswer, until: float) -> _Beside:
        """Ask the inventory beside a relay that says closed, where it may tell more.

        Always behind a Collar, which may be there until the inventory is seen.
        """
        seen = self._details.inventory
        self.collar_known |= bool(seen and seen.value.collars)
        # An empty one proves nothing: gateways boot with it.
        unseen = not (seen and seen.value.devices) and self._inventory_tries > 0
        stale = self._details.reports.stale
        if not (self.collar_known or unseen or stale or self._has_lost_mode(closed)):
            return None
        answer = self._ask_inventory(until)
        if unseen:
            refused = isinstance(answer, TokenRejected)
            self._inventory_tries = 0 if refused else self._inventory_tries - 1
        return answer

    def _with_collar(self, relay: Relay, closed: GridAnswer, beside: _Beside) -> _Own:
        """Return what ``closed`` is worth beside the inventory.

        Nothing behind a Collar without its word, and marked as stale where the
        gateway only repeats it. An inventory that can no longer be read accuses
        nobody for long.
        """
        listed = beside.value if isinstance(beside, Dated) else Inventory()
        self.collar_known |= bool(listed.collars)
        if listed.collars:
            return derive_grid(relay, listed.collars)
        # A System Controller listed instead has replaced the Collar.
        if listed.controllers or not self.collar_known:
            reports = self._details.reports
            fresh = self._clock.boottime() - reports.at <= INVENTORY_S
            return closed._replace(stale=reports.stale if fresh else "")
        if isinstance(beside, DeviceError):
            return beside
        what = self._gateway.host + INVENTORY.path
        return DeviceAnswerError(what, "the IQ Meter Collar is not listed now")

    def _has_lost_mode(self, own: _Own) -> bool:
        """Whether it is the word of a gateway that has just started."""
        fitted = self.facts.equipment
        # Given up: nobody is left to be asked.
        bare = fitted and fitted.controller is False and not fitted.batteries
        lost = isinstance(own, GridAnswer) and own.backup_mode is False
        return lost and self.backup_known and not bare

    def _ask_witnesses(
        self, doubt: DeviceError, beside: _Beside, until: float
    ) -> GridAnswer | None:
        """Ask anew who else knows; None when they tell nothing.

        Args:
            doubt: why the relay is not enough.
            beside: the inventory of this check, where the relay has said closed: then
                that of others proves no more.
            until: when to give up, CLOCK_BOOTTIME, s.
        """
        hangs, spoke = isinstance(doubt, DeviceUnreachable), beside is not None
        if hangs:
            until = min(until, self._clock.boottime() + WITNESSES_S)
        if beside is None:
            beside = self._ask_inventory(until)
            if hangs and isinstance(beside, DeviceUnreachable):
                return None  # not the relay alone: the gateway
        status = self._witness(STATUS, until)
        offset_s = self._details.gateway_offset_s
        for answer in (beside, status):
            if isinstance(answer, Dated) and answer.gateway_epoch_s is not None:
                offset_s = answer.gateway_epoch_s - answer.at
        now_s = None if offset_s is None else self._clock.boottime() + offset_s
        votes = votes_of(
            beside.value if isinstance(beside, Dated) else None,
            status.value if isinstance(status, Dated) else None,
            now_s,
        )
        if spoke:
            return verdict_of(votes)
        open_s: float | None = -math.inf
        if self.opened_at is not None:
            open_s = None if offset_s is None else self.opened_at + offset_s
        return verdict_of(votes, now_s, open_s, self._before)

    def _ask_inventory(self, until: float) -> Dated[Inventory] | DeviceError:
        answer = self._witness(INVENTORY, until, always=self.collar_known)
        if isinstance(answer, Dated):
            self._details.take_inventory(answer)
        return answer

    def _witness(
        self, endpoint: Endpoint[T], until: float, *, always: bool = False
    ) -> Dated[T] | DeviceError:
        """Fetch one endpoint; one that refuses again and again is asked seldom."""
        before, now = self._refused.get(endpoint.path), self._clock.boottime()
        seldom = before and before.times >= REFUSALS and now < before.again_at
        if before is not None and seldom and not always:
            return before.error
        try:
            answer = self._gateway.fetch(endpoint, self._deadline(until))
        except DeviceError as error:
            _log.debug("no witness: %s", error)
            times = (before.times if before else 0) + 1 if is_refused(error) else 0
            again_at = self._clock.boottime() + SLOW_S
            self._refused[endpoint.path] = _Refusals(times, again_at, error)
            return error
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

    def _deadline(self, until: float) -> float:
        return min(until, self._clock.boottime() + self._request_s)
