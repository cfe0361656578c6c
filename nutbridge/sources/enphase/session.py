"""One gateway with its connection: what the monitor and every tool speak over.

Token, session cookie, certificate and serial number are seen to in one place, so
what one of them can do all can do, and none sends the token where another would
not.

The token goes to the gateway with our serial number, to nobody else. It signs its own
certificate, so its name proves nothing, and its serial number can be read by every
neighbour. So both must be right:

* first contact: /info without the token must show the configured serial; then
  the certificate's fingerprint is stored, and every connection must show it;
* another certificate gets nothing until it is trusted (net/pins.py), and then
  /info is asked again;
* another address: the wire sends no token to it until /info was asked there.

After a failed request /info is asked first, because the wire may have found
another address. There the known certificate is enough if /info itself fails:
only a wrong serial keeps the relay from being asked.
"""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from nutbridge.config.settings import Settings, gateway_pin_name
from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    WrongDevice,
)
from nutbridge.net.addresses import Resolve, resolve_host, split_host
from nutbridge.net.https import HTTP_PORT, HttpsDevice
from nutbridge.net.pins import Pin, PinKeeper, PinStore
from nutbridge.net.tls import PinnedContext
from nutbridge.net.wire import Peer
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.info import Info
from nutbridge.system.clock import Clock, Waiter

_log = logging.getLogger(__name__)


class PeerWire(Protocol):
    """A wire that knows whom it talks to (https.HttpsDevice)."""

    secrets_only_to: Peer | None

    @property
    def peer(self) -> Peer | None:
        """Whom the connection leads to; None while there is none."""
        ...

    def turn_away(self) -> None:
        """Drop the connection, to somebody else; another address goes first now."""
        ...


class PeerGuard:
    """Sees to it that the token reaches our gateway alone, by certificate and serial.

    Args:
        host: as configured, for errors.
        serial: configured serial number.
        wire: told whom it may send the token to.
        pin: decides about the certificate.
    """

    def __init__(self, host: str, serial: str, wire: PeerWire, pin: Pin) -> None:
        self._host = host
        self._serial = serial
        self._wire = wire
        self._pin = pin
        self._ask_first = True

    def admit(self, ask: Callable[[], str | None]) -> None:
        """Make sure that the wire leads to our gateway, asking only if needed.

        Raises:
            WrongDevice: another serial number.
            DeviceError: it could not be asked.
        """
        if not self._ask_first:
            return
        # Should /info hang, the next request still goes on to the relay:
        # every connection has to show the known certificate.
        self._ask_first = not self._pin.settled
        try:
            serial = ask()
        except DeviceAnswerError:
            if not self._at_known():
                self._go_back()
                raise
            self._trust()
            return
        except DeviceError:
            self._go_back()
            raise
        if serial != self._serial and not (serial is None and self._at_known()):
            self._ask_first = True
            self._go_back()
            if serial is None:
                raise DeviceAnswerError(self._host, "no serial number in /info")
            raise WrongDevice(self._host, self._serial, serial)
        self._ask_first = False
        self._trust()

    def failed(self) -> None:
        """Ask first the next time: the address may be another by then."""
        self._ask_first = True

    def changed(self, error: CertificateChanged) -> None:
        """Let /info be asked behind the new certificate, or refuse it.

        Raises:
            CertificateChanged: nobody has trusted it.
        """
        self._ask_first = True
        self._pin.changed(error)

    def _at_known(self) -> bool:
        """Whether the connection shows the certificate that was known before."""
        peer = self._wire.peer
        return peer is not None and peer.fingerprint == self._pin.known

    def _go_back(self) -> None:
        """Expect the certificate that was known before, on a new connection."""
        self._pin.go_back()
        self._wire.turn_away()

    def _trust(self) -> None:
        """Send the token to this peer from now on."""
        peer = self._wire.peer
        if peer is None or not peer.fingerprint:
            return
        before = self._wire.secrets_only_to
        if before is not None and before.address != peer.address:
            _log.info(
                "%s has moved from %s to %s", self._host, before.address, peer.address
            )
        self._wire.secrets_only_to = peer
        self._pin.answered(peer.fingerprint)


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
