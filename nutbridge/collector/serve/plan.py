"""What ``serve`` was told, checked and complete."""

from dataclasses import dataclass
from pathlib import Path

from nutbridge.collector.serve.intake import Rules
from nutbridge.collector.serve.options import Address, Origin, Rate


@dataclass(frozen=True, slots=True)
class ServePlan:
    """What ``serve`` was told.

    Attributes:
        listen: plain HTTP, or None.
        tls_listen: TLS, or None.
        status_listen: status pages, or None.
        legacy_tls: TLS 1.0 on ``tls_listen``.
        upstream: None in mode local.
        upstream_ca: file to trust instead of the system's authorities.
        rules: mode, caps, who is allowed.
        rate: per address and per serial number; None takes everything.
        db: URL of the database.
        state: folder of the certificate.
    """

    listen: Address | None
    tls_listen: Address | None
    status_listen: Address | None
    legacy_tls: bool
    upstream: Origin | None
    upstream_ca: Path | None
    rules: Rules
    rate: Rate | None
    db: str
    state: Path
