"""The IQ Gateway, asked as the monitor would.

First /info without the token; the token follows only where the monitor would
send it: the serial is right, and the certificate is known or may be new.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from nutbridge.config.file_names import gateway_pin_name
from nutbridge.errors import (
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.net.addresses import resolve_host, split_host
from nutbridge.net.pins import PinRecord, PinStore
from nutbridge.net.worker import (
    LateError,
    ThreadWaiter,
    Worker,
    call_within,
)
from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.sources.enphase.flows import FRESH_S
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.readings import (
    Dated,
    Inventory,
    LiveData,
    Relay,
    SecCtrl,
)
from nutbridge.sources.enphase.remedies import (
    AGAIN,
    CLOCK_NOT_SET,
    NO_BATTERY,
    NO_BATTERY_REMEDY,
    NO_DEVICES,
    NO_DEVICES_REMEDY,
    SET_FROM_EPOCH,
    UNREACHABLE,
)
from nutbridge.sources.enphase.witnesses import votes_of
from nutbridge.system.files import read_file
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    Gathered,
    check,
    failed,
    not_allowed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.tools.doctor.token import read_token
from nutbridge.ups.model import Grid

#: A gateway in the house connects within milliseconds.
_CONNECT_S = 5.0
_REQUEST_S = 8.0
_LOOK_UP_S = 5.0
#: Beyond it something is wrong with a clock: a gateway judges tokens by its own.
_SKEW_S = 120.0
_SHORT = 16


@dataclass(frozen=True, slots=True)
class GatewayFacts(Gathered):
    """What the gateway says; filled as far as it came.

    Attributes:
        host: as configured.
        addresses: found for it.
        address: the one that answered.
        unresolved: why there are no addresses.
        unreachable: why there is no connection.
        known: stored fingerprint; None without one.
        replaced: the one before, while nobody has confirmed ``known``.
        shown: fingerprint seen.
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

    host: str
    addresses: tuple[str, ...] = ()
    address: str | None = None
    unresolved: str | None = None
    unreachable: DeviceError | None = None
    known: str | None = None
    replaced: str | None = None
    shown: str | None = None
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


def resolve(host: str, place: DoctorContext) -> Sequence[str] | str:
    """Return the addresses, or why there are none."""
    name, port = split_host(host)
    until = min(place.until, place.clock.boottime() + _LOOK_UP_S)
    worker = Worker("resolve", lambda: None)
    try:
        return call_within(
            worker,
            lambda: resolve_host(name, port),
            clock=place.clock,
            waiter=ThreadWaiter(),
            deadline=until,
        )
    except LateError:
        return f"the name service does not answer within {_LOOK_UP_S:g} s"
    except (OSError, UnicodeError):
        return "no address is known for that name"
    finally:
        worker.retire()


def _introduce(
    place: DoctorContext, gateway: Gateway, facts: GatewayFacts
) -> GatewayFacts:
    """Ask /info, without the token."""
    try:
        answer = gateway.fetch_info(place.until)
    except DeviceError as exc:
        if gateway.shown is None:
            return replace(facts, unreachable=exc)
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
    """Return why the token must not be sent, or None; as enphase/identity.py."""
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
        ("relay", gateway.fetch_relay),
        ("inventory", _twice_when_empty(gateway)),
        ("secctrl", gateway.fetch_secctrl),
        ("live", gateway.fetch_livedata),
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
        found = gateway.fetch_inventory(until)
        return found if found.value.devices else gateway.fetch_inventory(until)

    return fetch


def _age_s(answer: Dated[Any]) -> float | None:
    updated_s = answer.value.last_update_s
    if updated_s is None or answer.gateway_epoch_s is None:
        return None
    return float(answer.gateway_epoch_s - updated_s)


@check("gateway-resolves")
def gateway_resolves(facts: DoctorFacts) -> CheckVerdict:
    """The name leads to an address."""
    gateway = facts.need(GatewayFacts)
    if gateway.unresolved is not None:
        return failed(
            f"gateway {gateway.host}: {gateway.unresolved}",
            "ENVOY_HOST in the config: a fixed address of the gateway is safest",
        )
    return ok(f"gateway {gateway.host} has address {', '.join(gateway.addresses)}")


