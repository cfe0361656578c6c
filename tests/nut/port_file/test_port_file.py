"""The one writer: what stands on disk after each step, and what it refuses."""

import os
import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from nutbridge.errors import PortFileError
from nutbridge.nut.port_file import MAX_BYTES, PortFile, PortFileName
from tests.fakes.clock import FakeClock

A = b"battery.charge: 1\nups.status: OL\n"
B = b"battery.charge: 2\nups.status: OB\n"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall_s=1000.7)


@pytest.fixture
def file(tmp_path: Path, clock: FakeClock) -> PortFile:
    return PortFile(tmp_path / "home.dev", clock)


def names(folder: Path) -> set[str]:
    """All but the room kept for a full disk."""
    return {each.name for each in folder.iterdir()} - {".home.dev.spare"}


def test_check_neither_name_says_how_to_create_it(file: PortFile) -> None:
    with pytest.raises(PortFileError, match=r"touch .*/home\.dev-nocomms "):
        file.check()
    assert names(file.real.parent) == set()
    assert file.find() is None
    assert file.signature() is None


def test_check_finds_either_name_and_the_visible_one_wins(file: PortFile) -> None:
    file.twin.write_bytes(A)
    assert file.check() is PortFileName.HIDDEN
    assert file.read() == A
    file.real.write_bytes(B)
    assert file.check() is PortFileName.VISIBLE
    assert file.find() is PortFileName.VISIBLE
    assert file.read() == B


@pytest.mark.parametrize("suffix", ["", "-nocomms"])
@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling"])
def test_check_refuses_what_is_not_a_file(
    file: PortFile, suffix: str, kind: str
) -> None:
    odd = Path(f"{file.real}{suffix}")
    if kind == "folder":
        odd.mkdir()
    elif kind == "fifo":
        os.mkfifo(odd)
    else:
        odd.symlink_to(odd.with_name("nowhere"))
    with pytest.raises(PortFileError, match="not a plain file"):
        file.check()


def test_read_does_not_wait_for_a_fifo(file: PortFile) -> None:
    os.mkfifo(file.real)
    with pytest.raises(PortFileError, match="not a plain file"):
        file.read()


def test_read_refuses_more_than_a_mebibyte(file: PortFile) -> None:
    file.real.write_bytes(b"x" * MAX_BYTES)
    assert len(file.read()) == MAX_BYTES
    file.real.write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(PortFileError, match="1 MiB"):
        file.read()


def test_sweep_removes_what_a_killed_writer_left(tmp_path: Path) -> None:
    """Odd letters in the name are no pattern; a neighbour's files stay."""
    file = PortFile(tmp_path / "home[1]", FakeClock(wall_s=1000.7))
    file.twin.write_bytes(A)
    others = {".home[1].dev.abcd1234.tmp", ".home1.abcd1234.tmp", ".home[1].tmp"}
    for name in [".home[1].abcd1234.tmp", *others]:
        (tmp_path / name).write_bytes(b"half")
    file.check()
    assert (tmp_path / ".home[1].abcd1234.tmp").exists()
    file.sweep()
    assert names(tmp_path) == {"home[1]-nocomms", *others}


def test_write_replaces_and_ends_the_hiding(file: PortFile) -> None:
    file.twin.write_bytes(A)
    assert file.write(B)
    assert names(file.real.parent) == {"home.dev"}
    assert file.real.read_bytes() == B


def test_write_dates_rise_by_a_second_whatever_the_clock_says(
    file: PortFile, clock: FakeClock
) -> None:
    """dummy-once takes two files of one second for the same file."""
    dates = []
    for wall, data in ((1000.7, A), (1000.9, B), (50.0, A), (5000.2, B), (5000.3, A)):
        clock.wall_s = wall
        file.write(data)
        dates.append(file.real.stat().st_mtime_ns / 1e9)
    assert dates == [1000, 1001, 1002, 5000, 5001]


def test_write_dates_count_from_the_file_on_disk(file: PortFile) -> None:
    file.twin.write_bytes(A)
    os.utime(file.twin, (9000.9, 9000.9))
    file.write(A)
    assert file.real.stat().st_mtime == 9001
    os.utime(file.real, (4_102_444_800, 4_102_444_800))
    file.write(B)
    assert file.real.stat().st_mtime == 4_102_444_801


