"""What `nutbridge status` shows, and what it means (pure).

Times are seconds since 1970, ages seconds; None is unknown, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nutbridge.errors import EX_UNAVAILABLE
from nutbridge.ups.model import DeviceHealth
from nutbridge.ups.snapshot import encode
from nutbridge.ups.status.policy import BUSY_S, FULL_MAX_S


def note_due_s(pollfreq_s: float, relayfreq_s: float) -> float:
    """Return the time after which a monitor that noted nothing hangs, s.

    It notes what it knows at least every FULL_MAX_S, if it looks as often, and no
    check takes longer than BUSY_S.
    """
    return max(FULL_MAX_S, relayfreq_s or pollfreq_s) + BUSY_S


class ProtectionVerdict(StrEnum):
    """What all of it means for the machines that listen."""

    PROTECTED = "protected"
    NOCOMMS = "nocomms"
    NO_MONITOR = "no monitor"
    MONITOR_HANGS = "monitor hangs"
    NO_STATUS = "no status"


#: (exit code, what it means)
MEANING: Mapping[ProtectionVerdict, tuple[int, str]] = {
    ProtectionVerdict.PROTECTED: (0, "protected: a monitor keeps the file true"),
    ProtectionVerdict.NOCOMMS: (EX_UNAVAILABLE, "hidden: clients see no communication"),
    ProtectionVerdict.NO_MONITOR: (
        1,
        "NOT PROTECTED: the file claims a state, no monitor runs",
    ),
    ProtectionVerdict.MONITOR_HANGS: (
        1,
        "NOT PROTECTED: the monitor has noted nothing for long",
    ),
    ProtectionVerdict.NO_STATUS: (1, "NOT PROTECTED: the port file has no ups.status"),
}


@dataclass(frozen=True, slots=True)
class When:
    """A moment: when something was said or noted, and how long ago.

    Attributes:
        at: s since 1970 by the host's clock of now.
        age_s: how long ago.
    """

    at: float | None = None
    age_s: float | None = None


NEVER = When()


@dataclass(frozen=True, slots=True)
class GridReport:
    """``open``, ``closed`` or unknown, as the gateway last said.

    Attributes:
        why: it is silent.
    """

    word: str | None = None
    asked: When = NEVER
    silent_since: When = NEVER
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge and runtime as clients see them.

    Attributes:
        source: ``read``, ``reckoned`` or unknown.
        read: when the charge was read last; reckoned from there.
        fitted: False where it is known that there is none.
    """

    charge_pct: float | None = None
    charge_low_pct: float | None = None
    runtime_s: float | None = None
    capacity_wh: float | None = None
    temperature_c: float | None = None
    source: str | None = None
    read: When = NEVER
    read_pct: float | None = None
    fitted: bool | None = None


@dataclass(frozen=True, slots=True)
class PowerReport:
    """Power flows; signs as in model.py: battery and grid > 0 feed the house."""

    load_w: float | None = None
    load_pct: float | None = None
    nominal_w: float | None = None
    battery_w: float | None = None
    grid_w: float | None = None
    pv_w: float | None = None
    read: When = NEVER


@dataclass(frozen=True, slots=True)
class GatewayReport:
    """Who is asked, and its last silence.

    Attributes:
        kind: ``gateway`` or ``inverter``.
    """

    kind: str = "gateway"
    host: str | None = None
    serial: str | None = None
    firmware: str | None = None
    gap_s: float | None = None
    gap_ended: When = NEVER


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of the token; token.py reads it."""

    account: str | None = None
    days_left: float | None = None
    expires: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """Who holds the lock of the port file, and when it last noted anything.

    Attributes:
        note_due_s: when the note is older, the monitor hangs.
    """

    running: bool
    pid: int | None = None
    state: str | None = None
    noted: When = NEVER
    note_due_s: float = FULL_MAX_S + BUSY_S


@dataclass(frozen=True, slots=True)
class PortFileReport:
    """Where it lies, ``visible`` or ``hidden``, and when it was written."""

    path: str
    place: str
    written: When = NEVER


@dataclass(frozen=True, slots=True)
class Live:
    """What the gateway said just now; ``problem`` when it did not."""

    grid: str | None = None
    problem: str | None = None
    battery: Battery | None = None
    power: PowerReport | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """All that `nutbridge status` shows.

    Attributes:
        status: ups.status, "" without one, None while hidden.
        since: when OL, OB or the hiding began.
        devices: each battery and controller, as the monitor last saw it.
    """

    ups: str
    time: float
    status: str | None
    since: When
    monitor: MonitorReport
    port_file: PortFileReport
    grid: GridReport
    battery: Battery
    power: PowerReport
    gateway: GatewayReport
    token: Token
    devices: tuple[DeviceHealth, ...] = ()
    live: Live | None = None

    @property
    def verdict(self) -> ProtectionVerdict:
        """What it means."""
        if self.status is None:
            return ProtectionVerdict.NOCOMMS
        if not self.monitor.running:
            return ProtectionVerdict.NO_MONITOR
        if not self.status:
            return ProtectionVerdict.NO_STATUS
        noted_s = self.monitor.noted.age_s
        if noted_s is not None and noted_s > self.monitor.note_due_s:
            return ProtectionVerdict.MONITOR_HANGS
        return ProtectionVerdict.PROTECTED

    @property
    def exit_code(self) -> int:
        """0 when protected; see MEANING."""
        return MEANING[self.verdict][0]

    def plain(self) -> dict[str, Any]:
        """Return it for JSON; every key is always there."""
        found = encode(self)
        words = {"verdict": self.verdict.value, "exit_code": self.exit_code}
        return {"ups": found.pop("ups"), **words, **found}


def source_of(words: str | None) -> str | None:
    """Return where a shown charge comes from, by experimental.nutbridge.source.

    The monitor writes that variable while it reckons or holds OB, and takes it
    away when the gateway tells all (daemon.messages).
    """
    if words is None or words.startswith("read"):
        return "read"
    return "reckoned" if words.startswith("reckoned") else None
