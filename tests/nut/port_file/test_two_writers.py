"""The monitor and `nutbridge set` write one port file: an OB is never lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.nut import port_file
from nutbridge.nut.port_file import PortFile
from nutbridge.system.clock import SystemClock
from nutbridge.system.lock import writing
from tests.nut.harness import wait_until

OL, OB = b"battery.charge.low: 20\nups.status: OL\n", b"ups.status: OB\n"

#: A tool that is stopped by somebody right before its rename.
STOPPED = """
import os, signal, sys
from pathlib import Path
from nutbridge.nut.port_file import PortFile
from nutbridge.system.clock import SystemClock

port = PortFile(Path(sys.argv[1]), SystemClock())
seen, inner = port.signature(), port._signature

def last_look(folder):
    found = inner(folder)
    os.kill(os.getpid(), signal.SIGSTOP)
    return found

port._signature = last_look
print(port.edit(b"battery.charge.low: 30\\nups.status: OL\\n", seen))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "home.dev"
    found.write_bytes(OL)
    return found


def test_tool_stopped_before_its_rename_cannot_undo_an_ob(path: Path) -> None:
    """A rename of yesterday's OL over a fresh OB must be impossible."""
    tool = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        state = Path(f"/proc/{tool.pid}/stat")
        wait_until(lambda: ") T " in state.read_text(), 60, "the tool stopped")
        assert PortFile(path, SystemClock()).write(OB)
        os.kill(tool.pid, signal.SIGCONT)
        said, _ = tool.communicate(timeout=60)
    finally:
        tool.kill()
    assert said == "False\n"
    assert path.read_bytes() == OB
    assert sorted(os.listdir(path.parent)) == [".home.dev.spare", "home.dev"]


def test_monitor_waits_for_a_tool_but_not_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_file, "MONITOR_WAITS_S", 0.05)
    port = PortFile(path, SystemClock())
    with writing(path.parent, 1.0) as held:
        assert held
        assert port.write(OB)
        assert port.hide()


def test_tool_waits_for_the_monitor_and_gives_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_file, "TOOL_WAITS_S", 0.05)
    port = PortFile(path, SystemClock())
    seen = port.signature()
    assert seen is not None
    with writing(path.parent, 1.0):
        assert not port.edit(b"mine: 1\n", seen)
    assert port.edit(b"mine: 1\n", seen)


def test_lock_is_given_back_and_writes_nothing(path: Path) -> None:
    before = os.stat(path.parent).st_mtime_ns
    for _ in range(3):
        with writing(path.parent, 0.0) as held:
            assert held
    with writing(path.parent / "gone", 0.0) as held:
        assert not held
    assert os.stat(path.parent).st_mtime_ns == before