@check("gateway-connects")
def gateway_connects(facts: DoctorFacts) -> CheckVerdict:
    """HTTPS answers at the address."""
    gateway = facts.need(GatewayFacts)
    if gateway.unresolved is not None:
        return skipped("gateway: without an address there is no connection")
    if gateway.unreachable is not None:
        return failed(
            f"gateway {gateway.host} cannot be reached: {gateway.unreachable.problem}",
            UNREACHABLE,
        )
    return ok(f"gateway {gateway.host} answers at {gateway.address}")


@check("gateway-certificate")
def gateway_certificate(facts: DoctorFacts) -> CheckVerdict:
    """The certificate is the one known."""
    gateway = facts.need(GatewayFacts)
    if gateway.shown is None:
        return skipped("gateway: its certificate was not seen")
    shown = f"{gateway.shown[:_SHORT]}..."
    trust = f"if that is right: nutbridge gateway trust {facts.settings.ups}"
    if gateway.pin_denied:
        return not_allowed("gateway: the stored fingerprint may not be read")
    if gateway.known != gateway.shown:
        if gateway.known is None and facts.settings.envoy_tls != "strict":
            stored = "the monitor stores it when it starts"
            return ok(f"gateway: certificate {shown}, {stored}")
        known = f"{gateway.known[:_SHORT]}..." if gateway.known else "none"
        return failed(f"gateway: certificate {shown}, known is {known}", trust)
    if gateway.replaced is not None:
        return warning(
            f"gateway: certificate {shown} was taken by itself, in place of "
            f"{gateway.replaced[:_SHORT]}...",
            trust,
        )
    return ok(f"gateway: certificate {shown} is the known one")


