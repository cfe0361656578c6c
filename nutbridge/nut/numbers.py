"""From readings and the verdict to the values of NUT variables (pure).

A value that is not known, or older than it may be, is None: the port file then
takes the variable away. Rounding and spelling belong to nut/variables.py.
"""

from typing import NamedTuple

from nutbridge.nut.variables import CHARGE_LOW, RUNTIME_LOW
from nutbridge.ups.model import (
    BatteryReading,
    Facts,
    Flows,
    Meter,
    MeterLine,
)
from nutbridge.ups.status.low import Verdict
from nutbridge.ups.status.policy import SOC_FRESH_S, SOC_SHOWN_S
from nutbridge.ups.units import WH_PER_KWH, apparent_va, clamp

Value = float | str | None

#: LiFePO4 cell voltage at 0, 10, ... 110 % charge, V (above 100 %: charging).
#: The values of the bash script, which took them from published LFP charts.
LFP_V = (2.50, 2.90, 3.10, 3.20, 3.25, 3.30, 3.35, 3.40, 3.45, 3.50, 3.60, 3.65)
_FULL = 10
_STEP_PCT = 10.0


class NumbersContext(NamedTuple):
    """The settings and the verdict that values are derived from, beside readings.

    Attributes:
        now: CLOCK_BOOTTIME, s.
        serial: the configured serial number.
        loadkwh_w: LOADKWH, W per kWh; 0 takes ups.load away.
        rated_w: what the source can give for long, which goes before LOADKWH.
        voltage_high_v: battery.voltage.high; None: no voltage from the charge.
        voltage_nominal_v: battery.voltage.nominal; None: the measured one counts.
        source: value of experimental.nutbridge.source.
    """

    now: float
    serial: str
    loadkwh_w: float
    voltage_high_v: float | None
    voltage_nominal_v: float | None
    source: str | None = None
    rated_w: float | None = None


def nut_values(
    facts: Facts, verdict: Verdict, basis: NumbersContext
) -> dict[str, Value]:
    """Return every measured NUT variable with its value, ups.status included.

    While the gateway is silent in an outage only the status, the charge, the
    runtime and device.* are known; the settings stand by themselves.
    """
    values: dict[str, Value] = {
        "ups.status": verdict.status,
        "battery.charge": verdict.soc_pct,
        "battery.runtime": verdict.runtime_s,
        "device.serial": _serial(facts, basis),
        "experimental.nutbridge.source": basis.source,
    }
    if facts.inverter is not None:
        values |= dict.fromkeys(INVERTER)
    if facts.battery is None and facts.equipment and facts.equipment.batteries == 0:
        # Limits of no battery would be read as those of one.
        values |= dict.fromkeys((CHARGE_LOW, RUNTIME_LOW))
    if verdict.holding:
        return values
    longest_s = SOC_SHOWN_S if verdict.status.startswith("OL") else SOC_FRESH_S
    values |= _battery(facts, verdict, basis, longest_s)
    values |= _load(facts, verdict, basis, longest_s)
    values |= _meters(facts, verdict, basis, longest_s)
    values |= _inverter(facts, basis)
    values["ups.serial"] = _serial(facts, basis)
    values["ups.firmware"] = facts.identity.firmware if facts.identity else None
    return values


def _serial(facts: Facts, basis: NumbersContext) -> str | None:
    return (facts.identity.serial if facts.identity else None) or basis.serial or None


def _fresh(at: float, basis: NumbersContext, longest_s: float) -> bool:
    return basis.now - at < longest_s


def _flows(facts: Facts, basis: NumbersContext, longest_s: float) -> Flows:
    flows = facts.flows
    if flows is None or not _fresh(flows.at, basis, longest_s):
        return Flows(at=basis.now)
    return flows


