"""What clients of upsd see, against what the gateway or inverter says."""

from collections.abc import Mapping

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
    upsd, ups = facts.need(UpsdFacts), facts.settings.ups
    if upsd.values is None:
        return failed(
            f"upsd at {upsd.address}: {upsd.problem}",
            _UPSD_REMEDIES.get(upsd.kind, "systemctl status nut-server").format(
                ups=ups
            ),
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
        f"while on line: systemctl restart nut-driver@{section.name}",
    )


def _compared(values: Mapping[str, str], facts: DoctorFacts) -> CheckVerdict:
    status, ups = values.get("ups.status", ""), facts.settings.ups
    charge = _number(values.get("battery.charge"))
    shown = f"upsd shows {status or 'no status'}{_percent(charge)}"
    words = set(status.split())
    for word, (what, remedy) in _ODD_WORDS.items():
        if word in words:
            return failed(f"{shown}: {what}", remedy)
    grid, soc = what_the_source_says(facts)
    who = facts.settings.device
    if grid is None:
        return skipped(f"{shown}; the {who} does not tell what is true")
    wanted = _WORDS.get(grid)
    both = f"{shown}; the {who} says {wanted or 'nothing of use'}{_percent(soc)}"
    if wanted not in words:
        return failed(
            both,
            "ask again in 30 s if the grid has just changed; else see: journalctl -u "
            f"enphase-monitor@{ups} -u nut-driver@{ups}",
        )
    known = charge is not None and soc is not None
    if known and abs((charge or 0.0) - (soc or 0.0)) > _CHARGE_APART_PCT:
        return warning(both, f"see: journalctl -u enphase-monitor@{ups}")
    return ok(both)


_ODD_WORDS = {
    "WAIT": ("the driver is just starting", "ask again in 5 s"),
    "FSD": (
        "a shutdown was ordered, which upsd does not forget",
        "systemctl restart nut-server, when the grid is back",
    ),
}
_WORDS = {Grid.CLOSED: "OL", Grid.OPEN: "OB"}
_UPSD_REMEDIES = {
    "UpsdUnreachable": "systemctl enable --now nut-server (MODE in nut.conf must not "
    "be none), or tell where it is: --upsd HOST:PORT",
    "UnknownUps": "systemctl restart nut-server, after [{ups}] is in ups.conf",
    "DriverNotConnected": "systemctl enable --now nut-driver@{ups}; it ends while the "
    "port file is hidden",
    "DataStale": "systemctl restart nut-driver@{ups}",
}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _percent(value: float | None) -> str:
    return "" if value is None else f" {value:.0f} %"
