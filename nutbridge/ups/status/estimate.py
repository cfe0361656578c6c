"""Estimates the charge of a battery while the gateway does not tell it.

From the last good charge on, energy leaves the battery: as measured while power
is measured, else as the last five minutes of this outage say for half an hour
(later the sun may have set), and in any case as much as the house drew in its
last hours (memory.py). Where neither was ever known, half the nominal power.
The reckoned charge never rises.
"""

import math

from nutbridge.ups.status.memory import Memory, expected, most_wh
from nutbridge.ups.status.policy import (
    DEFAULT_FLOOR_PCT,
    ESTIMATE_BLIND,
    ESTIMATE_FACTOR,
    ESTIMATE_LEAST,
    ESTIMATE_PAST_FACTOR,
    ESTIMATE_RECENT_S,
    FULL_MAX_S,
    LONG_PAST_SLOTS,
    POLL_SLACK_S,
    SMOOTH_S,
    SWITCH_OVER_S,
    Policy,
)
from nutbridge.ups.units import SECONDS_PER_HOUR, clamp


def mean_discharge_w(memory: Memory) -> float | None:
    """Return the mean discharge (-: charge) of this outage's last samples, W.

    Motors start as the grid goes: the first minute counts only while nothing
    else was measured.
    """
    samples, since = memory.flow.samples, memory.outage_since or 0.0
    settled = [w for at, w in samples if at - since >= SWITCH_OVER_S]
    counted = settled or [w for _, w in samples]
    return sum(counted) / len(counted) if counted else None


def take_sample(memory: Memory, at: float, power_w: float, policy: Policy) -> Memory:
    """Return the memory with one more measured discharge of this outage.

    What left the battery since the sample before is measured where that is at
    most two polls old, else what the silence between them is reckoned at.
    """
    samples = memory.flow.samples
    gap_s = at - samples[-1][0] if samples else math.inf
    near = gap_s <= 2 * policy.alert_s + POLL_SLACK_S
    silent_wh = 0.0 if near else unmeasured_wh(memory, at, policy)
    net_wh = (samples[-1][1] + power_w) / 2 * gap_s / SECONDS_PER_HOUR if near else 0.0
    kept = tuple(s for s in samples if at - s[0] <= SMOOTH_S)
    flow = memory.flow._replace(samples=(*kept, (at, power_w)))
    memory = memory._replace(flow=flow)
    charge = memory.battery.charge
    if charge is None:
        return memory
    since_s = max(0.0, at - charge.drained_at)
    mean_w = max(0.0, mean_discharge_w(memory) or 0.0)
    left_wh = ESTIMATE_FACTOR * mean_w * since_s / SECONDS_PER_HOUR
    charge = charge._replace(
        drained_wh=charge.drained_wh + (left_wh if near else silent_wh),
        drained_at=max(at, charge.drained_at),
        net_wh=charge.net_wh + net_wh,
    )
    return memory._replace(battery=memory.battery._replace(charge=charge))


def drain_on_line(memory: Memory, at: float, power_w: float, policy: Policy) -> Memory:
    """Return the memory with what has left the battery by one more sample on line.

    A charge may be doubted for minutes, batteries missing say, until an outage
    begins: it is not the load that was drained then, which came from the grid.
    """
    charge = memory.battery.charge
    if charge is None or at <= charge.drained_at:
        return memory
    since_s = at - charge.drained_at
    near = since_s <= 2 * min(policy.pollfreq_s, FULL_MAX_S) + POLL_SLACK_S
    part = memory.battery.part or 1.0
    left_wh = ESTIMATE_FACTOR * max(0.0, power_w) / part * since_s / SECONDS_PER_HOUR
    charge = charge._replace(
        drained_wh=charge.drained_wh
        + (left_wh if near else unmeasured_wh(memory, at, policy)),
        drained_at=at,
    )
    return memory._replace(battery=memory.battery._replace(charge=charge))


def _least_w(memory: Memory, policy: Policy) -> float:
    """Return the least power in a silence, W; none where an hour of loads is known."""
    if len(memory.flow.past.slots_w) >= LONG_PAST_SLOTS:
        return 0.0
    size_wh = memory.battery.size_wh or 0.0
    return ESTIMATE_LEAST * policy.nominal_w_per_wh * size_wh


