"""The installed daemon with an SMA-only config: kills, stops, checks, real NUT."""

import signal

import pytest

from nutbridge.simulator.sma.inverter import HANG, SimulatedInverter
from nutbridge.sources.sma.webconnect import keys
from tests.daemon.sma.site import SmaSite
from tests.e2e.closed_door import PROGRAM, let_it_run
from tests.e2e.site import UPS, Daemon
from tests.fakes.inverter import INSTALLER
from tests.nut.fixtures import StartNut
from tests.nut.harness import SOON_S, wait_until

#: 2 s, and the rest for a machine that runs many tests at once; SMA_TIMEOUT is a
#: minute there.
LIMIT_S = 30.0


def island(inverter: SimulatedInverter) -> None:
    inverter.say(keys.RUN_STATE, 1463)
    inverter.say(keys.MAINS, 1781)


def mains(inverter: SimulatedInverter) -> None:
    inverter.say(keys.RUN_STATE, 235)
    inverter.say(keys.MAINS, 1780)


@pytest.mark.nut
@pytest.mark.slow(20)
def test_real_nut_sees_ol_ob_and_ob_lb(site: SmaSite, start_nut: StartNut) -> None:
    nut = start_nut(site.port)
    site.environ["NUT_STATEPATH"] = str(nut.socket.parent)
    daemon = site.start()
    nut.wait_status("OL")
    nut.wait_variable("device.mfr", "SMA")
    nut.wait_variable("battery.voltage", "418.5")
    island(site.inverter)
    nut.wait_status("OB")
    # So much power leaves less than battery.runtime.low.
    site.inverter.set(keys.DISCHARGE_POWER.key, 500_000)
    # A minute of samples, in two polls.
    nut.wait_status("OB LB", 150)
    assert "ups.alarm" not in nut.variables()
    mains(site.inverter)
    nut.wait_status("OL", 40)
    assert daemon.stop() == 0
    assert site.running.sessions == 0


@pytest.mark.slow(10)
def test_nothing_of_an_inverter_is_loaded_in_the_loop(site: SmaSite) -> None:
    site.start_driver()
    daemon = site.start_program(PROGRAM)
    site.wait_status("OL")
    for turn in (island, mains):
        site.running.server.refuse()
        let_it_run(site)
        site.running.server.listen()
        turn(site.inverter)
        site.wait_status("OB" if turn is island else "OL")
    assert daemon.stop() == 0
    assert "wanted:" not in daemon.err, daemon.err


def test_kills_leave_one_session(site: SmaSite) -> None:
    def start() -> Daemon:
        before = site.running.polls
        daemon = site.start()
        wait_until(lambda: site.running.polls > before, SOON_S, "a poll")
        return daemon

    for _ in range(3):
        start().kill()
    assert site.running.logins == 1
    assert site.running.sessions == 1
    daemon = start()
    assert daemon.stop() == 0
    assert site.running.sessions == 0
    assert not (site.state / f"sma-{UPS}.session").exists()


def test_reload_keeps_one_session_and_the_status(site: SmaSite) -> None:
    """A corrected password, say; an OB stands meanwhile."""
    daemon = site.start()
    island(site.inverter)
    site.wait_status("OB")
    for _ in range(3):
        before = site.running.logins, site.running.polls
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(
            lambda: (
                site.running.logins > before[0]  # noqa: B023
                and site.running.polls > before[1]  # noqa: B023
            ),
            SOON_S,
            "a poll with a new session",
        )
        assert site.running.sessions == 1
        assert site.status == "OB"
    assert daemon.stop() == 0
    assert site.running.sessions == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_in_a_hanging_request(site: SmaSite, number: int) -> None:
    site.keys["SMA_TIMEOUT"] = "60"
    daemon = site.start()
    site.wait_status("OL")
    site.inverter.replies["/dyn/getValues.json"] = HANG
    before = site.running.polls
    wait_until(lambda: site.running.polls > before, SOON_S, "a request that hangs")
    assert daemon.stop(LIMIT_S, number) == 0
    assert site.running.sessions == 0
    assert site.status == "OL"


