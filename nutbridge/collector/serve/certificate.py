"""The TLS of our own listener: a certificate signed by itself, old TLS on request.

Old Envoys do not verify whom they talk to, offer TLS 1.0 and RSA key exchange only
(OpenSSL 0.9.8), and know no elliptic curves. TLS towards the upstream has nothing
to do with this.

Source: Envoy firmware R3, as public proxies have met it.
"""

import datetime as dt
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from nutbridge.errors import ConfigError
from nutbridge.system.files import look, replace_file

FILE: Final = "collector.pem"

_NAME: Final = "reports.enphaseenergy.com"
_BITS: Final = 2048
#: Fixed dates: the clock of a small board, or of an Envoy, may be years wrong.
_FROM: Final = dt.datetime(2010, 1, 1, tzinfo=dt.UTC)
_UNTIL: Final = dt.datetime(2049, 12, 31, tzinfo=dt.UTC)
_READABLE_BY_OTHERS: Final = 0o077
#: RSA key exchange and small keys, which level 1 and above refuse.
_LEGACY_CIPHERS: Final = "ALL:!aNULL:!eNULL:@SECLEVEL=0"


class ToldHandshake(ssl.SSLObject):
    """A connection that tells why its handshake failed.

    asyncio closes such a connection without a word; an owner whose Envoy cannot
    connect has to learn why.
    """

    def do_handshake(self) -> None:
        """Shake hands.

        Raises:
            ssl.SSLError: as the standard library's.
        """
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as exc:
            cast("ListenerContext", self.context).failed(exc.reason or "ended early")
            raise


class ListenerContext(ssl.SSLContext):
    """Context of our own listener.

    Attributes:
        failed: is told the reason of each failed handshake, in OpenSSL's words.
    """

    sslobject_class = ToldHandshake
    failed: Callable[[str], None]


def listener_context(
    state: Path, *, legacy: bool, failed: Callable[[str], None]
) -> ssl.SSLContext:
    """Return the context of the TLS listener; makes the certificate if missing.

    Args:
        state: folder of the certificate.
        legacy: allow TLS 1.0 and its ciphers.
        failed: is told why a handshake failed.

    Raises:
        ConfigError: the file cannot be used, or OpenSSL has no TLS 1.0.
    """
    path = state / FILE
    try:
        mode = look(path).st_mode
    except FileNotFoundError:
        _make(path)
        mode = 0
    except OSError as exc:
        raise ConfigError(str(path), None, exc.strerror or "not readable") from exc
    if mode & _READABLE_BY_OTHERS:
        problem = f"its key can be read by others: chmod 600 {path}"
        raise ConfigError(str(path), None, problem)
    context = ListenerContext(ssl.PROTOCOL_TLS_SERVER)
    context.failed = failed
    _allow(context, legacy=legacy)
    try:
        # Without a password OpenSSL asks the terminal for one, and waits.
        context.load_cert_chain(path, password="")
    except (OSError, ssl.SSLError) as exc:
        problem = "no usable key and certificate; remove it, a new one is made"
        raise ConfigError(str(path), None, problem) from exc
    return context


def _allow(context: ssl.SSLContext, *, legacy: bool) -> None:
    wanted = ssl.TLSVersion.TLSv1 if legacy else ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings():
        # Python calls TLS 1.0 deprecated; that is what was asked for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = wanted
    if legacy:
        context.set_ciphers(_LEGACY_CIPHERS)
    if context.minimum_version != wanted:
        raise ConfigError(
            "--legacy-tls",
            None,
            "this OpenSSL has no TLS 1.0; put stunnel or HAProxy in front of --listen",
        )


def _make(path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    data = key.private_bytes(
        # The form that every OpenSSL reads.
        pem,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(pem)
    try:
        replace_file(path, data)
    except OSError as exc:
        raise ConfigError(str(path), None, exc.strerror or "not writable") from exc
