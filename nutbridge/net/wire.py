"""One request to a device, its answer and its peer, as clients of a device see them.

https.py sends it, the TEST mode answers it from the config, the unit tests from a
table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """One HTTP request; no field is shown.

    Attributes:
        method: GET or POST.
        path: with leading slash, e.g. ``/ivp/ensemble/relay``; for the cloud
            the whole URL. An inverter's holds the session.
        headers: sent as they are; values never reach a log.
        body: bytes of the body, or None.
    """

    method: str
    path: str
    headers: Mapping[str, str] = _NOTHING
    body: bytes | None = None

    def __repr__(self) -> str:
        """Show the method alone."""
        return f"Request(method={self.method!r})"


class Answer(NamedTuple):
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """Show the status alone."""
        return f"Answer(status={self.status})"


class Peer(NamedTuple):
    """The other end of a connection.

    Attributes:
        address: numeric.
        fingerprint: SHA-256 of its certificate, 64 hex digits.
    """

    address: str
    fingerprint: str


class Wire(Protocol):
    """Sends one request and returns its answer, whatever its status."""

    def send(self, request: Request, until: float) -> Answer:
        """Send, and wait no longer than ``until`` (CLOCK_BOOTTIME, s).

        Raises:
            DeviceUnreachable: no connection, no or half an answer, too late,
                body over the cap.
            CertificateChanged: see tls.py.
            Stopping: SIGTERM or SIGINT came while waiting.
        """
        ...

    def reconnect(self) -> None:
        """Drop the connection; the next request makes a new one."""
        ...

    def close(self) -> None:
        """Drop the connection for good."""
        ...
