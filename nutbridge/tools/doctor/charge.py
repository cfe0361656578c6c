"""What the source says now, and whether battery.charge.low fits to it."""

from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    check,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.tools.doctor.gateway import GatewayFacts
from nutbridge.tools.doctor.inverter import InverterFacts
from nutbridge.ups.model import Grid
from nutbridge.ups.status.policy import ABOVE_FLOOR_PCT, DEFAULT_FLOOR_PCT


def what_the_source_says(facts: DoctorFacts) -> tuple[Grid | None, float | None]:
    """Return what it says now: the grid, and the charge in %."""
    if facts.settings.inverter_alone:
        inverter = facts.get(InverterFacts)
        if inverter is None or inverter.grid is None or inverter.reading is None:
            return None, None
        # A device that makes no island says on line for ever.
        grid = None if inverter.grid.unfit else inverter.grid.grid
        return grid, inverter.reading.charge_pct
    seen = facts.get(GatewayFacts)
    if seen is None or seen.relay is None:
        return None, None
    collars = seen.inventory.collars if seen.inventory else ()
    soc_pct = seen.secctrl.soc_pct if seen.secctrl else None
    return derive_grid(seen.relay, collars).grid, soc_pct


@check("charge-low")
def charge_low(facts: DoctorFacts) -> CheckVerdict:
    """battery.charge.low lies above the floor, and below the owner's reserve."""
    device: GatewayFacts | InverterFacts
    if facts.settings.inverter_alone:
        device = facts.need(InverterFacts)
    else:
        device = facts.need(GatewayFacts)
    files = facts.get(FileFacts)
    low = files.charge_low if files else None
    if low is None:
        return skipped("battery.charge.low: there is no port file that tells it")
    shown = f"battery.charge.low {low:g} %"
    if isinstance(device, GatewayFacts):
        if device.secctrl is None:
            return skipped(f"{shown}: the gateway does not tell its floor")
        if device.inventory and not device.inventory.batteries:
            return skipped(f"{shown}: the gateway lists no battery")
        floor, reserve = device.secctrl.floor_pct, device.secctrl.reserve_pct
    else:
        reading = device.reading
        if reading is None:
            return skipped(f"{shown}: the inverter does not tell its floor")
        if not reading.battery_keys or reading.fitted is False:
            return skipped(f"{shown}: the inverter has no battery")
        floor, reserve = reading.floor_pct, None
    floor = floor or DEFAULT_FLOOR_PCT
    return _compared(shown, low, floor, reserve, facts.settings.ups)


def _compared(
    shown: str, low: float, floor: float, reserve: float | None, ups: str
) -> CheckVerdict:
    least = floor + ABOVE_FLOOR_PCT
    shown = f"{shown}, floor {floor:g} %"
    if low < least:
        return failed(
            f"{shown}: too near, {least:g} % is used instead",
            f"nutbridge set {ups} battery.charge.low={least:g}",
        )
    if reserve is None:
        return ok(shown)
    shown = f"{shown}, reserve {reserve:g} %"
    if reserve < low:
        return warning(
            f"{shown}: an outage that begins at the reserve shuts down at once",
            f"raise the reserve in the Enphase app to {low:g} % or more",
        )
    return ok(shown)
