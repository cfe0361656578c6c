"""The state file vouches for one port file in one boot."""

import logging
from pathlib import Path

import pytest

from nutbridge.daemon.state_store import (
    StateOwner,
    StateSession,
    StateStore,
    state_folder,
)
from nutbridge.ups.model import Grid
from nutbridge.ups.status.memory import Memory, RelayMemory, ShownStatus
from nutbridge.ups.status.saved import RetryState

OURS = StateOwner("boot-1", "/var/lib/nut/home.dev", "config-1")
MEMORY = Memory(
    controller=True,
    relay=RelayMemory(at=100.0, grid=Grid.OPEN),
    shown=ShownStatus("OB", 90.0),
)


def state_session(folder: Path, whose: StateOwner = OURS) -> StateSession:
    return StateSession(StateStore(folder / "enphase-home.state"), whose)


def test_nothing_saved_vouches_for_nothing(tmp_path: Path) -> None:
    found = state_session(tmp_path)
    assert found.memory is None
    assert not found.written_this_boot


def test_saved_in_this_boot_vouches(tmp_path: Path) -> None:
    state_session(tmp_path).save(MEMORY)
    found = state_session(tmp_path)
    assert found.written_this_boot
    assert found.memory is not None
    assert found.memory.shown.status == "OB"
    assert found.memory.relay.at == 100.0


def test_other_boot_is_remembered_but_does_not_vouch(tmp_path: Path) -> None:
    state_session(tmp_path).save(MEMORY)
    found = state_session(tmp_path, OURS._replace(boot_id="boot-2"))
    assert not found.written_this_boot
    assert found.memory is not None


def test_unknown_boot_never_vouches(tmp_path: Path) -> None:
    """A kernel that does not name its boot: every start is the first."""
    nameless = OURS._replace(boot_id="")
    state_session(tmp_path, nameless).save(MEMORY)
    assert not state_session(tmp_path, nameless).written_this_boot


def test_other_port_file_is_none_of_its_business(tmp_path: Path) -> None:
    state_session(tmp_path).save(MEMORY)
    found = state_session(tmp_path, OURS._replace(port_file="/run/other.dev"))
    assert found.memory is None
    assert not found.written_this_boot


def test_renamed_ups_goes_on_with_what_its_port_file_is_known_by(
    tmp_path: Path,
) -> None:
    """In an outage, NUT's sections renamed too: no driver would seem to run."""
    state_session(tmp_path).save(MEMORY._replace(noted_at=100.0))
    older = StateSession(StateStore(tmp_path / "enphase-older.state"), OURS)
    older.save(MEMORY._replace(noted_at=50.0, controller=False))
    for name, whose in (
        ("other", OURS._replace(port_file="/run/other.dev")),
        ("boot", OURS._replace(boot_id="boot-2")),
    ):
        strange = StateSession(StateStore(tmp_path / f"enphase-{name}.state"), whose)
        strange.save(MEMORY._replace(noted_at=900.0, controller=False))
    (tmp_path / "enphase-odd.state").write_bytes(b"{")
    renamed = StateStore(tmp_path / "enphase-new.state")
    found = StateSession(renamed, OURS)
    assert found.written_this_boot
    assert found.memory is not None
    assert found.memory.controller
    found.save(MEMORY._replace(noted_at=60.0, collar=True))
    again = StateSession(renamed, OURS).memory
    assert again is not None
    assert again.collar, "from then on its own"
    elsewhere = OURS._replace(port_file="/run/new.dev")
    assert StateSession(StateStore(tmp_path / "x.state"), elsewhere).found is None


def test_pause_of_logins_survives_with_the_same_config(tmp_path: Path) -> None:
    first = state_session(tmp_path)
    first.watch(lambda: RetryState(5000.0, 3, full=True))
    first.save(MEMORY)
    assert state_session(tmp_path).retry_state == RetryState(5000.0, 3, full=True)
    edited = state_session(tmp_path, OURS._replace(config="config-2"))
    assert edited.retry_state == RetryState()


def test_refresh_writes_when_a_login_failed(tmp_path: Path) -> None:
    states = [RetryState()]
    first = state_session(tmp_path)
    first.watch(lambda: states[0])
    first.save(MEMORY)
    states[0] = RetryState(7000.0, 1)
    first.refresh()
    assert state_session(tmp_path).retry_state == RetryState(7000.0, 1)


def test_pause_of_an_inverter_beside_is_one_of_its_own(tmp_path: Path) -> None:
    states = [RetryState()]
    first = state_session(tmp_path)
    first.watch(lambda: RetryState(5000.0, 3))
    first.watch_inverter(lambda: states[0])
    first.save(MEMORY)
    states[0] = RetryState(7000.0, 1)
    first.refresh()
    # One check (-s), and a config that cannot be used, ask no inverter beside.
    second = state_session(tmp_path)
    second.watch(lambda: second.retry_state)
    second.save(MEMORY)
    third = state_session(tmp_path)
    assert third.retry_state == RetryState(5000.0, 3)
    assert third.inverter_retry_state == RetryState(7000.0, 1)
    edited = state_session(tmp_path, OURS._replace(config="config-2"))
    assert edited.inverter_retry_state == RetryState()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b"[]", b'{"version": 99}', b"[" * 100000]
)
def test_damaged_file_is_ignored_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    state_session(tmp_path).save(MEMORY)
    (tmp_path / "enphase-home.state").write_bytes(data)
    with caplog.at_level(logging.WARNING, "nutbridge"):
        found = state_session(tmp_path)
    assert found.memory is None
    assert "ignored" in caplog.text


def test_cut_file_never_half_counts(tmp_path: Path) -> None:
    state_session(tmp_path).save(MEMORY)
    path = tmp_path / "enphase-home.state"
    whole = path.read_bytes()
    for length in range(len(whole.rstrip()) - 1):
        path.write_bytes(whole[:length])
        assert state_session(tmp_path).memory is None, length


def test_unwritable_folder_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = state_session(tmp_path / "gone")
    kept.save(MEMORY)
    kept.save(MEMORY)
    assert caplog.text.count("not written") == 1


def test_folder_is_that_of_systemd_else_state_dir(tmp_path: Path) -> None:
    given = {"RUNTIME_DIRECTORY": f"{tmp_path}:/run/other"}
    assert state_folder(given, "/var/lib/nut", tmp_path / "none") == tmp_path
    assert state_folder({}, "/var/lib/nut", tmp_path) == tmp_path
    wanted = Path("/var/lib/nut")
    assert state_folder({}, "/var/lib/nut", tmp_path / "none") == wanted
