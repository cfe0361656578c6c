"""One look at the inverter of a config, beside a monitor that may be running.

Of use to doctor and the like. Nothing is stored; the monitor's session is used
where there is one, and left alone; a session made for this look is ended.
"""

import contextlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from nutbridge.config.settings import (
    inverter_pin_name,
    serial_name,
    session_name,
)
from nutbridge.config.sma import SmaSettings
from nutbridge.errors import DeviceError
from nutbridge.net.https import open_wire
from nutbridge.net.pins import PinStore, expected_of
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.inverter import Account, Family, Inverter
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.serial_store import SerialStore, check_serial
from nutbridge.sources.sma.session_store import SessionStore
from nutbridge.system.clock import Clock
from nutbridge.system.files import read_file
from nutbridge.ups.model import GridAnswer


@dataclass(frozen=True, slots=True)
class InverterSnapshot:
    """What the inverter said.

    Attributes:
        fingerprint: of its certificate; None with http.
        borrowed: over the session of a monitor; the password was not tried.
        family: what it speaks.
    """

    reading: UpsReading
    fingerprint: str | None
    borrowed: bool = False
    family: Family = Family.WEBCONNECT

    @property
    def grid(self) -> GridAnswer:
        """What it says about the grid; its ``unfit`` says why it is no UPS."""
        return self.reading.grid

    @property
    def backup(self) -> bool | None:
        """Whether it makes an island in an outage; None where it does not tell."""
        return self.reading.backup


class _Patience:
    """Sees to it that a login is waited for: only who knows the session can end it.

    A client's ``LoginPermission``: told before each login, and after it.
    """

    def __init__(self, waiter: ThreadWaiter) -> None:
        self._waiter = waiter

    def admit(self, *, free: bool = False) -> None:  # noqa: ARG002 - a Gate is told
        """Begin a login."""
        self._waiter.grace_s = math.inf

    def failed(self, error: DeviceError) -> None:  # noqa: ARG002 - a Gate is told
        """End a login without a session."""
        self._waiter.grace_s = 0.0

    def made(self) -> None:
        """End a login."""
        self._waiter.grace_s = 0.0

    def passed(self) -> None:
        """A session works."""


class _Borrowed:
    """The session of a monitor: read, never written."""

    def __init__(self) -> None:
        self._store: SessionStore | None = None
        self.own = False

    def of(self, store: SessionStore) -> Self:
        """Borrow what is in a store."""
        self._store = store
        return self

    def load(self) -> str | None:
        kept = self._store.peek() if self._store else None
        # What an ennexOS token is renewed with is the monitor's alone.
        return kept.partition(" ")[0] if kept else None

    def save(self, sid: str) -> None:  # noqa: ARG002 - it is ended at the end
        self.own = True

    def clear(self) -> None:
        """Leave the monitor's file alone."""


def session_store(
    sma: SmaSettings,
    state_dir: str,
    ups: str,
    owner: tuple[int, int] | None = None,
    whose: str | None = None,
) -> SessionStore:
    """Return where the session of a UPS is kept; ``whose``: SMA_GROUP if None."""
    of = f"{sma.scheme}://{sma.host} {whose or sma.group}"
    return SessionStore(Path(state_dir, session_name(ups)), of, owner)


def look_once(
    sma: SmaSettings, state_dir: str, ups: str, clock: Clock, waiter: ThreadWaiter
) -> InverterSnapshot:
    """Ask once, within about 4 x SMA_TIMEOUT.

    Args:
        sma: of the config.
        state_dir: STATE_DIR.
        ups: name of the UPS.
        clock: all times.
        waiter: of the calling thread.

    Raises:
        OSError: a file of the monitor cannot be read; nothing was sent: no
            password to whoever is there, no login that takes one session more.
        DeviceError: of any kind; a certificate other than the stored one too.
        Stopping: ``waiter`` was ended; the session is ended too.
    """
    for name in (inverter_pin_name(ups), session_name(ups)):
        with contextlib.suppress(FileNotFoundError):
            read_file(Path(state_dir, name), 1)
    borrowed = _Borrowed()
    client = _inverter(sma, state_dir, ups, clock, waiter, borrowed)
    until = clock.boottime() + 4 * sma.timeout_s
    try:
        reading = client.complete(client.read(until), until)
        known = SerialStore(Path(state_dir, serial_name(ups)), sma.host).load()
        check_serial(sma.host, known, reading.serial, ups)
        if sma.capacity_wh and not reading.rated_wh and reading.fitted is not False:
            reading = replace(reading, rated_wh=sma.capacity_wh)
        return InverterSnapshot(
            reading,
            client.fingerprint,
            borrowed=not borrowed.own,
            family=client.family or Family.WEBCONNECT,
        )
    finally:
        waiter.grace_s = math.inf
        if borrowed.own:
            client.logout(clock.boottime() + sma.timeout_s)
        client.close()


def _inverter(
    sma: SmaSettings,
    state_dir: str,
    ups: str,
    clock: Clock,
    waiter: ThreadWaiter,
    borrowed: _Borrowed,
) -> Inverter:
    pin = PinStore(Path(state_dir, inverter_pin_name(ups))).peek()
    wire = open_wire(
        sma.host,
        scheme=sma.scheme,
        fingerprint=expected_of(pin.known, strict=sma.tls == "strict"),
        clock=clock,
        waiter=waiter,
        timeout_s=sma.timeout_s,
    )

    def keeper(whose: str) -> _Borrowed:
        return borrowed.of(session_store(sma, state_dir, ups, whose=whose))

    account = Account(sma.password, sma.group, sma.user)
    return Inverter(
        wire, sma.host, account, clock, gate=_Patience(waiter), keeper=keeper
    )
