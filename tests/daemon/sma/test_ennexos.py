"""A real monitor, and the real NUT, with an ennexOS device as the UPS."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from nutbridge.simulator.messages import Reply
from nutbridge.simulator.sma.ennexos import SELF, EnnexosDevice
from nutbridge.simulator.sma.inverter import HANG, html_page, json_reply
from tests.daemon.sma.played import Played
from tests.daemon.sma.site import SmaSite
from tests.e2e.site import UPS
from tests.fakes.ennexos import (
    LIVE,
    PARAMETERS,
    PASSWORD,
    USER,
    RunningEnnexos,
    ennexos,
    run_ennexos,
)
from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.fakes.inverter import RunningInverter
from tests.nut.fixtures import StartNut
from tests.nut.harness import SOON_S, wait_until

__all__ = ["ennexos", "run_ennexos"]

OUT = "Measurement.BatDsch.CurBatDsch"
SOC = "Measurement.Bat.ChaStt"
Play = Callable[..., Played]


def island(device: EnnexosDevice) -> None:
    for name, tag in (("RunStt", 1463), ("PvGriConn", 1781), ("BckStt", 1441.0)):
        device.say(f"Operation.{name}", tag)


def mains(device: EnnexosDevice) -> None:
    for name, tag in (("RunStt", 235), ("PvGriConn", 1780), ("BckStt", 1440.0)):
        device.say(f"Operation.{name}", tag)


@pytest.fixture
def play_ennexos(
    tmp_path: Path, run_ennexos: Callable[..., RunningEnnexos], log: object
) -> Iterator[Play]:
    """Start a monitor on a stand-in by the name of its folder."""
    started: list[Played] = []

    def start(
        name: str = "ennexos-hybrid", keys: str = "", shown: str | None = None
    ) -> Played:
        lines = f"SMA_USER={USER}\nSMA_PASSWORD='{PASSWORD}'\n{keys}"
        running = cast("RunningInverter", run_ennexos(name))
        found = Played(tmp_path, running, lines, shown)
        started.append(found)
        return found

    yield start
    for each in started:
        each.stop()


def device_of(played: Played) -> EnnexosDevice:
    return cast("RunningEnnexos", played.inverter).device


class EnnexosSite(SmaSite):
    """The installed command with an ennexOS device as the UPS."""

    def __init__(
        self, gateway: RunningGateway, cloud: RunningCloud, device: RunningEnnexos
    ) -> None:
        super().__init__(gateway, cloud, cast("RunningInverter", device))
        self.device = device.device
        self.keys |= {"SMA_USER": USER, "SMA_PASSWORD": PASSWORD}
        self.secrets = {PASSWORD}

    def check_words(self) -> None:
        self.secrets |= set(self.device.tokens) | self.device.refresh
        super().check_words()


@pytest.fixture
def ennexos_site(
    standin_gateway: RunningGateway,
    standin_cloud: RunningCloud,
    ennexos: RunningEnnexos,
) -> Iterator[EnnexosSite]:
    found = EnnexosSite(standin_gateway, standin_cloud, ennexos)
    try:
        yield found
        found.check_words()
    finally:
        found.close()


@pytest.mark.nut
@pytest.mark.slow(30)
def test_real_nut_sees_everything(
    ennexos_site: EnnexosSite, ennexos: RunningEnnexos, start_nut: StartNut
) -> None:
    """OL, OB, OB LB, a silence that holds, and the return."""
    nut = start_nut(ennexos_site.port)
    ennexos_site.environ["NUT_STATEPATH"] = str(nut.socket.parent)
    ennexos_site.keys["SMA_CAPACITY"] = "9800"
    daemon = ennexos_site.start()
    nut.wait_status("OL")
    nut.wait_variable("device.mfr", "SMA")
    nut.wait_variable("device.serial", "3010550607")
    nut.wait_variable("battery.charge", "62")
    nut.wait_variable("ups.realpower.nominal", "5000")
    island(ennexos.device)
    nut.wait_status("OB")
    # Nobody hears anything: the status is held, whatever upsd asks.
    ennexos.server.refuse()
    wait_until(
        lambda: "silent since" in (ennexos_site.text or ""), 90, "the note of a silence"
    )
    assert nut.variables()["ups.status"] == "OB"
    ennexos.server.listen()
    # So much power leaves less than battery.runtime.low.
    ennexos.device.set(OUT, 500_000)
    nut.wait_status("OB LB", 150)
    mains(ennexos.device)
    nut.wait_status("OL", 60)
    assert daemon.stop() == 0
    assert ennexos.sessions == 0


def test_kills_leave_one_token(
    ennexos_site: EnnexosSite, ennexos: RunningEnnexos
) -> None:
    for _ in range(3):
        before = ennexos.polls
        daemon = ennexos_site.start()
        wait_until(lambda: ennexos.polls > before, SOON_S, "a poll")  # noqa: B023
        daemon.kill()
    assert (ennexos.logins, ennexos.sessions) == (1, 1)
    daemon = ennexos_site.start()
    before = ennexos.polls
    wait_until(lambda: ennexos.polls > before, SOON_S, "a poll")
    assert daemon.stop() == 0
    assert ennexos.sessions == 0
    assert not (ennexos_site.state / f"sma-{UPS}.session").exists()


def test_stop_in_a_hanging_request(
    ennexos_site: EnnexosSite, ennexos: RunningEnnexos
) -> None:
    ennexos_site.keys["SMA_TIMEOUT"] = "60"
    daemon = ennexos_site.start()
    ennexos_site.wait_status("OL")
    ennexos.device.replies[LIVE] = HANG
    before = ennexos.polls
    wait_until(lambda: ennexos.polls > before, SOON_S, "a request that hangs")
    assert daemon.stop(30.0) == 0
    assert (ennexos.sessions, ennexos_site.status) == (0, "OL")


def test_one_check_logs_out(ennexos_site: EnnexosSite, ennexos: RunningEnnexos) -> None:
    done = ennexos_site.run("-s")
    assert (done.code, ennexos_site.status) == (0, "OL")
    assert (ennexos.logins, ennexos.sessions) == (1, 0)


def test_numbers_of_a_hybrid(play_ennexos: Play) -> None:
    played = play_ennexos(keys="SMA_CAPACITY=9800")
    played.settle()
    wanted = {
        "ups.status": "OL",
        "battery.charge": "62",
        "battery.voltage": "418.5",
        "battery.current": "2.2",
        "device.serial": "3010550607",
        "ups.firmware": "03.14.22.R",
        "ups.realpower": "1050",
        "ups.realpower.nominal": "5000",
        "input.voltage": "230.1",
        "experimental.sma.health": "ok",
    }
    assert {name: played.values.get(name) for name in wanted} == wanted
    assert float(played.values["battery.runtime"]) > 0


def test_low_battery_without_a_capacity(play_ennexos: Play) -> None:
    """No device of the kind is known to tell its size; the charge must do."""
    played = play_ennexos()
    played.settle()
    assert "battery.capacity" not in played.values
    island(device_of(played))
    played.confirm()
    assert played.status == "OB"
    for soc in range(61, 11, -1):
        device_of(played).set(SOC, float(soc))
        played.check(20.0, times=6)
    assert played.status == "OB LB"
    assert played.values["battery.charge"] == "12"


def test_manners(play_ennexos: Play) -> None:
    """At most ten requests a minute on line, whatever RELAYFREQ says."""
    played = play_ennexos(keys="RELAYFREQ=5\nPOLLFREQ=5")
    played.settle()
    counts = played.inverter.server.counts.requests
    before, begun = counts.total(), played.clock.boottime()
    while played.clock.boottime() < begun + 540.0:
        next_at = played.parts.monitor.tick()
        played.clock.ahead_s += max(0.0, next_at - played.clock.boottime())
    assert played.status == "OL"
    # 9 minutes; and once in ten the parameters and the device.
    assert counts.total() - before <= 9 * 10 + 2
    assert counts[PARAMETERS] <= 2


def test_sub_devices_never_decide(
    play_ennexos: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play_ennexos("ennexos-manager", shown="ups.status: OL\n")
    played.check(0.0)
    played.check(61.0)
    assert played.status is None
    assert "try SMA_HOST with: Sunny Boy Smart Energy 5.0 at 192.0.2.60" in log.text


def test_solar_inverter_is_no_ups(
    play_ennexos: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play_ennexos("ennexos-pv", shown="ups.status: OL\n")
    played.check(0.0)
    assert played.status is None
    told = [each for each in log.records if each.levelno >= logging.WARNING]
    assert [each for each in told if "cannot be a UPS" in each.getMessage()]


def test_night_hides_the_file_and_guesses_nothing(play_ennexos: Play) -> None:
    played = play_ennexos()
    played.settle()
    device_of(played).sleep()
    played.check(20.0)
    assert played.status == "OL"
    played.check(301.0)
    assert played.status is None
    mains(device_of(played))
    played.check(20.0, times=2)
    assert played.status == "OL"


def test_night_in_an_island_holds(play_ennexos: Play) -> None:
    played = play_ennexos()
    played.settle()
    island(device_of(played))
    played.confirm()
    device_of(played).sleep()
    played.check(20.0, times=12)
    assert played.status == "OB"


#: What the grid and the charge need not.
ASIDE = (f"/api/v1/plants/Plant:1/devices/{SELF}", PARAMETERS)
ODD: dict[str, Reply] = {
    "hangs": HANG,
    "html": html_page(),
    "empty": Reply(),
    "null": json_reply(None),
    "err": json_reply({"err": 404}),
    **{str(status): html_page(status) for status in (301, 401, 403, 404, 500, 503)},
}


@pytest.mark.parametrize("path", ASIDE)
@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
def test_grid_is_told_whatever_becomes_of_the_rest(
    play_ennexos: Play, path: str, reply: Reply
) -> None:
    """Firmware may lack a path, refuse it, or take the question and never answer."""
    played = play_ennexos(keys="SMA_CAPACITY=9800")
    if reply is HANG:
        played.hurry()
    device = device_of(played)
    device.replies[path] = reply
    played.settle()
    assert (played.status, played.values["battery.charge"]) == ("OL", "62")
    island(device)
    played.confirm()
    assert played.status == "OB"
    # A token that ends in the outage is followed by a new login.
    device.expire()
    device.refresh.clear()
    device.set(SOC, 61.0)
    played.check(20.0, times=2)
    assert (played.status, played.values["battery.charge"]) == ("OB", "61")
    mains(device)
    played.check(10.0)
    played.check(5.0)
    assert played.status == "OL"
    assert played.inverter.logins == 2


def test_empty_list_is_a_failed_poll(play_ennexos: Play) -> None:
    played = play_ennexos()
    played.settle()
    device_of(played).live.clear()
    played.check(10.0)
    assert played.status == "OL"
    played.check(310.0)
    assert played.status is None


def test_another_serial_is_no_answer(
    play_ennexos: Play, log: pytest.LogCaptureFixture
) -> None:
    """The router has lent the address to another device, which lost its grid."""
    played = play_ennexos()
    played.settle()
    device = device_of(played)
    device.device["serial"] = "3099990000"
    island(device)
    device.expire()
    device.refresh.clear()
    played.check(10.0)
    played.check(1.0)
    assert played.status == "OL"
    assert "another inverter answers: serial 3099990000" in log.text


def test_user_that_is_missing_is_in_the_log(
    play: Play,
    run_ennexos: Callable[..., RunningEnnexos],
    log: pytest.LogCaptureFixture,
) -> None:
    """A device that became ennexOS by firmware, and a config of before."""
    played = play()
    played.settle()
    played.inverter.server.answer = run_ennexos().device
    played.check(10.0, times=3)
    assert played.status == "OL"
    assert "this is an ennexOS device (/api/v1): it needs SMA_USER" in log.text


def test_unlisted_tag_is_named_once(
    play_ennexos: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play_ennexos()
    played.settle()
    device_of(played).say("Operation.RunStt", 5288)
    played.check(10.0, times=5)
    assert played.status == "OL"
    assert log.text.count("Operation.RunStt 5288") == 1
    # A channel that turns out to count does not fill the log.
    for number in range(9000, 9040):
        device_of(played).say("Operation.RunStt", number)
        played.check(10.0)
    assert log.text.count("which is in no list") == 20


def test_portal_name_is_a_warning(play_ennexos: Play) -> None:
    played = play_ennexos(keys="SMA_USER=me@example.org")
    assert [each for each in played.notices if "portal" in str(each)]
