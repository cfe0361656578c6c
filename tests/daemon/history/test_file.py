"""The file of the history: whole lines, a cap, and who may read it."""

import errno
import os
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from nutbridge.daemon.history import file
from nutbridge.daemon.history.file import append, load_history, thinned
from nutbridge.daemon.history.points import render_point
from nutbridge.system.rights import NotPlainError
from tests.daemon.history.build import DAY, lines, outage_points, point

KILLS = 1000
WRITER = Path(__file__).with_name("killed_history.py")
CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "enphase-home.history"


@pytest.mark.slow(10)
def test_history_is_whole_after_1000_kills(path: Path) -> None:
    """SIGKILL at random moments: no half line, and no line that was written is gone."""
    done = subprocess.run(
        [sys.executable, str(WRITER), str(path), str(KILLS), "20261129"],
        cwd=CHECKOUT,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    whole, missing, rooms, largest, names = map(int, done.stdout.split())
    assert (whole, missing, names) == (KILLS, 0, 1)
    assert rooms > 5
    assert largest <= 5_000


def test_new_file_is_for_the_group_that_may_read_it(path: Path) -> None:
    before = os.umask(0o077)
    try:
        append(path, b"x\n", None)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_mode_that_the_user_chose_is_kept(path: Path) -> None:
    append(path, b"x\n", None)
    path.chmod(0o600)
    append(path, b"y\n", None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"x\ny\n"


def test_half_a_line_goes_with_the_next(path: Path) -> None:
    """The machine lost its power in the middle of a write."""
    good = lines(outage_points())
    path.write_bytes(b"".join(good[:4])[:-20])
    for each in good[4:]:
        append(path, each, None)
    history = load_history(path)
    assert len(history.points) == len(good) - 1
    assert not history.left_out


def test_of_a_file_beyond_the_cap_its_end_counts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put there by other hands: it is read, and comes back below the cap."""
    good = lines(outage_points())
    monkeypatch.setattr(file, "CAP_BYTES", len(b"".join(good)) + 50)
    monkeypatch.setattr(file, "_MOST_BYTES", 100_000)
    path.write_bytes(b"x" * 200_000 + b"\n" + b"".join(good))
    history = load_history(path)
    assert len(history.points) == len(good)
    assert history.left_out[0].startswith("left out: all but the newest")
    append(path, good[-1], None)
    assert path.stat().st_size <= file.CAP_BYTES
    assert load_history(path).points[-1] == history.points[-1]


def test_full_disk_leaves_no_half_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes ten bytes more."""
    append(path, b"first\n", None)
    inner = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: inner(fd, data[:10], at))
    with pytest.raises(OSError, match="No space") as caught:
        append(path, b"a line of more than ten bytes\n", None)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"first\n"


def test_cap_keeps_changes_and_the_newer_half(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "CAP_BYTES", 30_000)
    for number in range(1000):
        append(path, render_point(point(900.0 * number, changed=number == 3)), None)
        assert path.stat().st_size <= 30_000
    points = load_history(path).points
    assert points[0].changed
    assert points[-1].up == 900 * 999
    assert len(points) > 100
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_cap_holds_where_everything_is_a_change(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "CAP_BYTES", 10_000)
    for number in range(500):
        append(path, render_point(point(float(number), changed=True)), None)
        assert path.stat().st_size <= 10_000
    assert load_history(path).points[-1].up == 499


def test_cap_holds_on_a_disk_without_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "CAP_BYTES", 1000)
    path.write_bytes(b"x" * 999 + b"\n")

    def full(*_: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        append(path, b"more\n", None)
    assert path.stat().st_size == 1000


def test_thinned_keeps_some_points_of_an_outage() -> None:
    old = lines(outage_points(minutes=90))
    kept = thinned([*old, *lines(point(9e4 + n) for n in range(200))])
    assert sum(b'"OB"' in each for each in kept) == 6


def test_thinned_time_was_watched_and_a_gap_stays_one(path: Path) -> None:
    """What went to make room was known; what nobody noted stays unknown."""
    day = [point(900.0 * n, changed=n == 0) for n in range(96)]
    outage = [
        each._replace(changed=before.status != each.status, soc_pct=50.0)
        for before, each in pairwise([day[-1], *outage_points(86400.0, minutes=90)])
    ]
    later = 86400.0 + 9 * 3600
    boot = "m1.b2"
    again = [
        point(900.0 * n, at=DAY + 2 * 86400 + 900.0 * n, origin=boot, changed=n == 0)
        for n in range(96)
    ]
    again[0] = again[0]._replace(mark="start")
    newest = [point(later + n, at=DAY + 4e5 + n, origin="m1.b3") for n in range(400)]
    whole = [*lines(day), *lines(outage), *lines(again), *lines(newest)]
    for data in (whole, thinned(whole), thinned(thinned(whole))):
        path.write_bytes(b"".join(data))
        history = load_history(path)
        assert not history.left_out
        assert [(gap.began, gap.ended) for gap in history.unwatched] == [
            (outage[-1].at, again[0].at),
            (again[-1].at, newest[0].at),
        ]
        (found,) = history.outages
        assert (found.end_seen, found.unwatched_s, found.length_s) == (True, 0, 5400)
    assert len(thinned(whole)) < len(whole) - 150


def test_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "other"
    target.write_bytes(b"")
    path.symlink_to(target)
    with pytest.raises(NotPlainError):
        append(path, b"x\n", None)
    assert target.read_bytes() == b""


def test_pipe_does_not_hang(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(NotPlainError):
        append(path, b"x\n", None)
    with pytest.raises(NotPlainError):
        load_history(path)


def test_no_history(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_history(path)
