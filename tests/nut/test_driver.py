"""What the real dummy-ups, upsd and upsc make of what PortFile writes."""

import time
from pathlib import Path

import pytest

from nutbridge.nut.port_file import PortFile
from nutbridge.nut.port_text import PortText, parse, render
from nutbridge.system.clock import SystemClock
from tests.nut.fixtures import StartNut
from tests.nut.harness import SOON_S, Nut, wait_until
from tests.nut.port_file.hostile import HOSTILE, hostile_file

pytestmark = pytest.mark.nut


class Writer:
    """Writes what a monitor would, for a system with two phases."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "home.dev"
        self.text = PortText()
        self.file = PortFile(self.path, SystemClock())

    def write(self, status: str, **values: str | None) -> None:
        named = {name.replace("_", "."): value for name, value in values.items()}
        self.file.write(render(self.text, {"ups.status": status, **named}, 2))


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


@pytest.fixture
def nut(writer: Writer, start_nut: StartNut) -> Nut:
    writer.write("OL", battery_charge="90")
    found = start_nut(writer.path)
    found.wait_status("OL")
    return found


def test_driver_follows_the_status_and_survives(writer: Writer, nut: Nut) -> None:
    pid = nut.driver_pid
    for status in ("OB", "OB LB", "OB", "OL", "OB DISCHRG"):
        writer.write(status)
        nut.wait_status(status)
    assert nut.driver_pid == pid
    assert nut.upsc("ups.status").stdout == "OB DISCHRG\n"


def test_driver_hidden_file_is_not_connected_and_comes_back(
    writer: Writer, nut: Nut
) -> None:
    writer.file.hide()
    nut.wait_status(None)
    answer = nut.upsc()
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "Driver not connected" in answer.stderr
    writer.write("OB LB")
    assert not writer.file.twin.exists()
    nut.wait_status("OB LB")


def test_driver_forgets_a_value_that_went_away(writer: Writer, nut: Nut) -> None:
    nut.wait_variable("battery.charge", "90")
    writer.write("OL", battery_charge=None, battery_runtime="900")
    nut.wait_variable("battery.charge", None)
    assert nut.variables()["battery.runtime"] == "900"
    assert "not supported" in nut.upsc("battery.charge").stderr


def test_driver_shows_the_last_of_many_changes_within_one_second(
    writer: Writer, nut: Nut
) -> None:
    """dummy-once compares whole seconds: the last write of a second is at risk."""
    charge = 0
    for status in ("OB", "OB LB", "OL"):
        # The driver reads once a second, at its own moment: begin the changes
        # with a second and end them with it, so that the read falls between.
        wait_until(lambda: time.time() % 1 < 0.1, SOON_S, "the next second")
        ended = False
        while not ended:
            charge += 1
            writer.write(status, battery_charge=str(charge))
            ended = time.time() % 1 >= 0.9
        nut.wait_variable("battery.charge", str(charge))
        nut.wait_status(status)


@pytest.mark.slow(23)
def test_driver_shows_no_empty_or_cut_status_in_500_rewrites(
    writer: Writer, nut: Nut
) -> None:
    pid = nut.driver_pid
    seen: set[str | None] = set()
    with nut.client() as client:
        for turn in range(500):
            writer.write("OB LB" if turn % 2 else "OL", battery_charge=str(turn % 100))
            seen.add(client.list_var().get("ups.status"))
    writer.write("OB", battery_charge="42")
    nut.wait_status("OB")
    nut.wait_variable("battery.charge", "42")
    assert seen <= {"OL", "OB LB"}
    assert nut.driver_pid == pid


def test_driver_hostile_lines_at_its_start_do_not_touch_the_status(
    writer: Writer, start_nut: StartNut
) -> None:
    writer.text = parse(hostile_file())
    writer.write("OL", battery_charge="77")
    nut = start_nut(writer.path)
    nut.wait_status("OL")
    found = nut.variables()
    for _, shown in HOSTILE:
        assert {name: found.get(name) for name in shown} == shown
    assert found["battery.charge"] == "77"


def test_driver_hostile_lines_arriving_live_do_not_touch_the_status(
    writer: Writer, nut: Nut
) -> None:
    """Live values travel unescaped from driver to upsd; 2.8.0 loses what follows."""
    writer.text = parse(hostile_file())
    writer.write("OB LB", battery_charge="10")
    nut.wait_status("OB LB")
    nut.wait_variable("battery.charge", "10")
    found = nut.variables()
    for _, shown in HOSTILE:
        assert {name: found.get(name) for name in shown} == shown


def test_driver_runs_on_while_all_numbers_come_back_at_once(
    writer: Writer, start_nut: StartNut
) -> None:
    """After a silence every number is new; dummy-ups drops upsd above 90."""
    writer.write("OB")
    nut = start_nut(writer.path)
    nut.wait_status("OB")
    nothing = render(PortText(), {"ups.status": "OL"}, 3)
    writer.file.write(nothing.replace(b': ""', b": 1"))
    nut.wait_status("OL")
    nut.wait_variable("output.L3.current", "1")
    assert nut.driver_starts == 1
