"""Replacing a file as a whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.errors import PortFileError
from nutbridge.nut.port_file import PortFile
from nutbridge.simulator.tokens import make_token
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.clock import SystemClock
from nutbridge.system.files import (
    Access,
    ChangedError,
    Folder,
    owner_for,
    replace_file,
)

NOBODY = 65534
ROOT = Path(__file__).parents[2]

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root gives files away; run as root to see it"
)


def test_new_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "token"
    replace_file(path, b"x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"old")
    with Folder(tmp_path) as folder, pytest.raises(ChangedError):
        folder.replace("token", b"new", still=lambda: False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@needs_root
def test_what_root_writes_belongs_to_the_monitors_user(tmp_path: Path) -> None:
    """Else a check by hand would leave a state file the daemon cannot read."""
    port = tmp_path / "home.dev"
    port.touch()
    os.chown(port, NOBODY, NOBODY)
    path = tmp_path / "state"
    replace_file(path, b"x", access=Access(owner=owner_for(port)))
    found = path.stat()
    assert (found.st_uid, found.st_gid) == (NOBODY, NOBODY)
    assert found.st_mode & 0o777 == 0o600


def test_owner_of_a_missing_file_is_nobodys_business(tmp_path: Path) -> None:
    assert owner_for(tmp_path / "gone") is None


FULL_DISK = """
import sys
from pathlib import Path
from nutbridge.system.clock import SystemClock
from nutbridge.nut.port_file import PortFile

folder = Path(sys.argv[1])
port = PortFile(folder / "home.dev", SystemClock())
port.write(b"ups.status: OL\\n")
filler = (folder / "filler").open("wb", buffering=0)
try:
    while True:
        filler.write(b"x" * 4096)
except OSError:
    pass
port.write(b"x" * 3000 + b"\\nups.status: OB\\n")
print(port.read()[-15:].decode(), port.find())
"""


@needs_root
def test_full_disk_still_takes_one_status(tmp_path: Path) -> None:
    """A disk that filled up on line: OB is written into the spare file."""
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-c"),
            'mount -t tmpfs -o size=96k none "$1" && exec "$2" -c "$3" "$1"',
            *("sh", str(tmp_path), sys.executable, FULL_DISK),
        ],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "ups.status: OB\n visible\n"


@needs_root
def test_root_follows_no_link_of_another_user(tmp_path: Path) -> None:
    """The monitor's user could else have any file of the system replaced."""
    precious = tmp_path / "shadow"
    precious.write_bytes(b"root's")
    link = tmp_path / "link"
    link.symlink_to(precious)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="link of another user"):
        TokenStore(link, None).store(make_token("122000000001", 2e9))
    with pytest.raises(PortFileError, match="link of another user"):
        PortFile(link, SystemClock()).check()
    assert precious.read_bytes() == b"root's"
