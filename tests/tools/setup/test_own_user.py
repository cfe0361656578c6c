"""A user of its own for the monitor, where that user is there."""

import os
from pathlib import Path

import pytest

from nutbridge.tools.setup import plan
from nutbridge.tools.setup.plan import RunAs
from tests.system.unit_file import parse
from tests.tools.setup.site import Machine, wishes_of

ROOT = Path(__file__).parents[3]
NUT = 61003
OWN = RunAs("nutbridge", "nut", 61001, NUT, frozenset({NUT}))
BEFORE = RunAs("nut", "nut", 61002, NUT, frozenset({NUT}))
PORT = "/run/nutbridge/home.dev"

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root gives files away; run as root to see it"
)


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
    """Both users are there, and systemd."""
    steps = "nutbridge.cli.setup.steps"
    monkeypatch.setattr(f"{steps}.find_own_account", lambda: OWN)
    monkeypatch.setattr(f"{steps}.find_account", lambda: BEFORE)
    monkeypatch.setenv("ENPHASE_PASSWORD", machine.cloud.account.password)
    (machine.root / "etc/systemd/system").mkdir(parents=True)


def set_up(machine: Machine, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run setup; return mode and owner of all files."""
    done = machine.run_here(patch, wishes_of(machine, PORT))
    assert done.code == 0, done.err
    return {path: words for path, (words, _) in machine.tree().items()}


@needs_root
@pytest.mark.usefixtures("users")
def test_everything_is_its_own_and_nut_only_reads(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set_up(machine, monkeypatch)
    own = f"{OWN.uid}:{NUT}"
    assert found["etc/nut/enphase-home.conf"] == f"-rw------- {own}"
    # NUT's group passes through, to the history alone.
    assert found["var/lib/nutbridge"] == f"drwx--x--- {own}"
    assert found["var/lib/nutbridge/enphase-home.token"] == f"-rw------- {own}"
    assert found["run/nutbridge/home.dev-nocomms"] == f"-rw-r----- {own}"
    assert "STATE_DIR='/var/lib/nutbridge'" in (
        machine.etc / "enphase-home.conf"
    ).read_text(encoding="utf-8")
    line = f"C! {PORT}-nocomms 0640 nutbridge nut - /etc/nut/home.dev-template"
    assert line in (machine.root / "etc/tmpfiles.d/nutbridge-home.conf").read_text()
    before = machine.tree()
    set_up(machine, monkeypatch)
    assert machine.tree() == before


@needs_root
@pytest.mark.usefixtures("users")
def test_installation_of_before_stays_as_it_is(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All monitors share /run/nutbridge: there is one user for all of a machine."""
    (machine.etc / "enphase-garage.conf").write_text("SERIAL=1\n", encoding="utf-8")
    found = set_up(machine, monkeypatch)
    assert found["etc/nut/enphase-home.conf"] == f"-rw-r----- 0:{NUT}"
    assert found["run/nutbridge/home.dev-nocomms"] == f"-rw-r--r-- {BEFORE.uid}:{NUT}"
    assert not [path for path in found if "own-user" in path or "lib/nutbridge" in path]
    # Until one of them has a user of its own.
    drop_in = machine.root / "etc/systemd/system/enphase-monitor@garage.service.d"
    drop_in.mkdir()
    (drop_in / "own-user.conf").touch()
    found = set_up(machine, monkeypatch)
    assert found["etc/nut/enphase-home.conf"] == f"-rw------- {OWN.uid}:{NUT}"


def test_drop_in_to_copy_says_what_setup_writes() -> None:
    text = (ROOT / "systemd/own-user.conf").read_text(encoding="utf-8")
    assert parse(text) == parse(plan.OWN_USER_TEXT)
