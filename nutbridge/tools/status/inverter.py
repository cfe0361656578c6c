"""The inverter asked by a person, beside the monitor.

Nothing is stored: see ``sma.single_query``. Whatever ends the command, a session that
was made for a look is ended first.
"""

import queue
import threading
from dataclasses import replace

from nutbridge.config.settings import Settings
from nutbridge.errors import (
    ConfigError,
    DeviceError,
    NoFreeSession,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.facts import derive_facts
from nutbridge.sources.sma.single_query import (
    InverterSnapshot,
    look_once,
)
from nutbridge.system.clock import Clock
from nutbridge.tools.status.live import LiveView
from nutbridge.ups.model import Facts, Grid

#: A session gets so long to be ended when a signal comes, s.
LEAVE_S = 2.0
#: A login that fails again does no good, and may lock everybody out.
_LASTING = (PasswordRefused, NoFreeSession, SessionRefused)


class InverterLook:
    """Several looks at one inverter.

    Raises:
        ConfigError: there is no password.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        sma = settings.sma
        if sma is None or not sma.password:
            raise ConfigError(settings.config_path, "SMA_PASSWORD", "not set")
        self._sma = sma
        self._settings = settings
        self._clock = clock
        self._lasting: LiveView | None = None

    def look(self) -> LiveView:
        """Ask once; not again after a login that was refused.

        Raises:
            OSError: a file of the monitor cannot be read.
        """
        if self._lasting is not None:
            return self._lasting
        try:
            found = self._look_aside()
        except DeviceError as error:
            view = LiveView(None, Facts(), str(error))
            if isinstance(error, _LASTING):
                self._lasting = replace(view, problem=f"{error}; not asked again")
            return view
        if found.grid.unfit:
            return LiveView(None, Facts(), found.grid.unfit)
        answer, at = found.grid, self._clock.boottime()
        if answer.grid is not Grid.UNKNOWN:
            answer = answer._replace(word=answer.grid.value)
        return LiveView(answer, derive_facts(found.reading, at, answer.grid))

    def _look_aside(self) -> InverterSnapshot:
        """Look in a thread of its own, which a signal does not end midway."""
        waiter = ThreadWaiter()
        ended: queue.SimpleQueue[InverterSnapshot | Exception] = queue.SimpleQueue()

        def run() -> None:
            state, ups = self._settings.state_dir, self._settings.ups
            try:
                ended.put(look_once(self._sma, state, ups, self._clock, waiter))
            except Exception as error:  # noqa: BLE001 - raised again below
                ended.put(error)

        thread = threading.Thread(target=run, name="look", daemon=True)
        thread.start()
        try:
            found = ended.get()
        except BaseException:
            waiter.end()
            thread.join(LEAVE_S)
            raise
        if isinstance(found, Exception):
            raise found
        return found
