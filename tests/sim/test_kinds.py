"""Outages of every kind: none wrong and none late where somebody tells.

One outage of each kind by default. ``NUTBRIDGE_EFFORT=20 pytest -s`` plays 20 of
each, those too in which nobody tells, and prints the rates.
"""

from collections import Counter

import pytest

from tests.effort import FACTOR
from tests.sim.kinds import KINDS, Kind
from tests.sim.play import Fate, play

pytestmark = pytest.mark.usefixtures("quiet")

_PLAYED = [kind for kind in KINDS if kind.told or FACTOR > 1]


def rates(kind: Kind, fates: Counter[Fate]) -> str:
    """Return one line of the table of rates."""
    told = ", ".join(f"{fates[fate]:3} {fate.value}" for fate in Fate)
    return f"{kind.name:34} {told}  {kind.why}"


@pytest.mark.parametrize("kind", _PLAYED, ids=[kind.name for kind in _PLAYED])
def test_kind_none_wrong_none_late(kind: Kind) -> None:
    fates: Counter[Fate] = Counter()
    stories: list[str] = []
    for number in range(FACTOR):
        fate, story = play(kind, number)
        fates[fate] += 1
        if fate in (Fate.WRONG, Fate.LATE):
            stories.append("\n".join(story))
    print(rates(kind, fates))
    assert not kind.told or not stories, stories[0]
