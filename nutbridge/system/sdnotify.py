"""Tell systemd how we are: the sd_notify protocol, without libsystemd.

One datagram of ``NAME=value`` lines to the socket that systemd names in
NOTIFY_SOCKET. Without systemd every call does nothing. No call raises: a
monitor must not end because nobody listens.

Source: sd_notify(3) and sd_watchdog_enabled(3), systemd 252.
"""

import os
import socket
from collections.abc import Mapping

from nutbridge.system.clock import Clock, Waiter

# The queue of systemd's socket is emptied by PID 1. While it is full the loop
# may lose this long, far less than WatchdogSec; it must never hang here.
_SEND_TIMEOUT_S = 1.0

_USEC_PER_S = 1_000_000

#: systemd kills after WatchdogSec=60 without a sign; no wait is longer than this.
PULSE_S = 10.0


class Notifier:
    """Sends states of this process to systemd.

    Args:
        address: NOTIFY_SOCKET: a path, or ``@name`` for an abstract socket.
            None, empty or of another kind (vsock): nothing is ever sent.
    """

    def __init__(self, address: str | None) -> None:
        self._address: str | None = None
        if address and address[0] in "/@":
            # The kernel marks an abstract name by a leading NUL.
            self._address = "\0" + address[1:] if address[0] == "@" else address
        # Kept: a process without handles left must still say that it lives.
        self._link: socket.socket | None = None

    def __del__(self) -> None:
        """Close the handle."""
        link = getattr(self, "_link", None)
        if link is not None:
            link.close()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Notifier":
        """Take the address from the environment given."""
        return cls(environ.get("NOTIFY_SOCKET"))

    def ready(self, status: str = "") -> bool:
        """Say that the start is over, optionally with a line for people."""
        return self._send("READY=1", *_status_line(status))

    def status(self, text: str) -> bool:
        """Set the line that ``systemctl status`` shows. Never a secret."""
        return self._send(*_status_line(text))

    def extend(self, seconds: int, status: str = "") -> bool:
        """Ask for so much more time for the start, from now on."""
        usec = seconds * _USEC_PER_S
        return self._send(f"EXTEND_TIMEOUT_USEC={usec}", *_status_line(status))

    def watchdog(self) -> bool:
        """Say that the loop is alive."""
        return self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> bool:
        """Say that this process is ending."""
        return self._send("STOPPING=1", *_status_line(status))

    def _send(self, *lines: str) -> bool:
        if self._address is None or not lines:
            return False
        data = "\n".join(lines).encode("utf-8", "replace")
        try:
            if self._link is None:
                self._link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._link.settimeout(_SEND_TIMEOUT_S)
            self._link.sendto(data, self._address)
        except OSError:
            return False
        return True


def _status_line(text: str) -> tuple[str, ...]:
    # A line break would begin another assignment.
    joined = " ".join(text.split())
    return (f"STATUS={joined}",) if joined else ()


def watchdog_interval_s(
    environ: Mapping[str, str], pid: int | None = None
) -> float | None:
    """Return how often ``watchdog`` must be called, or None where nobody looks.

    Half of systemd's patience, as sd_watchdog_enabled(3) advises.

    Args:
        environ: WATCHDOG_USEC and WATCHDOG_PID are read.
        pid: our process id; another one in WATCHDOG_PID means that the
            variables were inherited from a parent that is watched itself.
    """
    usec = environ.get("WATCHDOG_USEC", "")
    if not (usec.isascii() and usec.isdigit() and int(usec) > 0):
        return None
    watched = environ.get("WATCHDOG_PID")
    if watched is not None and watched != str(os.getpid() if pid is None else pid):
        return None
    return int(usec) / _USEC_PER_S / 2


class PulsingWaiter:
    """A waiter that shows the watchdog, every PULSE_S or sooner, that the loop lives.

    Waiting for an answer is part of the loop: it ends by its own deadline.
    """

    def __init__(
        self,
        inner: Waiter,
        clock: Clock,
        notifier: Notifier,
        pulse_s: float | None = None,
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._notifier = notifier
        self._pulse_s = min(PULSE_S, pulse_s or PULSE_S)

    def wait(self, seconds: float) -> bool:
        """Wait for ``seconds``, a ``wake``, or a signal."""
        until = self._clock.boottime() + seconds
        while True:
            self._notifier.watchdog()
            left = until - self._clock.boottime()
            if self._inner.wait(min(self._pulse_s, max(0.0, left))):
                return True
            if self._clock.boottime() >= until:
                return False

    def wake(self) -> None:
        """End the wait of the main thread; safe from any thread."""
        self._inner.wake()
