"""Puts the source of an IQ Gateway together."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nutbridge.enphase.cloud import Cloud
from nutbridge.enphase.gateway import Gateway, Guard
from nutbridge.enphase.renewal import Renewal
from nutbridge.enphase.schedule import PAUSE_AFTER_SUCCESS_S
from nutbridge.enphase.source import EnphaseSource
from nutbridge.enphase.token_store import TokenStore
from nutbridge.file_names import gateway_pin_name
from nutbridge.host import Host
from nutbridge.keeper import Keeper
from nutbridge.panel import Panel
from nutbridge.settings import Settings, TestAnswers
from nutbridge.wire import Wire


@dataclass(frozen=True, slots=True)
class _Wires:
    """How gateway and cloud are reached.

    Attributes:
        gateway: to the gateway.
        guard: sees to it that no other device gets the token; None without one.
        cloud: makes a connection to the cloud, in the thread that uses it.
    """

    gateway: Wire
    guard: Guard | None
    cloud: Callable[[], Wire]


def enphase_source(
    settings: Settings, panel: Panel, keeper: Keeper, host: Host
) -> EnphaseSource:
    """Return the source; nothing was asked yet.

    Raises:
        ConfigError: the token file or ENVOY_HOST cannot be used.
    """
    if settings.test is None:
        wires = _real(settings, host)
    else:
        wires = _played(settings, settings.test, panel, host)
    renewal = _renewal(settings, wires, keeper, host)
    keeper.watch(lambda: renewal.retry_state)
    collar = keeper.memory is not None and keeper.memory.collar
    return _source(settings, wires, renewal, host, collar=collar)


def _real(settings: Settings, host: Host) -> _Wires:
    from nutbridge.enphase.identity import PeerGuard
    from nutbridge.https import CloudHttps, HttpsDevice
    from nutbridge.pin_store import PinStore
    from nutbridge.tls import PinnedContext

    context = PinnedContext()
    device = HttpsDevice(
        settings.envoy_host,
        context=context,
        clock=host.clock,
        waiter=host.waiter,
        timeout_s=settings.api_timeout_s,
    )
    pins = Path(settings.state_dir, gateway_pin_name(settings.ups))
    guard = PeerGuard(
        host=settings.envoy_host,
        serial=settings.serial,
        strict=settings.envoy_tls == "strict",
        wire=device,
        pin=context,
        store=PinStore(pins, host.owner),
    )
    return _Wires(
        device,
        guard,
        lambda: CloudHttps(host.clock, timeout_s=settings.login_timeout_s),
    )


def _played(
    settings: Settings, answers: TestAnswers, panel: Panel, host: Host
) -> _Wires:
    from random import Random

    from nutbridge.enphase.test_wire import PlayedCloud, PlayedGateway

    cloud = PlayedCloud(answers, settings.tokens_url, host.clock)
    gateway = PlayedGateway(
        answers,
        cloud,
        host.clock,
        Random(),  # noqa: S311  when a played token expires is no secret
        lambda: panel.settings.charge_low_pct,
    )
    return _Wires(gateway, None, lambda: cloud)


def _renewal(settings: Settings, wires: _Wires, keeper: Keeper, host: Host) -> Renewal:
    played = settings.test is not None

    def make_cloud() -> Cloud:
        return Cloud(
            wires.cloud(),
            user=settings.username,
            password=settings.password,
            serial=settings.serial,
            any_audience=played,
            login_url=settings.login_url,
            tokens_url=settings.tokens_url,
        )

    return Renewal(
        make_cloud=make_cloud,
        store=TokenStore(
            Path(settings.token_file),
            None if played else settings.serial,
            host.owner,
            settings.token_credential,
        ),
        clock=host.clock,
        waiter=host.waiter,
        state=None if played else keeper.retry_state,
        pause_after_success_s=0.0 if played else PAUSE_AFTER_SUCCESS_S,
    )


def _source(
    settings: Settings, wires: _Wires, renewal: Renewal, host: Host, *, collar: bool
) -> EnphaseSource:
    from nutbridge.transport import retrying

    gateway = Gateway(
        wires.gateway,
        host.clock,
        settings.envoy_host,
        lambda: renewal.token,
        wires.guard,
    )
    return EnphaseSource(
        gateway,
        renewal,
        functools.partial(retrying, clock=host.clock, waiter=host.waiter),
        host.clock,
        api_timeout_s=settings.api_timeout_s,
        disable_meters=settings.disable_meters,
        collar=collar,
    )
