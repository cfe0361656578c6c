"""Writes history and house memory in a thread of its own.

A disk that hangs holds up nobody but that thread; what waits for it is bounded.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from nutbridge.daemon.history.file import append
from nutbridge.errors import reason
from nutbridge.net.worker import Worker
from nutbridge.system.files import Access, replace_file, sweep

_log = logging.getLogger(__name__)

#: Lines that wait for a disk: eight hours of an outage, 100 kB.
MOST = 500


class BackgroundWriter:
    """The two files of one UPS that outlive a reboot.

    Args:
        history: path of the history.
        house: path of what is true of the house; None: it is left as it is.
        owner: see ``files.owner_for``.

    Attributes:
        lost: lines that found no room and were dropped.
    """

    def __init__(
        self, history: Path, house: Path | None, owner: tuple[int, int] | None = None
    ) -> None:
        self._history, self._house = history, house
        self._owner = owner
        self._lines: deque[bytes] = deque(maxlen=MOST)
        self._kept: bytes | None = None
        self._worker: Worker | None = None
        self._asked = False
        self._swept = False
        self._told: set[Path] = set()
        self.lost = 0

    def put(self, line: bytes) -> None:
        """Add a line to the history, soon; the oldest is dropped where none fits."""
        self.lost += len(self._lines) == MOST
        self._lines.append(line)
        self._ask()

    def keep(self, data: bytes) -> None:
        """Replace the house memory, soon."""
        if self._house is not None:
            self._kept = data
            self._ask()

    def end(self, seconds: float) -> None:
        """Wait until all is written, but no longer than so many seconds."""
        done = threading.Event()
        if self._ask() and self._worker is not None:
            self._worker.put(done.set)
            done.wait(seconds)
            self._worker.retire()
            self._worker = None

    def _ask(self) -> bool:
        """Let the thread write; while it hangs it is asked once."""
        if self._asked:
            return True
        try:
            self._worker = self._worker or Worker("history")
        except RuntimeError:
            return False  # no more threads: with the next line
        self._asked = True
        self._worker.put(self._run)
        return True

    def _run(self) -> None:
        """In the thread: write what waits."""
        # First: what comes from now on asks anew.
        self._asked = False
        if not self._swept:
            self._swept = True
            sweep(self._history)
            if self._house is not None:
                sweep(self._house)
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if lines and not self._tried(
            self._history, lambda: append(self._history, b"".join(lines), self._owner)
        ):
            # They come again with the next line.
            room = MOST - len(self._lines)
            self._lines.extendleft(reversed(lines[-room:] if room else []))
        data, self._kept = self._kept, None
        if data is not None and self._house is not None:
            house, access = self._house, Access(owner=self._owner)
            self._tried(
                house, lambda: replace_file(house, data, access=access, durable=False)
            )

    def _tried(self, path: Path, write: Callable[[], None]) -> bool:
        """Write; a failure is logged once and changes nothing else."""
        try:
            write()
        except Exception as exc:  # noqa: BLE001  nothing of it is for the monitor
            if path not in self._told:
                self._told.add(path)
                _log.warning("%s not written: %s", path, reason(exc))
            return False
        self._told.discard(path)
        return True
