"""Another maker's file, another inverter: what was true before no longer is."""

import logging

import pytest

from nutbridge.sources.sma.webconnect import keys
from tests.daemon.sma.conftest import Play


def test_switch_from_a_gateway_takes_its_defaults_away(
    play: Play, log: pytest.LogCaptureFixture
) -> None:
    """Nobody has chosen them; what somebody has chosen stays."""
    played = play(
        shown="battery.voltage.high: 86.4\nbattery.voltage.nominal: 76.8\n"
        'battery.voltage.low: 68.5\ndevice.mfr: "Enphase Energy"\n'
        'ups.model: "My UPS"\nbattery.charge.low: 45\nbattery.type: LFP\n'
        "experimental.note: mine\nups.status: OL\n"
    )
    played.settle()
    wanted = {
        "battery.voltage.high": None,
        "battery.voltage.nominal": None,
        "battery.type": None,
        "battery.capacity": "24.4",
        "device.mfr": "SMA",
        "ups.model": "My UPS",
        "battery.charge.low": "45",
        "experimental.note": "mine",
    }
    assert {name: played.values.get(name) for name in wanted} == wanted
    # dummy-ups keeps the old value of a name that is missing.
    assert 'battery.voltage.high: ""' in (played.folder / "home.dev").read_text()
    played.kill()
    played.settle()
    assert {name: played.values.get(name) for name in wanted} == wanted
    assert not [each for each in log.records if "port file:" in each.getMessage()]


def test_another_inverter_is_named(play: Play, log: pytest.LogCaptureFixture) -> None:
    """The router has lent its address to another one."""
    played = play()
    played.settle()
    played.inverter.inverter.set(keys.SERIAL, 3005550999)
    played.inverter.inverter.say(keys.MAINS, 1781)
    played.check(10.0, times=3)
    wanted = "serial 3005550999, before 3005550303; check SMA_HOST"
    warned = [each for each in log.records if each.levelno == logging.WARNING]
    assert [wanted in each.getMessage() for each in warned] == [True]
    # Its island is none of ours.
    assert played.status == "OL"
    played.check(301.0)
    assert played.status is None
    # A restart, as of a router and this machine in one outage, forgets nothing.
    played.kill()
    played.check(10.0, times=3)
    assert played.status is None
    # What `nutbridge gateway trust --inverter` does.
    (played.folder / "sma-sun.serial").unlink()
    played.check(10.0)
    played.check(1.0)
    assert played.status == "OB"
    assert "3005550999" in (played.folder / "sma-sun.serial").read_text()


def test_trust_without_a_change_leaves_no_door_open(play: Play) -> None:
    """For its new certificate; the inverter is the one of before."""
    played = play()
    played.settle()
    file = played.folder / "sma-sun.serial"
    file.unlink()
    played.check(61.0)
    assert "3005550303" in file.read_text()
    played.inverter.inverter.set(keys.SERIAL, 3005550999)
    played.inverter.inverter.say(keys.MAINS, 1781)
    played.kill()
    played.check(10.0, times=3)
    assert played.status == "OL"


def test_serial_that_cannot_be_kept_is_told_once(
    play: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play()
    (played.folder / "sma-sun.serial").mkdir()
    played.kill()
    played.check(61.0, times=5)
    assert played.status == "OL"
    warned = [each for each in log.records if each.levelno == logging.WARNING]
    assert len([each for each in warned if "sma-sun.serial" in each.getMessage()]) <= 3
    # As soon as it can be, it is.
    (played.folder / "sma-sun.serial").rmdir()
    played.check(61.0)
    assert "3005550303" in (played.folder / "sma-sun.serial").read_text()


def test_another_address_is_another_first_contact(play: Play) -> None:
    played = play()
    played.settle()
    file = played.folder / "sma-sun.serial"
    file.write_text(file.read_text().replace("127.0.0.1", "192.0.2.9"))
    played.inverter.inverter.set(keys.SERIAL, 3005550999)
    played.kill()
    played.check(10.0)
    played.check(61.0)
    assert (played.status, played.values["device.serial"]) == ("OL", "3005550999")


def test_health_missing_in_one_answer_is_no_other_battery(play: Play) -> None:
    """A size that grows and shrinks would be taken for batteries that rejoin."""
    played = play()
    said = played.inverter.inverter
    for online in said.online.values():
        online[keys.HEALTH.key] = {"9": [{"val": 80}]}
    played.settle()
    said.set(keys.HEALTH.key, None)
    played.check(61.0)
    said.set(keys.HEALTH.key, 80)
    said.set(keys.SOC.key, 61)
    played.check(61.0)
    assert played.values["battery.charge"] == "61"


@pytest.mark.parametrize("key", [keys.HEALTH.key, keys.RATED_CAPACITY.key])
def test_size_of_0_in_one_answer_is_no_other_battery(play: Play, key: str) -> None:
    """Nor is what the config says of the size, for that one answer."""
    played = play(keys="SMA_CAPACITY=20000")
    said = played.inverter.inverter
    for online in said.online.values():
        online[keys.HEALTH.key] = {"9": [{"val": 80}]}
    played.settle()
    size = {keys.HEALTH.key: 80, keys.RATED_CAPACITY.key: 10200}[key]
    said.set(key, 0)
    played.check(61.0)
    said.set(key, size)
    said.set(keys.SOC.key, 61)
    played.check(61.0)
    assert played.values["battery.charge"] == "61"


@pytest.mark.parametrize("odd", [0, 4294967295, 2147483648, "unknown", ""])
def test_odd_serial_at_first_contact_is_none(play: Play, odd: object) -> None:
    """Remembered, it would refuse the true one for ever."""
    played = play()
    said = played.inverter.inverter
    said.set(keys.SERIAL, odd)
    played.check(10.0)
    assert not (played.folder / "sma-sun.serial").exists()
    said.set(keys.SERIAL, 3005550303)
    played.settle()
    assert (played.status, played.values["device.serial"]) == ("OL", "3005550303")
    said.set(keys.SERIAL, odd)
    said.say(keys.MAINS, 1781)
    played.confirm()
    assert played.status == "OB"


def test_grid_that_is_back_counts_while_the_battery_is_not(play: Play) -> None:
    """A unit that restarts with us: mains, and not a word of its battery."""
    played = play()
    played.settle()
    said = played.inverter.inverter
    said.say(keys.MAINS, 1781)
    played.confirm()
    assert played.status == "OB"
    said.drop(*keys.BATTERY_KEYS)
    played.kill()
    played.check(20.0, times=6)
    assert played.status == "OB"
    said.say(keys.MAINS, 1780)
    played.check(10.0)
    played.check(5.0)
    assert played.status == "OL"
    # What answers now is no UPS: NOCOMMS_DELAY, as without an answer.
    played.check(20.0, times=16)
    assert played.status is None
