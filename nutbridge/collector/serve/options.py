"""What ``reports serve`` is told: addresses, upstream, limits; checked here.

Pure: a text in, a value out, ``ValueError`` with one plain sentence else.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Largest body taken as it was sent, bytes; a real report has 20 to 30 kB.
MAX_COMPRESSED = 1 << 20
#: Largest body after inflating, bytes; 500 intervals and 500 readings have 200 kB.
MAX_INFLATED = 8 << 20
RATE = "20/5"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65535
#: Before an IPv4 address that is written as IPv6.
_MAPPED_BITS = 96
_RATE_SHAPE = re.compile(r"(\d{1,6})(?:/(\d{1,6}(?:\.\d{1,3})?))?")
_RATE_EVERY_S = 5.0


class Mode(StrEnum):
    """What happens to a report that was stored."""

    TRANSPARENT = "transparent"
    STORE_AND_FORWARD = "store-and-forward"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen.

    Attributes:
        host: an IP address or a name.
        port: 0 takes a free one.
    """

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The upstream: fixed by an option, never by a request."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{Address(self.host, self.port)}"

    @property
    def default_host_header(self) -> bytes:
        """What stands in Host when the Envoy sent none."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port == _DEFAULT_PORTS[self.scheme]:
            return host.encode("ascii")
        return f"{host}:{self.port}".encode("ascii")


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one address or one Envoy may report.

    Attributes:
        burst: reports taken at once.
        every_s: one more after each of these, s.
    """

    burst: int
    every_s: float


@dataclass(frozen=True, slots=True)
class Caps:
    """Largest bodies, bytes."""

    compressed: int = MAX_COMPRESSED
    inflated: int = MAX_INFLATED


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may report; an empty tuple: everyone."""

    networks: tuple[IpNetwork, ...] = ()
    serials: tuple[str, ...] = ()

    def source(self, address: str) -> bool:
        """Tell whether this address may report."""
        if not self.networks:
            return True
        found = plain_address(address)
        return found is not None and any(found in network for network in self.networks)

    def serial(self, serial: str | None) -> bool:
        """Tell whether this Envoy may report; None: the body names none."""
        return not self.serials or serial in self.serials


def plain_address(text: str) -> IpAddress | None:
    """Read an address; an IPv4 address seen through an IPv6 socket becomes IPv4."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def parse_address(text: str) -> Address:
    """Read ``HOST:PORT``, ``[IPv6]:PORT`` or ``:PORT`` (all IPv4 addresses).

    Raises:
        ValueError: not of that form.
    """
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{text!r}: write an IPv6 address as [ADDRESS]:PORT")
    good = port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT
    if not colon or not good or not re.fullmatch(r"[\w.:%-]*", host, re.ASCII):
        raise ValueError(f"{text!r} is not HOST:PORT")
    return Address(host or "0.0.0.0", int(port))  # noqa: S104 - asked for by ":PORT"


def parse_status(text: str) -> Address:
    """Read ``HOST:PORT``, ``:PORT`` or ``PORT``; without a host on loopback.

    Raises:
        ValueError: not of that form.
    """
    host, _, port = text.strip().rpartition(":")
    return parse_address(f"{host or '127.0.0.1'}:{port}")


def parse_serial(text: str) -> str:
    """Read the serial number of an Envoy.

    Raises:
        ValueError: not digits; the label has twelve of them.
    """
    serial = text.strip()
    if not (serial.isascii() and serial.isalnum()):
        raise ValueError(f"{text!r} is not a serial number")
    return serial


def parse_origin(text: str) -> Origin:
    """Read the upstream's ``http://HOST[:PORT]`` or ``https://HOST[:PORT]``.

    Raises:
        ValueError: another scheme, a path, a user, or no host.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the upstream is not http(s)://HOST[:PORT]") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("the upstream must not name a user")
    if parts.scheme not in _DEFAULT_PORTS or not host or port == 0:
        raise ValueError(f"{text!r} is not http(s)://HOST[:PORT]")
    if not re.fullmatch(r"[\w.:-]+", host, re.ASCII):
        raise ValueError(f"{text!r}: no such host name; write it in ASCII")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(
            f"{text!r}: leave the path away; that of each report is passed on"
        )
    return Origin(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme])


def parse_network(text: str) -> IpNetwork:
    """Read ``192.168.1.0/24`` or one address; ``::ffff:`` before one is IPv4.

    Raises:
        ValueError: neither.
    """
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not an address or ADDRESS/BITS") from None
    # Senders are compared as plain_address reads them.
    first = plain_address(str(found.network_address))
    if isinstance(first, ipaddress.IPv4Address) and found.version == 6:  # noqa: PLR2004 - IP versions are 4 and 6
        bits = found.prefixlen - _MAPPED_BITS
        return ipaddress.ip_network(f"{first}/{bits}") if bits >= 0 else found
    return found


def parse_rate(text: str) -> Rate | None:
    """Read ``BURST/SECONDS``, ``BURST`` (5 s) or ``off``.

    Raises:
        ValueError: none of these.
    """
    word = text.strip().lower()
    if word in {"off", "0"}:
        return None
    found = _RATE_SHAPE.fullmatch(word)
    burst = int(found[1]) if found else 0
    every_s = float(found[2]) if found and found[2] else _RATE_EVERY_S
    if burst < 1 or every_s <= 0:
        raise ValueError(f"{text!r} is not BURST/SECONDS, such as {RATE}, or off")
    return Rate(burst, every_s)
