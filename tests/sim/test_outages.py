"""500 random outages: wrong and late shutdowns must be 0 and 0.

In each the gateway answers when the grid goes; then everything may happen:
silence, reboots with zeros and half a battery, 401, 503, odd words, restarts
and kills of the monitor, clock steps. While the charge cannot be read the
house's drain stays below 1.2 x the last one, the limit of any reckoning.
NUTBRIDGE_EFFORT=20 plays 10,000.
"""

import logging
import random
from collections import Counter

import pytest

from nutbridge.ups.status.policy import Policy
from tests.effort import FACTOR
from tests.sim.gateway import Mood
from tests.sim.house import House
from tests.sim.score import Score
from tests.sim.world import World

PARTS = 4
OUTAGES = 125 * FACTOR
#: Moods and how long each lasts, s.
FAULTS: tuple[tuple[tuple[Mood, float, float], ...], ...] = (
    ((Mood.SILENT, 25.0, 85.0),),
    ((Mood.SILENT, 300.0, 600.0),),
    ((Mood.REFUSING, 1200.0, 1800.0), (Mood.ZEROS, 30, 120), (Mood.PARTIAL, 60, 300)),
    ((Mood.BUSY_503, 20.0, 60.0),),
    ((Mood.TOKEN_401, 20.0, 300.0),),
    ((Mood.NO_SECCTRL, 60.0, 1200.0),),
    ((Mood.NO_SOC, 60.0, 300.0),),
    ((Mood.ODD_WORD, 10.0, 300.0),),
    ((Mood.LOST_MODE, 10.0, 120.0),),
    ((Mood.TOO_LOW, 5.0, 45.0),),
    ((Mood.SILENT, 9e9, 9e9),),
)


def _daemon(world: World, dice: random.Random) -> None:
    """Now and then something happens to the monitor."""
    what = dice.random()
    if what < 0.05:
        world.restart(dice.uniform(0, 5))
    elif what < 0.10:
        world.kill(dice.uniform(0, 30))
    elif what < 0.13:
        world.kill_in_check()
    elif what < 0.16:
        world.kill_after_write()
    elif what < 0.20:
        world.clock.jump_wall(dice.choice([-1e9, -3600.0, 3600.0, 1e9]))


def _outage(world: World, dice: random.Random, lasts_s: float) -> None:
    end = world.clock.true_s + lasts_s
    house = world.house
    base_w = house.load_w
    while world.clock.true_s < end and not world.over:
        house.load_w = base_w * dice.uniform(0.5, 1.5)
        world.run_for(min(end - world.clock.true_s, dice.uniform(330, 2400)))
        world.run_for(2 * 20.0)
        for mood, least_s, most_s in dice.choice(FAULTS):
            left_s = max(0.0, end - world.clock.true_s)
            world.set_mood(mood)
            lasts = min(left_s, dice.uniform(least_s, most_s))
            world.run_for(lasts / 2)
            _daemon(world, dice)
            house.load_w *= dice.uniform(0.95, 1.0)
            world.run_for(lasts / 2)
        world.set_mood(Mood.OK)


def one_outage(seed: int) -> tuple[Counter[str], list[str]]:
    """Play one outage and count what became of it."""
    dice = random.Random(seed)
    capacity_wh = dice.choice([5000.0, 10_000.0, 15_000.0])
    house = House(capacity_wh=capacity_wh, load_w=capacity_wh * dice.uniform(0.1, 0.45))
    policy = Policy(relay_s=dice.choice([0.0, 10.0]), pollfreq_s=30.0)
    world = World(policy, house)
    score = Score(world)
    world.run_for(70.0)
    world.house.soc_pct = dice.uniform(30.0, 100.0)
    world.run_for(40.0)
    world.set_grid(there=False)
    _outage(world, dice, 60.0 * 720 ** dice.random())
    score.end_of_outage()
    if not world.over:
        world.set_mood(Mood.OK)
        world.set_grid(there=True)
        score.grid_back_at = world.clock.true_s
        world.run_for(300.0)
        assert world.port.status == "OL" or world.over
    return score.counts, score.wrong_stories


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_outages_none_wrong_none_late(part: int) -> None:
    logging.disable(logging.CRITICAL)
    total: Counter[str] = Counter()
    stories: list[str] = []
    try:
        for number in range(OUTAGES):
            counts, wrong = one_outage(part * OUTAGES + number)
            total += counts
            stories += wrong
    finally:
        logging.disable(logging.NOTSET)
    print(
        f"{OUTAGES} outages: {total['right']} shutdowns in time, "
        f"{total['reckoned']} by reckoning, "
        f"{total['wrong']} wrong, {total['late']} late"
    )
    assert not stories, stories[0]
    assert total["right"] > 8
    assert total["reckoned"] > 8
