"""Every key of the config file: one table, and how a value is read (pure).

From it come the settings (settings.py, sma.py), the lists of nutbridge.conf(5) and
conf/enphase-ups.conf. Keys, defaults and minima marked ``script`` are those of the
bash script enphase-monitor; the maxima and the other keys are ours.

Every failure of ``Values`` is a ConfigError with file:line, key and what is allowed; a
secret is never shown.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from nutbridge.config.text import ConfigEntry
from nutbridge.errors import ConfigError
from nutbridge.ups.notices import Notice, warning
from nutbridge.ups.units import clamp


class KeyKind(StrEnum):
    """How a value is read."""

    TEXT = "text"
    SECRET = "text, secret"  # noqa: S105 - a kind of value, not one
    PATH = "path"
    NUMBER = "number"
    WHOLE = "whole number"
    ANY = "any value = on"
    SWITCH = "1 or 0"
    CHOICE = "word"
    SERIAL = "serial number"
    HOST = "host or host:port"
    HOSTS = "one or several of them"
    URL = "https address"
    ANSWER = "body of an answer"


class Key(NamedTuple):
    """One row of the table.

    Attributes:
        name: as in the file.
        field: of Settings; ``sma.`` or ``test.`` before it: of SmaSettings or
            TestAnswers; empty: more than the value decides (settings.py).
        kind: how the value is read.
        help: one line.
        more: what else a user should know, whole sentences.
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
    field: str
    kind: KeyKind
    help: str
    more: str = ""
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


