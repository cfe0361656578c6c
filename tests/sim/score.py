"""Counts shutdowns: right, by reckoning, wrong and late."""

from collections import Counter

from nutbridge.ups.status.table import ON_BATTERY_STATES
from tests.sim.nut import Shutdown
from tests.sim.world import World

#: Two answers ``closed``, one poll of the driver, one of upsmon.
CROSSED_S = 45.0
RUNTIME_LOW_S = 300.0
#: A reading older than this may be reckoned.
FRESH_S = 60.0


class Score:
    """What became of the outages of one world.

    Attributes:
        counts: "right": the battery was low. "reckoned": nobody told the charge
            for a minute, and the reckoning said low. "wrong": anything else, a
            UPS found gone in an outage above all. "late": the house went dark
            before its machines were told. "unknown": it did, but the gateway
            had been silent since before the grid went.
        wrong_stories: of the wrong and late ones.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.counts: Counter[str] = Counter()
        self.wrong_stories: list[str] = []
        self.grid_back_at: float | None = None
        world.nut.on_shutdown = self._shut_down

    def _add(self, kind: str) -> None:
        self.counts[kind] += 1
        if kind in {"wrong", "late"}:
            self.wrong_stories.append("\n".join([kind, *self._world.story[-60:]]))

    def _shut_down(self, down: Shutdown) -> None:
        self._world.tell(f"shutdown: {down.reason}")
        self._add("wrong" if down.reason == "gone" else self._reason())

    def _reason(self) -> str:
        world, house = self._world, self._world.house
        verdict = world.monitor.verdict
        read_at = world.gateway.reading_at
        unread = read_at is None or world.clock.boottime() - read_at >= FRESH_S
        if verdict is not None and verdict.estimated and unread:
            return "reckoned"
        if house.grid and not self._just_back():
            return "wrong"
        left_wh = (house.soc_pct - 10.0) / 100 * house.capacity_wh
        short = left_wh * 3600 < 1.1 * RUNTIME_LOW_S * max(house.load_w, 1.0)
        low = world.gateway.reported_pct() < world.low_pct + 2
        return "right" if low or short else "wrong"

    def _just_back(self) -> bool:
        back_at = self.grid_back_at
        return back_at is not None and self._world.clock.true_s - back_at < CROSSED_S

    def end_of_outage(self) -> None:
        """Look whether the house went dark; call it while the grid is gone."""
        world = self._world
        dark_at = world.house.dark_at
        if dark_at is None or world.nut.shutdowns:
            return
        seen = world.monitor.memory.state in ON_BATTERY_STATES
        self._add("late" if seen else "unknown")
