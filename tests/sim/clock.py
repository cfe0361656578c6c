"""Time that passes only when the simulation says so."""


class SimClock:
    """The clocks of a host: since boot (sleep included), wall, and its boot id.

    Attributes:
        true_s: time as it really is, s; never jumps.
        awake_s: time the host was up and not asleep, s.
    """

    def __init__(self) -> None:
        self.true_s = 0.0
        self.awake_s = 0.0
        self._booted_s = -1000.0
        self._wall_offset_s = 1_790_000_000.0
        self._boots = 0

    def boottime(self) -> float:
        return self.true_s - self._booted_s

    def wall(self) -> float:
        return self.true_s + self._wall_offset_s

    def boot_id(self) -> str:
        return f"boot-{self._boots}"

    def advance(self, seconds: float, *, awake: bool = True) -> None:
        assert seconds >= 0
        self.true_s += seconds
        if awake:
            self.awake_s += seconds

    def jump_wall(self, seconds: float) -> None:
        self._wall_offset_s += seconds

    def reboot(self) -> None:
        self._boots += 1
        # Seconds from the start of the kernel to the start of the monitor.
        self._booted_s = self.true_s - 8.0
