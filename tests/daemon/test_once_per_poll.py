"""A full poll takes each step once; OB is written before anybody else is asked."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nutbridge.daemon import monitor
from nutbridge.nut import publisher
from nutbridge.simulator.messages import Answer, Incoming, Reply
from nutbridge.sources.enphase import details
from tests.fakes.fixtures import RunningGateway
from tests.fakes.inside import Ahead, Inside

STEPS: tuple[tuple[Any, str], ...] = (
    (details, "derive_facts"),
    (monitor, "classify"),
    (monitor, "check"),
    (monitor, "learn"),
    (monitor, "evaluate"),
    (monitor, "nut_values"),
    (publisher, "render"),
    (publisher, "parse"),
)


class Played(Inside):
    """A monitor whose clock is put forward."""

    def __init__(self, folder: Path, gateway: RunningGateway) -> None:
        self.ahead = Ahead()
        super().__init__(
            folder,
            gateway.host,
            gateway.token,
            gateway.house.serial,
            clock=self.ahead,
        )

    def poll(self, later_s: float = 61.0) -> None:
        self.ahead.ahead_s += later_s
        self.monitor.tick()


@pytest.fixture
def played(standin_gateway: RunningGateway, tmp_path: Path) -> Played:
    found = Played(tmp_path, standin_gateway)
    for _ in range(3):
        found.poll()
    return found


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> "Counter[str]":
    counts: Counter[str] = Counter()
    for module, name in STEPS:
        inner = getattr(module, name)

        def counted(
            *args: Any, _name: str = name, _inner: Any = inner, **named: Any
        ) -> Any:
            counts[_name] += 1
            return _inner(*args, **named)

        monkeypatch.setattr(module, name, counted)
    return counts


def test_full_poll_on_line_takes_each_step_once(
    played: Played, standin_gateway: RunningGateway, steps: "Counter[str]"
) -> None:
    standin_gateway.house.load_w += 100
    played.poll()
    assert steps == dict.fromkeys([name for _, name in STEPS], 1)
    played.monitor.close()


def test_ob_is_written_before_any_other_endpoint_is_asked(
    played: Played, standin_gateway: RunningGateway
) -> None:
    said: list[tuple[str, bool]] = []

    def spy(asked: Incoming, answer: Answer) -> Reply:
        said.append((asked.path, "ups.status: OB" in played.text))
        return answer(asked)

    standin_gateway.house.lose_grid()
    standin_gateway.faults.always(spy)
    played.poll(10.0)
    played.poll(1.0)
    relays = [path for path, _ in said[:2]]
    assert relays == ["/ivp/ensemble/relay"] * 2
    assert len(said) > 3
    assert all(written for _, written in said[2:])
    played.monitor.close()