def test_stop_while_nothing_answers(site: SmaSite) -> None:
    site.keys["SMA_TIMEOUT"] = "60"
    daemon = site.start()
    site.wait_status("OL")
    site.inverter.replies[""] = HANG
    before = site.running.polls
    wait_until(lambda: site.running.polls > before, SOON_S, "a request that hangs")
    assert daemon.stop(LIMIT_S) == 0
    # The session is kept for the next start: nobody could end it.
    assert (site.state / f"sma-{UPS}.session").exists()


def test_one_check_logs_out(site: SmaSite) -> None:
    done = site.run("-s")
    assert (done.code, site.status) == (0, "OL")
    assert (site.running.logins, site.running.sessions) == (1, 0)


def test_one_check_asks_an_island_again(site: SmaSite) -> None:
    island(site.inverter)
    assert site.run("-s").code == 0
    assert site.status == "OB"
    assert site.running.polls == 2


def test_one_check_without_a_session(site: SmaSite) -> None:
    """No answer in its 10 s: the file is as it was, and it ends in time."""
    for _ in range(4):
        site.inverter.sessions.open("usr", 0.0)
    done = site.run("-s")
    assert site.status is None
    assert "no free session" in done.err
    assert site.running.logins == 1


def test_inverter_without_a_battery(site: SmaSite) -> None:
    site.inverter.drop(*keys.BATTERY_KEYS)
    daemon = site.start()
    daemon.says("WARNING: this device can be no UPS: port file hidden (no battery")
    assert site.status is None
    assert daemon.stop() == 0


def test_password_of_a_file_and_of_the_installer(site: SmaSite) -> None:
    del site.keys["SMA_PASSWORD"]
    site.keys |= {"SMA_PASSWORD_FILE": "sma.password", "SMA_GROUP": "istl"}
    file = site.state / "sma.password"
    file.write_text(f"{INSTALLER}\n")
    file.chmod(0o600)
    site.secrets.add(INSTALLER)
    assert site.run("-s").code == 0
    assert site.status == "OL"
    file.chmod(0o644)
    done = site.run("-s")
    assert done.code == 78
    assert "everybody can read it" in done.err


CONFIGS: dict[str, tuple[dict[str, str], str]] = {
    "no password": ({"SMA_PASSWORD": ""}, "SMA_PASSWORD: not set"),
    "group": ({"SMA_GROUP": "root"}, "SMA_GROUP: 'root' is not one of: usr, istl"),
    "scheme": ({"SMA_SCHEME": "ftp"}, "SMA_SCHEME: 'ftp' is not one of"),
    "host": ({"SMA_HOST": "a b"}, "SMA_HOST: must be a name or an address"),
    "tls": ({"SMA_TLS": "maybe"}, "SMA_TLS: 'maybe' is not one of"),
    "no port file": ({"PORT_FILE": ""}, "PORT_FILE: not set"),
    "half of an account": ({"USERNAME": "x@y"}, "PASSWORD SERIAL: not set"),
}


@pytest.mark.parametrize(("given", "wanted"), CONFIGS.values(), ids=CONFIGS)
def test_config_errors(site: SmaSite, given: dict[str, str], wanted: str) -> None:
    site.keys |= given
    done = site.run("-s")
    assert done.code == 78
    (line,) = done.err.splitlines()[-1:]
    assert wanted in line
    assert not site.running.server.counts.connections


@pytest.mark.parametrize("level", ["-d", "-dd"])
def test_no_level_shows_a_secret(site: SmaSite, level: str) -> None:
    """Checked by the fixture."""
    daemon = site.start(*(["-d"] * level.count("d")), "-v")
    site.wait_status("OL")
    site.inverter.sessions.entries.clear()
    before = site.running.logins
    wait_until(lambda: site.running.logins > before, SOON_S, "a new login")
    assert daemon.stop() == 0
    assert ("6100_00295A00" in daemon.err) == (level == "-dd")
