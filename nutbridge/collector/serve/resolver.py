"""Addresses of the upstream, and the guard against sending to ourselves.

Where the collector is reached by a changed DNS entry, the same entry may lead its
own requests back to it: each report would come in again, without end. So every
address is compared with our listeners before it is used.
"""

import asyncio
import socket
from collections.abc import Sequence

from nutbridge.collector.errors import UpstreamDown
from nutbridge.collector.serve.options import (
    IpAddress,
    Origin,
    plain_address,
)
from nutbridge.collector.serve.threads import call_aside
from nutbridge.net.addresses import AddressBook, AddressError, Resolve, resolve_host

#: The name is looked up again this often, s; an address that is known stays in use
#: where no other is found.
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


def look_up_within(origin: Origin, limit_s: float) -> Sequence[str] | None:
    """Return the addresses of the upstream; None: not known, or not in time.

    For the start, before there is a loop.
    """
    book = AddressBook(origin.host, origin.port, resolve_host)
    try:
        return book.addresses(limit_s)
    except AddressError:
        return None


class Resolver:
    """Finds the upstream's addresses without holding up anything else.

    Args:
        origin: the upstream.
        own: our listeners.
        resolve: finds the addresses.
    """

    def __init__(
        self, origin: Origin, own: OwnListeners, resolve: Resolve = resolve_host
    ) -> None:
        self._origin = origin
        self._own = own
        self._book = AddressBook(origin.host, origin.port, resolve)
        self._fresh_until = 0.0
        self._asked: asyncio.Future[Sequence[str]] | None = None

    async def addresses(self, limit_s: float) -> Sequence[str]:
        """Return the addresses, all of them other than ours.

        Raises:
            UpstreamDown: the name is not known, not in time, or leads to us.
        """
        loop = asyncio.get_running_loop()
        if loop.time() > self._fresh_until:
            self._fresh_until = loop.time() + KEEP_S
            self._book.failed()
        known = await self._look_up(limit_s)
        if any(self._own.include(address, self._origin.port) for address in known):
            self.failed()
            raise UpstreamDown(
                str(self._origin),
                "its name leads to this collector itself; give the collector "
                "another name server, or the upstream's address",
            )
        return known

    def worked(self, address: str) -> None:
        """Note that the upstream answered there: the first one to try next."""
        self._book.worked(address)

    def failed(self) -> None:
        """Look the name up again next time: nobody answered there."""
        self._book.failed()

    async def _look_up(self, limit_s: float) -> Sequence[str]:
        """Ask the name server; one question is under way at most."""
        if self._asked is None:
            self._asked = call_aside("lookup", lambda: self._book.addresses(limit_s))
            self._asked.add_done_callback(self._answered)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.shield(self._asked)
        except TimeoutError:
            problem = "name server is silent"
        except AddressError as exc:
            problem = str(exc)
        raise UpstreamDown(str(self._origin), problem)

    def _answered(self, _asked: object) -> None:
        self._asked = None
