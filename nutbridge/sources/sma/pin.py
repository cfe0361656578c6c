"""The certificate of an inverter: known from the first contact on.

It signs its own certificate, and nothing it says without a login proves who it
is. So the fingerprint of the first contact is stored; another one is a WARNING
that names both (first-use) or a failure until somebody trusts it (strict). In
both cases that is decided before a password or session id is sent.

Source: the certificate is SMA's own, and its owner cannot replace it.
"""

import logging

from nutbridge.errors import CertificateChanged
from nutbridge.net.wire import FingerprintStore, PinnedTls

_log = logging.getLogger(__name__)


class CertificatePin:
    """A ``client.Pin``.

    Args:
        host: as configured, for the log.
        strict: SMA_TLS=strict.
        context: told which certificate to expect.
        store: keeps the fingerprint.
    """

    def __init__(
        self, host: str, *, strict: bool, context: PinnedTls, store: FingerprintStore
    ) -> None:
        self._host = host
        self._strict = strict
        self._context = context
        self._store = store
        self._known = context.expected = store.load()
        self._warned_of: str | None = None

    def changed(self, error: CertificateChanged) -> None:
        """Let the new certificate pass, or raise ``error`` while it is not trusted."""
        if self._strict and self._store.load() != error.shown:
            self._warn(
                error, "not trusted; if it is yours: nutbridge gateway trust --inverter"
            )
            raise error
        if not self._strict:
            self._warn(error, "taken (SMA_TLS=first-use)")
        self._context.expected = error.shown

    def answered(self, fingerprint: str | None) -> None:
        """Keep the fingerprint of who has answered."""
        if fingerprint is None or fingerprint == self._known:
            return
        self._known = self._context.expected = fingerprint
        try:
            self._store.save(fingerprint)
        except OSError as error:
            _log.warning("fingerprint of %s not stored: %s", self._host, error)
        else:
            _log.info("%s: certificate %s accepted", self._host, fingerprint)

    def _warn(self, error: CertificateChanged, then: str) -> None:
        if error.shown != self._warned_of:
            self._warned_of = error.shown
            _log.warning(
                "%s: certificate changed from %s to %s: %s",
                self._host,
                error.known,
                error.shown,
                then,
            )
