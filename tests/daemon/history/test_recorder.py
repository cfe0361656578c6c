"""What is worth a line, and what a hanging disk may hold up: nothing."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nutbridge.daemon.history import background
from nutbridge.daemon.history.background import MOST, BackgroundWriter
from nutbridge.daemon.history.file import append, load_history
from nutbridge.daemon.history.points import HistoryPoint, parse_point
from nutbridge.daemon.history.recorder import AfterCheck, HistoryRecorder
from nutbridge.ups.model import DeviceHealth, Facts, Flows, Grid
from nutbridge.ups.status.house import HouseMemory, parse_house
from nutbridge.ups.status.low import Verdict
from nutbridge.ups.status.memory import (
    BatteryMemory,
    FlowMemory,
    Memory,
    RelayMemory,
    ShownStatus,
)
from tests.fakes.clock import FakeClock
from tests.nut.harness import SOON_S, wait_until

SERIAL = "122000000001"


def verdict(soc_pct: float | None, *, estimated: bool = False) -> Verdict:
    return Verdict("OL", soc_pct, 3600.0, 20.0, 5000.0, estimated, False, None)


class Notes(BackgroundWriter):
    """Takes the lines, and writes nothing."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere/h"), Path("/nowhere/m"))
        self.points: list[HistoryPoint] = []
        self.houses: list[HouseMemory] = []

    def put(self, line: bytes) -> None:
        self.points.append(parse_point(line))

    def keep(self, data: bytes) -> None:
        self.houses.append(parse_house(data))


class Watch:
    """A recorder and what it is shown."""

    def __init__(self, house: HouseMemory | None = None) -> None:
        self.clock = FakeClock()
        self.notes = Notes()
        self.recorder = HistoryRecorder(self.notes, self.clock, "m1", SERIAL, house)
        self.memory = Memory(shown=ShownStatus("OL"), controller=True)
        self.verdict: Verdict | None = verdict(80.0)

    def pass_(self, seconds: float, every_s: float = 10.0, **changed: Any) -> int:
        """Check so often; return how many lines came of it."""
        self.memory = self.memory._replace(**changed)
        before = len(self.notes.points)
        for _ in range(int(seconds / every_s)):
            self.clock.advance(every_s)
            self.recorder.note(AfterCheck(self.memory, self.verdict, Facts()))
        return len(self.notes.points) - before

    @property
    def last(self) -> HistoryPoint:
        return self.notes.points[-1]


@pytest.fixture
def watch() -> Watch:
    watch = Watch()
    watch.pass_(10)
    return watch


def test_first_line_is_a_start(watch: Watch) -> None:
    assert watch.last.mark == "start"
    assert watch.last.origin == "m1.boot"
    assert watch.last.soc_pct == 80
    assert (watch.last.up, watch.last.at) == (watch.clock.now, watch.clock.wall_s)


def test_on_line_four_lines_an_hour(watch: Watch) -> None:
    assert watch.pass_(3600) == 4


def test_on_battery_one_a_minute(watch: Watch) -> None:
    assert watch.pass_(10, shown=ShownStatus("OB")) == 1
    assert watch.last.changed
    assert watch.pass_(3600) == 60
    assert not watch.last.changed
    assert watch.pass_(10, shown=ShownStatus("OB LB")) == 1
    assert watch.last.low


def test_flag_of_charging_is_no_change(watch: Watch) -> None:
    assert watch.pass_(10, shown=ShownStatus("OL CHRG")) == 0


def test_hidden_tells_no_charge(watch: Watch) -> None:
    assert watch.pass_(10, shown=ShownStatus("")) == 1
    assert (watch.last.status, watch.last.soc_pct) == ("", None)


def test_silence_counts_after_a_minute(watch: Watch) -> None:
    relay = RelayMemory(grid=Grid.CLOSED, silent_since=watch.clock.now)
    assert watch.pass_(50, relay=relay) == 0
    assert watch.pass_(10) == 1
    assert watch.last.silent_s == 60
    assert watch.pass_(10, relay=RelayMemory()) == 1
    assert watch.last.silent_s is None


def test_gateway_that_comes_and_goes_fills_no_file(watch: Watch) -> None:
    """A day of silences of 70 s each: bounded; the status is told all the same."""
    lines = 0
    for _ in range(864):
        relay = RelayMemory(silent_since=watch.clock.now)
        lines += watch.pass_(80, relay=relay)
        lines += watch.pass_(20, relay=RelayMemory())
    assert lines < 2 * 240 + 100
    assert watch.pass_(10, shown=ShownStatus("OB")) == 1


def test_reckoned_counts_in_an_outage_only(watch: Watch) -> None:
    watch.pass_(10, shown=ShownStatus("OB"))
    watch.verdict = verdict(70.0, estimated=True)
    assert watch.pass_(10) == 1
    assert watch.last.reckoned
    watch.verdict = verdict(None, estimated=True)
    assert watch.pass_(10) == 1
    assert not watch.last.reckoned


def test_generator_and_health(watch: Watch) -> None:
    assert watch.pass_(10, generator_since=1.0) == 1
    devices = (DeviceHealth("battery 1", ("asleep",)), DeviceHealth("battery 2"))
    assert watch.pass_(10, devices=devices) == 1
    assert watch.last.faults == ("battery 1: asleep",)


