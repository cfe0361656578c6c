"""Who gets the token: the gateway with our serial number, nobody else.

The gateway signs its own certificate, so its name proves nothing, and its serial
number can be read by every neighbour. So both must be right:

* first contact: /info without the token must show the configured serial; then
  the certificate's fingerprint is stored, and every connection must show it;
* another certificate gets nothing until it is trusted (net/pins.py), and then
  /info is asked again;
* another address: the wire sends no token to it until /info was asked there.

After a failed request /info is asked first, because the wire may have found
another address. There the known certificate is enough if /info itself fails:
only a wrong serial keeps the relay from being asked.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    WrongDevice,
)
from nutbridge.net.pins import Pin
from nutbridge.net.wire import Peer

_log = logging.getLogger(__name__)


class PeerWire(Protocol):
    """A wire that knows whom it talks to (https.HttpsDevice)."""

    secrets_only_to: Peer | None

    @property
    def peer(self) -> Peer | None:
        """Whom the connection leads to; None while there is none."""
        ...

    def reconnect(self) -> None:
        """Drop the connection; the next request makes a new one."""
        ...


class PeerGuard:
    """A ``gateway.Guard`` over the certificate's fingerprint and the serial.

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

    @property
    def peer(self) -> Peer | None:
        """Whom the connection leads to; None while there is none."""
        return self._wire.peer

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
        self._wire.reconnect()

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
