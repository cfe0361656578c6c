"""The table of the status machine: complete and lawful."""

import itertools

import pytest

from nutbridge.ups.status.table import (
    FOUND,
    ON_BATTERY_STATES,
    TABLE,
    Event,
    Show,
    State,
)

CHECKS = [event for event in Event if event not in FOUND]

#: Pairs that events.py cannot make: on battery an ``open`` is never the first,
#: off battery a ``closed`` never is.
CANNOT = {
    (State.ONLINE, Event.FIRST_CLOSED),
    (State.NOCOMMS, Event.FIRST_CLOSED),
    (State.ON_BATTERY, Event.FIRST_OPEN),
    (State.HOLDING, Event.FIRST_OPEN),
    # A person's word counts only while an outage is held on.
    (State.ONLINE, Event.RELEASED),
    (State.ON_BATTERY, Event.RELEASED),
    (State.NOCOMMS, Event.RELEASED),
}


def test_table_has_a_row_for_every_pair_that_can_occur() -> None:
    later: list[State] = [state for state in State if state is not State.STARTING]
    wanted: set[tuple[State, Event]] = set(itertools.product(later, CHECKS)) - CANNOT
    wanted |= {(State.STARTING, event) for event in FOUND}
    assert set(TABLE) == wanted


def test_table_starting_is_left_at_once() -> None:
    assert all(row.state is not State.STARTING for row in TABLE.values())


@pytest.mark.parametrize("state", sorted(ON_BATTERY_STATES))
def test_table_never_hides_on_battery(state: State) -> None:
    """Hiding an OB shuts the house down."""
    rows = [row for (before, _), row in TABLE.items() if before is state]
    assert {row.show for row in rows} == {Show.WRITE}


@pytest.mark.parametrize("state", sorted(ON_BATTERY_STATES))
def test_table_only_closed_or_a_person_ends_an_outage(state: State) -> None:
    """A person's word, and only while the gateway is silent."""
    ends = {
        event
        for (before, event), row in TABLE.items()
        if before is state and row.state not in ON_BATTERY_STATES
    }
    person = {Event.RELEASED} if state is State.HOLDING else set()
    assert ends == {Event.CLOSED} | person


def test_table_on_battery_the_file_is_always_written() -> None:
    """It says what the state says: OB in these two, OL in no other than ONLINE."""
    for row in TABLE.values():
        if row.state in ON_BATTERY_STATES:
            assert row.show is Show.WRITE, row
        elif row.show is Show.WRITE:
            assert row.state is State.ONLINE, row


def test_table_ol_is_written_for_closed_or_by_a_person() -> None:
    wrote = {
        event
        for (_, event), row in TABLE.items()
        if row.show is Show.WRITE and row.state is State.ONLINE
    }
    assert wrote == {Event.CLOSED, Event.RELEASED}


def test_table_a_change_of_the_grid_asks_everything_at_once() -> None:
    for (before, _), row in TABLE.items():
        changed = (before in ON_BATTERY_STATES) != (row.state in ON_BATTERY_STATES)
        if changed and before is not State.STARTING:
            assert row.full, row
