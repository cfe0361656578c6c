"""Whether the battery is low, and what charge and runtime are shown.

LB stands only beside OB. It comes from a charge below the limit or from a
runtime below the limit in two polls, read or reckoned; GUARDS lists what keeps
it back.
"""

from collections.abc import Callable
from typing import NamedTuple

from nutbridge.ups.model import Grid
from nutbridge.ups.status.estimate import (
    estimate,
    expected_power_w,
    mean_discharge_w,
    runtime_s,
)
from nutbridge.ups.status.memory import LowMemory, Memory
from nutbridge.ups.status.policy import (
    CLOSED_ONCE_S,
    DEAD_BAND_W,
    DIRECTION_S,
    GENERATOR_S,
    HEARD_AGAIN_S,
    LB_CLEAR_PCT,
    NEVER_KNOWN_LB_S,
    NO_ESTIMATED_LB_S,
    NO_LB_FIRST_S,
    RUNTIME_AFTER_S,
    RUNTIME_MAX_S,
    RUNTIME_NEAR_PCT,
    SHORT_POLLS,
    SMOOTH_S,
    SOC_FRESH_S,
    SOC_SHOWN_S,
    Policy,
    effective_low_pct,
)
from nutbridge.ups.status.table import ON_BATTERY_STATES, State


class Verdict(NamedTuple):
    """What the port file has to say besides measured values.

    Attributes:
        status: value of ups.status: OL, OB or OB LB, with CHRG or DISCHRG.
        soc_pct: charge to show, or None.
        runtime_s: runtime to show, s, or None.
        low_pct: battery.charge.low in force.
        capacity_wh: last known capacity.
        estimated: ``soc_pct`` is estimated, not read.
        holding: the gateway is silent during an outage.
        power_w: power behind the estimate, W.
    """

    status: str
    soc_pct: float | None
    runtime_s: float | None
    low_pct: float
    capacity_wh: float | None
    estimated: bool
    holding: bool
    power_w: float | None


class OutageMoment(NamedTuple):
    """All that LB is decided from, at one moment of an outage."""

    memory: Memory
    now: float
    policy: Policy
    soc_pct: float | None
    runtime_s: float | None
    estimated: bool


def evaluate(memory: Memory, now: float, policy: Policy) -> tuple[Memory, Verdict]:
    """Return the memory and the verdict at ``now``."""
    low_pct = effective_low_pct(policy.charge_low_pct, memory.battery.floor_pct)
    if memory.state in ON_BATTERY_STATES:
        return _judge_outage(memory, now, policy, low_pct)
    charge = memory.battery.charge
    shown = charge is not None and now - charge.at < SOC_SHOWN_S
    soc_pct = charge.soc_pct if charge and shown else None
    load_w = _load_w(memory, now)
    verdict = Verdict(
        status="OL" + _flag(memory, policy, known=now - memory.flow.at < SOC_SHOWN_S),
        soc_pct=soc_pct,
        runtime_s=_runtime(memory, soc_pct, load_w),
        low_pct=low_pct,
        capacity_wh=memory.battery.size_wh,
        estimated=False,
        holding=False,
        power_w=None,
    )
    return memory._replace(low=LowMemory()), verdict


def _judge_outage(
    memory: Memory, now: float, policy: Policy, low_pct: float
) -> tuple[Memory, Verdict]:
    battery = memory.battery
    charge = battery.charge
    estimated = charge is None or now - charge.at >= SOC_FRESH_S
    soc_pct = charge.soc_pct if charge else None
    power_w = _power_read_w(memory, now)
    if estimated and not generator_carries(memory, now, policy):
        memory = estimate(memory, now, policy)
        charge = memory.battery.charge
        soc_pct = charge.reckoned_pct if charge else None
        power_w = expected_power_w(memory, now, policy)
    seconds = _runtime(memory, soc_pct, power_w)
    look = OutageMoment(memory, now, policy, soc_pct, seconds, estimated)
    low = _low(look, _poll_key(look), low_pct)
    memory = memory._replace(low=low)
    held_back = any(guard(look) for guard in GUARDS)
    return memory, Verdict(
        status=("OB LB" if low.lb and not held_back else "OB")
        + _flag(memory, policy, known=not estimated),
        soc_pct=soc_pct,
        runtime_s=seconds,
        low_pct=low_pct,
        capacity_wh=battery.size_wh,
        estimated=estimated,
        holding=memory.state is State.HOLDING,
        power_w=power_w,
    )


