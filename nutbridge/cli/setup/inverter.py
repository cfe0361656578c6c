"""Which SMA inverter, and who logs in: the part of setup that asks one."""

import math
from dataclasses import dataclass, replace

from nutbridge.cli.ask import ask, ask_secret
from nutbridge.cli.setup.gateway import GatewayDialogue, trusting
from nutbridge.cli.setup.show import say, show_inverter
from nutbridge.config.file import read_password
from nutbridge.config.sma import SmaSettings, of_the_portal
from nutbridge.errors import (
    CertificateChanged,
    DeviceError,
    NotDecided,
    Refused,
    UsageError,
)
from nutbridge.net.https import open_wire
from nutbridge.net.pins import parse_pin
from nutbridge.sources.sma.inverter import Account, Family, Inverter, detect
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.webconnect.foreign import explain
from nutbridge.system.clock import SystemClock
from nutbridge.ups.model import Grid

_TIMEOUT_S = 5.0
_GROUPS = ("usr", "istl")


@dataclass(frozen=True, slots=True)
class InverterResult:
    """What an inverter has told.

    Attributes:
        values: keys of the config that were asked for or found out.
        fingerprint: of the inverter's certificate; None with http.
    """

    values: dict[str, str]
    fingerprint: str | None


def is_inverter(host: str) -> bool:
    """Tell whether an SMA inverter proves itself at an address; no login is tried."""
    clock = SystemClock()
    wire = open_wire(host, clock=clock, timeout_s=_TIMEOUT_S)
    try:
        return detect(wire, host, clock.boottime() + 2 * _TIMEOUT_S) is not None
    except DeviceError:
        return False
    finally:
        wire.close()


def visit_inverter(visit: GatewayDialogue) -> InverterResult:
    """Find out what the inverter speaks, log in, and make sure that it can be a UPS.

    Raises:
        NutbridgeError: why it cannot be used, with the remedy.
    """
    sma = visit.basis.settings.sma
    if sma is None:
        raise AssertionError("asked for with a host only")
    clock = SystemClock()
    seen = visit.disk.see(visit.basis.places.fingerprint)
    pin = parse_pin(seen.data) if seen else None
    wire = open_wire(
        sma.host,
        scheme=sma.scheme,
        fingerprint=pin.known if pin else None,
        clock=clock,
        timeout_s=_TIMEOUT_S,
    )
    context = wire.context
    try:
        proven = detect(wire, sma.host, math.inf, user=sma.user)
        family = proven or Family.WEBCONNECT
        if proven:
            say(f"SMA inverter at {sma.host}, {family}.")
        else:
            say(f"{sma.host} does not say what it is; trying Webconnect.")
        account, values = _account(visit, sma, family)
        if context is not None and context.expected is None:
            # Who gets the password now is who was asked just before.
            context.expected = wire.fingerprint
        inverter = Inverter(wire, sma.host, account, clock)
        try:
            reading = inverter.complete(inverter.read())
        finally:
            inverter.logout(clock.boottime() + _TIMEOUT_S)
        fingerprint = wire.fingerprint
    except CertificateChanged as exc:
        trust = trusting(visit.basis, "SMA_HOST", sma.host)
        raise CertificateChanged(exc.what, exc.known, exc.shown, trust) from None
    except DeviceError as exc:
        raise explain(
            exc, sma.host, scheme=sma.scheme, timeout_s=_TIMEOUT_S, option="SMA_SCHEME="
        ) from None
    finally:
        wire.close()
    reading, size = _with_size(visit, sma, reading)
    show_inverter(reading)
    _check(sma.host, reading, allow=visit.basis.settings.allow_no_controller)
    return InverterResult(values | size, fingerprint)


