"""The way to an SMA inverter, asked beside a monitor that may be running.

Nothing is changed and no session stays: the monitor's is used where there is
one, and a session made here is ended. Where the monitor's files may not be
read, nothing is sent: neither a password to whoever is there, nor a login that
takes one more of the four sessions. What it says of itself is storage.py's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from nutbridge.config.settings import inverter_pin_name
from nutbridge.config.sma import PASSWORD_MAX, SmaSettings
from nutbridge.errors import CertificateChanged, DeviceError
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    check,
    failed,
    not_allowed,
    ok,
    skipped,
)
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.device import (
    DeviceFacts,
    known_certificate,
    other_certificate,
    resolve,
    resolves,
)
from nutbridge.ups.model import GridAnswer

#: Login, values, logout and a connect have to fit into the time that is left: a
#: session that is not ended stays taken, and an inverter has four.
_REQUESTS = 5
#: So many times its limit does a look for the cause of a silence take.
_EXPLAINING = 6
#: Less is not enough for anything, s.
_LEAST_S = 1.0

#: Errors of one that is an inverter, by the name of their class, and what to
#: do; each is told in full by the check of the login.
_LOGIN: Mapping[str, tuple[str, str]] = {
    "NoPassword": (
        "inverter: no password is set, it was not asked",
        "SMA_PASSWORD or SMA_PASSWORD_FILE in the config",
    ),
    "UserMissing": (
        "inverter: it is an ennexOS device, and no SMA_USER is set",
        "make a user on the device itself; SMA_USER is its name",
    ),
    "PasswordRefused": (
        "inverter: wrong password, or {who} is not allowed",
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


_NO_PORTAL = (
    "correct SMA_USER and SMA_PASSWORD: of a user made on the device itself, not one "
    "of SMA's portal"
)


@dataclass(frozen=True, slots=True)
class InverterFacts(DeviceFacts):
    """What an SMA inverter says.

    Attributes:
        denied: file of the monitor that may not be read: nothing is asked.
        problem: why it says nothing.
        kind: name of the error's class (errors.py).
        borrowed: it was asked with the monitor's session.
        reading: its values.
        grid: what they say about the grid.
        backup: it makes an island in an outage; None where it does not tell.
        family: what it speaks.
    """

    WHAT: ClassVar[str] = "the inverter"
    THING: ClassVar[str] = "inverter"
    HOST_KEY: ClassVar[str] = "SMA_HOST"
    TRUST: ClassVar[str] = " --inverter"

    denied: str | None = None
    problem: str = ""
    kind: str = ""
    borrowed: bool = False
    reading: UpsReading | None = None
    grid: GridAnswer | None = None
    backup: bool | None = None
    family: str = "Webconnect"

    @classmethod
    def gather(cls, place: DoctorContext) -> "InverterFacts":
        """Ask beside a monitor that may be running."""
        from nutbridge.net.pins import PinStore

        sma = place.settings.sma
        if sma is None:
            raise AssertionError("run.py gathers it only where there is one")
        state, ups = Path(place.settings.state_dir), place.settings.ups
        facts = cls(sma.host)
        pin = PinStore(state / inverter_pin_name(ups)).peek()
        facts = replace(facts, known=pin.known, replaced=pin.replaced)
        found = resolve(sma.host, place)
        if isinstance(found, str):
            return replace(facts, unresolved=found)
        facts = replace(facts, addresses=tuple(found))
        if not sma.password:
            return replace(facts, problem="no password is set", kind="NoPassword")
        return _ask(place, sma, facts)


def _ask(place: DoctorContext, sma: SmaSettings, facts: InverterFacts) -> InverterFacts:
    from nutbridge.sources.sma.single_query import look_once

    quick = sma._replace(timeout_s=min(sma.timeout_s, _share_s(place, _REQUESTS)))
    settings = place.settings
    try:
        look = look_once(
            quick, settings.state_dir, settings.ups, place.clock, place.leaving
        )
    except OSError as exc:
        return replace(facts, denied=str(exc.filename))
    except DeviceError as exc:
        return _explained(place, sma, facts, exc)
    return replace(
        facts,
        shown=look.fingerprint,
        borrowed=look.borrowed,
        reading=look.reading,
        grid=look.grid,
        backup=look.backup,
        family=look.family.value,
    )


def _explained(
    place: DoctorContext, sma: SmaSettings, facts: InverterFacts, error: DeviceError
) -> InverterFacts:
    """Add why there is no answer: another kind of device, another scheme."""
    from nutbridge.sources.sma.webconnect.foreign import explain

    if isinstance(error, CertificateChanged):
        facts = replace(facts, shown=error.shown)
    elif place.left_s > _LEAST_S:
        error = explain(
            error,
            sma.host,
            scheme=sma.scheme,
            timeout_s=_share_s(place, _EXPLAINING),
            option="SMA_SCHEME=",
        )
    return replace(facts, problem=error.problem, kind=type(error).__name__)


def _share_s(place: DoctorContext, parts: int) -> float:
    """Return a part of the time that is left, in tenths: people read it."""
    return max(0.1, int(10 * place.left_s / parts) / 10)


@check("inverter-resolves")
def inverter_resolves(facts: DoctorFacts) -> CheckVerdict:
    """The name leads to an address."""
    return resolves(facts.need(InverterFacts))


@check("inverter-connects")
def inverter_connects(facts: DoctorFacts) -> CheckVerdict:
    """Something answers at the address."""
    found = facts.need(InverterFacts)
    silent = _why_silent(found)
    if silent:
        return skipped(f"inverter: {silent}")
    if found.kind == "DeviceUnreachable":
        return failed(
            f"inverter {found.host} cannot be reached: {found.problem}",
            "is it on, and are SMA_HOST and SMA_SCHEME right?",
        )
    return ok(f"inverter {found.host} answers")


@check("inverter-certificate")
def inverter_certificate(facts: DoctorFacts) -> CheckVerdict:
    """It is the one known; another one is never sent the password."""
    found = facts.need(InverterFacts)
    if facts.settings.sma is not None and facts.settings.sma.scheme == "http":
        return skipped("inverter: no certificate, SMA_SCHEME is http")
    if found.denied is not None:
        return not_allowed(f"inverter: {_why_silent(found)}")
    if found.kind == "CertificateChanged" and found.shown:
        return other_certificate(found, facts.settings.ups)
    spoken = found.reading is not None or found.kind in _LOGIN
    # With one that is known any other would have been refused.
    if spoken and found.kind != "NoPassword" and (found.known or found.shown):
        return known_certificate(found, facts.settings.ups)
    return skipped("inverter: its certificate was not seen")


@check("inverter-webconnect")
def inverter_webconnect(facts: DoctorFacts) -> CheckVerdict:
    """It speaks Webconnect or ennexOS, and is reached in the right way."""
    found = facts.need(InverterFacts)
    silent = _why_silent(found)
    if silent:
        return skipped(f"inverter: {silent}")
    if found.kind in ("NotWebconnect", "NotEnnexos", "OtherInverter"):
        return failed(
            f"inverter {found.host}: {found.problem}",
            "SMA_HOST and SMA_SCHEME must lead to the inverter; see: "
            f"nutbridge sma probe --host {found.host}",
        )
    if found.kind in ("DeviceUnreachable", "CertificateChanged"):
        return skipped("inverter: it was not asked for Webconnect")
    if found.reading is None and found.kind not in _LOGIN:
        return failed(
            f"inverter {found.host}: {found.problem}",
            "ask again in a minute; its web server may just be starting",
        )
    family = "ennexOS" if found.kind == "UserMissing" else found.family
    return ok(f"inverter: it speaks {family}")


@check("inverter-login")
def inverter_login(facts: DoctorFacts) -> CheckVerdict:
    """It lets us in, or has let the monitor in."""
    found = facts.need(InverterFacts)
    if found.denied is not None:
        return not_allowed(f"inverter: {_why_silent(found)}")
    if found.kind in _LOGIN:
        finding, remedy = _LOGIN[found.kind]
        sma = facts.settings.sma
        if found.kind == "PasswordRefused" and sma is not None and sma.user:
            remedy = _NO_PORTAL
        return failed(finding.format(who=_who(facts)), remedy)
    if found.reading is None:
        return skipped("inverter: no login was tried")
    if found.borrowed:
        return ok("inverter: the monitor's session is good")
    return ok(f"inverter: it takes the password of {_who(facts)}")


def _who(facts: DoctorFacts) -> str:
    sma = facts.settings.sma
    if sma is not None and sma.user:
        return f"user {sma.user}"
    return f"group {sma.group if sma else '?'}"


@check("inverter-firmware")
def inverter_firmware(facts: DoctorFacts) -> CheckVerdict:
    """Who it is."""
    reading = facts.need(InverterFacts).reading
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
