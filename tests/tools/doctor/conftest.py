"""One house in which everything holds, for all tests of a file."""

import os
from collections.abc import Iterator

import pytest

from nutbridge.simulator.gateway import SimulatedGateway
from tests.fakes.fixtures import RunningGateway, running
from tests.nut.fixtures import need_nut
from tests.tools.doctor.lab import Lab, running_lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab that runs; a test leaves it as it was."""
    need_nut()
    with running_lab() as found:
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = found.site.environ["SSL_CERT_FILE"]
        try:
            found.start()
            yield found
        finally:
            if before is None:
                del os.environ["SSL_CERT_FILE"]
            else:
                os.environ["SSL_CERT_FILE"] = before


@pytest.fixture
def other(lab: Lab) -> Iterator[RunningGateway]:
    """A second gateway that the monitor does not ask; use it with ``asking``."""
    gateway = SimulatedGateway()
    gateway.house.start_stream()
    with running(gateway) as (server, faults):
        yield RunningGateway(server, faults, gateway)
