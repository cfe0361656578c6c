"""One poll of an inverter, whatever it speaks, and who can be asked for one."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from nutbridge.errors import DeviceError
from nutbridge.sources.sma.status import UNFIT, derive_backup, derive_grid
from nutbridge.ups.model import GridAnswer

#: What stands for no number, signed and not.
_NO_NUMBERS = frozenset({"16777213", "2147483648", "4294967295"})


@dataclass(frozen=True, slots=True)
class UpsReading:
    """One poll of an inverter.

    Attributes:
        tags: the tags of every object of status.py that was answered, by its name.
        battery_keys: the device knows batteries; without, it is no UPS.
        unfit: what is said of one that is no UPS.
        fitted: a battery is connected; None while that is not certain.
        battery_w: > 0 discharges.
        current_a: > 0 discharges.
        rated_wh: capacity when new; ``health_pct`` of it is left.
        ac_w: what the inverter gives (+) or takes (-) on the AC side.
        grid_w: > 0 is drawn from the grid; None without a meter.
        ac_v: voltages of L1, L2, L3 as far as there are any.
    """

    tags: Mapping[str, frozenset[int]]
    battery_keys: bool = False
    unfit: str = UNFIT
    fitted: bool | None = None
    soc_pct: float | None = None
    health_pct: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    temperature_c: float | None = None
    battery_w: float | None = None
    rated_wh: float | None = None
    floor_pct: float | None = None
    ac_w: float | None = None
    grid_w: float | None = None
    pv_w: float | None = None
    nominal_w: float | None = None
    ac_v: tuple[float, ...] = ()
    frequency_hz: float | None = None
    serial: str | None = None
    firmware: str | None = None
    name: str | None = None

    @property
    def charge_pct(self) -> float | None:
        """The charge; None where no battery is fitted, which says 0."""
        return None if self.fitted is False else self.soc_pct

    @property
    def grid(self) -> GridAnswer:
        """What the tags say about the grid."""
        return derive_grid(self.tags, battery=self.battery_keys, unfit=self.unfit)

    @property
    def backup(self) -> bool | None:
        """Whether it makes an island in an outage; None where it does not tell."""
        return derive_backup(self.tags)


def difference_w(
    pairs: Iterable[tuple[float | None, float | None]],
) -> float | None:
    """Return the first known (power out, power in) as one number, out positive, W.

    A 0 beside an unknown half does not say that nothing flows the other way.
    """
    for out_w, into_w in pairs:
        if out_w or into_w or None not in (out_w, into_w):
            return (out_w or 0.0) - (into_w or 0.0)
    return None


def emptiest_pct(socs_pct: Iterable[float]) -> float | None:
    """Return the lowest charge: no one knows how several batteries share the load.

    A 0 beside another charge is a place without a battery.
    """
    found = list(socs_pct)
    return min(filter(None, found), default=min(found, default=None))


def serial_text(said: str | None) -> str | None:
    """Return a serial number, or None for what an inverter says that just starts.

    A first serial number is remembered: with one that is none, the true one would
    be refused as that of another inverter.
    """
    number = (said or "").lstrip("0")
    return None if not number.isdigit() or number in _NO_NUMBERS else said


class SessionKeeper(Protocol):
    """Keeps the session over a kill -9 (session_store.py)."""

    def load(self) -> str | None:
        """Return the session id of an earlier process, or None."""
        ...

    def save(self, sid: str) -> None:
        """Store it; never raises."""
        ...

    def clear(self) -> None:
        """Forget it; never raises."""
        ...


class LoginPermission(Protocol):
    """Decides when a login may be tried (login_gate.py)."""

    def admit(self, *, free: bool = False) -> None:
        """Let a login pass, or raise the DeviceError to go on with.

        Args:
            free: the inverter says that it has a free session; without one was the
                reason for waiting.
        """
        ...

    def failed(self, error: DeviceError) -> None:
        """Take note of a login that failed."""
        ...

    def made(self) -> None:
        """Take note of a login that made a session."""
        ...

    def passed(self) -> None:
        """Take note of a session that is of use."""
        ...


class InverterClient(Protocol):
    """One inverter and at most one session on it (client.py of each interface).

    ``until`` is a CLOCK_BOOTTIME; the wire has a limit of its own. Whoever answers
    otherwise than expected is a DeviceError, among them:

        DeviceUnreachable: no answer.
        CertificateChanged: nothing was sent.
        NotWebconnect, NotEnnexos: another interface, scheme or kind of device.
        PasswordRefused, NoFreeSession, SessionRefused: no session.
        DeviceAnswerError: an error, or nothing that can be used.
    """

    host: str

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate at the other end, 64 hex digits; None with http."""
        ...

    @property
    def logged_in(self) -> bool:
        """Whether there is a session that has not been found ended."""
        ...

    def read(self, until: float = math.inf, *, side: bool = False) -> UpsReading:
        """Ask for all that a UPS needs, in one request; log in where need be.

        Args:
            until: see above.
            side: what an inverter beside another source is asked for is enough.
        """
        ...

    def complete(self, reading: UpsReading, until: float = math.inf) -> UpsReading:
        """Add what changes seldom, and ask for what of it is due; never fails."""
        ...

    def logout(self, until: float = math.inf) -> None:
        """End the session; a failure is only noted."""
        ...

    def close(self) -> None:
        """Drop the connection, not the session."""
        ...
