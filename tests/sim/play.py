"""Plays one outage of a kind and says what became of it."""

from enum import StrEnum
from random import Random

from nutbridge.ups.status.memory import LoadHistory
from tests.sim.habits import HabitGateway, LivingHouse
from tests.sim.kinds import Kind, Scene
from tests.sim.loads import HOUR_S
from tests.sim.world import World

#: What the monitor sees of the house before the grid goes, s; and for how long
#: before that one ran, whose state file it has.
BEFORE_S = 600.0
PAST_S = 4 * HOUR_S
LOW_PCT = 20.0
#: LB above this many points over low comes too early.
EARLY_PCT = 15.0
_STEP_S = 10.0


class Fate(StrEnum):
    """What became of an outage.

    ``late``: dark, or less than battery.runtime.low between LB and the floor.
    ``wrong``: LB with the grid there, or at a charge more than 15 points above
    low where the load leaves more than battery.runtime.low.
    """

    OVER = "over"
    RIGHT = "right"
    WRONG = "wrong"
    LATE = "late"


def play(kind: Kind, number: int) -> tuple[Fate, list[str]]:
    """Play outage ``number`` of a kind; return its fate and its story."""
    scene = kind.make(Random(f"{kind.name} {number}"))
    world, house = _begin(scene)
    fate = _outage(world, house, scene)
    return fate, [f"{kind.name} {number}: {fate.value}", *world.story[-40:]]


def _begin(scene: Scene) -> tuple[World, LivingHouse]:
    house = LivingHouse(soc_pct=scene.soc_pct, capacity_wh=10_000.0)
    house.live(BEFORE_S, scene.load, scene.sun, scene.generator)
    house.pass_time(0.0, 0.0)
    world = World(scene.policy, house, gateway=HabitGateway)
    gateway = world.gateway
    assert isinstance(gateway, HabitGateway)
    gateway.habits = scene.habits
    world.foreign_write(f"battery.runtime.low: {scene.runtime_low_s:.0f}\n".encode())
    _remember(world, scene)
    world.run_for(BEFORE_S - world.clock.true_s)
    world.set_grid(there=False)
    return world, house


def _remember(world: World, scene: Scene) -> None:
    """Let the monitor know the hours before, read once a minute."""
    past = LoadHistory()
    for second in range(-int(PAST_S), -int(BEFORE_S), 60):
        past = past.note(float(second), scene.load(second))
    memory = world.monitor.memory
    flow = memory.flow._replace(past=past.closed())
    world.monitor.memory = memory._replace(flow=flow)


def _outage(world: World, house: LivingHouse, scene: Scene) -> Fate:
    end_s, lost_s = BEFORE_S + scene.lasts_s, scene.lost_s
    restart_s = scene.restarts_s
    while not _told_low(world):
        now = world.clock.true_s
        if house.dark_at is not None:
            return Fate.LATE
        if house.grid and now > end_s + 6 * HOUR_S:
            return Fate.OVER
        if not house.grid and now >= end_s:
            world.set_grid(there=True)
        if lost_s is not None and now >= BEFORE_S + lost_s:
            house.lose_battery()
            lost_s = None
        world.run_for(_STEP_S)
        if restart_s and world.clock.boottime() - world.started_at >= restart_s:
            world.kill(0.0)
    return _judge(world, house, scene)


def _told_low(world: World) -> bool:
    return bool(world.nut.shutdowns) or "LB" in (world.port.status or "").split()


def _judge(world: World, house: LivingHouse, scene: Scene) -> Fate:
    world.tell(f"LB at {house.soc_pct:.1f} %, load {house.load_w:.0f} W")
    soc_pct = house.soc_pct
    told_s = world.clock.true_s
    now = told_s
    while house.dark_at is None and not house.grid and now < told_s + 3 * HOUR_S:
        now += _STEP_S
        house.pass_time(now, _STEP_S)
    left_s = now - told_s
    if house.grid or (soc_pct > LOW_PCT + EARLY_PCT and left_s > scene.runtime_low_s):
        return Fate.WRONG
    dark = house.dark_at is not None
    return Fate.LATE if dark and left_s < scene.runtime_low_s else Fate.RIGHT
