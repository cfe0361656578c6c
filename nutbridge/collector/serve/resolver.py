"""Addresses of the upstream, and the guard against sending to ourselves.

Where the collector is reached by a changed DNS entry, the same entry may lead its
own requests back to it: each report would come in again, without end. So every
address is compared with our listeners before it is used.
"""

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Sequence

from nutbridge.collector.errors import UpstreamDown
from nutbridge.collector.serve.options import (
    IpAddress,
    Origin,
    plain_address,
)
from nutbridge.collector.serve.threads import call_aside

#: An address is used for this long before the name is looked up again, s.
KEEP_S = 300.0


class OwnListeners:
    """The addresses on which this process listens.

    Args:
        bound: address and port of each listening socket, as bound.
    """

    def __init__(self, bound: Sequence[tuple[str, int]]) -> None:
        self._bound = [(plain_address(host), port) for host, port in bound]

    def include(self, address: str, port: int) -> bool:
        """Tell whether a connection there would be answered by us."""
        wanted = plain_address(address)
        if wanted is None:
            return False
        for host, own_port in self._bound:
            if own_port != port or host is None:
                continue
            # Linux connects "any address" to the loopback one.
            if wanted == host or wanted.is_unspecified:
                return True
            if host.is_unspecified and _is_of_this_machine(wanted):
                return True
        return False


def _is_of_this_machine(address: IpAddress) -> bool:
    """Only an address of this machine can be bound to."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - IP versions are 4 and 6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name; blocks.

    Raises:
        OSError: the name is not known, or nobody answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def look_up_within(origin: Origin, limit_s: float) -> list[str] | None:
    """Return the addresses of the upstream; None: not known, or not in time.

    For the start, before there is a loop.
    """
    found: list[list[str]] = []

    def run() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.append(look_up(origin.host, origin.port))

    thread = threading.Thread(target=run, name="lookup", daemon=True)
    thread.start()
    thread.join(limit_s)
    return found[0] if found else None


class Resolver:
    """Finds the upstream's addresses without holding up anything else.

    Args:
        origin: the upstream.
        own: our listeners.
    """

    def __init__(self, origin: Origin, own: OwnListeners) -> None:
        self._origin = origin
        self._own = own
        self._known: list[str] = []
        self._known_until = 0.0
        self._asked: asyncio.Future[list[str]] | None = None
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(origin.host.partition("%")[0])
            self._known, self._known_until = [origin.host], float("inf")

    async def addresses(self, limit_s: float) -> list[str]:
        """Return the addresses, all of them other than ours.

        Raises:
            UpstreamDown: the name is not known, not in time, or leads to us.
        """
        loop = asyncio.get_running_loop()
        if not self._known or loop.time() > self._known_until:
            self._known = await self._look_up(limit_s)
            self._known_until = loop.time() + KEEP_S
        if any(
            self._own.include(address, self._origin.port) for address in self._known
        ):
            self.forget()
            raise UpstreamDown(
                str(self._origin),
                "its name leads to this collector itself; give the collector "
                "another name server, or the upstream's address",
            )
        return self._known

    def forget(self) -> None:
        """Look the name up again next time: nobody answered there."""
        if self._known_until != float("inf"):
            self._known = []

    async def _look_up(self, limit_s: float) -> list[str]:
        """Ask the name server; one question is under way at most."""
        if self._asked is None:
            origin = self._origin
            self._asked = call_aside(
                "lookup", lambda: look_up(origin.host, origin.port)
            )
            self._asked.add_done_callback(self._answered)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.shield(self._asked)
        except TimeoutError:
            problem = "name server is silent"
        except OSError as exc:
            problem = f"name not found ({exc.strerror})"
        except UnicodeError:
            problem = "not a name"
        raise UpstreamDown(str(self._origin), problem)

    def _answered(self, _asked: object) -> None:
        self._asked = None
