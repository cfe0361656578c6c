"""Time, waiting and what else a process runs on, handed to all that needs them.

CLOCK_BOOTTIME decides; the wall clock is only shown. A Raspberry Pi has no
clock at boot, and CLOCK_MONOTONIC stands still while a machine sleeps.
"""

import contextlib
import os
import select
import signal
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from nutbridge.errors import Stopping

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """The times a monitor needs."""

    def boottime(self) -> float:
        """Seconds since boot, sleep included."""
        ...

    def wall(self) -> float:
        """Seconds since 1970 as the host believes; may be wrong by decades."""
        ...

    def boot_id(self) -> str:
        """Names this boot of this host."""
        ...


class SystemClock:
    """The host's own clocks."""

    def boottime(self) -> float:
        """Seconds since boot, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        """Seconds since 1970 as the host believes."""
        return time.time()

    def boot_id(self) -> str:
        """Names this boot; empty where the kernel does not tell."""
        try:
            return _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return ""


class Waiter(Protocol):
    """Waiting that SIGTERM ends at once."""

    def wait(self, seconds: float) -> bool:
        """Wait, or return early because somebody called ``wake``.

        Returns:
            True when woken, False when the time has passed.

        Raises:
            Stopping: SIGTERM or SIGINT came, before or while waiting.
        """
        ...

    def wake(self) -> None:
        """End the wait of the main thread; safe from any thread."""
        ...


class SignalWaiter:
    """Waits in select(2) on a pipe that signals and other threads write to.

    Only the main thread waits, and it never blocks anywhere else for long:
    requests run in threads of their own (``net.worker``), because a signal
    handler cannot run while the main thread sits in getaddrinfo(3).
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._stopping = self._hung_up = False
        self._hangup_stops = True

    def install(self, *, hangup_stops: bool = True) -> None:
        """Take over SIGTERM, SIGINT and, where it is not ignored (nohup), SIGHUP.

        Args:
            hangup_stops: SIGHUP ends all waiting too: its terminal is gone. Else it
                is left to ``take_hangup``.
        """
        self._hangup_stops = hangup_stops
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        if number == signal.SIGHUP and not self._hangup_stops:
            self._hung_up = True
        else:
            self._stopping = True

    def take_hangup(self) -> bool:
        """Whether SIGHUP has come since this was asked last."""
        found, self._hung_up = self._hung_up, False
        return found

    @property
    def stopping(self) -> bool:
        """Whether a signal that ends the process has come."""
        return self._stopping

    def wake(self) -> None:
        """End the wait of the main thread; safe from any thread."""
        # A full pipe wakes the main thread as well.
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b"w")

    def wait(self, seconds: float) -> bool:
        """Wait for ``seconds``, a ``wake``, or a signal."""
        timeout = 0.0 if self._stopping else max(0.0, seconds)
        ready, _, _ = select.select([self._read], [], [], timeout)
        if ready:
            os.read(self._read, 4096)
        if self._stopping:
            raise Stopping("asked to stop")
        return bool(ready)


class Host(NamedTuple):
    """What this process runs on.

    Attributes:
        clock: all times.
        waiter: of the main thread.
        environ: the environment.
        owner: who gets the files that it writes; see ``files.owner_for``.
    """

    clock: Clock
    waiter: Waiter
    environ: Mapping[str, str]
    owner: tuple[int, int] | None = None

    def __repr__(self) -> str:
        """Show no environment."""
        return f"Host(owner={self.owner!r})"


def machine_name(path: Path = Path("/etc/machine-id")) -> str:
    """Return what tells this machine from another one, and nothing else of it.

    machine-id(5) is not to be shown to others; "" where there is none.
    """
    try:
        return f"{zlib.crc32(path.read_bytes()):08x}"
    except OSError:
        return ""
