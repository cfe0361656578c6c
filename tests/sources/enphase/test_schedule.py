"""When to ask for a token: a table."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.sources.enphase.claims import (
    LONGEST_PAUSE_S,
    Need,
    is_due,
    pause_after_failure,
    pause_after_success,
)
from nutbridge.ups.status.saved import RetryState, restored_pause


class Row(NamedTuple):
    """``renew`` in s after now; ``urgent`` and ``planned`` in s after now."""

    why: str
    due: bool
    renew: float | None
    refused: bool = False
    grid_gone: bool = False
    urgent: float = 0
    planned: float = 0


TABLE = [
    Row("time has come", due=True, renew=-1),
    Row("to the second", due=True, renew=0),
    Row("not yet", due=False, renew=1),
    Row("no token", due=True, renew=None),
    Row("no token in an outage", due=True, renew=None, grid_gone=True),
    Row("can wait for the grid", due=False, renew=-1, grid_gone=True),
    Row("refused", due=True, renew=1, refused=True),
    Row("refused in an outage", due=True, renew=1, refused=True, grid_gone=True),
    Row("refused, but backing off", due=False, renew=1, refused=True, urgent=1),
    Row("no token, but backing off", due=False, renew=None, urgent=1),
    Row("time has come, backing off", due=False, renew=-1, urgent=1),
    Row("just renewed, wrong clock", due=False, renew=-1, planned=1),
    Row("just renewed, yet refused", due=True, renew=-1, refused=True, planned=1),
]


@pytest.mark.parametrize("row", TABLE, ids=[row.why for row in TABLE])
def test_is_due(row: Row) -> None:
    wall, boot = 1_800_000_000.0, 5_000.0
    need = Need(
        renew_epoch=None if row.renew is None else wall + row.renew,
        refused=row.refused,
        grid_gone=row.grid_gone,
    )
    found = is_due(
        need,
        wall=wall,
        boot=boot,
        urgent_from=boot + row.urgent,
        planned_from=boot + row.planned,
    )
    assert found is row.due


@pytest.mark.parametrize(
    ("failures", "at_least_s", "pause_s"),
    [
        *((1, 0, 60), (2, 0, 120), (3, 0, 240), (11, 0, 61440), (12, 0, 86400)),
        *((10**9, 0, 86400), (0, 0, 60), (1, 900, 900), (2, 900, 1800)),
        *((5, 900, 14400), (9, 900, 15360), (2, 20000, 20000)),
        (1, 1e9, 86400),
    ],
)
def test_pause_after_failure(failures: int, at_least_s: float, pause_s: float) -> None:
    assert pause_after_failure(failures, at_least_s) == pause_s


@pytest.mark.parametrize(
    ("failures", "shortest_s", "pause_s"),
    [(0, 900, 900), (1, 900, 1800), (9, 900, 86400), (10**9, 900, 86400), (5, 0, 0)],
)
def test_pause_after_success(failures: int, shortest_s: float, pause_s: float) -> None:
    assert pause_after_success(failures, shortest_s) == pause_s


@pytest.mark.parametrize(
    ("ahead_s", "pause_s"),
    [(-1, 0), (0, 0), (600, 600), (86400, 86400), (86401, 0), (1e9, 0), (-1e9, 0)],
)
def test_restored_pause(ahead_s: float, pause_s: float) -> None:
    """A next try more than a day ahead was written under another clock."""
    wall = 1_800_000_000.0
    assert restored_pause(RetryState(wall + ahead_s, 3), wall) == pause_s


@given(st.floats(allow_nan=True), st.floats(0, 1e11))
def test_restored_pause_any(next_try: float, wall: float) -> None:
    assert 0 <= restored_pause(RetryState(next_try, 1), wall) <= LONGEST_PAUSE_S
