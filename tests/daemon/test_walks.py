"""Where a newcomer begins to read: the walks there are what a real check goes through.

On a walk are the functions under way while what was read takes another shape; one
inside of another is part of it. A full poll takes each step once, and OB is written
before anybody else is asked.
"""

import re
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

from nutbridge import daemon
from nutbridge.daemon import monitor
from nutbridge.nut import port_file
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
    (port_file, "render"),
    (port_file, "parse"),
)

#: Where what was read becomes something else, and at last a file.
RELAY_SHAPES = (
    *("net.worker.Worker.call", "net.https._read", "net.jsonfields.parse_json"),
    *("sources.enphase.readings.Relay.from_json", "sources.enphase.facts.derive_grid"),
    *("ups.status.events.classify", "ups.status.events._apply"),
    *("ups.status.low.evaluate", "nut.numbers.nut_values", "nut.port_text.render"),
    "system.files.Folder.replace",
)
CHARGE_SHAPES = (
    *("sources.enphase.readings.SecCtrl.from_json",),
    *("sources.enphase.facts.derive_facts", "ups.status.battery.learn"),
    *("ups.status.low.evaluate", "nut.numbers.nut_values", "nut.port_text.render"),
    "system.files.Folder.replace",
)


class Walk:
    """Notes the functions under way at each shape, outermost first, each once."""

    def __init__(self, shapes: tuple[str, ...]) -> None:
        self._shapes = shapes
        self.seen: list[str] = []

    def __enter__(self) -> Self:
        threading.setprofile(self._look)
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _look(self, frame: FrameType | None, event: str, _arg: Any) -> None:
        if event != "call" or frame is None or self._shapes[-1] in self.seen:
            return
        if _name_of(frame) in self._shapes:
            under_way = []
            while frame is not None:
                under_way.append(_name_of(frame))
                frame = frame.f_back
            for name in reversed(under_way):
                if name and name not in self.seen:
                    self.seen.append(name)


def _name_of(frame: FrameType) -> str:
    """Return where a function of the package stands; of a closure, its owner."""
    module = frame.f_globals.get("__name__", "")
    inner = frame.f_code.co_qualname.partition(".<locals>")[0]
    ours = module.startswith("nutbridge.")
    return f"{module.removeprefix('nutbridge.')}.{inner}" if ours else ""


def listed(title: str) -> list[str]:
    """Return the names under a title of the daemon's first docstring."""
    text = (daemon.__doc__ or "").partition(title)[2].partition("::\n\n")[2]
    return re.findall(r"^    (\w[\w.]+)", text.partition("\n\n")[0], re.MULTILINE)


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
    with Walk(CHARGE_SHAPES) as walk:
        played.poll()
    assert steps == dict.fromkeys([name for _, name in STEPS], 1)
    assert walk.seen == listed("From the charge to LB")
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
    # Of its thread nothing would be seen that begins before we look.
    played.parts.source._gateway.new_session()  # type: ignore[attr-defined]
    with Walk(RELAY_SHAPES) as walk:
        played.poll(1.0)
    relays = [path for path, _ in said[:2]]
    assert relays == ["/ivp/ensemble/relay"] * 2
    assert len(said) > 3
    assert all(written for _, written in said[2:])
    assert walk.seen == listed("From the wire to ups.status")
    played.monitor.close()
