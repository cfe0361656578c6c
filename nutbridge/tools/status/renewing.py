"""A new token by hand: the same steps as the monitor's own renewal."""

from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.errors import ConfigError, Refused
from nutbridge.net.cloud_https import CloudHttps
from nutbridge.sources.enphase.claims import Claims, parse_token
from nutbridge.sources.enphase.cloud import Cloud
from nutbridge.sources.enphase.renewal import LIMIT_S
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.clock import Clock
from nutbridge.tools.status.state import Noted
from nutbridge.tools.status.token import TokenView, find_token, judged
from nutbridge.tools.status.values import monitors_user


def refuse_now(status: str | None, noted: Noted | None, wall: float) -> None:
    """Raise unless this is a good moment for a login.

    Args:
        status: of the visible port file, or None.
        noted: what the monitor has noted, or None.
        wall: s since 1970.

    Raises:
        Refused: on battery the token in use must not be put at risk; after a
            failed login another one may lock the account.
    """
    if status is not None and "OB" in status.split():
        raise Refused(
            "on battery: the token in use is left alone until the grid is back; "
            "--force asks for a new one all the same"
        )
    next_epoch = noted.next_login_epoch if noted else None
    if next_epoch is not None and 0 < next_epoch - wall <= 86400.0:  # noqa: PLR2004  a day
        minutes = max(1, round((next_epoch - wall) / 60))
        raise Refused(
            f"the monitor's last login failed and the next one is due in {minutes} "
            "min; correct USERNAME or PASSWORD first, or insist with --force"
        )


def account_of(settings: Settings) -> tuple[str, str]:
    """Return the account of the config: user and password.

    Raises:
        ConfigError: there is none, or TEST mode.
    """
    if settings.test is not None:
        raise ConfigError(settings.config_path, "TEST", "=1 has no real token to renew")
    if not (settings.username and settings.password):
        raise ConfigError(
            settings.config_path,
            "USERNAME, PASSWORD",
            "not set; a token can be brought by hand: nutbridge token import",
        )
    return settings.username, settings.password


def renew(settings: Settings, clock: Clock) -> TokenView:
    """Log in, ask for a token, verify it, store it.

    Returns:
        What the new token says about itself.

    Raises:
        ConfigError: see ``account_of``.
        CloudError: no usable token came; the old one stays.
        TokenError, OSError: it could not be stored; the old one stays.
    """
    user, password = account_of(settings)
    cloud = Cloud(
        CloudHttps(clock, timeout_s=settings.login_timeout_s),
        user=user,
        password=password,
        serial=settings.serial,
        login_url=settings.login_url,
        tokens_url=settings.tokens_url,
    )
    old = find_token(settings, clock.wall())
    try:
        text = cloud.new_token(_to_outlive(old), clock.boottime() + LIMIT_S)
    finally:
        cloud.close()
    store_token(settings, text, clock)
    return judged(settings, parse_token(text), clock.wall())


def _to_outlive(old: TokenView) -> Claims | None:
    return old.claims if old.problem is None else None


def store_token(settings: Settings, text: str, clock: Clock) -> None:
    """Replace the token file, 0600, owned as the port file is.

    Raises:
        TokenError: not a token for this gateway; nothing was changed.
        ConfigError, OSError: it cannot be written; nothing was changed.
    """
    owner = monitors_user(settings, clock)
    TokenStore(Path(settings.token_file), settings.serial, owner).store(text)
