"""A port file that the config named before it was changed."""

import contextlib
import logging
from pathlib import Path

from nutbridge.errors import LockHeld, PortFileError
from nutbridge.nut.port_file import PortFile, PortFileName, PortFilePublisher
from nutbridge.system.clock import Host
from nutbridge.system.lock import PortLock
from nutbridge.ups.status.policy import OL_VISIBLE_S
from nutbridge.ups.status.saved import SavedState

_log = logging.getLogger(__name__)


class LeftBehind:
    """The port file named before the config changed: an old OL is hidden, an OB never.

    Nobody watches it any more, and its driver would show it for ever.

    Args:
        saved: the state file.
        real: the port file of now.
        host: its clock.
    """

    def __init__(self, saved: SavedState | None, real: Path, host: Host) -> None:
        self._saved = saved
        self._clock = host.clock
        self._settled = saved is None or saved.port_file in ("", str(real))

    def look(self) -> None:
        """Hide it, as soon as clients have seen an OL that followed an OB."""
        if self._settled or self._saved is None or self._is_young(self._saved):
            return
        self._settled = True
        port = PortFile(Path(self._saved.port_file), self._clock)
        # It may be gone, or another monitor keep it by now.
        with contextlib.suppress(PortFileError, LockHeld, OSError):
            if port.find() is PortFileName.VISIBLE:
                self._hide(port)

    def _is_young(self, saved: SavedState) -> bool:
        """Whether an OB may be the last that clients have seen of it."""
        if saved.boot_id != self._clock.boot_id():
            return False
        shown, now = saved.memory.shown, self._clock.boottime()
        noted_at = saved.memory.noted_at or now
        return (shown.on_battery and now - noted_at < OL_VISIBLE_S) or (
            shown.after_outage and now - shown.since < OL_VISIBLE_S
        )

    def _hide(self, port: PortFile) -> None:
        lock = PortLock(port.real)
        lock.acquire()
        try:
            publisher = PortFilePublisher(port)
            publisher.load()
            if "OB" not in (publisher.status or "").split():
                publisher.hide()
                text = "port file %s of an earlier config hidden: nobody keeps it"
                _log.warning(text, port.path)
        finally:
            lock.release()
