"""A whole monitor in the test's process, and a gateway that fails as scripted."""

import logging
import re
import time
from pathlib import Path

import pytest

from nutbridge.nut.port_text import parse
from nutbridge.sources.enphase.source import EnphaseSource
from tests.fakes.fixtures import RunningGateway
from tests.fakes.inside import Ahead, Inside

#: What a request gets while one of them is at work.
SHORT_S = 0.4

RELAY = "/ivp/ensemble/relay"

#: Endpoints besides the relay -> what their values decide about (a pattern of
#: NUT names) and how soon they are asked again.
DETAILS: dict[str, tuple[str, float]] = {
    "/ivp/ensemble/secctrl": (r"battery\.|ups\.load|ups\.realpower\.nominal", 50.0),
    "/ivp/livedata/status": (
        r"battery\.|ups\.load|ups\.realpower|output\.|input\.",
        50.0,
    ),
    "/ivp/meters/reports": (r"input\.|output\.", 50.0),
    "/ivp/ensemble/power": (
        r"battery\.(current|runtime)|ups\.load|ups\.realpower|output\.",
        50.0,
    ),
    "/info": (r"(device|ups)\.(serial|firmware)", 610.0),
    "/ivp/ensemble/inventory": (r"battery\.temperature", 610.0),
    "/ivp/meters": (r"input\.|output\.|ups\.(load|realpower)|battery\.runtime", 610.0),
    "/ivp/livedata/stream": (r"battery\.runtime|ups\.load|ups\.realpower", 50.0),
}


class Played:
    """A monitor that checks when told, with a clock that is put forward.

    Attributes:
        house: what is true.
        faults: what fails.
    """

    def __init__(
        self, folder: Path, gateway: RunningGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.house, self.faults = gateway.house, gateway.faults
        self._gateway, self._caplog = gateway, caplog
        self._clock = Ahead()
        # The gateway's clock goes along: one that stands still accuses its controller.
        self.house.clock = lambda: time.time() + self._clock.ahead_s
        self._inside = Inside(
            folder,
            gateway.host,
            gateway.token,
            gateway.house.serial,
            # Nobody listens there: a renewal fails at once.
            keys="ENPHASE_LOGIN=https://127.0.0.1:1/\nUSERNAME=x\nPASSWORD=x\nPOLLFREQ=40",
            clock=self._clock,
        )

    def close(self) -> None:
        self._inside.monitor.close()

    def check(self, later_s: float = 0.0) -> None:
        """Do the next check, ``later_s`` later."""
        self._clock.ahead_s += later_s
        self._inside.monitor.tick()

    def settle(self) -> None:
        """Check until everything is read: the live stream has begun by then."""
        for _ in range(3):
            self.check(50.0)

    def hurry(self) -> None:
        """Give up early from now on."""
        self._limit(SHORT_S)

    def calm(self) -> None:
        """Be patient again: what answers now will answer in time."""
        self._limit(10.0)

    def _limit(self, seconds: float) -> None:
        source = self._inside.parts.source
        assert isinstance(source, EnphaseSource)
        wire = source._gateway._wire
        wire.reconnect()
        wire._timeout_s, wire._total_s = seconds, 2 * seconds  # type: ignore[attr-defined]
        source._request_s = source._details._request_s = 2 * seconds

    @property
    def status(self) -> str | None:
        """ups.status of the visible file; None while it is hidden."""
        inside = self._inside
        return parse(inside.text.encode()).status if inside.visible else None

    @property
    def text(self) -> str:
        return self._inside.text

    @property
    def values(self) -> dict[str, str]:
        return self._inside.values

    def told(self, level: int = logging.DEBUG) -> list[str]:
        """What was logged since the last call; every record must be one clean line."""
        records = list(self._caplog.records)
        self._caplog.clear()
        for record in records:
            line = record.getMessage()
            assert record.exc_info is None, line
            assert line.isprintable(), line
            assert len(line) < 400, line
            assert self._gateway.token not in line
        return [r.getMessage() for r in records if r.levelno >= level]


def besides(values: dict[str, str], pattern: str) -> dict[str, str]:
    """Return the values whose names do not begin as the pattern says."""
    return {name: text for name, text in values.items() if not re.match(pattern, name)}
