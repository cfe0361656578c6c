"""All files of a plan, or none."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.errors import ConfigError
from nutbridge.tools.setup.files import Disk, SetupFailed, find_account
from nutbridge.tools.setup.plan import Change, Who


def change(path: str, data: bytes | None, before: bytes | None = None) -> Change:
    return Change(path, data, 0o755 if data is None else 0o640, Who.KEEP, "x", before)


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b"/"
        for path in root.rglob("*")
    }


def test_all_are_written_with_their_modes(tmp_path: Path) -> None:
    disk = Disk(str(tmp_path))
    (tmp_path / "old").write_bytes(b"1")
    (tmp_path / "old").chmod(0o604)
    disk.apply(
        (change("/f", None), change("/f/new", b"2"), change("/old", b"3", b"1")), None
    )
    assert content(tmp_path) == {"f": b"/", "f/new": b"2", "old": b"3"}
    assert stat.S_IMODE((tmp_path / "f/new").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o604


def test_link_stays_a_link(tmp_path: Path) -> None:
    """Config management often links ups.conf."""
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "ups.conf").symlink_to("real")
    Disk(str(tmp_path)).apply((change("/ups.conf", b"2", b"1"),), None)
    assert (tmp_path / "ups.conf").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2"


@pytest.mark.parametrize("target", ["theirs", "nothing"])
def test_link_among_the_monitors_files_is_not_followed(
    tmp_path: Path, target: str
) -> None:
    """Its user could have it lead to any file of root's, or to a new one."""
    (tmp_path / "theirs").write_bytes(b"1")
    (tmp_path / "token").symlink_to(target)
    before = b"1" if target == "theirs" else None
    token = Change("/token", b"2", 0o600, Who.MONITOR, "x", before)
    Disk(str(tmp_path)).apply((token,), None)
    assert content(tmp_path) == {"theirs": b"1", "token": b"2"}


@pytest.mark.parametrize(
    "last",
    [
        change("/none/x", b"1"),
        change("/old", b"4", before=b"something else"),
        change("/f", None),
    ],
)
def test_failure_puts_everything_back(tmp_path: Path, last: Change) -> None:
    (tmp_path / "old").write_bytes(b"1")
    (tmp_path / "old").chmod(0o604)
    before = content(tmp_path)
    steps = [change("/f", None), change("/f/new", b"2"), change("/other", b"3")]
    if last.path != "/old":
        steps.append(change("/old", b"3", b"1"))
    with pytest.raises(SetupFailed) as caught:
        Disk(str(tmp_path)).apply((*steps, last), None)
    assert last.path in str(caught.value)
    assert content(tmp_path) == before
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o604


def test_interrupted_while_writing_puts_everything_back(tmp_path: Path) -> None:
    """^C before the last file: what was written before it goes again."""
    program = f"""
import os, signal, sys
from nutbridge.tools.setup.files import Disk
from nutbridge.tools.setup.plan import Change, Who
def steps():
    yield Change("/f", None, 0o755, Who.KEEP, "x")
    yield Change("/f/new", b"2", 0o640, Who.KEEP, "x")
    os.kill(os.getpid(), signal.SIGINT)
    yield Change("/never", b"2", 0o640, Who.KEEP, "x")
Disk({str(tmp_path)!r}).apply(steps(), None)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == -signal.SIGINT
    assert content(tmp_path) == {}


def test_what_a_killed_setup_left_goes(tmp_path: Path) -> None:
    """It may hold the password; what is the monitor's own, the monitor removes."""
    left = tmp_path / ".home.conf.abcd1234.tmp"
    others = tmp_path / ".home.conf.swp", tmp_path / ".home.token.abcd1234.tmp"
    for path in (left, *others):
        path.write_bytes(b"x")
    token = Change("/home.token", b"1", 0o600, Who.MONITOR, "x")
    Disk(str(tmp_path)).apply((change("/home.conf", b"1"), token), None)
    names = {"home.conf", "home.token", *(path.name for path in others)}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_see(tmp_path: Path) -> None:
    disk = Disk(str(tmp_path))
    assert disk.see("/none") is None
    (tmp_path / "file").write_bytes(b"x")
    seen = disk.see("/file")
    assert seen is not None
    assert seen.data == b"x"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge").write_bytes(b" " * (2 << 20))
    for name in ("/pipe", "/folder", "/huge"):
        with pytest.raises(ConfigError):
            disk.see(name)


def test_account_of_nobody() -> None:
    assert find_account("no-such-user") is None