#: The keys, in the order of the manual and of conf/enphase-ups.conf.
# A row of the table is a few lines, not one for each column.
# fmt: off
GROUPS: dict[str, tuple[Key, ...]] = {
    "Needed": (
        Key("USERNAME", "username", KeyKind.TEXT, "login at Enphase Enlighten (e-mail)",
            more=("It and the password may stay empty where a token was brought by "
            "hand (accounts with a second factor); nobody can renew it then."),
            required=True),
        Key("PASSWORD", "password", KeyKind.SECRET, "password of that login",
            required=True),
        Key("SERIAL", "serial", KeyKind.SERIAL, "serial number of the gateway",
            more="It stands on the gateway's label and in the Enphase app.",
            required=True),
        Key("PORT_FILE", "", KeyKind.PATH,
            "the port file of ups.conf; relative: in STATE_DIR",
            more=("For example /run/nutbridge/home.dev. It must exist, or its hidden "
            "twin (home.dev-nocomms), which is made at boot (systemd/tmpfiles.d) "
            "or once by hand, as the user of the monitor: touch ..."), required=True),
    ),
    "Files": (
        Key("PASSWORD_FILE", "", KeyKind.PATH,
            "file that holds the password instead; relative: in "
            "$CREDENTIALS_DIRECTORY where systemd sets it, else in STATE_DIR",
            more="See systemd/credentials.conf.", script=False),
        Key("STATE_DIR", "", KeyKind.PATH,
            "writable folder of the port file, token and state",
            more=("Not everybody may write in it. Where it is not set: "
            "NUT_LOCALSTATE or NUT_STATEPATH, else /var/lib/ups where it exists, "
            "else the default. setup writes /var/lib/nutbridge where the monitor has "
            "a user of its own."), default="/var/lib/nut"),
        Key("TOKEN_FILE", "", KeyKind.PATH,
            "cached gateway token; relative: in STATE_DIR; one of that name in "
            "$CREDENTIALS_DIRECTORY is read too; the one that ends later is used",
            default="enphase-<ups>.token"),
        Key("UPS", "", KeyKind.TEXT,
            "name of the UPS where the command line gives none",
            more=("It comes before $UPS of the environment, the command line before "
            "both. With neither, a file name enphase-<ups>.conf tells it.")),
    ),
    "Gateway": (
        Key("ENVOY_HOST", "envoy_host", KeyKind.HOSTS,
            "name or address of the gateway, with :PORT if it is not 443",
            more=("A fixed address is safer than envoy.local: it needs no name service "
            "in an outage. Several of one gateway (Ethernet and Wi-Fi), with commas "
            "between them, are tried in this order."), default="envoy.local"),
        Key("ENVOY_TLS", "envoy_tls", KeyKind.CHOICE,
            "another gateway certificate is refused until trusted by hand "
            "(strict), or until it alone was seen for a day (first-use)",
            more="nutbridge gateway trust accepts it.", default="first-use",
            choices=("first-use", "strict"), script=False),
        Key("DISABLE_METERS", "disable_meters", KeyKind.ANY,
            "leave out the CT meters (/ivp/meters); load and battery power stay",
            more="Any value does; input.* and output.* are away then."),
        Key("ALLOW_NO_CONTROLLER", "allow_no_controller", KeyKind.SWITCH,
            "run although no System Controller or Meter Collar is listed",
            more='Such a gateway says "on line" for ever. Where there was one before: '
            "FILES of enphase-monitor(8).", default="0", script=False,
            test_default="1"),
    ),
    "SMA inverter": (
        Key("SMA_HOST", "sma.host", KeyKind.HOST,
            "name or address of an SMA inverter, with :PORT if it is not the usual "
            "one; without USERNAME and SERIAL the inverter is the UPS",
            more=("It may speak Webconnect or ennexOS. Beside a gateway it adds PV "
            "power and its own health."), script=False),
        Key("SMA_USER", "sma.user", KeyKind.TEXT,
            "user made on an ennexOS device; Webconnect has SMA_GROUP instead",
            more="One of SMA's portal is of no use in an outage.", script=False),
        Key("SMA_PASSWORD", "sma.password", KeyKind.SECRET,
            "password of SMA_USER, or of SMA_GROUP, on the inverter",
            more="With Webconnect at most 12 characters.", script=False),
        Key("SMA_PASSWORD_FILE", "", KeyKind.PATH,
            "file that holds SMA_PASSWORD; relative: as PASSWORD_FILE", script=False),
        Key("SMA_GROUP", "sma.group", KeyKind.CHOICE,
            "who logs in to an inverter with Webconnect", more="istl is the installer.",
            default="usr", choices=("usr", "istl"), script=False),
        Key("SMA_SCHEME", "sma.scheme", KeyKind.CHOICE,
            "how the inverter is reached; http only for firmware that has no https",
            more="http sends the password in the clear.", default="https",
            choices=("https", "http"), script=False),
        Key("SMA_TLS", "sma.tls", KeyKind.CHOICE,
            "another inverter certificate is refused until trusted by hand "
            "(strict), or until it alone was seen for a day (first-use)",
            default="first-use", choices=("first-use", "strict"), script=False),
        Key("SMA_CAPACITY", "sma.capacity_wh", KeyKind.NUMBER,
            "capacity of the battery when new, for an inverter that does not tell "
            "it; 0 = unknown",
            more=("Without one there is no runtime; low battery then comes from the "
            "charge alone."), default="0", least=500, most=500_000, unit="Wh",
            zero_is_off=True, script=False),
    ),
    "Times": (
        Key("POLLFREQ", "pollfreq_s", KeyKind.NUMBER,
            "time between full polls while on line", default="60", least=5, most=3600,
            unit="s"),
        Key("POLLFREQALERT", "pollfreqalert_s", KeyKind.NUMBER,
            "time between full polls on battery, or without an answer", default="20",
            least=5, most=300, unit="s"),
        Key("RELAYFREQ", "relayfreq_s", KeyKind.NUMBER,
            "time between checks of the grid relay alone; 0 = only with full polls",
            default="10", least=5, most=300, unit="s", zero_is_off=True, script=False),
        Key("NOCOMMS_DELAY", "nocomms_delay_s", KeyKind.NUMBER,
            "how long a silent gateway keeps its last OL before the UPS is gone",
            more=("Gateways are silent for up to 5 min at night. On battery the last "
            "state stays, whatever this says."), default="300", most=3600, unit="s",
            script=False, test_default="0"),
        Key("API_TIMEOUT", "api_timeout_s", KeyKind.NUMBER,
            "longest wait for one answer of the gateway",
            default="5", least=2, most=60, unit="s"),
        Key("LOGIN_TIMEOUT", "login_timeout_s", KeyKind.NUMBER,
            "longest wait for one answer of the Enphase cloud",
            default="10", least=5, most=120,
            unit="s"),
        Key("SMA_TIMEOUT", "sma.timeout_s", KeyKind.NUMBER,
            "longest wait for one answer of the inverter",
            default="5", least=2, most=60, unit="s",
            script=False),
    ),
    "What is shown": (
        Key("LOADKWH", "loadkwh_w", KeyKind.NUMBER,
            "largest load per kWh of capacity, for ups.load; 0 = no ups.load",
            more=("Unset: what the batteries tell of themselves. 768 is an IQ Battery "
            "5P: 3.84 kVA for 5 kWh."), default="768",
            # C/20 and 10 C: no house battery lies outside, and the estimate in a
            # silent outage leans on this number.
            least=50, most=10_000, unit="W/kWh", zero_is_off=True),
        Key("STATUS_FLAGS", "status_flags", KeyKind.SWITCH,
            "add CHRG or DISCHRG to ups.status", default="0", script=False),
        Key("DEBUG", "debug", KeyKind.WHOLE, "as -d: 1 details, 2 also the answers",
            default="0", most=2),
        Key("VERBOSE", "verbose", KeyKind.ANY, "as -v: one line per poll"),
    ),
    "Cloud": (
        Key("ENPHASE_LOGIN", "login_url", KeyKind.URL, "where to log in",
            default="https://enlighten.enphaseenergy.com/login/login.json",
            script=False),
        Key("ENPHASE_TOKENS", "tokens_url", KeyKind.URL, "where to ask for a token",
            default="https://entrez.enphaseenergy.com/tokens", script=False),
    ),
    "TEST mode": (
        Key("TEST", "", KeyKind.SWITCH, "play the answers below instead of asking",
            more="See conf/test.conf. Never with the port file of a real UPS.",
            default="0"),
        Key("TEST_SESS", "test.session", KeyKind.ANSWER, "of the login"),
        Key("TEST_TOKEN", "test.token", KeyKind.ANSWER, "of the token request"),
        Key("TEST_RELAY", "test.relay", KeyKind.ANSWER, "of /ivp/ensemble/relay"),
        Key("TEST_LIVE", "test.live", KeyKind.ANSWER, "of /ivp/livedata/status"),
        Key("TEST_REPORTS", "test.reports", KeyKind.ANSWER, "of /ivp/meters/reports"),
        Key("TEST_SECCTRL", "test.secctrl", KeyKind.ANSWER, "of /ivp/ensemble/secctrl"),
        Key("TEST_INFO", "test.info", KeyKind.ANSWER, "of /info"),
    ),
}
# fmt: on

