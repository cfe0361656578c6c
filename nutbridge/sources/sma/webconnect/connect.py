"""A Webconnect client with its connection, for tools that people start."""

from nutbridge.net.https import open_wire
from nutbridge.sources.sma.webconnect.client import Webconnect


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
        fingerprint: see ``net.https.open_wire``.
        timeout_s: see there.

    Raises:
        ValueError: ``host`` is none.
    """
    wire = open_wire(host, scheme=scheme, fingerprint=fingerprint, timeout_s=timeout_s)
    return Webconnect(wire, host, password=password, group=group)
