"""The state file over versions: what one knows and the other does not."""

import json

from nutbridge.ups.model import Flows, Grid, GridAnswer
from nutbridge.ups.status.events import check
from nutbridge.ups.status.memory import (
    FlowMemory,
    Gap,
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
from nutbridge.ups.status.table import State


def test_state_file_of_an_older_version_still_reads() -> None:
    """What status shows besides is simply unknown there."""
    new = render(SavedState("boot", "/port", Memory()))
    added = {"noted_at", "gap_ended_at", "gap_s", "flows_at", "flow_pv_w"}
    added.add("released")
    old = {key: value for key, value in json.loads(new).items() if key not in added}
    old.pop("state")
    memory = parse(json.dumps(old).encode()).memory
    assert (memory.noted_at, memory.last_gap, memory.flow.last) == (None, None, None)
    assert memory.state is State.STARTING


def test_state_file_of_a_newer_version_reads_too() -> None:
    newer = json.loads(render(SavedState("boot", "/port", Memory())))
    newer |= {"state": "something else", "more": [1]}
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


def test_gap_is_noted_when_the_gateway_answers_again() -> None:
    relay = RelayMemory(at=100.0, grid=Grid.CLOSED)
    memory = Memory(state=State.ONLINE, controller=True, relay=relay)
    closed = GridAnswer(Grid.CLOSED, "closed")
    silent = check(memory, None, 130.0, Policy()).memory
    assert worth_saving(memory, silent), "status shows for how long it is silent"
    heard = check(silent, closed, 175.0, Policy()).memory
    assert heard.last_gap == Gap(ended_at=175.0, length_s=45.0)
    assert worth_saving(silent, heard)
    assert check(heard, closed, 185.0, Policy()).memory.last_gap == heard.last_gap


def test_gap_needs_an_answer_before_it() -> None:
    """A start without a token yet is no silence of the gateway."""
    memory = Memory(state=State.NOCOMMS, controller=True)
    silent = check(memory, None, 1.0, Policy()).memory
    closed = GridAnswer(Grid.CLOSED, "closed")
    assert check(silent, closed, 2.0, Policy()).memory.last_gap is None
