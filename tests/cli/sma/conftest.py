"""A stand-in inverter for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.sma.tool import Site, Tool, site


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """The command, without any inverter."""
    return Tool(tmp_path)


@pytest.fixture
def hybrid(tmp_path: Path) -> Iterator[Site]:
    """A hybrid inverter with a battery."""
    with site(tmp_path) as running:
        yield running
