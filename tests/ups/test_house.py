"""What is true of the house outlives reboots, and only that."""

import json

import pytest

from nutbridge.ups.model import (
    DeviceHealth,
    Equipment,
    Facts,
    Grid,
    GridAnswer,
    Identity,
)
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.battery import given_up
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
    SLOTS,
    BatteryMemory,
    Charge,
    FlowMemory,
    LoadHistory,
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
WHOLE = Facts(equipment=Equipment(controller=True, batteries=2))
SILENT_INVENTORY = Facts(equipment=Equipment())
#: A controller in the house, and a gateway that has just started, or has none.
LOST_MODE = GridAnswer(Grid.CLOSED, "closed", backup_mode=False)
WITHOUT_COLLAR = HOUSE._replace(collar=False)
FORGOTTEN = WITHOUT_COLLAR._replace(devices=(), controller=False, backup_mode=False)


def looked(
    memory: Memory, *looks: tuple[float, Facts, GridAnswer]
) -> tuple[Memory, list[str]]:
    """Return the memory after looks at some times, and what was logged."""
    told: list[str] = []
    for now, facts, answer in looks:
        memory, notices = given_up(memory, answer, facts, now)
        told += [notice.text for notice in notices]
    return memory, told


def test_controller_that_was_given_up_is_forgotten_after_a_day() -> None:
    """A house that gave its battery up and keeps its gateway."""
    memory = recalled(Memory(state=State.NOCOMMS), WITHOUT_COLLAR)
    times = (100.0, 50.0 + GIVEN_UP_S)
    memory, told = looked(memory, *((now, NOTHING, LOST_MODE) for now in times))
    assert (memory.controller, memory.backup_mode, told) == (True, True, [])
    times = (100.0 + GIVEN_UP_S, 200.0 + 2 * GIVEN_UP_S)
    memory, told = looked(memory, *((now, NOTHING, LOST_MODE) for now in times))
    assert len(told) == 1
    assert house_of(memory, "1220") == FORGOTTEN


@pytest.mark.parametrize(
    ("house", "memory", "facts", "answer"),
    [
        (WITHOUT_COLLAR, Memory(state=State.HOLDING), NOTHING, LOST_MODE),
        (WITHOUT_COLLAR, Memory(state=State.ON_BATTERY), NOTHING, LOST_MODE),
        (WITHOUT_COLLAR, Memory(), WHOLE, LOST_MODE),
        (WITHOUT_COLLAR, Memory(), SILENT_INVENTORY, LOST_MODE),
        (WITHOUT_COLLAR, Memory(), Facts(), LOST_MODE),
        # An empty inventory alone proves nothing.
        (WITHOUT_COLLAR, Memory(), NOTHING, LOST_MODE._replace(backup_mode=True)),
        (WITHOUT_COLLAR, Memory(), NOTHING, LOST_MODE._replace(backup_mode=None)),
        (WITHOUT_COLLAR, Memory(), NOTHING, LOST_MODE._replace(grid=Grid.OPEN)),
        (WITHOUT_COLLAR._replace(backup_mode=False), Memory(), NOTHING, LOST_MODE),
        (HOUSE, Memory(), NOTHING, LOST_MODE),
        # No monitor ran, or the machine slept.
        (WITHOUT_COLLAR, Memory(awake_since=100.0), NOTHING, LOST_MODE),
    ],
)
def test_what_is_doubted_is_not_forgotten(
    house: HouseMemory, memory: Memory, facts: Facts, answer: GridAnswer
) -> None:
    known = recalled(memory, house)
    after, told = looked(known, (0.0, facts, answer), (GIVEN_UP_S, facts, answer))
    assert after._replace(given_up_since=None) == known
    assert told == []


def test_what_is_listed_in_between_is_there() -> None:
    memory = recalled(Memory(state=State.NOCOMMS), WITHOUT_COLLAR)
    looks = (
        (0.0, NOTHING, LOST_MODE),
        (1000.0, WHOLE, LOST_MODE),
        (2000.0, NOTHING, LOST_MODE),
        (GIVEN_UP_S + 1000.0, NOTHING, LOST_MODE),
    )
    memory, told = looked(memory, *looks)
    assert (memory.controller, memory.backup_mode, told) == (True, True, [])
