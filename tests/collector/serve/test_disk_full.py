"""No room on the disk: nothing is acknowledged or passed on, and it passes."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.serve.collector import Collector, collector
from tests.collector.serve.reports import report_body
from tests.collector.serve.upstream import Enphase, wait_for


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip(
            "cannot mount a small tmpfs; run the tests as root on a machine that may "
            "mount (test_files_that_cannot_grow shows nearly the same)"
        )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(running: Collector, enphase: Enphase) -> int:
    """Send reports until one is refused; return how many were taken."""
    for number in range(200):
        got = running.post(report_body(number, panels=30))
        if got.status != 200:
            assert got.status == 503
            assert len(enphase.got) == number
            return number
    raise AssertionError("the disk does not fill")


def settled(running: Collector, taken: int, after: int) -> bool:
    """Tell whether all that was taken is there, and nothing waits to be parsed."""
    states = running.rows("SELECT parse_state, count(*) FROM raw GROUP BY 1")
    ((noted,),) = running.rows("SELECT count(*) FROM answer WHERE status = 200")
    # The answer to the last one may have found no room.
    return [state for state, _ in states] == ["parsed"] and noted >= taken + after - 1


def test_disk_full_and_room_again(small_disk: Path, enphase: Enphase) -> None:
    options = ("--upstream", enphase.url, "--rate-limit", "off")
    with collector(small_disk, *options) as running:
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(1_500_000))
        taken = fill(running, enphase)
        # One like the last may find room again: SQLite begins its log anew meanwhile.
        assert running.post(report_body(500, panels=2000)).status == 503
        assert running.get("/healthz").status == 503
        ballast.unlink()
        assert running.post(report_body(501)).status == 200
        assert running.get("/healthz").status == 200
        wait_for(lambda: settled(running, taken, 1))
        running.says("database", 2)


def test_strangers_are_refused_before_the_disk_is_full(
    small_disk: Path, enphase: Enphase
) -> None:
    """What is left is for the Envoys that were here before."""
    with collector(small_disk, "--upstream", enphase.url) as running:
        assert running.post(report_body()).status == 200
        free = os.statvfs(small_disk)
        left = free.f_bavail * free.f_frsize - 130_000
        (small_disk / "ballast").write_bytes(bytes(left))
        assert running.post(report_body(1, serial="110000000009")).status == 507
        assert running.post(os.urandom(1000)).status == 507
        assert running.post(report_body(1)).status == 200
        assert running.count("raw") == 2
        assert running.get("/healthz").status == 200


def test_files_that_cannot_grow(tmp_path: Path, enphase: Enphase) -> None:
    """The same without root: a limit for the size of files (EFBIG)."""
    options = ("--upstream", enphase.url, "--rate-limit", "off")
    with collector(tmp_path, *options) as running:
        pid = running.process.pid
        limit = resource.RLIMIT_FSIZE
        before = resource.prlimit(pid, limit)
        assert running.post(report_body(999)).status == 200
        largest = max(file.stat().st_size for file in tmp_path.glob("reports.db*"))
        enphase.got.clear()
        resource.prlimit(pid, limit, (largest + 65536, before[1]))
        taken = fill(running, enphase)
        resource.prlimit(pid, limit, before)
        assert running.post(report_body(501)).status == 200
        wait_for(lambda: settled(running, taken, 2))
