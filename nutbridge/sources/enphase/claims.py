"""What a token says about itself, and when to ask for the next one (pure).

The signature is not checked: the gateway does that, and its 401 decides. Nor is
``iat`` compared with any clock.

Source: tokens of firmware 7 and 8. Shape: three base64url parts; the second is JSON,
{"aud": "<serial>", "enphaseUser": "owner", "exp": 1792000000, "iat": ...}.

When to ask: inside one process CLOCK_BOOTTIME counts, because the wall clock of a small
computer jumps by decades. Only the time that survives a restart is wall time.
"""

import base64
import contextlib
import json
import re
from typing import Any, NamedTuple

from nutbridge.errors import TokenError
from nutbridge.ups.units import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
)

#: Owner tokens have about 700 characters.
LONGEST = 16384

#: How long before its end a token is renewed, s.
RENEW_BEFORE_S = 30 * SECONDS_PER_DAY

#: A token that lives shorter than this is renewed at half of its life, s.
SHORT_LIFE_S = 2 * RENEW_BEFORE_S

#: Installer tokens live 12 h, owner tokens a year.
INSTALLER_LIFE_S = 2 * SECONDS_PER_DAY

#: Times beyond the year 5000 are not times.
_LATEST_EPOCH = 1e11

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

#: What a pasted token may stand between: quotes of all kinds, tags, JSON, and marks
#: that nobody sees (soft hyphens, directions of writing).
_AROUND = (
    r"[\s\"'`<>{}()\[\],;:=&*|\u00ab\u00ad\u00bb\u2018-\u201f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)
_PART = r"[A-Za-z0-9_-]+\.?"
#: ``aud`` of a token for a gateway that no system owns yet.
UNCOMMISSIONED = "un-commissioned"
#: A token begins with {" in base64url.
_BEGIN = "eyJ"
#: Of ES256, base64url: nothing behind it belongs to the token.
_SIGNATURE_CHARS = 86


class Claims(NamedTuple):
    """The claims that matter; the account's name is not among them.

    Attributes:
        audience: serial numbers of the gateways that take the token.
        user: ``owner``, ``installer``, ...; None when not said.
        expires_epoch: end, s since 1970.
        issued_epoch: begin, s since 1970.
    """

    audience: tuple[str, ...]
    user: str | None
    expires_epoch: float
    issued_epoch: float | None

    @property
    def serial(self) -> str | None:
        """The first serial number of the audience."""
        return self.audience[0] if self.audience else None

    @property
    def life_s(self) -> float | None:
        """How long the token lives in all."""
        if self.issued_epoch is None or self.issued_epoch >= self.expires_epoch:
            return None
        return self.expires_epoch - self.issued_epoch


def parse_token(text: str) -> Claims:
    """Read the claims of a token.

    A missing ``aud`` is left to ``check_for``: TEST mode takes such tokens.

    Raises:
        TokenError: not a token, or without a usable end. The text never quotes it.
    """
    if len(text) > LONGEST:
        raise TokenError(f"longer than {LONGEST} characters: not a token")
    if not _SHAPE.fullmatch(text):
        raise TokenError("not a token: it must be three parts of text joined by dots")
    return _claims(_payload(text))


def cached_claims(text: str) -> Claims:
    """Read the claims of a token from our own file, without the library if possible.

    The token was judged when it came; what is read here only schedules the next
    one, at every start, and the library costs more than the rest of a check.

    Raises:
        TokenError: see ``parse_token``.
    """
    payload = _peek(text)
    return parse_token(text) if payload is None else _claims(payload)


def _peek(text: str) -> dict[str, Any] | None:
    if len(text) > LONGEST or not _SHAPE.fullmatch(text):
        return None
    with contextlib.suppress(ValueError, RecursionError):
        header, payload = (json.loads(_decoded(part)) for part in text.split(".")[:2])
        if isinstance(header, dict) and isinstance(payload, dict):
            return payload
    return None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _claims(payload: dict[str, Any] | None) -> Claims:
    if payload is None:
        raise TokenError("not a token: its parts do not decode to JSON objects")
    expires = _epoch(payload.get("exp"))
    if expires is None:
        raise TokenError("the token has no usable end (exp)")
    user = payload.get("enphaseUser")
    return Claims(
        audience=_audience(payload.get("aud")),
        user=user if isinstance(user, str) else None,
        expires_epoch=expires,
        issued_epoch=_epoch(payload.get("iat")),
    )


def pasted_token(data: bytes) -> str:
    """Return the token in what a person has pasted or saved.

    Source: the page of entrez.enphaseenergy.com, the JSON of entrez-auth-token
    and a shell's ``curl -H`` have more around the token, and editors and mail
    programs wrap its lines.

    Returns:
        The token, of several the one that ends last; the whole text, stripped,
        where none is found in it: ``parse_token`` then says what is wrong.
    """
    code = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = data.decode(code, "replace").strip()
    if _SHAPE.fullmatch(text):
        return text  # as we write it ourselves
    # Line ends as JSON writes them, and as a shell does.
    words = re.split(_AROUND, re.sub(r"\\[rnt]|\\", " ", text))
    found: dict[str, float] = {}
    for number, word in enumerate(words):
        if word.startswith(_BEGIN):
            one = _joined(words[number:])
            payload = _peek(one)
            if payload is not None:
                found.setdefault(one, _epoch(payload.get("exp")) or 0.0)
    return max(found, key=lambda one: found[one], default=text)


def _joined(words: list[str]) -> str:
    """Return the token that begins in the first word and may go on in others."""
    found = ""
    for word in words:
        whole = _SHAPE.fullmatch(found.rstrip("."))
        if whole and (
            len(found.rstrip(".").rpartition(".")[2]) >= _SIGNATURE_CHARS
            or not re.fullmatch(_PART, word)
        ):
            break
        found += word
    return found.rstrip(".")


def _payload(text: str) -> dict[str, Any] | None:
    import jwt

    try:
        return jwt.decode(text, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        # The error may quote the token, so it ends here.
        return None


def _epoch(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before converted: an int of a thousand digits is no float. NaN fails.
    if not 0 < value < _LATEST_EPOCH:
        return None
    return float(value)


def _audience(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(one for one in listed if isinstance(one, str) and one)


def check_for(claims: Claims, serial: str) -> None:
    """Make sure that the token is for this gateway.

    Raises:
        TokenError: it is for another one, or for none.
    """
    if serial in claims.audience:
        return
    if not claims.audience:
        raise TokenError("the token does not say for which gateway it is (aud)")
    if UNCOMMISSIONED in claims.audience:
        raise TokenError(
            "the token is for gateways that are not commissioned: the installer has to "
            "finish that first, then get a new token"
        )
    # Cut and made printable: it comes from outside.
    found = ascii(", ".join(claims.audience)[:60])[1:-1]
    raise TokenError(f"the token is for gateway {found}, the config says {serial}")


def renew_at(claims: Claims) -> float:
    """Return when to ask for the next token, s since 1970."""
    life_s = claims.life_s
    if life_s is not None and life_s < SHORT_LIFE_S:
        return claims.expires_epoch - life_s / 2
    return claims.expires_epoch - RENEW_BEFORE_S


def installer_warning(claims: Claims) -> str | None:
    """Return a warning about an installer's token (12 hours only), else None."""
    life_s = claims.life_s
    if life_s is None or life_s >= INSTALLER_LIFE_S:
        return None
    return (
        f"the token lives only {life_s / 3600:.0f} h, as those of an installer's "
        "account do: without internet it ends soon; use the owner's account"
    )


FIRST_PAUSE_S = SECONDS_PER_MINUTE
LONGEST_PAUSE_S = SECONDS_PER_DAY
_LONGEST_ASKED_S = 4 * SECONDS_PER_HOUR

#: A new token that the gateway refuses within this time did not help, s. Longer
#: than the longest pause, or that pause would end the doubling.
PROBATION_S = 2 * LONGEST_PAUSE_S

#: A token that was just had is not asked for again sooner, s. More than a wrong
#: clock, a gateway that refuses every token would else cause a login per poll.
PAUSE_AFTER_SUCCESS_S = SECONDS_PER_HOUR / 4


class Need(NamedTuple):
    """Why a token may be wanted.

    Attributes:
        renew_epoch: when the present token is to be renewed, s since 1970; None
            when there is no token.
        refused: the gateway says that the present one is not valid.
        grid_gone: the house is off the grid.
    """

    renew_epoch: float | None
    refused: bool
    grid_gone: bool


def is_due(
    need: Need, *, wall: float, boot: float, urgent_from: float, planned_from: float
) -> bool:
    """Tell whether to ask now.

    Args:
        need: see there.
        wall: s since 1970, as the host believes.
        boot: CLOCK_BOOTTIME, s.
        urgent_from: CLOCK_BOOTTIME before which nothing is tried.
        planned_from: the same for a renewal that can wait.
    """
    if boot < urgent_from:
        return False
    if need.refused or need.renew_epoch is None:
        return True
    if need.grid_gone or boot < planned_from:
        return False
    return wall >= need.renew_epoch


def pause_after_failure(failures: int, at_least_s: float = 0.0) -> float:
    """Return the pause after so many failures in a row (1 or more), s.

    Args:
        failures: each doubles it.
        at_least_s: the first one, where the failure asks for a longer one.
    """
    factor = float(1 << min(max(failures, 1) - 1, 16))
    # Failures of other kinds before it must not make a day of 10 minutes.
    longer_s = min(at_least_s * factor, max(at_least_s, _LONGEST_ASKED_S))
    return min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S * factor, longer_s))


def pause_after_success(failures: int, shortest_s: float) -> float:
    """Return the pause after a token that came, s.

    Args:
        failures: how many tokens before it did not help.
        shortest_s: after the first one.
    """
    return min(LONGEST_PAUSE_S, shortest_s * (1 << min(failures, 16)))
