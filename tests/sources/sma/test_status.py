"""Which tags mean that the house is off the grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.sources.sma.ennexos import channels
from nutbridge.sources.sma.status import (
    BACKUP,
    CONDITION,
    DECIDING,
    GENERAL,
    MAINS,
    NEUTRAL,
    SUPPLY,
    TABLE,
    derive_backup,
    derive_condition,
    derive_grid,
    unlisted,
)
from nutbridge.sources.sma.status import RUN_STATE as RUN
from nutbridge.sources.sma.webconnect import keys
from nutbridge.ups.model import Grid

OPEN, CLOSED, UNKNOWN = Grid.OPEN, Grid.CLOSED, Grid.UNKNOWN


def grid(said: dict[str, int | tuple[int, ...]], *, battery: bool = True) -> Grid:
    tags = {
        key: frozenset(found if isinstance(found, tuple) else (found,))
        for key, found in said.items()
    }
    return derive_grid(tags, battery=battery).grid


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # Each island tag alone.
        ({RUN: 1463}, OPEN),
        ({RUN: 1855}, OPEN),
        ({SUPPLY: 1463}, OPEN),
        ({MAINS: 1781}, OPEN),
        ({BACKUP: 1441}, OPEN),
        ({GENERAL: 1855}, OPEN),
        # Each mains tag alone.
        ({RUN: 235}, CLOSED),
        ({SUPPLY: 2183}, CLOSED),
        ({SUPPLY: 2184}, CLOSED),
        ({SUPPLY: 2185}, CLOSED),
        ({SUPPLY: 2186}, CLOSED),
        ({MAINS: 1780}, CLOSED),
        ({BACKUP: 1440}, CLOSED),
        ({SUPPLY: 1461}, CLOSED),
        # An island tag wins over everything else.
        ({RUN: 235, MAINS: 1781}, OPEN),
        ({RUN: 1463, MAINS: 1780, BACKUP: 1440, SUPPLY: 1461}, OPEN),
        ({MAINS: (1780, 1781)}, OPEN),
        # A mains tag is enough beside what says nothing.
        ({RUN: 235, MAINS: 16777213, GENERAL: 569}, CLOSED),
        ({RUN: 235, BACKUP: (), GENERAL: 1392}, CLOSED),
        ({MAINS: 1780, GENERAL: 303}, CLOSED),
        # Nothing to go by.
        ({}, UNKNOWN),
        ({RUN: (), MAINS: ()}, UNKNOWN),
        ({RUN: 16777213, MAINS: 16777213}, UNKNOWN),
        ({MAINS: 1779}, UNKNOWN),
        ({RUN: 1469}, UNKNOWN),
        ({RUN: 2119, MAINS: 1779}, UNKNOWN),
        ({SUPPLY: 303}, UNKNOWN),
        # Backup not available: neither an island nor the grid.
        ({SUPPLY: 1462}, UNKNOWN),
        # Texts of an island that no one has seen under any object.
        ({RUN: 4174}, UNKNOWN),
        ({RUN: 5288}, UNKNOWN),
        # A generator, an emergency charge.
        ({RUN: 2677}, UNKNOWN),
        ({RUN: 3664}, UNKNOWN),
        ({SUPPLY: 1394, GENERAL: 1394}, UNKNOWN),
        # 1394 waits for the grid: the house is dark, no island carries it.
        ({GENERAL: 1394}, UNKNOWN),
        # A tag of one key means nothing under another.
        ({RUN: 1441, MAINS: 1463}, UNKNOWN),
        ({GENERAL: 235}, UNKNOWN),
    ],
)
def test_decision_table(said: dict[str, int | tuple[int, ...]], wanted: Grid) -> None:
    assert grid(said) is wanted


@pytest.mark.parametrize("tag", [51, 311, 16777213])
def test_grid_relay_decides_nothing(tag: int) -> None:
    """PV inverters open it every night, storage inverters when idle."""
    relay = "Operation.GriSwStt"
    assert grid({relay: tag}) is UNKNOWN
    assert grid({relay: tag, SUPPLY: 1461}) is CLOSED


_TAGS = st.frozensets(
    st.sampled_from([35, 235, 303, 569, 1440, 1441, 1461, 1463, 1779, 1780, 1781, 1855])
)
_SAID = st.dictionaries(st.sampled_from(DECIDING), _TAGS)


@given(_SAID)
def test_any_island_tag_is_an_island(said: dict[str, frozenset[int]]) -> None:
    found = derive_grid(said, battery=True)
    words = {TABLE.get((key, tag)) for key, tags in said.items() for tag in tags}
    assert (found.grid is OPEN) == (OPEN in words)
    assert (found.grid is UNKNOWN) == (words <= {None})
    assert found.word.isprintable()


def test_without_battery_keys_it_says_why_it_is_no_ups() -> None:
    tags = {MAINS: frozenset({1780})}
    assert "cannot be a UPS" in derive_grid(tags, battery=False).unfit
    assert not derive_grid(tags, battery=True).unfit


def test_word_has_the_tags_and_no_text_of_the_device() -> None:
    tags = {RUN: frozenset({235}), MAINS: frozenset[int]()}
    answer = derive_grid(tags, battery=True)
    assert answer.word == "RunStt 235 PvGriConn -"
    assert answer.speaker == "inverter"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({CONDITION: {307}}, "ok"),
        ({CONDITION: {303}}, "off"),
        ({CONDITION: {455}}, "warning"),
        ({CONDITION: {35}}, "fault"),
        ({CONDITION: {35, 307}}, "fault"),
        # Communication impaired.
        ({CONDITION: {55}}, "warning"),
        ({CONDITION: {307}, GENERAL: {1392}}, "fault"),
        ({CONDITION: {16777213}}, None),
        ({CONDITION: set()}, None),
        ({}, None),
    ],
)
def test_condition(said: dict[str, set[int]], wanted: str | None) -> None:
    assert derive_condition({key: frozenset(tags) for key, tags in said.items()}) == (
        wanted
    )


def test_every_object_has_an_address_in_each_interface() -> None:
    """The table names objects; an interface that lacks one is blind to its tags."""
    for name in {name for name, _ in TABLE} | {CONDITION}:
        assert keys.ADDRESSES[name]
        assert channels.ADDRESSES[name].startswith("Measurement.")


def test_no_tag_is_in_the_table_and_without_a_meaning() -> None:
    # 303 and the like mean nothing under any object.
    assert not {tag for _, tag in TABLE} & NEUTRAL


def test_tags_in_no_list_are_named() -> None:
    tags = {RUN: frozenset({4174, 235, 295}), MAINS: frozenset({1463, 16777213})}
    assert list(unlisted(tags)) == [(RUN, 4174), (MAINS, 1463)]
    assert not list(unlisted({CONDITION: frozenset({9999})}))


@pytest.mark.parametrize(("tag", "wanted"), [(303, False), (1438, True), (5, None)])
def test_backup_mode(tag: int, wanted: bool | None) -> None:
    assert derive_backup({"Operation.BckOpMod": frozenset({tag})}) is wanted
    assert derive_backup({}) is None
