"""When a poll or a slot is a sight of a panel that gave energy."""

import pytest

from nutbridge.collector.store.panels import has_energy


@pytest.mark.parametrize(
    ("stats", "found"),
    [
        ("250102,59979,27782,7462,49,0,0,67535", True),
        ("250102,59979,27782,7462,49,0,0,0", False),
        # webcomm 4.1.0: no energy, but a current.
        ("250102,59979,27782,7462,49,0,0", True),
        ("250102,59979,27782,0,49,0,0", False),
        ("250102,59979,27782,7462,49,0,0, 5 ,9", True),
        ("1,2,3,x,5,6,7,y", False),
        ("1,2,3,4,5,6,7,-8", False),
        ("1,2", False),
        ("", False),
        (None, False),
    ],
)
def test_has_energy(stats: str | None, found: bool) -> None:
    assert has_energy(stats) is found
