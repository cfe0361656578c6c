"""The token as a person may know it: everything but the token itself."""

import os
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.errors import ConfigError, TokenError
from nutbridge.sources.enphase.claims import (
    Claims,
    check_for,
    installer_warning,
    parse_token,
    renew_at,
)
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.ups.units import SECONDS_PER_DAY

#: Problems that a command has more to say about.
NONE_YET = "none yet"
ENDED = "the token has ended"


@dataclass(frozen=True, slots=True)
class TokenView:
    """What is known of the token.

    Attributes:
        file: TOKEN_FILE.
        claims: what it says about itself; None when there is none to read.
        left_s: seconds until its end, < 0 after it; None without claims.
        renew_epoch: when the monitor asks for the next one, s since 1970; None
            when it cannot, because the config has no account.
        problem: why it is of no use, or None.
        warning: what somebody should know, or None.
    """

    file: str
    claims: Claims | None = None
    left_s: float | None = None
    renew_epoch: float | None = None
    problem: str | None = None
    warning: str | None = None

    @property
    def days_left(self) -> float | None:
        """Days until its end, to a tenth."""
        return None if self.left_s is None else round(self.left_s / SECONDS_PER_DAY, 1)

    @property
    def kind(self) -> str | None:
        """Whose account it is of: ``owner``, ``installer``, or unknown."""
        return self.claims.user if self.claims else None


def find_token(settings: Settings, wall: float) -> TokenView:
    """Read the token file beside a running monitor; nothing is changed.

    Args:
        settings: of the config.
        wall: s since 1970.
    """
    file = settings.token_file
    if settings.test is not None:
        return TokenView(file, problem="played by TEST=1")
    store = TokenStore(Path(file), None, credential=settings.token_credential)
    try:
        text = store.peek()
    except ConfigError as error:
        hint = "not for this user to read; sudo shows it"
        problem = hint if error.denied and os.geteuid() != 0 else str(error)
        return TokenView(file, problem=problem)
    if text is None:
        return TokenView(file, problem=NONE_YET)
    return judged(settings, parse_token(text), wall)


def judged(settings: Settings, claims: Claims, wall: float) -> TokenView:
    """Return what a token's claims mean for this config."""
    problem: str | None = None
    left_s = claims.expires_epoch - wall
    try:
        check_for(claims, settings.serial)
    except TokenError as error:
        problem = str(error)
    if problem is None and left_s <= 0:
        problem = ENDED
    can_renew = bool(settings.username and settings.password)
    return TokenView(
        file=settings.token_file,
        claims=claims,
        left_s=left_s,
        renew_epoch=renew_at(claims) if can_renew else None,
        problem=problem,
        warning=installer_warning(claims),
    )
