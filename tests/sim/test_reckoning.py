"""A gateway that falls silent in an outage: LB in time, and not before its time."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from nutbridge.ups.status.memory import Charge
from nutbridge.ups.status.policy import Policy
from tests.effort import effort
from tests.sim.gateway import Mood
from tests.sim.house import FLOOR_PCT, House
from tests.sim.world import World

LOW_PCT = 20.0
CAPACITY_WH = 4_000.0
#: 5 % of the nominal 768 W per kWh.
LEAST_W = 0.05 * 768 * CAPACITY_WH / 1000
#: A check every 10 s, 20 s until silence is known, and the same once more.
SLACK_S = 60.0


@dataclass(frozen=True)
class Case:
    """One outage; minutes of it are seen before the gateway falls silent.

    ``grows`` is the part by which the load grows in the silence.
    """

    soc_pct: float
    load_w: float
    seen_s: float
    grows: float
    mood: Mood
    restarts: bool


CASES = st.builds(
    Case,
    soc_pct=st.sampled_from([23.0, 26.0, 40.0, 60.0]),
    load_w=st.sampled_from([100.0, 400.0, 1500.0, 3000.0]),
    seen_s=st.sampled_from([65.0, 200.0, 400.0]),
    grows=st.sampled_from([0.5, 1.0, 1.19]),
    mood=st.sampled_from(
        [Mood.SILENT, Mood.REFUSING, Mood.BUSY_503, Mood.ZEROS, Mood.NO_SECCTRL]
    ),
    restarts=st.booleans(),
)


def estimated_low_s(soc_pct: float, load_w: float) -> float:
    """Return the seconds until ``soc_pct`` falls below LOW_PCT, by the design.

    1.2 x the discharge for 30 min, 1.1 x the load of the hours before, at least
    5 % of nominal. Written anew here, to check the one of the monitor.
    """
    left_wh = (soc_pct - LOW_PCT) / 100 * CAPACITY_WH
    first_s = left_wh / max(1.2 * load_w, LEAST_W) * 3600
    return first_s if first_s <= 1800 else left_wh / max(1.1 * load_w, LEAST_W) * 3600


def _low_at(case: Case, read: Charge) -> tuple[float, float]:
    """Return when the battery is low by the design, at the latest and soonest.

    Without secctrl the powers are read on: 1.2 x the discharge that is measured,
    by a mean of five minutes.
    """
    loads_w = [case.load_w]
    if case.mood is Mood.NO_SECCTRL:
        loads_w.append(case.load_w * case.grows)
        first_s = (read.soc_pct - LOW_PCT) / 100 * CAPACITY_WH * 3600 / 1.2
        ends = [first_s / w for w in loads_w]
    else:
        ends = [estimated_low_s(read.soc_pct, w) for w in loads_w]
    return read.at + max(ends), read.at + min(ends)


@given(CASES)
@effort(25)
def test_estimating_silent_gateway(case: Case) -> None:
    """OB LB no later than the reckoning says, and before the battery is empty."""
    house = House(soc_pct=case.soc_pct, capacity_wh=CAPACITY_WH, load_w=case.load_w)
    world = World(Policy(runtime_low_s=0.0), house)
    world.run_for(20.0)
    house.soc_pct = case.soc_pct
    world.set_grid(there=False)
    world.run_for(case.seen_s)
    if world.over:
        return
    read = world.monitor.memory.battery.charge
    assert read is not None
    world.set_mood(case.mood)
    if case.restarts:
        world.restart(2.0)
    # Without secctrl the powers are still read until the charge is a minute old.
    world.run_for(70.0)
    house.load_w *= case.grows
    low_at, soonest_at = _low_at(case, read)
    low_at = max(low_at, world.started_at + 60.0, read.at + 60.0)
    while not world.over and world.clock.boottime() < low_at + SLACK_S:
        world.run_for(10.0)
    assert [down.reason for down in world.nut.shutdowns] == ["low"]
    assert house.soc_pct > FLOOR_PCT
    told_early_s = soonest_at - world.nut.shutdowns[0].at - 1000.0
    assert told_early_s <= 1.0, "LB before the reckoning says so"


def test_estimating_gateway_silent_with_long_timeouts() -> None:
    """Checks that take minutes are no suspends: LB still comes."""
    house = House(soc_pct=30.0, load_w=2000.0)
    world = World(Policy(), house)
    world.run_for(20.0)
    world.set_grid(there=False)
    world.run_for(120.0)
    world.gateway.timeout_s = 240.0
    world.set_mood(Mood.SILENT)
    house.soc_pct = 30.0
    world.run_for(6 * 3600.0)
    assert [down.reason for down in world.nut.shutdowns] == ["low"]
    assert house.soc_pct > FLOOR_PCT


def test_estimating_checks_far_apart() -> None:
    """POLLFREQALERT=300 and RELAYFREQ=0: waits are no suspends either."""
    house = House(soc_pct=30.0, load_w=1000.0)
    world = World(Policy(alert_s=300.0, relay_s=0.0, pollfreq_s=300.0), house)
    world.run_for(20.0)
    house.soc_pct = 30.0
    world.set_grid(there=False)
    world.run_for(310.0)
    world.set_mood(Mood.REFUSING)
    world.run_for(6 * 3600.0)
    assert [down.reason for down in world.nut.shutdowns] == ["low"]
    assert house.soc_pct > FLOOR_PCT


def test_estimating_after_suspend_asks_first() -> None:
    """Eight hours of sleep on a held OB: the gateway is asked before LB."""
    world = World(Policy(), House(soc_pct=60.0, load_w=300.0))
    world.run_for(20.0)
    world.set_grid(there=False)
    world.run_for(100.0)
    world.set_mood(Mood.REFUSING)
    world.run_for(100.0)
    world.suspend(8 * 3600.0)
    world.set_grid(there=True)
    world.run_for(20.0)
    assert world.port.status == "OB"
    world.set_mood(Mood.OK)
    world.run_for(30.0)
    assert world.port.status == "OL"
    assert not world.nut.shutdowns


def test_estimating_suspend_while_asking() -> None:
    """The same, where the machine falls asleep within a request."""
    house = House(soc_pct=30.0, load_w=1500.0)
    world = World(Policy(), house)
    world.run_for(20.0)
    house.soc_pct = 30.0
    world.set_grid(there=False)
    world.run_for(100.0)
    world.gateway.timeout_s = 3600.0
    world.set_mood(Mood.SILENT)
    asleep_until = world.clock.boottime() + 3000.0
    while world.clock.boottime() < asleep_until:
        world.run_for(1.0)
    assert world.port.status == "OB"
    assert world.monitor.memory.low.lb


def test_estimating_first_open_then_dead() -> None:
    """One ``open``, then nothing: OB, and LB by the charge known before."""
    house = House(soc_pct=50.0, load_w=1000.0)
    world = World(Policy(), house)
    world.run_for(65.0)
    house.soc_pct = 50.0
    world.run_for(60.0)
    world.set_grid(there=False)
    world.run_until(lambda: world.monitor.memory.relay.unconfirmed is not None, 120.0)
    world.set_mood(Mood.REFUSING)
    world.run_for(5.0)
    assert world.port.status == "OB"
    world.run_for(5 * 3600.0)
    assert [down.reason for down in world.nut.shutdowns] == ["low"]
    assert house.soc_pct > FLOOR_PCT
