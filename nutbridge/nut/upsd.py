"""What upsd tells its clients: a small client of its network protocol.

A connection per subject, bounded in time (name resolution included) and size.
It neither logs in nor sets anything, so upsd needs no user for it.

Source: RFC 9271 (protocol 1.2) and upsd 2.8.0: a line per command; the answer
is ``BEGIN LIST ...``, rows, ``END LIST ...``, or one line ``ERR CODE``.
"""

import contextlib
import errno
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from nutbridge.errors import UsageError
from nutbridge.net.addresses import resolve_host, split_host
from nutbridge.net.failures import describe
from nutbridge.net.worker import LateError, call_within
from nutbridge.nut.errors import (
    DataStale,
    DriverNotConnected,
    NutError,
    UnknownUps,
    UpsdAnswerError,
    UpsdUnreachable,
)
from nutbridge.nut.words import conf_lines, leading_number
from nutbridge.system.clock import SystemClock

UPSD_PORT = 3493
LOCAL_UPSD = f"127.0.0.1:{UPSD_PORT}"
#: Every address of a machine, and what reaches it from there.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}  # noqa: S104
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

#: Hundreds of variables have some 50 kB.
_MOST_BYTES = 1 << 20
_PIECE = 65536

T = TypeVar("T")

_NAME = re.compile(r"[!-~]{1,127}")
_VAR = re.compile(r'VAR \S+ (\S+) "((?:[^"\\]|\\.)*)"')
_CLIENT = re.compile(r"CLIENT \S+ (\S+)")
#: "Network UPS Tools upsd 2.8.0 - http://..."; a snapshot has more after the number.
_VERSION = re.compile(r"upsd (\d+\.\d+[^\s]*)")
_ESCAPED = re.compile(r"\\(.)")

#: What upsd's codes mean for a reader of values; others are shown as they are.
_REFUSALS: dict[str, tuple[type[NutError], str]] = {
    "UNKNOWN-UPS": (UnknownUps, "does not know the UPS {name}"),
    "DRIVER-NOT-CONNECTED": (
        DriverNotConnected,
        "the driver of {name} is not connected",
    ),
    "DATA-STALE": (DataStale, "the data of {name} is stale"),
    "ACCESS-DENIED": (UpsdAnswerError, "refuses this client (access denied)"),
}


def read_ups(
    name: str, address: str = LOCAL_UPSD, timeout_s: float = 3.0
) -> Mapping[str, str]:
    """Read every variable of one UPS, as upsc shows them.

    While the driver connects to upsd there may be one only: ups.status WAIT.

    Args:
        name: of the UPS, the section of ups.conf.
        address: HOST, HOST:PORT or [IPV6]:PORT of upsd.
        timeout_s: limit of all of it, s.

    Returns:
        NUT's variable names with their values, unescaped and otherwise as sent:
        not fit for a terminal as they are.

    Raises:
        UpsdUnreachable: nobody answers there in time.
        UnknownUps: upsd has no UPS of that name.
        DriverNotConnected: the driver does not run.
        DataStale: the driver does not answer.
        UpsdAnswerError: no answer of an upsd.
        UsageError: ``address`` is none.
    """
    return _talk(name, address, timeout_s, _variables)


class UpsdLogins(NamedTuple):
    """Who is logged in at an upsd.

    Attributes:
        version: of upsd, e.g. ``2.8.0``; None where it does not tell.
        clients: addresses of the guards of one UPS (upsmon), as ``upsc -c`` has them.
    """

    version: str | None
    clients: tuple[str, ...]


def read_logins(
    name: str, address: str = LOCAL_UPSD, timeout_s: float = 3.0
) -> UpsdLogins:
    """Read which machines guard one UPS, whether its driver runs or not.

    Arguments and errors are those of ``read_ups``.
    """
    return _talk(name, address, timeout_s, _logins)


def read_clients(
    name: str, address: str = LOCAL_UPSD, timeout_s: float = 3.0
) -> tuple[str, ...]:
    """Return the addresses of the machines that are logged in for a UPS, each once.

    Those are the upsmons that protect something; upsc and the like do not log in.
    Arguments and errors are those of ``read_ups``.

    Source: RFC 9271, LIST CLIENT (NUT 2.2 and newer).
    """
    return tuple(sorted(set(read_logins(name, address, timeout_s).clients)))


