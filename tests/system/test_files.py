"""Replacing a file as a whole."""

import os
from pathlib import Path

import pytest

from nutbridge.files import Access, owner_for, replace_file

NOBODY = 65534

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
    with pytest.raises(OSError, match="No such file"):
        replace_file(path, b"new", access=tmp_path / "gone")
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
