"""What the gateway's endpoints say one by one, and what clients are told of the grid.

A house loses its grid and gets it back, while endpoints fail, repeat old answers or
answer in part, the gateway starts anew or is slow, monitors restart, hosts sleep and
clocks jump. The relay fails, but it
does not lie (behind a Meter Collar it says closed for ever, and the Collar does not).
"""

import logging
from collections.abc import Iterator
from random import Random

import pytest

from nutbridge.sources.enphase import paths
from nutbridge.ups.status.policy import Policy
from tests.effort import FACTOR
from tests.sim.house import House
from tests.sim.wire import PATHS, RELAY_FAULTS, WireGateway, other_fault
from tests.sim.world import World

#: A switch of the grid is told after this, polls not counted, s.
_TOLD_S = 100.0
#: What a client may see of the other state, as the grid comes or goes, s.
_CROSSED_S = 40.0


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class _Life:
    """One random life of a house."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.policy = Policy(
            nocomms_delay_s=random.choice([0.0, 120.0, 300.0]),
            relay_s=random.choice([0.0, 5.0, 10.0, 60.0]),
            alert_s=random.choice([5.0, 20.0, 60.0]),
            pollfreq_s=random.choice([30.0, 60.0, 300.0]),
        )
        house = House(soc_pct=90.0, load_w=300.0, capacity_wh=40_000.0)
        self.world = world = World(self.policy, house, gateway=WireGateway)
        assert isinstance(world.gateway, WireGateway)
        self.gateway = world.gateway
        self.gateway.collar = random.random() < 0.5
        self.switched_at = self.settled_at = 0.0
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
            holds="LB" not in words and not lies,
            rule="nobody is told of another grid, nor of a low battery",
        )

    def live(self) -> None:
        """Let the next thing happen, and look what comes of it."""
        often = (self._switch, self._fault) * 3
        self.random.choice([*often, self._host, self._reboot, self._slow])()
        world, faults = self.world, self.gateway.faults
        for _ in range(self.random.choice([1, 3, 12, 40])):
            world.run_for(10.0)
            assert not world.nut.shutdowns, "\n".join(world.story)
            polls_s = max(self.policy.relay_s or self.policy.pollfreq_s, 60.0)
            since = max(self.switched_at, self.settled_at)
            deciding = {"", paths.RELAY, paths.INVENTORY}
            if self.gateway.phase:
                self.settled_at = world.clock.true_s
            if world.clock.true_s - since > _TOLD_S + 4 * polls_s and not (
                deciding & faults.keys()
            ):
                wanted = "OL" if world.house.grid else "OB"
                told = world.port.status
                assert wanted in (told or "").split(), "\n".join(world.story)

    def _switch(self) -> None:
        self.world.set_grid(there=not self.world.house.grid)
        self.world.house.soc_pct = 90.0
        self.switched_at = self.world.clock.true_s

    def _fault(self) -> None:
        random, faults = self.random, self.gateway.faults
        faults.clear()
        for path in random.sample(PATHS, random.choice([0, 1, 2, 2, 3])):
            relay = path == paths.RELAY
            faults[path] = random.choice(RELAY_FAULTS) if relay else other_fault(random)
        if random.random() < 0.1:
            faults[""] = random.choice(["hang", "refuse", 503])
        self.world.tell(f"fails: {sorted(faults)}")
        self.settled_at = self.world.clock.true_s

    def _reboot(self) -> None:
        self.gateway.reboot(self.random)
        self.world.tell(f"gateway starts: {self.gateway.boots}")
        self.settled_at = self.world.clock.true_s

    def _slow(self) -> None:
        self.gateway.slow_s = self.random.choice([0.12, 1.0, 4.0, 9.5])
        self.world.tell(f"answers take {self.gateway.slow_s} s")
        self.settled_at = self.world.clock.true_s

    def _host(self) -> None:
        world, random = self.world, self.random
        event = random.choice(["restart", "kill", "reboot", "sleep", "clocks"])
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
            self.gateway.clock_s += random.choice([-1e9, 3600.0, -60.0])
        self.settled_at = world.clock.true_s


@pytest.mark.parametrize("batch", range(8))
def test_wire_clients_are_told_of_the_grid(batch: int) -> None:
    for number in range(3 * FACTOR):
        life = _Life(1000 * batch + number)
        life.world.run_for(life.random.choice([70.0, 700.0]))
        for _ in range(12):
            life.live()
