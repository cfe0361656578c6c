"""The addresses of one device, resolved seldom and never in the way.

getaddrinfo(3) has no time limit and cannot be interrupted. It runs in a daemon
thread, at most one at a time; what it finds late serves the next request.
Known addresses stay in use while the name service is away: in an outage it is
often the first thing to go, and the gateway's address seldom changes.
"""

import socket
import threading
from collections.abc import Callable, Sequence

from nutbridge.net.failures import LinkError

#: Time a new answer of the name service gets when old addresses are at hand, s.
PATIENCE_S = 1.0

#: Addresses tried per connection; a name with more is not one device.
MOST = 4

TOP_PORT = 65535

Resolve = Callable[[str, int], Sequence[str]]


class AddressError(LinkError):
    """No address to connect to; the text says why."""


def split_host(text: str, default_port: int = 443) -> tuple[str, int]:
    """Take ``HOST``, ``HOST:PORT``, ``[V6]:PORT`` or a bare IPv6 address apart.

    Several of one device stand with commas between them, and have one port.

    Raises:
        ValueError: none of these; the text says what is allowed.
    """
    if "," in text:
        each = [split_host(one, default_port) for one in text.split(",")]
        if len({port for _, port in each}) > 1:
            raise ValueError(f"{text!a}: all addresses of one device have one port")
        return ",".join(host for host, _ in each), each[0][1]
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        valid = bool(bracket) and ":" in host and rest[:1] in ("", ":")
        port = rest[1:] if rest else str(default_port)
    elif text.count(":") > 1:
        host, port, valid = text, str(default_port), True
    else:
        host, colon, port = text.partition(":")
        port, valid = (port if colon else str(default_port)), True
    digits = port.isascii() and port.isdigit() and len(port) < len("100000")
    clean = host.isprintable() and not set(host) & set(" /?#@\\[]")
    if not (valid and host and clean and digits and 0 < int(port) <= TOP_PORT):
        raise ValueError(f"{text!a} is not HOST, HOST:PORT or [IPV6]:PORT")
    return host, int(port)


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of ``host``, best first.

    Of several hosts with commas between them, all that have one, in their order.

    Raises:
        OSError: there are none, or nobody to ask.
    """
    found: list[str] = []
    problem: OSError | UnicodeError | None = None
    for each in host.split(","):
        try:
            entries = socket.getaddrinfo(each, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            problem = error
        else:
            found += [str(entry[4][0]) for entry in entries]
    if problem is not None and not found:
        raise problem
    return tuple(dict.fromkeys(found))


class AddressBook:
    """Cached addresses of one host.

    Args:
        host: name or address.
        port: only handed to ``resolve``.
        resolve: finds the addresses; may take for ever.
    """

    def __init__(self, host: str, port: int, resolve: Resolve) -> None:
        self._host = host
        self._port = port
        self._resolve = resolve
        self._changed = threading.Condition()
        self._known: tuple[str, ...] = ()
        self._fresh = False
        self._running = False
        self._problem = ""

    def addresses(self, patience_s: float) -> tuple[str, ...]:
        """Return the addresses to try, at least one, best first.

        Args:
            patience_s: how long a first answer may take.

        Raises:
            AddressError: no address, or still waiting for the name service.
        """
        with self._changed:
            if not (self._fresh or self._running):
                look_up = threading.Thread(
                    target=self._look_up, name="resolve", daemon=True
                )
                try:
                    look_up.start()
                except RuntimeError as error:  # no more threads; more may come back
                    problem = f"cannot resolve {self._host}: {error}"
                    raise AddressError(problem) from None
                self._running = True
                wait_s = min(patience_s, PATIENCE_S) if self._known else patience_s
                self._changed.wait_for(lambda: not self._running, wait_s)
            if self._known:
                return self._known
            if self._running:
                raise AddressError(f"still resolving {self._host}")
            raise AddressError(f"no address for {self._host}{self._problem}")

    def _look_up(self) -> None:
        found: tuple[str, ...] = ()
        problem = ""
        try:
            found = tuple(self._resolve(self._host, self._port))[:MOST]
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                problem = " (the name service does not answer)"
        except (OSError, UnicodeError):
            problem = " (not a name that can be looked up)"
        finally:
            with self._changed:
                self._running = False
                self._problem = problem
                if found:
                    self._known = found
                    self._fresh = True
                self._changed.notify_all()

    def worked(self, address: str) -> None:
        """Note that the device answered there: the first one to try next."""
        with self._changed:
            if not self._fresh or self._known[:1] != (address,):
                others = (known for known in self._known if known != address)
                self._known = (address, *others)[:MOST]
                self._fresh = True

    def strange(self, address: str) -> None:
        """Note that somebody else answered there: the last one to try next."""
        with self._changed:
            if address in self._known:
                others = (known for known in self._known if known != address)
                self._known = (*others, address)

    def failed(self) -> None:
        """Note that the device did not answer: resolve before the next try."""
        with self._changed:
            self._fresh = False
