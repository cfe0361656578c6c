"""One look at the inverter of a config, beside a monitor that may be running.

Of use to doctor and the like. Nothing is stored; the monitor's session is used
where there is one, and left alone; a session made for this look is ended.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.file_names import inverter_pin_name, session_name
from nutbridge.config.sma import SmaSettings
from nutbridge.errors import DeviceAnswerError, DeviceError
from nutbridge.net.https import HttpsDevice
from nutbridge.net.jsonfields import BodyError
from nutbridge.net.pins import PinStore, expected_of
from nutbridge.net.tls import PinnedContext
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.pv_telemetry import EndableWaiter
from nutbridge.sources.sma.session_store import SessionStore
from nutbridge.sources.sma.status import derive_grid
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.sources.sma.webconnect.readings import (
    Answered,
    UpsReading,
)
from nutbridge.system.clock import Clock
from nutbridge.ups.model import GridAnswer

#: Tags of keys.BACKUP_MODE.
_BACKUP = {303: False, 1438: True}


@dataclass(frozen=True, slots=True)
class InverterSnapshot:
    """What the inverter said.

    Attributes:
        grid: its ``unfit`` says why it is no UPS.
        fingerprint: of its certificate; None with http.
        borrowed: over the session of a monitor; the password was not tried.
        backup: it makes an island in an outage; None where it does not tell,
            as to group usr.
    """

    reading: UpsReading
    grid: GridAnswer
    fingerprint: str | None
    borrowed: bool = False
    backup: bool | None = None


class LookWaiter(EndableWaiter):
    """Of the thread that looks; ended by another one when a signal comes.

    A login is waited for all the same: only who knows the session can end it.
    It is the client's ``Gate``: told before each login, and after one that failed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.holding = False

    def wait(self, seconds: float) -> bool:
        """Wait; ``end`` ends it unless it holds."""
        if self.holding:
            return ThreadWaiter.wait(self, seconds)
        return super().wait(seconds)

    def admit(self) -> None:
        """Begin a login."""
        self.holding = True

    def failed(self, error: DeviceError) -> None:  # noqa: ARG002 - a Gate is told
        """End a login without a session."""
        self.holding = False

    def made(self) -> None:
        """End a login."""
        self.holding = False

    def passed(self) -> None:
        """A session works."""


class _Borrowed:
    """The session of a monitor: read, never written."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.own = False

    def load(self) -> str | None:
        return self._store.peek()

    def save(self, sid: str) -> None:  # noqa: ARG002 - it is ended at the end
        self.own = True

    def clear(self) -> None:
        """Leave the monitor's file alone."""


def session_store(
    sma: SmaSettings, state_dir: str, ups: str, owner: tuple[int, int] | None = None
) -> SessionStore:
    """Return where the session of a UPS is kept."""
    whose = f"{sma.scheme}://{sma.host} {sma.group}"
    return SessionStore(Path(state_dir, session_name(ups)), whose, owner)


def look_once(
    sma: SmaSettings, state_dir: str, ups: str, clock: Clock, waiter: LookWaiter
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
            Path(state_dir, name).open("rb").close()
    borrowed = _Borrowed(session_store(sma, state_dir, ups))
    client = _client(
        sma, Path(state_dir, inverter_pin_name(ups)), clock, waiter, borrowed
    )
    until = clock.boottime() + 4 * sma.timeout_s
    try:
        result = client.get_values((*keys.UPS_KEYS, keys.BACKUP_MODE), until)
        reading = UpsReading.from_json(result)
        grid = derive_grid(reading.tags, battery=reading.battery_keys)
        backup = Answered.from_json(result).tags(keys.BACKUP_MODE)
        return InverterSnapshot(
            reading,
            grid,
            client.fingerprint,
            borrowed=not borrowed.own,
            backup=_BACKUP.get(min(backup, default=0)),
        )
    except BodyError as error:
        raise DeviceAnswerError(sma.host, str(error)) from None
    finally:
        waiter.holding = True
        if borrowed.own:
            client.logout(clock.boottime() + sma.timeout_s)
        client.close()


def _client(
    sma: SmaSettings,
    pin: Path,
    clock: Clock,
    waiter: LookWaiter,
    state_session: _Borrowed,
) -> Webconnect:
    context = None
    if sma.scheme == "https":
        known = PinStore(pin).peek().known
        context = PinnedContext(expected_of(known, strict=sma.tls == "strict"))
    wire = HttpsDevice(
        sma.host,
        context=context,
        clock=clock,
        waiter=waiter,
        timeout_s=sma.timeout_s,
    )
    return Webconnect(
        wire,
        sma.host,
        password=sma.password,
        group=sma.group,
        state_session=state_session,
        gate=waiter,
    )
