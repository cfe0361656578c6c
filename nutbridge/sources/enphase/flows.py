"""From the gateway's power readings to the flows and meters of the model.

The one trap: ``total-consumption`` is production plus net consumption. The
battery is not in it, so that it reads 0 W in an outage at night while the house
draws 734 W from the battery. The house load is therefore livedata's ``load``,
or the sum of grid, sun and battery, or unknown.
"""

from collections.abc import Iterable
from typing import NamedTuple

from nutbridge.sources.enphase.meters import (
    MeterReport,
    MeterReports,
    MeterSetup,
    MeterType,
)
from nutbridge.sources.enphase.readings import (
    BatteryPowers,
    Dated,
    LiveData,
    PhasePower,
)
from nutbridge.ups.model import Flows, Meter, MeterLine, Meters
from nutbridge.ups.units import NO_VOLTAGE_V, apparent_va

#: livedata counts while its last_update is this near to the gateway's clock.
#: Live values are a second old; a stream that is off leaves them hours old.
FRESH_S = 120.0

#: Readings further apart than this are not added up.
TOGETHER_S = 60.0

#: A sum of readings taken one after another may fall a little below 0 W.
NOISE_W = 100.0

#: A battery with less power than this is idle: the CTs see the whole load.
IDLE_W = 50.0

#: Two sums of one load, taken one after another, are equal within this (chosen).
AGREEING = 0.05

THREE_PHASES = 3


class PowerParts(NamedTuple):
    """The newest answers about power; None where the last attempt failed.

    Attributes:
        live: livedata, only while it was fresh when it came.
        no_battery: it is certain that no battery is fitted.
        battery_lost: the gateway has not found its batteries (yet): its 0 W
            is unknown, and so is a load that was reckoned with it.
    """

    live: Dated[LiveData] | None = None
    reports: Dated[MeterReports] | None = None
    power: Dated[BatteryPowers] | None = None
    setup: MeterSetup | None = None
    no_battery: bool = False
    battery_lost: bool = False


def is_fresh(live: LiveData, gateway_now_s: float | None) -> bool:
    """Whether livedata's values are current by the gateway's own clock."""
    if live.last_update_s is None or gateway_now_s is None:
        return False
    return abs(gateway_now_s - live.last_update_s) <= FRESH_S


def needs_power(parts: PowerParts) -> bool:
    """Whether /ivp/ensemble/power would add anything."""
    if parts.battery_lost or parts.live is None or parts.live.value.battery_w is None:
        return True
    if _live_load_w(parts) is not None:
        return False
    return parts.setup is None or parts.setup.consumption


def derive_flows(parts: PowerParts) -> Flows | None:
    """Return what flows where, or None when neither load nor battery is known."""
    parts = _together(parts)
    dates = [p.at for p in (parts.live, parts.reports, parts.power) if p is not None]
    if not dates:
        return None
    live = parts.live.value if parts.live else LiveData()
    measured = _measured(parts)
    grid_w = live.grid_w if _sees_grid(parts) else None
    if grid_w is None and measured.net:
        grid_w = measured.net.total.realpower_w
    pv_w = live.pv_w
    if pv_w is None and measured.production:
        pv_w = _not_negative(measured.production.total.realpower_w)
    battery_w = _battery_w(parts, measured)
    load_w = _live_load_w(parts)
    if load_w is None:
        load_w = _load_sum_w(measured, battery_w)
    if load_w is None and battery_w is None:
        return None
    # Dated by what the two are made of: live values come first in a round.
    at = parts.live.at if parts.live else max(dates)
    return Flows(at, load_w=load_w, battery_w=battery_w, grid_w=grid_w, pv_w=pv_w)


def _together(parts: PowerParts) -> PowerParts:
    """Return ``parts`` without those much older than the newest."""
    dated = (parts.live, parts.reports, parts.power)
    newest = max((part.at for part in dated if part), default=0.0)
    live, reports, power = parts.live, parts.reports, parts.power
    return parts._replace(
        live=live if live and newest - live.at <= TOGETHER_S else None,
        reports=reports if reports and newest - reports.at <= TOGETHER_S else None,
        power=power if power and newest - power.at <= TOGETHER_S else None,
    )


