"""The rules of watch.py hold with an inverter as the UPS too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.ups.status.policy import Policy
from tests.effort import effort
from tests.sim.gateway import Mood
from tests.sim.house import House
from tests.sim.inverter import SimEnnexos, SimInverter
from tests.sim.lives import ACTIONS, POLICIES, Action, live
from tests.sim.world import World

pytestmark = pytest.mark.usefixtures("quiet")

INVERTERS = (SimInverter, SimEnnexos)


@given(
    POLICIES,
    st.booleans(),
    st.lists(ACTIONS, min_size=5, max_size=30),
    st.sampled_from(INVERTERS),
)
@effort(100)
def test_inverter_random_life(
    policy: Policy, outlives: bool, actions: list[Action], speaks: type[SimInverter]
) -> None:
    world = World(policy, state_outlives_boot=outlives, gateway=speaks)
    world.run_for(65.0)
    live(world, actions)


@given(
    POLICIES,
    st.sampled_from([17.0, 22.0, 25.0, 60.0]),
    st.lists(ACTIONS, min_size=3, max_size=25),
    st.sampled_from(INVERTERS),
)
@effort(100)
def test_inverter_random_outage(
    policy: Policy, soc_pct: float, actions: list[Action], speaks: type[SimInverter]
) -> None:
    world = World(policy, House(soc_pct=soc_pct, load_w=1500.0), gateway=speaks)
    world.run_for(20.0)
    world.house.soc_pct = soc_pct
    world.set_grid(there=False)
    world.run_for(15.0)
    live(world, actions)


# A wrong charge that lasts has to be believed.
@pytest.mark.parametrize("mood", sorted({*Mood} - {Mood.TOO_LOW, Mood.PARTIAL}))
@pytest.mark.parametrize("speaks", INVERTERS)
def test_outage_ends_in_lb_before_the_house_is_dark(
    mood: Mood, speaks: type[SimInverter]
) -> None:
    """Whatever the inverter says, or nothing: OB is held, LB comes in time."""
    world = World(house=House(soc_pct=60.0, load_w=2000.0), gateway=speaks)
    world.run_for(130.0)
    world.set_grid(there=False)
    world.run_for(130.0)
    world.set_mood(mood)
    world.run_for(5 * 3600.0)
    assert [down.reason for down in world.nut.shutdowns] == ["low"]
    assert world.house.dark_at is None
    assert world.house.soc_pct < 35.0


@pytest.mark.parametrize("speaks", INVERTERS)
@pytest.mark.parametrize("mood", list(Mood))
def test_no_mood_on_line_shuts_down(mood: Mood, speaks: type[SimInverter]) -> None:
    world = World(house=House(soc_pct=60.0), gateway=speaks)
    world.run_for(130.0)
    world.set_mood(mood)
    world.run_for(3600.0)
    world.set_mood(Mood.OK)
    world.run_for(60.0)
    assert world.port.status == "OL"
    assert not world.nut.shutdowns
