"""What clients of upsd see, against what the gateway or inverter says."""

from collections.abc import Mapping

from nutbridge.nut.words import NO_SERVER
from nutbridge.tools.doctor.charge import what_the_source_says
from nutbridge.tools.doctor.check import (
    CheckOutcome,
    CheckVerdict,
    DoctorFacts,
    check,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.nut import (
    NutFacts,
    UpsdFacts,
    section_of,
    ups_conf_port,
)
from nutbridge.ups.model import Grid

#: The charge is read every 5 minutes at least, and reckoned in between.
_CHARGE_APART_PCT = 15.0


@check("upsd")
def shown_by_upsd(facts: DoctorFacts) -> CheckVerdict:
    """What clients see now is what the gateway says now."""
    upsd = facts.need(UpsdFacts)
    if upsd.values is None:
        return failed(
            f"upsd at {upsd.address}: {upsd.problem}",
            _unshown(upsd, facts),
        )
    return _other_port(upsd, facts) or _compared(upsd.values, facts)


def _other_port(upsd: UpsdFacts, facts: DoctorFacts) -> CheckVerdict | None:
    """Tell of a driver that was started before its section was changed."""
    section = section_of(facts) if facts.get(NutFacts) and upsd.here else None
    port = (upsd.values or {}).get("driver.parameter.port")
    if section is None or port in (None, section.port):
        return None
    if ups_conf_port(facts).result is CheckOutcome.FAILED:
        return None  # what is wrong there comes first
    return failed(
        f"upsd: the driver reads {port}, ups.conf says {section.port or 'nothing'}",
        f"while on line: {facts.services.to('restart', f'nut-driver@{section.name}')}",
    )


def _compared(values: Mapping[str, str], facts: DoctorFacts) -> CheckVerdict:
    status, ups = values.get("ups.status", ""), facts.settings.ups
    charge = _number(values.get("battery.charge"))
    shown = f"upsd shows {status or 'no status'}{_percent(charge)}"
    words = set(status.split())
    if "WAIT" in words:
        return failed(f"{shown}: the driver is just starting", "ask again in 5 s")
    if "FSD" in words:
        return failed(
            f"{shown}: a shutdown was ordered, which upsd does not forget",
            f"{facts.services.to('restart', 'nut-server')}, when the grid is back",
        )
    grid, soc = what_the_source_says(facts)
    who = facts.settings.device
    if grid is None:
        return skipped(f"{shown}; the {who} does not tell what is true")
    wanted = _WORDS.get(grid)
    both = f"{shown}; the {who} says {wanted or 'nothing of use'}{_percent(soc)}"
    if wanted not in words:
        return failed(
            both,
            "ask again in 30 s if the grid has just changed; else see: "
            f"{facts.services.log(f'enphase-monitor@{ups}', f'nut-driver@{ups}')}",
        )
    known = charge is not None and soc is not None
    if known and abs((charge or 0.0) - (soc or 0.0)) > _CHARGE_APART_PCT:
        return warning(both, f"see: {facts.services.log(f'enphase-monitor@{ups}')}")
    return ok(both)


_WORDS = {Grid.CLOSED: "OL", Grid.OPEN: "OB"}


def _unshown(upsd: UpsdFacts, facts: DoctorFacts) -> str:
    """Return what helps where upsd shows nothing, by the class of the error."""
    ups, to = facts.settings.ups, facts.services.to
    nut = facts.get(NutFacts) if upsd.here else None
    start, restart = to("enable --now", "nut-server"), to("restart", "nut-server")
    driver = f"nut-driver@{ups}"
    remedies = {
        "UpsdUnreachable": f"{start} (MODE in nut.conf must not be none), or tell "
        "where it is: --upsd HOST:PORT",
        "UnknownUps": f"{restart}, after [{ups}] is in ups.conf",
        "DriverNotConnected": f"{to('enable --now', driver)}; it ends while the port "
        "file is hidden",
        "DataStale": to("restart", driver),
    }
    if nut and nut.mode in NO_SERVER:
        remedies["UpsdUnreachable"] = (
            f"MODE=standalone in nut.conf, which says {nut.mode}; then: {start}"
        )
    if nut and nut.statepath:
        remedies["DriverNotConnected"] = (
            f"no STATEPATH in upsd.conf: it says {nut.statepath}, drivers have their "
            f"sockets in {nut.sockets[0]}; then, while on line: {restart}"
        )
    return remedies.get(upsd.kind, to("status", "nut-server"))


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _percent(value: float | None) -> str:
    return "" if value is None else f" {value:.0f} %"
