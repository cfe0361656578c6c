"""A config that cannot be used is a silent gateway: hold, hide, take it mended."""

import os
import pty
import subprocess

import pytest

from nutbridge.daemon.history.file import history_path, load_history
from tests.e2e.site import COMMAND, IMPATIENT, QUICK, UPS, Site
from tests.nut.harness import SOON_S, wait_until


def mistype(site: Site) -> None:
    site.keys["SERIAL"] = "not a serial"


def test_ol_stands_for_nocomms_delay_and_goes(known: Site) -> None:
    """An OL stood for good, and the journal grew by 168 lines a minute."""
    known.keys["NOCOMMS_DELAY"] = "1"
    assert known.run("-s").code == 0
    assert known.status == "OL"
    mistype(known)
    daemon = known.start()
    daemon.says(f"{known.config}:3: SERIAL: ")
    known.wait_status(None)
    assert len([line for line in daemon.err.splitlines() if "SERIAL" in line]) <= 3
    assert daemon.stop() == 0


def test_ob_is_held_and_the_mended_file_taken(known: Site) -> None:
    known.begin_outage()
    good = dict(known.keys)
    mistype(known)
    daemon = known.start()
    daemon.says("nobody can be asked about the grid")
    daemon.says("holding it until the gateway answers")
    assert known.status == "OB"
    noted = history_path(str(known.state), UPS)
    wait_until(noted.exists, SOON_S, "a line of the history")
    known.gateway.house.regain_grid()
    known.keys = good
    known.write_config()
    daemon.says("the config can be used again")
    known.wait_status("OL")
    assert daemon.stop() == 0
    history = load_history(noted)
    assert [p.mark for p in history.points if p.mark] == ["start", "stop"] * 2
    assert history.points[0].status == "OB"
    assert [outage.end_seen for outage in history.outages] == [True]


@pytest.mark.parametrize("text", ["PASSWORD='abc\n", ""])
def test_port_file_is_known_from_the_state_file(known: Site, text: str) -> None:
    known.begin_outage()
    known.config.write_text(text)
    daemon = known.start_plain(UPS)
    daemon.says("nobody can be asked about the grid")
    daemon.says("holding it until the gateway answers")
    assert known.status == "OB"
    assert daemon.stop() == 0
    assert known.status == "OB"


def test_config_that_everybody_writes_is_not_believed(known: Site) -> None:
    """Its PORT_FILE could be any file of ours."""
    known.begin_outage()
    other = known.state / "other.dev"
    other.write_text("mine: 1\n")
    known.keys["PORT_FILE"] = "other.dev"
    known.write_config()
    known.config.chmod(0o666)
    daemon = known.start_plain(UPS)
    daemon.says("holding it until the gateway answers")
    assert other.read_text() == "mine: 1\n"
    assert daemon.stop() == 0


def test_unknown_port_file_waits_and_ends_with_78(site: Site) -> None:
    site.keys.pop("PORT_FILE")
    daemon = site.start()
    daemon.says("no port file is kept until it is mended")
    assert daemon.stop() == 0
    daemon = site.start_program(IMPATIENT)
    assert daemon.ended() == 78
    assert daemon.err.count("PORT_FILE: not set") == 1


@pytest.mark.parametrize("missing", ["line", "file"])
def test_unknown_port_file_is_taken_once_it_is_known(site: Site, missing: str) -> None:
    """Of the config, or of the disk; with systemd, which would start us every 2 s."""
    site.environ["NOTIFY_SOCKET"] = "/nowhere"
    if missing == "line":
        name = site.keys.pop("PORT_FILE")
    else:
        site.twin.rename(site.state / "elsewhere")
    daemon = site.start_program(QUICK)
    daemon.says("no port file is kept until it is mended")
    if missing == "line":
        site.keys["PORT_FILE"] = name
        site.write_config()
    else:
        (site.state / "elsewhere").rename(site.twin)
    site.wait_status("OL")
    assert daemon.process.poll() is None


def test_port_file_that_cannot_be_locked(known: Site) -> None:
    """One line a minute, not a start every 2 s."""
    known.environ["NOTIFY_SOCKET"] = "/nowhere"
    lock = known.state / ".home.dev.lock"
    lock.mkdir()
    daemon = known.start_program(QUICK)
    daemon.says("cannot lock it")
    known.gateway.house.lose_grid()
    lock.rmdir()
    known.wait_status("OB")
    assert (daemon.stop(), daemon.err.count("cannot lock it")) == (0, 1)


def test_port_file_that_is_mistyped_leaves_the_old_one_watched(known: Site) -> None:
    known.begin_outage()
    known.keys["PORT_FILE"] = "hmoe.dev"
    daemon = known.start()
    daemon.says("hmoe.dev: does not exist")
    daemon.says("holding it until the gateway answers")
    assert known.status == "OB"
    assert daemon.stop() == 0


@pytest.mark.parametrize("status", ["OL", "OB"])
def test_port_file_left_behind_shows_no_old_ol(known: Site, status: str) -> None:
    if status == "OB":
        known.begin_outage()
    else:
        assert known.run("-s").code == 0
    (known.state / "new.dev-nocomms").touch()
    known.keys["PORT_FILE"] = "new.dev"
    daemon = known.start()
    wait_until((known.state / "new.dev").exists, SOON_S, "the new port file")
    assert known.status == (None if status == "OL" else "OB")
    assert daemon.stop() == 0


def test_start_from_a_terminal_still_ends_with_78(site: Site) -> None:
    mistype(site)
    site.write_config()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(COMMAND), UPS],
        env=site.environ,
        cwd=site.folder,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.wait(SOON_S) == 78
    finally:
        process.kill()
        os.close(ours)
        os.close(theirs)
