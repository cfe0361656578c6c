"""Which readings of the battery are believed.

A gateway that has just started shows zeros, then a part of its batteries, then
all. Believing it would shut a house down; believing nothing would drain it. So
a reading is good, or it is not there, and then low.py reckons.
"""

from nutbridge.ups.model import (
    BatteryReading,
    Equipment,
    Facts,
    Flows,
    Grid,
    GridAnswer,
)
from nutbridge.ups.notices import Notice, warning
from nutbridge.ups.status.estimate import (
    drain_on_line,
    mean_discharge_w,
    take_sample,
)
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
    ESTIMATE_FACTOR,
    FALL_SLACK_PCT,
    FROZEN_PART,
    GIVEN_UP_S,
    REJOIN_PART,
    REJOIN_S,
    SAME_POWER_PART,
    SAME_SIZE_PART,
    SWITCH_OVER_S,
    ZERO_AGO_S,
    Policy,
    effective_low_pct,
)
from nutbridge.ups.status.table import ON_BATTERY_STATES

_GIVEN_UP = warning(
    "no System Controller is listed for a day, nor a backup mode told: those of before "
    "are forgotten"
)


def learn(memory: Memory, facts: Facts, policy: Policy) -> Memory:
    """Return the memory with what is new in ``facts``."""
    battery = memory.battery
    if facts.equipment is not None:
        battery = _fitted(battery, facts.equipment)
    if facts.battery is not None and facts.battery.at > battery.read_at:
        in_outage = memory.state in ON_BATTERY_STATES
        since = memory.outage_since if in_outage else None
        battery = take_reading(battery, facts.battery, policy, since)
    controller = memory.controller or bool(
        facts.equipment and facts.equipment.controller
    )
    collar = memory.collar or bool(facts.equipment and facts.equipment.collar)
    devices = facts.equipment.devices if facts.equipment else ()
    memory = memory._replace(
        battery=battery,
        controller=controller,
        collar=collar,
        devices=devices or memory.devices,
    )
    if facts.flows is not None and facts.flows.at > memory.flow.at:
        memory = _take_flows(memory, facts.flows, policy)
    return memory


def _fitted(battery: BatteryMemory, equipment: Equipment) -> BatteryMemory:
    if equipment.batteries:
        listed_wh = equipment.size_wh or battery.listed_wh
        return battery._replace(fitted=True, listed_wh=listed_wh)
    sure = equipment.controller or equipment.size_wh == 0
    if sure and equipment.batteries == 0 and battery.fitted is None:
        return battery._replace(fitted=False)
    return battery


def given_up(
    memory: Memory, answer: GridAnswer, facts: Facts, now: float
) -> tuple[Memory, tuple[Notice, ...]]:
    """Forget a System Controller that was given up, after a day that says so.

    A house that gave its battery up, and keeps its gateway, would for ever be taken
    for one whose gateway has just started: ``closed`` in mode ``unknown`` after a
    backup mode is no answer. Nothing that is shown gets worse: in that state the UPS
    is not connected, and a relay that opens is a controller all the same. An empty
    inventory alone proves nothing, and a Meter Collar is remembered.

    Args:
        memory: before the answer.
        answer: about the grid.
        facts: of the source.
        now: CLOCK_BOOTTIME, s.
    """
    gone = facts.equipment is not None and facts.equipment.controller is False
    lost_mode = answer.backup_mode is False and memory.backup_mode
    doubted = memory.collar or memory.state in ON_BATTERY_STATES
    if doubted or not (gone and lost_mode and answer.grid is Grid.CLOSED):
        return memory._replace(given_up_since=None), ()
    since = now if memory.given_up_since is None else memory.given_up_since
    if now - max(since, memory.awake_since) < GIVEN_UP_S:
        return memory._replace(given_up_since=since), ()
    forgotten = memory._replace(controller=False, backup_mode=False)
    return forgotten._replace(given_up_since=None), (_GIVEN_UP,)


