"""30 simulated days with everything that gateways are known to do."""

import gc
import random
from collections.abc import Callable

import pytest

from nutbridge.ups.status.policy import Policy
from tests.sim.gateway import Mood
from tests.sim.house import House
from tests.sim.score import Score
from tests.sim.world import World

pytestmark = pytest.mark.usefixtures("quiet")

DAYS = 30
DAY_S = 86_400.0
HOUR_S = 3600.0
#: Length of the outages, min; one each second day.
OUTAGES_MIN = (1, 3, 10, 20, 45, 60, 90, 120, 180, 240, 300, 360, 480, 600, 720)

Plan = list[tuple[float, Callable[[World], None]]]


def _mood(mood: Mood) -> Callable[[World], None]:
    return lambda world: world.set_mood(mood)


def _load(watt: float) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.house.load_w = watt

    return change


def _night(start_s: float, dice: random.Random) -> Plan:
    """Silence at 23:00; every third night a reboot with zeros, then one battery."""
    late_s = start_s + 23 * HOUR_S
    plan: Plan = [
        (late_s, _mood(Mood.SILENT)),
        (late_s + dice.uniform(25, 85), _mood(Mood.OK)),
    ]
    if dice.random() < 1 / 3:
        at_s = start_s + dice.uniform(1, 3) * HOUR_S
        back_s = at_s + dice.uniform(20, 30) * 60
        plan += [
            (at_s, _mood(Mood.REFUSING)),
            (back_s, _mood(Mood.ZEROS)),
            (back_s + 60, _mood(Mood.PARTIAL)),
            (back_s + 200, _mood(Mood.OK)),
        ]
    return plan


def _hazards(start_s: float, dice: random.Random) -> Plan:
    """Short things at any time: another address, a token refused, 503, clocks."""
    plan: Plan = []
    for mood, least_s, most_s in (
        (Mood.REFUSING, 30, 120),
        (Mood.TOKEN_401, 20, 90),
        (Mood.BUSY_503, 20, 60),
        (Mood.ODD_WORD, 5, 30),
        (Mood.LOST_MODE, 5, 60),
    ):
        at_s = start_s + dice.uniform(3.6, 22.9) * HOUR_S
        plan += [
            (at_s, _mood(mood)),
            (at_s + dice.uniform(least_s, most_s), _mood(Mood.OK)),
        ]
    some: list[Callable[[World], None]] = [
        lambda world: world.restart(2.0),
        lambda world: world.kill(20.0),
        lambda world: world.clock.jump_wall(-7200.0),
        lambda world: world.clock.jump_wall(4e8),
        lambda world: world.kill_in_check(),
    ]
    return [*plan, (start_s + dice.uniform(4, 22) * HOUR_S, dice.choice(some))]


def make_plan(dice: random.Random) -> Plan:
    """Return what happens in DAYS days, in the order of time."""
    plan: Plan = []
    lengths = list(OUTAGES_MIN)
    dice.shuffle(lengths)
    for day in range(DAYS):
        start_s = day * DAY_S
        plan += _night(start_s, dice)
        plan += _hazards(start_s, dice)
        for hour in (0, 7, 18):
            plan.append((start_s + hour * HOUR_S, _load(dice.uniform(300, 1500))))
        if day % 2:
            gone_s = start_s + dice.uniform(4, 22) * HOUR_S
            back_s = gone_s + 60 * lengths.pop()
            plan += [
                (gone_s, lambda world: world.set_grid(there=False)),
                (back_s, lambda world: world.set_grid(there=True)),
            ]
    return sorted(plan, key=lambda entry: entry[0])


def _sizes(world: World) -> tuple[int, int, int]:
    gc.collect()
    memory = world.monitor.memory
    return len(memory.flow.samples), len(memory.told), len(gc.get_objects())


@pytest.mark.slow(40)
def test_soak_thirty_days() -> None:
    """No rule of watch.py broken, no shutdown wrong or late, memory flat."""
    house = House(capacity_wh=10_000.0)
    world = World(Policy(relay_s=20.0), house, state_outlives_boot=True)
    score = Score(world)
    begin: tuple[int, int, int] | None = None
    for at_s, happen in make_plan(random.Random(2026)):
        world.run_for(at_s - world.clock.true_s)
        if world.over:
            score.end_of_outage()
            world.power_off(max(0.0, at_s - world.clock.true_s))
        happen(world)
        if house.grid:
            score.grid_back_at = world.clock.true_s
            if world.over:
                world.nut.shutdowns.clear()
                world.power_on()
        if begin is None and at_s > 3 * DAY_S:
            begin = _sizes(world)
    world.run_for(600.0)
    samples, told, objects = _sizes(world)
    print(f"{DAYS} days: {dict(score.counts)}, {objects} objects")
    assert world.clock.true_s > (DAYS - 1) * DAY_S
    assert not score.wrong_stories, score.wrong_stories[0]
    assert samples <= 61
    assert told <= 8
    assert begin is not None
    assert objects - begin[2] < 500
    assert world.port.status == "OL"
    assert house.grid
