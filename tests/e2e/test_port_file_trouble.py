"""Port files that are missing, odd, or cannot be written."""

import os
import resource

import pytest

from tests.e2e.site import COMMAND, UPS, Daemon, Site
from tests.nut.harness import SOON_S, wait_until


def test_missing_port_file_is_not_created(known: Site) -> None:
    """It says on which machine the monitor belongs."""
    known.twin.unlink()
    before = sorted(known.state.iterdir())
    done = known.run()
    assert done.code == 73
    assert f"touch {known.twin} " in done.err
    assert len(done.err.splitlines()) == 1
    assert sorted(known.state.iterdir()) == before


@pytest.mark.parametrize("option", ["-s", "-x"])
def test_missing_port_file_with_an_option(known: Site, option: str) -> None:
    known.twin.unlink()
    assert known.run(option).code == 73
    assert not known.port.exists()


@pytest.mark.parametrize("which", ["port", "twin"])
def test_folder_instead_of_a_port_file(known: Site, which: str) -> None:
    known.twin.unlink()
    (known.port if which == "port" else known.twin).mkdir()
    done = known.run()
    assert done.code == 73
    assert "is not a plain file (a folder, a device?)" in done.err
    assert len(done.err.splitlines()) == 1


#: Runs a command where its first argument, a folder, is mounted read-only. Root
#: is not kept from writing by the folder's mode.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def test_read_only_folder_is_told_at_the_start(known: Site) -> None:
    folder = known.folder / "ro"
    folder.mkdir()
    (folder / "home.dev-nocomms").touch()
    known.keys["PORT_FILE"] = str(folder / "home.dev")
    apart = ["unshare", "-m" if os.getuid() == 0 else "-rm", "sh", "-c", READ_ONLY]
    done = known.run_command([*apart, str(folder), str(COMMAND), UPS])
    assert done.code == 73
    assert f"the folder {folder} is not writable for the user" in done.err
    assert len(done.err.splitlines()) == 1


ODD = """\
# mine
experimental.note: "two  words"
battery.charge.low: 35
my.value: 5\r
my.value: 6
my.open: "not closed
my.back: C:\\
TIMER 4
ALARM replace battery
ups.status.note: OB
UPS.STATUS: OB LB
battery.charge: 1
"""


def test_odd_lines_survive_and_do_no_harm(known: Site) -> None:
    known.show(ODD)
    daemon = known.start()
    known.wait_status("OL")
    lines = (known.text or "").splitlines()
    kept = ["# mine", 'experimental.note: "two  words"', "my.value: 5", "my.value: 6"]
    assert [line for line in lines if line in kept] == kept
    assert known.value("battery.charge.low") == "35"
    for text in ("TIMER 4", "ALARM replace battery", "ups.status.note: OB"):
        assert f"# {text}" in lines
    assert lines[-1] == "ups.status: OL"
    assert not [line for line in lines if line.lower().startswith("ups.status.")]
    for number in (6, 7, 8, 9, 10, 11):
        assert f"port file: line {number} " in daemon.err


def limit_files(daemon: Daemon, most_bytes: int) -> None:
    """Let every write beyond ``most_bytes`` of a file fail, as on a full disk."""
    limits = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (most_bytes, limits[1]))


@pytest.mark.slow
def test_full_disk_is_told_once_and_survived(known: Site) -> None:
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    before = known.text
    limit_files(daemon, 0)
    known.gateway.house.lose_grid()
    daemon.says("the grid is gone: on battery")
    wait_until(lambda: daemon.err.count("relay open") >= 3, SOON_S, "three polls")
    assert daemon.err.count("ERROR: port file") == 1
    assert known.text == before
    assert not list(known.state.glob(".*.tmp"))
    limit_files(daemon, resource.RLIM_INFINITY)
    known.wait_status("OB")
    daemon.says("the port file can be written again")


@pytest.mark.slow
def test_lb_that_cannot_be_written_hides(known: Site) -> None:
    """A rename needs no space; an OL that stays would let the house go dark."""
    house = known.gateway.house
    # So little that LB does not wait for the first 30 s of the outage.
    house.soc_pct, house.load_w = 12.0, 5000.0
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    limit_files(daemon, 0)
    house.lose_grid()
    known.wait_status(None, 60)
    daemon.says("CRITICAL: LB cannot be written: hiding the file")
    assert daemon.process.poll() is None


def test_port_file_that_is_a_link_stays_one(known: Site) -> None:
    real = known.folder / "real.dev"
    real.write_text("ups.status: OL\n")
    known.twin.unlink()
    known.port.symlink_to(real)
    assert known.run("-s").code == 0
    assert known.port.is_symlink()
    assert real.read_text().endswith("ups.status: OL\n")
    assert known.value("battery.charge") is not None
