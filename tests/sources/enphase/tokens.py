"""Tokens for tests."""

import base64
import json
from typing import Any

SERIAL = "122000000001"
DAY = 86400.0

#: 2026-11-20 00:00 UTC.
NOW = 1795132800.0


def part(value: object) -> str:
    """Return one part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def make_token(**claims: Any) -> str:
    """Return an unsigned token with these claims."""
    header = {"alg": "ES256", "typ": "JWT"}
    return ".".join((part(header), part(claims), part("no signature")))


def owner_token(issued: float = NOW, days: float = 365, **more: Any) -> str:
    """Return a token as an owner gets it."""
    claims = {
        "aud": SERIAL,
        "enphaseUser": "owner",
        "iat": issued,
        "exp": issued + days * DAY,
        "username": "somebody",
        **more,
    }
    return make_token(**claims)


def token(claims: object) -> str:
    """Return a token whose payload is this, an object or not."""
    return f"eyJhbGciOiJFUzI1NiJ9.{part(claims)}.AAAA"
