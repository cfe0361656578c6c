"""nutbridge release beside a monitor: what it says is what the file shows."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.config.settings import Settings, state_name
from nutbridge.daemon.state_store import StateStore
from nutbridge.system.lock import PortLock
from nutbridge.tools.release import NotReleased, release
from nutbridge.ups.model import Grid
from nutbridge.ups.status.memory import Memory, RelayMemory
from nutbridge.ups.status.saved import SavedState
from tests.sim.clock import SimClock
from tests.tools.doctor.build import settings

Deed = Callable[[], object]


class Playing:
    """A waiter whose waits take no time; the first one lets the monitor act.

    Args:
        clock: passes instead.
        deed: what the monitor does.
    """

    def __init__(self, clock: SimClock, deed: Deed) -> None:
        self._clock = clock
        self._deed: Deed | None = deed

    def wait(self, seconds: float) -> bool:
        self._clock.advance(seconds)
        if self._deed is not None:
            self._deed()
            self._deed = None
        return False

    def wake(self) -> None:
        """Nobody does."""


class House:
    """A port file that says OB, kept by a monitor; the gateway is dead."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "home.dev"
        self.clock = SimClock()
        self.lock = PortLock(self.port)
        self.lock.acquire()
        self.settings: Settings = settings(str(self.port), f"STATE_DIR={folder}\n")
        self._state = StateStore(folder / state_name("home"))
        self.says("OB", silent=True)

    def says(self, status: str, *, silent: bool) -> None:
        """Let the file say something, and the monitor note why."""
        self.port.write_text(f"ups.status: {status}\n")
        now = self.clock.boottime()
        relay = RelayMemory(now, Grid.OPEN, silent_since=now if silent else None)
        memory = Memory(relay=relay)
        saved = SavedState(self.clock.boot_id(), os.path.realpath(self.port), memory)
        self._state.write(saved)

    def release(self, deed: Deed) -> str:
        waiter = Playing(self.clock, deed)
        return release(self.settings, self.clock, waiter, lambda _stage, _s: None)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    # A machine with a monitor of its own has the unit's folder.
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    return House(tmp_path)


def test_release_that_the_gateway_ends(house: House) -> None:
    ended = house.release(lambda: house.says("OL", silent=False))
    assert ended == "OL: the gateway answers again"


def test_release_that_a_monitor_does_not_end(house: House) -> None:
    """It hangs: the OL that nobody hides must not be called an answer."""
    with pytest.raises(NotReleased, match="still says OL"):
        house.release(lambda: house.says("OL", silent=True))


def test_release_whose_monitor_is_gone(house: House) -> None:
    def die() -> None:
        house.says("OL", silent=False)
        house.lock.release()

    with pytest.raises(NotReleased, match="start enphase-monitor@home"):
        house.release(die)