def take_reading(
    battery: BatteryMemory,
    reading: BatteryReading,
    policy: Policy,
    outage_since: float | None = None,
) -> BatteryMemory:
    """Return what is believed of the battery after ``reading``.

    Not ready, and so no charge: capacity 0; charge missing, or 0 (a battery stops
    at its floor); capacity below REJOIN_PART of the known one for less than
    REJOIN_S, counted anew from each 0.
    """
    lost = reading.capacity_wh == 0
    battery = battery._replace(read_at=reading.at, part=0.0 if lost else 1.0)
    if lost or reading.soc_pct == 0:
        battery = battery._replace(zero_at=reading.at, own_low=None)
    if lost:
        again = battery.shrunk_since is not None
        return battery._replace(shrunk_since=reading.at) if again else battery
    battery = _take_capacity(battery, reading)
    if battery.shrunk_since is not None:
        part = _part(battery, reading)
        return battery._replace(
            part=part,
            charge=_at_least(battery.charge, reading, part),
            own_low=_own_low(battery, reading, policy),
        )
    battery = battery._replace(own_low=None)
    if not reading.soc_pct:
        return battery
    charge = _charge(battery, reading.at, reading.soc_pct, outage_since)
    if policy.check_falls and _is_frozen(battery, charge):
        return _frozen(battery, charge)
    fall = _fall(battery, reading, reading.soc_pct, policy)
    if fall is not None:
        return battery._replace(fall=fall)
    floor_pct = reading.floor_pct
    return battery._replace(
        fall=None,
        fitted=True,
        charge=charge,
        floor_pct=battery.floor_pct if floor_pct is None else floor_pct,
    )


def _charge(
    battery: BatteryMemory, at: float, soc_pct: float, outage_since: float | None
) -> Charge:
    """Return a charge just read; in an outage with the past of its value."""
    new = Charge(at, soc_pct, drained_at=at, first_at=at)
    old = battery.charge
    if old is None or outage_since is None or old.soc_pct != soc_pct:
        return new
    return new._replace(first_at=old.first_at, net_wh=old.net_wh)


def _is_frozen(battery: BatteryMemory, charge: Charge) -> bool:
    """Whether this value stands although the battery has given too much."""
    size_wh = battery.size_wh
    return size_wh is not None and charge.net_wh > FROZEN_PART * size_wh


def _frozen(battery: BatteryMemory, new: Charge) -> BatteryMemory:
    """Return the battery with its charge as first read, and all that left since."""
    old = battery.charge
    if old is None or old.at == new.first_at:
        return battery  # known to be old already
    drained_wh = ESTIMATE_FACTOR * new.net_wh
    charge = new._replace(at=new.first_at, drained_wh=drained_wh)
    return battery._replace(charge=charge)


def _at_least(
    charge: Charge | None, reading: BatteryReading, part: float
) -> Charge | None:
    """Return the charge, estimated no lower than what the batteries hold that report.

    After a long silence all may be estimated to be gone, the grid having carried the
    house in it.
    """
    least_pct = part * (reading.soc_pct or 0.0)
    if charge is None or charge.reckoned_pct is None:
        return charge
    if charge.reckoned_pct >= least_pct:
        return charge
    return Charge(charge.at, least_pct, drained_at=reading.at, first_at=charge.first_at)


def _own_low(
    battery: BatteryMemory, reading: BatteryReading, policy: Policy
) -> Fall | None:
    """Return how long every battery's own charge is low, or None.

    Where the capacity is short for good nothing else tells that it is.
    """
    low_pct = effective_low_pct(policy.charge_low_pct, battery.floor_pct)
    zero_at, own_pct = battery.zero_at, reading.own_socs_pct
    if not own_pct or not all(0 < soc_pct < low_pct for soc_pct in own_pct):
        return None
    if zero_at is not None and reading.at - zero_at < ZERO_AGO_S:
        return None
    return _counted(battery.own_low, reading.at, reading.capacity_wh)


def _part(battery: BatteryMemory, reading: BatteryReading) -> float:
    if not reading.capacity_wh or not battery.capacity_wh:
        return 1.0
    return min(1.0, reading.capacity_wh / battery.capacity_wh)


def _counted(fall: Fall | None, at: float, capacity_wh: float | None) -> Fall:
    """Return one reading more, or the first one at another capacity."""
    if fall is None or not _same_size(fall.capacity_wh, capacity_wh):
        return Fall(at, 1, capacity_wh, at)
    return fall._replace(readings=fall.readings + 1, last_at=at)


def _take_capacity(battery: BatteryMemory, reading: BatteryReading) -> BatteryMemory:
    new, known = reading.capacity_wh, battery.capacity_wh
    if new is None:
        return _without_capacity(battery, reading.at)
    if known is not None and new < REJOIN_PART * known and not _was_odd(battery, new):
        since = battery.shrunk_since
        if since is None:
            return battery._replace(shrunk_since=reading.at)
        if reading.at - since < REJOIN_S:
            return battery
    grown = battery.grown
    if known is not None and known < REJOIN_PART * new:
        grown = Fall(reading.at, 1, known, reading.at)
    elif grown is not None:
        grown = grown._replace(readings=grown.readings + 1, last_at=reading.at)
        grown = None if grown.counts or _was_odd(battery, new) else grown
    return battery._replace(
        capacity_wh=new, shrunk_since=None, grown=grown, fitted=True
    )


