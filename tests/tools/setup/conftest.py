"""Every test here may set up a UPS on a machine of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.tools.setup.site import Machine


@pytest.fixture
def machine(
    tmp_path: Path, standin_gateway: RunningGateway, standin_cloud: RunningCloud
) -> Iterator[Machine]:
    """Debian below a temporary folder; no secret may be shown."""
    found = Machine(tmp_path / "root", standin_gateway, standin_cloud)
    yield found
    found.check_words()
