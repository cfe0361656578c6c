"""One gateway with its connection: what the monitor and every tool speak over.

Token, session cookie, certificate and serial number are seen to in one place, so
what one of them can do all can do, and none sends the token where another would
not.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nutbridge.config.file_names import gateway_pin_name
from nutbridge.config.settings import Settings
from nutbridge.net.addresses import Resolve, resolve_host, split_host
from nutbridge.net.https import HTTP_PORT, HttpsDevice
from nutbridge.net.pins import Pin, PinKeeper, PinStore
from nutbridge.net.tls import PinnedContext
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.identity import PeerGuard
from nutbridge.sources.enphase.info import Info
from nutbridge.system.clock import Clock, Waiter


class GatewaySite(NamedTuple):
    """Which gateway, and how to ask it.

    Attributes:
        host: as ENVOY_HOST.
        serial: that it must have to get the token.
        strict: ENVOY_TLS=strict.
        timeout_s: limit of one connect, handshake, or read.
        total_s: limit of one request in all; 2 x ``timeout_s`` when None.
        resolve: finds addresses.
        trust: the command that accepts another certificate.
        plain_port: where firmware 5 listens, without TLS, and nowhere else.
    """

    host: str
    serial: str = ""
    strict: bool = False
    timeout_s: float = 5.0
    total_s: float | None = None
    resolve: Resolve = resolve_host
    trust: str = "nutbridge gateway trust"
    plain_port: int = HTTP_PORT


def site_of(settings: Settings) -> GatewaySite:
    """Return the gateway of a config."""
    return GatewaySite(
        settings.envoy_host,
        settings.serial,
        strict=settings.envoy_tls == "strict",
        timeout_s=settings.api_timeout_s,
        trust=f"nutbridge gateway trust {settings.ups}",
    )


def pins_of(settings: Settings, owner: tuple[int, int] | None = None) -> PinStore:
    """Return where the gateway's fingerprint is kept."""
    path = Path(settings.state_dir, gateway_pin_name(settings.ups))
    return PinStore(path, owner)


def open_gateway(
    site: GatewaySite,
    token: Callable[[], str | None],
    keeper: PinKeeper,
    clock: Clock,
    waiter: Waiter,
    *,
    read_only: bool = False,
) -> Gateway:
    """Return the gateway; nothing is sent yet.

    Args:
        site: which, and how.
        token: returns the current one, or None while there is none.
        keeper: keeps what is known of its certificate.
        clock: all times.
        waiter: of the calling thread.
        read_only: leave the live stream as it is.

    Raises:
        ValueError: ``site.host`` is none.
    """
    context = PinnedContext()
    wire = _wire(site, context, clock, waiter)
    pin = Pin(
        site.host,
        strict=site.strict,
        context=context,
        keeper=keeper,
        clock=clock,
        trust=site.trust,
    )
    guard = PeerGuard(site.host, site.serial, wire, pin)
    plain = _plain_info(site, clock, waiter)
    return Gateway(
        wire, clock, site.host, token, guard, read_only=read_only, plain_info=plain
    )


def introduce(site: GatewaySite, clock: Clock, waiter: Waiter) -> Gateway:
    """Return whatever gateway is there: any certificate, and never a token.

    Raises:
        ValueError: ``site.host`` is none.
    """
    wire = _wire(site, PinnedContext(), clock, waiter)
    plain = _plain_info(site, clock, waiter)
    return Gateway(wire, clock, site.host, lambda: None, plain_info=plain)


def _plain_info(
    site: GatewaySite, clock: Clock, waiter: Waiter
) -> Callable[[float], Info]:
    """Return what asks /info at port 80: only firmware below 7 still answers there.

    Nothing secret is sent. Source: firmware 5.0 listens at port 80 alone; it is closed
    from D8.3.5286 on (evcc issue #26686), and led to https in between.
    """

    def fetch(until: float) -> Info:
        names = [split_host(each)[0] for each in site.host.split(",")]
        hosts = [f"[{each}]" if ":" in each else each for each in names]
        plain = ",".join(f"{each}:{site.plain_port}" for each in hosts)
        wire = _wire(site._replace(host=plain), None, clock, waiter)
        with contextlib.closing(wire):
            return Gateway(wire, clock, site.host, lambda: None).fetch_info(until).value

    return fetch


def _wire(
    site: GatewaySite, context: PinnedContext | None, clock: Clock, waiter: Waiter
) -> HttpsDevice:
    return HttpsDevice(
        site.host,
        context=context,
        clock=clock,
        waiter=waiter,
        timeout_s=site.timeout_s,
        total_s=site.total_s,
        resolve=site.resolve,
    )
