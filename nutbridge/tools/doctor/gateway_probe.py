"""Ask the gateway as the monitor would, but never post anything.

First /info without the token; the token follows only where the monitor would
send it: the serial is right, and the certificate is known or may be new.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nutbridge.config.file_names import gateway_pin_name
from nutbridge.errors import (
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.net.addresses import resolve_host, split_host
from nutbridge.net.pin_store import PinStore
from nutbridge.net.worker import (
    LateError,
    ThreadWaiter,
    Worker,
    call_within,
)
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.readings import Dated
from nutbridge.tools.doctor.facts import GatewayFacts
from nutbridge.tools.doctor.place import DoctorContext
from nutbridge.tools.doctor.token_probe import read_token

if TYPE_CHECKING:
    from nutbridge.net.https import HttpsDevice
    from nutbridge.net.tls import PinnedContext

#: A gateway in the house connects within milliseconds.
_CONNECT_S = 5.0
_REQUEST_S = 8.0
_LOOK_UP_S = 5.0


def ask_gateway(place: DoctorContext) -> GatewayFacts:
    """Gather what the gateway says, over one connection, by ``place.until``."""
    from nutbridge.net.https import HttpsDevice
    from nutbridge.net.tls import PinnedContext

    host = place.settings.envoy_host
    known, denied = _stored_pin(place)
    facts = GatewayFacts(host, known=known, pin_denied=denied)
    found = resolve(host, place)
    if isinstance(found, str):
        return replace(facts, unresolved=found)
    facts = replace(facts, addresses=tuple(found))
    context = PinnedContext()
    device = HttpsDevice(
        host,
        context=context,
        clock=place.clock,
        waiter=ThreadWaiter(),
        timeout_s=min(place.settings.api_timeout_s, _CONNECT_S),
        total_s=_REQUEST_S,
        resolve=lambda _host, _port: found,
    )
    token = read_token(place).text
    gateway = Gateway(device, place.clock, host, lambda: token)
    try:
        facts = _introduce(place, gateway, device, context, facts)
        if facts.unreachable is not None:
            return facts
        silent = _why_silent(place, facts, has_token=token is not None)
        if silent is not None:
            return replace(facts, silent=silent)
        context.expected = facts.shown
        device.secrets_only_to = device.peer
        return _ask_all(place, gateway, facts)
    finally:
        device.close()


def _stored_pin(place: DoctorContext) -> tuple[str | None, bool]:
    """Return the fingerprint, and whether there is one that may not be read."""
    settings = place.settings
    path = Path(settings.state_dir, gateway_pin_name(settings.ups))
    try:
        path.open("rb").close()
    except PermissionError:
        return None, True
    except OSError:
        return None, False
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
    place: DoctorContext,
    gateway: Gateway,
    device: "HttpsDevice",
    context: "PinnedContext",
    facts: GatewayFacts,
) -> GatewayFacts:
    """Ask /info, without the token."""
    try:
        answer = gateway.fetch_info(place.until)
    except DeviceError as exc:
        if context.seen is None:
            return replace(facts, unreachable=exc.problem)
        facts = replace(facts, no_info=exc.problem)
    else:
        ahead_s = None
        if answer.gateway_epoch_s is not None:
            ahead_s = answer.gateway_epoch_s - place.clock.wall()
        facts = replace(facts, info=answer.value, skew_s=ahead_s)
    address = device.address or facts.addresses[0]
    return replace(facts, address=address, shown=context.seen)


def _why_silent(
    place: DoctorContext, facts: GatewayFacts, *, has_token: bool
) -> str | None:
    """Return why the token must not be sent, or None; as enphase/identity.py."""
    serial = facts.info.serial if facts.info else None
    same = facts.known is not None and facts.known == facts.shown
    new = facts.known is not None and facts.known != facts.shown
    if serial is not None and serial != place.settings.serial:
        return "it has another serial number"
    if serial is None and not same:
        return "it does not tell its serial number"
    if new and place.settings.envoy_tls == "strict":
        return "its certificate is not trusted"
    if not has_token:
        return "there is no usable token"
    return None


def _ask_all(
    place: DoctorContext, gateway: Gateway, facts: GatewayFacts
) -> GatewayFacts:
    try:
        facts = replace(facts, relay=_relay(place, gateway))
    except TokenRejected as exc:
        return _judge_token(place, gateway, facts, exc)
    except DeviceUnreachable as exc:
        return replace(facts, problems={"relay": exc.problem})
    except DeviceError as exc:
        facts = replace(facts, problems={"relay": exc.problem})
    asked: tuple[tuple[str, Callable[[float], Dated[Any]]], ...] = (
        ("inventory", gateway.fetch_inventory),
        ("secctrl", gateway.fetch_secctrl),
        ("live", gateway.fetch_livedata),
    )
    for name, fetch in asked:
        try:
            answer = fetch(place.until)
        except DeviceError as exc:
            problems = {**facts.problems, name: exc.problem}
            facts = replace(facts, problems=problems)
            continue
        # One field per reading, named as in the table.
        facts = replace(facts, **{name: answer.value})
        if name == "live":
            facts = replace(facts, live_age_s=_age_s(answer))
    return facts


def _relay(place: DoctorContext, gateway: Gateway) -> Any:
    try:
        return gateway.fetch_relay(place.until).value
    except TokenRejected:
        # A gateway that has restarted refuses good tokens for a while.
        gateway.new_session()
        return gateway.fetch_relay(place.until).value


def _judge_token(
    place: DoctorContext, gateway: Gateway, facts: GatewayFacts, refusal: TokenRejected
) -> GatewayFacts:
    try:
        good = gateway.check_jwt(place.until)
    except DeviceError as exc:
        problem = f"{refusal.problem}; whether it is good: {exc.problem}"
        return replace(facts, problems={"access": problem})
    if good:
        problem = "it takes the token, but not for the relay"
        return replace(facts, problems={"access": problem})
    return replace(facts, refused=True)


def _age_s(answer: Dated[Any]) -> float | None:
    updated_s = answer.value.last_update_s
    if updated_s is None or answer.gateway_epoch_s is None:
        return None
    return float(answer.gateway_epoch_s - updated_s)
