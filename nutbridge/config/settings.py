"""What the config file says, checked and complete.

Pure: the file was read elsewhere (file.py), what is not in it comes as
``ConfigSite``. Whatever is odd but usable is returned as a notice; what is not
usable is a ConfigError that names file, line, key and what is allowed. The files that
a monitor keeps are named after its UPS: it writes them, doctor and the tools read them.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from nutbridge.config.keys import KEYS, Values, absolute
from nutbridge.config.text import ConfigEntry
from nutbridge.errors import ConfigError, UsageError
from nutbridge.ups.notices import Notice, warning

#: What ups.conf and an instance of a systemd unit both take; behind a command
#: ``-x`` would be an option.
UPS_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
UPS_ALLOWED = (
    "a UPS name has at most 64 letters, digits, _ . and -, the first none of . and -"
)
CONFIG_NAME = re.compile(r"enphase-(.+)\.conf")


def check_ups(name: str) -> str:
    """Return the name of a UPS as it is.

    Raises:
        UsageError: no such name.
    """
    if UPS_NAME.fullmatch(name) is None:
        raise UsageError(f"{name!r}: {UPS_ALLOWED}")
    return name


def state_name(ups: str) -> str:
    """Return the name of the state file (state_store.py)."""
    return f"enphase-{ups}.state"


def history_name(ups: str) -> str:
    """Return the name of the history file (daemon/history)."""
    return f"enphase-{ups}.history"


def memory_name(ups: str) -> str:
    """Return the name of the house's memory over reboots (house_store.py)."""
    return f"enphase-{ups}.memory"


def gateway_pin_name(ups: str) -> str:
    """Return the name of the fingerprint of the gateway's certificate."""
    return f"enphase-{ups}.fingerprint"


def inverter_pin_name(ups: str) -> str:
    """Return the name of the fingerprint of the inverter's certificate."""
    return f"sma-{ups}.fingerprint"


def serial_name(ups: str) -> str:
    """Return the name of the serial number that first answered as the inverter."""
    return f"sma-{ups}.serial"


def session_name(ups: str) -> str:
    """Return the name of the session at the inverter."""
    return f"sma-{ups}.session"


if TYPE_CHECKING:
    from nutbridge.config.sma import SmaSettings

# The charge must be read at least this often.
_LONGEST_POLL_S = 300
# A file that is no config of ours has hundreds of keys; a few tell enough.
_UNKNOWN_NAMED = 10


class TestAnswers(NamedTuple):
    """Bodies played in TEST mode; an empty one is a failed query."""

    session: str = ""
    token: str = ""
    relay: str = ""
    live: str = ""
    reports: str = ""
    secctrl: str = ""
    info: str = ""

    def __repr__(self) -> str:
        """Show nothing: tokens are in it."""
        return "TestAnswers(...)"


# pytest takes Test* for tests.
TestAnswers.__test__ = False  # type: ignore[attr-defined]


class Settings(NamedTuple):
    """Everything a monitor is told by its user; keys.py explains each.

    Paths are absolute. ``password`` is empty where only a token is there.
    ``token_file`` is where tokens are stored; ``token_credential`` is the one
    that systemd lends for reading, if any.
    ``loadkwh_w`` is W per kWh of capacity, 0 = ups.load is not wanted; where it is
    not ``loadkwh_given``, what the batteries tell of themselves goes before it.
    ``envoy_host`` may be several, with commas between them.
    ``relayfreq_s`` 0 = the relay is asked with full polls only.
    """

    ups: str
    config_path: str
    username: str
    password: str
    password_file: str | None
    serial: str
    port_file: str
    token_file: str
    state_dir: str
    envoy_host: str
    disable_meters: bool
    pollfreq_s: float
    pollfreqalert_s: float
    relayfreq_s: float
    nocomms_delay_s: float
    loadkwh_w: float
    login_timeout_s: float
    api_timeout_s: float
    status_flags: bool
    allow_no_controller: bool
    envoy_tls: str
    login_url: str
    tokens_url: str
    debug: int
    verbose: bool
    test: TestAnswers | None
    token_credential: str | None = None
    loadkwh_given: bool = False
    sma: "SmaSettings | None" = None

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Settings(config_path={self.config_path!r})"

    @property
    def inverter_alone(self) -> bool:
        """Whether an inverter is the UPS, without a gateway."""
        return self.sma is not None and self.sma.alone

    @property
    def device(self) -> str:
        """What is asked about the grid, in words: ``gateway`` or ``inverter``."""
        return "inverter" if self.inverter_alone else "gateway"


class ConfigSite(NamedTuple):
    """What a config is read with.

    Attributes:
        path: the config file, absolute.
        ups: name of the UPS, already decided (file.py).
        state_dir: where STATE_DIR is not set.
        cwd: where a relative STATE_DIR begins.
        credentials_dir: ``$CREDENTIALS_DIRECTORY`` of systemd, or None.
        exists: tells whether a file is there.
        account_needed: whether USERNAME and PASSWORD must be set where there is
            no token yet.
    """

    path: str
    ups: str
    state_dir: str
    cwd: str
    credentials_dir: str | None
    exists: Callable[[str], bool]
    account_needed: bool = True


