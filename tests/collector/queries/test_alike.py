"""Devices that are alike: found at once where all are numbered alike, or one by one."""

import random

import pytest

from nutbridge.collector.queries.alike import Part, alike_of
from nutbridge.collector.store.units import Sight, UnitList

#: The last one is of a battery.
SIGHTS = {"0": Sight(), "1": Sight(1000), "2": Sight(None, 11)}

Found = dict[str, tuple[Part, ...]]


def found(eqids: list[str], marks: str) -> tuple[Found, Found]:
    """Return the parts and the panels of each device."""
    devices = alike_of(UnitList(eqids, marks, SIGHTS))
    return (
        {device: one.parts for device, one in devices.items()},
        {device: one.panels for device, one in devices.items()},
    )


@pytest.mark.parametrize("behind", [[""], [".1"], ["", ".1"], ["", ".1", ".2"], ["."]])
def test_all_numbered_alike(behind: list[str]) -> None:
    chance = random.Random(len(behind))
    eqids = [f"99{n}{text}" for n in range(50) for text in behind]
    marks = "".join(chance.choice("01") for _ in eqids)
    parts, panels = found(eqids, marks)
    assert [f"{one}{text}" for one, some in parts.items() for text, _ in some] == eqids
    assert "".join(mark for some in parts.values() for _, mark in some) == marks
    channels = [text for text in behind if text] or behind
    assert all([text for text, _ in some] == channels for some in panels.values())
    kinds = set(alike_of(UnitList(eqids, marks, SIGHTS)).values())
    assert len(kinds) == len(set(parts.values()))


@pytest.mark.parametrize(
    ("eqids", "parts"),
    [
        ("", {}),
        ("1 1.1 2 2.2", {"1": ["", ".1"], "2": ["", ".2"]}),
        ("1 1.1 2 2.1 2.2", {"1": ["", ".1"], "2": ["", ".1", ".2"]}),
        ("1 1.1 2 3", {"1": ["", ".1"], "2": [""], "3": [""]}),
        ("1 2 2.1", {"1": [""], "2": ["", ".1"]}),
        ("1.1 2.1 2.2", {"1": [".1"], "2": [".1", ".2"]}),
        ("1.1 2", {"1": [".1"], "2": [""]}),
        ("1 12 12.1", {"1": [""], "12": ["", ".1"]}),
        # As nobody writes it.
        ("1 1.1 5.2 5.2.1", {"1": ["", ".1"], "5": [".2", ".2.1"]}),
        (".1 1.1", {"": [".1"], "1": [".1"]}),
    ],
)
def test_each_has_its_own(eqids: str, parts: dict[str, list[str]]) -> None:
    names = eqids.split()
    whole, _ = found(names, "0" * len(names))
    assert {
        device: [text for text, _ in some] for device, some in whole.items()
    } == parts


@pytest.mark.parametrize("more", ["", " 4"])
def test_battery_has_no_panels(more: str) -> None:
    names = f"1 1.1 2 2.1 3 3.1{more}".split()
    _, panels = found(names, "012101" + "0" * bool(more))
    expected = {"1": ((".1", "1"),), "2": (), "3": ((".1", "1"),)}
    assert panels == expected | ({"4": (("", "0"),)} if more else {})
