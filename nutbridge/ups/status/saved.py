"""The state file's text: what a monitor knows, to be found after a restart.

Small JSON, written whole. Anything odd in it makes the whole file worthless
(SavedError): half a memory could vouch for a status that nobody wrote.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from nutbridge.errors import NutbridgeError
from nutbridge.ups.model import Flows, Grid
from nutbridge.ups.status.memory import (
    BatteryMemory,
    Charge,
    FlowMemory,
    Gap,
    LowMemory,
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.table import State

VERSION = 1
_MAX_SAMPLES = 200


class SavedError(NutbridgeError):
    """The state file cannot be used; it is ignored."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """A memory and what it belongs to.

    Attributes:
        boot_id: names the boot of the host in which it was written.
        port_file: real path of the port file.
        memory: see memory.py; only what ``render`` writes survives.
        next_login_epoch: wall clock of the next login allowed, or None.
        failed_logins: logins failed in a row.
        config: stamp of the config file these logins were made with.
    """

    boot_id: str
    port_file: str
    memory: Memory
    next_login_epoch: float | None = None
    failed_logins: int = 0
    config: str = ""


def render(saved: SavedState) -> bytes:
    """Return the state file's bytes."""
    m = saved.memory
    charge, flows, gap = m.battery.charge, m.flow.last, m.last_gap
    data = {
        "version": VERSION,
        "boot_id": saved.boot_id,
        "port_file": saved.port_file,
        "state": m.state.value,
        "status": m.shown.status,
        "status_since": m.shown.since,
        "after_outage": m.shown.after_outage,
        "relay_at": m.relay.at,
        "relay": m.relay.grid.value if m.relay.grid else None,
        "silent_since": m.relay.silent_since,
        "outage_since": m.outage_since,
        "generator_since": m.generator_since,
        "controller": m.controller,
        "collar": m.collar,
        "backup_mode": m.backup_mode,
        "hidden_at_stop": m.hidden_at_stop,
        "released": m.released,
        "battery_fitted": m.battery.fitted,
        "capacity_wh": m.battery.capacity_wh,
        "floor_pct": m.battery.floor_pct,
        "soc_at": charge.at if charge else None,
        "soc_pct": charge.soc_pct if charge else None,
        "drained_wh": charge.drained_wh if charge else None,
        "drained_at": charge.drained_at if charge else None,
        "load_w": m.flow.load_w,
        "load_at": m.flow.load_at,
        "discharge_w": [list(sample) for sample in m.flow.samples],
        "low": m.low.lb,
        "noted_at": m.noted_at,
        "gap_ended_at": gap.ended_at if gap else None,
        "gap_s": gap.length_s if gap else None,
        "flows_at": flows.at if flows else None,
        "flow_load_w": flows.load_w if flows else None,
        "flow_battery_w": flows.battery_w if flows else None,
        "flow_grid_w": flows.grid_w if flows else None,
        "flow_pv_w": flows.pv_w if flows else None,
        "next_login_epoch": saved.next_login_epoch,
        "failed_logins": saved.failed_logins,
        "config": saved.config,
    }
    return (json.dumps(data) + "\n").encode("ascii")


def worth_saving(before: Memory, after: Memory) -> bool:
    """Whether something changed that a restart must know at once."""
    return (
        before.state is not after.state
        or before.shown != after.shown
        or before.relay.grid is not after.relay.grid
        or (before.relay.silent_since is None) != (after.relay.silent_since is None)
        or _read_at(before) != _read_at(after)
        or before.low.lb != after.low.lb
    )


def _read_at(memory: Memory) -> float | None:
    # Not the whole charge: while it is reckoned it changes with every check.
    return memory.battery.charge.at if memory.battery.charge else None


def parse(data: bytes) -> SavedState:
    """Return what ``render`` wrote.

    Raises:
        SavedError: cut, damaged, of another version, or with odd values.
    """
    try:
        raw = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as exc:
        raise SavedError("not the JSON that was written") from exc
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        raise SavedError("of another version")
    return SavedState(
        boot_id=_text(raw, "boot_id"),
        port_file=_text(raw, "port_file"),
        memory=_memory(raw),
        next_login_epoch=_number(raw, "next_login_epoch"),
        failed_logins=int(_number(raw, "failed_logins") or 0),
        config=_text(raw, "config"),
    )


