"""TLS towards a device that signs its own certificate.

The name in such a certificate means nothing, so nothing is verified but the
SHA-256 fingerprint of the whole certificate. It is compared right after the
handshake, before the first byte of HTTP: a stranger sees no token.

Source: IQ Gateway, firmware 7 and 8 (self-signed, old ciphers).
"""

import hashlib
import ssl
import sys
from typing import Self

from nutbridge.errors import CertificateChanged

#: How often one context may ask OpenSSL for a session; None: as often as it likes.
#: CPython 3.10 to 3.13.0 lose about 6.5 kB each time (python/cpython#116810; at one
#: reconnect per relay check that was 56 MB a day), so there a session is read only
#: after a full handshake, and after 500 of those no more: handshakes cost 3 ms then.
SESSION_READS = None if sys.version_info >= (3, 13, 1) else 500


class WatchedSocket(ssl.SSLSocket):
    """A connection that tells what an error line needs and HTTP libraries forget.

    Attributes:
        received: bytes of the present answer; its owner sets it to 0.
        ended: the device has closed its side.
        shown: SHA-256 fingerprint of the certificate, once a ``PinnedContext``
            has looked at it.
    """

    received = 0
    ended = False
    shown: str | None = None

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Receive and count."""
        data = super().recv(buflen, flags)
        self.received += len(data)
        self.ended = not data
        return data

    def do_handshake(
        self,
        block: bool = False,  # noqa: FBT001, FBT002 - the standard library's signature
    ) -> None:
        """Shake hands; towards a device: resume its last session, and compare.

        Raises:
            CertificateChanged: another certificate than ``expected``.
            OSError: the handshake failed or took too long.
        """
        context = self.context
        if not isinstance(context, PinnedContext):
            super().do_handshake(block)
            return
        session = context.take_session()
        if session is not None:
            self.session = session
        super().do_handshake(block)
        self.shown = hashlib.sha256(
            self.getpeercert(binary_form=True) or b""
        ).hexdigest()
        context.seen = self.shown
        known = context.expected
        if known is not None and self.shown != known:
            self.close()  # the library closes after an OSError only
            raise CertificateChanged(context.device, known, self.shown)


class PinnedContext(ssl.SSLContext):
    """Client context for one device.

    Attributes:
        expected: fingerprint the device must show, 64 lower-case hex digits;
            None takes any, "" none. May be changed at any time.
        seen: fingerprint shown last, or None before the first handshake.
        device: how errors call the device, ``host:port``.
        session_reads: how often a session may still be read.
    """

    sslsocket_class = WatchedSocket

    def __new__(cls, expected: str | None = None) -> Self:  # noqa: ARG004 - __init__'s
        """Make a client context; ``__init__`` does the rest."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, expected: str | None = None) -> None:
        self.expected = expected
        self.seen: str | None = None
        self.device = "device"
        self.session_reads: int | None = SESSION_READS
        self._session: ssl.SSLSession | None = None
        self._offered: ssl.SSLSession | None = None
        self.check_hostname = False
        self.verify_mode = ssl.CERT_NONE
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python's own list leaves out ciphers that old gateways need.
        self.set_ciphers("DEFAULT")

    def take_session(self) -> ssl.SSLSession | None:
        """Hand out the session to resume.

        It is gone from here until the handshake has succeeded, so that a
        session the device chokes on is offered once.
        """
        self._offered, self._session = self._session, None
        return self._offered

    def keep_session(self, connection: ssl.SSLSocket) -> None:
        """Remember the session of a connection that has begun to answer.

        Not earlier: in TLS 1.3 the ticket comes after the handshake. Not at the
        end: by then the next connection may have been made.
        """
        if self.session_reads is not None:
            if connection.session_reused:
                self._session = self._offered
                return
            if self.session_reads == 0:
                return
            self.session_reads -= 1
        try:
            session = connection.session
        except ValueError:
            return  # OpenSSL cannot write it down ("i2d() failed")
        if session is not None and (session.has_ticket or session.id):
            self._session = session
