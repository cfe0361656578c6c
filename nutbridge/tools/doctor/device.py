"""What is asked of a gateway and of an inverter alike: name, address, certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from nutbridge.net.addresses import resolve_host, split_host
from nutbridge.net.worker import LateError, call_within
from nutbridge.tools.doctor.check import CheckVerdict, Gathered, failed, ok, warning
from nutbridge.tools.doctor.context import DoctorContext

_LOOK_UP_S = 5.0
_SHORT = 16


@dataclass(frozen=True, slots=True)
class DeviceFacts(Gathered):
    """How far the way to a device leads.

    Attributes:
        THING: what it is called in a finding.
        HOST_KEY: the key of the config that leads to it.
        TRUST: the option of ``nutbridge gateway trust`` for it.
        host: as configured.
        addresses: found for it.
        unresolved: why there are no addresses.
        known: stored fingerprint; None without one.
        replaced: the one before, while nobody has confirmed ``known``.
        shown: fingerprint seen; None with http, or where it said nothing.
    """

    THING: ClassVar[str]
    HOST_KEY: ClassVar[str]
    TRUST: ClassVar[str] = ""

    host: str
    addresses: tuple[str, ...] = ()
    unresolved: str | None = None
    known: str | None = None
    replaced: str | None = None
    shown: str | None = None

    def trust(self, ups: str) -> str:
        """Return what to do about a certificate that is not the known one."""
        return f"if that is right: nutbridge gateway trust {ups}{self.TRUST}"


def resolve(host: str, place: DoctorContext) -> Sequence[str] | str:
    """Return the addresses, or why there are none."""
    name, port = split_host(host)
    until = min(place.until, place.clock.boottime() + _LOOK_UP_S)
    try:
        return call_within(
            "resolve", lambda: resolve_host(name, port), until, place.clock
        )
    except LateError:
        return f"the name service does not answer within {_LOOK_UP_S:g} s"
    except (OSError, UnicodeError):
        return "no address is known for that name"


def resolves(found: DeviceFacts) -> CheckVerdict:
    """Judge whether the configured name leads to an address."""
    if found.unresolved is not None:
        return failed(
            f"{found.THING} {found.host}: {found.unresolved}",
            f"{found.HOST_KEY} in the config: a fixed address of the {found.THING} "
            "is safest",
        )
    return ok(f"{found.THING} {found.host} has address {', '.join(found.addresses)}")


def known_certificate(found: DeviceFacts, ups: str) -> CheckVerdict:
    """Judge a certificate that is trusted: the known one, or the first of all."""
    if found.known is None:
        shown = f"{found.THING}: certificate {short(found.shown)}"
        return ok(f"{shown}, the monitor stores it when it starts")
    finding = f"{found.THING}: certificate {short(found.known)} is the known one"
    if found.replaced is None:
        return ok(finding)
    was = f"taken by itself, in place of {short(found.replaced)}"
    return warning(f"{finding}: {was}", found.trust(ups))


def other_certificate(found: DeviceFacts, ups: str) -> CheckVerdict:
    """Judge a certificate that is not the known one."""
    known = f"known is {short(found.known)}" if found.known else "none is known"
    return failed(
        f"{found.THING}: certificate {short(found.shown)}, {known}", found.trust(ups)
    )


def short(fingerprint: str | None) -> str:
    """Return the beginning of a fingerprint, enough to compare by eye."""
    return f"{(fingerprint or '')[:_SHORT]}..."
