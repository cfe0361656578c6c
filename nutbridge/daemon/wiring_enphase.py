"""Puts the source of an IQ Gateway together."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nutbridge.config.settings import Settings, TestAnswers
from nutbridge.daemon.state_store import StateSession
from nutbridge.net.wire import Wire
from nutbridge.net.worker import retrying
from nutbridge.nut.port_file import PortFilePublisher
from nutbridge.sources.enphase.claims import PAUSE_AFTER_SUCCESS_S
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.renewal import Renewal
from nutbridge.sources.enphase.source import EnphaseSource
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.clock import Host
from nutbridge.ups.model import Grid

if TYPE_CHECKING:
    from nutbridge.sources.enphase.cloud import Cloud

# How gateway and cloud are reached: what makes the one from what returns its token, and
# what makes a connection to the other, in the thread that uses it.
_Ways = tuple[Callable[[Callable[[], str | None]], Gateway], Callable[[], Wire]]


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
        make_gateway, cloud = _real(settings, host)
    else:
        make_gateway, cloud = _played(settings, settings.test, publisher, host)
    renewal = _renewal(settings, cloud, state_session, host)
    state_session.watch(lambda: renewal.retry_state, lambda: _token_ends(renewal))
    saved = state_session.memory
    gateway = make_gateway(lambda: renewal.token)
    source = _source(settings, gateway, renewal, host)
    if saved is not None:
        source.recall(collar=saved.collar, backup_mode=saved.backup_mode)
    source.opened_at = _opened_at(publisher, state_session, host)
    return source


def _token_ends(renewal: Renewal) -> float | None:
    return renewal.claims.expires_epoch if renewal.claims else None


def _opened_at(
    publisher: PortFilePublisher, state_session: StateSession, host: Host
) -> float | None:
    """Return when the gateway last said open, as far as anybody knows.

    An OB that nobody dates may have been written just now.
    """
    saved = state_session.memory
    if saved and state_session.written_this_boot and saved.relay.grid is Grid.OPEN:
        return saved.relay.at
    hidden = saved and state_session.written_this_boot and saved.hidden_at_stop
    on_battery = hidden or "OB" in (publisher.status or "").split()
    return host.clock.boottime() if on_battery else None


def _real(settings: Settings, host: Host) -> _Ways:
    from nutbridge.sources.enphase.session import open_gateway, pins_of, site_of

    def cloud() -> Wire:
        from nutbridge.net.cloud_https import CloudHttps

        return CloudHttps(host.clock, timeout_s=settings.login_timeout_s)

    return (
        lambda token: open_gateway(
            site_of(settings),
            token,
            pins_of(settings, host.owner),
            host.clock,
            host.waiter,
        ),
        cloud,
    )


def _played(
    settings: Settings, answers: TestAnswers, publisher: PortFilePublisher, host: Host
) -> _Ways:
    from random import Random

    from nutbridge.daemon.playback.wire import PlayedCloud, PlayedGateway

    cloud = PlayedCloud(answers, settings.tokens_url, host.clock)
    wire = PlayedGateway(
        answers,
        cloud,
        host.clock,
        Random(),  # noqa: S311  when a played token expires is no secret
        lambda: publisher.settings.charge_low_pct,
    )
    return (
        lambda token: Gateway(wire, host.clock, settings.envoy_host, token),
        lambda: cloud,
    )


def _renewal(
    settings: Settings,
    cloud: Callable[[], Wire],
    state_session: StateSession,
    host: Host,
) -> Renewal:
    played = settings.test is not None

    def make_cloud() -> "Cloud":
        from nutbridge.sources.enphase.cloud import Cloud

        return Cloud(
            cloud(),
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
    settings: Settings, gateway: Gateway, renewal: Renewal, host: Host
) -> EnphaseSource:
    return EnphaseSource(
        gateway,
        renewal,
        functools.partial(retrying, clock=host.clock, waiter=host.waiter),
        host.clock,
        api_timeout_s=settings.api_timeout_s,
        disable_meters=settings.disable_meters,
    )
