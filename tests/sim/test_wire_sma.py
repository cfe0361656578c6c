"""What an inverter's paths say one by one, and what clients are told of the grid.

A house loses its grid and gets it back, while login, values and all else fail or
answer in part, sessions end, monitors restart, hosts sleep and clocks jump. An
inverter fails, but its tags do not lie.
"""

import logging
from collections.abc import Iterator
from random import Random

import pytest

from nutbridge.ups.status.policy import Policy
from tests.effort import FACTOR
from tests.sim.house import House
from tests.sim.wire_sma import WireEnnexos, WireInverter, any_fault
from tests.sim.world import World

#: What a client may see of the other state, as the grid comes or goes, s.
_CROSSED_S = 40.0
#: A switch that the inverter has told so often is told to clients.
_TOLD = 3
#: Nobody logs in more often than this in any hour, however it fails: the pauses.
_LOGINS = 62
#: Nor does anybody hold more sessions, where one can be ended.
_SESSIONS = 4

SPEAKS = (WireInverter, WireEnnexos)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class _Life:
    """One random life of a house."""

    def __init__(self, seed: int, speaks: type[WireInverter], house: House) -> None:
        self.random = random = Random(seed)
        self.policy = Policy(
            nocomms_delay_s=random.choice([0.0, 120.0, 300.0]),
            relay_s=random.choice([0.0, 6.0, 10.0, 60.0]),
            alert_s=random.choice([6.0, 20.0, 60.0]),
            pollfreq_s=random.choice([30.0, 60.0, 300.0]),
        )
        self.world = world = World(self.policy, house, gateway=speaks)
        assert isinstance(world.gateway, WireInverter)
        self.inverter = world.gateway
        self.switched_at = self.settled_at = 0.0
        self.endless = False
        world.watch.after_check = world.watch.tell  # type: ignore[method-assign]
        world.port.on_change = self._changed

    def _changed(self, old: str | None, new: str | None) -> None:
        """Look at what clients are told, whatever fails."""
        world = self.world
        world.tell(f"file: {old!r} -> {new!r}")
        now, there = world.clock.true_s, world.house.grid
        if not new or new == old or now - self.switched_at < _CROSSED_S:
            return
        words = new.split()
        lies = "OB" in words and world.phase != "start" if there else "OL" in words
        world.watch.require(
            holds=not lies and not ("LB" in words and self.full),
            rule="nobody is told of another grid, nor of a low battery",
        )

    @property
    def full(self) -> bool:
        return self.world.house.soc_pct > 80.0

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and look at what clients are told."""
        world, inverter = self.world, self.inverter
        world.run_for(seconds)
        now, since = world.clock.true_s, max(self.switched_at, self.settled_at)
        told = [at for at in inverter.good if at > since + 10.0]
        story = "\n".join(world.story)
        if len(told) > _TOLD:
            wanted = "OL" if world.house.grid else "OB"
            assert wanted in (world.port.status or "").split(), story
        polls_s = 4 * max(self.policy.relay_s or self.policy.pollfreq_s, 60.0)
        if not inverter.faults and now - since > inverter.longest_s + polls_s:
            assert len(told) > _TOLD, story
        assert sum(at > now - 3600.0 for at in inverter.logins) <= _LOGINS, story
        assert inverter.sessions <= _SESSIONS or self.endless, story

    def live(self) -> None:
        """Let the next thing happen, and look what comes of it."""
        self.random.choice([*(self.switch, self.fault) * 3, self.host])()
        for _ in range(self.random.choice([1, 3, 12, 40, 240])):
            self.pass_time(10.0)
            assert not self.world.nut.shutdowns, "\n".join(self.world.story)

    def switch(self) -> None:
        self.world.set_grid(there=not self.world.house.grid)
        self.world.house.soc_pct = 95.0
        self.switched_at = self.world.clock.true_s
        self.inverter.good.clear()

    def fault(self) -> None:
        random, inverter = self.random, self.inverter
        inverter.faults.clear()
        if random.random() < 0.3:
            inverter.restart()
        for path in random.sample(inverter.fragile, random.choice([0, 1, 1, 2, 3])):
            inverter.faults[path] = any_fault(random)
        if random.random() < 0.1:
            inverter.faults[""] = random.choice(["hang", "refuse", 503])
        self.endless |= not {*inverter.ends, ""}.isdisjoint(inverter.faults)
        self.world.tell(f"fails: {inverter.faults}")
        self.settled_at = self.world.clock.true_s

    def host(self, *, stays_up: bool = False) -> None:
        """Let something happen to the machine with the monitor."""
        world, random = self.world, self.random
        events = ["restart", "kill", "clocks", "reboot", "sleep"]
        event = random.choice(events[:3] if stays_up else events)
        world.tell(event)
        if event == "restart":
            world.restart(random.choice([1.0, 25.0]))
        elif event == "kill":
            world.kill(2.0)
        elif event == "reboot":
            world.reboot(60.0, orderly=random.random() < 0.5)
        elif event == "sleep":
            world.suspend(random.choice([100.0, 5000.0]))
        else:
            world.clock.jump_wall(random.choice([-1e9, 3600.0]))
        self.settled_at = world.clock.true_s


@pytest.mark.parametrize("batch", range(4))
@pytest.mark.parametrize("speaks", SPEAKS)
def test_wire_sma_clients_are_told_of_the_grid(
    speaks: type[WireInverter], batch: int
) -> None:
    for number in range(2 * FACTOR):
        house = House(soc_pct=95.0, load_w=300.0, capacity_wh=60_000.0)
        life = _Life(1000 * batch + number, speaks, house)
        life.world.run_for(life.random.choice([70.0, 700.0]))
        for _ in range(12):
            life.live()


@pytest.mark.parametrize("batch", range(2))
@pytest.mark.parametrize("speaks", SPEAKS)
def test_wire_sma_low_battery_comes_before_the_dark(
    speaks: type[WireInverter], batch: int
) -> None:
    for number in range(2 * FACTOR):
        house = House(soc_pct=95.0, load_w=1500.0, capacity_wh=10_000.0)
        life = _Life(7_000_000 + 1000 * batch + number, speaks, house)
        life.world.run_for(700.0)
        life.switch()
        life.pass_time(200.0)
        while not life.world.over:
            if life.random.random() < 0.7:
                life.fault()
            else:
                life.host(stays_up=True)
            life.pass_time(life.random.choice([60.0, 400.0, 1200.0]))
        story = "\n".join(life.world.story)
        assert [down.reason for down in life.world.nut.shutdowns] == ["low"], story
        assert house.dark_at is None, story
