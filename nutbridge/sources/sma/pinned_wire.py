"""A connection to an inverter whose certificate is decided about first.

An inverter signs its own certificate, and nothing it says without a login proves who
it is. So another certificate than the known one is decided about before a password,
a session id or a token is sent.
"""

from typing import Protocol

from nutbridge.errors import CertificateChanged
from nutbridge.net.wire import Answer, Request, Wire

#: How JSON begins. Whoever answers a page proves nothing: with the certificate of a
#: router, asked by mistake, that of the inverter would be another one later.
_JSON = (b"{", b"[")
_BEGINNING = 64


class DeviceWire(Wire, Protocol):
    """A wire that knows the certificate at the other end (https.HttpsDevice)."""

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 fingerprint, 64 hex digits; None without a connection or TLS."""
        ...


class PinDecision(Protocol):
    """Decides about a certificate that is not the known one (net.pins.Pin)."""

    def changed(self, error: CertificateChanged) -> None:
        """Raise ``error``, or let the new certificate pass."""
        ...

    def answered(self, fingerprint: str | None) -> None:
        """Take note of who has answered as a device does."""
        ...


class PinnedWire:
    """A ``DeviceWire`` that asks a pin before anything goes to a new certificate.

    Args:
        wire: to the inverter.
        pin: decides.
    """

    def __init__(self, wire: DeviceWire, pin: PinDecision) -> None:
        self._wire = wire
        self._pin = pin

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate at the other end."""
        return self._wire.fingerprint

    def send(self, request: Request, until: float) -> Answer:
        """Send; once more when the pin lets a new certificate pass."""
        try:
            answer = self._wire.send(request, until)
        except CertificateChanged as error:
            self._pin.changed(error)
            answer = self._wire.send(request, until)
        if answer.body[:_BEGINNING].lstrip().startswith(_JSON):
            self._pin.answered(self._wire.fingerprint)
        return answer

    def reconnect(self) -> None:
        """Drop the connection; the next request makes a new one."""
        self._wire.reconnect()

    def close(self) -> None:
        """Drop the connection for good."""
        self._wire.close()
