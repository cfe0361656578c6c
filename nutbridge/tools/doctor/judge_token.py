"""Judges of the token, the cloud, and the monitor's unit."""

from nutbridge.sources.enphase.claims import renew_at
from nutbridge.tools.doctor.facts import DoctorFacts, TokenFacts, UnitFacts
from nutbridge.tools.doctor.finding import (
    CheckVerdict,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.judge_files import SUDO
from nutbridge.ups.units import SECONDS_PER_DAY

#: Renewal begins 30 days before the end, at half of a short life; a day later
#: it has been tried several times.
_LATE_S = SECONDS_PER_DAY


def judge_token(facts: DoctorFacts) -> CheckVerdict:
    """The token file: there, private, for this gateway."""
    token = _token(facts)
    if token.denied:
        return skipped(token.problem or "the token may not be read", SUDO)
    files = facts.files
    entry = files.token if files else None
    if files is not None and entry is not None and entry.there and not entry.usable:
        who = files.monitor.name
        return failed(
            f"{entry.path} cannot be read by {who}, who runs the monitor",
            f"chown {who} {entry.path}",
        )
    if token.problem is None:
        return ok(f"the token is for gateway {facts.settings.serial}")
    ups = facts.settings.ups
    if facts.settings.username:
        how = f"the monitor gets one: journalctl -u enphase-monitor@{ups} tells why not"
        return failed(token.problem, f"{how}; or: nutbridge token import {ups}")
    return failed(token.problem, f"nutbridge token import {ups}")


def judge_token_user(facts: DoctorFacts) -> CheckVerdict:
    """Whose token it is: an owner's lasts a year, an installer's 12 hours."""
    claims = _token(facts).claims
    if claims is None:
        return skipped("token: whose it is is not known without one")
    who = claims.user or "unknown"
    if who == "owner":
        return ok("the token is the owner's")
    return warning(
        f"the token is of an account of kind {who}, whose tokens may live 12 h only",
        "use the owner's account: USERNAME and PASSWORD in the config",
    )


def judge_token_days(facts: DoctorFacts) -> CheckVerdict:
    """How long the token lives; the monitor renews it in time, if it can."""
    token = _token(facts)
    if token.claims is None:
        return skipped("token: how long it lives is not known without one")
    left_s = token.claims.expires_epoch - token.now
    ups = facts.settings.ups
    by_hand = f"nutbridge token import {ups}"
    renewal = f"nutbridge token renew {ups}"
    if left_s <= 0:
        ago = _span(-left_s)
        return failed(
            f"the token ended {ago} ago",
            renewal if facts.settings.username else by_hand,
        )
    shown = f"the token lives {_span(left_s)} more"
    overdue_s = token.now - renew_at(token.claims)
    if not facts.settings.username and overdue_s > 0:
        return warning(f"{shown}, and nobody can renew it", by_hand)
    if overdue_s > _LATE_S:
        return warning(f"{shown}, its renewal is overdue", renewal)
    return ok(shown)


def _span(seconds: float) -> str:
    days = int(seconds // SECONDS_PER_DAY)
    if days > 1:
        return f"{days} days"
    return f"{seconds / 3600:.1f} h"


def _token(facts: DoctorFacts) -> TokenFacts:
    if facts.token is None:
        raise AssertionError("checks are judged only with their facts")
    return facts.token


def judge_cloud(facts: DoctorFacts) -> CheckVerdict:
    """The cloud: needed for a new token only, so a warning at most."""
    cloud = facts.cloud
    if cloud is None:
        raise AssertionError("checks are judged only with their facts")
    if cloud.problems:
        return warning(
            f"the Enphase cloud cannot be reached: {'; '.join(cloud.problems)}",
            "needed for a new token only; see to DNS, firewall and clock",
        )
    return ok(f"the Enphase cloud answers ({', '.join(cloud.hosts)})")


_ON = ("enabled", "enabled-runtime", "static", "generated", "indirect")


def judge_unit_enabled(facts: DoctorFacts) -> CheckVerdict:
    """The unit starts at boot."""
    unit = _unit(facts)
    if (early := _untold(unit, "starts at boot")) is not None:
        return early
    state = (unit.values or {}).get("UnitFileState", "")
    if state in _ON:
        return ok(f"{unit.name} is {state}")
    return failed(
        f"{unit.name} is {state or 'not enabled'}: no monitor after a boot",
        f"systemctl enable {unit.name}",
    )


def judge_unit_running(facts: DoctorFacts) -> CheckVerdict:
    """The unit runs."""
    unit = _unit(facts)
    if (early := _untold(unit, "runs")) is not None:
        return early
    values = unit.values or {}
    state = f"{values.get('ActiveState', '?')} ({values.get('SubState', '?')})"
    if values.get("ActiveState") == "active":
        return ok(f"{unit.name} is {state}")
    return failed(
        f"{unit.name} is {state}",
        f"systemctl start {unit.name}; journalctl -u {unit.name} tells why it ended",
    )


def judge_unit_watchdog(facts: DoctorFacts) -> CheckVerdict:
    """Systemd starts a monitor again that hangs."""
    unit = _unit(facts)
    if (early := _untold(unit, "has a watchdog")) is not None:
        return early
    values = unit.values or {}
    span = values.get("WatchdogUSec", "")
    if span in ("", "0", "infinity") or not values.get("Type", "").startswith("notify"):
        return failed(
            f"{unit.name} has no watchdog: a monitor that hangs stays so",
            "WatchdogSec=60 and Type=notify, as in the unit that nutbridge brings",
        )
    return ok(f"{unit.name} has a watchdog of {span}")


def _untold(unit: UnitFacts, what: str) -> CheckVerdict | None:
    if unit.values is None:
        return skipped(f"whether {unit.name} {what}: no systemd runs here")
    if unit.problem:
        return skipped(
            f"whether {unit.name} {what}: systemctl: {unit.problem}",
            f"systemctl status {unit.name}",
        )
    if unit.values.get("LoadState") != "loaded":
        return failed(
            f"{unit.name} is not installed",
            "copy enphase-monitor@.service to /etc/systemd/system, then: systemctl "
            "daemon-reload",
        )
    return None


def _unit(facts: DoctorFacts) -> UnitFacts:
    if facts.unit is None:
        raise AssertionError("checks are judged only with their facts")
    return facts.unit
