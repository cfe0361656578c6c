"""From one poll of an inverter to the model's battery, power, meters, identity."""

from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.status import derive_condition
from nutbridge.ups.model import (
    BatteryReading,
    Equipment,
    Facts,
    Flows,
    Grid,
    Identity,
    InverterHealth,
    Meter,
    MeterLine,
    Meters,
)
from nutbridge.ups.status.policy import DEAD_BAND_W, DEFAULT_FLOOR_PCT
from nutbridge.ups.units import NO_VOLTAGE_V

_THREE_PHASES = 3
#: Inverters lose less than this on the way from battery and sun (chosen).
_LEAST_PART = 0.5
#: Split phase has two legs of 120 V.
_LEGS, _LEG_MAX_V = 2, 150.0


def derive_facts(reading: UpsReading, at: float, grid: Grid) -> Facts:
    """Return all that a poll tells besides the grid.

    Args:
        reading: of an inverter that knows batteries.
        at: CLOCK_BOOTTIME of the answer, s.
        grid: what the same answer says about the grid.
    """
    load_w = _load_w(reading, grid)
    return Facts(
        battery=_battery(reading, at),
        flows=Flows(
            at=at,
            load_w=load_w,
            battery_w=_battery_w(reading),
            grid_w=reading.grid_w,
            pv_w=reading.pv_w,
        ),
        meters=_meters(reading, at, load_w),
        identity=derive_identity(reading),
        equipment=derive_equipment(reading),
        nominal_w=reading.nominal_w,
        inverter=derive_health(reading, at),
    )


def derive_identity(reading: UpsReading) -> Identity:
    """Return who answers."""
    return Identity(serial=reading.serial, firmware=reading.firmware)


def derive_equipment(reading: UpsReading) -> Equipment:
    """Return what is fitted; an inverter that knows batteries makes the island."""
    batteries = None if reading.fitted is None else int(reading.fitted)
    return Equipment(controller=reading.battery_keys, batteries=batteries)


def derive_health(reading: UpsReading, at: float) -> InverterHealth:
    """Return what the inverter says about itself."""
    return InverterHealth(
        at=at,
        pv_w=reading.pv_w,
        ac_w=reading.ac_w,
        condition=derive_condition(reading.tags),
    )


def _battery_w(reading: UpsReading) -> float | None:
    """Return what the battery gives; 0 W with neither charge nor voltage is unknown.

    Such a battery is not found yet: its 0 W would hold a reckoned charge for ever.
    """
    found = reading.soc_pct or reading.voltage_v or reading.battery_w
    return None if reading.fitted is False or not found else reading.battery_w


def _battery(reading: UpsReading, at: float) -> BatteryReading | None:
    """Return charge and size; None without a battery.

    With a charge that is missing it is a battery that is not ready.
    """
    if reading.fitted is False:
        return None
    # 0 beside a charge is a size that nobody has entered.
    rated_wh = reading.rated_wh or None
    capacity_wh = rated_wh
    if rated_wh and reading.health_pct:
        capacity_wh = rated_wh * reading.health_pct / 100
    return BatteryReading(
        at=at,
        soc_pct=reading.soc_pct,
        capacity_wh=capacity_wh,
        # One that is not told now is that of before.
        floor_pct=DEFAULT_FLOOR_PCT if reading.floor_pct == 0 else reading.floor_pct,
        power_w=reading.battery_w,
        temperature_c=reading.temperature_c,
        voltage_v=reading.voltage_v,
        current_a=reading.current_a,
        rated_wh=rated_wh,
    )


def _load_w(reading: UpsReading, grid: Grid) -> float | None:
    """Return what the house takes, W.

    In an island all of it comes through the inverter. On mains only a meter
    tells what comes from the grid. Below 0 another inverter feeds in, which
    nobody here can see: a load of 0 would be remembered, and a charge reckoned
    with it would last for ever. An idle inverter itself takes a few W. Far less than
    battery and sun give is not the house's: another object carries the island.
    """
    if reading.ac_w is None:
        return None
    if grid is Grid.OPEN:
        load_w = reading.ac_w if reading.ac_w < -DEAD_BAND_W else max(0, reading.ac_w)
        battery_w = _battery_w(reading)
        given_w = 0.0 if battery_w is None else battery_w + (reading.pv_w or 0.0)
        if given_w > DEAD_BAND_W and load_w < _LEAST_PART * given_w:
            return None
    elif reading.grid_w is None:
        return None
    else:
        load_w = reading.ac_w + reading.grid_w
    return load_w if load_w >= 0 else None


def _meters(reading: UpsReading, at: float, load_w: float | None) -> Meters:
    wired = tuple(each for each in reading.ac_v if each > NO_VOLTAGE_V)
    volts = wired or reading.ac_v[:1]
    total_v = sum(volts) / len(volts) if volts else None
    if total_v is not None and len(volts) == _LEGS and total_v < _LEG_MAX_V:
        total_v = sum(volts)  # line to line
    lines: tuple[MeterLine, ...] = ()
    if len(volts) == _THREE_PHASES:
        lines = tuple(MeterLine(voltage_v=each) for each in volts)
    frequency_hz = reading.frequency_hz
    return Meters(
        at=at,
        input=Meter(
            MeterLine(reading.grid_w, voltage_v=total_v, frequency_hz=frequency_hz),
            lines,
        ),
        output=Meter(
            MeterLine(load_w, voltage_v=total_v, frequency_hz=frequency_hz), lines
        ),
        phases=len(lines) or 1,
    )
