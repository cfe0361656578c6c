"""Random lives of a monitor: what may happen, and a policy to live by."""

from collections.abc import Callable

from hypothesis import strategies as st

from nutbridge.ups.status.policy import Policy
from tests.sim.gateway import Mood
from tests.sim.world import World

Action = tuple[str, Callable[[World], None]]


_WAITS_S = (1, 5, 20, 45, 70, 150, 400, 1000)


def _wait(seconds: float) -> Action:
    return f"wait {seconds}", lambda world: world.run_for(seconds)


def _mood(mood: Mood) -> Action:
    return mood.value, lambda world: world.set_mood(mood)


def _house(name: str, value: float) -> Action:
    def change(world: World) -> None:
        setattr(world.house, name, value)
        world.watch.break_streak()

    return f"{name} {value}", change


def _charge(soc_pct: float) -> Action:
    """The house is at another charge after a long time on line."""

    def change(world: World) -> None:
        if world.house.grid:
            world.house.soc_pct = soc_pct

    return f"charge {soc_pct}", change


def _full(*, full: bool) -> Action:
    return f"disk full {full}", lambda world: setattr(world.port, "full", full)


_GRID = [
    ("grid gone", lambda w: w.set_grid(there=False)),
    ("grid back", lambda w: w.set_grid(there=True)),
]


_LIFE: list[Action] = [
    ("restart", lambda w: w.restart(1.0)),
    ("restart, slow", lambda w: w.restart(25.0)),
    ("kill", lambda w: w.kill(2.0)),
    ("kill, slow", lambda w: w.kill(45.0)),
    ("kill in check", lambda w: w.kill_in_check()),
    ("kill after write", lambda w: w.kill_after_write()),
    ("reboot", lambda w: w.reboot(40.0, orderly=True)),
    ("crash", lambda w: w.reboot(90.0, orderly=False)),
    ("sleep", lambda w: w.suspend(3000.0)),
    ("nap", lambda w: w.suspend(45.0)),
    ("clock back", lambda w: w.clock.jump_wall(-1e9)),
    ("clock ahead", lambda w: w.clock.jump_wall(1e9)),
    ("state lost", lambda w: w.lose_state()),
    ("touched", lambda w: w.foreign_write(w.port.data + b"# mine\n")),
]


def _either(actions: list[Action]) -> st.SearchStrategy[Action]:
    return st.sampled_from(actions)


ACTIONS = st.one_of(
    _either([_wait(s) for s in _WAITS_S]),
    _either(_GRID),
    _either([_mood(m) for m in Mood]),
    _either([_mood(Mood.OK), _mood(Mood.SILENT)]),
    _either(_LIFE),
    _either([_house("load_w", w) for w in (200.0, 1500.0, 6000.0)]),
    _either([_house("pv_w", w) for w in (0.0, 3000.0)]),
    _either([_house("generator_w", w) for w in (0.0, 5000.0)]),
    _either([_charge(c) for c in (17.0, 22.0, 60.0, 100.0)]),
    _either([_full(full=True), _full(full=False)]),
)


#: Not of ``Policy`` itself: st.builds fills every field of a NamedTuple. The limits
#: are the port file's for the monitor, whatever the policy says.
POLICIES = st.builds(
    Policy()._replace,
    nocomms_delay_s=st.sampled_from([0.0, 20.0, 120.0, 3600.0]),
    relay_s=st.sampled_from([0.0, 5.0, 10.0, 60.0, 300.0]),
    alert_s=st.sampled_from([5.0, 20.0, 60.0, 300.0]),
    pollfreq_s=st.sampled_from([5.0, 60.0, 300.0, 3600.0]),
    status_flags=st.booleans(),
)


def live(world: World, actions: list[Action]) -> None:
    for name, act in actions:
        world.tell(f"-- {name}")
        if name == "disk full False":
            world.watch.break_streak()
        act(world)
        world.run_for(1.0)
        if world.over:
            break
    world.watch.tell()
