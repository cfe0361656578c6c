"""The SMA_* keys of a config file."""

from typing import NamedTuple

from nutbridge.config.keys import Values

#: Inverters take no longer password (``Len`` of 6800_10841E00); their web page
#: cuts a longer one off.
PASSWORD_MAX = 12


class SmaSettings(NamedTuple):
    """How the inverter is reached; keys.py explains each.

    Attributes:
        alone: no gateway is in the config: the inverter is the UPS.
        user: of an ennexOS device; empty for Webconnect, which has groups.
        capacity_wh: of the battery, where the inverter does not tell it; 0 = unknown.
    """

    host: str
    password: str
    password_file: str | None
    group: str
    scheme: str
    timeout_s: float
    tls: str
    alone: bool
    user: str = ""
    capacity_wh: float = 0

    def __repr__(self) -> str:
        """Show no secret."""
        return f"SmaSettings(host={self.host!r})"


def sma_settings(
    values: Values, password_file: str | None, *, password_needed: bool
) -> SmaSettings | None:
    """Return the settings of the inverter, or None without SMA_HOST.

    Args:
        values: of the config.
        password_file: SMA_PASSWORD_FILE, absolute, or None.
        password_needed: whether it is an error not to know the password.

    Raises:
        ConfigError: a value that cannot be used.
    """
    if not values.given("SMA_HOST"):
        for name in ("SMA_USER", "SMA_PASSWORD", "SMA_PASSWORD_FILE"):
            if values.given(name):
                values.warn(name, "not used, SMA_HOST is not set")
        return None
    found = SmaSettings(
        **values.fields("sma"),
        password_file=password_file,
        alone=not (values.given("USERNAME") or values.given("SERIAL")),
    )
    if password_needed and not (found.password or found.password_file):
        raise values.error(
            "SMA_PASSWORD", "not set; add SMA_PASSWORD=<...> or SMA_PASSWORD_FILE=<...>"
        )
    if found.password and found.password_file:
        values.warn("SMA_PASSWORD", "not used, SMA_PASSWORD_FILE is set too")
    elif not found.user and len(found.password) > PASSWORD_MAX:
        values.warn("SMA_PASSWORD", too_long())
    if "@" in found.user:
        values.warn("SMA_USER", of_the_portal())
    if found.scheme == "http" and found.tls == "strict":
        values.warn("SMA_TLS", "strict means nothing with SMA_SCHEME=http")
    return found


def of_the_portal() -> str:
    """Return the warning for a user name with ``@``: one of SMA's portal."""
    return (
        "looks like a login of SMA's portal, which cannot be reached in an outage; "
        "make a user on the device itself"
    )


def too_long() -> str:
    """Return the warning for a password longer than an inverter takes."""
    return f"an inverter takes at most {PASSWORD_MAX} characters, this one has more"