def _was_odd(battery: BatteryMemory, capacity_wh: float) -> bool:
    """Whether this capacity is the one before an odd answer or two.

    No battery has left: for 15 minutes no charge would count, and the estimate fall
    too slowly.
    """
    grown = battery.grown
    before_wh = grown.capacity_wh if grown else None
    return before_wh is not None and _same_size(before_wh, capacity_wh)


def _without_capacity(battery: BatteryMemory, at: float) -> BatteryMemory:
    """Without a capacity nobody sees the batteries rejoin: wait for all of them."""
    since = battery.shrunk_since
    if since is not None and at - since >= REJOIN_S:
        return battery._replace(shrunk_since=None)
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
    fall = _counted(battery.fall, reading.at, battery.capacity_wh)
    return None if fall.counts else fall


def _same_size(one_wh: float | None, other_wh: float | None) -> bool:
    if one_wh is None or other_wh is None:
        return one_wh is other_wh
    return abs(one_wh - other_wh) <= SAME_SIZE_PART * one_wh


def _take_flows(memory: Memory, flows: Flows, policy: Policy) -> Memory:
    """Take the powers, whatever became of the charge beside them.

    Not beside a capacity of 0: a gateway that has just started shows 0 W there.
    """
    flow = memory.flow._replace(at=flows.at, last=flows)
    if memory.battery.part == 0:
        flow = flow._replace(direction=0, direction_since=flows.at, flag=0)
        return memory._replace(flow=flow)
    load_w, battery_w = flows.load_w, flows.battery_w
    on_battery = memory.state in ON_BATTERY_STATES
    if battery_w is not None:
        flow = _take_direction(flow, flows.at, battery_w)
    if on_battery and battery_w is not None and memory.battery.part < REJOIN_PART:
        whole_w = _whole_w(memory, battery_w, policy)
        if load_w is not None:
            load_w = None if whole_w is None else load_w + whole_w - battery_w
        battery_w = whole_w
    drawn_w = load_w
    if load_w is None and on_battery and (flows.pv_w or 0.0) <= DEAD_BAND_W:
        # All of it, while there is no sun.
        drawn_w = battery_w
    if drawn_w is not None and drawn_w >= 0:
        flow = _past_load(flow, flows.at, drawn_w, memory.outage_since)
    if load_w is not None:
        flow = flow._replace(load_w=load_w, load_at=flows.at)
    memory = memory._replace(flow=flow)
    if battery_w is None:
        return memory
    if not on_battery:
        return drain_on_line(memory, flows.at, battery_w, policy)
    return take_sample(memory, flows.at, battery_w, policy)


def _whole_w(memory: Memory, battery_w: float, policy: Policy) -> float | None:
    """Return the discharge of all batteries where only a part of them reports.

    A part of the batteries shows a part of the power: it counts where it is above
    the mean before it, or where all of them together would give what they gave
    before. None where it does not count.
    """
    part, size_wh = memory.battery.part, memory.battery.size_wh or 0.0
    most_w = max(battery_w, policy.nominal_w_per_wh * size_wh)
    whole_w = min(battery_w / part, most_w)
    mean_w, samples = mean_discharge_w(memory), memory.flow.samples
    before_w = memory.flow.load_w if mean_w is None else mean_w
    if before_w is None or battery_w > before_w:
        return whole_w
    last_w = samples[-1][1] if samples else before_w
    same = abs(whole_w - last_w) <= SAME_POWER_PART * last_w
    return whole_w if same else None


def _past_load(
    flow: FlowMemory, at: float, load_w: float, outage_since: float | None
) -> FlowMemory:
    """Note this load among those of the hours; the switch-over's is none."""
    peak_w = flow.past.peak_w
    if outage_since is not None and at - outage_since < SWITCH_OVER_S and peak_w:
        load_w = min(load_w, peak_w)
    return flow._replace(past=flow.past.note(at, load_w))


def _take_direction(flow: FlowMemory, at: float, battery_w: float) -> FlowMemory:
    direction = (battery_w > DEAD_BAND_W) - (battery_w < -DEAD_BAND_W)
    if direction != flow.direction:
        return flow._replace(direction=direction, direction_since=at)
    if at - flow.direction_since >= DIRECTION_S:
        return flow._replace(flag=direction)
    return flow
