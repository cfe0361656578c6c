"""The IQ Gateway, asked as the monitor would.

First /info without the token; the token follows only where the monitor would
send it: the serial is right, and the certificate is known or may be new.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from nutbridge.config.settings import gateway_pin_name
from nutbridge.errors import (
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.net.pins import PinRecord, PinStore
from nutbridge.net.worker import (
    ThreadWaiter,
)
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.readings import (
    INVENTORY,
    LIVEDATA,
    RELAY,
    SECCTRL,
    Dated,
    Inventory,
    LiveData,
    Relay,
    SecCtrl,
)
from nutbridge.sources.enphase.remedies import (
    CLOCK_NOT_SET,
    SET_FROM_EPOCH,
    UNREACHABLE,
)
from nutbridge.system.files import read_file
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
from nutbridge.tools.doctor.token import read_token

#: A gateway in the house connects within milliseconds.
_CONNECT_S = 5.0
_REQUEST_S = 8.0


@dataclass(frozen=True, slots=True)
class GatewayFacts(DeviceFacts):
    """What the gateway says; filled as far as it came.

    Attributes:
        address: the one that answered.
        unreachable: why there is no connection.
        pin_denied: the stored one may not be read.
        info: of /info.
        no_info: why not.
        skew_s: gateway's clock ahead of this machine's, s.
        silent: why nothing was asked with the token.
        refused: the gateway does not take the token, by its check_jwt.
        epoch_s: the gateway's own clock, seconds since 1970.
        relay: state of the relay.
        inventory: what is fitted.
        secctrl: charge and size of the batteries.
        live: the live stream.
        live_age_s: age of its values by the gateway's clock.
        problems: by name of the reading, why it is missing.
    """

    WHAT: ClassVar[str] = "the gateway"
    REAL_ONLY: ClassVar[bool] = True
    THING: ClassVar[str] = "gateway"
    HOST_KEY: ClassVar[str] = "ENVOY_HOST"

    address: str | None = None
    unreachable: DeviceError | None = None
    pin_denied: bool = False
    info: Info | None = None
    no_info: DeviceError | None = None
    skew_s: float | None = None
    epoch_s: float | None = None
    silent: str | None = None
    refused: bool = False
    relay: Relay | None = None
    inventory: Inventory | None = None
    secctrl: SecCtrl | None = None
    live: LiveData | None = None
    live_age_s: float | None = None
    problems: Mapping[str, DeviceError] = field(default_factory=dict)

    @classmethod
    def gather(cls, place: DoctorContext) -> "GatewayFacts":
        """Ask over one connection, by ``place.until``; nothing is posted."""
        from nutbridge.net.pins import PinInMemory
        from nutbridge.sources.enphase.session import introduce, open_gateway, site_of

        host = place.settings.envoy_host
        pin, denied = _stored_pin(place)
        facts = cls(host, known=pin.known, replaced=pin.replaced, pin_denied=denied)
        found = resolve(host, place)
        if isinstance(found, str):
            return replace(facts, unresolved=found)
        facts = replace(facts, addresses=tuple(found))
        site = site_of(place.settings)._replace(
            timeout_s=min(place.settings.api_timeout_s, _CONNECT_S),
            total_s=_REQUEST_S,
            resolve=lambda _host, _port: found,
        )
        with closing(introduce(site, place.clock, ThreadWaiter())) as gateway:
            facts = _introduce(place, gateway, facts)
        if facts.unreachable is not None:
            return facts
        token = read_token(place).text
        silent = _why_silent(place, facts, has_token=token is not None)
        if silent is not None:
            return replace(facts, silent=silent)
        keeper = PinInMemory(pin)
        with closing(
            open_gateway(
                site,
                lambda: token,
                keeper,
                place.clock,
                ThreadWaiter(),
                read_only=True,
            )
        ) as gateway:
            return _ask_all(place, gateway, facts)


def _stored_pin(place: DoctorContext) -> "tuple[PinRecord, bool]":
    """Return what is known of the certificate, and whether that may not be read."""
    settings = place.settings
    path = Path(settings.state_dir, gateway_pin_name(settings.ups))
    try:
        read_file(path, 1)
    except PermissionError:
        return PinRecord(), True
    except OSError:
        return PinRecord(), False
    return PinStore(path).peek(), False


def _introduce(
    place: DoctorContext, gateway: Gateway, facts: GatewayFacts
) -> GatewayFacts:
    """Ask /info, without the token."""
    try:
        answer = gateway.fetch_info(place.until)
    except DeviceError as exc:
        if gateway.shown is None:
            return replace(facts, unreachable=exc, info=gateway.info)
        facts = replace(facts, no_info=exc)
    else:
        epoch_s = answer.gateway_epoch_s
        if epoch_s is None:
            epoch_s = answer.value.epoch_s
        ahead_s = None if epoch_s is None else epoch_s - place.clock.wall()
        facts = replace(facts, info=answer.value, epoch_s=epoch_s, skew_s=ahead_s)
    address = gateway.peer.address if gateway.peer else facts.addresses[0]
    return replace(facts, address=address, shown=gateway.shown)


def _why_silent(
    place: DoctorContext, facts: GatewayFacts, *, has_token: bool
) -> str | None:
    """Return why the token must not be sent, or None; as enphase/session.py."""
    serial = facts.info.serial if facts.info else None
    same = facts.known is not None and facts.known == facts.shown
    if serial is not None and serial != place.settings.serial:
        return "it has another serial number"
    if serial is None and not same:
        return "it does not tell its serial number"
    if facts.pin_denied:
        return "the stored fingerprint may not be read"
    if not same and (facts.known or place.settings.envoy_tls == "strict"):
        return "its certificate is not trusted"
    if not has_token:
        return "there is no usable token"
    return None


def _ask_all(
    place: DoctorContext, gateway: Gateway, facts: GatewayFacts
) -> GatewayFacts:
    gateway.info = facts.info
    asked: tuple[tuple[str, Callable[[float], Dated[Any]]], ...] = (
        ("relay", partial(gateway.fetch, RELAY)),
        ("inventory", _twice_when_empty(gateway)),
        ("secctrl", partial(gateway.fetch, SECCTRL)),
        ("live", partial(gateway.fetch, LIVEDATA)),
    )
    for name, fetch in asked:
        try:
            answer = gateway.insist(fetch, place.until)
        except DeviceError as exc:
            facts = replace(facts, problems={**facts.problems, name: exc})
            if isinstance(exc, TokenRejected) and exc.good is False:
                return replace(facts, refused=True)
            if isinstance(exc, DeviceUnreachable) and name == "relay":
                return facts
            continue
        # One field per reading, named as in the table.
        facts = replace(facts, **{name: answer.value})
        if name == "live":
            facts = replace(facts, live_age_s=_age_s(answer))
    return facts


def _twice_when_empty(gateway: Gateway) -> Callable[[float], Dated[Inventory]]:
    def fetch(until: float) -> Dated[Inventory]:
        found = gateway.fetch(INVENTORY, until)
        return found if found.value.devices else gateway.fetch(INVENTORY, until)

    return fetch


def _age_s(answer: Dated[Any]) -> float | None:
    updated_s = answer.value.last_update_s
    if updated_s is None or answer.gateway_epoch_s is None:
        return None
    return float(answer.gateway_epoch_s - updated_s)


@check("gateway-resolves")
def gateway_resolves(facts: DoctorFacts) -> CheckVerdict:
    """The name leads to an address."""
    return resolves(facts.need(GatewayFacts))


@check("gateway-connects")
def gateway_connects(facts: DoctorFacts) -> CheckVerdict:
    """HTTPS answers at the address."""
    gateway = facts.need(GatewayFacts)
    if gateway.unresolved is not None:
        return skipped("gateway: without an address there is no connection")
    if gateway.unreachable is not None:
        return failed(
            f"gateway {gateway.host} cannot be reached: {gateway.unreachable.problem}",
            gateway.unreachable.remedy or UNREACHABLE,
        )
    return ok(f"gateway {gateway.host} answers at {gateway.address}")


@check("gateway-certificate")
def gateway_certificate(facts: DoctorFacts) -> CheckVerdict:
    """The certificate is the one known."""
    gateway = facts.need(GatewayFacts)
    if gateway.shown is None:
        return skipped("gateway: its certificate was not seen")
    if gateway.pin_denied:
        return not_allowed("gateway: the stored fingerprint may not be read")
    taken = gateway.known is None and facts.settings.envoy_tls != "strict"
    if gateway.known == gateway.shown or taken:
        return known_certificate(gateway, facts.settings.ups)
    if gateway.info and gateway.info.serial not in (None, facts.settings.serial):
        # To trust it is refused.
        return replace(
            other_certificate(gateway, facts.settings.ups),
            remedy="its serial number, below, comes first",
        )
    return other_certificate(gateway, facts.settings.ups)


@check("gateway-serial")
def gateway_serial(facts: DoctorFacts) -> CheckVerdict:
    """It is the gateway of the config."""
    gateway, wanted = facts.need(GatewayFacts), facts.settings.serial
    if gateway.info is None or gateway.info.serial is None:
        return _without_info(gateway, "serial number")
    if gateway.info.serial != wanted:
        return failed(
            f"gateway: serial number {gateway.info.serial}, the config says {wanted}",
            f"check ENVOY_HOST; a new gateway: nutbridge setup {facts.settings.ups} "
            f"--serial {gateway.info.serial}",
        )
    return ok(f"gateway: serial number {wanted}, as in the config")


@check("gateway-firmware")
def gateway_firmware(facts: DoctorFacts) -> CheckVerdict:
    """Firmware 7 and later: tokens, and what tells about the battery."""
    gateway = facts.need(GatewayFacts)
    if gateway.info is None or gateway.info.software is None:
        return _without_info(gateway, "firmware")
    software = gateway.info.software
    if gateway.info.takes_tokens is False:
        return failed(
            f"gateway: firmware {software} knows no tokens",
            "firmware 7 or later is needed; Enphase updates it over the internet",
        )
    return ok(f"gateway: firmware {software}")


@check("gateway-token")
def gateway_token(facts: DoctorFacts) -> CheckVerdict:
    """The gateway takes the token."""
    gateway = facts.need(GatewayFacts)
    if gateway.refused:
        remedy = (
            f"nutbridge token renew {facts.settings.ups}, or nutbridge token import"
        )
        if gateway.epoch_s is not None and gateway.epoch_s < SET_FROM_EPOCH:
            remedy = CLOCK_NOT_SET
        return failed("gateway: it refuses the token", remedy)
    if gateway.silent is not None:
        return skipped(f"gateway: not asked further: {gateway.silent}")
    if gateway.shown is None:
        return skipped("gateway: the token was not tried")
    told = (gateway.relay, gateway.inventory, gateway.secctrl, gateway.live)
    refusals = [
        each for each in gateway.problems.values() if isinstance(each, TokenRejected)
    ]
    if any(each is not None for each in told) or any(each.good for each in refusals):
        # What it refuses to this account is told where it is needed.
        return ok("gateway: it takes the token")
    if refusals:
        return failed(
            f"gateway: {refusals[0].problem}; whether the token is good, it does not "
            "tell",
            refusals[0].remedy,
        )
    return skipped("gateway: whether it takes the token was not told")


def _without_info(gateway: GatewayFacts, what: str) -> CheckVerdict:
    if gateway.no_info is not None:
        return failed(
            f"gateway: {what} unknown, /info: {gateway.no_info.problem}",
            "is this an IQ Gateway? check ENVOY_HOST",
        )
    if gateway.info is not None:
        return failed(
            f"gateway: /info tells no {what}", "is this an IQ Gateway? check ENVOY_HOST"
        )
    return skipped(f"gateway: {what} unknown without an answer")
