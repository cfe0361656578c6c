"""SIGHUP lets the monitor begin anew with its config, in the same process."""

import os
import pty
import signal
import subprocess

import pytest

from nutbridge.daemon.history.file import history_path, load_history
from tests.e2e.site import COMMAND, UPS, Site
from tests.fakes import failures
from tests.nut.harness import SOON_S, wait_until

ANEW = "SIGHUP: begins anew"
BROKEN_LOOK = "import nutbridge.cli.enphase_monitor as m; m._error_of = 1; m.main()"


def test_changed_config_is_taken(known: Site) -> None:
    daemon = known.start()
    known.wait_status("OL")
    wait_until(lambda: known.value("ups.load") != '""', SOON_S, "a load")
    known.keys["LOADKWH"] = "0"
    known.write_config()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.says(ANEW)
    wait_until(lambda: known.value("ups.load") == '""', SOON_S, "no load")
    assert daemon.stop() == 0
    history = load_history(history_path(str(known.state), UPS))
    assert [p.mark for p in history.points if p.mark] == ["start", "stop"] * 2


def test_outage_goes_on_in_silence(known: Site) -> None:
    """Not hidden for a moment: each look finds the file."""
    known.begin_outage()
    known.gateway.server.refuse()
    daemon = known.start("-v")
    daemon.says("holding it until the gateway answers")
    for _ in range(3):
        before = daemon.err.count(ANEW)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.says_again(ANEW, before)
        assert known.status == "OB"
    assert (daemon.stop(), known.status) == (0, "OB")


def test_config_that_cannot_be_used_is_not_taken(known: Site) -> None:
    daemon = known.start()
    known.wait_status("OL")
    known.keys["SERIAL"] = "not a serial"
    known.write_config()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.says("the config of before stays in use")
    known.gateway.house.lose_grid()
    known.wait_status("OB")
    assert (daemon.stop(), ANEW in daemon.err) == (0, False)


def test_bug_in_the_look_at_the_config_ends_nothing(known: Site) -> None:
    known.has_bug = True
    daemon = known.start_program(BROKEN_LOOK)
    known.wait_status("OL")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.says("a look at the config failed; the monitor goes on")
    known.gateway.house.lose_grid()
    known.wait_status("OB")
    assert daemon.stop() == 0


def test_while_a_request_hangs(known: Site) -> None:
    known.gateway.faults.always(failures.hang)
    daemon = known.start()
    requests = known.gateway.server.counts.requests
    wait_until(lambda: sum(requests.values()) > 0, SOON_S, "a request")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.says(ANEW)
    known.gateway.faults.clear()
    known.wait_status("OL")
    assert daemon.stop() == 0


def test_without_a_config_it_stays(known: Site) -> None:
    good = dict(known.keys)
    known.begin_outage()
    known.keys["SERIAL"] = "not a serial"
    daemon = known.start()
    daemon.says("nobody can be asked about the grid")
    daemon.process.send_signal(signal.SIGHUP)
    known.keys = good
    known.write_config()
    daemon.says("the config can be used again")
    known.gateway.house.regain_grid()
    known.wait_status("OL")
    assert daemon.stop() == 0


def test_ignored_as_by_nohup(known: Site) -> None:
    known.write_config()
    daemon = known.start_command(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", str(COMMAND), UPS]
    )
    known.wait_status("OL")
    daemon.process.send_signal(signal.SIGHUP)
    known.gateway.house.lose_grid()
    known.wait_status("OB")
    assert (daemon.stop(), ANEW in daemon.err) == (0, False)


@pytest.mark.parametrize("options", [(), ("-s",)], ids=["daemon", "check"])
def test_ends_with_its_terminal(known: Site, options: tuple[str, ...]) -> None:
    known.gateway.faults.always(failures.hang)
    known.write_config()
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(COMMAND), *options, UPS],
        env=known.environ,
        cwd=known.folder,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        requests = known.gateway.server.counts.requests
        wait_until(lambda: sum(requests.values()) > 0, SOON_S, "a request")
        process.send_signal(signal.SIGHUP)
        assert process.wait(SOON_S) == 0
    os.close(ours)
    os.close(theirs)
