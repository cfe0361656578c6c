"""A person's word that the grid is back, left for the running monitor.

A small file beside the port file, named ``.<port file name>.released``, made by
``nutbridge release``. It counts in the boot and for the few minutes in which it was
made, and only from root or the monitor's own user: an old word, or a
stranger's, must never end an outage.
"""

import contextlib
import os
from pathlib import Path

from nutbridge.system.clock import Clock
from nutbridge.system.files import Access, Folder, glance, replace_file

#: Longer than the longest wait between two checks (POLLFREQALERT, 300 s).
COUNTS_S = 600.0

_BYTES = 200


class ReleaseRequest:
    """The file by which ``nutbridge release`` reaches the monitor of one port file.

    Args:
        port_file: its real path.
        clock: tells the boot, and the time since then.
    """

    def __init__(self, port_file: Path, clock: Clock) -> None:
        self.path = port_file.with_name(f".{port_file.name}.released")
        self._clock = clock

    def make(self) -> None:
        """Leave the request for the monitor.

        It stays ours and all may read it: the port file may be of another user
        than the one who runs the monitor, and given to either it could be a
        stranger's to the other.

        Raises:
            OSError: it cannot be left.
        """
        text = f"{self._clock.boot_id()} {self._clock.boottime():.3f}\n"
        replace_file(self.path, text.encode("ascii"), access=Access(0o644))

    def there(self) -> bool:
        """Whether a request is there that counts; none costs one failed stat(2)."""
        try:
            if glance(self.path) is None:
                return False
            with Folder(self.path.parent) as folder:
                found = folder.read(self.path.name, _BYTES)
        except OSError:
            return False
        return found.info.st_uid in (0, os.geteuid()) and self._counts(found.data)

    def holds(self, *, needed: bool) -> bool:
        """Whether the outage is to end: a request counts, and it is needed.

        Args:
            needed: an outage is held on, and the gateway says nothing. If not,
                the word is taken away: the gateway knows better.
        """
        there = self.there()
        if there and not needed:
            self.drop()
        return there and needed

    def _counts(self, data: bytes) -> bool:
        boot, _, at = data.decode("ascii", "replace").strip().rpartition(" ")
        try:
            age_s = self._clock.boottime() - float(at)
        except ValueError:
            return False
        return bool(boot) and boot == self._clock.boot_id() and 0 <= age_s < COUNTS_S

    def drop(self) -> None:
        """Take the request away."""
        with contextlib.suppress(OSError), Folder(self.path.parent) as folder:
            folder.unlink(self.path.name)
