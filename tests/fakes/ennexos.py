"""A stand-in ennexOS device that answers on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.ennexos import EnnexosDevice
from tests.fakes.clock import FakeClock
from tests.fakes.inverter import SMA_DATA

USER = "nutbridge"
#: As a form has to escape it.
PASSWORD = "geheim&7c+1e=%"

LIVE = "/api/v1/measurements/live"
TOKEN = "/api/v1/token"
PARAMETERS = "/api/v1/parameters/search"
SYSTEM_INFO = "/api/v1/system/info"


@dataclass(frozen=True, slots=True)
class RunningEnnexos:
    """A device, its server, and its clock."""

    device: EnnexosDevice
    server: Server
    clock: FakeClock

    @property
    def host(self) -> str:
        """Address and port, as SMA_HOST has them."""
        return f"{LOOPBACK}:{self.server.port}"

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return self.server.counts.requests[path]

    @property
    def polls(self) -> int:
        return self.asked(LIVE)

    @property
    def logins(self) -> int:
        return self.device.made["password"]

    @property
    def sessions(self) -> int:
        """How many tokens can still be renewed."""
        return len(self.device.refresh)


@contextmanager
def running_ennexos(
    name: str = "ennexos-hybrid", *, tls: bool = True
) -> Iterator[RunningEnnexos]:
    """Run a stand-in with the values of test-data/sma/<name>."""
    clock = FakeClock()
    device = EnnexosDevice(SMA_DATA / name, {USER: PASSWORD}, clock.boottime)
    with Server(device, tls=tls) as server:
        yield RunningEnnexos(device, server, clock)


@pytest.fixture
def run_ennexos() -> Iterator[Callable[..., RunningEnnexos]]:
    """Run stand-ins by the name of their folder."""
    with ExitStack() as stack:
        yield lambda name="ennexos-hybrid", *, tls=True: stack.enter_context(
            running_ennexos(name, tls=tls)
        )


@pytest.fixture
def ennexos() -> Iterator[RunningEnnexos]:
    """A hybrid with a battery, on mains."""
    with running_ennexos() as running:
        yield running
