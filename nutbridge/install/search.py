"""Find the gateways on the network and ask each who it is."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nutbridge.clock import SystemClock
from nutbridge.discovery import MOST, Announced, search
from nutbridge.errors import NutbridgeError
from nutbridge.install.probe import Probe
from nutbridge.worker import ThreadWaiter


@dataclass(frozen=True, slots=True)
class Found:
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


def find_gateways(seconds: float, interfaces: Sequence[str] = ()) -> list[Found]:
    """Search, and read /info of each gateway found, without any secret.

    Raises:
        SearchUnavailable: no zeroconf, or no network.
    """
    announced = search(seconds, interfaces)
    with ThreadPoolExecutor(MOST) as pool:
        return list(pool.map(_look_at, announced))


def _look_at(announced: Announced) -> Found:
    probe = Probe(announced.host, SystemClock(), ThreadWaiter())
    try:
        info = probe.fetch_info(patient=False)
    except NutbridgeError as exc:
        return Found(announced.host, announced.serial, problem=str(exc))
    finally:
        probe.close()
    return Found(announced.host, info.serial, info.software)
