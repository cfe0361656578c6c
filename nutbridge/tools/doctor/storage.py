"""What an SMA inverter says of itself as a UPS."""

from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.status import ILL, derive_condition
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    check,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.inverter import InverterFacts
from nutbridge.ups.model import Grid

#: Backup is off by default on many hybrids; then the tags of the grid never
#: change. Source: SMA's manual of the STP SE.
_SILENCE = "an outage will look like silence"


@check("inverter-ups")
def inverter_ups(facts: DoctorFacts) -> CheckVerdict:
    """It knows batteries at all; without, the monitor hides the file."""
    found = facts.need(InverterFacts)
    if found.reading is None or found.grid is None:
        return skipped("inverter: whether it can be a UPS was not told")
    if found.grid.unfit:
        return failed(
            found.grid.unfit,
            "SMA_HOST must be a hybrid or storage inverter; where PV and storage are "
            "two, the storage inverter",
        )
    return ok("inverter: it knows batteries and can be a UPS")


@check("inverter-grid")
def inverter_grid(facts: DoctorFacts) -> CheckVerdict:
    """Its words about the grid mean something to the monitor."""
    answer = facts.need(InverterFacts).grid
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


@check("inverter-battery")
def inverter_battery(facts: DoctorFacts) -> CheckVerdict:
    """It has a battery that tells its charge."""
    reading = facts.need(InverterFacts).reading
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


@check("inverter-backup")
def inverter_backup(facts: DoctorFacts) -> CheckVerdict:
    """It goes on without the grid; by default most do not."""
    found = facts.need(InverterFacts)
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


@check("inverter-health")
def inverter_health(facts: DoctorFacts) -> CheckVerdict:
    """It says that it is well."""
    reading = facts.need(InverterFacts).reading
    condition = derive_condition(reading.tags) if reading else None
    if condition is None:
        return skipped("inverter: its health was not told")
    if condition in ILL:
        return warning(
            f"inverter: it reports a {condition}",
            "its display or its web page has the event; one with a fault may carry "
            "nothing in an outage",
        )
    return ok(f"inverter: it reports: {condition}")
