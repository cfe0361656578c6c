"""Bugs, no more threads, no more file handles: protection goes on."""

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nutbridge.daemon import monitor as monitor_module
from nutbridge.daemon.last_resort import LastResort
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import State
from tests.sim.gateway import Mood
from tests.sim.house import House
from tests.sim.world import World, outage

CRASHES = [
    RuntimeError("can't start new thread"),
    OSError(errno.EMFILE, "Too many open files"),
    MemoryError(),
    KeyError("a bug"),
]


@pytest.fixture(autouse=True)
def crashes() -> None:
    """Here they are wanted."""


def raising(error: Exception) -> Callable[..., Any]:
    def crash(*_args: object, **_named: object) -> Any:
        raise error

    return crash


class Resort(LastResort):
    """Writes into the simulated port file."""

    def __init__(self, world: World) -> None:
        super().__init__(Path("sim.dev"))
        self._world = world

    def write(self, status: str) -> bool:
        self._world.port.place(f"ups.status: {status}\n".encode())
        return True

    def hide(self) -> bool:
        self._world.port.hide()
        return True


def with_resort(world: World) -> World:
    world.monitor.last_resort = Resort(world)
    return world


@pytest.mark.parametrize("error", CRASHES, ids=repr)
def test_crash_in_asking_is_a_silent_poll_on_line(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The OL of a dead gateway stood for ever, and the monitor died every 2 s."""
    world = World(Policy(nocomms_delay_s=60.0))
    world.run_for(30.0)
    world.gateway.grid = raising(error)  # type: ignore[method-assign]
    world.run_for(50.0)
    assert world.port.status == "OL"
    world.run_for(60.0)
    assert world.port.status is None
    traces = [r for r in caplog.records if r.exc_info]
    assert len(traces) == 1


@pytest.mark.parametrize("error", CRASHES, ids=repr)
def test_crash_in_asking_is_a_silent_poll_in_an_outage(error: Exception) -> None:
    world = outage(soc_pct=50.0)
    world.gateway.grid = raising(error)  # type: ignore[method-assign]
    world.gateway.details = raising(error)  # type: ignore[method-assign]
    world.run_for(120.0)
    assert world.port.status == "OB"
    assert world.monitor.memory.state is State.HOLDING
    world.run_until(lambda: world.port.status == "OB LB", 6 * 3600.0)
    assert world.house.dark_at is None


def test_crash_in_the_details_leaves_the_grid(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.run_for(30.0)
    world.gateway.details = raising(KeyError())  # type: ignore[method-assign]
    world.run_for(300.0)
    world.set_grid(there=False)
    world.run_for(15.0)
    assert world.port.status == "OB"
    assert len([r for r in caplog.records if r.exc_info]) == 1


def test_crash_in_upkeep_is_told_and_changes_nothing() -> None:
    world = World()
    world.gateway.upkeep = raising(RuntimeError())  # type: ignore[method-assign]
    world.run_for(100.0)
    assert world.port.status == "OL"


@pytest.mark.parametrize("broken", ["check", "evaluate", "nut_values", "classify"])
def test_crash_in_deciding_in_an_outage_says_ob_then_lb(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the time at which the battery was to be low when all was well."""
    world = with_resort(outage(soc_pct=50.0))
    world.run_for(60.0)
    low_at = world.monitor.memory.low_at
    assert low_at is not None
    monkeypatch.setattr(monitor_module, broken, raising(KeyError("a bug")))
    world.run_for(60.0)
    assert world.port.status == "OB"
    world.run_until(lambda: world.port.status == "OB LB", 6 * 3600.0)
    assert world.clock.boottime() <= low_at + 30.0
    assert world.house.soc_pct == pytest.approx(20.0, abs=5.0)


@pytest.mark.parametrize("broken", ["check", "classify", "awake", "learn"])
def test_crash_in_deciding_when_an_outage_begins(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after the gateway was asked."""
    world = with_resort(World())
    world.run_for(70.0)
    monkeypatch.setattr(monitor_module, broken, raising(KeyError("a bug")))
    world.run_for(60.0)
    assert world.port.status == "OL"
    world.set_grid(there=False)
    world.run_for(25.0)
    assert world.port.status == "OB"


def test_crash_in_deciding_with_the_grid_back_says_no_lb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = with_resort(outage(soc_pct=22.0))
    monkeypatch.setattr(monitor_module, "check", raising(KeyError("a bug")))
    world.set_grid(there=True)
    world.run_for(3 * 3600.0)
    assert world.port.status == "OB"


def test_crash_that_ends_leaves_the_table_in_charge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = with_resort(outage(soc_pct=50.0))
    with monkeypatch.context() as patch:
        patch.setattr(monitor_module, "evaluate", raising(KeyError("a bug")))
        world.run_for(60.0)
    seen: list[str | None] = []
    world.port.on_change = lambda _old, new: seen.append(new)
    world.run_for(60.0)
    assert set(seen) == {"OB"}, "yesterday's OL is not written again"
    world.set_grid(there=True)
    world.run_for(60.0)
    assert world.port.status == "OL"


def test_crash_in_deciding_on_line_hides_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = with_resort(World(Policy(nocomms_delay_s=60.0)))
    world.run_for(70.0)
    monkeypatch.setattr(monitor_module, "check", raising(KeyError("a bug")))
    world.run_for(40.0)
    assert world.port.status == "OL"
    world.run_for(120.0)
    assert world.port.status is None


def test_crash_in_the_start_decision_holds_an_ob(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = outage()
    monkeypatch.setattr(monitor_module, "recall", raising(KeyError("a bug")))
    world.restart(5.0)
    with_resort(world)
    world.run_for(60.0)
    assert world.port.status == "OB"
    assert not world.nut.shutdowns


def test_relay_fails_on_battery_charge_and_power_are_read_all_the_same() -> None:
    """The load rose from 300 W to 4 kW: dark while the file said OB."""
    world = World(house=House(soc_pct=60.0, load_w=300.0))
    world.run_for(20.0)
    world.set_grid(there=False)
    world.run_for(60.0)
    world.gateway.relay_fails = True
    world.house.load_w = 4000.0
    world.run_until(lambda: world.port.status == "OB LB", 4 * 3600.0)
    assert world.house.dark_at is None
    assert world.house.soc_pct == pytest.approx(20.0, abs=3.0)
    text = world.port.data.decode()
    assert "experimental.nutbridge.source: read, silent since" in text


def test_soak_moods_never_leave_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    world = outage()
    for mood in Mood:
        world.set_mood(mood)
        world.run_for(60.0)
    assert not [r for r in caplog.records if r.exc_info]


def test_monitor_restarted_every_50_s_says_lb_in_the_end() -> None:
    """Its seconds asked in vain are summed; it never said LB."""
    world = outage(soc_pct=30.0)
    world.set_mood(Mood.REFUSING)
    for _ in range(400):
        world.run_for(50.0)
        if world.port.status == "OB LB" or world.over:
            break
        world.restart(3.0)
    assert world.port.status == "OB LB"
    assert world.house.dark_at is None