def _power_read_w(memory: Memory, now: float) -> float | None:
    """Return the mean discharge, else the house load; None where both are old."""
    flow = memory.flow
    if flow.samples and now - flow.samples[-1][0] < SMOOTH_S:
        return mean_discharge_w(memory)
    return _load_w(memory, now)


def _load_w(memory: Memory, now: float) -> float | None:
    return memory.flow.load_w if now - memory.flow.load_at < SOC_SHOWN_S else None


def _runtime(
    memory: Memory, soc_pct: float | None, power_w: float | None
) -> float | None:
    battery = memory.battery
    return runtime_s(
        soc_pct, battery.size_wh, battery.floor_pct, power_w, RUNTIME_MAX_S
    )


def _poll_key(look: OutageMoment) -> float:
    """Return what names this poll, so that it is counted once.

    A charge read before the outage is no poll of it: its power was that of the
    house on line.
    """
    charge, since = look.memory.battery.charge, look.memory.outage_since
    if look.estimated or charge is None:
        return look.now // look.policy.alert_s
    if since is not None and charge.at < since:
        return look.memory.low.short_key
    return charge.at


def _low(look: OutageMoment, key: float, low_pct: float) -> LowMemory:
    """Return whether the battery is low; the guards are looked at elsewhere.

    ``key`` names the poll, so that one poll is counted once.
    """
    memory, soc_pct, seconds = look.memory, look.soc_pct, look.runtime_s
    if memory.battery.fitted is False:
        return LowMemory()
    low, own_low = memory.low, memory.battery.own_low
    enough = seconds is None or seconds >= look.policy.runtime_low_s
    if enough or not _runtime_counts(look, low_pct):
        low = low._replace(short_polls=0, short_key=key)
    elif key != low.short_key:
        low = low._replace(short_polls=low.short_polls + 1, short_key=key)
    if soc_pct is None:
        return low._replace(lb=low.lb or _never_known(memory, look.now))
    if generator_carries(memory, look.now, look.policy):
        return low._replace(lb=False)
    own_counts = own_low is not None and own_low.counts
    if soc_pct < low_pct or low.short_polls >= SHORT_POLLS or own_counts:
        return low._replace(lb=True)
    if low.short_polls == 0 and soc_pct >= low_pct + LB_CLEAR_PCT:
        return low._replace(lb=False)
    return low


def _never_known(memory: Memory, now: float) -> bool:
    """Whether the battery has been unknown for too long in this outage."""
    since = memory.outage_since
    charge = memory.battery.charge
    if charge is not None and since is not None:
        since = max(since, charge.at)
    return since is not None and now - since >= NEVER_KNOWN_LB_S


def _runtime_counts(look: OutageMoment, low_pct: float) -> bool:
    """Whether the runtime rests on more than the spikes of the switch-over."""
    since = look.memory.outage_since or 0.0
    if look.soc_pct is not None and look.soc_pct <= low_pct + RUNTIME_NEAR_PCT:
        return True
    charge, flow = look.memory.battery.charge, look.memory.flow
    if look.estimated and charge is not None:
        return look.now - max(charge.at + SOC_FRESH_S, since) >= RUNTIME_AFTER_S
    if flow.samples:
        return flow.samples[-1][0] - flow.samples[0][0] >= RUNTIME_AFTER_S
    return flow.load_at - since >= RUNTIME_AFTER_S


def generator_carries(memory: Memory, now: float, policy: Policy) -> bool:
    """Whether a generator runs and the battery does not discharge.

    Judged by the mean of the last DIRECTION_S since the generator started, up
    to the last sample; see ``_generator_believed_s`` for how long that counts.
    """
    since = memory.generator_since
    samples = memory.flow.samples
    if since is None or not samples:
        return False
    last_at = samples[-1][0]
    if now - last_at >= _generator_believed_s(memory, policy):
        return False
    begin = max(since, last_at - DIRECTION_S)
    recent = [w for at, w in samples if at >= begin]
    return bool(recent) and sum(recent) / len(recent) <= DEAD_BAND_W


