"""A file becomes a link at each moment of a step of root's, one after another.

Not a race that has to be won: an audit hook of Python stands still before each
system call that opens, renames, removes or gives away something, and the attacker
acts there (moments.py).
"""

import errno
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from nutbridge.system.files import Folder
from tests.attacks import moments
from tests.attacks.stage import MONITOR, needs_root, stage


@pytest.fixture(scope="module")
def apart() -> Iterator[ProcessPoolExecutor]:
    """A process without all the tests: it forks in a fifth of the time."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@needs_root
@pytest.mark.parametrize("owner", [0, MONITOR], ids=["roots folder", "own folder"])
@pytest.mark.parametrize("name", moments.STEPS)
def test_no_moment_leads_root_astray(
    name: str, owner: int, apart: ProcessPoolExecutor
) -> None:
    """To a file of root's, to a new one in a folder of root's, or a hard link."""
    apart.submit(moments.at_every_moment, name, owner).result()


@needs_root
def test_no_look_at_the_token_leads_root_astray(apart: ProcessPoolExecutor) -> None:
    """A path resolved twice would: it is looked at again after it was judged."""
    apart.submit(moments.at_every_look_at_the_token).result()


@needs_root
def test_what_is_opened_is_not_what_a_link_names() -> None:
    """A file became one between the look and the opening."""
    with stage(0, "e.token") as place:
        flip = moments.Moment(
            1, moments.link(place, "e.token", place.roots / "e.token")
        )

        def hook(event: str, _arguments: object) -> None:
            if event == "open" and os.getpid() == child:
                flip(event, ())

        child = os.getpid()
        moments.prepare(place)
        with Folder(place.shared) as folder:
            sys.addaudithook(hook)
            with pytest.raises(OSError, match=r"e\.token") as caught:
                folder.read("e.token", 99)
        child = 0
        assert caught.value.errno == errno.ELOOP
