"""What is true of the house outlives reboots, and only that."""

import json

import pytest

from nutbridge.ups.model import DeviceHealth, Equipment, Facts, Identity
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.history import SLOTS, LoadHistory
from nutbridge.ups.status.house import (
    HouseMemory,
    house_of,
    is_of,
    parse_house,
    recalled,
    render_house,
    without_size,
)
from nutbridge.ups.status.memory import (
    BatteryMemory,
    Charge,
    FlowMemory,
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.table import State

HOUSE = HouseMemory(
    "1220",
    devices=("battery 1", "battery 2"),
    capacity_wh=10000.0,
    listed_wh=10100.0,
    floor_pct=10.0,
    fitted=True,
    controller=True,
    collar=True,
    backup_mode=True,
    loads_w=(500.0, 600.0),
)


def test_house_comes_back() -> None:
    assert parse_house(render_house(HOUSE)) == HOUSE
    assert house_of(recalled(Memory(), HOUSE), "1220") == HOUSE._replace(devices=())


def test_recalled_decides_nothing() -> None:
    """Nothing of the moment changes, whatever the file says."""
    now = Memory(
        state=State.HOLDING,
        started_at=5.0,
        outage_since=4.0,
        vain_s=3.0,
        relay=RelayMemory(at=1.0),
        shown=ShownStatus("OB", 4.0),
        battery=BatteryMemory(charge=Charge(2.0, 50.0)),
    )
    after = recalled(now, HOUSE)
    of_the_house = {"battery", "flow", "controller", "collar", "backup_mode"}
    for field in Memory._fields:
        if field not in of_the_house:
            assert getattr(after, field) == getattr(now, field)
    assert after.battery.charge == now.battery.charge
    assert after.flow._replace(past=now.flow.past) == now.flow


def test_recalled_leaves_what_this_boot_knows() -> None:
    battery = BatteryMemory(capacity_wh=1.0, listed_wh=2.0, floor_pct=0.0, fitted=False)
    flow = FlowMemory(past=LoadHistory((7.0,)))
    after = recalled(Memory(battery=battery, flow=flow), HOUSE)
    assert (after.battery, after.flow) == (battery, flow)


def facts(*names: str, serial: str | None = None) -> Facts:
    devices = tuple(DeviceHealth(name) for name in names)
    return Facts(
        equipment=Equipment(devices=devices),
        identity=Identity(serial) if serial else None,
    )


@pytest.mark.parametrize(
    ("told", "same"),
    [
        (facts("battery 1", "battery 2"), True),
        (facts("battery 2"), True),
        (facts("battery 3"), False),
        (facts("battery 1", "battery 2", "battery 3"), False),
        (facts(), None),
        (Facts(), None),
        (facts(serial="1220"), None),
        (facts(serial="999"), False),
        (facts("battery 1", serial="999"), False),
    ],
)
def test_is_of(told: Facts, same: bool | None) -> None:
    assert is_of(HOUSE, told) is same


def test_another_battery_is_read_anew() -> None:
    memory = recalled(Memory(), HOUSE)
    shrunk = memory.battery._replace(shrunk_since=5.0)
    after = without_size(memory._replace(battery=shrunk), HOUSE).battery
    assert (after.capacity_wh, after.listed_wh, after.shrunk_since) == (None,) * 3
    read = memory._replace(battery=memory.battery._replace(capacity_wh=5000.0))
    assert without_size(read, HOUSE).battery.capacity_wh == 5000


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"serial": None},
        {"capacity_wh": -1},
        {"loads_w": [-1]},
        {"loads_w": "many"},
        {"controller": 1},
    ],
)
def test_odd_file_is_worthless(change: dict[str, object]) -> None:
    data = {**json.loads(render_house(HOUSE)), **change}
    with pytest.raises(SnapshotError):
        parse_house(json.dumps(data).encode())


@pytest.mark.parametrize("cut", [0, 1, 50, -2])
def test_cut_file_is_worthless(cut: int) -> None:
    with pytest.raises(SnapshotError):
        parse_house(render_house(HOUSE)[:cut])


def test_loads_are_bounded() -> None:
    many = HOUSE._replace(loads_w=tuple(float(n) for n in range(1000)))
    assert parse_house(render_house(many)).loads_w == many.loads_w[-SLOTS:]
