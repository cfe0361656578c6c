"""Which tags mean that the house is off the grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.sources.sma.status import (
    TABLE,
    derive_condition,
    derive_grid,
)
from nutbridge.sources.sma.webconnect import keys
from nutbridge.ups.model import Grid

RUN, MAINS, BACKUP = keys.RUN_STATE, keys.MAINS, keys.BACKUP
GENERAL, SUPPLY, INSTALLER = keys.GENERAL, keys.SUPPLY, keys.RUN_STATE_INSTALLER
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
        ({INSTALLER: 1463}, OPEN),
        ({MAINS: 1781}, OPEN),
        ({BACKUP: 1441}, OPEN),
        ({GENERAL: 1855}, OPEN),
        # Each mains tag alone.
        ({RUN: 235}, CLOSED),
        ({INSTALLER: 235}, CLOSED),
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
    relay = "6180_08416400"
    assert grid({relay: tag}) is UNKNOWN
    assert grid({relay: tag, SUPPLY: 1461}) is CLOSED


_TAGS = st.frozensets(
    st.sampled_from([35, 235, 303, 569, 1440, 1441, 1461, 1463, 1779, 1780, 1781, 1855])
)
_SAID = st.dictionaries(st.sampled_from(keys.STATUS_KEYS), _TAGS)


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
        ({keys.CONDITION: {307}}, "ok"),
        ({keys.CONDITION: {303}}, "off"),
        ({keys.CONDITION: {455}}, "warning"),
        ({keys.CONDITION: {35}}, "fault"),
        ({keys.CONDITION: {35, 307}}, "fault"),
        ({keys.CONDITION: {307}, GENERAL: {1392}}, "fault"),
        ({keys.CONDITION: {16777213}}, None),
        ({keys.CONDITION: set()}, None),
        ({}, None),
    ],
)
def test_condition(said: dict[str, set[int]], wanted: str | None) -> None:
    assert derive_condition({key: frozenset(tags) for key, tags in said.items()}) == (
        wanted
    )
