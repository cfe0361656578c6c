"""What is true of the house outlives reboots, and only that."""

import json

import pytest

from nutbridge.ups.model import (
    BatteryReading,
    DeviceHealth,
    Equipment,
    Facts,
    Identity,
)
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.battery import given_up
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
from nutbridge.ups.status.policy import GIVEN_UP_S
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


NOTHING = Facts(equipment=Equipment(controller=False, batteries=0, size_wh=0.0))
CONTROLLER = Facts(equipment=Equipment(controller=True, batteries=0))
WHOLE = Facts(equipment=Equipment(controller=True, batteries=2))
SILENT_INVENTORY = Facts(equipment=Equipment())


def looked(memory: Memory, facts: Facts, *times: float) -> tuple[Memory, list[str]]:
    """Return the memory after a look at each time, and what was logged."""
    told: list[str] = []
    for now in times:
        memory, notices = given_up(memory, facts, now)
        told += [notice.text for notice in notices]
    return memory, told


def test_what_is_not_listed_for_a_day_is_forgotten() -> None:
    """A house that gave its battery up and keeps its gateway."""
    memory = recalled(Memory(state=State.NOCOMMS), HOUSE)
    memory, told = looked(memory, NOTHING, 100.0, 50.0 + GIVEN_UP_S)
    assert (memory.controller, memory.battery.fitted, told) == (True, True, [])
    memory, told = looked(memory, NOTHING, 100.0 + GIVEN_UP_S, 200.0 + GIVEN_UP_S)
    assert len(told) == 2
    after = house_of(memory, "1220")
    assert after == HouseMemory("1220", fitted=False, loads_w=HOUSE.loads_w)


def test_controller_alone_keeps_its_word() -> None:
    """What islands the house is still there: OB, and never LB."""
    memory = recalled(Memory(state=State.ONLINE), HOUSE)
    memory, told = looked(memory, CONTROLLER, 0.0, GIVEN_UP_S)
    assert (memory.controller, memory.backup_mode) == (True, True)
    assert (memory.battery.fitted, len(told)) == (False, 1)


@pytest.mark.parametrize(
    ("memory", "facts"),
    [
        (Memory(state=State.HOLDING), NOTHING),
        (Memory(state=State.ON_BATTERY), NOTHING),
        (Memory(state=State.ONLINE), WHOLE),
        (Memory(state=State.ONLINE), SILENT_INVENTORY),
        (Memory(state=State.ONLINE), Facts()),
        # No monitor ran, or the machine slept.
        (Memory(state=State.ONLINE, awake_since=100.0), NOTHING),
        # The batteries tell of themselves elsewhere.
        (
            Memory(state=State.ONLINE),
            CONTROLLER._replace(battery=BatteryReading(1.0, capacity_wh=5000.0)),
        ),
    ],
)
def test_what_is_doubted_is_not_forgotten(memory: Memory, facts: Facts) -> None:
    known = recalled(memory, HOUSE)
    after, told = looked(known, facts, 0.0, GIVEN_UP_S)
    assert after._replace(unlisted=()) == known
    assert told == []


def test_what_is_listed_in_between_is_there() -> None:
    memory = recalled(Memory(state=State.ONLINE), HOUSE)
    memory, _ = looked(memory, NOTHING, 0.0)
    memory, _ = looked(memory, WHOLE, 1000.0)
    memory, told = looked(memory, NOTHING, 2000.0, GIVEN_UP_S + 1000.0)
    assert (memory.controller, memory.battery.fitted, told) == (True, True, [])