def interpret(
    entries: Mapping[str, ConfigEntry], place: ConfigSite
) -> tuple[Settings, list[Notice]]:
    """Turn the entries of a config file into settings.

    The password of PASSWORD_FILE is not in them yet.

    Raises:
        ConfigError: a value that cannot be used, or required keys missing.
    """
    values = Values(entries, place.path)
    values.test_mode = values.switch("TEST")
    settings = _settings(values, place)
    _require(settings, values, place)
    if not settings.relayfreq_s and settings.pollfreq_s > _LONGEST_POLL_S:
        values.warn(
            "POLLFREQ",
            f"more than {_LONGEST_POLL_S} s, and RELAYFREQ=0: an outage, and a "
            "battery that runs empty, may be seen too late",
        )
    strange = _strange_keys(entries, place.path, test_mode=values.test_mode)
    return settings, values.notices + strange


def _settings(values: Values, place: ConfigSite) -> Settings:
    state_dir = values.path("STATE_DIR", place.cwd) or place.state_dir
    token_file, token_credential = _token_files(values, place, state_dir)
    sma = None
    inverter = any(values.given(name) for name in KEYS if name.startswith("SMA_"))
    if inverter and not values.test_mode:
        from nutbridge.config.sma import sma_settings

        file = _password_file(values, place, state_dir, "SMA_PASSWORD_FILE")
        sma = sma_settings(values, file, password_needed=place.account_needed)
    return Settings(
        **values.fields(),
        ups=place.ups,
        config_path=place.path,
        password_file=_password_file(values, place, state_dir),
        port_file=values.path("PORT_FILE", state_dir) or "",
        token_file=token_file,
        state_dir=state_dir,
        test=TestAnswers(**values.fields("test")) if values.test_mode else None,
        token_credential=token_credential,
        loadkwh_given=values.given("LOADKWH"),
        sma=sma,
    )


def _password_file(
    values: Values, place: ConfigSite, state_dir: str, key: str = "PASSWORD_FILE"
) -> str | None:
    if not values.given(key):
        return None
    name = values.text(key)
    own = absolute(state_dir, name)
    if place.credentials_dir is None:
        return own
    lent = absolute(place.credentials_dir, name)
    # Where only the token is a credential, the password stays in STATE_DIR.
    return own if place.exists(own) and not place.exists(lent) else lent


def _token_files(
    values: Values, place: ConfigSite, state_dir: str
) -> tuple[str, str | None]:
    """Return where tokens are stored, and the credential that holds one.

    Credentials cannot be written (systemd.exec(5), LoadCredential=): a token
    that the monitor renews goes to STATE_DIR, under the same name.
    """
    usual = f"enphase-{place.ups}.token"
    name = values.text("TOKEN_FILE") if values.given("TOKEN_FILE") else usual
    own = absolute(state_dir, name)
    if place.credentials_dir is None or values.test_mode:
        return own, None
    lent = absolute(place.credentials_dir, name)
    if not lent.startswith(absolute(place.credentials_dir, "") + "/"):
        return own, None  # an absolute name elsewhere
    if name.startswith("/"):
        own = absolute(state_dir, usual)
    return own, lent if place.exists(lent) else None


def _require(settings: Settings, values: Values, place: ConfigSite) -> None:
    """Name all required keys that are missing at once."""
    given = {
        "USERNAME": settings.username,
        "PASSWORD": settings.password or settings.password_file,
        "SERIAL": settings.serial,
        "PORT_FILE": settings.port_file,
    }
    if settings.inverter_alone:
        given = {"PORT_FILE": settings.port_file}
    missing = [name for name, value in given.items() if not value]
    account = [name for name in missing if name in ("USERNAME", "PASSWORD")]
    if settings.test is not None:
        missing = [name for name in missing if name not in account]
    elif account and (
        not place.account_needed
        or settings.token_credential
        or place.exists(settings.token_file)
    ):
        missing = [name for name in missing if name not in account]
        values.warn(
            account[0],
            f"{' and '.join(account)} not set: the token in {settings.token_file} "
            "cannot be renewed; bring a new one with: nutbridge token import",
        )
    if missing:
        how = ", ".join(f"{name}=<{KEYS[name].help}>" for name in missing)
        raise ConfigError(place.path, " ".join(missing), f"not set; add {how}")
    if settings.password and settings.password_file:
        values.warn("PASSWORD", "not used, PASSWORD_FILE is set too")


def _strange_keys(
    entries: Mapping[str, ConfigEntry], path: str, *, test_mode: bool
) -> list[Notice]:
    """Tell of keys that nobody reads."""
    found = []
    unknown = [entry for entry in entries.values() if entry.key not in KEYS]
    for entry in unknown[:_UNKNOWN_NAMED]:
        near = _nearest(entry.key)
        hint = f"; is {near} meant?" if near else ""
        found.append(
            warning(f"{path}:{entry.line}: {entry.key}: unknown key, not used{hint}")
        )
    if len(unknown) > _UNKNOWN_NAMED:
        found.append(
            warning(f"{path}: {len(unknown) - _UNKNOWN_NAMED} more unknown keys")
        )
    idle = [name for name in entries if name in KEYS and KEYS[name].test_only]
    if idle and not test_mode:
        found.append(warning(f"{path}: {' '.join(idle)}: not used without TEST=1"))
    return found


def _nearest(name: str) -> str | None:
    import difflib  # seldom needed

    found = difflib.get_close_matches(name.upper(), KEYS, n=1)
    return found[0] if found else None
