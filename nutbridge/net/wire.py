"""One request to a device, and its certificate, as clients of a device see them.

transport.py sends it over HTTPS, the TEST mode answers it from the config, the
unit tests from a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: GET or POST.
        path: with leading slash, e.g. ``/ivp/ensemble/relay``; for the cloud
            the whole URL.
        headers: sent as they are; values never reach a log.
        body: bytes of the body, or None.
    """

    method: str
    path: str = field(repr=False)  # an inverter's holds the session
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


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


class PinnedTls(Protocol):
    """A TLS context that refuses other certificates (tls.PinnedContext)."""

    expected: str | None


class FingerprintStore(Protocol):
    """Keeps a device's fingerprint over restarts (pin_store.py)."""

    def load(self) -> str | None:
        """Return the stored fingerprint, 64 hex digits, or None."""
        ...

    def save(self, fingerprint: str) -> None:
        """Store it.

        Raises:
            OSError: it will be forgotten at the next start.
        """
        ...
