"""One monitor per port file, seen by real processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nutbridge.errors import EX_TEMPFAIL, LockHeld, PortFileError
from nutbridge.system.lock import Owner, PortLock

HOLD = """
import subprocess, sys
from pathlib import Path
from nutbridge.system.lock import PortLock
lock = PortLock(Path(sys.argv[1]))
lock.acquire()
if sys.argv[2:]:
    # A child that outlives us, given every inheritable handle there is.
    child = subprocess.Popen([sys.executable, "-c", "input()"], close_fds=False)
    print(child.pid, flush=True)
print("held", flush=True)
sys.stdin.read()
"""
NOBODY = 65534
root_only = pytest.mark.skipif(
    os.geteuid() != 0, reason="becomes other users, which only root may; run as root"
)


@contextmanager
def holder(path: Path, *extra: str) -> Iterator["subprocess.Popen[str]"]:
    """Run another process that holds the lock of ``path``."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *extra],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_lock(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"


@contextmanager
def as_user(uid: int) -> Iterator[None]:
    """Become another user for file access."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users reach; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="nutbridge-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def port_file(tmp_path: Path) -> Path:
    return tmp_path / "home.dev"


def test_second_process_is_refused_and_told_the_pid(port_file: Path) -> None:
    with holder(port_file) as process:
        wait_for_lock(process)
        with pytest.raises(LockHeld) as caught:
            PortLock(port_file).acquire()
        assert caught.value.pid == process.pid
        assert caught.value.path == str(port_file)
        assert caught.value.exit_code == EX_TEMPFAIL
        assert str(process.pid) in str(caught.value)


def test_owner_reports_without_taking(port_file: Path) -> None:
    lock = PortLock(port_file)
    assert lock.owner() is None
    with holder(port_file) as process:
        wait_for_lock(process)
        assert lock.owner() == Owner(process.pid)
    assert lock.owner() is None
    assert not lock.held


def test_kill_frees_the_lock_at_once(port_file: Path) -> None:
    """SIGKILL leaves the file with the dead owner's pid, and no lock."""
    with holder(port_file) as process:
        wait_for_lock(process)
        process.kill()
        process.wait()
        lock = PortLock(port_file)
        assert lock.path.read_text() == f"{process.pid}\n"
        assert lock.owner() is None
        lock.acquire()
        assert lock.path.read_text() == f"{os.getpid()}\n"
        lock.release()


def test_child_does_not_inherit_the_lock(port_file: Path) -> None:
    with holder(port_file, "with a child") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        wait_for_lock(process)
        process.kill()
        process.wait()
        # The child lives: its end of stdin is ours and still open.
        os.kill(child, 0)
        PortLock(port_file).acquire()
        os.kill(child, 9)


def test_two_locks_of_one_process_meet(port_file: Path) -> None:
    first = PortLock(port_file)
    first.acquire()
    first.acquire()  # again by the owner: nothing happens
    assert first.held
    assert first.owner() == Owner(os.getpid())
    with pytest.raises(LockHeld):
        PortLock(port_file).acquire()
    first.release()
    first.release()
    second = PortLock(port_file)
    second.acquire()
    second.release()


def test_release_forgets_the_pid_and_keeps_the_file(port_file: Path) -> None:
    lock = PortLock(port_file)
    lock.acquire()
    lock.release()
    assert lock.path.read_text() == ""
    assert lock.path.stat().st_mode & 0o777 == 0o660


def test_links_and_folders_lead_to_one_lock(tmp_path: Path) -> None:
    """Two configs that reach one port file by different names share the lock."""
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "folder").symlink_to(real)
    (tmp_path / "other.dev").symlink_to(real / "home.dev")
    lock = PortLock(real / "home.dev")
    lock.acquire()
    for name in ("folder/home.dev", "other.dev", "real/../real/home.dev"):
        with pytest.raises(LockHeld):
            PortLock(tmp_path / name).acquire()
    lock.release()


def test_probe_does_not_shut_out_a_start(port_file: Path) -> None:
    """Somebody who asks for the owner all the time delays a start, no more."""
    lock = PortLock(port_file)
    lock.acquire()
    lock.release()
    probe = (
        "import sys; from pathlib import Path\n"
        "from nutbridge.system.lock import PortLock\n"
        "lock = PortLock(Path(sys.argv[1]))\n"
        "print('held', flush=True)\n"
        "while True: lock.owner()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", probe, str(port_file)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            wait_for_lock(process)
            # Enough to meet the probe: with a single try, 10 runs out of 10 failed.
            for _ in range(300):
                lock.acquire()
                lock.release()
        finally:
            process.kill()


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(PortFileError, match="No such file"):
        PortLock(tmp_path / "gone" / "home.dev").acquire()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_odd_thing_in_place_of_the_lock_file(port_file: Path, kind: str) -> None:
    """Neither followed nor waited for."""
    lock = PortLock(port_file)
    target = port_file.with_name("secret")
    target.write_text("keep")
    if kind == "folder":
        lock.path.mkdir()
    elif kind == "pipe":
        os.mkfifo(lock.path)
    else:
        lock.path.symlink_to(target)
    with pytest.raises(PortFileError):
        lock.acquire()
    with pytest.raises(PortFileError):
        lock.owner()
    assert target.read_text() == "keep"


@root_only
def test_folder_that_is_not_writable(open_folder: Path) -> None:
    lock = PortLock(open_folder / "home.dev")
    with as_user(NOBODY), pytest.raises(PortFileError, match="Permission denied"):
        lock.acquire()


@root_only
def test_lock_made_by_root_serves_the_folders_owner(open_folder: Path) -> None:
    """``enphase-monitor -s`` by hand as root comes before the service's start."""
    os.chown(open_folder, NOBODY, NOBODY)
    first = PortLock(open_folder / "home.dev")
    first.acquire()
    first.release()
    with as_user(NOBODY):
        second = PortLock(first.port_file)
        second.acquire()
        assert second.path.read_text() == f"{os.getpid()}\n"
        second.release()


@root_only
def test_lock_file_for_reading_only_still_locks(open_folder: Path) -> None:
    lock = PortLock(open_folder / "home.dev")
    lock.path.write_text("")
    lock.path.chmod(0o644)
    with as_user(NOBODY):
        lock.acquire()
        with pytest.raises(LockHeld) as caught:
            PortLock(lock.port_file).acquire()
    assert caught.value.pid is None
    assert "another process" in str(caught.value)
    lock.release()
