"""The port file gets another place: what the user wrote goes along."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nutbridge.tools.setup.texts import own_lines
from tests.tools.setup.site import PASSWORD, Machine, wishes_of

RUN, VAR = "/run/nutbridge/home.dev", "/var/lib/nut/home.dev"
BOTH = 'battery.charge.low: 40\nmy.text: "a  b" # mine\n'


def written_by_a_monitor(own: str) -> str:
    return (
        'battery.charge: 90\ninput.voltage: ""\n# mine\n'
        f"{own}battery.runtime.low: 300\ndevice.mfr: Enphase Energy\n"
        "ups.status: OB LB\n"
    )


def test_own_lines_of_a_port_file() -> None:
    """No value of ours, no status, no default; a raised limit is the user's own."""
    assert own_lines(written_by_a_monitor(BOTH).encode()) == f"# mine\n{BOTH}".encode()
    raised = b"battery.charge.low: 15 # yours: 5; in use: 15 # little\n"
    assert own_lines(raised) == b"battery.charge.low: 5 # little\n"
    assert own_lines(b"") == b""


def give_to_monitor(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, "nut", "nut")


@pytest.mark.parametrize("hidden", ["", "-nocomms"])
@pytest.mark.parametrize(("old", "new"), [(VAR, RUN), (RUN, VAR), (RUN, RUN)])
def test_the_lines_of_the_user_go_along(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, old: str, new: str, hidden: str
) -> None:
    """A limit that fell back to its default would shut machines down too late.

    Nor do they go with the next boot where the template was lost.
    """
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = replace(wishes_of(machine, old), append=old == new)
    assert machine.run_here(monkeypatch, wishes).code == 0
    template = machine.etc / "home.dev-template"
    text = template.read_text(encoding="ascii") if old == RUN else ""
    template.unlink(missing_ok=True)
    (machine.root / f"{old[1:]}-nocomms").unlink()
    file = machine.root / f"{old[1:]}{hidden}"
    file.write_text(written_by_a_monitor(f"{text}{BOTH}"), encoding="ascii")
    give_to_monitor(file)
    done = machine.run_here(monkeypatch, replace(wishes, port_file=new))
    assert (done.code, done.err) == (0, "")
    if old != new:
        moved = machine.root / f"{new[1:]}-nocomms"
        assert moved.read_text(encoding="ascii") == f"# mine\n{BOTH}"
    if new == RUN:
        header, lines = template.read_text(encoding="ascii").split("low=30\n")
        assert (RUN in header, lines) == (True, f"# mine\n{BOTH}")
    before = machine.tree()
    assert machine.run_here(monkeypatch, replace(wishes, port_file=None)).code == 0
    assert machine.tree() == before


def test_a_link_in_the_place_of_the_old_one_shows_nothing_of_root(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may read what others may not; run as root")
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = replace(wishes_of(machine, VAR), append=False)
    assert machine.run_here(monkeypatch, wishes).code == 0
    shadow = machine.root / "etc/shadow"
    shadow.write_text("root:secret\n", encoding="ascii")
    shadow.chmod(0o600)
    (machine.root / VAR[1:]).symlink_to(shadow)
    assert machine.run_here(monkeypatch, wishes_of(machine, RUN)).code == 0
    for path in (
        machine.etc / "home.dev-template",
        machine.root / f"{RUN[1:]}-nocomms",
    ):
        assert "secret" not in path.read_text(encoding="ascii")