class _Link:
    """One conversation about one UPS.

    Args:
        door: connected to upsd.
        left: time that is left, s; raises TimeoutError.
        name: of the UPS.
        address: of upsd, for errors.
    """

    def __init__(
        self, door: socket.socket, left: Callable[[], float], name: str, address: str
    ) -> None:
        self._door = door
        self._left = left
        self._address = address
        self._answers = _lines(door, left, address)
        self.name = name

    def say(self, command: str) -> None:
        """Send one line."""
        self._door.settimeout(self._left())
        self._door.sendall(f"{command}\n".encode("ascii"))

    def ask(self, command: str) -> Iterator[str]:
        """Send a command; yield the lines that follow, and raise what they mean."""
        self.say(command)
        for line in self._answers:
            code, _, rest = line.partition(" ")
            if code == "ERR":
                kind, text = _REFUSALS.get(
                    rest.strip(), (UpsdAnswerError, f"answers {line[:80]!a}")
                )
                raise kind(self._address, text.format(name=self.name))
            yield line

    def rows(self, kind: str) -> Iterator[str]:
        """Yield the rows of ``LIST kind NAME``, which must be whole."""
        what = f"{kind} {self.name}"
        lines = self.ask(f"LIST {what}")
        if next(lines, None) == f"BEGIN LIST {what}":
            for line in lines:
                if line == f"END LIST {what}":
                    return
                yield line
        raise UpsdAnswerError(self._address, "the answer is not that of upsd")


def _variables(link: _Link) -> Mapping[str, str]:
    rows = map(_VAR.fullmatch, link.rows("VAR"))
    return {row[1]: _ESCAPED.sub(r"\1", row[2]) for row in rows if row}


def listen_address(text: str) -> str:
    """Return where the upsd with this upsd.conf is reached on its own machine.

    Source: LISTEN of upsd.conf(5), NUT 2.8: ``LISTEN interface port``, any number of
    them; none is loopback.
    """
    found = []
    for line in conf_lines(text):
        match line.words:
            case ("LISTEN", host, *rest):
                port = leading_number(rest[0]) if rest else None
                found.append((_EVERYWHERE.get(host, host), port or UPSD_PORT))
    local = [place for place in found if place[0] in _LOOPBACK]
    host, port = (local or found or [("127.0.0.1", UPSD_PORT)])[0]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _logins(link: _Link) -> UpsdLogins:
    found = _VERSION.search(next(link.ask("VER"), ""))
    rows = map(_CLIENT.fullmatch, link.rows("CLIENT"))
    clients = tuple(row[1] for row in rows if row)
    return UpsdLogins(found[1] if found else None, clients)


def _talk(
    name: str, address: str, timeout_s: float, converse: Callable[[_Link], T]
) -> T:
    if not _NAME.fullmatch(name) or '"' in name or "\\" in name:
        raise UnknownUps(address, f"cannot know a UPS called {name!a}")
    try:
        host, port = split_host(address, UPSD_PORT)
    except ValueError as exc:
        raise UsageError(f"upsd: {exc}") from None
    clock = SystemClock()
    until = clock.boottime() + timeout_s

    def left() -> float:
        seconds = until - clock.boottime()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def talk() -> T:
        with _connect(host, port, left) as door:
            link = _Link(door, left, name, address)
            answer = converse(link)
            with contextlib.suppress(OSError):
                link.say("LOGOUT")
            return answer

    try:
        return call_within("upsd", talk, until, clock)
    except (LateError, TimeoutError):
        raise UpsdUnreachable(address, f"no answer within {timeout_s:.3g} s") from None
    except socket.gaierror:
        raise UpsdUnreachable(address, "no address for that name") from None
    except OSError as exc:
        raise UpsdUnreachable(address, describe(exc)) from None
    except UnicodeError:
        raise UpsdUnreachable(address, "not a name that can be looked up") from None


def _connect(host: str, port: int, left: Callable[[], float]) -> socket.socket:
    # upsd listens on the addresses of LISTEN only: localhost may be ::1 first.
    problem = OSError(errno.EADDRNOTAVAIL, "")
    for address in resolve_host(host, port):
        try:
            return socket.create_connection((address, port), timeout=left())
        except TimeoutError:
            raise
        except OSError as exc:
            problem = exc
    raise problem


def _lines(
    link: socket.socket, left: Callable[[], float], address: str
) -> Iterator[str]:
    rest = b""
    size = 0
    while True:
        link.settimeout(left())
        piece = link.recv(_PIECE)
        size += len(piece)
        if size > _MOST_BYTES:
            raise UpsdAnswerError(address, "the answer is too long")
        if not piece:
            return
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace").rstrip("\r") for line in whole)