#: All keys by name.
KEYS = {key.name: key for keys in GROUPS.values() for key in keys}


_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_ON = frozenset({"1", "yes", "true", "on"})
_OFF = frozenset({"0", "no", "false", "off"})
_SERIAL = re.compile(r"[A-Za-z0-9-]{1,32}")
_PORT = r"(:[0-9]{1,5})?"
_HOST = re.compile(rf"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?{_PORT}")
#: The port of a host; an IPv6 address has brackets then.
_ENDS = re.compile(r"^(?:\[.*\]|[^\[:]*):([0-9]+)$")
_MOST_HOSTS = 4
_IPV6 = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(%[A-Za-z0-9._-]+)?")
_IPV6_IN_BRACKETS = rf"\[({_IPV6.pattern})\]{_PORT}"
_HTTPS = re.compile(r"https://[A-Za-z0-9\[][!-~]*")

_SHOWN = 40
_BARE_DOLLAR = (
    "$, ` and ~ are taken as they are, the file is read and never run; "
    "write the value itself, in single quotes"
)


class Values:
    """The entries of one file, read key by key.

    Attributes:
        notices: what was odd so far.
        test_mode: the defaults of TEST mode count.
    """

    def __init__(self, entries: Mapping[str, ConfigEntry], path: str) -> None:
        self.notices: list[Notice] = []
        self.test_mode = False
        self._entries = entries
        self._path = path

    def where(self, name: str) -> str:
        """Return file:line of a key, or the file where it is not set."""
        entry = self._entries.get(name)
        return f"{self._path}:{entry.line}" if entry else self._path

    def error(self, name: str, problem: str) -> ConfigError:
        """Return the error for a key, to be raised by the caller."""
        return ConfigError(self.where(name), name, problem)

    def warn(self, name: str, text: str) -> None:
        """Note something odd about a key."""
        self.notices.append(warning(f"{self.where(name)}: {name}: {text}"))

    def fields(self, owner: str = "") -> dict[str, Any]:
        """Return the values of all keys of ``owner``, by their field (Key.field)."""
        found = {}
        for key in KEYS.values():
            of, _, field = key.field.rpartition(".")
            if field and of == owner:
                found[field] = _READERS[key.kind](self, key.name)
        return found

    def raw(self, name: str) -> str:
        """Return a value as it stands, its default where it is empty."""
        key = KEYS[name]
        entry = self._entries.get(name)
        if entry is not None and entry.has_expansion:
            self.warn(name, _BARE_DOLLAR)
        if entry is not None and entry.value:
            return entry.value
        if self.test_mode and key.test_default is not None:
            return key.test_default
        return key.default

    def given(self, name: str) -> bool:
        """Return whether the file sets a key to something."""
        entry = self._entries.get(name)
        return entry is not None and bool(entry.value)

    def text(self, name: str) -> str:
        """Return one line of printable text, or nothing."""
        return self._one_line(name, self.raw(name))

    def word(self, name: str) -> str:
        """Return one line without the blanks around it."""
        return self._one_line(name, self.raw(name).strip())

    def _one_line(self, name: str, value: str) -> str:
        if not value.isprintable():
            raise self.error(name, "must be one line of printable text")
        return value

    def path(self, name: str, folder: str) -> str | None:
        """Return an absolute path, a relative one begins in ``folder``.

        None where the file says nothing: the defaults depend on the system.
        """
        return absolute(folder, self.text(name)) if self.given(name) else None

    def number(self, name: str) -> float:
        """Return a number within the bounds of the table."""
        key = KEYS[name]
        text = self.word(name) or key.default
        if _NUMBER.fullmatch(text) is None:
            raise self.error(
                name, f"{text[:_SHOWN]!r} is no number; allowed: {allowed(key)}"
            )
        value = float(text)
        if value == 0 and key.zero_is_off:
            return 0.0
        bounded = clamp(value, key.least, key.most)
        if bounded != value:
            side = "below the minimum" if value < key.least else "above the maximum"
            unit = f" {key.unit}" if key.unit else ""
            self.warn(name, f"{text[:_SHOWN]} is {side}, {bounded:g}{unit} is used")
        return bounded

    def whole(self, name: str) -> int:
        """Return a number without what stands behind its point."""
        return int(self.number(name))

    def answer(self, name: str) -> str:
        """Return a TEST_ value: the body of an answer, over several lines."""
        return self.raw(name).strip()

    def any(self, name: str) -> bool:
        """Return True for any value at all, as the bash script does."""
        value = self.word(name)
        if value.lower() in _OFF:
            self.warn(name, f"any value switches it on, {value} too; empty is off")
        return bool(value)

    def switch(self, name: str) -> bool:
        """Return True for 1, False for 0 (or yes, no, true, false, on, off)."""
        value = self.word(name).lower() or KEYS[name].default
        if value not in _ON | _OFF:
            raise self.error(name, f"{value[:_SHOWN]!r} is neither 1 nor 0")
        return value in _ON

    def choice(self, name: str) -> str:
        """Return one of the words of the table."""
        key = KEYS[name]
        value = self.word(name).lower() or key.default
        if value not in key.choices:
            raise self.error(
                name, f"{value[:_SHOWN]!r} is not one of: {', '.join(key.choices)}"
            )
        return value

    def url(self, name: str) -> str:
        """Return an https address: a password or session goes there."""
        value = self.word(name) or KEYS[name].default
        if _HTTPS.fullmatch(value) is None:
            raise self.error(name, "must be an address that begins with https://")
        return value

    def serial(self, name: str) -> str:
        """Return a serial number, or nothing."""
        value = self.word(name)
        if value and _SERIAL.fullmatch(value) is None:
            raise self.error(name, "letters and digits only, as on the gateway's label")
        return value

    def host(self, name: str) -> str:
        """Return ``HOST`` or ``HOST:PORT``, an IPv6 address in brackets."""
        return self._host(name, self.word(name) or KEYS[name].default)

    def hosts(self, name: str) -> str:
        """Return one host, or several of one device with commas between them."""
        words = (self.word(name) or KEYS[name].default).replace(",", " ").split()
        found = dict.fromkeys(self._host(name, word) for word in words or [""])
        if len(found) > _MOST_HOSTS:
            raise self.error(name, f"at most {_MOST_HOSTS} addresses of one gateway")
        if len({port[1] if port else "" for port in map(_ENDS.search, found)}) > 1:
            raise self.error(name, "all addresses of one gateway have one port")
        return ",".join(found)

    def _host(self, name: str, value: str) -> str:
        if _IPV6.fullmatch(value):
            return f"[{value}]"
        if _HOST.fullmatch(value) or re.fullmatch(_IPV6_IN_BRACKETS, value):
            return value
        raise self.error(
            name,
            "must be a name or an address alone, e.g. 192.168.1.50 or envoy.local; "
            "HOST:PORT where the port is odd",
        )


_READERS: dict[KeyKind, Callable[[Values, str], Any]] = {
    KeyKind.TEXT: Values.word,
    KeyKind.SECRET: Values.raw,
    KeyKind.NUMBER: Values.number,
    KeyKind.WHOLE: Values.whole,
    KeyKind.ANY: Values.any,
    KeyKind.SWITCH: Values.switch,
    KeyKind.CHOICE: Values.choice,
    KeyKind.SERIAL: Values.serial,
    KeyKind.HOST: Values.host,
    KeyKind.HOSTS: Values.hosts,
    KeyKind.URL: Values.url,
    KeyKind.ANSWER: Values.answer,
}


def allowed(key: Key) -> str:
    """Say which numbers a key takes: ``5 to 3600 s``."""
    bounds = f"{key.least:g} to {key.most:g}" + (f" {key.unit}" if key.unit else "")
    return f"{bounds}, or 0 = off" if key.zero_is_off else bounds


def absolute(folder: str, name: str) -> str:
    """Join without touching the disk; ``.`` and doubled slashes fall away.

    ``..`` stays: what it means depends on symbolic links.
    """
    joined = name if name.startswith("/") else f"{folder}/{name}"
    return "/" + "/".join(part for part in joined.split("/") if part not in ("", "."))
