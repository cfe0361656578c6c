"""What the gateway's endpoints say one by one, and what clients are told of the grid.

A house loses its grid and gets it back, while endpoints fail, repeat old answers or
answer in part, the gateway starts anew or is slow, monitors restart, hosts sleep and
clocks jump. The relay fails, but it does not lie (behind a Meter Collar it says closed
for ever, and the Collar does not).
"""

import pytest

from nutbridge.sources.enphase import paths
from tests.effort import FACTOR
from tests.sim.house import House
from tests.sim.wire import PATHS, RELAY_FAULTS, WireGateway, other_fault
from tests.sim.wire_life import WireLife
from tests.sim.world import World

pytestmark = pytest.mark.usefixtures("quiet")

#: A switch of the grid is told after this, polls not counted, s.
_TOLD_S = 100.0


class _Life(WireLife):
    """One random life of a house with a gateway."""

    def __init__(self, seed: int) -> None:
        house = House(soc_pct=90.0, load_w=300.0, capacity_wh=40_000.0)
        super().__init__(seed, house, WireGateway, least_s=5.0)
        assert isinstance(self.world.gateway, WireGateway)
        self.gateway = self.world.gateway
        self.gateway.collar = self.random.random() < 0.5

    def live(self) -> None:
        """Let the next thing happen, and look what comes of it."""
        often = (self.switch, self._fault) * 3
        self.random.choice([*often, self.host, self._reboot, self._slow])()
        world, deciding = self.world, {"", paths.RELAY, paths.INVENTORY}
        for _ in range(self.random.choice([1, 3, 12, 40])):
            world.run_for(10.0)
            assert not world.nut.shutdowns, self.story
            if self.gateway.phase:
                self.settled_at = world.clock.true_s
            settled = self.calm_s > _TOLD_S + self.polls_s
            fails = deciding & self.gateway.faults.keys()
            assert self.told or fails or not settled, self.story

    def _fault(self) -> None:
        random, faults = self.random, self.gateway.faults
        faults.clear()
        for path in random.sample(PATHS, random.choice([0, 1, 2, 2, 3])):
            relay = path == paths.RELAY
            faults[path] = random.choice(RELAY_FAULTS) if relay else other_fault(random)
        if random.random() < 0.1:
            faults[""] = random.choice(["hang", "refuse", 503])
        self.settle(f"fails: {sorted(faults)}")

    def _reboot(self) -> None:
        self.gateway.reboot(self.random)
        self.settle(f"gateway starts: {self.gateway.boots}")

    def _slow(self) -> None:
        self.gateway.slow_s = self.random.choice([0.12, 1.0, 4.0, 9.5])
        self.settle(f"answers take {self.gateway.slow_s} s")

    def clocks(self) -> None:
        super().clocks()
        self.gateway.clock_s += self.random.choice([-1e9, 3600.0, -60.0])


@pytest.mark.parametrize("batch", range(8))
def test_wire_clients_are_told_of_the_grid(batch: int) -> None:
    for number in range(3 * FACTOR):
        life = _Life(1000 * batch + number)
        life.world.run_for(life.random.choice([70.0, 700.0]))
        for _ in range(12):
            life.live()


@pytest.mark.parametrize(("zeros_s", "half_s"), [(100.0, 0.0), (100.0, 600.0)])
def test_wire_start_after_hours_of_silence_is_no_low_battery(
    zeros_s: float, half_s: float
) -> None:
    """It hung, the grid went, and it has started: what drained is anybody's guess."""
    house = House(soc_pct=90.0, load_w=1000.0, capacity_wh=10_000.0)
    world = World(house=house, gateway=WireGateway)
    world.watch.after_check = world.watch.tell  # type: ignore[method-assign]
    assert isinstance(world.gateway, WireGateway)
    world.run_for(1500.0)
    back_s = world.clock.true_s + 8 * 3600.0
    ends = {
        "away": back_s,
        "zeros": back_s + zeros_s,
        "half": back_s + zeros_s + half_s,
    }
    world.gateway.boots = [(end_s, phase) for phase, end_s in ends.items()]
    world.run_for(8 * 3600.0 - 30.0)
    house.soc_pct = 90.0
    world.set_grid(there=False)
    world.run_for(30.0 + zeros_s + half_s + 300.0)
    story = "\n".join(world.story)
    assert not world.nut.shutdowns, story
    assert world.port.status == "OB", story
