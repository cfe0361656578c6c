"""The pretended house: what its gateway would know, in plain fields.

Any thread may change a field at any time; the next answer shows it. Signs as in
model.py: battery > 0 discharges, grid > 0 is drawn.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from nutbridge.ups.units import SECONDS_PER_HOUR, clamp

#: The live stream switches itself off after about 15 minutes.
STREAM_S = 900.0
FULL_PCT = 100.0


class SimulatedController(StrEnum):
    """What can island the house."""

    NONE = "none"
    ENPOWER = "ENPOWER"
    COLLAR = "COLLAR"


@dataclass(slots=True)
class SimulatedHouse:
    """State of a house with a gateway.

    Attributes:
        serial: of the gateway.
        firmware: as in /info, with its letter.
        clock: the gateway's clock, seconds since 1970.
        tokens: the tokens that the gateway accepts; None: every one made for
            its serial that has not ended.
        needs_session: a token counts only beside the cookie of check_jwt.
        relay: ``mains_oper_state``.
        admin: ``mains_admin_state``.
        mode: ``Enchg_grid_mode``; None: what goes with the rest.
        collar_off_grid: the Collar says OFF_GRID, whatever the relay says.
        generator: a generator runs.
        controller: what can island the house.
        batteries: how many batteries there are.
        capacity_wh: of all batteries together.
        soc_pct: state of charge.
        battery_w: None: what the house needs while islanded, else 0.
        ready: False just after a gateway restart, while batteries are not found.
        reserve_pct: the owner's reserve; no floor in an outage.
        vls_pct: very low state of charge, where discharging stops.
        restart_pct: where a dark house starts again.
        temperature_c: of the batteries.
        load_w: what the house uses.
        pv_w: what the panels give.
        phases: 1, 2 (split phase) or 3.
        production_ct: a production CT is fitted.
        consumption_ct: a net-consumption CT is fitted.
        stream_until: end of the live stream on the gateway's clock.
    """

    serial: str = "122000000001"
    firmware: str = "D8.3.5169"
    clock: Callable[[], float] = time.time
    tokens: Collection[str] | None = None
    needs_session: bool = False
    relay: str = "closed"
    admin: str = "closed"
    mode: str | None = None
    collar_off_grid: bool = False
    generator: bool = False
    controller: SimulatedController = SimulatedController.ENPOWER
    batteries: int = 2
    capacity_wh: float = 10000.0
    soc_pct: float = 92.0
    battery_w: float | None = None
    ready: bool = True
    reserve_pct: int = 20
    vls_pct: int = 10
    restart_pct: int = 10
    temperature_c: int = 24
    load_w: float = 734.0
    pv_w: float = 0.0
    phases: int = 2
    production_ct: bool = True
    consumption_ct: bool = True
    stream_until: float = 0.0

    @property
    def islanded(self) -> bool:
        """Whether the house is off the grid."""
        return self.relay.startswith("open") or self.collar_off_grid

    @property
    def stream_on(self) -> bool:
        """Whether livedata is live."""
        return self.clock() < self.stream_until

    @property
    def grid_mode(self) -> str:
        """``Enchg_grid_mode`` and ``Solar_grid_mode``."""
        if self.mode is not None:
            return self.mode
        if self.controller is SimulatedController.NONE:
            return "grid-tied"
        if self.generator:
            return "multimode-generator"
        return "multimode-offgrid" if self.islanded else "multimode-ongrid"

    @property
    def storage_w(self) -> float:
        """Battery power; > 0 discharges."""
        if not self.batteries:
            return 0.0
        if self.battery_w is not None:
            return self.battery_w
        alone = self.islanded and not self.generator
        return self.load_w - self.pv_w if alone else 0.0

    @property
    def grid_w(self) -> float:
        """Power from the grid; 0 while islanded."""
        return 0.0 if self.islanded else self.load_w - self.pv_w - self.storage_w

    @property
    def generator_w(self) -> float:
        """Power from the generator."""
        missing = self.load_w - self.pv_w - self.storage_w
        return missing if self.generator and self.islanded else 0.0

    @property
    def energy_wh(self) -> float:
        """Energy in the battery now."""
        return self.capacity_wh * self.soc_pct / FULL_PCT

    def lose_grid(self) -> None:
        """The grid goes."""
        if self.controller is SimulatedController.COLLAR:
            self.collar_off_grid = True
        self.relay = "open"

    def regain_grid(self) -> None:
        """The grid is back and the house on it."""
        self.relay = self.admin = "closed"
        self.collar_off_grid = self.generator = False

    def start_stream(self) -> None:
        """Switch livedata on for 15 minutes."""
        self.stream_until = self.clock() + STREAM_S

    def let_pass(self, seconds: float) -> None:
        """Charge or discharge the battery for ``seconds`` as things stand."""
        if self.capacity_wh > 0:
            moved_wh = self.storage_w * seconds / SECONDS_PER_HOUR
            soc = self.soc_pct - moved_wh / self.capacity_wh * FULL_PCT
            self.soc_pct = clamp(soc, 0.0, FULL_PCT)
