"""The clock of tests: it moves only when a test says so.

Two others remain, for what this one cannot do: ``Ahead`` (inside.py) runs with the
host, as real connections and threads need it, and ``SimClock`` (tests/sim) knows
sleep, reboots and steps of the wall clock.
"""


class FakeClock:
    """A ``Clock`` moved by hand; the wall clock is wrong by decades.

    Attributes:
        now: since boot, s.
        wall_s: since 1970, s; moves by itself only in ``advance``.
    """

    def __init__(self, now: float = 1000.0, wall_s: float = 86400.0) -> None:
        self.now = now
        self.wall_s = wall_s

    def boottime(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.wall_s

    def boot_id(self) -> str:
        return "boot"

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.now += seconds
        self.wall_s += seconds
