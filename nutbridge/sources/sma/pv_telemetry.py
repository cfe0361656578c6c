"""An inverter beside another source: PV power and health, nothing else.

It is asked in a thread of its own, so that however slow, silent or odd it is,
no check of the grid waits for it and nothing it says touches the status.
"""

import logging
import math
import threading

from nutbridge.errors import DeviceError, Stopping
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.facts import derive_health
from nutbridge.sources.sma.reading import InverterClient
from nutbridge.sources.sma.source import told_condition
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts, GridAnswer, InverterHealth
from nutbridge.ups.source import Source
from nutbridge.ups.units import spoken_s

_log = logging.getLogger(__name__)

#: For the logout at the end; the whole monitor ends within 2 s.
LEAVE_S = 1.0
#: How much longer its thread is waited for.
_JOIN_S = 1.3


class PvTelemetry:
    """Asks one inverter again and again in a thread of its own.

    Args:
        client: the inverter.
        waiter: of the thread, and of the client's connection.
        clock: all times.
        every_s: between two questions.

    Attributes:
        health: the last answer, with its age.
    """

    def __init__(
        self,
        client: InverterClient,
        waiter: ThreadWaiter,
        clock: Clock,
        *,
        every_s: float,
    ) -> None:
        self._client = client
        self._waiter = waiter
        self._clock = clock
        self._every_s = every_s
        self._silent_since: float | None = None
        self._thread: threading.Thread | None = None
        self._failed = False
        self._condition: str | None = None
        self.health = InverterHealth(at=float("-inf"))

    def start(self) -> None:
        """Start asking; harmless when it was started."""
        if self._thread is not None:
            return
        thread = threading.Thread(target=self._run, name="inverter", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads; the next round tries again
            if not self._failed:
                _log.warning("the inverter is not asked: %s", error)
            self._failed = True
        else:
            self._thread = thread

    def close(self) -> None:
        """End the session and the thread, within about a second."""
        if self._thread is not None:
            self._waiter.end()
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        try:
            while True:
                self._poll()
                until = self._clock.boottime() + self._every_s
                while (left := until - self._clock.boottime()) > 0:
                    self._waiter.wait(left)
        except Stopping:
            self._waiter.grace_s = math.inf
            self._client.logout(self._clock.boottime() + LEAVE_S)
            self._client.close()

    def _poll(self) -> None:
        begun = self._clock.boottime()
        try:
            reading = self._client.read(side=True)
        except Stopping:
            raise
        except Exception as error:  # noqa: BLE001  a bug must not end the thread
            if self._silent_since is None:
                self._silent_since = begun
                trace = None if isinstance(error, DeviceError) else error
                text = "the inverter does not answer: %s"
                _log.warning(text, error, exc_info=trace)
            return
        now = self._clock.boottime()
        self.health = derive_health(reading, now)
        self._condition = told_condition(self._condition, self.health)
        if self._silent_since is not None:
            gap = spoken_s(now - self._silent_since)
            _log.info("the inverter answers again, silent for %s", gap)
            self._silent_since = None


class WithPvTelemetry:
    """A source with the facts of an inverter beside it.

    Args:
        source: decides everything.
        side: adds to its facts.
    """

    def __init__(self, source: Source, side: PvTelemetry) -> None:
        self._source = source
        self._side = side

    @property
    def facts(self) -> Facts:
        """All that is known now."""
        return self._source.facts._replace(inverter=self._side.health)

    def grid(self, until: float) -> GridAnswer:
        """Ask the source."""
        return self._source.grid(until)

    def begin_round(self) -> None:
        """Begin a round of the source."""
        self._side.start()
        self._source.begin_round()

    def details(self, until: float) -> bool:
        """Ask the source."""
        return self._source.details(until)

    def upkeep(self, *, grid_gone: bool) -> None:
        """Let the source do what is due."""
        self._source.upkeep(grid_gone=grid_gone)

    def close(self) -> None:
        """End both."""
        self._source.close()
        self._side.close()
