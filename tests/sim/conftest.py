"""What holds in all simulations."""

import pytest

from nutbridge.daemon import monitor
from tests.sim.watch import NoBugs


@pytest.fixture(autouse=True)
def crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an exception that the monitor catches be a failure of the test."""
    monkeypatch.setattr(monitor, "Crashes", NoBugs)
