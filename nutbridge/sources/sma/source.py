"""An inverter with a battery as a ``source.Source``.

One getValues answers everything, the grid included. Its numbers become facts
in a full poll only, as those of a gateway do, so that the port file is not
written anew at every look at the grid.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from nutbridge.errors import DeviceAnswerError
from nutbridge.net.jsonfields import BodyError
from nutbridge.sources.sma.facts import (
    derive_equipment,
    derive_facts,
    derive_identity,
)
from nutbridge.sources.sma.status import derive_grid
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.sources.sma.webconnect.readings import UpsReading
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts, Grid, GridAnswer, InverterHealth
from nutbridge.ups.source import Retry

_log = logging.getLogger(__name__)

TRIES = 2


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
    """

    #: Nothing comes in the background that a poll would wait for.
    has_new_token = False
    token_pending = False

    def __init__(
        self,
        client: Webconnect,
        retry: Retry,
        clock: Clock,
        leave: Callable[[], None],
        *,
        timeout_s: float = 5.0,
    ) -> None:
        self._client = client
        self._retry = retry
        self._clock = clock
        self._leave = leave
        self._request_s = 2 * timeout_s
        self._last: _Poll | None = None
        self._due = False
        self._condition: str | None = None
        self._serial: str | None = None
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
        result = self._retry(lambda: self._ask(until), tries=TRIES, until=until)
        if isinstance(result, DeviceAnswerError):
            raise result
        at = self._clock.boottime()
        try:
            reading = UpsReading.from_json(result)
        except BodyError as error:
            raise DeviceAnswerError(self._client.host, str(error)) from None
        if reading.health_pct is None and self._last is not None:
            # Without it the battery would be larger for a moment, and the true
            # size then look like batteries that are missing.
            health_pct = self._last.reading.health_pct
            reading = replace(reading, health_pct=health_pct)
        self._note_serial(reading.serial)
        answer = derive_grid(reading.tags, battery=reading.battery_keys)
        self._last = _Poll(reading, at, answer.grid)
        self._facts = replace(
            self._facts,
            equipment=derive_equipment(reading),
            identity=derive_identity(reading),
        )
        return answer

    def _ask(self, until: float) -> object:
        """Ask; an answer that says no is returned: asking again changes nothing."""
        deadline = min(until, self._clock.boottime() + self._request_s)
        try:
            return self._client.get_values(keys.UPS_KEYS, deadline)
        except DeviceAnswerError as error:
            return error

    def begin_round(self) -> None:
        """Take the numbers of the last answer over in ``details``."""
        self._due = True

    def details(self, until: float) -> bool:  # noqa: ARG002 - nothing is asked
        """Take the numbers of the last answer over; complete at once."""
        last = self._last
        if self._due and last is not None and last.reading.battery_keys:
            self._facts = derive_facts(last.reading, last.at, last.grid)
            self._note_condition()
        self._due = False
        return True

    def upkeep(self, *, grid_gone: bool) -> None:
        """Nothing to do in the background."""

    def close(self) -> None:
        """End the session and the connection."""
        self._leave()

    def _note_serial(self, serial: str | None) -> None:
        """Say that another inverter answers: addresses are lent by routers."""
        if serial is None or serial == self._serial:
            return
        if self._serial is not None:
            _log.warning(
                "another inverter answers: serial %s, before %s; check SMA_HOST",
                serial,
                self._serial,
            )
        self._serial = serial

    def _note_condition(self) -> None:
        """Say once that the inverter reports a fault, and once that it is over."""
        health = self._facts.inverter
        condition = health.condition if health else None
        if condition is None or condition == self._condition:
            return
        before, self._condition = self._condition, condition
        if condition in {"fault", "warning"}:
            _log.warning("the inverter reports: %s", condition)
        elif before is not None:
            _log.info("the inverter reports: %s", condition)
