"""Judges of NUT: ups.conf, version, times, and what upsd shows."""

import re
from collections.abc import Mapping

from nutbridge.nut.ups_conf import DRIVER, Section
from nutbridge.tools.doctor.facts import DoctorFacts, NutFacts
from nutbridge.tools.doctor.finding import (
    CheckOutcome,
    CheckVerdict,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.judge_files import SUDO
from nutbridge.ups.model import Grid

#: A driver that looks less often shows an outage late, and may miss an OL that
#: is hidden 30 s later. Default of NUT: 2 s.
_SLOWEST_POLL_S = 5
_DEFAULT_POLL_S = 2

#: dummy-ups needs 2 to 3 s to show a state after its start; measured.
_DRIVER_START_S = 5

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")
#: ``mode`` came with 2.8.0.
_MODE_SINCE = (2, 8, 0)
#: upsmon of these ends the house at the first poll that fails after OB.
_HASTY = ((2, 8, 1), (2, 8, 3))

#: The charge is read every 5 minutes at least, and reckoned in between.
_CHARGE_APART_PCT = 15.0


def judge_section(facts: DoctorFacts) -> CheckVerdict:
    """The section of ups.conf, named as the UPS, with driver dummy-ups."""
    nut, ups = _nut(facts), facts.settings.ups
    path = f"{nut.folder}/ups.conf"
    if nut.denied:
        return skipped(f"{path} may not be read", SUDO)
    if nut.ups_conf is None:
        return failed(f"{path} is missing: NUT does not know {ups}", _setup(facts))
    section = _section(facts)
    if section is None:
        if nut.sections:
            return failed(
                f"{path} calls this battery [{nut.sections[0]}], the config {ups}",
                f"give both one name: upsc, the monitor and its unit look for {ups}",
            )
        return failed(f"{path} has no section [{ups}]", _setup(facts))
    if section.driver != DRIVER:
        return failed(
            f"{path}: [{ups}] has driver {section.driver or 'none'}, not {DRIVER}",
            f"driver = {DRIVER}",
        )
    return ok(f"{path}: [{ups}] has driver {DRIVER}")


def judge_section_port(facts: DoctorFacts) -> CheckVerdict:
    """Driver and monitor mean one file."""
    nut, section = _nut(facts), _section(facts)
    if section is None:
        return _without_section()
    wanted = facts.files.port.path if facts.files else facts.settings.port_file
    if nut.real_port != wanted:
        return failed(
            f"ups.conf: port of [{section.name}] is {section.port or 'missing'}, the "
            f"monitor writes {wanted}",
            f'port = "{wanted}" in ups.conf, then, while on line, restart '
            f"nut-driver@{section.name}",
        )
    others = [name for name in nut.sections if name != section.name]
    if others:
        return warning(
            f"ups.conf: {', '.join(others)} and {section.name} read one port file",
            f"remove the sections other than [{section.name}]",
        )
    return ok(f"ups.conf: port of [{section.name}] is the monitor's port file")


def judge_section_mode(facts: DoctorFacts) -> CheckVerdict:
    """The file is read again only when it has changed."""
    section = _section(facts)
    if section is None:
        return _without_section()
    mode, where = section.values.get("mode"), f"ups.conf: [{section.name}]"
    if mode == "dummy-once":
        return ok(f"{where} has mode dummy-once")
    if mode is None and section.port.endswith(".dev"):
        return ok(f"{where} has no mode, and needs none: the port ends in .dev")
    found = "no mode, and the port does not end in .dev" if mode is None else mode
    finding = f"{where} has mode {found}" if mode else f"{where} has {found}"
    return failed(finding, "mode = dummy-once")


def judge_section_poll(facts: DoctorFacts) -> CheckVerdict:
    """How often the driver looks at the file."""
    nut, section = _nut(facts), _section(facts)
    if section is None or nut.ups_conf is None:
        return _without_section()
    text = section.values.get("pollinterval") or nut.ups_conf.values.get("pollinterval")
    if text is None:
        return ok(f"the driver looks at the file every {_DEFAULT_POLL_S} s")
    remedy = f"pollinterval = {_DEFAULT_POLL_S} in the section [{section.name}]"
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        return failed(f"ups.conf: pollinterval {text} is no number of seconds", remedy)
    if len(text) > 9 or int(text) > _SLOWEST_POLL_S:  # noqa: PLR2004 - digits
        return failed(f"ups.conf: pollinterval {text} s shows an outage late", remedy)
    return ok(f"the driver looks at the file every {text} s")


def judge_socket(facts: DoctorFacts) -> CheckVerdict:
    """The monitor finds the driver's socket, to see whether the driver runs.

    Source: NUT_STATEPATH of nut.conf moves it (EnvironmentFile of nut-driver@);
    a statepath in ups.conf does not, measured with dummy-ups 2.8.0.
    """
    nut = _nut(facts)
    folders, moved = ", ".join(nut.sockets), nut.statepath
    remedy = (
        f"systemctl edit enphase-monitor@{facts.settings.ups}: "
        f"Environment=NUT_STATEPATH={moved or '...'}; and set STATE_DIR in the config"
    )
    if moved is not None and moved not in nut.sockets:
        return failed(
            f"nut.conf: the driver's socket is in {moved}, the monitor looks for it "
            f"in {folders}",
            remedy,
        )
    if nut.socket_seen is None:
        return skipped("the folder of the driver's socket may not be looked at", SUDO)
    if nut.socket_seen:
        return ok("the monitor finds the driver's socket")
    if facts.upsd is not None and facts.upsd.values is not None and _here(facts):
        return warning(
            f"the driver runs, but its socket is not in {folders}: the monitor takes "
            "it for stopped",
            remedy,
        )
    return skipped("the driver does not run, so there is no socket to look for")


def _here(facts: DoctorFacts) -> bool:
    address = facts.upsd.address if facts.upsd else ""
    return address.startswith(("127.", "localhost", "[::1]"))


def judge_version(facts: DoctorFacts) -> CheckVerdict:
    """The traps of some versions."""
    nut, section = _nut(facts), _section(facts)
    if nut.driver_version is None:
        return failed(
            "NUT's driver dummy-ups is not installed",
            "apt install nut (Fedora: dnf install nut)",
        )
    found = f"NUT {nut.driver_version}"
    numbers = _numbers(nut.driver_version)
    if not numbers:
        return warning("NUT does not tell its version", "see: dummy-ups -V")
    if numbers < _MODE_SINCE:
        if section is not None and "mode" in section.values:
            return failed(
                f"{found} does not know mode: its dummy-ups does not start",
                "update NUT to 2.8.0 or later, or remove mode and name the port .dev",
            )
        return warning(f"{found} is old", "update NUT to 2.8.0 or later")
    if _HASTY[0] <= numbers < _HASTY[1]:
        return warning(
            f"{found}: its upsmon shuts machines down at once when the driver is gone "
            "during an outage",
            "update to 2.8.3 or later; never stop nut-driver@ during an outage",
        )
    return ok(f"{found} has no known trap")


def judge_deadtime(facts: DoctorFacts) -> CheckVerdict:
    """A driver that was restarted is back before upsmon takes the UPS for dead."""
    nut = _nut(facts)
    if nut.deadtime_s is None:
        finding = f"DEADTIME: no upsmon.conf to be read in {nut.folder}"
        return skipped(finding, SUDO if nut.denied else "")
    if nut.restart_s is None:
        return skipped("RestartSec: there is no unit nut-driver@ to be read")
    least = nut.restart_s + _DRIVER_START_S
    times = f"DEADTIME {nut.deadtime_s:g} s, nut-driver@ starts after "
    times += f"{nut.restart_s:g} s"
    if nut.deadtime_s <= least:
        return failed(
            f"{times}: upsmon may give up a driver that restarts in an outage",
            f"DEADTIME {least + 5:.0f} in {nut.folder}/upsmon.conf (more than "
            f"{least:g}), or a smaller RestartSec: systemctl edit nut-driver@",
        )
    return ok(f"{times}: upsmon waits long enough")


def judge_upsd(facts: DoctorFacts) -> CheckVerdict:
    """What clients see now is what the gateway says now."""
    upsd, ups = facts.upsd, facts.settings.ups
    if upsd is None:
        raise AssertionError("checks are judged only with their facts")
    if upsd.values is None:
        return failed(
            f"upsd at {upsd.address}: {upsd.problem}",
            _UPSD_REMEDIES.get(upsd.kind, "systemctl status nut-server").format(
                ups=ups
            ),
        )
    return _other_port(upsd.values, facts) or _compared(upsd.values, facts)


def _other_port(values: Mapping[str, str], facts: DoctorFacts) -> CheckVerdict | None:
    """Tell of a driver that was started before its section was changed."""
    section = _section(facts) if facts.nut is not None and _here(facts) else None
    port = values.get("driver.parameter.port")
    if section is None or port in (None, section.port):
        return None
    if judge_section_port(facts).result is CheckOutcome.FAILED:
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
    grid, soc = facts.says
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


def _nut(facts: DoctorFacts) -> NutFacts:
    if facts.nut is None:
        raise AssertionError("checks are judged only with their facts")
    return facts.nut


def _section(facts: DoctorFacts) -> Section | None:
    conf = _nut(facts).ups_conf
    return conf.section(facts.settings.ups) if conf else None


def _without_section() -> CheckVerdict:
    return skipped("ups.conf: there is no section to look at")


def _setup(facts: DoctorFacts) -> str:
    return f"nutbridge setup {facts.settings.ups} adds it"


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, e.g. (2, 8, 0); empty when there are none."""
    found = _VERSION.search(version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _percent(value: float | None) -> str:
    return "" if value is None else f" {value:.0f} %"
