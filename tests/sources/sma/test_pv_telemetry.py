"""An inverter beside another source: what it says of itself."""

import logging
from typing import Any

import pytest

from nutbridge.errors import Stopping
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.pv_telemetry import PvTelemetry
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.status import CONDITION
from nutbridge.system.clock import SystemClock

#: A tag that its reader has not thought of.
BUG = -1


class Inverter:
    """Answers with each of these tags, then is asked to end."""

    def __init__(self, *tags: int) -> None:
        self.tags = list(tags)

    def read(self, *, side: bool) -> UpsReading:
        assert side
        if not self.tags:
            raise Stopping
        if self.tags[0] == BUG:
            raise KeyError(self.tags.pop(0))
        return UpsReading({CONDITION: frozenset({self.tags.pop(0)})})

    def logout(self, until: float) -> None:
        assert until

    def close(self) -> None:
        self.tags.clear()


def test_fault_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nutbridge")
    inverter: Any = Inverter(307, 35, 35, 307, 307)
    side = PvTelemetry(inverter, ThreadWaiter(), SystemClock(), every_s=0.0)
    side.start()
    side.close()
    told = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert told == [
        ("WARNING", "the inverter reports: fault"),
        ("INFO", "the inverter reports: ok"),
    ]


def test_bug_in_reading_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    """The PV power was gone until the monitor was restarted."""
    caplog.set_level(logging.INFO, "nutbridge")
    inverter: Any = Inverter(307, BUG, BUG, 35)
    side = PvTelemetry(inverter, ThreadWaiter(), SystemClock(), every_s=0.0)
    side.start()
    side.close()
    assert side.health.condition == "fault"
    assert len([each for each in caplog.records if each.exc_info]) == 1
