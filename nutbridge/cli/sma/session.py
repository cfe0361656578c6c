"""One session on an inverter for one command, ended whatever happens.

An inverter has four sessions for everybody and keeps those that nobody ends. So
a signal never falls between a login and its answer: it waits for the session id,
which the logout needs.
"""

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import typer

from nutbridge.config.sma import PASSWORD_MAX
from nutbridge.errors import (
    CertificateChanged,
    DeviceError,
    NoFreeSession,
    NotEnnexos,
    PasswordRefused,
    SessionRefused,
    Stopping,
    UsageError,
    UserMissing,
)
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.sources.sma.inverter import Inverter
    from nutbridge.sources.sma.pinned_wire import DeviceWire
    from nutbridge.sources.sma.reading import LoginPermission

    Wrap = Callable[[DeviceWire], DeviceWire]

T = TypeVar("T")

#: Time between two tries while no session is free, s.
RETRY_S = 10.0
#: Longest logout, s.
_LOGOUT_S = 3.0
#: Of each request that looks for a cause, s; twice that with its connect.
_EXPLAIN_S = 2.0

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"nutbridge: {printable(text)}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Target:
    """Which inverter, and how to get in.

    Attributes:
        host: HOST[:PORT].
        password: of the group.
        group: ``usr`` or ``istl``.
        scheme: ``https`` or ``http``.
        fingerprint: that the certificate must have, or None.
        user: of an ennexOS device; empty: none was named.
    """

    host: str
    password: str = field(repr=False)
    group: str
    scheme: str
    fingerprint: str | None
    user: str = ""


def check_fingerprint(text: str | None, scheme: str) -> str | None:
    """Return 64 lower-case hex digits; colons and case do not matter.

    Raises:
        UsageError: something else, or there is no certificate.
    """
    if text is None:
        return None
    if scheme != "https":
        raise UsageError("--fingerprint needs --scheme https")
    digits = text.replace(":", "").strip().lower()
    if _FINGERPRINT.fullmatch(digits) is None:
        raise UsageError("--fingerprint takes a SHA-256, 64 hex digits")
    return digits


def warn_of_length(password: str) -> None:
    """Say that an inverter would not take so long a password."""
    if len(password) > PASSWORD_MAX:
        say(
            f"warning: the password has {len(password)} characters; inverters "
            f"know the first {PASSWORD_MAX} only"
        )


