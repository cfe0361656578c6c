"""The monitor's unit."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.access import closed_to, user_named, why_closed
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    Gathered,
    check,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.context import DoctorContext

_UNIT_NAMES = (
    "LoadState",
    "UnitFileState",
    "ActiveState",
    "SubState",
    "Type",
    "WatchdogUSec",
    "User",
    "ExecStart",
    "ProtectHome",
)


@dataclass(frozen=True, slots=True)
class UnitFacts(Gathered):
    """The monitor's unit.

    Attributes:
        name: enphase-monitor@<ups>.service.
        values: properties by systemctl's names; None without systemd.
        problem: why systemctl did not tell.
        closed: what its user needs to run it and cannot reach, or "".
    """

    WHAT: ClassVar[str] = "systemd"

    name: str
    values: Mapping[str, str] | None
    problem: str = ""
    closed: str = ""

    @classmethod
    def gather(cls, place: DoctorContext) -> "UnitFacts":
        """Ask systemd about the monitor's unit."""
        unit = f"enphase-monitor@{place.settings.ups}.service"
        if not place.services.systemd:
            return cls(unit, None)
        try:
            values = systemd.show(unit, _UNIT_NAMES, place.environ, systemd.SYSTEMCTL_S)
        except subprocess.TimeoutExpired:
            return cls(unit, {}, f"no answer within {systemd.SYSTEMCTL_S:g} s")
        except OSError as exc:
            return cls(unit, {}, exc.strerror or "it cannot be run")
        return cls(unit, values, closed=_closed(values))


def _closed(values: Mapping[str, str]) -> str:
    """Return what the unit's user cannot reach of the program; "": nothing is known."""
    user = user_named(values.get("User") or "root")
    program = re.match(r"\{ path=(\S+) ", values.get("ExecStart", ""))
    if user is None or program is None:
        return ""
    sees_homes = values.get("ProtectHome") != "yes"
    return str(closed_to(user, Path(program[1]), sees_homes=sees_homes) or "")


_ON = ("enabled", "enabled-runtime", "static", "generated", "indirect")


@check("unit-enabled")
def unit_enabled(facts: DoctorFacts) -> CheckVerdict:
    """The unit starts at boot."""
    unit = facts.need(UnitFacts)
    if (early := _untold(facts, "starts at boot")) is not None:
        return early
    state = (unit.values or {}).get("UnitFileState", "")
    if state in _ON:
        return ok(f"{unit.name} is {state}")
    return failed(
        f"{unit.name} is {state or 'not enabled'}: no monitor after a boot",
        facts.services.to("enable", unit.name),
    )


@check("unit-running")
def unit_running(facts: DoctorFacts) -> CheckVerdict:
    """The unit runs."""
    unit = facts.need(UnitFacts)
    if (early := _untold(facts, "runs")) is not None:
        return early
    values = unit.values or {}
    state = f"{values.get('ActiveState', '?')} ({values.get('SubState', '?')})"
    if unit.closed:
        why, to_do = why_closed(Path(unit.closed))
        user = values.get("User")
        text = f"{unit.name} is {state}, but its user {user} cannot start it: {why}"
        return failed(text, to_do)
    if values.get("ActiveState") == "active":
        return ok(f"{unit.name} is {state}")
    return failed(
        f"{unit.name} is {state}",
        f"{facts.services.to('start', unit.name)}; {facts.services.log(unit.name)} "
        "tells why it ended",
    )


@check("unit-watchdog")
def unit_watchdog(facts: DoctorFacts) -> CheckVerdict:
    """Systemd starts a monitor again that hangs."""
    unit = facts.need(UnitFacts)
    if (early := _untold(facts, "has a watchdog")) is not None:
        return early
    values = unit.values or {}
    span = values.get("WatchdogUSec", "")
    if span in ("", "0", "infinity") or not values.get("Type", "").startswith("notify"):
        return failed(
            f"{unit.name} has no watchdog: a monitor that hangs stays so",
            "WatchdogSec=60 and Type=notify, as in the unit that nutbridge brings",
        )
    return ok(f"{unit.name} has a watchdog of {span}")


#: Whose memory and files NUT's own programs can look into, and why.
_SHARED_USERS = {
    "nut": "upsd, upsmon and the drivers run as that user, too",
    "": "a fault in it would be root's",
    "root": "a fault in it would be root's",
}


@check("unit-user")
def unit_user(facts: DoctorFacts) -> CheckVerdict:
    """The monitor runs as a user of its own."""
    unit = facts.need(UnitFacts)
    if (early := _untold(facts, "has its own user")) is not None:
        return early
    user = (unit.values or {}).get("User", "")
    if user not in _SHARED_USERS:
        return ok(f"{unit.name} runs as {user}")
    return warning(
        f"{unit.name} runs as {user or 'root'}: {_SHARED_USERS[user]}",
        'enphase-monitor(8), "Its user", gives it a user of its own',
    )


def _untold(facts: DoctorFacts, what: str) -> CheckVerdict | None:
    unit = facts.need(UnitFacts)
    if unit.values is None:
        return skipped(f"whether {unit.name} {what}: no systemd runs here")
    if unit.problem:
        return skipped(
            f"whether {unit.name} {what}: systemctl: {unit.problem}",
            facts.services.to("status", unit.name),
        )
    if unit.values.get("LoadState") != "loaded":
        return failed(
            f"{unit.name} is not installed",
            "copy enphase-monitor@.service to /etc/systemd/system, then: "
            f"{facts.services.to('daemon-reload')}",
        )
    return None