@pytest.mark.parametrize(
    "kept",
    [lambda second: min(second, 2**31 - 1), lambda second: second // 2 * 2],
    ids=["ends in 2038", "two seconds"],
)
def test_no_two_files_of_one_second_on_any_file_system(
    file: PortFile,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    kept: Callable[[int], int],
) -> None:
    """XFS of old, after a clock that stood beyond; FAT. OB was never seen."""
    utime = os.utime

    def keep(handle: int, times: tuple[int, int]) -> None:
        utime(handle, (kept(times[0]), kept(times[1])))

    monkeypatch.setattr(os, "utime", keep)
    dates = []
    for wall, data in ((2.0**32, A), (2.0**32, B), (2.0**32, A), (1000.0, B)):
        clock.wall_s = wall
        assert file.write(data)
        assert file.real.read_bytes() == data
        dates.append(int(file.real.stat().st_mtime))
    again = PortFile(file.real, clock)
    clock.wall_s = 2.0**32
    for data in (A, B):
        again.write(data)
        dates.append(int(file.real.stat().st_mtime))
    assert all(date != then for date, then in pairwise(dates))


def test_write_dates_go_on_after_the_file_was_deleted(file: PortFile) -> None:
    file.write(A)
    file.real.unlink()
    file.write(A)
    assert file.real.stat().st_mtime == 1001


def test_write_equal_bytes_only_when_the_file_was_touched(file: PortFile) -> None:
    assert file.write(A) is True
    before = file.signature()
    assert file.write(A) is False
    assert file.signature() == before
    file.real.write_bytes(A)
    assert file.write(A) is True
    file.real.unlink()
    assert file.write(A) is True


def test_write_first_of_a_daemon_always_happens(file: PortFile) -> None:
    """The driver may have missed the last write of whoever wrote before."""
    file.real.write_bytes(A)
    before = file.signature()
    file.read()
    assert file.write(A) is True
    assert file.signature() != before


def test_signature_shows_foreign_changes(file: PortFile) -> None:
    file.write(A)
    first = file.signature()
    file.real.write_bytes(A)
    second = file.signature()
    file.hide()
    third = file.signature()
    assert len({first, second, third}) == 3


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666])
def test_write_keeps_mode_and_owner(file: PortFile, mode: int) -> None:
    file.twin.write_bytes(A)
    file.twin.chmod(mode)
    if os.getuid() == 0:
        os.chown(file.twin, 12345, 54321)
    old = file.twin.stat()
    file.write(B)
    new = file.real.stat()
    assert stat.S_IMODE(new.st_mode) == mode
    assert (new.st_uid, new.st_gid) == (old.st_uid, old.st_gid)


def test_write_new_file_can_be_read_by_the_driver(file: PortFile) -> None:
    file.write(A)
    assert stat.S_IMODE(file.real.stat().st_mode) == 0o644


def test_hide_and_show_again(file: PortFile) -> None:
    assert file.hide() is False
    file.write(A)
    file.twin.write_bytes(b"old")
    assert file.hide() is True
    assert names(file.real.parent) == {"home.dev-nocomms"}
    assert file.read() == A
    assert file.hide() is False
    assert file.write(A) is True
    assert names(file.real.parent) == {"home.dev"}


def test_links_are_followed_once_and_stay(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "link.dev"
    link.symlink_to("data/home.dev")
    file = PortFile(link, clock)
    file.write(A)
    file.hide()
    assert names(tmp_path / "data") == {"home.dev-nocomms"}
    file.write(B)
    assert link.is_symlink()
    assert link.read_bytes() == B


def test_write_that_fails_changes_nothing(file: PortFile) -> None:
    file.write(A)
    file.real.parent.joinpath("home.dev-nocomms").mkdir()
    with pytest.raises(PortFileError, match=r"cannot hide it: .*directory"):
        file.hide()
    assert file.real.read_bytes() == A
    gone = PortFile(file.real.parent / "nowhere" / "x.dev", FakeClock(wall_s=1000.7))
    with pytest.raises(PortFileError, match="cannot write it: No such file"):
        gone.write(A)
