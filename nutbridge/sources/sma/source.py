"""An inverter with a battery as a ``source.Source``.

One request answers everything, the grid included. Its numbers become facts
in a full poll only, as those of a gateway do, so that the port file is not
written anew at every look at the grid.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from nutbridge.errors import DeviceAnswerError, OtherInverter
from nutbridge.sources.sma.facts import (
    derive_equipment,
    derive_facts,
    derive_identity,
)
from nutbridge.sources.sma.reading import InverterClient, UpsReading
from nutbridge.sources.sma.serial_store import SerialStore, check_serial
from nutbridge.sources.sma.status import ILL, unlisted
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts, Grid, GridAnswer, InverterHealth
from nutbridge.ups.source import Retry

_log = logging.getLogger(__name__)

TRIES = 2
#: An inverter can make up any number.
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class _Poll:
    """One usable answer."""

    reading: UpsReading
    at: float
    grid: Grid


class SmaSource:
    """Asks one inverter; see ``source.Source`` for the contract.

    Args:
        client: the inverter.
        retry: how it is asked again.
        clock: all times.
        leave: ends session and connection, within about a second.
        timeout_s: SMA_TIMEOUT; a request takes twice that at most.
        capacity_wh: SMA_CAPACITY, for an inverter that does not tell its own.
        serials: keeps the serial number of the inverter; None forgets it.
    """

    #: Nothing comes in the background that a poll would wait for.
    has_new_token = False
    token_pending = False

    def __init__(
        self,
        client: InverterClient,
        retry: Retry,
        clock: Clock,
        leave: Callable[[], None],
        *,
        timeout_s: float = 5.0,
        capacity_wh: float | None = None,
        serials: SerialStore | None = None,
    ) -> None:
        self._client = client
        self._retry = retry
        self._clock = clock
        self._leave = leave
        self._request_s = 2 * timeout_s
        self._last: _Poll | None = None
        self._due = False
        self._answered = False
        self._condition: str | None = None
        self._capacity_wh = capacity_wh
        self._serials = serials
        self._serial = serials.load() if serials else None
        self._other: str | None = None
        self._named: set[tuple[str, int]] = set()
        # Never read: its values are old, and their names stand in the file.
        self._facts = Facts(inverter=InverterHealth(at=float("-inf")))

    @property
    def facts(self) -> Facts:
        """All that is known now."""
        return self._facts

    def grid(self, until: float) -> GridAnswer:
        """Ask for everything, and return what the tags say about the grid.

        Raises:
            DeviceError: no usable answer.
            Stopping: asked to end while waiting.
        """
        self._answered = False
        result = self._retry(lambda: self._ask(until), tries=TRIES, until=until)
        if isinstance(result, DeviceAnswerError):
            raise result
        at = self._clock.boottime()
        reading = self._known(result)
        self._check_serial(reading.serial)
        self._name_unlisted(reading)
        answer = reading.grid
        self._last = _Poll(reading, at, answer.grid)
        self._answered = True
        self._facts = self._facts._replace(
            equipment=derive_equipment(reading),
            identity=derive_identity(reading),
        )
        return answer

    def _known(self, reading: UpsReading) -> UpsReading:
        """Add what the poll before and the config know."""
        if reading.fitted is False:
            return reading
        # Without them the battery would be larger for a moment, and the true size
        # then look like batteries that are missing.
        last = self._last.reading if self._last is not None else reading
        rated_wh = reading.rated_wh or last.rated_wh or self._capacity_wh
        health_pct = reading.health_pct or last.health_pct
        return replace(reading, rated_wh=rated_wh, health_pct=health_pct)

    def _ask(self, until: float) -> UpsReading | DeviceAnswerError:
        """Ask; an answer that says no is returned: asking again changes nothing."""
        deadline = min(until, self._clock.boottime() + self._request_s)
        try:
            return self._client.read(deadline)
        except DeviceAnswerError as error:
            return error

    def recall(self, *, collar: bool, backup_mode: bool) -> None:
        """Nothing of an earlier boot: the inverter makes the island itself."""

    def begin_round(self) -> None:
        """Let ``details`` take over the numbers of the last answer."""
        self._due = True

    def details(self, until: float) -> bool:
        """Take the numbers of the last answer over, with what changes seldom."""
        last = self._last
        if self._due and last is not None and last.reading.battery_keys:
            deadline = min(until, self._clock.boottime() + self._request_s)
            reading = self._known(self._client.complete(last.reading, deadline))
            self._last = replace(last, reading=reading)
            self._facts = derive_facts(reading, last.at, last.grid)
            self._condition = told_condition(self._condition, self._facts.inverter)
            if self._answered:
                self._keep_serial(reading.serial)
        self._due = False
        return True

    def upkeep(self, *, grid_gone: bool) -> None:
        """Nothing to do in the background."""

    def close(self) -> None:
        """End the session and the connection."""
        self._leave()

    def _check_serial(self, serial: str | None) -> None:
        """Believe no other inverter: addresses are lent by routers.

        Raises:
            OtherInverter: one answers.
        """
        if serial is None or serial == self._serial:
            return
        told = self._serials.load() if self._serials else self._serial
        ups = self._serials.ups if self._serials else "UPS"
        # Without one a person has trusted whoever comes next.
        try:
            check_serial(self._client.host, told, serial, ups)
        except OtherInverter as error:
            if serial != self._other:
                self._other = serial
                _log.warning("%s", error)
            raise
        self._serial = serial
        self._keep_serial(serial)

    def _keep_serial(self, serial: str | None) -> None:
        """Store it where none is: a person has trusted who answers next."""
        if serial and self._serials is not None and self._serials.load() is None:
            self._serials.save(serial)

    def _name_unlisted(self, reading: UpsReading) -> None:
        """Name each tag that no list has, once: it may mean an island."""
        for name, tag in set(unlisted(reading.tags)) - self._named:
            if len(self._named) >= _MOST_NAMED:
                return
            self._named.add((name, tag))
            _log.warning(
                "the inverter says %s %d, which is in no list and decides nothing; "
                "please report it with what the house was doing then",
                name,
                tag,
            )


def told_condition(known: str | None, health: InverterHealth | None) -> str | None:
    """Say once that the inverter reports a fault, and once that it is over.

    Args:
        known: what this returned the last time.
        health: as it is now.
    """
    condition = health.condition if health else None
    if condition is None or condition == known:
        return known
    if condition in ILL:
        _log.warning("the inverter reports: %s", condition)
    elif known is not None:
        _log.info("the inverter reports: %s", condition)
    return condition
