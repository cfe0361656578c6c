"""One random life of a house whose device fails endpoint by endpoint, and its judge."""

from random import Random

from nutbridge.ups.status.policy import Policy
from tests.sim.gateway import SimGateway
from tests.sim.house import House
from tests.sim.world import World

#: What a client may see of the other state, as the grid comes or goes, s.
_CROSSED_S = 40.0
#: Nobody is told of a low battery above this.
_FULL_PCT = 80.0


class WireLife:
    """A house that loses its grid and gets it back, whatever fails.

    Args:
        seed: all that happens.
        house: what is true at the beginning.
        speaks: the device.
        least_s: the shortest time between two checks.

    Attributes:
        switched_at: when the grid last came or went.
        settled_at: when something else last happened.
    """

    def __init__(
        self, seed: int, house: House, speaks: type[SimGateway], least_s: float
    ) -> None:
        self.random = random = Random(seed)
        self.policy = Policy(
            nocomms_delay_s=random.choice([0.0, 120.0, 300.0]),
            relay_s=random.choice([0.0, least_s, 10.0, 60.0]),
            alert_s=random.choice([least_s, 20.0, 60.0]),
            pollfreq_s=random.choice([30.0, 60.0, 300.0]),
        )
        self.world = world = World(self.policy, house, gateway=speaks)
        self.switched_at = self.settled_at = 0.0
        self._soc_pct = house.soc_pct
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
        low = "LB" in words and world.house.soc_pct > _FULL_PCT
        world.watch.require(
            holds=not lies and not low,
            rule="nobody is told of another grid, nor of a low battery",
        )

    @property
    def story(self) -> str:
        """All that has happened."""
        return "\n".join(self.world.story)

    @property
    def polls_s(self) -> float:
        """Four polls, a minute each at least."""
        return 4 * max(self.policy.relay_s or self.policy.pollfreq_s, 60.0)

    @property
    def told(self) -> bool:
        """Whether clients are told of the grid as it is."""
        wanted = "OL" if self.world.house.grid else "OB"
        return wanted in (self.world.port.status or "").split()

    @property
    def calm_s(self) -> float:
        """How long nothing has happened."""
        return self.world.clock.true_s - max(self.switched_at, self.settled_at)

    def settle(self, what: str) -> None:
        """Note that something has happened."""
        self.world.tell(what)
        self.settled_at = self.world.clock.true_s

    def switch(self) -> None:
        """Let the grid come or go; the battery is full again."""
        self.world.set_grid(there=not self.world.house.grid)
        self.world.house.soc_pct = self._soc_pct
        self.switched_at = self.world.clock.true_s

    def clocks(self) -> None:
        """Let the clocks jump."""
        self.world.clock.jump_wall(self.random.choice([-1e9, 3600.0]))

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
            self.clocks()
        self.settled_at = world.clock.true_s
