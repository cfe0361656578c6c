"""Random lives of a monitor; the rules of watch.py hold at every moment.

The rules and their exceptions: LB never without OB; never without a status;
after OB never hidden until OL was visible for 30 s; no LB while the latest
usable answer is closed, and for half an hour of silence after it; no LB from
reckoning within 60 s of a start; OB LB
within three full polls; upsmon never finds an OB gone.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.ups.status.policy import Policy
from tests.effort import effort
from tests.sim.house import House
from tests.sim.lives import ACTIONS, POLICIES, Action, live
from tests.sim.world import World

pytestmark = pytest.mark.usefixtures("quiet")


@given(POLICIES, st.booleans(), st.lists(ACTIONS, min_size=5, max_size=30))
@effort(1000)
def test_invariants_random_life(
    policy: Policy, outlives: bool, actions: list[Action]
) -> None:
    """From a quiet day on line into whatever comes."""
    world = World(policy, state_outlives_boot=outlives)
    world.run_for(65.0)
    live(world, actions)


@given(
    POLICIES,
    st.sampled_from([17.0, 22.0, 25.0, 60.0]),
    st.lists(ACTIONS, min_size=3, max_size=25),
)
@effort(1000)
def test_invariants_random_outage(
    policy: Policy, soc_pct: float, actions: list[Action]
) -> None:
    """The same, from the first minute of an outage on."""
    world = World(policy, House(soc_pct=soc_pct, load_w=1500.0))
    world.run_for(20.0)
    world.house.soc_pct = soc_pct
    world.set_grid(there=False)
    world.run_for(15.0)
    live(world, actions)
