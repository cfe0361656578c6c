"""An inverter as the UPS: OL, OB, LB, and the traps of its answers."""

import logging

import pytest

from nutbridge.simulator.messages import Reply
from nutbridge.simulator.sma.inverter import (
    SimulatedInverter,
    err,
    html_page,
    json_reply,
)
from nutbridge.sources.sma.webconnect import keys
from tests.daemon.sma.conftest import Play
from tests.daemon.sma.played import Played

RUN, MAINS, BACKUP = keys.RUN_STATE, keys.MAINS, keys.BACKUP
VALUES = "/dyn/getValues.json"


def island(inverter: SimulatedInverter) -> None:
    inverter.say(RUN, 1463)
    inverter.say(MAINS, 1781)
    inverter.set(keys.DRAWN.key, 0)


def mains(inverter: SimulatedInverter) -> None:
    inverter.say(RUN, 235)
    inverter.say(MAINS, 1780)


def soc(played: Played, percent: float) -> None:
    played.inverter.inverter.set(keys.SOC.key, percent)


def test_ol_with_all_numbers(play: Play) -> None:
    played = play()
    played.settle()
    assert played.status == "OL"
    wanted = {
        "battery.charge": "62",
        "battery.voltage": "418.5",
        "battery.current": "2.2",
        "battery.temperature": "21.4",
        # 10200 Wh at the measured voltage.
        "battery.capacity": "24.4",
        # 900 W of the inverter and 150 W of the grid, of 6000 W.
        "ups.realpower": "1050",
        "ups.realpower.nominal": "6000",
        "ups.load": "17.5",
        # 52 % of 10200 Wh at 1050 W.
        "battery.runtime": "18185",
        "input.frequency": "50.01",
        "input.L2-N.voltage": "231.1",
        "output.realpower": "1050",
        "device.mfr": "SMA",
        "device.serial": "3005550303",
        "ups.firmware": "3.01.6.R",
        "experimental.sma.pv.power": "0",
        "experimental.sma.power": "900",
        "experimental.sma.health": "ok",
    }
    assert {name: played.values.get(name) for name in wanted} == wanted
    # Of another maker's battery nothing is claimed.
    assert not {"battery.type", "battery.voltage.high"} & played.values.keys()


def test_first_island_is_asked_again(play: Play) -> None:
    """One wrong answer is no outage; the second one is asked for after 1 s."""
    played = play()
    played.settle()
    island(played.inverter.inverter)
    played.check(10.0)
    assert played.status == "OL"
    mains(played.inverter.inverter)
    played.check(1.0)
    assert played.status == "OL"
    island(played.inverter.inverter)
    played.confirm()
    assert played.status == "OB"
    mains(played.inverter.inverter)
    played.check(10.0)
    assert played.status == "OB"
    played.check(5.0)
    assert played.status == "OL"


@pytest.mark.parametrize(
    ("key", "tag"),
    [(RUN, 1463), (MAINS, 1781), (BACKUP, 1441), (keys.GENERAL, 1855)],
)
def test_any_island_tag_is_ob_whatever_the_others_say(
    play: Play, key: str, tag: int
) -> None:
    played = play("hybrid-island")
    for each, normal in ((RUN, 235), (MAINS, 1780), (BACKUP, 1440)):
        played.inverter.inverter.say(each, normal)
    played.settle()
    assert played.status == "OL"
    played.inverter.inverter.say(key, tag)
    played.confirm()
    assert played.status == "OB"


def test_low_battery(play: Play) -> None:
    played = play()
    played.settle()
    island(played.inverter.inverter)
    played.confirm()
    # Falls as fast as it can at the most, else it has to be seen thrice.
    for percent in range(61, 17, -1):
        soc(played, percent)
        played.check(60.0)
        assert played.status == ("OB LB" if percent < 20 else "OB"), percent
    values = played.values
    assert values["battery.charge"] == "18"
    assert "input.frequency" not in values
    assert values["output.frequency"] == "50.01"
    # In an island all of the house's power comes through the inverter.
    assert values["ups.realpower"] == "900"
    mains(played.inverter.inverter)
    played.check(10.0)
    played.check(5.0)
    assert played.status == "OL"


def test_end_of_discharge_raises_the_limit(play: Play) -> None:
    """Only the installer may read it; a user's floor is 10 %."""
    played = play(keys="SMA_GROUP=istl\nSMA_PASSWORD=montage-42")
    played.inverter.inverter.set(keys.END_OF_DISCHARGE.key, 30)
    played.settle()
    assert played.values["battery.charge.low"].startswith("35")


def test_end_of_discharge_that_one_answer_lacks_is_remembered(play: Play) -> None:
    """LB would else come below the charge at which the battery has stopped."""
    played = play(keys="SMA_GROUP=istl\nSMA_PASSWORD=montage-42")
    said = played.inverter.inverter
    said.set(keys.END_OF_DISCHARGE.key, 30)
    played.settle()
    island(said)
    played.confirm()
    said.drop(keys.END_OF_DISCHARGE.key)
    for percent in range(61, 33, -1):
        soc(played, percent)
        played.check(60.0)
        assert played.status == ("OB LB" if percent < 35 else "OB"), percent


