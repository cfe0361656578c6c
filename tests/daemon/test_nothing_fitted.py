"""A house with neither battery nor controller: the monitor knows after 5 minutes."""

import logging
from pathlib import Path

import pytest

from nutbridge.simulator.house import SimulatedController
from nutbridge.sources.enphase import facts
from nutbridge.sources.enphase.facts import EMPTY_S
from nutbridge.sources.enphase.source import EnphaseSource
from nutbridge.ups.model import Equipment
from nutbridge.ups.status import battery
from tests.fakes.fixtures import RunningGateway
from tests.fakes.inside import Ahead, Inside

POLL_S = 60.0
NOTHING = Equipment(controller=False, batteries=0, size_wh=0.0)


class Watched:
    """A monitor of the house, and its clock."""

    def __init__(self, standin: RunningGateway, folder: Path, keys: str = "") -> None:
        self.clock = Ahead()
        serial = standin.house.serial
        self.inside = Inside(
            folder, standin.host, standin.token, serial, keys=keys, clock=self.clock
        )
        self.inside.monitor.tick()

    def polls(self, seconds: float) -> None:
        """Let the monitor poll for so long."""
        for _ in range(round(seconds / POLL_S)):
            self.clock.ahead_s += POLL_S
            self.inside.monitor.tick()

    @property
    def equipment(self) -> Equipment | None:
        source = self.inside.parts.source
        assert isinstance(source, EnphaseSource)
        return source.facts.equipment

    @property
    def status(self) -> str:
        return self.inside.text.rpartition("ups.status: ")[2].strip()


def empty(standin: RunningGateway) -> None:
    standin.house.batteries = 0
    standin.house.controller = SimulatedController.NONE


def test_empty_inventory_is_believed_after_5_minutes(
    standin_gateway: RunningGateway,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Gateways boot with an empty one; the file is hidden all along, and told once."""
    empty(standin_gateway)
    with caplog.at_level(logging.INFO, "nutbridge"):
        house = Watched(standin_gateway, tmp_path)
        house.polls(EMPTY_S - POLL_S)
        assert house.equipment == Equipment()
        house.polls(2 * POLL_S)
    assert house.equipment == NOTHING
    assert not house.inside.visible
    house.inside.monitor.close()
    told = [each for each in caplog.messages if "no System Controller" in each]
    assert len(told) == 1


@pytest.mark.slow(5)
def test_house_without_a_battery_never_says_lb(
    standin_gateway: RunningGateway, tmp_path: Path
) -> None:
    """A battery of which no charge is known would be low after 30 minutes."""
    empty(standin_gateway)
    house = Watched(standin_gateway, tmp_path, "ALLOW_NO_CONTROLLER=1")
    house.polls(EMPTY_S + POLL_S)
    assert (house.status, house.inside.visible) == ("OL", True)
    standin_gateway.house.relay = "open"
    house.polls(45 * 60)
    assert house.status == "OB"
    house.inside.monitor.close()


def test_what_is_listed_in_between_begins_the_count_anew(
    standin_gateway: RunningGateway, tmp_path: Path
) -> None:
    standin_gateway.house.ready = False
    house = Watched(standin_gateway, tmp_path)
    house.polls(EMPTY_S - POLL_S)
    standin_gateway.house.ready = True
    house.polls(2 * POLL_S)
    standin_gateway.house.ready = False
    house.polls(2 * EMPTY_S)
    assert house.equipment is not None
    assert (house.equipment.controller, house.equipment.batteries) == (True, 2)
    assert (house.status, house.inside.visible) == ("OL", True)
    house.inside.monitor.close()


@pytest.mark.slow(4)
def test_house_that_gave_its_battery_up(
    standin_gateway: RunningGateway,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its gateway says closed in mode unknown, as one does that has just started.

    A day is ten minutes here.
    """
    monkeypatch.setattr(facts, "EMPTY_AGAIN_S", 5 * POLL_S)
    monkeypatch.setattr(battery, "GIVEN_UP_S", 10 * POLL_S)
    house = Watched(standin_gateway, tmp_path, "ALLOW_NO_CONTROLLER=1")
    house.polls(POLL_S)
    assert (house.status, house.inside.visible) == ("OL", True)
    empty(standin_gateway)
    standin_gateway.house.mode = "unknown"
    with caplog.at_level(logging.WARNING, "nutbridge"):
        house.polls(15 * POLL_S)
        assert not house.inside.visible
        house.polls(15 * POLL_S)
    assert (house.status, house.inside.visible) == ("OL", True)
    assert house.equipment == NOTHING
    told = "\n".join(caplog.messages)
    assert told.count("in mode unknown after a backup mode: no answer") == 1
    assert told.count("are forgotten") == 1
    assert not house.inside.monitor.memory.backup_mode
    house.inside.monitor.close()
