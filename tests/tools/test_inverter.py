"""The tools where an SMA inverter is the UPS, without a gateway."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from nutbridge.config.settings import ConfigSite, interpret
from nutbridge.config.text import parse
from nutbridge.simulator.sma.inverter import HANG
from nutbridge.sources.sma.webconnect import keys
from nutbridge.system.clock import SystemClock
from nutbridge.tools.status.inverter import InverterLook
from tests.daemon.sma.conftest import hybrid, run_inverter, site
from tests.daemon.sma.site import SmaSite
from tests.e2e.site import UPS
from tests.fakes.inverter import RunningInverter
from tests.nut.harness import wait_until
from tests.tools.tool import HEEDS_INT, SOON_S, TOOL, tool

__all__ = ["hybrid", "run_inverter", "site"]


def test_status_of_an_inverter_names_it(site: SmaSite) -> None:
    daemon = site.start()
    site.wait_status("OL")
    found = json.loads(tool(site, "status", "--json").out)
    assert found["exit_code"] == 0
    assert found["gateway"]["kind"] == "inverter"
    assert found["gateway"]["host"] == site.running.host
    assert found["token"] == dict.fromkeys(found["token"])
    assert "token" not in tool(site, "status").out
    assert daemon.stop() == 0


def test_status_live_asks_the_inverter(site: SmaSite) -> None:
    """With the monitor's session while one runs, else with one that is ended."""
    daemon = site.start()
    site.wait_status("OL")
    assert site.running.logins == 1
    done = tool(site, "status", "--live")
    assert (done.code, done.err) == (0, "")
    now = done.out.partition("now, from the inverter:\n")[2]
    assert "  grid      closed\n" in now
    assert "  battery   62 %, read " in now
    assert site.running.logins == site.running.sessions == 1
    assert daemon.stop() == 0
    assert site.running.sessions == 0
    live = json.loads(tool(site, "status", "--live", "--json").out)["live"]
    assert live["grid"] == "closed"
    assert live["battery"]["capacity_wh"] > 5000
    assert (site.running.logins, site.running.sessions) == (2, 0)


def test_status_live_of_an_inverter_says_why_not(site: SmaSite) -> None:
    def problem() -> str:
        return str(
            json.loads(tool(site, "status", "--live", "--json").out)["live"]["problem"]
        )

    (site.state / "home.dev-nocomms").touch()
    site.inverter.drop(*keys.BATTERY_KEYS)
    assert "cannot be a UPS" in problem()
    site.keys["SMA_PASSWORD"] = "wrong-one"
    assert "wrong password" in problem()
    assert site.running.sessions == 0


def test_status_live_watched_does_not_insist_on_a_wrong_password(
    hybrid: RunningInverter, tmp_path: Path
) -> None:
    """Some devices lock after four of them."""
    place = ConfigSite(
        path="x",
        ups="sun",
        state_dir=str(tmp_path),
        cwd="/",
        credentials_dir=None,
        exists=lambda _path: True,
    )
    text = f"SMA_HOST={hybrid.host}\nSMA_PASSWORD=wrong\nPORT_FILE=/x/sun.dev\n"
    look = InverterLook(interpret(parse(text.encode(), "x"), place)[0], SystemClock())
    assert look.look().answer is None
    again = look.look().problem
    assert again is not None
    assert "not asked again" in again
    assert hybrid.logins == 1


def test_token_commands_of_an_inverter_say_why_not(site: SmaSite) -> None:
    for command in (("token", "show"), ("token", "renew"), ("gateway", "capture")):
        done = tool(site, *command, *(["-o", "x"] if "capture" in command else []))
        assert done.code == 78
        assert "this UPS is no IQ Gateway" in done.err


@pytest.mark.parametrize("mode", ["first-use", "strict"])
def test_trust_of_an_inverter_ends_a_refusal(site: SmaSite, mode: str) -> None:
    assert site.run("-s").code == 0
    site.keys["SMA_TLS"] = mode
    site.running.server.new_certificate()
    daemon = site.start()
    daemon.says("nutbridge gateway trust")
    done = tool(site, "gateway", "trust")
    assert (done.code, done.err) == (0, "")
    assert site.running.server.fingerprint in done.out
    site.wait_status("OL")
    assert daemon.stop() == 0


def test_trust_takes_the_inverter_that_answers_next(site: SmaSite) -> None:
    serial = site.state / f"sma-{UPS}.serial"
    assert site.run("-s").code == 0
    assert "3005550303" in serial.read_text()
    site.inverter.set(keys.SERIAL, 3005550999)
    assert site.run("-s").code != 0
    assert tool(site, "gateway", "trust").code == 0
    assert not serial.exists()
    assert site.run("-s").code == 0
    assert "3005550999" in serial.read_text()


def test_set_of_an_inverter_takes_the_voltage_of_its_battery(site: SmaSite) -> None:
    (site.state / "home.dev-nocomms").touch()
    assert "default SMA)" in tool(site, "set").out
    done = tool(site, "set", "battery.voltage.nominal=400")
    assert (done.code, done.err) == (0, "")
    assert "battery.voltage.nominal: none -> 400" in done.out


@pytest.mark.slow(4)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_status_live_ends_its_session_when_a_signal_comes(
    site: SmaSite, number: signal.Signals, code: int
) -> None:
    (site.state / "home.dev-nocomms").touch()
    site.write_config()
    site.inverter.replies["/dyn/getValues.json"] = HANG
    process = subprocess.Popen(
        [*HEEDS_INT, TOOL, "status", "-c", str(site.config), "--live", "--watch"],
        env=site.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: site.running.polls > 0, SOON_S, "the question for values")
        process.send_signal(number)
        out, err = process.communicate(timeout=SOON_S)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (code, "", "")
    assert (site.running.logins, site.running.sessions) == (1, 0)
