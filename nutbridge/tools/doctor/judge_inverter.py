"""Judges of the way to an SMA inverter; what it says is judge_storage.py's."""

from collections.abc import Mapping

from nutbridge.config.sma import PASSWORD_MAX
from nutbridge.tools.doctor.facts import DoctorFacts, InverterFacts
from nutbridge.tools.doctor.finding import CheckVerdict, failed, ok, skipped
from nutbridge.tools.doctor.judge_files import SUDO

_SHORT = 16

#: Errors of one that speaks Webconnect, by the name of their class, and what to
#: do; each is told in full by the check of the login.
_LOGIN: Mapping[str, tuple[str, str]] = {
    "NoPassword": (
        "inverter: no password is set, it was not asked",
        "SMA_PASSWORD or SMA_PASSWORD_FILE in the config",
    ),
    "PasswordRefused": (
        "inverter: wrong password, or group {group} is not allowed",
        f"correct SMA_PASSWORD (at most {PASSWORD_MAX} characters) or SMA_GROUP",
    ),
    "NoFreeSession": (
        "inverter: no free session, all four are in use",
        "log out in browsers and other programs, or restart the inverter",
    ),
    "SessionRefused": (
        "inverter: it ends each session at once (err 401)",
        "ask again in a minute; its web server may just be starting",
    ),
}


def judge_resolves(facts: DoctorFacts) -> CheckVerdict:
    """The name leads to an address."""
    found = inverter_of(facts)
    if found.unresolved is not None:
        return failed(
            f"inverter {found.host}: {found.unresolved}",
            "SMA_HOST in the config: a fixed address of the inverter is safest",
        )
    return ok(f"inverter {found.host} has address {', '.join(found.addresses)}")


def judge_connects(facts: DoctorFacts) -> CheckVerdict:
    """Something answers at the address."""
    found = inverter_of(facts)
    silent = _why_silent(found)
    if silent:
        return skipped(f"inverter: {silent}")
    if found.kind == "DeviceUnreachable":
        return failed(
            f"inverter {found.host} cannot be reached: {found.problem}",
            "is it on, and are SMA_HOST and SMA_SCHEME right?",
        )
    return ok(f"inverter {found.host} answers")


def judge_certificate(facts: DoctorFacts) -> CheckVerdict:
    """It is the one known; another one is never sent the password."""
    found = inverter_of(facts)
    if facts.settings.sma is not None and facts.settings.sma.scheme == "http":
        return skipped("inverter: no certificate, SMA_SCHEME is http")
    if found.denied is not None:
        return skipped(f"inverter: {_why_silent(found)}", SUDO)
    if found.kind == "CertificateChanged" and found.shown and found.known:
        return failed(
            f"inverter: certificate {found.shown[:_SHORT]}..., known is "
            f"{found.known[:_SHORT]}...",
            f"if that is right: nutbridge gateway trust {facts.settings.ups} "
            "--inverter",
        )
    return _accepted(found)


def _accepted(found: InverterFacts) -> CheckVerdict:
    spoken = found.reading is not None or found.kind in _LOGIN
    if spoken and found.kind != "NoPassword":
        if found.known is not None:
            # Any other would have been refused.
            known = f"{found.known[:_SHORT]}..."
            return ok(f"inverter: certificate {known} is the known one")
        if found.shown is not None:
            return ok(
                f"inverter: certificate {found.shown[:_SHORT]}..., the monitor stores "
                "it when it starts"
            )
    return skipped("inverter: its certificate was not seen")


def judge_webconnect(facts: DoctorFacts) -> CheckVerdict:
    """It is an inverter with Webconnect, reached in the right way."""
    found = inverter_of(facts)
    silent = _why_silent(found)
    if silent:
        return skipped(f"inverter: {silent}")
    if found.kind == "NotWebconnect":
        return failed(
            f"inverter {found.host}: {found.problem}",
            "SMA_HOST and SMA_SCHEME must lead to an inverter with Webconnect; see: "
            f"nutbridge sma probe --host {found.host}",
        )
    if found.kind in ("DeviceUnreachable", "CertificateChanged"):
        return skipped("inverter: it was not asked for Webconnect")
    if found.reading is None and found.kind not in _LOGIN:
        return failed(
            f"inverter {found.host}: {found.problem}",
            "ask again in a minute; its web server may just be starting",
        )
    return ok("inverter: it speaks Webconnect")


def judge_login(facts: DoctorFacts) -> CheckVerdict:
    """It lets us in, or has let the monitor in."""
    found = inverter_of(facts)
    sma = facts.settings.sma
    if found.denied is not None:
        return skipped(f"inverter: {_why_silent(found)}", SUDO)
    if found.kind in _LOGIN:
        finding, remedy = _LOGIN[found.kind]
        return failed(finding.format(group=sma.group if sma else "?"), remedy)
    if found.reading is None:
        return skipped("inverter: no login was tried")
    if found.borrowed:
        return ok("inverter: the monitor's session is good")
    return ok(f"inverter: it takes the password of group {sma.group if sma else '?'}")


def judge_firmware(facts: DoctorFacts) -> CheckVerdict:
    """Who it is."""
    reading = inverter_of(facts).reading
    if reading is None:
        return skipped("inverter: serial number and firmware were not told")
    serial = reading.serial or "unknown"
    firmware = reading.firmware or "unknown"
    return ok(f"inverter: serial number {serial}, firmware {firmware}")


def _why_silent(found: InverterFacts) -> str | None:
    """Return why nothing was sent to it, or None."""
    if found.denied is not None:
        return f"not asked, {found.denied} may not be read"
    if found.unresolved is not None:
        return "without an address there is no connection"
    if found.kind == "NoPassword":
        return "not asked, no password is set"
    return None


def inverter_of(facts: DoctorFacts) -> InverterFacts:
    """Return what is known of the inverter."""
    if facts.inverter is None:
        raise AssertionError("checks are judged only with their facts")
    return facts.inverter