def _measured(parts: PowerParts) -> MeterReports:
    """Return the reports of enabled CTs; the others report noise.

    Net and total consumption come from one CT, whichever of the two it is.
    Nothing counts before it is known which are enabled.
    """
    setup = parts.setup
    if parts.reports is None or setup is None:
        return MeterReports()
    found = parts.reports.value
    return MeterReports(
        production=found.production if setup.production else None,
        net=found.net if setup.consumption else None,
        total=found.total if setup.consumption else None,
        storage=found.storage if MeterType.STORAGE in setup.enabled else None,
    )


def _sees_grid(parts: PowerParts) -> bool:
    """Whether livedata's ``grid`` is measured, and ``load`` made from it.

    Without a consumption CT the gateway sends 0 for both; two exact zeros
    stand for that where the meters cannot be asked.
    """
    if parts.live is None:
        return False
    if parts.setup is not None:
        return parts.setup.consumption
    live = parts.live.value
    return bool(live.grid_w or live.load.realpower_w)


def _live_load_w(parts: PowerParts) -> float | None:
    if parts.live is None or parts.battery_lost or not _sees_grid(parts):
        return None
    return _not_negative(parts.live.value.load.realpower_w)


def _battery_w(parts: PowerParts, measured: MeterReports) -> float | None:
    """Return livedata's storage, else the batteries' sum, else the CT's.

    The storage CT comes last: one of its legs reads 0 at times (8.3.6086).
    """
    live = None if parts.battery_lost else parts.live
    if live is not None and live.value.battery_w is not None:
        return live.value.battery_w
    if parts.power is not None:
        total_w = parts.power.value.total_w
        if total_w is not None:
            return total_w
        if parts.no_battery and not parts.power.value.batteries_w:
            return 0.0
    if parts.battery_lost or measured.storage is None:
        return None
    return measured.storage.total.realpower_w


def _load_sum_w(measured: MeterReports, battery_w: float | None) -> float | None:
    """Return grid plus sun plus battery, W, or None when one is unknown."""
    if battery_w is None or measured.net is None:
        return None
    net_w = measured.net.total.realpower_w
    if measured.production is not None:
        pv_w = measured.production.total.realpower_w
        if net_w is not None and pv_w is not None:
            return _not_negative(net_w + pv_w + battery_w)
    # total-consumption is net plus production, made by the gateway itself.
    both_w = measured.total.total.realpower_w if measured.total else None
    return None if both_w is None else _not_negative(both_w + battery_w)


def _not_negative(power_w: float | None) -> float | None:
    """Return 0 for noise below 0, None for what cannot be."""
    if power_w is None or power_w < -NOISE_W:
        return None
    return max(0.0, power_w)


def derive_meters(parts: PowerParts, flows: Flows | None) -> Meters | None:
    """Return the grid side and the house side as the CTs see them.

    Args:
        parts: the answers; without reports there are no meters, nor before it is
            known which are enabled.
        flows: of the same round; the house side's power follows its load.
    """
    if parts.reports is None or parts.setup is None:
        return None
    if flows is not None and abs(flows.at - parts.reports.at) > TOGETHER_S:
        flows = None
    measured = _measured(parts)
    phases = parts.setup.phases
    if phases is None:
        phases = _phases_of(measured.net or measured.total or measured.production)
    split = parts.setup.split
    output = _meter(measured.total, phases, split=split)
    return Meters(
        at=parts.reports.at,
        input=_meter(measured.net, phases, split=split),
        output=_house_side(output, flows, parts) if output else None,
        phases=phases,
    )


def _phases_of(report: MeterReport | None) -> int | None:
    """Return how many lines are in use; D8.3.6086 sends zeros for the others."""
    if report is None:
        return None
    used = [
        number
        for number, line in enumerate(report.lines, start=1)
        if _has_voltage(line)
    ]
    if used:
        return used[-1]
    return 1 if report.total.voltage_v and not report.lines else None


def _has_voltage(line: MeterLine) -> bool:
    return (line.voltage_v or 0.0) > NO_VOLTAGE_V


