"""The state file's text: what a monitor knows, to be found after a restart.

Small JSON, written whole. Anything odd in it makes the whole file worthless
(SnapshotError): half a memory could vouch for a status that nobody wrote.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from nutbridge.ups.snapshot import SnapshotError, decode, pack, unpack
from nutbridge.ups.status.memory import Charge, Memory
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import ON_BATTERY_STATES, State
from nutbridge.ups.units import SECONDS_PER_DAY

VERSION = 2


class RetryState(NamedTuple):
    """The pause between logins, which outlives a restart: the one time by wall clock.

    Attributes:
        next_try_epoch: no try before, s since 1970; 0 when free.
        failures: tries in a row that did not help.
        full: all sessions of an inverter were taken; it may say earlier that one is
            free.
    """

    next_try_epoch: float = 0.0
    failures: int = 0
    full: bool = False


def restored_pause(state: RetryState, wall: float) -> float:
    """Return how long to wait after a start, s.

    A time that lies more than a day ahead was written under another clock.
    """
    ahead_s = state.next_try_epoch - wall
    return ahead_s if 0 < ahead_s <= SECONDS_PER_DAY else 0.0


class SavedState(NamedTuple):
    """A memory and what it belongs to.

    Attributes:
        boot_id: names the boot of the host in which it was written.
        port_file: real path of the port file.
        memory: all that the monitor knew.
        next_login_epoch: wall clock of the next login allowed, or None.
        failed_logins: logins failed in a row.
        sessions_full: they failed for want of a free session.
        config: stamp of the config file these logins were made with.
        policy: of the last config that could be used.
        token_ends_epoch: when the gateway's token ends, s since 1970; the page
            tells it, nothing is decided by it.
        inverter_login: of an inverter beside the gateway.
    """

    boot_id: str
    port_file: str
    memory: Memory
    next_login_epoch: float | None = None
    failed_logins: int = 0
    config: str = ""
    policy: Policy | None = None
    token_ends_epoch: float | None = None
    inverter_login: RetryState = RetryState()
    sessions_full: bool = False

    def vouches(self, port_file: str, boot_id: str) -> bool:
        """Whether it was written about this port file, in this boot."""
        return bool(boot_id) and (self.port_file, self.boot_id) == (port_file, boot_id)


def render(saved: SavedState) -> bytes:
    """Return the state file's bytes."""
    return pack(VERSION, saved)


def parse(data: bytes) -> SavedState:
    """Return what ``render`` wrote, in this version or in the one before.

    Raises:
        SnapshotError: cut, damaged, of another version, or with odd values.
    """
    raw = unpack(data)
    if raw.get("version") == 1:
        raw = _from_version_1(raw)
    elif raw.get("version") != VERSION:
        raise SnapshotError("of another version")
    memory = raw.get("memory")
    if isinstance(memory, dict) and memory.get("state") not in _STATES:
        # For people only: a start begins anew in any case.
        memory.pop("state", None)
    return decode(SavedState, raw)


_STATES = frozenset(state.value for state in State)

#: Where the flat keys of version 1 stand now: (part of the memory, field) -> key.
_VERSION_1: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "relay": {"at": "relay_at", "grid": "relay", "silent_since": "silent_since"},
        "shown": {
            "status": "status",
            "since": "status_since",
            "after_outage": "after_outage",
        },
        "battery": {
            "capacity_wh": "capacity_wh",
            "floor_pct": "floor_pct",
            "fitted": "battery_fitted",
            "read_at": "soc_at",
        },
        "flow": {"samples": "discharge_w", "load_w": "load_w", "load_at": "load_at"},
        "low": {"lb": "low"},
    }
)
_CHARGE_1 = {
    "at": "soc_at",
    "soc_pct": "soc_pct",
    "drained_wh": "drained_wh",
    "drained_at": "drained_at",
}
_GAP_1 = {"ended_at": "gap_ended_at", "length_s": "gap_s"}
_FLOWS_1 = {
    "at": "flows_at",
    **{name: f"flow_{name}" for name in ("load_w", "battery_w", "grid_w", "pv_w")},
}


def _from_version_1(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file of version 1, flat and with other names, in today's shape."""
    # Unknown was written as null, for fields too that are never None.
    known = {key: value for key, value in raw.items() if value is not None}
    memory = dict(known)
    for part, names in _VERSION_1.items():
        memory[part] = _renamed(known, names)
    memory["battery"]["charge"] = _part(known, _CHARGE_1, "soc_at", "soc_pct")
    memory["flow"]["last"] = _part(known, _FLOWS_1, "flows_at")
    memory["last_gap"] = _part(known, _GAP_1, "gap_ended_at", "gap_s")
    return {**known, "memory": memory}


def _renamed(known: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {new: known[old] for new, old in names.items() if old in known}


def _part(
    known: Mapping[str, Any], names: Mapping[str, str], *needed: str
) -> dict[str, Any] | None:
    return _renamed(known, names) if known.keys() >= set(needed) else None


#: On line the same charge, read again, is no news sooner, s. Less than POLLFREQ's
#: default: with it each full poll is saved.
SAME_CHARGE_S = 50.0


def worth_saving(before: Memory, after: Memory, saved_s: float = math.inf) -> bool:
    """Whether something changed that a restart must know at once.

    Args:
        before: the memory before a check.
        after: the memory after it.
        saved_s: how long ago it was saved last.
    """
    return (
        before.state is not after.state
        or before.shown != after.shown
        or before.relay.grid is not after.relay.grid
        or (before.relay.silent_since is None) != (after.relay.silent_since is None)
        or _is_news(before.battery.charge, after, saved_s)
        or before.low.lb != after.low.lb
    )


def _is_news(before: Charge | None, after: Memory, saved_s: float) -> bool:
    charge = after.battery.charge
    if before is None or charge is None:
        return charge is not before
    # Not the whole charge: while it is reckoned it changes with every check.
    if before.at == charge.at:
        return False
    calm = after.state not in ON_BATTERY_STATES and before.soc_pct == charge.soc_pct
    return not calm or saved_s >= SAME_CHARGE_S
