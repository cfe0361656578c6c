"""Every key of the config file, as one table.

settings.py reads by it; nutbridge.conf(5) and conf/enphase-ups.conf are compared with
it by a test. Keys, defaults and minima marked ``script`` are those of the bash
script enphase-monitor; the maxima and the other keys are ours.
"""

from dataclasses import dataclass
from enum import StrEnum


class KeyKind(StrEnum):
    """How a value is read."""

    TEXT = "text"
    SECRET = "text, secret"  # noqa: S105 - a kind of value, not one
    PATH = "path"
    NUMBER = "number"
    ANY = "any value = on"
    SWITCH = "1 or 0"
    CHOICE = "word"
    URL = "https address"
    ANSWER = "body of an answer"


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table.

    Attributes:
        name: as in the file.
        help: one line.
        kind: how the value is read.
        default: what stands where the file says nothing; empty = nothing.
        least: smallest number; a smaller one is raised to it, with a WARNING.
        most: largest number; a larger one is lowered to it, with a WARNING,
            so that no typing error switches the protection off.
        unit: of the number.
        zero_is_off: 0 is allowed below ``least`` and switches off.
        choices: the words allowed.
        required: nothing works without.
        script: a key of the bash script.
        test_default: the default in TEST mode where it differs.
    """

    name: str
    help: str
    kind: KeyKind = KeyKind.TEXT
    default: str = ""
    least: float = 0
    most: float = 0
    unit: str = ""
    zero_is_off: bool = False
    choices: tuple[str, ...] = ()
    required: bool = False
    script: bool = True
    test_default: str | None = None

    @property
    def secret(self) -> bool:
        """Whether the value may never be shown."""
        return self.kind is KeyKind.SECRET

    @property
    def test_only(self) -> bool:
        """Whether it means something in TEST mode alone."""
        return self.kind is KeyKind.ANSWER


_ALL = (
    Key("USERNAME", "login at Enphase Enlighten (e-mail)", required=True),
    Key("PASSWORD", "password of that login", KeyKind.SECRET, required=True),
    Key(
        "PASSWORD_FILE",
        "file that holds the password instead; relative: in $CREDENTIALS_DIRECTORY "
        "where systemd sets it, else in STATE_DIR",
        KeyKind.PATH,
        script=False,
    ),
    Key("SERIAL", "serial number of the gateway", required=True),
    Key(
        "PORT_FILE",
        "the port file of ups.conf; relative: in STATE_DIR",
        KeyKind.PATH,
        required=True,
    ),
    Key("UPS", "name of the UPS where the command line gives none"),
    Key(
        "DISABLE_METERS",
        "leave out the CT meters (/ivp/meters); load and battery power stay",
        KeyKind.ANY,
    ),
    Key(
        "ENVOY_HOST",
        "name or address of the gateway, :PORT if odd",
        default="envoy.local",
    ),
    Key(
        "STATE_DIR",
        "writable folder of the port file, token and state",
        KeyKind.PATH,
        default="/var/lib/nut",
    ),
    Key(
        "TOKEN_FILE",
        "cached gateway token; relative: in STATE_DIR; one of that name in "
        "$CREDENTIALS_DIRECTORY is read too, the later end counts",
        KeyKind.PATH,
        default="enphase-<ups>.token",
    ),
    Key(
        "POLLFREQ",
        "between full polls while on line",
        KeyKind.NUMBER,
        default="60",
        least=5,
        most=3600,
        unit="s",
    ),
    Key(
        "POLLFREQALERT",
        "between full polls on battery, or without an answer",
        KeyKind.NUMBER,
        default="20",
        least=5,
        most=300,
        unit="s",
    ),
    Key(
        "RELAYFREQ",
        "between checks of the grid relay alone; 0 = only with full polls",
        KeyKind.NUMBER,
        default="10",
        least=5,
        most=300,
        unit="s",
        zero_is_off=True,
        script=False,
    ),
    Key(
        "NOCOMMS_DELAY",
        "how long a silent gateway keeps its last OL before the UPS is gone",
        KeyKind.NUMBER,
        default="120",
        most=3600,
        unit="s",
        script=False,
        test_default="0",
    ),
    Key(
        "LOADKWH",
        "largest load per kWh of capacity, for ups.load; 0 = no ups.load",
        KeyKind.NUMBER,
        default="768",
        # C/20 and 10 C: no house battery lies outside, and the reckoning of
        # a silent outage leans on this number.
        least=50,
        most=10000,
        unit="W/kWh",
        zero_is_off=True,
    ),
    Key(
        "LOGIN_TIMEOUT",
        "for one answer of the Enphase cloud",
        KeyKind.NUMBER,
        default="10",
        least=5,
        most=120,
        unit="s",
    ),
    Key(
        "API_TIMEOUT",
        "for one answer of the gateway",
        KeyKind.NUMBER,
        default="5",
        least=2,
        most=60,
        unit="s",
    ),
    Key(
        "STATUS_FLAGS",
        "add CHRG or DISCHRG to ups.status",
        KeyKind.SWITCH,
        default="0",
        script=False,
    ),
    Key(
        "ALLOW_NO_CONTROLLER",
        "run although no System Controller or Meter Collar is listed",
        KeyKind.SWITCH,
        default="0",
        script=False,
        test_default="1",
    ),
    Key(
        "ENVOY_TLS",
        "another gateway certificate is refused until trusted by hand (strict), or "
        "until it alone was seen for a day (first-use)",
        KeyKind.CHOICE,
        default="first-use",
        choices=("first-use", "strict"),
        script=False,
    ),
    Key(
        "ENPHASE_LOGIN",
        "where to log in",
        KeyKind.URL,
        default="https://enlighten.enphaseenergy.com/login/login.json",
        script=False,
    ),
    Key(
        "ENPHASE_TOKENS",
        "where to ask for a token",
        KeyKind.URL,
        default="https://entrez.enphaseenergy.com/tokens",
        script=False,
    ),
    Key(
        "SMA_HOST",
        "name or address of an SMA inverter, :PORT if odd; without USERNAME and "
        "SERIAL the inverter is the UPS",
        script=False,
    ),
    Key(
        "SMA_USER",
        "user made on an ennexOS device; Webconnect has SMA_GROUP instead",
        script=False,
    ),
    Key(
        "SMA_PASSWORD",
        "password of SMA_USER, or of SMA_GROUP, on the inverter",
        KeyKind.SECRET,
        script=False,
    ),
    Key(
        "SMA_PASSWORD_FILE",
        "file that holds it instead; relative: as PASSWORD_FILE",
        KeyKind.PATH,
        script=False,
    ),
    Key(
        "SMA_GROUP",
        "who logs in to an inverter with Webconnect",
        KeyKind.CHOICE,
        default="usr",
        choices=("usr", "istl"),
        script=False,
    ),
    Key(
        "SMA_SCHEME",
        "how the inverter is reached; http only for firmware that has no https",
        KeyKind.CHOICE,
        default="https",
        choices=("https", "http"),
        script=False,
    ),
    Key(
        "SMA_TIMEOUT",
        "for one answer of the inverter",
        KeyKind.NUMBER,
        default="5",
        least=2,
        most=60,
        unit="s",
        script=False,
    ),
    Key(
        "SMA_TLS",
        "another inverter certificate is refused until trusted by hand (strict), or "
        "until it alone was seen for a day (first-use)",
        KeyKind.CHOICE,
        default="first-use",
        choices=("first-use", "strict"),
        script=False,
    ),
    Key(
        "SMA_CAPACITY",
        "of the battery when new, for an inverter that does not tell it; 0 = unknown",
        KeyKind.NUMBER,
        default="0",
        least=500,
        most=500_000,
        unit="Wh",
        zero_is_off=True,
        script=False,
    ),
    Key(
        "DEBUG", "as -d: 1 details, 2 also bodies", KeyKind.NUMBER, default="0", most=2
    ),
    Key("VERBOSE", "as -v: one line per poll", KeyKind.ANY),
    Key(
        "TEST", "play the answers below instead of asking", KeyKind.SWITCH, default="0"
    ),
    Key("TEST_SESS", "of the login", KeyKind.ANSWER),
    Key("TEST_TOKEN", "of the token request", KeyKind.ANSWER),
    Key("TEST_RELAY", "of /ivp/ensemble/relay", KeyKind.ANSWER),
    Key("TEST_LIVE", "of /ivp/livedata/status", KeyKind.ANSWER),
    Key("TEST_REPORTS", "of /ivp/meters/reports", KeyKind.ANSWER),
    Key("TEST_SECCTRL", "of /ivp/ensemble/secctrl", KeyKind.ANSWER),
    Key("TEST_INFO", "of /info", KeyKind.ANSWER),
)

#: All keys by name, in the order of the manual.
KEYS = {key.name: key for key in _ALL}