def unmeasured_wh(memory: Memory, now: float, policy: Policy) -> float:
    """Return what has left the battery since its power was last measured, Wh.

    Never less than the house may have drawn by its last hours; for the first
    half hour less what the sun, seen in the last samples, gave.
    """
    charge = memory.battery.charge
    if charge is None:
        return 0.0
    seconds = max(0.0, now - charge.drained_at)
    least_wh = _least_w(memory, policy) * seconds
    recent_w, recent_s = _recent(memory, charge.drained_at, seconds)
    slots_w = expected(memory.flow.past.slots_w)
    if not slots_w:
        blind_w = ESTIMATE_BLIND * policy.nominal_w_per_wh
        blind_wh = blind_w * (memory.battery.size_wh or 0.0) * (seconds - recent_s)
        return max(least_wh, recent_w * recent_s + blind_wh) / SECONDS_PER_HOUR
    sun_w = _sun_w(memory) if recent_s else 0.0
    net_w = tuple(max(0.0, w - sun_w) for w in slots_w)
    past_wh = ESTIMATE_PAST_FACTOR * (
        most_wh(net_w, recent_s)
        + most_wh(slots_w, seconds)
        - most_wh(slots_w, recent_s)
    )
    return max(past_wh, max(least_wh, recent_w * recent_s) / SECONDS_PER_HOUR)


def _recent(memory: Memory, since: float, seconds: float) -> tuple[float, float]:
    """Return the power of the last samples, and for how long after ``since``.

    Before the first minute of an outage is over a spike counts no more than the
    highest load of the hours before it.
    """
    samples = memory.flow.samples
    if not samples or memory.generator_since is not None:
        return 0.0, 0.0
    mean_w = mean_discharge_w(memory) or 0.0
    last_at, began_at = samples[-1][0], memory.outage_since or 0.0
    peak_w = memory.flow.past.peak_w
    if last_at - began_at < SWITCH_OVER_S and peak_w is not None:
        mean_w = min(mean_w, peak_w)
    recent_s = clamp(last_at + ESTIMATE_RECENT_S - since, 0.0, seconds)
    return ESTIMATE_FACTOR * mean_w, recent_s


def _sun_w(memory: Memory) -> float:
    """Return what something else than the battery gave at the last sample, W."""
    flow = memory.flow
    if flow.load_w is None or not flow.samples:
        return 0.0
    return clamp(flow.load_w - flow.samples[-1][1], 0.0, flow.load_w)


def expected_power_w(memory: Memory, now: float, policy: Policy) -> float | None:
    """Return the power that the estimate assumes, W; None if none is known."""
    charge = memory.battery.charge
    size_wh = memory.battery.size_wh
    if charge is None or size_wh is None:
        return None
    # One second from now on: is it among those of the last samples?
    power_w, recent_s = _recent(memory, now, 1.0)
    slots_w = expected(memory.flow.past.slots_w)
    later_w = ESTIMATE_BLIND * policy.nominal_w_per_wh * size_wh
    if slots_w:
        later_w = ESTIMATE_PAST_FACTOR * sum(slots_w) / len(slots_w)
    if recent_s:
        later_w -= _sun_w(memory)
    return max(power_w, later_w, _least_w(memory, policy))


def estimate(memory: Memory, now: float, policy: Policy) -> Memory:
    """Return the memory with the charge estimated at ``now``, if one was ever read.

    Without a size the charge falls as fast as the battery can give: too low
    rather than unknown.
    """
    charge, size_wh = memory.battery.charge, memory.battery.size_wh
    if charge is None:
        return memory
    if not size_wh:
        left_pct = policy.fall_pct_per_s * max(0.0, now - charge.at)
    else:
        left_wh = charge.drained_wh + unmeasured_wh(memory, now, policy)
        left_pct = 100 * left_wh / size_wh
    before_pct = charge.soc_pct if charge.reckoned_pct is None else charge.reckoned_pct
    soc_pct = clamp(charge.soc_pct - left_pct, 0.0, before_pct)
    charge = charge._replace(reckoned_pct=soc_pct)
    return memory._replace(battery=memory.battery._replace(charge=charge))


def runtime_s(
    soc_pct: float | None,
    capacity_wh: float | None,
    floor_pct: float | None,
    power_w: float | None,
    longest_s: float,
) -> float | None:
    """Return the time until the floor at ``power_w``, s, or None.

    Capacity counts from 0 to 100 %, the part below the floor included: the
    available energy the gateway shows is charge times capacity within 1 %.
    """
    if soc_pct is None or capacity_wh is None or power_w is None:
        return None
    floor = DEFAULT_FLOOR_PCT if floor_pct is None else floor_pct
    left_wh = max(0.0, soc_pct - floor) / 100 * capacity_wh
    if left_wh == 0:
        return 0.0
    if power_w <= 0:
        return longest_s
    return min(longest_s, left_wh * SECONDS_PER_HOUR / power_w)
