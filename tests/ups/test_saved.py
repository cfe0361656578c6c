"""The state file over versions: what one knows and the other does not."""

import json

import pytest

from nutbridge.ups.model import Flows, Grid, Heard, Said
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.events import check
from nutbridge.ups.status.memory import (
    SLOTS,
    BatteryMemory,
    Charge,
    FlowMemory,
    Gap,
    LoadHistory,
    Memory,
    RelayMemory,
)
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.saved import (
    SavedState,
    parse,
    render,
    worth_saving,
)
from nutbridge.ups.status.start import StartupState, recall
from nutbridge.ups.status.table import State
from tests.ups.build import KNOWN

SILENT, CLOSED = Heard(Said.SILENT), Heard(Said.CLOSED)

#: As version 1 wrote it, in an outage (the landed release).
VERSION_1 = {
    "version": 1,
    "boot_id": "boot",
    "port_file": "/var/lib/nut/home.dev",
    "state": "holding",
    "status": "OB LB",
    "status_since": 900.0,
    "after_outage": False,
    "relay_at": 1000.0,
    "relay": "open",
    "silent_since": 1010.0,
    "outage_since": 900.0,
    "generator_since": 950.5,
    "controller": True,
    "collar": False,
    "backup_mode": True,
    "hidden_at_stop": False,
    "released": False,
    "battery_fitted": True,
    "capacity_wh": 10000.0,
    "floor_pct": 10.0,
    "soc_at": 990.0,
    "soc_pct": 18.0,
    "drained_wh": 12.5,
    "drained_at": 1020.0,
    "load_w": 950.0,
    "load_at": 990.0,
    "discharge_w": [[970.0, 800.0], [990.0, 900.0]],
    "low": True,
    "noted_at": 1021.0,
    "gap_ended_at": 500.0,
    "gap_s": 45.0,
    "flows_at": 990.0,
    "flow_load_w": 950.0,
    "flow_battery_w": 900.0,
    "flow_grid_w": None,
    "flow_pv_w": 50.0,
    "next_login_epoch": 1.8e9,
    "failed_logins": 3,
    "config": "c",
}


def test_state_file_of_version_1_reads_whole() -> None:
    """An update in the middle of an outage: the OB stays vouched for."""
    saved = parse(json.dumps(VERSION_1).encode())
    assert (saved.boot_id, saved.next_login_epoch, saved.config) == ("boot", 1.8e9, "c")
    assert saved.memory == KNOWN._replace(
        noted_at=1021.0,
        last_gap=Gap(500.0, 45.0),
        flow=KNOWN.flow._replace(last=Flows(990.0, 950.0, 900.0, None, 50.0)),
    )


def test_state_file_of_version_1_that_knew_nothing() -> None:
    """Nulls for all that may be unknown, and the keys of an even older one."""
    words = ("version", "boot_id", "port_file", "status", "config")
    empty = {key: value if key in words else None for key, value in VERSION_1.items()}
    empty |= {"discharge_w": [], "status": ""}
    assert parse(json.dumps(empty).encode()).memory == Memory()
    bare = {key: VERSION_1[key] for key in words}
    assert parse(json.dumps(bare).encode()).memory.shown.status == "OB LB"


@pytest.mark.parametrize(
    ("key", "odd"),
    [("soc_pct", "18"), ("relay", "ajar"), ("discharge_w", [[1.0]]), ("low", 1)],
)
def test_state_file_of_version_1_with_odd_values_is_worthless(
    key: str, odd: object
) -> None:
    with pytest.raises(SnapshotError):
        parse(json.dumps({**VERSION_1, key: odd}).encode())


def test_state_file_of_a_newer_version_reads_too() -> None:
    newer = json.loads(render(SavedState("boot", "/port", Memory())))
    newer["more"] = [1]
    newer["memory"] |= {"state": "something else", "more": [1]}
    assert parse(json.dumps(newer).encode()).memory.state is State.STARTING


