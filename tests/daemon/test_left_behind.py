"""The port file that a config has left: its old OL goes, an OB never."""

from pathlib import Path

import pytest

from nutbridge.daemon.left_behind import LeftBehind
from nutbridge.net.worker import ThreadWaiter
from nutbridge.system.clock import Clock, Host, SystemClock
from nutbridge.system.lock import PortLock
from nutbridge.ups.status.memory import Memory, ShownStatus
from nutbridge.ups.status.saved import SavedState
from tests.fakes.inside import Ahead


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.dev"
    path.write_text("ups.status: OL\n")
    return path


def look(old: Path, shown: ShownStatus, clock: Clock, boot: str | None = None) -> bool:
    """Look once; whether the file is still visible."""
    saved = SavedState(
        boot or clock.boot_id(),
        str(old),
        Memory(shown=shown, noted_at=clock.boottime()),
    )
    left_behind(old, saved, clock).look()
    return old.exists()


def left_behind(old: Path, saved: SavedState, clock: Clock) -> LeftBehind:
    return LeftBehind(saved, old.with_name("new.dev"), Host(clock, ThreadWaiter(), {}))


def test_old_ol_is_hidden(old: Path) -> None:
    assert not look(old, ShownStatus("OL", 0.0), SystemClock())


def test_ob_stays(old: Path) -> None:
    old.write_text("ups.status: OB\n")
    assert look(old, ShownStatus("OB", 0.0), SystemClock())
    assert look(old, ShownStatus("OB", 0.0), SystemClock(), boot="another")


def test_ol_after_an_ob_is_seen_before_it_goes(old: Path) -> None:
    """Upsmon would take an OB that vanishes for the end of the battery."""
    clock = Ahead()
    now = clock.boottime()
    shown = ShownStatus("OL", now - 5.0, after_outage=True)
    saved = SavedState(clock.boot_id(), str(old), Memory(shown=shown, noted_at=now))
    left = left_behind(old, saved, clock)
    left.look()
    assert old.exists()
    clock.ahead_s += 30.0
    left.look()
    assert not old.exists()


def test_file_of_another_monitor_is_left_alone(old: Path) -> None:
    lock = PortLock(old)
    lock.acquire()
    assert look(old, ShownStatus("OL", 0.0), SystemClock())
    lock.release()


def test_file_of_the_config_itself_is_none(old: Path) -> None:
    clock = SystemClock()
    saved = SavedState(clock.boot_id(), str(old), Memory())
    LeftBehind(saved, old, Host(clock, ThreadWaiter(), {})).look()
    LeftBehind(None, old, Host(clock, ThreadWaiter(), {})).look()
    LeftBehind(
        saved._replace(port_file="/no/such/folder/x.dev"),
        old,
        Host(clock, ThreadWaiter(), {}),
    ).look()
    assert old.exists()