def test_hybrid_without_a_battery_gives_status_only(play: Play) -> None:
    """All battery keys are there, with 0 and state 303."""
    played = play("hybrid-no-battery")
    played.settle()
    assert played.status == "OL"
    island(played.inverter.inverter)
    played.confirm()
    played.check(20.0, times=120)
    assert played.status == "OB"
    assert not [name for name in played.values if name.startswith("battery.")]


@pytest.mark.parametrize("state", [303, 16777213, 2291])
def test_soc_0_on_mains_is_ol(play: Play, state: int) -> None:
    played = play()
    played.inverter.inverter.say(keys.BATTERY_STATE, state)
    soc(played, 0)
    played.settle()
    assert played.status == "OL"
    assert "battery.charge" not in played.values  # a 0 is no charge
    island(played.inverter.inverter)
    played.confirm()
    played.check(31.0)
    assert played.status == "OB"


def test_charge_missing_is_a_battery_that_is_not_ready(play: Play) -> None:
    played = play()
    played.settle()
    island(played.inverter.inverter)
    played.confirm()
    played.inverter.inverter.set(keys.SOC.key, None)
    played.check(20.0, times=6)
    assert played.status == "OB"
    assert played.values["experimental.nutbridge.source"] == "reckoned"
    assert 55 < float(played.values["battery.charge"]) < 62


def test_relay_open_at_night_is_no_outage(play: Play) -> None:
    played = play()
    played.settle()
    played.inverter.inverter.say("6180_08416400", 311)
    played.inverter.inverter.say(keys.GENERAL, 303)
    played.check(10.0, times=3)
    assert played.status == "OL"


def test_idle_storage_inverter(play: Play) -> None:
    played = play("storage")
    played.settle()
    assert played.status == "OL"
    assert played.values["battery.charge"] == "64"
    assert played.values["battery.voltage"] == "163.6"


def test_masked_device_id(play: Play) -> None:
    """A firmware update changes the id in the middle of the night."""
    played = play()
    played.settle()
    played.inverter.inverter.mask()
    soc(played, 61)
    played.check(61.0)
    assert played.status == "OL"
    assert played.values["battery.charge"] == "61"
    assert played.values["device.serial"] == "3005550303"


def test_inverter_without_a_battery_is_no_ups(
    play: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play("pv-only", shown="ups.status: OL\n")
    played.check(0.0)
    assert played.status is None
    for _ in range(3):
        next_at = played.parts.monitor.tick()
        assert 59 < next_at - played.clock.boottime() <= 60
    told = [each for each in log.records if each.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "cannot be a UPS" in told[0].getMessage()
    assert played.status is None


def test_battery_keys_that_vanish_are_a_failed_poll(play: Play) -> None:
    """A unit that restarts answers in part."""
    played = play()
    played.settle()
    played.inverter.inverter.drop(*keys.BATTERY_KEYS)
    played.check(10.0)
    assert played.status == "OL"
    played.check(310.0)
    assert played.status is None


ODD: dict[str, Reply] = {
    "err 404": err(404),
    "err 999": err(999),
    "html": html_page(),
    "no json": Reply(body=b'{"result":'),
    "empty": json_reply({"result": {}}),
    "no keys": json_reply({"result": {"a": {}}}),
    "unknown tags": json_reply(
        {"result": {"a": {MAINS: {"9": [{"val": [{"tag": 1779}]}]}, RUN: {"9": []}}}}
    ),
}


@pytest.mark.parametrize("reply", ODD.values(), ids=ODD)
def test_what_is_not_known_is_a_failed_poll(play: Play, reply: Reply) -> None:
    """On line the file stands for NOCOMMS_DELAY; on battery it is held."""
    played = play()
    played.settle()
    played.inverter.inverter.replies[VALUES] = reply
    played.check(20.0)
    assert played.status == "OL"
    played.check(301.0)
    assert played.status is None
    played.inverter.inverter.replies.clear()
    played.check(20.0)
    island(played.inverter.inverter)
    played.confirm()
    played.inverter.inverter.replies[VALUES] = reply
    played.check(20.0, times=12)
    assert played.status == "OB"
    assert "silent since" in played.values["experimental.nutbridge.source"]


def test_every_name_stands_from_the_first_file_on(play: Play) -> None:
    """dummy-ups forgets no name, and loses upsd when too many come at once."""
    played = play()
    played.check(0.0)
    text = (played.folder / "home.dev").read_text()
    names = [line.partition(":")[0] for line in text.splitlines()]
    assert len(names) == len(set(names)) < 80
    assert {"experimental.sma.health", "input.voltage"} <= set(names)
    played.settle()
    island(played.inverter.inverter)
    played.confirm()
    later = (played.folder / "home.dev").read_text()
    assert {line.partition(":")[0] for line in later.splitlines()} == set(names)
