"""The history of a real daemon, and what a reboot remembers of the house."""

import contextlib
import stat
from pathlib import Path

from nutbridge.daemon.history.events import EventKind
from nutbridge.daemon.history.file import load_history
from nutbridge.daemon.history.reading import History
from nutbridge.daemon.history.recording import Recording
from nutbridge.daemon.house_store import read_house
from nutbridge.daemon.wiring import recall_house
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.enphase.paths import INVENTORY
from nutbridge.system.clock import Host
from nutbridge.ups.status.house import HouseMemory, render_house
from nutbridge.ups.status.table import State
from tests.e2e.site import UPS, Site
from tests.fakes import failures
from tests.fakes.fixtures import RunningGateway
from tests.fakes.inside import UPS as INSIDE
from tests.fakes.inside import Ahead, Inside
from tests.nut.harness import SOON_S, wait_until


def history_of(path: Path) -> History:
    with contextlib.suppress(FileNotFoundError):
        return load_history(path)
    return History()


def test_outage_of_a_daemon_is_told(known: Site) -> None:
    path = known.state / f"enphase-{UPS}.history"
    daemon = known.start()
    known.wait_status("OL")
    known.gateway.house.lose_grid()
    known.wait_status("OB")
    known.gateway.house.regain_grid()
    known.wait_status("OL")
    wait_until(
        lambda: any(each.end_seen for each in history_of(path).outages),
        SOON_S,
        "an outage in the history",
    )
    assert daemon.stop() == 0
    history = history_of(path)
    (outage,) = history.outages
    assert outage.end_seen
    assert outage.shutdown_at is None
    kinds = [event.kind for event in history.events]
    assert (kinds[0], kinds[-1]) == (EventKind.START, EventKind.STOP)
    assert not history.left_out
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    memory = read_house(known.state / f"enphase-{UPS}.memory", "")
    assert memory is not None
    assert memory.controller


def _size_wh(inside: Inside) -> float | None:
    return inside.monitor.memory.battery.capacity_wh


class Rebooted(Ahead):
    """The clock of a machine that has just started."""

    def boot_id(self) -> str:
        return "another-boot"


def test_house_outlives_a_reboot(
    standin_gateway: RunningGateway, tmp_path: Path
) -> None:
    """Size of the battery, controller and loads; no status, no charge."""
    where = (standin_gateway.host, standin_gateway.token, standin_gateway.house.serial)
    clock = Ahead()
    first = Inside(tmp_path, *where, clock=clock)
    host = Host(clock, ThreadWaiter(), {})
    recording = Recording(first.settings, first.monitor, host)
    wait_until(
        lambda: first.monitor.tick() > 0 and bool(_size_wh(first)),
        SOON_S,
        "the size of the battery",
    )
    recording.note()
    recording.end()
    first.monitor.close()
    before = first.monitor.memory
    assert before.shown.status == "OL"
    (tmp_path / f"enphase-{INSIDE}.state").unlink()  # /run is empty

    second = Inside(tmp_path, *where, clock=Rebooted())
    found = second.monitor.memory
    assert found.battery.capacity_wh is None
    assert found.state is State.NOCOMMS
    assert recall_house(second.settings, second.parts) is not None
    memory = second.monitor.memory
    assert memory.battery.capacity_wh == before.battery.capacity_wh
    assert memory.controller
    assert memory.flow.past.slots_w == before.flow.past.slots_w
    assert memory.battery.charge is None
    assert (memory.state, memory.shown) == (found.state, found.shown)
    assert memory.outage_since is None
    second.monitor.discard()


def test_collar_outlives_a_reboot(
    standin_gateway: RunningGateway, tmp_path: Path
) -> None:
    """Booted in an outage: the relay behind a Collar says closed, the rest is away."""
    where = (standin_gateway.host, standin_gateway.token, standin_gateway.house.serial)
    seen = HouseMemory(where[2], controller=True, collar=True, backup_mode=True)
    (tmp_path / f"enphase-{INSIDE}.memory").write_bytes(render_house(seen))
    standin_gateway.faults.always(failures.status(503), INVENTORY)
    booted = Inside(tmp_path, *where)
    assert recall_house(booted.settings, booted.parts) is not None
    booted.monitor.tick()
    assert not booted.visible
    booted.monitor.discard()
