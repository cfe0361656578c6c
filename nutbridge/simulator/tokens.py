"""Tokens that look like Enlighten's: right shape, worthless signature.

Shape: three base64url parts without padding, ES256 header with ``kid``, claims
aud (gateway serial), iss "Entrez", enphaseUser, exp, iat, jti, username. The
gateway checks the signature; the stand-in looks at the claims only.
"""

import base64
import hashlib
import json
from collections.abc import Mapping

#: An owner's token lasts a year, an installer's 12 h.
OWNER_LIFETIME_S = 365 * 86400
INSTALLER_LIFETIME_S = 12 * 3600


def make_token(
    serial: str,
    expires_epoch: float,
    user: str = "owner",
    issued_epoch: float | None = None,
) -> str:
    """Make a token for a gateway.

    Args:
        serial: the gateway's serial number (claim ``aud``).
        expires_epoch: end of validity, seconds since 1970.
        user: ``owner`` or ``installer`` (claim ``enphaseUser``).
        issued_epoch: claim ``iat``; None: one lifetime of that user before
            the end.

    Returns:
        The token; equal arguments give equal tokens.
    """
    lifetime = INSTALLER_LIFETIME_S if user == "installer" else OWNER_LIFETIME_S
    issued = expires_epoch - lifetime if issued_epoch is None else issued_epoch
    claims = {
        "aud": serial,
        "iss": "Entrez",
        "enphaseUser": user,
        "exp": int(expires_epoch),
        "iat": int(issued),
        "jti": hashlib.sha256(f"{serial}{issued}".encode()).hexdigest()[:32],
        "username": f"{user}@example.net",
    }
    header = {"kid": "stand-in", "typ": "JWT", "alg": "ES256"}
    signed = f"{_part(header)}.{_part(claims)}"
    # An ES256 signature has 64 bytes, and so has this digest.
    fake = hashlib.sha512(signed.encode()).digest()
    return f"{signed}.{_base64url(fake)}"


def read_claims(token: str) -> dict[str, object] | None:
    """Return the claims of a token, None when it is not one."""
    parts = token.split(".")
    if len(parts) != len(("header", "claims", "signature")):
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def _part(fields: Mapping[str, object]) -> str:
    return _base64url(json.dumps(fields, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