def test_power_of_long_ago_is_left_out(watch: Watch) -> None:
    flows = Flows(watch.clock.now, load_w=500.0, battery_w=-20.0)
    watch.pass_(10, flow=FlowMemory(last=flows), shown=ShownStatus("OB"))
    assert (watch.last.load_w, watch.last.battery_w) == (500, -20)
    watch.pass_(600)
    assert (watch.last.load_w, watch.last.battery_w) == (None, None)


def test_stop_is_a_line(watch: Watch) -> None:
    watch.recorder.stop(AfterCheck(watch.memory, watch.verdict, Facts()))
    assert watch.last.mark == "stop"


def test_house_is_kept_at_a_change_and_once_an_hour(watch: Watch) -> None:
    (house,) = watch.notes.houses
    assert house == HouseMemory(SERIAL, controller=True)
    battery = BatteryMemory(capacity_wh=5000.0, fitted=True)
    watch.pass_(10, battery=battery)
    assert watch.notes.houses[-1].capacity_wh == 5000
    for number in range(60):  # it jitters
        watch.pass_(60, battery=battery._replace(capacity_wh=5001.0 + number))
    assert len(watch.notes.houses) == 3


def test_house_that_is_known_is_not_written_again() -> None:
    watch = Watch(HouseMemory(SERIAL, controller=True))
    watch.pass_(7200)
    assert watch.notes.houses == []


def test_house_of_which_nothing_is_known_is_not_written() -> None:
    watch = Watch()
    watch.pass_(10, controller=False)
    assert watch.notes.houses == []


class HangingDisk:
    """Adding a line takes until somebody lets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = threading.Event()
        self.asked = threading.Event()
        self.calls = 0
        monkeypatch.setattr(background, "append", self._append)

    def _append(self, path: Path, data: bytes, owner: tuple[int, int] | None) -> None:
        self.calls += 1
        self.asked.set()
        self.gate.wait()
        append(path, data, owner)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingDisk]:
    before = threading.enumerate()
    disk = HangingDisk(monkeypatch)
    yield disk
    disk.gate.set()
    # What hung goes on now: not beside the next test.
    for each in set(threading.enumerate()) - set(before):
        each.join(SOON_S)
        assert not each.is_alive()


def test_hanging_disk_holds_nobody_up(disk: HangingDisk, tmp_path: Path) -> None:
    """What waits is bounded, what finds no room is counted, and it goes on after."""
    path = tmp_path / "h"
    writer = BackgroundWriter(path, tmp_path / "m")
    clock = FakeClock()
    recorder = HistoryRecorder(writer, clock, "m1", SERIAL, None)
    seen = AfterCheck(Memory(shown=ShownStatus("OB")), verdict(50.0), Facts())
    recorder.note(seen)
    assert disk.asked.wait(SOON_S)
    for _ in range(MOST + 50):
        clock.advance(60)
        recorder.note(seen)
    assert disk.calls == 1
    assert writer.lost == 50
    assert writer._worker is not None
    assert writer._worker._calls.qsize() <= 1
    disk.gate.set()
    recorder.stop(seen)
    writer.end(SOON_S)
    points = load_history(path).points
    assert len(points) == MOST + 1
    assert points[-1].mark == "stop"
    assert sum(each.lost for each in points) > 40


def test_hanging_disk_holds_no_stop_up(disk: HangingDisk, tmp_path: Path) -> None:
    writer = BackgroundWriter(tmp_path / "h", tmp_path / "m")
    writer.put(b"x\n")
    assert disk.asked.wait(SOON_S)
    writer.end(0.01)


def test_full_disk_is_told_once_and_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "h"
    writer = BackgroundWriter(path, tmp_path / "m")
    inner = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda _fd, data, _at: len(data) // 2)
    for number in range(3):
        writer.put(b"%d\n" % number)
        writer.end(SOON_S)
    assert path.read_bytes() == b""
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text
    monkeypatch.setattr(os, "pwrite", inner)
    writer.put(b"3\n")
    writer.end(SOON_S)
    assert path.read_bytes() == b"0\n1\n2\n3\n"


def test_no_thread_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines wait for one."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    writer = BackgroundWriter(tmp_path / "h", tmp_path / "m")
    with monkeypatch.context() as context:
        context.setattr(threading.Thread, "start", refuse)
        writer.put(b"1\n")
        writer.end(SOON_S)
    writer.put(b"2\n")
    writer.end(SOON_S)
    assert (tmp_path / "h").read_bytes() == b"1\n2\n"


def test_bug_while_writing_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    writer = BackgroundWriter(tmp_path / "h", tmp_path / "m")
    with monkeypatch.context() as context:
        context.setattr(background, "append", broken)
        writer.put(b"1\n")
        writer.keep(b"house")
        wait_until(lambda: "a bug" in caplog.text, SOON_S, "the bug")
    writer.end(SOON_S)
    assert (tmp_path / "m").read_bytes() == b"house"
    assert (tmp_path / "h").read_bytes() == b"1\n"


def test_thread_ends_with_the_writer(tmp_path: Path) -> None:
    writer = BackgroundWriter(tmp_path / "h", tmp_path / "m")
    writer.put(b"1\n")
    writer.end(SOON_S)
    names = [thread.name for thread in threading.enumerate()]
    wait_until(
        lambda: "history" not in [each.name for each in threading.enumerate()],
        SOON_S,
        f"the end of the thread, among {names}",
    )


def test_one_check_loads_no_history() -> None:
    """enphase-monitor -s needs it only where there is something to write."""
    names = "nutbridge.daemon.wiring, nutbridge.daemon.runner, nutbridge.daemon.monitor"
    code = f"import sys, {names}; print([m for m in sys.modules if 'n.history' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
