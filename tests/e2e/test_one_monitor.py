"""One monitor per port file; hiding it by hand."""

import pytest

from tests.e2e.site import IMPATIENT, QUICK, Site


def test_second_daemon_names_the_first(known: Site) -> None:
    daemon = known.start()
    known.wait_status("OL")
    done = known.run()
    assert done.code == 75
    assert f"is kept by pid {daemon.pid}; stop that monitor first" in done.err
    assert len(done.err.splitlines()) == 1
    assert known.status == "OL"


def test_second_daemon_of_systemd_waits_for_a_minute(known: Site) -> None:
    """A start every 2 s wrote 340,000 lines a day into the journal."""
    first = known.start()
    known.wait_status("OL")
    known.environ["NOTIFY_SOCKET"] = "/nowhere"
    second = known.start_program(QUICK)
    second.says("stop that monitor first")
    assert second.process.poll() is None
    first.kill()
    known.gateway.house.lose_grid()
    known.wait_status("OB")
    assert (second.stop(), second.err.count("stop that monitor")) == (0, 1)


def test_second_daemon_of_systemd_ends_with_75(known: Site) -> None:
    known.start()
    known.wait_status("OL")
    known.environ["NOTIFY_SOCKET"] = "/nowhere"
    assert known.start_program(IMPATIENT).ended() == 75
    known.keys["SERIAL"] = "not a serial"
    assert known.start_program(IMPATIENT).ended() == 75


def test_other_config_for_the_same_file_meets_the_same_lock(known: Site) -> None:
    """Two names, one file: a link to it counts as the file."""
    known.start()
    known.wait_status("OL")
    (known.state / "other.dev").symlink_to(known.port)
    known.keys["PORT_FILE"] = "other.dev"
    assert known.run().code == 75


def test_second_daemon_sweeps_nothing(known: Site) -> None:
    """The first one may be about to rename its temporary file."""
    known.start()
    known.wait_status("OL")
    half_written = known.state / ".home.dev.abcd1234.tmp"
    half_written.touch()
    assert known.run().code == 75
    assert known.run("-s").code == 0
    assert half_written.exists()


def test_killed_owner_leaves_no_lock(known: Site) -> None:
    daemon = known.start()
    known.wait_status("OL")
    daemon.kill()
    assert known.run("-s").code == 0


def test_x_hides(known: Site) -> None:
    assert known.run("-s").code == 0
    done = known.run("-x")
    assert (done.code, known.status) == (0, None)
    assert known.twin.exists()
    assert "hidden" in done.err


def test_x_when_hidden_already_is_fine(known: Site) -> None:
    done = known.run("-x")
    assert (done.code, known.status) == (0, None)


def test_x_on_battery_is_refused_and_says_why(known: Site) -> None:
    known.begin_outage()
    done = known.run("-x")
    assert (done.code, known.status) == (1, "OB")
    assert "shuts down every machine" in done.err
    assert "-x -x" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("options", [("-x", "-x"), ("-xx",)])
def test_x_twice_insists(known: Site, options: tuple[str, ...]) -> None:
    known.begin_outage()
    done = known.run(*options)
    assert (done.code, known.status) == (0, None)


def test_x_twice_is_not_undone_by_the_next_start(known: Site) -> None:
    """Whoever insists knows better than the state file; the gateway may be dead."""
    known.begin_outage()
    assert known.run("-x", "-x").code == 0
    known.gateway.server.refuse()
    assert known.run("-s").code == 0
    assert known.status is None


def test_x_ends_what_a_stop_would_have_held(known: Site) -> None:
    known.gateway.house.lose_grid()
    known.start_driver()
    daemon = known.start()
    known.wait_status("OB")
    known.stop_driver()
    assert daemon.stop() == 0
    assert known.status is None
    known.gateway.server.refuse()
    assert known.run("-x").code == 0
    assert known.run("-s").code == 0
    assert known.status is None


def test_stop_of_nut_in_a_silent_outage_is_held_on(known: Site) -> None:
    """Restarting nut-driver.target ends the driver before the monitor."""
    known.gateway.house.lose_grid()
    known.start_driver()
    daemon = known.start()
    known.wait_status("OB")
    known.stop_driver()
    assert daemon.stop() == 0
    assert known.status is None
    known.gateway.server.refuse()
    assert known.run("-s").code == 75
    assert known.status == "OB"


def test_x_beside_a_daemon_changes_nothing(known: Site) -> None:
    daemon = known.start()
    known.wait_status("OL")
    done = known.run("-x")
    assert (done.code, known.status) == (75, "OL")
    assert f"pid {daemon.pid}" in done.err
