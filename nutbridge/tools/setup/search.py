"""Find the gateways on the network and ask each who it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

from nutbridge.errors import NutbridgeError
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.discovery import Announced, search
from nutbridge.system.clock import SystemClock
from nutbridge.tools.setup.probe import Probe


@dataclass(frozen=True, slots=True)
class FoundGateway:
    """One gateway.

    Attributes:
        host: as ENVOY_HOST.
        serial: from /info; what it announces where that did not answer.
        firmware: from /info, or None.
        problem: why /info told nothing, or None.
    """

    host: str
    serial: str | None
    firmware: str | None = None
    problem: str | None = None


def find_gateways(seconds: float, interfaces: Sequence[str] = ()) -> list[FoundGateway]:
    """Search, and read /info of each gateway found, without any secret.

    Returns:
        Each once, in the order of their addresses.

    Raises:
        SearchUnavailable: no zeroconf, or no network.
    """
    announced = search(seconds, interfaces)
    found: dict[Announced, FoundGateway] = {}

    def look(each: Announced) -> None:
        found[each] = _look_at(each)

    # Daemons: ^C does not wait for a gateway that is silent.
    threads = [Thread(target=look, args=[each], daemon=True) for each in announced]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    once = {each.host: each for each in found.values()}
    return [once[host] for host in sorted(once)]


def _look_at(announced: Announced) -> FoundGateway:
    """Return what the first address tells that answers, else the first one's fault."""
    failed = []
    for host in announced.hosts:
        found = _ask(host, announced.serial)
        if found.problem is None:
            return found
        failed.append(found)
    return failed[0]


def _ask(host: str, serial: str | None) -> FoundGateway:
    probe = Probe(host, SystemClock(), ThreadWaiter())
    try:
        info = probe.fetch_info(patient=False)
    except NutbridgeError as exc:
        return FoundGateway(host, serial, problem=str(exc))
    finally:
        probe.close()
    return FoundGateway(host, info.serial, info.software)