def test_state_file_keeps_what_status_shows() -> None:
    memory = Memory(
        state=State.HOLDING,
        released=True,
        noted_at=7.0,
        last_gap=Gap(5.0, 45.0),
        flow=FlowMemory(last=Flows(4.0, 734.0, 700.0, None, 0.0)),
    )
    assert parse(render(SavedState("boot", "/port", memory))).memory == memory


def read_again(state: State, soc_pct: float) -> tuple[Memory, Memory]:
    """Return a memory before and after a reading that follows one of 80 %."""
    first = BatteryMemory(charge=Charge(100.0, 80.0))
    then = BatteryMemory(charge=Charge(105.0, soc_pct))
    return Memory(state=state, battery=first), Memory(state=state, battery=then)


def test_same_charge_on_line_is_saved_with_each_usual_full_poll() -> None:
    before, after = read_again(State.ONLINE, 80.0)
    assert not worth_saving(before, after, 5.0), "POLLFREQ=5: not every 5 s"
    assert worth_saving(before, after, Policy().pollfreq_s - 1.0)


@pytest.mark.parametrize("state", [State.ON_BATTERY, State.HOLDING])
def test_each_reading_of_an_outage_is_saved(state: State) -> None:
    """From the last one the charge is reckoned, over a restart too."""
    assert worth_saving(*read_again(state, 80.0), 1.0)


def test_another_charge_is_saved_at_once() -> None:
    assert worth_saving(*read_again(State.ONLINE, 79.0), 1.0)
    before, _ = read_again(State.ONLINE, 80.0)
    nothing = Memory(state=State.ONLINE)
    assert worth_saving(nothing, before, 1.0)
    assert worth_saving(before, nothing, 1.0)
    assert not worth_saving(nothing, nothing)


def test_gap_is_noted_when_the_gateway_answers_again() -> None:
    relay = RelayMemory(at=100.0, grid=Grid.CLOSED)
    memory = Memory(state=State.ONLINE, controller=True, relay=relay)
    silent = check(memory, SILENT, 130.0, Policy()).memory
    assert worth_saving(memory, silent), "status shows for how long it is silent"
    heard = check(silent, CLOSED, 175.0, Policy()).memory
    assert heard.last_gap == Gap(ended_at=175.0, length_s=45.0)
    assert worth_saving(silent, heard)
    assert check(heard, CLOSED, 185.0, Policy()).memory.last_gap == heard.last_gap


def test_gap_needs_an_answer_before_it() -> None:
    """A start without a token yet is no silence of the gateway."""
    memory = Memory(state=State.NOCOMMS, controller=True)
    silent = check(memory, SILENT, 1.0, Policy()).memory
    assert check(silent, CLOSED, 2.0, Policy()).memory.last_gap is None


def test_state_file_keeps_what_the_house_drew() -> None:
    """A restart in an outage reckons on with the hours before it."""
    past = LoadHistory(tuple(float(w) for w in range(SLOTS)), 990.0, 734.5, 4)
    memory = Memory(state=State.HOLDING, flow=FlowMemory(past=past))
    data = render(SavedState("boot", "/port", memory))
    assert parse(data).memory.flow.past == past
    assert len(data) < 5000


def test_another_boot_keeps_what_the_house_drew_without_its_times() -> None:
    past = LoadHistory((500.0, 600.0), 990.0, 700.0, 4)
    saved = Memory(
        flow=FlowMemory(past=past, samples=((980.0, 700.0),)),
        battery=BatteryMemory(listed_wh=5000.0, zero_at=900.0),
    )
    found = StartupState("OL", written_this_boot=False, driver_runs=False)
    memory = recall(saved, found, 8.0)
    assert memory.flow == FlowMemory(past=LoadHistory((500.0, 600.0, 700.0)))
    assert memory.battery == BatteryMemory(listed_wh=5000.0)
