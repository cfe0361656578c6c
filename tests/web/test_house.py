"""What a house is told to be, from port file and lock (pure)."""

from pathlib import Path

import pytest

from nutbridge.errors import UsageError
from nutbridge.ups.status.memory import Charge, Memory
from nutbridge.ups.status.policy import Policy
from nutbridge.web.house import PortLook, Times, find_upses, told
from nutbridge.web.house_page import rows
from nutbridge.web.model import House, HouseState


def house(status: str | None, *, runs: bool = True) -> House:
    port = PortLook(status, {}, 1.0)
    times = Times(wall=2e9, boot=5000.0)
    return told("home", port, Memory(), times, Policy(), runs=runs)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("OL", HouseState.ON_LINE),
        ("OL CHRG", HouseState.ON_LINE),
        ("OB DISCHRG", HouseState.ON_BATTERY),
        ("OB LB", HouseState.LOW),
        # Of another hand: nobody knows where the grid is.
        ("OFF", HouseState.NO_STATUS),
        ("<script>", HouseState.NO_STATUS),
        ("", HouseState.NO_STATUS),
        (None, HouseState.HIDDEN),
    ],
)
def test_status(status: str | None, state: HouseState) -> None:
    assert house(status).state is state


def test_without_a_monitor_nothing_is_claimed() -> None:
    for status in ("OL", None):
        assert house(status, runs=False).state is HouseState.NO_MONITOR


def test_relay_is_told_whatever_the_battery_does() -> None:
    memory = Memory()
    memory = memory._replace(relay=memory.relay._replace(at=4990.0))
    times = Times(wall=2e9, boot=5000.0)
    for status, relay in {"OL": "closed", "OL CHRG": "closed", "OB LB": "open"}.items():
        port = PortLook(status, {}, 1.0)
        shown = told("home", port, memory, times, Policy(), runs=True)
        assert any(row[:2] == ("grid asked", relay) for row in rows(shown))


@pytest.mark.parametrize(
    ("written", "read_at", "age_s"),
    # A night in which nothing changes; a reckoned charge that falls; nothing read.
    [(2e9 - 2600, 4970.0, 30.0), (2e9 - 5, 2000.0, 5.0), (2e9 - 7, None, 7.0)],
)
def test_runtime_is_as_new_as_what_it_was_made_of(
    written: float, read_at: float | None, age_s: float
) -> None:
    """Not older because the file could stay as it was."""
    memory = Memory()
    if read_at is not None:
        battery = memory.battery._replace(charge=Charge(read_at, 92.0))
        memory = memory._replace(battery=battery)
    port = PortLook("OL", {"battery.runtime": "40218"}, written)
    times = Times(wall=2e9, boot=5000.0)
    shown = told("home", port, memory, times, Policy(), runs=True).runtime_s
    assert (shown.value, shown.at) == (40218, 2e9 - age_s)


def test_files_whose_name_is_of_no_ups_are_none(tmp_path: Path) -> None:
    for name in ("home", "a b", "a&b", "\u00e9"):
        (tmp_path / f"enphase-{name}.state").touch()
    assert find_upses((tmp_path,)) == ("home",)
    with pytest.raises(UsageError, match="name the UPS with --ups"):
        find_upses((tmp_path / "not there",))


def test_folder_that_is_closed_to_us_is_not_called_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STATE_DIR of the monitor's own user lets nobody else in."""

    def closed(folder: str) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.listdir", closed)
    with pytest.raises(PermissionError):
        find_upses((tmp_path,))
