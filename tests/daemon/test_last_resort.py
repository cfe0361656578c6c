"""The way out when deciding or writing fails; it shares no code with them."""

import ast
import logging
import os
from pathlib import Path

import pytest

from nutbridge.daemon import last_resort
from nutbridge.daemon.last_resort import Crashes, LastResort

OLD = b"battery.charge: 50\nmine: 1\nUPS.Status: OL\nups.status.x: OL\nups.status: OL\n"
NEW = b"battery.charge: 50\nmine: 1\nups.status: OB\n"


@pytest.fixture
def port(tmp_path: Path) -> Path:
    path = tmp_path / "home.dev"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def test_last_resort_shares_no_code() -> None:
    tree = ast.parse(Path(last_resort.__file__).read_bytes())
    modules = {
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert not [name for name in modules if name.startswith("nutbridge")]


def test_last_resort_says_ob_and_keeps_the_rest(port: Path) -> None:
    before = port.stat()
    assert LastResort(port).write("OB")
    assert port.read_bytes() == NEW
    after = port.stat()
    assert after.st_mode == before.st_mode
    assert int(after.st_mtime) > int(before.st_mtime), "the driver reads it"
    assert os.listdir(port.parent) == ["home.dev"]


def test_last_resort_is_of_another_second_on_any_file_system(
    port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XFS of old ends in 2038: what is later is all of its last second."""
    utime, last = os.utime, 2**31 - 1
    os.utime(port, (last, last))
    monkeypatch.setattr(
        os, "utime", lambda handle, times: utime(handle, (min(times[0], last),) * 2)
    )
    assert LastResort(port).write("OB")
    assert int(port.stat().st_mtime) == last - 1


def test_last_resort_says_it_once(port: Path) -> None:
    LastResort(port).write("OB")
    before = port.stat()
    assert LastResort(port).write("OB")
    assert (port.stat().st_ino, port.stat().st_mtime) == (
        before.st_ino,
        before.st_mtime,
    )
    LastResort(port).write("OB LB")
    assert port.read_bytes().endswith(b"\nups.status: OB LB\n")


def test_last_resort_shows_a_hidden_file(port: Path) -> None:
    twin = port.with_name("home.dev-nocomms")
    port.rename(twin)
    assert LastResort(port).write("OB")
    assert port.read_bytes() == NEW
    assert not twin.exists()


def test_last_resort_without_any_file_makes_one(tmp_path: Path) -> None:
    port = tmp_path / "home.dev"
    assert LastResort(port).write("OB")
    assert port.read_bytes() == b"ups.status: OB\n"
    assert port.stat().st_mode & 0o777 == 0o644


def test_last_resort_hides(port: Path) -> None:
    assert LastResort(port).hide()
    assert port.with_name("home.dev-nocomms").read_bytes() == OLD
    assert LastResort(port).hide()


def test_last_resort_that_fails_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = tmp_path / "no folder" / "home.dev"
    assert not LastResort(gone).write("OB")
    assert [r.levelname for r in caplog.records] == ["CRITICAL"]


def test_crashes_are_told_once_with_their_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    crashes = Crashes()
    for text in ("seven", "eight", b"\xff"):
        try:
            int(text) if isinstance(text, str) else text.decode()
        except ValueError as error:
            crashes.tell("asking", error)
    told = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(told) == 2
    assert told[0].exc_info is not None