def _meter(
    report: MeterReport | None, phases: int | None, *, split: bool
) -> Meter | None:
    """Return a meter whose total is made of its phases.

    The gateway's own total is the algebraic sum of signed lines in VA and A
    (8.3.5169: 55.6 VA for 173 W), and of voltages, lines without a wire included.
    """
    if report is None:
        return None
    if phases is None or phases == 1:
        # One phase is the total; its line would only repeat it.
        return Meter(_only_line(report) if phases else report.total)
    lines = tuple(line._replace(frequency_hz=None) for line in report.lines[:phases])
    total = report.total
    whole = len(lines) == phases
    sum_w = _sum(line.realpower_w for line in lines) if whole else None
    if None not in (sum_w, total.realpower_w) and not _agree(sum_w, total.realpower_w):
        # Two powers of one house: the total is what the load is made of.
        lines = tuple(MeterLine(voltage_v=line.voltage_v) for line in lines)
    power_va = total.power_va
    if lines:
        power_va = _sum(line.power_va for line in lines) if whole else None
    volts = _sum(line.voltage_v for line in lines) if whole else None
    volts = total.voltage_v if volts is None else volts
    wired = [line.voltage_v or 0.0 for line in lines if _has_voltage(line)]
    amperes = _sum(line.current_a for line in lines) if whole else None
    # A split phase: line to line. Two or three phases: line to neutral.
    if split and phases != THREE_PHASES:
        amperes = None if amperes is None else amperes / phases
    elif wired:
        volts = sum(wired) / len(wired)
    elif volts is not None:
        volts /= phases
    total = total._replace(power_va=power_va, voltage_v=volts, current_a=amperes)
    return Meter(total, lines)


def _only_line(report: MeterReport) -> MeterLine:
    """Return the total of a single phase, without what open lines pick up."""
    total = report.total
    for line in report.lines:
        if _has_voltage(line) and _agree(line.realpower_w, total.realpower_w):
            return line._replace(
                realpower_w=total.realpower_w, frequency_hz=total.frequency_hz
            )
    return total


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum, or None when one of them is unknown."""
    known = list(values)
    return None if None in known else sum(each for each in known if each is not None)


def _house_side(meter: Meter, flows: Flows | None, parts: PowerParts) -> Meter:
    """Return the house side with the battery's share in it.

    Live values where they are; else the CTs' own while the battery is idle and
    they agree with the load; else the total load alone, the rest of the power
    unknown.
    """
    if parts.live and flows and _live_load_w(parts) is not None:
        spare = (PhasePower(),) * len(meter.lines)
        live = parts.live.value
        phases = (*live.load_lines, *spare)[: len(meter.lines)]
        # Of one that is left out, or of zeros, nothing is known.
        if not _agree(_sum(phase.realpower_w for phase in phases), flows.load_w):
            phases = spare
        lines = zip(meter.lines, phases, strict=True)
        return Meter(
            _with_power(meter.total, live.load._replace(realpower_w=flows.load_w)),
            tuple(_with_power(line, phase) for line, phase in lines),
        )
    load_w = flows.load_w if flows else None
    battery_w = flows.battery_w if flows else None
    measured_w = meter.total.realpower_w
    idle = battery_w is not None and abs(battery_w) <= IDLE_W
    if idle and _agree(measured_w, load_w):
        # The idle battery's own few watts are in the load, not in the CT.
        return meter._replace(total=meter.total._replace(realpower_w=load_w))
    unknown = PhasePower()
    return Meter(
        _with_power(meter.total, PhasePower(load_w)),
        tuple(_with_power(line, unknown) for line in meter.lines),
    )


def _agree(sum_w: float | None, load_w: float | None) -> bool:
    """Tell whether two sums of one load, taken one after another, are the same."""
    if sum_w is None or load_w is None:
        return False
    return abs(load_w - sum_w) <= max(2 * IDLE_W, AGREEING * abs(load_w))


def _with_power(line: MeterLine, power: PhasePower) -> MeterLine:
    """Return the line with its voltage and frequency, and this power."""
    volts = line.voltage_v
    power_va = apparent_va(power.power_va, power.realpower_w)
    return MeterLine(
        realpower_w=power.realpower_w,
        power_va=power_va,
        voltage_v=volts,
        # The CT's own current is that of another power.
        current_a=power_va / volts if volts and power_va is not None else None,
        frequency_hz=line.frequency_hz,
    )
