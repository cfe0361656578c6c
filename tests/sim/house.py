"""A house with a battery: what is really true, whatever a gateway says."""

from dataclasses import dataclass

#: The battery stops giving at this charge, %.
FLOOR_PCT = 10.0
_CHARGE_W = 3000.0


@dataclass(slots=True)
class House:
    """Grid, battery and loads; powers in W.

    Attributes:
        grid: the grid is there.
        soc_pct: charge of the battery.
        generator_w: what a running generator gives, 0 = none runs.
        dark_at: when the battery reached its floor in an outage, or None.
    """

    grid: bool = True
    soc_pct: float = 80.0
    capacity_wh: float = 10_000.0
    load_w: float = 1000.0
    pv_w: float = 0.0
    generator_w: float = 0.0
    dark_at: float | None = None

    @property
    def battery_w(self) -> float:
        """Discharge (+) or charge (-) of the battery, W."""
        if self.grid:
            return -_CHARGE_W if self.soc_pct < 100 else 0.0
        if self.dark_at is not None:
            return 0.0
        wanted_w = self.load_w - self.pv_w - self.generator_w
        full = self.soc_pct >= 100 and wanted_w < 0
        return 0.0 if full else wanted_w

    def pass_time(self, now: float, seconds: float) -> None:
        """Let ``seconds`` pass, up to ``now``."""
        if self.grid:
            self.dark_at = None
        moved_pct = self.battery_w * seconds / 36 / self.capacity_wh
        self.soc_pct = min(100.0, self.soc_pct - moved_pct)
        if not self.grid and self.soc_pct <= FLOOR_PCT and self.battery_w > 0:
            self.soc_pct = FLOOR_PCT
            self.dark_at = now
