"""What upsd tells its clients: a small client of its network protocol.

A connection per question, bounded in time (name resolution included) and size.
It neither logs in nor sets anything, so upsd needs no user for it.

Source: RFC 9271 (protocol 1.2) and upsd 2.8.0: a line per command; the answer
is ``BEGIN LIST ...``, rows, ``END LIST ...``, or one line ``ERR CODE``.
"""

import contextlib
import errno
import re
import socket
from collections.abc import Callable, Iterator, Mapping

from nutbridge.errors import UsageError
from nutbridge.net.addresses import resolve_host, split_host
from nutbridge.net.failures import describe
from nutbridge.net.worker import (
    LateError,
    ThreadWaiter,
    Worker,
    call_within,
)
from nutbridge.nut.errors import (
    DataStale,
    DriverNotConnected,
    NutError,
    UnknownUps,
    UpsdAnswerError,
    UpsdUnreachable,
)
from nutbridge.system.clock import SystemClock

UPSD_PORT = 3493
LOCAL_UPSD = f"127.0.0.1:{UPSD_PORT}"

#: Hundreds of variables have some 50 kB.
_MOST_BYTES = 1 << 20
_PIECE = 65536

_NAME = re.compile(r"[!-~]{1,127}")
_VAR = re.compile(r'VAR \S+ (\S+) "((?:[^"\\]|\\.)*)"')
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
    rows = _talk("VAR", name, address, timeout_s)
    found = filter(None, map(_VAR.fullmatch, rows))
    return {row[1]: _ESCAPED.sub(r"\1", row[2]) for row in found}


def read_clients(
    name: str, address: str = LOCAL_UPSD, timeout_s: float = 3.0
) -> tuple[str, ...]:
    """Return the addresses of the machines that are logged in for a UPS, each once.

    Those are the upsmons that protect something; upsc and the like do not log in.

    Source: RFC 9271, LIST CLIENT (NUT 2.2 and newer).

    Raises:
        see ``read_ups``.
    """
    start = f"CLIENT {name} "
    rows = _talk("CLIENT", name, address, timeout_s)
    found = (row.removeprefix(start) for row in rows if row.startswith(start))
    return tuple(sorted(set(found)))


def _rows(lines: Iterator[str], what: str, name: str, address: str) -> list[str]:
    found: list[str] = []
    begun = False
    for line in lines:
        code, _, rest = line.partition(" ")
        if code == "ERR":
            kind, text = _REFUSALS.get(
                rest.strip(), (UpsdAnswerError, f"answers {line[:80]!a}")
            )
            raise kind(address, text.format(name=name))
        if not begun:
            if line != f"BEGIN LIST {what} {name}":
                break
            begun = True
        elif line == f"END LIST {what} {name}":
            return found
        else:
            found.append(line)
    raise UpsdAnswerError(address, "the answer is not that of upsd")


def _talk(what: str, name: str, address: str, timeout_s: float) -> list[str]:
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

    def talk() -> list[str]:
        with _connect(host, port, left) as link:
            link.settimeout(left())
            link.sendall(f"LIST {what} {name}\n".encode("ascii"))
            answer = _rows(_lines(link, left, address), what, name, address)
            with contextlib.suppress(OSError):
                link.sendall(b"LOGOUT\n")
            return answer

    worker = Worker("upsd", lambda: None)
    try:
        return call_within(
            worker, talk, clock=clock, waiter=ThreadWaiter(), deadline=until
        )
    except (LateError, TimeoutError):
        raise UpsdUnreachable(address, f"no answer within {timeout_s:.3g} s") from None
    except socket.gaierror:
        raise UpsdUnreachable(address, "no address for that name") from None
    except OSError as exc:
        raise UpsdUnreachable(address, describe(exc)) from None
    except UnicodeError:
        raise UpsdUnreachable(address, "not a name that can be looked up") from None
    finally:
        worker.retire()


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
