"""Which readings of the battery are believed.

A gateway that has just started shows zeros, then a part of its batteries, then
all. Believing it would shut a house down; believing nothing would drain it. So
a reading is good, or it is not there, and then low.py reckons.
"""

from dataclasses import replace

from nutbridge.ups.model import BatteryReading, Equipment, Facts, Flows
from nutbridge.ups.status.memory import (
    BatteryMemory,
    Charge,
    Fall,
    FlowMemory,
    Memory,
)
from nutbridge.ups.status.policy import (
    DEAD_BAND_W,
    DIRECTION_S,
    FALL_READINGS,
    FALL_S,
    FALL_SLACK_PCT,
    REJOIN_PART,
    REJOIN_S,
    SAME_SIZE_PART,
    SMOOTH_S,
    SOC_FRESH_S,
    Policy,
)
from nutbridge.ups.status.table import ON_BATTERY_STATES


def learn(memory: Memory, facts: Facts, policy: Policy) -> Memory:
    """Return the memory with what is new in ``facts``."""
    battery = memory.battery
    if facts.equipment is not None:
        battery = _fitted(battery, facts.equipment)
    if facts.battery is not None and facts.battery.at > battery.read_at:
        battery = take_reading(battery, facts.battery, policy)
    controller = memory.controller or bool(
        facts.equipment and facts.equipment.controller
    )
    collar = memory.collar or bool(facts.equipment and facts.equipment.collar)
    devices = facts.equipment.devices if facts.equipment else ()
    memory = replace(
        memory,
        battery=battery,
        controller=controller,
        collar=collar,
        devices=devices or memory.devices,
    )
    if facts.flows is not None and facts.flows.at > memory.flow.at:
        memory = replace(memory, flow=_take_flows(memory, facts.flows))
    return memory


def _fitted(battery: BatteryMemory, equipment: Equipment) -> BatteryMemory:
    if equipment.batteries:
        return replace(battery, fitted=True)
    if equipment.controller and equipment.batteries == 0 and battery.fitted is None:
        return replace(battery, fitted=False)
    return battery


def take_reading(
    battery: BatteryMemory, reading: BatteryReading, policy: Policy
) -> BatteryMemory:
    """Return what is believed of the battery after ``reading``.

    Not ready, and so no charge: capacity 0; capacity below REJOIN_PART of the
    known one for less than REJOIN_S, counted anew from each 0; charge missing.
    """
    battery = replace(battery, read_at=reading.at)
    if reading.capacity_wh == 0:
        again = battery.shrunk_since is not None
        return replace(battery, shrunk_since=reading.at) if again else battery
    battery = _take_capacity(battery, reading)
    if battery.shrunk_since is not None or reading.soc_pct is None:
        return battery
    fall = _fall(battery, reading, reading.soc_pct, policy)
    if fall is not None:
        return replace(battery, fall=fall)
    return replace(
        battery,
        fall=None,
        fitted=True,
        charge=Charge(reading.at, reading.soc_pct, 0.0, reading.at),
        floor_pct=reading.floor_pct
        if reading.floor_pct is not None
        else battery.floor_pct,
    )


def _take_capacity(battery: BatteryMemory, reading: BatteryReading) -> BatteryMemory:
    new, known = reading.capacity_wh, battery.capacity_wh
    if new is None:
        return _without_capacity(battery, reading.at)
    if known is not None and new < REJOIN_PART * known:
        since = battery.shrunk_since
        if since is None:
            return replace(battery, shrunk_since=reading.at)
        if reading.at - since < REJOIN_S:
            return battery
    return replace(battery, capacity_wh=new, shrunk_since=None, fitted=True)


def _without_capacity(battery: BatteryMemory, at: float) -> BatteryMemory:
    """Without a capacity nobody sees the batteries rejoin: wait for all of them."""
    since = battery.shrunk_since
    if since is not None and at - since >= REJOIN_S:
        return replace(battery, shrunk_since=None)
    return battery


def _fall(
    battery: BatteryMemory, reading: BatteryReading, soc_pct: float, policy: Policy
) -> Fall | None:
    """Return the fall that makes this charge doubtful, or None when it counts."""
    charge = battery.charge
    if charge is None or not policy.check_falls:
        return None
    slack = FALL_SLACK_PCT + policy.fall_pct_per_s * (reading.at - charge.at)
    if soc_pct >= charge.soc_pct - slack:
        return None
    fall = battery.fall
    if fall is None or not _same_size(fall.capacity_wh, battery.capacity_wh):
        return Fall(reading.at, 1, battery.capacity_wh)
    fall = replace(fall, readings=fall.readings + 1)
    if fall.readings >= FALL_READINGS and reading.at - fall.first_at >= FALL_S:
        return None
    return fall


def _same_size(one_wh: float | None, other_wh: float | None) -> bool:
    if one_wh is None or other_wh is None:
        return one_wh is other_wh
    return abs(one_wh - other_wh) <= SAME_SIZE_PART * one_wh


def _take_flows(memory: Memory, flows: Flows) -> FlowMemory:
    """Keep the power only beside a believed charge.

    A gateway that has just started shows 0 W beside its zeros; as a sample
    that would slow the reckoning down.
    """
    flow = replace(memory.flow, at=flows.at, last=flows)
    charge = memory.battery.charge
    old = charge is None or flows.at - charge.at >= SOC_FRESH_S
    if charge is None or old or memory.battery.read_at > charge.at:
        return replace(flow, direction=0, direction_since=flows.at, flag=0)
    if flows.load_w is not None:
        flow = replace(flow, load_w=flows.load_w, load_at=flows.at)
    if flows.battery_w is None:
        return flow
    if memory.state in ON_BATTERY_STATES:
        kept = tuple(s for s in flow.samples if flows.at - s[0] <= SMOOTH_S)
        flow = replace(flow, samples=(*kept, (flows.at, flows.battery_w)))
    return _take_direction(flow, flows.at, flows.battery_w)


def _take_direction(flow: FlowMemory, at: float, battery_w: float) -> FlowMemory:
    direction = (battery_w > DEAD_BAND_W) - (battery_w < -DEAD_BAND_W)
    if direction != flow.direction:
        return replace(flow, direction=direction, direction_since=at)
    if at - flow.direction_since >= DIRECTION_S:
        return replace(flow, flag=direction)
    return flow
