"""Stand-in inverters, and monitors that have one as the UPS."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.daemon.sma.played import Played
from tests.daemon.sma.site import SmaSite
from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.fakes.inverter import RunningInverter, hybrid, run_inverter
from tests.nut.fixtures import start_nut

__all__ = ["hybrid", "run_inverter", "start_nut"]

Play = Callable[..., Played]


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """Everything that the monitor says."""
    # The command's own set-up, in the same process, may have ended propagation.
    monkeypatch.setattr(logging.getLogger("nutbridge"), "propagate", True)
    caplog.set_level(logging.DEBUG, "nutbridge")
    return caplog


@pytest.fixture
def play(
    tmp_path: Path,
    run_inverter: Callable[..., RunningInverter],
    log: pytest.LogCaptureFixture,
) -> Iterator[Play]:
    """Start a monitor on a stand-in by the name of its folder."""
    started: list[Played] = []

    def start(name: str = "hybrid", keys: str = "", shown: str | None = None) -> Played:
        found = Played(tmp_path, run_inverter(name), keys, shown)
        started.append(found)
        return found

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def site(
    standin_gateway: RunningGateway,
    standin_cloud: RunningCloud,
    hybrid: RunningInverter,
) -> Iterator[SmaSite]:
    """One UPS with a hybrid inverter; no secret may be shown."""
    found = SmaSite(standin_gateway, standin_cloud, hybrid)
    try:
        yield found
        found.check_words()
    finally:
        found.close()
