"""Some scenes on machines that really boot; ``make test-boot`` plays all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.installed import installed
from tests.boot.scene_player import all_played
from tests.boot.scenes import SCENES, Scene
from tests.boot.tree import why_not

#: Machines that run at the same time.
AT_ONCE = 3
SHORT = [scene for scene in SCENES if scene.short]
pytestmark = [
    pytest.mark.nut,
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
]


@pytest.fixture(scope="session")
def layer() -> Iterator[Path]:
    with installed(13) as own:
        yield own


@pytest.mark.slow(220)
def test_short_choice_of_scenes(layer: Path) -> None:
    reports = all_played(SHORT, 13, layer, at_once=AT_ONCE)
    assert not [report for report in reports if report.fault]


def test_short_choice_is_one() -> None:
    names = [scene.name for scene in SCENES]
    assert len(set(names)) == len(names)
    assert all(isinstance(scene, Scene) for scene in SHORT)
