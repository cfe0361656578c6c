"""The decision about a port file found at the start (design: Silence, Start)."""

import pytest

from nutbridge.ups.model import Grid
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.events import begin, grace_left_s, shown
from nutbridge.ups.status.memory import (
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.saved import (
    SavedState,
    parse,
    render,
    worth_saving,
)
from nutbridge.ups.status.start import StartupState, decide, inspect_port_file, recall
from nutbridge.ups.status.table import TABLE, Event, Show, State
from tests.ups.build import KNOWN


@pytest.mark.parametrize(
    ("status", "written_this_boot", "driver", "show", "state"),
    [
        ("OB", True, True, Show.WRITE, State.HOLDING),
        ("OB LB", True, False, Show.WRITE, State.HOLDING),
        ("OB LB", False, True, Show.WRITE, State.HOLDING),
        ("OB LB", False, False, Show.HIDE, State.NOCOMMS),
        ("OL", True, True, Show.KEEP, State.ONLINE),
        ("OL CHRG", True, False, Show.KEEP, State.ONLINE),
        ("OL", False, True, Show.HIDE, State.NOCOMMS),
        ("OL", False, False, Show.HIDE, State.NOCOMMS),
        ("", True, True, Show.HIDE, State.NOCOMMS),
        (None, True, True, Show.KEEP, State.NOCOMMS),
        (None, False, False, Show.KEEP, State.NOCOMMS),
    ],
)
def test_start_decision(
    status: str | None, written_this_boot: bool, driver: bool, show: Show, state: State
) -> None:
    found = StartupState(status, written_this_boot, driver)
    step = begin(recall(KNOWN, found, 2000.0), decide(found), 2000.0)
    assert step.row is TABLE[State.STARTING, decide(found)]
    assert (step.row.show, step.memory.state) == (show, state)
    assert step.memory.started_at == 2000.0


def test_start_in_the_same_boot_goes_on_with_the_outage() -> None:
    found = StartupState("OB LB", written_this_boot=True, driver_runs=True)
    memory = begin(recall(KNOWN, found, 2000.0), decide(found), 2000.0).memory
    assert memory.outage_since == KNOWN.outage_since
    assert memory.battery == KNOWN.battery
    assert memory.flow.samples == KNOWN.flow.samples


def test_start_in_another_boot_keeps_what_lasts() -> None:
    found = StartupState("OB LB", written_this_boot=False, driver_runs=True)
    memory = begin(recall(KNOWN, found, 50.0), decide(found), 50.0).memory
    assert memory.controller
    assert memory.backup_mode
    assert memory.battery.capacity_wh == 10_000.0
    assert memory.battery.charge is None
    assert memory.relay == RelayMemory()
    assert not memory.low.lb
    assert memory.outage_since == 50.0


def test_start_without_a_state_file() -> None:
    found = StartupState("OB", written_this_boot=False, driver_runs=True)
    assert recall(None, found, 50.0) == Memory(shown=ShownStatus("OB", 50.0))


def test_start_ol_never_heard_of_with_a_driver_stays_for_a_while() -> None:
    """The bash script may have written it right after an OB."""
    found = inspect_port_file(
        "OL", None, 50.0, Policy(), written_this_boot=False, driver_runs=True
    )
    step = begin(recall(None, found, 50.0), decide(found), 50.0)
    assert (step.memory.state, step.row.show) == (State.ONLINE, Show.KEEP)
    policy = Policy(nocomms_delay_s=0.0)
    assert grace_left_s(step.memory, 79.0, policy) > 0
    assert grace_left_s(step.memory, 80.0, policy) == 0


def test_start_ol_of_another_boot_is_hidden_driver_or_not() -> None:
    found = inspect_port_file(
        "OL", KNOWN, 50.0, Policy(), written_this_boot=False, driver_runs=True
    )
    assert TABLE[State.STARTING, decide(found)].show is Show.HIDE


def test_start_hidden_at_our_own_stop_is_held_on() -> None:
    """NUT restarted in an outage: the driver ended first, so we hid the OB."""
    saved = KNOWN._replace(shown=ShownStatus("", 1900.0), hidden_at_stop=True)
    found = inspect_port_file(
        None, saved, 2000.0, Policy(), written_this_boot=True, driver_runs=False
    )
    step = begin(recall(saved, found, 2000.0), decide(found), 2000.0)
    assert (step.memory.state, step.row.show) == (State.HOLDING, Show.WRITE)
    assert step.memory.outage_since == 900.0
    assert not step.memory.hidden_at_stop


def test_start_hidden_by_a_person_stays_hidden() -> None:
    """-x -x does not ask the state file: it may still say OB."""
    found = inspect_port_file(
        None, KNOWN, 2000.0, Policy(), written_this_boot=True, driver_runs=True
    )
    assert TABLE[State.STARTING, decide(found)].show is Show.KEEP


def test_start_hidden_in_another_boot_stays_hidden() -> None:
    saved = KNOWN._replace(hidden_at_stop=True)
    found = inspect_port_file(
        None, saved, 2000.0, Policy(), written_this_boot=False, driver_runs=False
    )
    assert TABLE[State.STARTING, decide(found)].show is Show.KEEP


def test_start_times_to_come_vouch_for_nothing() -> None:
    """A snapshot of the machine put back: the state file is of a later life."""
    found = inspect_port_file(
        "OB LB", KNOWN, 950.0, Policy(), written_this_boot=True, driver_runs=True
    )
    assert not found.written_this_boot
    assert recall(KNOWN, found, 950.0).battery.charge is None


def test_start_killed_between_ol_and_saving() -> None:
    """The file says OL, the state still OB: clients may not have read the OL."""
    found = StartupState("OL", written_this_boot=True, driver_runs=True)
    memory = recall(KNOWN, found, 2000.0)
    assert memory.shown == ShownStatus("OL", 2000.0, after_outage=True)


@pytest.mark.parametrize(("at_stop", "grid"), [(False, None), (True, Grid.CLOSED)])
def test_start_ob_that_could_not_be_saved(*, at_stop: bool, grid: Grid | None) -> None:
    """A full disk: the ``closed`` in the state is older than the OB in the file.

    Not where our own stop hid the file: that was saved, the answer with it.
    """
    relay = RelayMemory(at=900.0, grid=Grid.CLOSED)
    shown_as = ShownStatus("" if at_stop else "OL", 900.0)
    saved = KNOWN._replace(relay=relay, shown=shown_as, hidden_at_stop=at_stop)
    memory = recall(
        saved, StartupState("OB", written_this_boot=True, driver_runs=True), 2000.0
    )
    assert memory.relay == RelayMemory(at=900.0, grid=grid)


@pytest.mark.parametrize(
    ("delay_s", "age_s", "event"),
    [
        (300.0, 299.0, Event.FOUND_OL_OURS),
        (300.0, 300.0, Event.FOUND_OL_OLD),
        (10.0, 41.0, Event.FOUND_OL_OLD),
        (0.0, 5.0, Event.FOUND_OL_OURS),
        (0.0, 11.0, Event.FOUND_OL_OLD),
    ],
)
def test_start_ol_that_nobody_has_confirmed_for_long(
    delay_s: float, age_s: float, event: Event
) -> None:
    """A crash loop must not outlive NOCOMMS_DELAY, however often it starts."""
    relay = RelayMemory(at=1000.0, grid=Grid.CLOSED)
    saved = Memory(relay=relay, shown=ShownStatus("OL", 500.0), noted_at=1000 + age_s)
    found = inspect_port_file(
        "OL",
        saved,
        1000.0 + age_s,
        Policy(nocomms_delay_s=delay_s),
        written_this_boot=True,
        driver_runs=True,
    )
    assert decide(found) is event


@pytest.mark.parametrize(("awake_since", "old"), [(995.0, False), (500.0, True)])
def test_start_ol_after_an_outage_is_seen_before_it_goes(
    *, awake_since: float, old: bool
) -> None:
    """30 s, counted over restarts: else monitors that crash would keep it for ever."""
    saved = Memory(
        relay=RelayMemory(at=900.0, grid=Grid.CLOSED),
        shown=ShownStatus("OL", 960.0, after_outage=True),
        awake_since=awake_since,
        noted_at=995.0,
    )
    found = inspect_port_file(
        "OL",
        saved,
        1000.0,
        Policy(nocomms_delay_s=10.0),
        written_this_boot=True,
        driver_runs=True,
    )
    assert found.too_old == old


def test_start_ol_that_was_never_confirmed_is_old_in_the_end() -> None:
    """The bash script's OL, found by monitors of which none got an answer."""
    saved = Memory(shown=ShownStatus("OL", 10.0), awake_since=10.0, noted_at=400.0)
    found = inspect_port_file(
        "OL", saved, 402.0, Policy(), written_this_boot=True, driver_runs=True
    )
    assert found.too_old


def test_start_words_beside_ol_do_not_count_as_a_change() -> None:
    saved = Memory(shown=ShownStatus("OL", 100.0, after_outage=True))
    memory = recall(
        saved, StartupState("OL CHRG", written_this_boot=True, driver_runs=True), 120.0
    )
    assert memory.shown == ShownStatus("OL CHRG", 100.0, after_outage=True)


def test_shown_remembers_an_ob_before_an_ol() -> None:
    memory = shown(Memory(), "OB", 10.0)
    memory = shown(memory, "OB LB", 20.0)
    assert memory.shown.since == 10.0
    memory = shown(memory, "OL", 30.0)
    assert memory.shown == ShownStatus("OL", 30.0, after_outage=True)
    assert not shown(memory, "", 90.0).shown.after_outage


def test_saved_round_trip() -> None:
    saved = SavedState("boot", "/var/lib/nut/home.dev", KNOWN, 1.8e9, 3)
    back = parse(render(saved))
    assert (back.boot_id, back.port_file) == (saved.boot_id, saved.port_file)
    assert (back.next_login_epoch, back.failed_logins) == (1.8e9, 3)
    assert back.memory == KNOWN


def test_saved_empty_memory() -> None:
    assert parse(render(SavedState("b", "p", Memory()))).memory == Memory()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"soc_pct": 18.0', b'"soc_pct": "18"'),
        (b'"soc_pct": 18.0', b'"soc_pct": NaN'),
        (b'"soc_pct": 18.0', b'"soc_pct": 1e999'),
        (b'"soc_pct": 18.0', b'"soc_pct": true'),
        (b'"boot_id": "boot"', b'"boot_id": 7'),
        (b'"grid": "open"', b'"grid": "ajar"'),
        (b'"grid": "open"', b'"grid": ["open"]'),
        (b'"relay": {', b'"relay": 7, "was": {'),
        (b'"relay": {', b'"relay": null, "was": {'),
        (b'"controller": true', b'"controller": 1'),
        (b'"version": 2', b'"version": 3'),
        (b'"port_file": "p"', b'"port": "p"'),
        (b"[[970.0, 800.0]", b"[[970.0]"),
        (b"[[970.0, 800.0]", b"[970.0"),
        (b'"failed_logins": 3', b'"failed_logins": []'),
        (b'"failed_logins": 3', b'"failed_logins": 3' + b"0" * 400),
        (b"}", b""),
        (b"{", b"["),
        (b'"status"', b'"st\xe4tus"'),
    ],
)
def test_saved_odd_values_make_it_worthless(old: bytes, new: bytes) -> None:
    """Half a memory could vouch for a status that nobody wrote."""
    data = render(SavedState("boot", "p", KNOWN, None, 3))
    assert old in data
    with pytest.raises(SnapshotError):
        parse(data.replace(old, new, 1))


@pytest.mark.parametrize("data", [b"", b"null", b"[" * 100_000, bytes(500)])
def test_saved_garbage(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        parse(data)


def test_saved_at_what_a_restart_must_know() -> None:
    later = shown(KNOWN, "OL", 2000.0)
    assert worth_saving(KNOWN, later)
    assert not worth_saving(KNOWN, KNOWN)


def test_policy_defaults_are_those_of_the_design() -> None:
    policy = Policy()
    assert (policy.pollfreq_s, policy.alert_s, policy.relay_s) == (60, 20, 10)
    assert policy.nocomms_delay_s == 300