class Interrupted(Stopping):
    """A signal came; the exit code is the shell's for it."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__("interrupted")


class Interrupts:
    """Turns signals into ``Interrupted``, but not in the middle of a login.

    A client's ``LoginPermission``: told before and after each login. A second
    signal does not wait.

    Attributes:
        gate: decides about logins, for who asks for long; None lets each pass.
    """

    def __init__(self) -> None:
        self._holding = False
        self._came: int | None = None
        self.gate: LoginPermission | None = None

    def install(self) -> None:
        """Take over the signals that end a command; ignored ones stay so."""
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        again = self._came is not None
        self._came = number
        if again or not self._holding:
            raise Interrupted(number)

    def admit(self, *, free: bool = False) -> None:
        """Begin a login."""
        if self.gate is not None:
            self.gate.admit(free=free)
        self._holding = True

    def failed(self, error: DeviceError) -> None:
        """End a login without a session."""
        if self.gate is not None:
            self.gate.failed(error)
        self._end()

    def made(self) -> None:
        """End a login; a signal that came meanwhile is raised."""
        if self.gate is not None:
            self.gate.made()
        self._end()

    def passed(self) -> None:
        """A session is of use; signals matter while one is made, not later."""
        if self.gate is not None:
            self.gate.passed()

    def _end(self) -> None:
        self._holding = False
        if self._came is not None:
            raise Interrupted(self._came)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a signal back until the block has ended; a second one ends it."""
        self._holding = True
        try:
            yield
        finally:
            self._end()


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Let SIGINT, SIGTERM and SIGHUP end the command quietly."""
    interrupts = Interrupts()
    interrupts.install()
    try:
        yield interrupts
    except Interrupted as error:
        raise typer.Exit(error.exit_code) from None


class WrongCertificate(DeviceError):
    """Another certificate than the one named or seen before."""


class FirstUse:
    """Tells the fingerprint of a certificate that nobody named; a ``PinDecision``.

    Args:
        keep: called with it, so that no other is taken later.
    """

    def __init__(self, keep: Callable[[str], None]) -> None:
        self._keep = keep
        self._told = False

    def changed(self, error: CertificateChanged) -> None:
        """Refuse a certificate other than the one shown first."""
        raise WrongCertificate(
            error.what,
            f"another certificate than expected: it shows {error.shown}, not "
            f"{error.known}; nothing was sent",
        )

    def answered(self, fingerprint: str | None) -> None:
        """Print the fingerprint, once."""
        if fingerprint is not None and not self._told:
            self._told = True
            self._keep(fingerprint)


@contextmanager
def session(
    target: Target, interrupts: Interrupts, wrap: "Wrap | None" = None
) -> Iterator["Inverter"]:
    """Open a connection; whatever happens, log out at the end.

    Args:
        target: which inverter.
        interrupts: of the command.
        wrap: puts something around the connection.

    Raises:
        UsageError: the host is none.
        DeviceError: with the cause, where one can be found.
    """
    from nutbridge.system.clock import SystemClock

    inverter = _inverter(target, interrupts, wrap)
    try:
        yield inverter
    except DeviceError as error:
        raise _told(error, target, logged_in=inverter.logged_in) from None
    finally:
        with interrupts.held():
            inverter.logout(SystemClock().boottime() + _LOGOUT_S)
            inverter.close()


def _inverter(
    target: Target, interrupts: Interrupts, wrap: "Wrap | None"
) -> "Inverter":
    from nutbridge.net.https import open_wire
    from nutbridge.sources.sma.inverter import Account, Inverter
    from nutbridge.sources.sma.pinned_wire import PinnedWire
    from nutbridge.system.clock import SystemClock

    clock = SystemClock()
    try:
        wire = open_wire(
            target.host,
            scheme=target.scheme,
            fingerprint=target.fingerprint,
            clock=clock,
        )
    except ValueError as error:
        raise UsageError(f"--host: {error}") from None
    context = wire.context

    def keep(fingerprint: str) -> None:
        if context is not None and context.expected is None:
            context.expected = fingerprint
            say(f"certificate of {target.host}, taken as it is: {fingerprint}")

    guarded = PinnedWire(wire, FirstUse(keep))
    return Inverter(
        wrap(guarded) if wrap else guarded,
        target.host,
        Account(target.password, target.group, target.user),
        clock,
        gate=interrupts,
    )


def _told(error: DeviceError, target: Target, *, logged_in: bool) -> DeviceError:
    """Return the error in the words of the manual."""
    host = target.host
    if isinstance(error, UserMissing):
        return UserMissing(
            host,
            "this is an ennexOS device: name a user made on it (--user, SMA_USER)",
        )
    if isinstance(error, PasswordRefused):
        if error.status is not None:
            return error  # of ennexOS, which has users
        return PasswordRefused(host, f"wrong password or group ({target.group})")
    if isinstance(error, NoFreeSession):
        return NoFreeSession(
            host,
            "no free session (err 503): all are in use; log out in browsers, "
            "stop other readers, or restart the inverter",
        )
    if logged_in or isinstance(error, NotEnnexos):
        return error
    from nutbridge.sources.sma.webconnect.foreign import explain

    return explain(error, host, scheme=target.scheme, timeout_s=_EXPLAIN_S)


def patiently(
    call: Callable[[], T], wait_s: float, sleep: Callable[[float], None] = time.sleep
) -> T:
    """Call again, every 10 s, while the inverter has no free session.

    Args:
        call: logs in.
        wait_s: tries are made for so long.
        sleep: waits between them.

    Raises:
        NoFreeSession: the last one.
        DeviceError: any other failure, at once.
    """
    for left in range(int(wait_s // RETRY_S), -1, -1):
        try:
            return call()
        except NoFreeSession:
            if not left:
                raise
            say(f"no free session (err 503): next try in {RETRY_S:.0f} s")
        sleep(RETRY_S)
    raise AssertionError


def is_passing(error: DeviceError) -> bool:
    """Tell whether a watch may go on after this failure."""
    return not isinstance(error, _LASTING)


#: A login that fails again does no good, and another certificate none at all.
_LASTING = (PasswordRefused, NoFreeSession, SessionRefused, WrongCertificate)
