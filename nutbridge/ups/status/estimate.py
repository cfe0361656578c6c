"""The charge of a battery that nobody tells us about.

From the last good charge on, energy leaves the battery at RECKON_FACTOR times
the mean discharge of the last five minutes of this outage; without such a
mean, after RECKON_RECENT_S, or with a generator at the last reading, at that
factor times the last house load; with neither at half the nominal power. The
reckoned charge never rises.
"""

from dataclasses import replace

from nutbridge.ups.status.memory import BatteryMemory, Memory
from nutbridge.ups.status.policy import (
    DEFAULT_FLOOR_PCT,
    ESTIMATE_BLIND,
    ESTIMATE_FACTOR,
    ESTIMATE_LEAST,
    ESTIMATE_RECENT_S,
    Policy,
)
from nutbridge.ups.units import SECONDS_PER_HOUR


def mean_discharge_w(memory: Memory) -> float | None:
    """Return the mean discharge (-: charge) of this outage's last samples, W."""
    samples = memory.flow.samples
    return sum(w for _, w in samples) / len(samples) if samples else None


def drain(memory: Memory, now: float, policy: Policy) -> Memory:
    """Return the memory with the energy that has left the battery by ``now``."""
    charge, capacity_wh = memory.battery.charge, memory.battery.capacity_wh
    if charge is None or capacity_wh is None or now <= charge.drained_at:
        return memory
    recent_w, later_w = estimated_power_w(memory, capacity_wh, policy)
    turn = charge.at + ESTIMATE_RECENT_S
    recent_s = max(0.0, min(now, turn) - charge.drained_at)
    later_s = max(0.0, now - max(charge.drained_at, turn))
    left_wh = (recent_w * recent_s + later_w * later_s) / SECONDS_PER_HOUR
    charge = replace(charge, drained_wh=charge.drained_wh + left_wh, drained_at=now)
    return replace(memory, battery=replace(memory.battery, charge=charge))


def estimated_power_w(
    memory: Memory, capacity_wh: float, policy: Policy
) -> tuple[float, float]:
    """Return the power assumed up to RECKON_RECENT_S and after it, W."""
    nominal_w = policy.nominal_w_per_wh * capacity_wh
    least_w = ESTIMATE_LEAST * nominal_w
    load_w = memory.flow.load_w
    later_w = ESTIMATE_BLIND * nominal_w if load_w is None else ESTIMATE_FACTOR * load_w
    mean_w = mean_discharge_w(memory)
    if mean_w is None or memory.generator_since is not None:
        recent_w = later_w
    else:
        recent_w = ESTIMATE_FACTOR * mean_w
    return max(recent_w, least_w), max(later_w, least_w)


def estimated_soc_pct(battery: BatteryMemory) -> float | None:
    """Return the charge as ``drain`` left it, or None when it cannot be known."""
    charge, capacity_wh = battery.charge, battery.capacity_wh
    if charge is None or not capacity_wh:
        return None
    return max(0.0, charge.soc_pct - 100 * charge.drained_wh / capacity_wh)


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
