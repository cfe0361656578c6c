"""When to log in to an inverter, and how long to wait for a login at the end.

Four sessions are all there are, and a login whose answer was lost may have
taken one. So no poll logs in again by itself: each kind of failure has its
pause, and the pauses survive a restart (state_store.py).

Source: public clients and their issues (err 503: five minutes and more; a wrong
password: an older device locks for 15 minutes after four of them).
"""

from collections import deque

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NoFreeSession,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.net.worker import ThreadWaiter
from nutbridge.system.clock import Clock
from nutbridge.ups.status.saved import RetryState, restored_pause
from nutbridge.ups.units import spoken_s

#: First and longest pause by kind of failure, s; doubled each time. The first
#: kind that fits counts.
PAUSES_S: tuple[tuple[type[DeviceError], float, float], ...] = (
    (NoFreeSession, 300.0, 1800.0),
    (PasswordRefused, 900.0, 900.0),
    (SessionRefused, 60.0, 1800.0),
    (DeviceAnswerError, 60.0, 60.0),
    (DeviceUnreachable, 60.0, 300.0),
)
LONGEST_S = 1800.0

#: Pause after the first refusal of a password that has worked, s: an inverter that
#: restarts refuses it too, and was seen to after months (ha-pysmaplus#25).
REFUSED_ONCE_S = 60.0

#: So many logins in a row may get no answer before there is a pause; the two
#: sessions that are then lost, perhaps, leave two.
FREE_SILENT = 1

#: So many logins in so long a time are all there are, s: a unit that ends each
#: session at once may keep it in its table of four all the same.
MOST_LOGINS, LOGINS_S = 10, 600.0

#: How long a login may still take when the process has to end; with the logout
#: that is within the 2 s that it has.
LAST_LOGIN_S = 0.8


class LoginGate:
    """A ``reading.LoginPermission`` with pauses that grow.

    Args:
        host: as configured, for errors.
        clock: CLOCK_BOOTTIME decides; the wall clock only bridges a restart.
        state: what an earlier process left.
        waiter: does not break a login off at once when it is told to stop: only who
            gets the answer knows the session. None where no signal ends one.

    Attributes:
        retry_state: what the next process must know; a new object each time.
    """

    def __init__(
        self,
        host: str,
        clock: Clock,
        state: RetryState,
        waiter: ThreadWaiter | None = None,
    ) -> None:
        self._host = host
        self._clock = clock
        self._waiter = waiter
        self.retry_state = state
        self._silent = 0
        self._worked = False
        self._made_at: deque[float] = deque(maxlen=MOST_LOGINS)
        # Of the other kinds an earlier process left no word.
        full = NoFreeSession(host, "no free session")
        self._cause: DeviceError | None = full if state.full else None
        self._kind: type[DeviceError] | None = None
        pause_s = min(LONGEST_S, restored_pause(state, clock.wall()))
        self._from = clock.boottime() + pause_s

    def admit(self, *, free: bool = False) -> None:
        """Let a login pass, or raise the failure that the pause comes from."""
        now = self._clock.boottime()
        left_s = 0.0 if free else self._from - now
        if left_s <= 0:
            self._check_often(now)
            self._note(in_login=True)
            return
        wait = f"no login for {spoken_s(left_s)}"
        cause = self._cause
        if cause is None:
            raise DeviceError(self._host, f"{wait}, after one that failed")
        problem = f"{cause.problem}; {wait}"
        if isinstance(cause, DeviceAnswerError):
            raise type(cause)(cause.what, problem, cause.status)
        # Not DeviceUnreachable: that would be tried again at once.
        raise DeviceError(cause.what, problem)

    def _check_often(self, now: float) -> None:
        """Keep a unit from a login at every poll, whose sessions all end at once.

        Raises:
            SessionRefused: there were too many.
        """
        made = self._made_at
        if len(made) < MOST_LOGINS or now - made[0] >= LOGINS_S:
            return
        wait = spoken_s(made[0] + LOGINS_S - now)
        problem = f"its sessions end soon after each login; no login for {wait}"
        raise SessionRefused(self._host, problem)

    def failed(self, error: DeviceError) -> None:
        """Set the pause that fits the failure."""
        self._note(in_login=False)
        if isinstance(error, CertificateChanged):
            return
        if isinstance(error, DeviceUnreachable):
            self._silent += error.sent
            if not error.sent or self._silent <= FREE_SILENT:
                return
        for kind, first_s, longest_s in PAUSES_S:
            if isinstance(error, kind):
                if self._kind is not None and self._kind is not kind:
                    # Failures of another kind do not double this pause: a web
                    # server that was restarting for ten minutes, say.
                    self.retry_state = RetryState()
                self._kind = kind
                once = kind is PasswordRefused and self._worked
                self._worked = self._worked and not once
                self._pause(error, REFUSED_ONCE_S if once else first_s, longest_s)
                return

    def made(self) -> None:
        """Note the end of a login."""
        self._made_at.append(self._clock.boottime())
        self._note(in_login=False)

    def passed(self) -> None:
        """Forget the failures: a session works."""
        self._silent = 0
        self._worked = True
        self._cause = self._kind = None
        if self.retry_state.failures:
            self.retry_state = RetryState()

    def _note(self, *, in_login: bool) -> None:
        if self._waiter is not None:
            self._waiter.grace_s = LAST_LOGIN_S if in_login else 0.0

    def _pause(self, error: DeviceError, first_s: float, longest_s: float) -> None:
        failures = self.retry_state.failures
        pause_s = min(longest_s, first_s * (1 << min(failures, 16)))
        self._cause = error
        self._from = self._clock.boottime() + pause_s
        full = isinstance(error, NoFreeSession)
        self.retry_state = RetryState(self._clock.wall() + pause_s, failures + 1, full)