def _generator_believed_s(memory: Memory, policy: Policy) -> float:
    """Return how long a generator that carried is believed without a sample, s.

    While the relay says that it runs, two full polls. In a silence GENERATOR_S,
    or half the time from the last charge to the floor at peak load: the other
    half is left for the reckoning, should it have stopped at once.
    """
    polls_s = max(DIRECTION_S, 2 * policy.alert_s)
    battery, flow = memory.battery, memory.flow
    charge, size_wh = battery.charge, battery.size_wh
    peak_w = max(flow.past.peak_w or 0.0, flow.load_w or 0.0)
    if charge is None or not size_wh or not peak_w:
        return polls_s
    left_s = runtime_s(
        charge.soc_pct, size_wh, battery.floor_pct, peak_w, RUNTIME_MAX_S
    )
    silent_s = min(GENERATOR_S, (left_s or 0.0) / 2)
    return silent_s if memory.relay.silent_since is not None else max(polls_s, silent_s)


def _flag(memory: Memory, policy: Policy, *, known: bool) -> str:
    if not policy.status_flags or not known:
        return ""
    return {1: " DISCHRG", -1: " CHRG"}.get(memory.flow.flag, "")


def _outage_is_young(look: OutageMoment) -> bool:
    """The first seconds, unless the runtime is unknown or very short."""
    since = look.memory.outage_since
    if since is None or look.now - since >= NO_LB_FIRST_S:
        return False
    return look.runtime_s is not None and look.runtime_s >= 2 * (
        look.policy.runtime_low_s
    )


def _nobody_asked_yet(look: OutageMoment) -> bool:
    """After a start or suspend: neither a reading nor a minute of asking.

    A charge that is reckoned from one read in this outage counts at once: where full
    polls are a minute apart LB would else come and go with each. One read before it
    does not: OB is written before the charge is asked for, and a charge read hours
    ago on line would say LB there, beside a full battery. After a restart at least
    one check must have asked in vain.
    """
    memory = look.memory
    charge = memory.battery.charge
    least_s = HEARD_AGAIN_S if _heard_after_silence(look) else NO_ESTIMATED_LB_S
    if memory.vain_s >= least_s and memory.checked_at > memory.started_at:
        return False
    since = memory.started_at
    if look.estimated:
        since = max(since, memory.outage_since or 0.0)
    return charge is None or charge.at < since


def _heard_after_silence(look: OutageMoment) -> bool:
    """Whether the gateway answers, and the charge is of before a silence.

    One that has started finds its batteries in a minute or two, and will tell: until
    then a charge reckoned down through hours, in which the grid may have carried the
    house, is no reason to shut it down.
    """
    charge, since = look.memory.battery.charge, look.memory.outage_since
    heard_at = look.memory.relay.at
    if charge is None or since is None or heard_at is None:
        return False
    heard = look.now - heard_at < NO_ESTIMATED_LB_S
    return heard and since - charge.at >= SOC_SHOWN_S


def _grid_seems_back(look: OutageMoment) -> bool:
    """The latest word is ``closed``, not yet said twice.

    A word is no proof for ever: half an hour of silence after it, or a charge
    that leaves only battery.runtime.low above the floor, and LB comes.
    """
    relay, seconds = look.memory.relay, look.runtime_s
    if relay.grid is not Grid.CLOSED:
        return False
    since = look.memory.started_at if relay.closed_at is None else relay.closed_at
    short = seconds is not None and seconds < look.policy.runtime_low_s
    # What says ``closed`` again and again is not silent.
    least_s = max(NO_ESTIMATED_LB_S, 2 * look.policy.alert_s)
    return look.now - since < (least_s if short else CLOSED_ONCE_S)


#: LB is held back while any of these holds.
GUARDS: tuple[Callable[[OutageMoment], bool], ...] = (
    _outage_is_young,
    _nobody_asked_yet,
    _grid_seems_back,
)
