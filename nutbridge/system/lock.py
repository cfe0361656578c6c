"""One monitor per port file.

The lock is a flock(2) on ``.<port file name>.lock`` beside the real path of the
port file, so that two configs, symbolic links or folders that lead to one port
file meet at one lock. The kernel drops it when its owner dies, however it dies.

The lock file is never removed: a second process could still hold the removed
file while a third locks a new one. Its text is the owner's pid, for reports; it
means something only while the lock is held.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from nutbridge.errors import LockHeld, PortFileError

# Owner and group only: to open a file for reading is enough to lock it, and no
# other user of the host may keep the monitor from starting.
_MODE = 0o660

# ``owner`` holds a shared lock for an instant. A start at that very instant
# tries again before it believes that there is another monitor.
_TRIES = 50
_BETWEEN_TRIES_S = 0.01

# O_NONBLOCK: a named pipe of that name must not hang the start.
_OPEN_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK

# The longest pid of Linux has 7 digits.
_PID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds the lock; ``pid`` is None when the owner did not say."""

    pid: int | None


class PortLock:
    """The lock of one port file; held by at most one process.

    Args:
        port_file: the port file as it is named when it is not hidden. It need
            not exist; symbolic links are followed.
    """

    def __init__(self, port_file: Path) -> None:
        self.port_file = Path(os.path.realpath(port_file))
        self.path = self.port_file.with_name(f".{self.port_file.name}.lock")
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._handle is not None

    def acquire(self) -> None:
        """Take the lock and keep it until ``release`` or the end of the process.

        Raises:
            LockHeld: another process, or another object of this one, has it.
            PortFileError: no lock can be made here.
        """
        if self._handle is not None:
            return
        handle = self._open_or_create()
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, handle)
            if not self._lock(handle, fcntl.LOCK_EX, _TRIES):
                raise LockHeld(str(self.port_file), _read_pid(handle))
            _write_pid(handle, os.getpid())
            undo.pop_all()
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
        os.close(handle)

    def owner(self) -> Owner | None:
        """Say who holds the lock, without taking it. None: nobody.

        Raises:
            PortFileError: we may not look.
        """
        if self._handle is not None:
            return Owner(os.getpid())
        try:
            handle = self._open(os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise self._error(exc) from exc
        try:
            if self._lock(handle, fcntl.LOCK_SH, tries=1):
                return None
            return Owner(_read_pid(handle))
        finally:
            os.close(handle)

    def _lock(self, handle: int, kind: int, tries: int) -> bool:
        for left in reversed(range(tries)):
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if left:
                    time.sleep(_BETWEEN_TRIES_S)
            except OSError as exc:
                # ENOLCK and the like: a network file system without locks.
                raise self._error(exc) from exc
            else:
                return True
        return False

    def _open_or_create(self) -> int:
        # Not O_CREAT on a file that exists: fs.protected_regular refuses that
        # even to root where a folder of another user is sticky.
        try:
            try:
                return self._open_existing()
            except FileNotFoundError:
                with contextlib.suppress(FileExistsError):
                    return self._create()
                return self._open_existing()
        except OSError as exc:
            raise self._error(exc) from exc

    def _open_existing(self) -> int:
        try:
            return self._open(os.O_RDWR)
        except PermissionError:
            # Made by another user: enough to lock it, not to name ourselves.
            return self._open(os.O_RDONLY)
        except OSError as exc:
            if exc.errno != errno.EROFS:
                raise
            return self._open(os.O_RDONLY)

    def _open(self, access: int) -> int:
        handle = os.open(self.path, access | _OPEN_FLAGS)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, "not a regular file", str(self.path))
        return handle

    def _create(self) -> int:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN_FLAGS, 0)
        # A check by hand as root must not leave a lock that the nut user cannot
        # open: it gets the folder's owner and group. EPERM is normal.
        folder = self.path.parent.stat()
        with contextlib.suppress(OSError):
            os.fchown(handle, folder.st_uid, folder.st_gid)
        os.fchmod(handle, _MODE)
        return handle

    def _error(self, exc: OSError) -> PortFileError:
        return PortFileError(
            str(self.port_file),
            f"cannot lock it with {self.path}: {exc.strerror}; the monitor's user "
            "must be able to write in that folder",
        )


def _read_pid(handle: int) -> int | None:
    text = os.pread(handle, _PID_BYTES, 0).strip()
    return int(text) if text.isdigit() else None


def _write_pid(handle: int, pid: int) -> None:
    # The lock is had; a full disk or a handle for reading only costs the pid
    # in the reports, nothing else.
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % pid, 0)
