"""A Webconnect client with its connection, for tools that people start."""

from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.system.clock import SystemClock


def open_wire(
    host: str,
    *,
    scheme: str = "https",
    fingerprint: str | None = None,
    timeout_s: float = 5.0,
) -> HttpsDevice:
    """Return a connection to be; nothing is sent yet.

    Args:
        host: HOST[:PORT].
        scheme: ``https`` or ``http``.
        fingerprint: 64 lower-case hex digits that the certificate must have;
            None takes any. Another one is refused before anything is sent.
        timeout_s: of one connect or read; a request takes twice that at most.

    Raises:
        ValueError: ``host`` is none.
    """
    return HttpsDevice(
        host,
        context=PinnedContext(fingerprint) if scheme == "https" else None,
        clock=SystemClock(),
        waiter=ThreadWaiter(),
        timeout_s=timeout_s,
    )


def connect(
    host: str,
    *,
    password: str,
    group: str = "usr",
    scheme: str = "https",
    fingerprint: str | None = None,
    timeout_s: float = 5.0,
) -> Webconnect:
    """Return a client over a connection of ``open_wire``.

    Args:
        host: HOST[:PORT].
        password: of the group.
        group: ``usr`` or ``istl``.
        scheme: ``https`` or ``http``.
        fingerprint: see ``open_wire``.
        timeout_s: see ``open_wire``.

    Raises:
        ValueError: ``host`` is none.
    """
    wire = open_wire(host, scheme=scheme, fingerprint=fingerprint, timeout_s=timeout_s)
    return Webconnect(wire, host, password=password, group=group)
