"""ENVOY_HOST with two addresses of one gateway, over TLS: Ethernet and Wi-Fi."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.house import SimulatedHouse
from tests.fakes import failures
from tests.fakes.fixtures import RunningGateway, running
from tests.fakes.inside import Ahead, Inside

ETHERNET, WIFI = "127.0.0.2", "127.0.0.3"


class Way:
    """An address at which the gateway can be reached, or not.

    Args:
        address: of the loopback.
        port: the gateway's, at 127.0.0.1.
        leads_to: the port of somebody else who stands there.
    """

    def __init__(self, address: str, port: int, leads_to: int = 0) -> None:
        self._where, self._port = (address, port), leads_to or port
        self._listener: socket.socket | None = None
        self._links: list[socket.socket] = []
        self.used = 0

    def open(self) -> None:
        """Let it be reached."""
        self._listener = socket.create_server(self._where)
        threading.Thread(target=self._accept, args=(self._listener,)).start()

    def close(self) -> None:
        """Refuse, and drop what is connected."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        self._links.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port), timeout=60)
                self.used += 1
                self._links += [near, far]
                threading.Thread(target=_join, args=(near, far)).start()


def _join(near: socket.socket, far: socket.socket) -> None:
    with near, far:
        back = threading.Thread(target=_carry, args=(far, near))
        back.start()
        _carry(near, far)
        back.join()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for link in (one, other):
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def ways(standin_gateway: RunningGateway) -> Iterator[tuple[Way, Way]]:
    port = standin_gateway.server.port
    both = Way(ETHERNET, port), Way(WIFI, port)
    yield both
    for each in both:
        each.close()


def test_first_dead_second_alive_and_the_way_back(
    standin_gateway: RunningGateway, ways: tuple[Way, Way], tmp_path: Path
) -> None:
    ethernet, wifi = ways
    port = standin_gateway.server.port
    host = f"{ETHERNET}:{port},{WIFI}:{port}"
    clock = Ahead()
    serial, token = standin_gateway.house.serial, standin_gateway.token
    wifi.open()
    inside = Inside(tmp_path, host, token, serial, clock=clock)

    def status_after_checks() -> str:
        for _ in range(2):
            inside.monitor.tick()
            clock.ahead_s += 60
        return inside.text.rpartition("ups.status: ")[2].strip()

    try:
        assert (status_after_checks(), inside.visible) == ("OL", True)
        assert (ethernet.used, wifi.used > 0) == (0, True)
        # The first one comes back, the second one goes, in an outage.
        standin_gateway.house.relay = "open"
        assert status_after_checks() == "OB"
        ethernet.open()
        wifi.close()
        assert status_after_checks() == "OB"
        assert ethernet.used > 0
        standin_gateway.house.relay = "closed"
        assert status_after_checks() == "OL"
        # And away again.
        before = wifi.used
        wifi.open()
        ethernet.close()
        standin_gateway.house.relay = "open"
        assert status_after_checks() == "OB"
        assert wifi.used > before
    finally:
        inside.monitor.close()


@pytest.fixture
def stranger() -> Iterator[RunningGateway]:
    """Another house's gateway."""
    gateway = SimulatedGateway(SimulatedHouse(serial="122000000777"))
    with running(gateway) as (server, faults):
        yield RunningGateway(server, faults, gateway)


@pytest.mark.parametrize("info", [True, False], ids=["gateway", "no gateway"])
def test_stranger_at_the_first_address(
    standin_gateway: RunningGateway,
    stranger: RunningGateway,
    tmp_path: Path,
    *,
    info: bool,
) -> None:
    """A router has lent the address of the Ethernet side to somebody else."""
    if not info:
        stranger.faults.always(failures.status(404), "/info")
    port = standin_gateway.server.port
    ethernet = Way(ETHERNET, port, stranger.server.port)
    wifi = Way(WIFI, port)
    clock = Ahead()
    serial, token = standin_gateway.house.serial, standin_gateway.token
    inside = Inside(
        tmp_path, f"{ETHERNET}:{port},{WIFI}:{port}", token, serial, clock=clock
    )
    try:
        # First contact: the one with our serial number is found.
        ethernet.open()
        wifi.open()
        _checks(inside, clock, 2)
        assert "ups.status: OL" in inside.text
        # The connection breaks, and the outage begins.
        standin_gateway.house.relay = "open"
        wifi.close()
        _checks(inside, clock, 1)
        wifi.open()
        _checks(inside, clock, 2)
        assert "ups.status: OB" in inside.text
        asked = stranger.server.counts.recent
        assert asked
        assert not [each for each in asked if each.bearer]
    finally:
        inside.monitor.close()
        ethernet.close()
        wifi.close()


def _checks(inside: Inside, clock: Ahead, number: int) -> None:
    for _ in range(number):
        inside.monitor.tick()
        clock.ahead_s += 20
