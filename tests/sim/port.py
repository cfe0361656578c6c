"""The port file in memory, with a witness at every change."""

from collections.abc import Callable

from nutbridge.errors import PortFileError
from nutbridge.nut.port_file import PortFileName, Signature
from nutbridge.nut.port_text import parse


class Killed(BaseException):
    """SIGKILL: nothing after this line runs."""


class SimPort:
    """Implements panel.Port.

    Attributes:
        status: ups.status of the visible file, None while it is hidden.
        closed: reading fails (not ours, mode 0600).
        full: writing fails (no space); renaming still works.
        kill_after_write: the process dies right after the next write.
        on_change: called with the old and the new status after each change.
    """

    def __init__(self) -> None:
        self.data = b"battery.charge.low: 20\n"
        self.status: str | None = None
        self.closed = False
        self.full = False
        self.kill_after_write = False
        self.on_change: Callable[[str | None, str | None], None] = lambda _o, _n: None
        self._inode = 1
        self._written: tuple[bytes, int] | None = None

    def read(self) -> bytes:
        if self.closed:
            raise PortFileError("sim.dev", "cannot read it: Permission denied")
        return self.data

    def write(self, data: bytes) -> bool:
        if self.status is not None and self._written == (data, self._inode):
            return False
        if self.full:
            raise PortFileError("sim.dev", "cannot write it: No space left on device")
        self.place(data)
        self._written = (data, self._inode)
        if self.kill_after_write:
            self.kill_after_write = False
            raise Killed
        return True

    def place(self, data: bytes) -> None:
        """Let these bytes be the visible file, whoever writes them."""
        self.data = data
        self._inode += 1
        self._change(_status(data) or "")

    def hide(self) -> bool:
        if self.status is None:
            return False
        self._written = None
        self._change(None)
        return True

    def signature(self) -> Signature | None:
        place = PortFileName.HIDDEN if self.status is None else PortFileName.VISIBLE
        return Signature(place, self._inode, self._inode, len(self.data))

    def _change(self, status: str | None) -> None:
        old, self.status = self.status, status
        self.on_change(old, status)


def _status(data: bytes) -> str | None:
    """Return what ``parse`` does; a word in one plain line needs no parser."""
    _, found, rest = data.partition(b"\nups.status: ")
    word, _, after = rest.partition(b"\n")
    if found and word.replace(b" ", b"").isalpha() and b"ups.status" not in after:
        return word.decode()
    return parse(data).status
