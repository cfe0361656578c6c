"""Find gateways on the local network by multicast DNS.

Source: an IQ Gateway announces ``_enphase-envoy._tcp`` with port 80 and, among
others, the TXT key ``serialnum`` (firmware 7 and 8). It answers over HTTPS on
443; another port than 80 is taken as it is announced.

zeroconf is an optional extra and heavy: it is loaded by the search alone.
"""

import contextlib
import ipaddress
import re
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nutbridge.errors import EX_UNAVAILABLE, NutbridgeError, reason
from nutbridge.system.installation import adding

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, Zeroconf

SERVICE = "_enphase-envoy._tcp.local."
#: A gateway answers a question within a second; a question may get lost.
SEARCH_S = 3.0
#: More than these is no house.
MOST = 16
#: Of one gateway: two networks, its own access point, and one for repairs.
_MOST_ADDRESSES = 4

_HTTP_PORT = 80
_HTTPS_PORT = 443
_SERIAL = re.compile(r"[A-Za-z0-9-]{1,32}")
_ASK_MS = 1000


class SearchUnavailable(NutbridgeError):
    """The network cannot be searched from here."""

    exit_code = EX_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Announced:
    """One gateway as it announces itself; nothing of it is proven.

    Attributes:
        hosts: its addresses, the likeliest first; ``ADDRESS:PORT`` where the port is
            odd, as ENVOY_HOST.
        serial: what it says, or None.
    """

    hosts: tuple[str, ...]
    serial: str | None


def search(
    seconds: float = SEARCH_S, interfaces: Sequence[str] = ()
) -> list[Announced]:
    """Listen for gateways.

    Args:
        seconds: how long.
        interfaces: own addresses to ask from; all where there is none.

    Returns:
        The gateways, at most ``MOST``.

    Raises:
        SearchUnavailable: no zeroconf, no network, no such interface.
    """
    try:
        import zeroconf
    except ModuleNotFoundError as exc:
        if exc.name != "zeroconf":
            raise
        raise SearchUnavailable(
            f"searching needs zeroconf; install it: {adding('discovery')}; or name "
            "the gateway"
        ) from None
    names = _Names()
    try:
        with _open(interfaces) as network:
            browser = zeroconf.ServiceBrowser(
                network, SERVICE, handlers=[names.changed]
            )
            names.full.wait(seconds)
            browser.cancel()
            found = [_look_up(network, name) for name in names.sorted()]
    except (OSError, ValueError, zeroconf.Error, RuntimeError) as exc:
        # zeroconf's words for it name its own types.
        none = "No interfaces" in str(exc)
        problem = "no interface has an address" if none else reason(exc)
        raise SearchUnavailable(f"the network cannot be searched: {problem}") from exc
    return [gateway for gateway in found if gateway is not None]


def _open(interfaces: Sequence[str]) -> "Zeroconf":
    """Listen on IPv4 and IPv6; on one of them where the other is switched off.

    Some gateways announce IPv6 alone.
    """
    import zeroconf

    chosen = list(interfaces) or zeroconf.InterfaceChoice.All
    kinds = zeroconf.IPVersion
    try:
        return zeroconf.Zeroconf(chosen, ip_version=kinds.All)
    except (OSError, RuntimeError, ValueError):
        if interfaces:
            v6 = any(":" in each for each in interfaces)
            only = kinds.V6Only if v6 else kinds.V4Only
        else:
            only = kinds.V4Only
        return zeroconf.Zeroconf(chosen, ip_version=only)


class _Names:
    """Collects the names of services; called from zeroconf's own thread."""

    def __init__(self) -> None:
        self.full = threading.Event()
        self._names: set[str] = set()

    def sorted(self) -> list[str]:
        return sorted(self._names)[:MOST]

    def changed(self, *, name: str, **_others: object) -> None:
        # One that has gone meanwhile has no address when it is looked up.
        if len(self._names) < MOST:
            self._names.add(name)
        else:
            self.full.set()


def _look_up(network: "Zeroconf", name: str) -> Announced | None:
    from zeroconf import Error, IPVersion

    try:
        info = network.get_service_info(SERVICE, name, timeout=_ASK_MS)
    except Error:
        # A name that nobody may have: the others shall be found all the same.
        return None
    # With the zone (%eth0), without which fe80::... leads nowhere.
    texts = info.parsed_scoped_addresses(IPVersion.All) if info else []
    if info is None or not texts:
        return None
    addresses = sorted(map(ipaddress.ip_address, texts), key=_unlikely)
    port = _HTTPS_PORT if info.port in (None, 0, _HTTP_PORT) else info.port
    end = "" if port == _HTTPS_PORT else f":{port}"
    hosts = tuple(f"{_host(each)}{end}" for each in addresses[:_MOST_ADDRESSES])
    return Announced(hosts, _serial(info))


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _unlikely(address: _Address) -> tuple[bool, bool]:
    """Sort the likeliest first; IPv4, as most of what is said of gateways.

    Some announce 169.254.120.1 too, which leads nowhere from here.
    """
    return address.is_link_local, address.version != 4  # noqa: PLR2004 - IPv4


def _host(address: _Address) -> str:
    """Return an address as ENVOY_HOST has it, its zone by name: numbers change."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    text, percent, zone = str(address).partition("%")
    if zone.isdigit():
        with contextlib.suppress(OSError):
            zone = socket.if_indextoname(int(zone))
    return f"[{text}{percent}{zone}]"


def _serial(info: "ServiceInfo") -> str | None:
    text = (info.properties.get(b"serialnum") or b"").decode("ascii", "replace")
    return text if _SERIAL.fullmatch(text) else None
