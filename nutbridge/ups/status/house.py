"""What is true of the house and not of the moment: it outlives reboots (pure).

How large the battery is, what can island the house, what is usually drawn. No charge,
no status, no time: what clients are told is decided by what this boot has seen.
"""

from typing import NamedTuple

from nutbridge.ups.model import Facts
from nutbridge.ups.snapshot import SnapshotError, decode, pack, unpack
from nutbridge.ups.status.memory import SLOTS, LoadHistory, Memory

VERSION = 1


class HouseMemory(NamedTuple):
    """Facts of one house.

    Attributes:
        serial: of the gateway or inverter that told them.
        devices: names of its batteries and controllers, where they are told one by
            one.
        capacity_wh: the last known capacity.
        listed_wh: what the inventory lists.
        floor_pct: where discharging stops.
        fitted: see ``BatteryMemory``.
        controller: something that can island the house was seen.
        collar: a Meter Collar was seen.
        backup_mode: a mode ``multimode-*`` was seen.
        loads_w: means of five minutes, the newest last.
    """

    serial: str
    devices: tuple[str, ...] = ()
    capacity_wh: float | None = None
    listed_wh: float | None = None
    floor_pct: float | None = None
    fitted: bool | None = None
    controller: bool = False
    collar: bool = False
    backup_mode: bool = False
    loads_w: tuple[float, ...] = ()


def house_of(memory: Memory, serial: str) -> HouseMemory:
    """Return what a memory says about the house."""
    battery = memory.battery
    return HouseMemory(
        serial=serial,
        devices=tuple(sorted(each.name for each in memory.devices)),
        capacity_wh=battery.capacity_wh,
        listed_wh=battery.listed_wh,
        floor_pct=battery.floor_pct,
        fitted=battery.fitted,
        controller=memory.controller,
        collar=memory.collar,
        backup_mode=memory.backup_mode,
        loads_w=memory.flow.past.closed().past_w,
    )


def recalled(memory: Memory, house: HouseMemory) -> Memory:
    """Return a memory of this boot with what it did not know of the house."""
    old = memory.battery
    battery = old._replace(
        capacity_wh=old.capacity_wh or house.capacity_wh,
        listed_wh=old.listed_wh or house.listed_wh,
        floor_pct=house.floor_pct if old.floor_pct is None else old.floor_pct,
        fitted=house.fitted if old.fitted is None else old.fitted,
    )
    flow = memory.flow
    if not flow.past.slots_w:
        flow = flow._replace(past=LoadHistory(house.loads_w))
    return memory._replace(
        battery=battery,
        flow=flow,
        controller=memory.controller or house.controller,
        collar=memory.collar or house.collar,
        backup_mode=memory.backup_mode or house.backup_mode,
    )


def is_of(house: HouseMemory, facts: Facts) -> bool | None:
    """Whether a memory is of the house that answers now; None while nobody knows.

    A battery or controller that was not there is another one; one that is missing
    proves nothing: they rejoin one by one after a gateway's start.
    """
    serial = facts.identity.serial if facts.identity else None
    if serial and house.serial and serial != house.serial:
        return False
    listed = {each.name for each in facts.equipment.devices} if facts.equipment else ()
    if not listed or not house.devices:
        return None
    return set(house.devices).issuperset(listed)


def without_size(memory: Memory, house: HouseMemory) -> Memory:
    """Return the memory without the size of a battery that is no longer there.

    What was read since is kept: it differs.
    """
    battery = memory.battery
    if battery.capacity_wh == house.capacity_wh:
        battery = battery._replace(capacity_wh=None, shrunk_since=None, part=1.0)
    if battery.listed_wh == house.listed_wh:
        battery = battery._replace(listed_wh=None)
    return memory._replace(battery=battery)


def render_house(house: HouseMemory) -> bytes:
    """Return the bytes of the file."""
    return pack(VERSION, house)


def parse_house(data: bytes) -> HouseMemory:
    """Return what ``render_house`` wrote.

    Raises:
        SnapshotError: cut, damaged, of another version, or with odd values.
    """
    raw = unpack(data)
    if raw.get("version") != VERSION:
        raise SnapshotError("of another version")
    house = decode(HouseMemory, raw)
    sizes = (house.capacity_wh, house.listed_wh, house.floor_pct, *house.loads_w)
    if any(size is not None and size < 0 for size in sizes):
        raise SnapshotError("odd values")
    return house._replace(loads_w=house.loads_w[-SLOTS:])
