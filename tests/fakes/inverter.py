"""A stand-in inverter that answers on loopback."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nutbridge.config.sma import SmaSettings
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.inverter import SimulatedInverter

SMA_DATA = Path(__file__).parents[2] / "test-data" / "sma"
FOLDERS = sorted(path.parent.name for path in SMA_DATA.glob("*/online.json"))

PASSWORD = "geheim-7c1e"
INSTALLER = "montage-42"


def settings_of(host: str, password: str = PASSWORD) -> SmaSettings:
    """Return those of a config in which an inverter is the UPS."""
    return SmaSettings(
        host=host,
        password=password,
        password_file=None,
        group="usr",
        scheme="https",
        timeout_s=10.0,
        tls="first-use",
        alone=True,
    )


@dataclass(frozen=True, slots=True)
class RunningInverter:
    """An inverter and its server."""

    inverter: SimulatedInverter
    server: Server

    @property
    def host(self) -> str:
        """Address and port, as SMA_HOST has them."""
        return f"{LOOPBACK}:{self.server.port}"

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self.inverter.sessions.entries)

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return self.server.counts.requests[path]

    @property
    def logins(self) -> int:
        return self.asked("/dyn/login.json")

    @property
    def polls(self) -> int:
        return self.asked("/dyn/getValues.json")


def make_inverter(
    name: str, clock: Callable[[], float] = time.monotonic
) -> SimulatedInverter:
    """Return a stand-in with the values of test-data/sma/<name>."""
    passwords = {"usr": PASSWORD, "istl": INSTALLER}
    return SimulatedInverter(SMA_DATA / name, passwords, clock)


@contextmanager
def running_inverter(
    name: str = "hybrid", *, tls: bool = True
) -> Iterator[RunningInverter]:
    """Run a stand-in inverter."""
    inverter = make_inverter(name)
    with Server(inverter, tls=tls) as server:
        yield RunningInverter(inverter, server)


@pytest.fixture
def hybrid() -> Iterator[RunningInverter]:
    """A hybrid inverter with a battery, on mains."""
    with running_inverter() as running:
        yield running


@pytest.fixture
def run_inverter() -> Iterator[Callable[..., RunningInverter]]:
    """Run stand-ins by the name of their folder."""
    with ExitStack() as stack:
        yield lambda name="hybrid", *, tls=True: stack.enter_context(
            running_inverter(name, tls=tls)
        )