@check("gateway-serial")
def gateway_serial(facts: DoctorFacts) -> CheckVerdict:
    """It is the gateway of the config."""
    gateway, wanted = facts.need(GatewayFacts), facts.settings.serial
    if gateway.info is None or gateway.info.serial is None:
        return _without_info(gateway, "serial number")
    if gateway.info.serial != wanted:
        return failed(
            f"gateway: serial number {gateway.info.serial}, the config says {wanted}",
            "check ENVOY_HOST and SERIAL",
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


@check("gateway-grid")
def gateway_grid(facts: DoctorFacts) -> CheckVerdict:
    """A controller or Collar is fitted; what it and the relay say."""
    gateway = facts.need(GatewayFacts)
    if gateway.relay is None:
        return _instead_of_relay(gateway)
    if gateway.inventory is None:
        return _missing(gateway, "inventory", "its inventory")
    found = gateway.inventory
    said = f"relay {gateway.relay.oper}" + "".join(
        f", Collar {collar.admin_state or '?'} (switch {collar.mid_state or '?'})"
        for collar in found.collars
    )
    lone = _without_controller(facts, found, said)
    if lone is not None:
        return lone
    answer = derive_grid(gateway.relay, found.collars)
    what = "Meter Collar" if found.collars else "System Controller"
    if answer.grid is Grid.UNKNOWN:
        return failed(
            f"gateway: {what}, but {said} means nothing to the monitor",
            "please report this word, with: nutbridge gateway capture",
        )
    if answer.grid is Grid.CLOSED and answer.backup_mode is False:
        return warning(
            f"gateway: {what}, {said}, but in no backup mode",
            "after a backup mode the monitor takes this for no answer; where it "
            "lasts, restart the gateway",
        )
    state = {Grid.CLOSED: "on line", Grid.OPEN: "on battery"}[answer.grid]
    return ok(f"gateway: {state}; {what}, {said}")


def _instead_of_relay(gateway: GatewayFacts) -> CheckVerdict:
    """Tell who else knows about the grid; the monitor believes them then."""
    missing = _missing(gateway, "relay", "the state of the grid")
    votes = votes_of(gateway.inventory, None)
    if not votes:
        return missing
    said = f"{votes[0].speaker} says {votes[0].word}"
    return warning(f"{missing.finding}; {said}", missing.remedy)


def _without_controller(
    facts: DoctorFacts, found: Inventory, said: str
) -> CheckVerdict | None:
    if not found.devices:
        finding = f"gateway: {NO_DEVICES} ({said})"
        if facts.settings.allow_no_controller:
            remedy = "ALLOW_NO_CONTROLLER is set: it says on line for ever"
            return warning(finding, remedy)
        return failed(finding, NO_DEVICES_REMEDY)
    if found.controllers or found.collars:
        return None
    lone = f"gateway: no System Controller and no Meter Collar ({said})"
    remedy = "without one it says on line for ever: this is no UPS"
    if facts.settings.allow_no_controller:
        return warning(f"{lone}, ALLOW_NO_CONTROLLER is set", remedy)
    return failed(lone, f"{remedy}; ALLOW_NO_CONTROLLER=1 overrides")


@check("gateway-battery")
def gateway_battery(facts: DoctorFacts) -> CheckVerdict:
    """A battery is there, with charge and capacity."""
    gateway = facts.need(GatewayFacts)
    if gateway.secctrl is None:
        return _missing(gateway, "secctrl", "its battery")
    soc, capacity = gateway.secctrl.soc_pct, gateway.secctrl.capacity_wh
    listed = gateway.inventory
    count = listed.batteries if listed else None
    if not capacity or soc is None:
        if listed is not None and not listed.devices:
            return skipped("gateway: no battery is listed, nor anything else")
        if count == 0:
            return warning(f"gateway: {NO_BATTERY}", NO_BATTERY_REMEDY)
        return failed(
            "gateway: its batteries are not ready, charge or capacity is unknown",
            "after a restart of the gateway they rejoin within 15 minutes",
        )
    fitted = f"{count} IQ Batteries, " if count else ""
    return ok(f"gateway: {fitted}{soc:.0f} % of {capacity / 1000:.1f} kWh")


@check("gateway-health")
def gateway_health(facts: DoctorFacts) -> CheckVerdict:
    """Batteries, System Controller and Collar say that they are well."""
    gateway = facts.need(GatewayFacts)
    if gateway.inventory is None:
        return skipped("gateway: the health of its devices was not told")
    ill = [each for each in gateway.inventory.health if each.faults]
    if ill:
        return warning(
            f"gateway: {'; '.join(f'{each.name}: {each.words}' for each in ill)}",
            "see the Enphase app; a battery whose switch is off, or that does not "
            "communicate, carries nothing in an outage",
        )
    if not gateway.inventory.health:
        return skipped("gateway: no battery and no controller, whose health counts")
    return ok("gateway: batteries and controllers are well")


@check("gateway-clock")
def gateway_clock(facts: DoctorFacts) -> CheckVerdict:
    """Both clocks agree."""
    gateway = facts.need(GatewayFacts)
    skew_s = gateway.skew_s
    if skew_s is None:
        return skipped("gateway: its clock was not seen")
    if (gateway.epoch_s or SET_FROM_EPOCH) < SET_FROM_EPOCH:
        return failed("gateway: its clock shows 1970", CLOCK_NOT_SET)
    shown = f"gateway: its clock is {abs(skew_s):.0f} s "
    shown += "ahead of" if skew_s >= 0 else "behind"
    shown += " this machine's"
    if abs(skew_s) > _SKEW_S:
        return failed(
            shown,
            "set this machine's clock (timedatectl); the gateway takes its own "
            "from the internet",
        )
    return ok(shown)


@check("gateway-stream")
def gateway_stream(facts: DoctorFacts) -> CheckVerdict:
    """The live stream; other endpoints tell nearly as much, only less often."""
    gateway = facts.need(GatewayFacts)
    live, age_s = gateway.live, gateway.live_age_s
    if live is None:
        return _missing(gateway, "live", "its live stream")
    if live.stream_on and age_s is not None and abs(age_s) <= FRESH_S:
        return ok(f"gateway: live stream on, values {max(0.0, age_s):.0f} s old")
    files = facts.get(FileFacts)
    running = files is not None and files.held
    state = "on, but its values are old" if live.stream_on else "off"
    if running:
        return warning(
            f"gateway: live stream {state}",
            "the monitor switches it on once a minute; see its log if it stays so",
        )
    return ok(f"gateway: live stream {state}; the monitor switches it on")


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


def _missing(gateway: GatewayFacts, name: str, what: str) -> CheckVerdict:
    problem = gateway.problems.get(name)
    if problem is not None and not gateway.refused:
        return failed(
            f"gateway: it does not tell {what}: {problem.problem}",
            problem.remedy or AGAIN,
        )
    return skipped(f"gateway: {what} was not asked for")
