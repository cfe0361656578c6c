"""A person's word counts for a while, in this boot, and from nobody else."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.system.clock import SystemClock
from nutbridge.system.release_request import COUNTS_S, ReleaseRequest
from tests.sim.clock import SimClock


def test_wish_counts_for_this_boot_and_a_while(tmp_path: Path) -> None:
    clock = SimClock()
    clock.advance(5000)
    wish = ReleaseRequest(tmp_path / "home.dev", clock)
    assert not wish.there()
    wish.make()
    assert wish.there()
    assert not wish.holds(needed=False), "not needed: taken away"
    assert not wish.there()
    wish.make()
    clock.advance(COUNTS_S + 1)
    assert not wish.there()
    wish.make()
    clock.reboot()
    clock.advance(5001)
    assert not wish.there()


@pytest.mark.parametrize("text", ["", "x", "boot nan", "\x00" * 500, "a b c"])
def test_wish_of_nonsense_does_not_count(tmp_path: Path, text: str) -> None:
    wish = ReleaseRequest(tmp_path / "home.dev", SystemClock())
    wish.path.write_text(text)
    assert not wish.there()


def test_wish_through_a_link_does_not_count(tmp_path: Path) -> None:
    wish = ReleaseRequest(tmp_path / "home.dev", SystemClock())
    wish.make()
    moved = wish.path.rename(tmp_path / "elsewhere")
    wish.path.symlink_to(moved)
    assert not wish.there()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away; run as root")
def test_wish_of_a_stranger_does_not_count(tmp_path: Path) -> None:
    wish = ReleaseRequest(tmp_path / "home.dev", SystemClock())
    wish.make()
    assert wish.there()
    os.chown(wish.path, 65534, 65534)
    assert not wish.there()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others; run as root")
def test_wish_of_root_counts_for_any_monitor() -> None:
    """Whoever owns the port file: the monitor may run as root or as another user."""
    folder = Path(tempfile.mkdtemp(prefix="wish-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        wish = ReleaseRequest(folder / "home.dev", SystemClock())
        wish.make()
        assert wish.there()
        os.seteuid(65534)
        try:
            assert wish.there()
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_wish_that_is_no_file_does_not_count(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """A pipe must not hang the monitor."""
    wish = ReleaseRequest(tmp_path / "home.dev", SystemClock())
    make(wish.path)
    assert not wish.there()
