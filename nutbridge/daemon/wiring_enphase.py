"""Puts the source of an IQ Gateway together."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.file_names import gateway_pin_name
from nutbridge.config.settings import Settings, TestAnswers
from nutbridge.daemon.state_session import StateSession
from nutbridge.net.wire import Wire
from nutbridge.nut.publisher import PortFilePublisher
from nutbridge.sources.enphase.cloud import Cloud
from nutbridge.sources.enphase.gateway import Gateway, Guard
from nutbridge.sources.enphase.renewal import Renewal
from nutbridge.sources.enphase.schedule import PAUSE_AFTER_SUCCESS_S
from nutbridge.sources.enphase.source import EnphaseSource
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.host import Host


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
    settings: Settings,
    publisher: PortFilePublisher,
    state_session: StateSession,
    host: Host,
) -> EnphaseSource:
    """Return the source; nothing was asked yet.

    Raises:
        ConfigError: the token file or ENVOY_HOST cannot be used.
    """
    if settings.test is None:
        wires = _real(settings, host)
    else:
        wires = _played(settings, settings.test, publisher, host)
    renewal = _renewal(settings, wires, state_session, host)
    state_session.watch(lambda: renewal.retry_state)
    collar = state_session.memory is not None and state_session.memory.collar
    return _source(settings, wires, renewal, host, collar=collar)


def _real(settings: Settings, host: Host) -> _Wires:
    from nutbridge.net.https import CloudHttps, HttpsDevice
    from nutbridge.net.pin_store import PinStore
    from nutbridge.net.tls import PinnedContext
    from nutbridge.sources.enphase.identity import PeerGuard

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
    settings: Settings, answers: TestAnswers, publisher: PortFilePublisher, host: Host
) -> _Wires:
    from random import Random

    from nutbridge.daemon.playback.wire import PlayedCloud, PlayedGateway

    cloud = PlayedCloud(answers, settings.tokens_url, host.clock)
    gateway = PlayedGateway(
        answers,
        cloud,
        host.clock,
        Random(),  # noqa: S311  when a played token expires is no secret
        lambda: publisher.settings.charge_low_pct,
    )
    return _Wires(gateway, None, lambda: cloud)


def _renewal(
    settings: Settings, wires: _Wires, state_session: StateSession, host: Host
) -> Renewal:
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
        state=None if played else state_session.retry_state,
        pause_after_success_s=0.0 if played else PAUSE_AFTER_SUCCESS_S,
    )


def _source(
    settings: Settings, wires: _Wires, renewal: Renewal, host: Host, *, collar: bool
) -> EnphaseSource:
    from nutbridge.net.retry import retrying

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
