"""What holds in all simulations."""

import logging
from collections.abc import Iterator

import pytest

from nutbridge.daemon import monitor
from tests.sim.watch import NoBugs


@pytest.fixture(autouse=True)
def crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an exception that the monitor catches be a failure of the test."""
    monkeypatch.setattr(monitor, "Crashes", NoBugs)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Log nothing: lives are told by their stories."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
