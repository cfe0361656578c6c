"""pytest fixtures with a running stand-in gateway and cloud."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nutbridge.simulator.cloud import (
    LOGIN_PATH,
    TOKENS_PATH,
    CloudAccount,
    SimulatedCloud,
)
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.simulator.messages import Answer
from nutbridge.simulator.server import GATEWAY_IDLE_S, LOOPBACK, Server
from nutbridge.simulator.tokens import make_token
from tests.fakes.faults import Faults
from tests.fakes.folder import FolderGateway

ENPHASE_DATA = Path(__file__).parents[2] / "test-data" / "enphase"
FOLDERS = sorted(path.name for path in ENPHASE_DATA.iterdir() if path.is_dir())

_YEAR_S = 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Running:
    """A stand-in that answers on loopback."""

    server: Server
    faults: Faults

    @property
    def host(self) -> str:
        """Address and port, as ENVOY_HOST has them."""
        return f"{LOOPBACK}:{self.server.port}"

    @property
    def url(self) -> str:
        return self.server.url


@dataclass(frozen=True, slots=True)
class RunningGateway(Running):
    """A stand-in gateway for a house."""

    gateway: SimulatedGateway

    @property
    def house(self) -> SimulatedHouse:
        return self.gateway.house

    @property
    def token(self) -> str:
        """A token that it accepts for a year."""
        house = self.house
        return make_token(house.serial, house.clock() + _YEAR_S)


@dataclass(frozen=True, slots=True)
class RunningFolder(Running):
    """A stand-in gateway for a folder."""

    gateway: FolderGateway

    @property
    def token(self) -> str:
        """A token that it accepts."""
        end = max(self.gateway.clock, time.time()) + _YEAR_S
        return make_token(self.gateway.serial, end)


@dataclass(frozen=True, slots=True)
class RunningCloud(Running):
    """A stand-in cloud."""

    cloud: SimulatedCloud

    @property
    def account(self) -> CloudAccount:
        return self.cloud.account

    @property
    def login_url(self) -> str:
        return self.server.url + LOGIN_PATH

    @property
    def tokens_url(self) -> str:
        return self.server.url + TOKENS_PATH


@contextmanager
def running(
    answer: Answer, idle_s: float | None = GATEWAY_IDLE_S
) -> Iterator[tuple[Server, Faults]]:
    """Run a server with faults laid around ``answer``."""
    faults = Faults(answer)
    with Server(faults, idle_s=idle_s) as server:
        yield server, faults


@contextmanager
def running_folder(name: str) -> Iterator[RunningFolder]:
    """Run a gateway that answers from a folder of test-data/enphase."""
    gateway = FolderGateway(ENPHASE_DATA / name)
    with running(gateway) as (server, faults):
        yield RunningFolder(server, faults, gateway)


@pytest.fixture
def standin_gateway() -> Iterator[RunningGateway]:
    """A gateway for a house on line; change ``.house`` and ``.faults``."""
    gateway = SimulatedGateway()
    with running(gateway) as (server, faults):
        yield RunningGateway(server, faults, gateway)


@pytest.fixture
def standin_cloud() -> Iterator[RunningCloud]:
    """A cloud with one account, whose gateway is the one of standin_gateway."""
    cloud = SimulatedCloud()
    with running(cloud, idle_s=None) as (server, faults):
        yield RunningCloud(server, faults, cloud)


@pytest.fixture
def standin_folder() -> Iterator[Callable[[str], RunningFolder]]:
    """Start gateways from folders of test-data/enphase by name."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(running_folder(name))
