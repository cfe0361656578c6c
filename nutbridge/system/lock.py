"""One monitor per port file, and one writer at a time.

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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nutbridge.errors import LockHeld, PortFileError
from nutbridge.system.files import Folder, real_path

# Owner and group only: to open a file for reading is enough to lock it, and no
# other user of the host may keep the monitor from starting.
_MODE = 0o660

# ``owner`` holds a shared lock for an instant. A start at that very instant
# tries again before it believes that there is another monitor.
_TRIES = 50
_BETWEEN_TRIES_S = 0.01

# The longest pid of Linux has 7 digits.
_PID_BYTES = 16


class Owner(NamedTuple):
    """Who holds the lock; ``pid`` is None when the owner did not say."""

    pid: int | None


class PortLock:
    """The lock of one port file; held by at most one process.

    Args:
        port_file: the port file as it is named when it is not hidden. It need
            not exist; symbolic links are followed.
    """

    def __init__(self, port_file: Path) -> None:
        self.port_file = real_path(port_file)
        self.path = self.port_file.with_name(f".{self.port_file.name}.lock")
        self._handle: int | None = None
        self._alone = False

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
        with self._folder() as folder, contextlib.ExitStack() as undo:
            handle = self._open_or_create(folder)
            undo.callback(os.close, handle)
            if not self._lock(handle, fcntl.LOCK_EX, _TRIES):
                raise LockHeld(str(self.port_file), _read_pid(handle))
            self._alone = folder.is_alone(self.path.name, handle)
            if self._alone:
                _write_pid(handle, os.getpid())
            undo.pop_all()
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if self._alone:
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
            with Folder(self.path.parent) as folder:
                handle = folder.open(self.path.name)
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

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Folder]:
        try:
            folder = Folder(self.path.parent)
        except OSError as exc:
            raise self._error(exc) from exc
        with folder:
            yield folder

    def _open_or_create(self, folder: Folder) -> int:
        # Not O_CREAT on a file that exists: fs.protected_regular refuses that
        # even to root where a folder of another user is sticky.
        name = self.path.name
        try:
            try:
                return _open_existing(folder, name)
            except FileNotFoundError:
                # A check by hand as root must not leave a lock that the nut user
                # cannot open: it gets the folder's owner and group.
                found = folder.info()
                owner = found.st_uid, found.st_gid
                with contextlib.suppress(FileExistsError):
                    return folder.create(name, _MODE, owner)
                return _open_existing(folder, name)
        except OSError as exc:
            raise self._error(exc) from exc

    def _error(self, exc: OSError) -> PortFileError:
        return PortFileError(
            str(self.port_file),
            f"cannot lock it with {self.path}: {exc.strerror}; the monitor's user "
            "must be able to write in that folder",
        )


def _open_existing(folder: Folder, name: str) -> int:
    try:
        return folder.open(name, os.O_RDWR)
    except PermissionError:
        # Made by another user: enough to lock it, not to name ourselves.
        return folder.open(name)
    except OSError as exc:
        if exc.errno != errno.EROFS:
            raise
        return folder.open(name)


@contextlib.contextmanager
def writing(folder: Path, wait_s: float) -> Iterator[bool]:
    """Hold the lock of those who replace or rename port files of a folder.

    A flock(2) on the folder itself: nothing is made, nothing is written.

    Args:
        folder: of the port file's real path.
        wait_s: how long it is tried.

    Yields:
        Whether it is held. The monitor writes without it all the same: nobody may
        keep it from telling of an outage.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        yield _try_for(handle, wait_s)
    finally:
        os.close(handle)


def _try_for(handle: int, wait_s: float) -> bool:
    for left in reversed(range(max(1, round(wait_s / _BETWEEN_TRIES_S)))):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_BETWEEN_TRIES_S)
        except OSError:
            return False  # a file system without locks
        else:
            return True
    return False


def _read_pid(handle: int) -> int | None:
    text = os.pread(handle, _PID_BYTES, 0).strip()
    return int(text) if text.isdigit() else None


def _write_pid(handle: int, pid: int) -> None:
    # The lock is had; a full disk or a handle for reading only costs the pid
    # in the reports, nothing else.
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % pid, 0)