def _account(
    visit: GatewayDialogue, sma: SmaSettings, family: Family
) -> tuple[Account, dict[str, str]]:
    """Return who logs in, and the keys of the config that say so."""
    asks = not visit.wishes.yes
    values = {}
    group, user = sma.group, sma.user
    if family is Family.ENNEXOS and not user:
        if not asks:
            raise UsageError("--yes asks nothing, but needs: --username")
        user = values["SMA_USER"] = ask("User made on the device itself")
    if "@" in user:
        say(f"Beware: the name {of_the_portal()}.")
    if family is Family.WEBCONNECT and asks and not visit.basis.known("SMA_GROUP"):
        group = ask("Group that logs in, usr or istl", "usr", check=_checked_group)
        values["SMA_GROUP"] = group
    password = _given(visit) or _old(visit, sma)
    if not password:
        if not asks:
            raise UsageError(
                "--yes asks nothing, but needs: --password-file (or SMA_PASSWORD)"
            )
        password = ask_secret("Password (not shown)")
    if sma.password_file is None:
        values["SMA_PASSWORD"] = password
    elif password != _old(visit, sma):
        raise UsageError(
            f"{visit.basis.places.config} has SMA_PASSWORD_FILE; change the password "
            f"in {sma.password_file}"
        )
    return Account(password, group, user), values


def _checked_group(answer: str) -> str:
    if answer not in _GROUPS:
        raise UsageError(f"please answer {' or '.join(_GROUPS)}")
    return answer


def _given(visit: GatewayDialogue) -> str | None:
    if visit.wishes.password_file:
        return read_password(visit.wishes.password_file, "--password-file")
    return visit.environ.get("SMA_PASSWORD") or None


def _old(visit: GatewayDialogue, sma: SmaSettings) -> str | None:
    if sma.password_file is not None:
        return read_password(str(visit.disk.real(sma.password_file)))
    return sma.password or None


def _with_size(
    visit: GatewayDialogue, sma: SmaSettings, reading: UpsReading
) -> tuple[UpsReading, dict[str, str]]:
    """Ask for the capacity where neither inverter nor config tells it."""
    if reading.rated_wh or not reading.battery_keys or reading.fitted is False:
        return reading, {}
    if sma.capacity_wh:
        return replace(reading, rated_wh=sma.capacity_wh), {}
    if visit.wishes.yes:
        say("Beware: it does not tell the battery's capacity; add SMA_CAPACITY=<Wh>.")
        return reading, {}
    answer = ask("Capacity of the battery in Wh, 0: unknown", "0", check=_capacity)
    if answer == "0":
        return reading, {}
    return replace(reading, rated_wh=float(answer)), {"SMA_CAPACITY": answer}


def _capacity(answer: str) -> str:
    digits = answer.isascii() and answer.isdigit()
    if not digits or not (answer == "0" or 500 <= int(answer) <= 500_000):  # noqa: PLR2004 - the key's bounds
        raise UsageError("a whole number, 500 to 500000, or 0")
    return answer


def _check(host: str, reading: UpsReading, *, allow: bool) -> None:
    """Make sure that it can be told from one that never loses the grid.

    Raises:
        Refused: it can not be.
        NotDecided: it does not say yet.
    """
    grid = reading.grid
    if grid.unfit:
        raise Refused(f"{host}: {grid.unfit}")
    if reading.backup is False and not allow:
        raise Refused(
            f"{host}: backup mode is off: it goes dark with the grid, and an outage "
            "looks like silence; let the installer switch it on (ALLOW_NO_CONTROLLER=1 "
            "in the config overrides)"
        )
    if grid.grid is Grid.UNKNOWN:
        raise NotDecided(
            f"{host}: it does not say whether the grid is there ({grid.word}); after "
            "a restart and at night that may be so: try again later"
        )
    if reading.backup is None:
        say("Beware: it does not tell its backup mode. Off, an outage looks like")
        say(
            "silence: try it once with the main switch (nutbridge sma capture --watch)."
        )
    if reading.fitted is False:
        say("Beware: no battery is fitted: a status, but never low battery (LB).")