def _memory(raw: dict[str, Any]) -> Memory:
    relay = raw.get("relay")
    if relay not in (None, "open", "closed"):
        raise SavedError("odd relay")
    gap_ended_at, gap_s = _number(raw, "gap_ended_at"), _number(raw, "gap_s")
    known = gap_ended_at is not None and gap_s is not None
    return Memory(
        state=_state(raw),
        noted_at=_number(raw, "noted_at"),
        last_gap=Gap(gap_ended_at or 0.0, gap_s or 0.0) if known else None,
        outage_since=_number(raw, "outage_since"),
        generator_since=_number(raw, "generator_since"),
        controller=_flag(raw, "controller") or False,
        collar=_flag(raw, "collar") or False,
        backup_mode=_flag(raw, "backup_mode") or False,
        hidden_at_stop=_flag(raw, "hidden_at_stop") or False,
        released=_flag(raw, "released") or False,
        relay=RelayMemory(
            at=_number(raw, "relay_at"),
            grid=Grid(relay) if relay else None,
            silent_since=_number(raw, "silent_since"),
        ),
        shown=ShownStatus(
            status=_text(raw, "status"),
            since=_number(raw, "status_since") or 0.0,
            after_outage=_flag(raw, "after_outage") or False,
        ),
        battery=_battery(raw),
        flow=_flow(raw),
        low=LowMemory(lb=_flag(raw, "low") or False),
    )


def _state(raw: dict[str, Any]) -> State:
    """Return the state, for people: a start begins anew in any case."""
    try:
        return State(str(raw.get("state")))
    except ValueError:
        return State.STARTING


def _battery(raw: dict[str, Any]) -> BatteryMemory:
    at, soc_pct = _number(raw, "soc_at"), _number(raw, "soc_pct")
    charge = None
    if at is not None and soc_pct is not None:
        drained_at = _number(raw, "drained_at")
        charge = Charge(
            at=at,
            soc_pct=soc_pct,
            drained_wh=_number(raw, "drained_wh") or 0.0,
            drained_at=at if drained_at is None else drained_at,
        )
    return BatteryMemory(
        charge=charge,
        capacity_wh=_number(raw, "capacity_wh"),
        floor_pct=_number(raw, "floor_pct"),
        fitted=_flag(raw, "battery_fitted"),
        read_at=at or 0.0,
    )


def _flow(raw: dict[str, Any]) -> FlowMemory:
    samples = raw.get("discharge_w")
    if not isinstance(samples, list) or len(samples) > _MAX_SAMPLES:
        raise SavedError("odd discharge_w")
    pairs = []
    for pair in samples:
        if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004  a pair
            raise SavedError("odd discharge_w")
        at, power_w = (_finite("discharge_w", item) for item in pair)
        pairs.append((at, power_w))
    return FlowMemory(
        samples=tuple(pairs),
        load_w=_number(raw, "load_w"),
        load_at=_number(raw, "load_at") or 0.0,
        last=_flows(raw),
    )


def _flows(raw: dict[str, Any]) -> Flows | None:
    at = _number(raw, "flows_at")
    if at is None:
        return None
    names = ("load_w", "battery_w", "grid_w", "pv_w")
    return Flows(at, *(_number(raw, f"flow_{name}") for name in names))


def _finite(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SavedError(f"odd {key}")
    try:
        number = float(value)
    except OverflowError:  # a JSON integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise SavedError(f"odd {key}")
    return number


def _number(raw: dict[str, Any], key: str) -> float | None:
    value = raw.get(key)
    return None if value is None else _finite(key, value)


def _flag(raw: dict[str, Any], key: str) -> bool | None:
    value = raw.get(key)
    if value is not None and not isinstance(value, bool):
        raise SavedError(f"odd {key}")
    return value


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str):
        raise SavedError(f"odd {key}")
    return value
