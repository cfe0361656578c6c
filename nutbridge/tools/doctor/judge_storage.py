"""Judges of what an SMA inverter says of itself as a UPS."""

from nutbridge.sources.sma.webconnect.readings import UpsReading
from nutbridge.tools.doctor.facts import DoctorFacts
from nutbridge.tools.doctor.finding import (
    CheckVerdict,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.judge_gateway import judge_low
from nutbridge.tools.doctor.judge_inverter import inverter_of
from nutbridge.ups.model import Grid

#: Backup is off by default on many hybrids; then the tags of the grid never
#: change. Source: SMA's manual of the STP SE.
_SILENCE = "an outage will look like silence"


def judge_fit(facts: DoctorFacts) -> CheckVerdict:
    """It knows batteries at all; without, the monitor hides the file."""
    found = inverter_of(facts)
    if found.reading is None or found.grid is None:
        return skipped("inverter: whether it can be a UPS was not told")
    if found.grid.unfit:
        return failed(
            found.grid.unfit,
            "SMA_HOST must be a hybrid or storage inverter; where PV and storage are "
            "two, the storage inverter",
        )
    return ok("inverter: it knows batteries and can be a UPS")


def judge_grid(facts: DoctorFacts) -> CheckVerdict:
    """Its words about the grid mean something to the monitor."""
    answer = inverter_of(facts).grid
    if answer is None:
        return skipped("inverter: the state of the grid was not told")
    state = {Grid.CLOSED: "on line", Grid.OPEN: "on battery"}.get(answer.grid)
    if state is None:
        return failed(
            f"inverter: {answer.word} says nothing about the grid",
            "at start and in a fault that is so for minutes; else please report it, "
            "with: nutbridge sma values",
        )
    return ok(f"inverter: {state} ({answer.word})")


def judge_battery(facts: DoctorFacts) -> CheckVerdict:
    """It has a battery that tells its charge."""
    reading = inverter_of(facts).reading
    if reading is None:
        return skipped("inverter: its battery was not told")
    if not reading.battery_keys:
        return skipped("inverter: it knows no batteries")
    if reading.fitted is False:
        return warning(
            "inverter: no battery is fitted: a status, but never low battery (LB)",
            "to shut down after a time on battery: upssched",
        )
    if reading.soc_pct is None:
        return failed(
            "inverter: its battery is not ready, it does not tell its charge",
            "ask again in some minutes; the battery may just be starting",
        )
    return ok(f"inverter: battery {reading.soc_pct:.0f} %{_size(reading)}")


def _size(reading: UpsReading) -> str:
    if not reading.rated_wh:
        return ", of a size that it does not tell: no runtime"
    return f" of {reading.rated_wh / 1000:.1f} kWh"


def judge_backup(facts: DoctorFacts) -> CheckVerdict:
    """It goes on without the grid; by default most do not."""
    found = inverter_of(facts)
    if found.reading is None or not found.reading.battery_keys:
        return skipped("inverter: its backup mode was not told")
    if found.backup:
        return ok("inverter: backup mode is on")
    if found.backup is False:
        return warning(
            f"inverter: backup mode is off: {_SILENCE}",
            "let the installer switch it on (automatic), then try it once with the "
            "main switch",
        )
    sma = facts.settings.sma
    whose = "" if sma and sma.group == "istl" else " to this group"
    return skipped(
        f"inverter: it does not tell its backup mode{whose}; off, {_SILENCE}: try it "
        "once with the main switch"
    )


def judge_charge_low(facts: DoctorFacts) -> CheckVerdict:
    """battery.charge.low lies above the floor."""
    low = facts.files.charge_low if facts.files else None
    if low is None:
        return skipped("battery.charge.low: there is no port file that tells it")
    shown = f"battery.charge.low {low:g} %"
    reading = inverter_of(facts).reading
    if reading is None:
        return skipped(f"{shown}: the inverter does not tell its floor")
    if not reading.battery_keys or reading.fitted is False:
        return skipped(f"{shown}: the inverter has no battery")
    return judge_low(facts.settings.ups, low, reading.floor_pct, None)