def _battery(
    facts: Facts, verdict: Verdict, basis: NumbersContext, longest_s: float
) -> dict[str, Value]:
    reading = facts.battery
    if reading is None or not _fresh(reading.at, basis, longest_s):
        reading = BatteryReading(at=basis.now)
    volts = reading.voltage_v
    if volts is None and basis.voltage_high_v is not None:
        volts = voltage_v(verdict.soc_pct, basis.voltage_high_v)
    power_w = _flows(facts, basis, longest_s).battery_w
    amperes = reading.current_a
    if amperes is None and power_w is not None and volts:
        amperes = power_w / volts
    nominal_v = basis.voltage_nominal_v or volts
    size_wh = reading.rated_wh or verdict.capacity_wh
    return {
        "battery.charge.restart": reading.restart_pct,
        "battery.capacity": size_wh / nominal_v if size_wh and nominal_v else None,
        "battery.voltage": volts,
        "battery.current": amperes,
        "battery.temperature": reading.temperature_c,
    }


#: Stand in every file of a system with such an inverter.
INVERTER = (
    "experimental.sma.pv.power",
    "experimental.sma.power",
    "experimental.sma.health",
)


def _inverter(facts: Facts, basis: NumbersContext) -> dict[str, Value]:
    found = facts.inverter
    if found is None or not _fresh(found.at, basis, SOC_SHOWN_S):
        return {}
    return dict(zip(INVERTER, (found.pv_w, found.ac_w, found.condition), strict=True))


def _load(
    facts: Facts, verdict: Verdict, basis: NumbersContext, longest_s: float
) -> dict[str, Value]:
    load_w = _flows(facts, basis, longest_s).load_w
    nominal_w = basis.rated_w
    if nominal_w is None and basis.loadkwh_w and verdict.capacity_wh:
        nominal_w = basis.loadkwh_w * verdict.capacity_wh / WH_PER_KWH
    percent = None
    if load_w is not None and nominal_w and basis.loadkwh_w:
        percent = 100 * load_w / nominal_w
    return {
        "ups.load": percent,
        "ups.realpower": load_w,
        "ups.realpower.nominal": nominal_w,
    }


def _meters(
    facts: Facts, verdict: Verdict, basis: NumbersContext, longest_s: float
) -> dict[str, Value]:
    """Return input.* and output.*; input.* only on line.

    In an outage the grid-side meter measures the house's own island.
    """
    meters = facts.meters
    if meters is None or not _fresh(meters.at, basis, longest_s):
        return {}
    phases = meters.phases if meters.phases == THREE_PHASES else None
    values: dict[str, Value] = {"input.phases": phases, "output.phases": phases}
    if verdict.status.startswith("OL"):
        values |= _meter("input", meters.input)
    values |= _meter("output", meters.output)
    return values


#: The script publishes *.phases for three phases only; 1 is NUT's default.
THREE_PHASES = 3


def _meter(side: str, meter: Meter | None) -> dict[str, Value]:
    if meter is None:
        return {}
    values = _line(side, side, meter.total)
    values[f"{side}.frequency"] = meter.total.frequency_hz
    for number, line in enumerate(meter.lines, start=1):
        phase = f"{side}.L{number}"
        values |= _line(phase, f"{phase}-N", line)
    return values


def _line(prefix: str, voltage_prefix: str, line: MeterLine) -> dict[str, Value]:
    """Return one meter or phase."""
    power_va = apparent_va(line.power_va, line.realpower_w)
    factor = None
    if power_va and line.realpower_w is not None:
        factor = min(1.0, abs(line.realpower_w) / power_va)
    return {
        f"{prefix}.realpower": line.realpower_w,
        f"{prefix}.power": power_va,
        f"{voltage_prefix}.voltage": line.voltage_v,
        f"{prefix}.powerfactor": factor,
        f"{prefix}.current": line.current_a,
    }


def voltage_v(soc_pct: float | None, voltage_high_v: float) -> float | None:
    """Return the battery's voltage at a charge, V, or None: no gateway tells it.

    Linear between the points of LFP_V, scaled so that 100 % is
    battery.voltage.high.
    """
    if soc_pct is None:
        return None
    steps = clamp(soc_pct, 0.0, 110.0) / _STEP_PCT
    below = min(int(steps), _FULL)
    cell_v = LFP_V[below] + (LFP_V[below + 1] - LFP_V[below]) * (steps - below)
    return cell_v * voltage_high_v / LFP_V[_FULL]
