"""Read single values of a config by the table of keys, and collect notices.

Pure. Every failure is a ConfigError with file:line, key and what is allowed; a
secret is never shown.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from nutbridge.config.keys import KEYS, Key, KeyKind
from nutbridge.config.text import ConfigEntry
from nutbridge.errors import ConfigError
from nutbridge.ups.notices import Notice, warning
from nutbridge.ups.units import clamp

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
        """Return what the keys say that are fields of an owner (Key.field)."""
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
        """Return the body of an answer."""
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
