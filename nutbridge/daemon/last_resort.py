"""The way out when deciding or writing itself fails: a bug must not end protection.

Shares no code with what has failed: bytes and system calls, nothing else. It knows
two sentences, OB and OB LB, and hides an OL that nobody can confirm any more.
"""

import contextlib
import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)

#: A crash of one kind, at one place, is told once.
_MOST = 20


class Crashes:
    """Logs each kind of crash once, with its traceback."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, doing: str, error: Exception) -> None:
        """Log ``error``, raised while ``doing``, unless it is known."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = (
            f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        )
        kind = f"{type(error).__name__} {where}"
        if kind in self._told or len(self._told) >= _MOST:
            _log.debug("%s failed again: %s", doing, kind)
            return
        self._told.add(kind)
        text = "%s failed; the monitor goes on. Please report it with these lines"
        _log.error(text, doing, exc_info=error)


class LastResort:
    """Writes the port file when the usual code has failed.

    Args:
        port_file: its real path.
    """

    def __init__(self, port_file: Path) -> None:
        self._file = str(port_file)
        self._twin = f"{self._file}-nocomms"

    def write(self, status: str) -> bool:
        """Let the file say ``status``; its other lines stay as they are.

        Returns:
            Whether it says so now.
        """
        try:
            old, found = self._read()
            lines = [
                line
                for line in old.splitlines()
                if not line.lstrip().lower().startswith(b"ups.status")
            ]
            data = b"\n".join([*lines, b"ups.status: " + status.encode("ascii"), b""])
            if data == old and os.path.exists(self._file):
                return True
            self._replace(data, found)
        except (OSError, ValueError) as error:
            _log.critical("%s: cannot say %s: %s", self._file, status, error)
            return False
        _log.critical("%s: says %s now, by the last resort", self._file, status)
        with contextlib.suppress(OSError):
            os.unlink(self._twin)
        return True

    def _read(self) -> tuple[bytes, os.stat_result | None]:
        """Return the bytes of the file, visible or hidden, and its stat."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
        for name in (self._file, self._twin):
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(name, flags)
                try:
                    return os.read(handle, 1 << 20), os.fstat(handle)
                finally:
                    os.close(handle)
        return b"", None

    def _replace(self, data: bytes, old: os.stat_result | None) -> None:
        folder, name = os.path.split(self._file)
        temporary = os.path.join(folder, f".{name}.lastresort.tmp")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o600)
        try:
            os.write(handle, data)
            seconds = int(os.fstat(handle).st_mtime)
            if old is not None:
                # The driver reads the file once per whole second of its time.
                seconds = max(seconds, int(old.st_mtime) + 1)
                with contextlib.suppress(OSError):  # normal for others than root
                    os.fchown(handle, old.st_uid, old.st_gid)
            os.fchmod(handle, old.st_mode & 0o777 if old is not None else 0o644)
            os.utime(handle, (seconds, seconds))
            dated = int(os.fstat(handle).st_mtime)
            if old is not None and dated == int(old.st_mtime):
                # The last second that this file system has, or FAT's two.
                os.utime(handle, (dated - 1, dated - 1))
        finally:
            os.close(handle)
        os.rename(temporary, self._file)

    def hide(self) -> bool:
        """Hide the file; returns whether it is hidden now."""
        try:
            os.rename(self._file, self._twin)
        except FileNotFoundError:
            return True
        except OSError as error:
            _log.critical("%s: cannot be hidden: %s", self._file, error)
            return False
        _log.critical("%s: hidden, by the last resort", self._file)
        return True
