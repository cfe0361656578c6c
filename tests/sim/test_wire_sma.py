"""What an inverter's paths say one by one, and what clients are told of the grid.

A house loses its grid and gets it back, while login, values and all else fail or
answer in part, sessions end, monitors restart, hosts sleep and clocks jump. An
inverter fails, but its tags do not lie.
"""

import pytest

from tests.effort import FACTOR
from tests.sim.house import House
from tests.sim.wire_life import WireLife
from tests.sim.wire_sma import WireEnnexos, WireInverter, any_fault

pytestmark = pytest.mark.usefixtures("quiet")

#: A switch that the inverter has told so often is told to clients.
_TOLD = 3
#: Nobody logs in more often than this in any hour, however it fails: the pauses.
_LOGINS = 62
#: Nor does anybody hold more sessions, where one can be ended.
_SESSIONS = 4

SPEAKS = (WireInverter, WireEnnexos)


class _Life(WireLife):
    """One random life of a house with an inverter."""

    def __init__(self, seed: int, speaks: type[WireInverter], house: House) -> None:
        super().__init__(seed, house, speaks, least_s=6.0)
        assert isinstance(self.world.gateway, WireInverter)
        self.inverter = self.world.gateway
        self.endless = False

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and look at what clients are told."""
        self.world.run_for(seconds)
        inverter, now = self.inverter, self.world.clock.true_s
        often = sum(at > now - self.calm_s + 10.0 for at in inverter.good) > _TOLD
        assert self.told or not often, self.story
        spared = inverter.faults.keys() <= inverter.spare
        if spared and self.calm_s > inverter.longest_s + self.polls_s:
            assert often, self.story
        assert sum(at > now - 3600.0 for at in inverter.logins) <= _LOGINS, self.story
        assert inverter.sessions <= _SESSIONS or self.endless, self.story

    def live(self) -> None:
        """Let the next thing happen, and look what comes of it."""
        self.random.choice([*(self.switch, self.fault) * 3, self.host])()
        for _ in range(self.random.choice([1, 3, 12, 40, 240])):
            self.pass_time(10.0)
            assert not self.world.nut.shutdowns, self.story

    def switch(self) -> None:
        super().switch()
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
        self.settle(f"fails: {inverter.faults}")


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
        shutdowns = [down.reason for down in life.world.nut.shutdowns]
        assert shutdowns == ["low"], life.story
        assert house.dark_at is None, life.story
