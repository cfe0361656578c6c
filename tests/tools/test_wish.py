"""A person's word counts for a while, in this boot, and from nobody else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.clock import SystemClock
from nutbridge.wish import COUNTS_S, Wish
from tests.sim.clock import SimClock


def test_wish_counts_for_this_boot_and_a_while(tmp_path: Path) -> None:
    clock = SimClock()
    clock.advance(5000)
    wish = Wish(tmp_path / "home.dev", clock)
    assert not wish.there()
    wish.make(None)
    assert wish.there()
    assert not wish.holds(needed=False), "not needed: taken away"
    assert not wish.there()
    wish.make(None)
    clock.advance(COUNTS_S + 1)
    assert not wish.there()
    wish.make(None)
    clock.reboot()
    clock.advance(5001)
    assert not wish.there()


@pytest.mark.parametrize("text", ["", "x", "boot nan", "\x00" * 500, "a b c"])
def test_wish_of_nonsense_does_not_count(tmp_path: Path, text: str) -> None:
    wish = Wish(tmp_path / "home.dev", SystemClock())
    wish.path.write_text(text)
    assert not wish.there()


def test_wish_through_a_link_does_not_count(tmp_path: Path) -> None:
    wish = Wish(tmp_path / "home.dev", SystemClock())
    wish.make(None)
    moved = wish.path.rename(tmp_path / "elsewhere")
    wish.path.symlink_to(moved)
    assert not wish.there()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away; run as root")
def test_wish_of_a_stranger_does_not_count(tmp_path: Path) -> None:
    wish = Wish(tmp_path / "home.dev", SystemClock())
    wish.make((65534, 65534))
    assert not wish.there()
    wish.make((os.geteuid(), os.getegid()))
    assert wish.there()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_wish_that_is_no_file_does_not_count(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """A pipe must not hang the monitor."""
    wish = Wish(tmp_path / "home.dev", SystemClock())
    make(wish.path)
    assert not wish.there()
