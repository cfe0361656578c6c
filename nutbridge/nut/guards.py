"""What guards a machine: upsmon.conf, the accounts of upsd.users, upssched.conf.

Source: upsmon.conf(5), upsd.users(5), upssched.conf(5) of NUT 2.8.0 to 2.8.5; words
and lines as in words.py. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nutbridge.nut.words import conf_lines, leading_number

#: Directives of upsmon.conf that are numbers, and upsmon's own defaults: seconds, but
#: for MINSUPPLIES. OBLBDURATION came with NUT 2.8.3.
NUMBERS: Mapping[str, int] = {
    **dict.fromkeys(("POLLFREQ", "POLLFREQALERT", "FINALDELAY"), 5),
    **dict.fromkeys(("HOSTSYNC", "DEADTIME"), 15),
    "OBLBDURATION": 0,
    "MINSUPPLIES": 1,
}
_TEXTS = ("SHUTDOWNCMD", "POWERDOWNFLAG", "NOTIFYCMD")
#: NUT 2.7 said these; 2.8 takes both.
_ROLES = {"master": "primary", "slave": "secondary"}
_AT_WORDS = 4


class MonitorLine(NamedTuple):
    """One MONITOR line of upsmon.conf.

    Attributes:
        ups: name of the UPS.
        host: of its upsd, without the port; ``localhost`` where none is said.
        port: of its upsd; None where none is said.
        power: how many power supplies of this machine hang on it.
        user: of upsd.users.
        password: of that user; goes nowhere but to a comparison.
        role: ``primary`` or ``secondary``, however it is written.
    """

    ups: str
    host: str
    power: int
    user: str
    password: str
    role: str
    port: int | None = None

    def __repr__(self) -> str:
        """Return it without the password."""
        return f"MonitorLine({self.ups}@{self.host}, {self.power}, {self.role})"


@dataclass(frozen=True, slots=True)
class UpsmonConf:
    """What an upsmon.conf says.

    Attributes:
        monitors: its MONITOR lines.
        numbers: every name of NUMBERS.
        texts: SHUTDOWNCMD, POWERDOWNFLAG and NOTIFYCMD, where they are said.
        flags: of NOTIFYFLAG, by event.
    """

    monitors: tuple[MonitorLine, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=lambda: NUMBERS)
    texts: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def until_shutdown_s(self) -> int:
        """Seconds from OB LB at upsd to the last word of SHUTDOWNCMD, at most."""
        named = ("POLLFREQ", "HOSTSYNC", "FINALDELAY", "OBLBDURATION")
        return sum(self.numbers[name] for name in named)


class UpsdUser(NamedTuple):
    """One account of upsd.users.

    Attributes:
        password: goes nowhere but to a comparison.
        role: ``primary``, ``secondary``, or empty: no guard may log in with it.
    """

    password: str = ""
    role: str = ""

    def __repr__(self) -> str:
        """Return it without the password."""
        return f"UpsdUser(role={self.role!r})"


class TimerLine(NamedTuple):
    """One AT line of upssched.conf; ``words`` are the command and what it names."""

    event: str
    ups: str
    words: tuple[str, ...]


def parse_upsmon_conf(text: str) -> UpsmonConf:
    """Read an upsmon.conf; of what comes twice the last counts, as in NUT."""
    numbers, texts, flags = dict(NUMBERS), dict[str, str](), dict[str, str]()
    monitors = []
    for line in conf_lines(text):
        match line.words:
            case ("MONITOR", system, power, user, password, role, *_):
                monitors.append(_monitor(system, power, user, password, role))
            case (name, value, *_) if name in NUMBERS:
                number = leading_number(value)
                # No upsmon looks more often than every second.
                least = 1 if name.startswith("POLL") else 0
                if number is not None:
                    numbers[name] = max(least, number)
            case (name, value, *_) if name in _TEXTS:
                texts[name] = value
            case ("NOTIFYFLAG", event, *rest) if rest:
                flags[event] = "+".join(rest)
    return UpsmonConf(tuple(monitors), numbers, texts, flags)


def _monitor(
    system: str, power: str, user: str, password: str, role: str
) -> MonitorLine:
    ups, _, where = system.partition("@")
    found = re.fullmatch(r"(\[.*\]|[^:\[]*)(?::(\d+))?", where)
    host = found[1].strip("[]") if found else where
    port = int(found[2]) if found and found[2] else None
    role = _ROLES.get(role.lower(), role.lower())
    number = leading_number(power) or 0
    return MonitorLine(ups, host or "localhost", number, user, password, role, port)


def parse_upsd_users(text: str) -> Mapping[str, UpsdUser]:
    """Read an upsd.users: its accounts by name."""
    users: dict[str, UpsdUser] = {}
    name = ""
    for line in conf_lines(text):
        words = [word for word in line.words if word != "="]
        match words:
            case (header,) if re.fullmatch(r"\[.*\]", header):
                name = header[1:-1]
                users.setdefault(name, UpsdUser())
            case ("password", value, *_) if name:
                users[name] = users[name]._replace(password=value)
            case ("upsmon", role, *_) if name:
                role = _ROLES.get(role.lower(), role.lower())
                users[name] = users[name]._replace(role=role)
    return users


def parse_upssched_conf(text: str) -> tuple[Mapping[str, str], Sequence[TimerLine]]:
    """Read an upssched.conf: what it names (CMDSCRIPT, ...), and its AT lines."""
    lines = [line.words for line in conf_lines(text)]
    named = {words[0]: words[1] for words in lines if len(words) > 1}
    return named, tuple(_timers(lines))


def _timers(lines: Sequence[tuple[str, ...]]) -> Iterator[TimerLine]:
    for words in lines:
        if words[:1] == ("AT",) and len(words) >= _AT_WORDS:
            yield TimerLine(words[1], words[2], words[3:])
