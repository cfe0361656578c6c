"""A config that cannot be used is a silent gateway, not an end.

The monitor runs with the policy of the last config that could be used: it holds an
OB and reckons, hides an OL after NOCOMMS_DELAY, and takes the mended file by itself.
"""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from nutbridge.config.file import Salvage
from nutbridge.config.settings import state_name
from nutbridge.daemon.history.recording import Recording
from nutbridge.daemon.last_resort import LastResort
from nutbridge.daemon.left_behind import LeftBehind
from nutbridge.daemon.monitor import Monitor
from nutbridge.daemon.runner import run
from nutbridge.daemon.state_store import (
    StateOwner,
    StateSession,
    StateStore,
    state_folder,
)
from nutbridge.errors import (
    DeviceError,
    NutbridgeError,
    PortFileError,
    Stopping,
)
from nutbridge.nut.driver import DriverSockets
from nutbridge.nut.port_file import PortFile, PortFilePublisher
from nutbridge.nut.variables import ENPHASE, SMA
from nutbridge.system.clock import Host
from nutbridge.system.lock import PortLock
from nutbridge.system.release_request import ReleaseRequest
from nutbridge.system.sdnotify import Notifier
from nutbridge.ups.model import Facts, GridAnswer
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.saved import RetryState, SavedState
from nutbridge.ups.units import SECONDS_PER_HOUR

_log = logging.getLogger(__name__)


class ConfigTrouble:
    """A ``source.Source`` that says why nobody can be asked, once and once an hour.

    Args:
        error: names file, line and remedy.
        look: returns the error of the config as it is now, None when it is mended.
        host: its clock says when an hour is over.

    Attributes:
        mended: the config can be used now.
    """

    has_new_token = False
    token_pending = False
    facts = Facts()

    def __init__(
        self,
        error: NutbridgeError,
        look: Callable[[], NutbridgeError | None],
        host: Host,
    ) -> None:
        self._look = look
        self._clock = host.clock
        self._told_at: float | None = None
        self.error: NutbridgeError = error
        self.mended = False
        self._tell(error)

    def _tell(self, error: NutbridgeError) -> None:
        now, told_at = self._clock.boottime(), self._told_at
        new = str(error) != str(self.error)
        self.error = error
        if new or told_at is None or now - told_at >= SECONDS_PER_HOUR:
            self._told_at = now
            _log.error(
                "%s; nobody can be asked about the grid. The file is taken by itself "
                "once it is mended",
                error,
            )

    def look(self) -> bool:
        """Look at the config again; whether it is mended."""
        error = self._look()
        self.mended = error is None
        if error is not None:
            self._tell(error)
        return self.mended

    def grid(self, until: float) -> GridAnswer:  # noqa: ARG002 - nobody is asked
        """Ask nobody.

        Raises:
            DeviceError: always.
        """
        raise DeviceError("config", str(self.error))

    def begin_round(self) -> None:
        """Nothing to ask."""

    def details(self, until: float) -> bool:  # noqa: ARG002 - nobody is asked
        """Ask nobody; complete at once."""
        return True

    def upkeep(self, *, grid_gone: bool) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to end."""


def state_file(salvage: Salvage, host: Host) -> StateStore | None:
    """Return the state file of this UPS, None where its name is not known."""
    if salvage.ups is None:
        return None
    folder = state_folder(host.environ, salvage.state_dir)
    return StateStore(folder / state_name(salvage.ups), host.owner)


def port_file_of(
    salvage: Salvage, saved: SavedState | None, host: Host
) -> PortFile | None:
    """Return a usable port file: of the config's own line, else of the state file."""
    names = (salvage.port_file, saved.port_file if saved else None)
    for name in filter(None, names):
        port = PortFile(Path(name), host.clock)
        with contextlib.suppress(PortFileError):
            port.check()
            return port
    return None


def hold(
    error: NutbridgeError,
    salvage: Salvage,
    host: Host,
    notifier: Notifier,
    look: Callable[[], NutbridgeError | None],
) -> bool:
    """Keep the port file true until the config is mended.

    Returns:
        False when no usable port file is known: nothing was done.

    Raises:
        PortFileError: the port file cannot be read any more.
        LockHeld: another monitor keeps it.
        Stopping: asked to end; all is saved.
    """
    store = state_file(salvage, host)
    saved = store.read() if store else None
    port = port_file_of(salvage, saved, host)
    if port is None or store is None or salvage.ups is None:
        return False
    policy = (saved.policy if saved else None) or Policy()
    lock = PortLock(port.real)
    lock.acquire()
    with contextlib.ExitStack() as undo:
        undo.callback(lock.release)
        source = ConfigTrouble(error, look, host)
        maker = SMA if policy.device == "inverter" else ENPHASE
        publisher = PortFilePublisher(port, maker)
        port.sweep()
        publisher.load()
        session = _session(store, port, saved, policy, host)
        monitor = Monitor(
            policy,
            "",
            source,
            publisher,
            host.clock,
            DriverSockets(salvage.ups, host.environ, port.real).answer,
            session.save,
        )
        monitor.last_resort = LastResort(port.real)
        monitor.wish = ReleaseRequest(port.real, host.clock)
        left = LeftBehind(saved, port.real, host)
        left.look()
        monitor.start(session.memory, written_this_boot=session.written_this_boot)
        recording = Recording(salvage, monitor, host)
        after = (session.refresh, left.look, recording.note)
        times = (host.waiter, host.clock)
        undo.callback(recording.end)
        run(monitor, source, *times, notifier, *after, leave=source.look)
    if not source.mended:
        raise Stopping("asked to stop")
    return True


def _session(
    store: StateStore,
    port: PortFile,
    saved: SavedState | None,
    policy: Policy,
    host: Host,
) -> StateSession:
    """Return the session of a state file; the pause of a refused login stays."""
    stamp = saved.config if saved else ""
    owner = StateOwner(host.clock.boot_id(), str(port.real), stamp)
    session = StateSession(store, owner, policy)
    retry = session.retry_state if saved else RetryState()
    session.watch(lambda: retry)
    return session
