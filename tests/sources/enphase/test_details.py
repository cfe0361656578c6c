"""Details: order, what is left for later, and that each endpoint fails alone."""

import copy
import json
import logging
from email.utils import formatdate

import pytest

from nutbridge.errors import DeviceUnreachable, Stopping
from nutbridge.net.wire import Answer
from nutbridge.sources.enphase import paths
from nutbridge.ups.model import Facts
from tests.sources.enphase.wires import DATA, FILES, HOST, House, house

ROUND = [
    paths.SECCTRL,
    paths.LIVEDATA,
    paths.REPORTS,
    paths.INFO,
    paths.INVENTORY,
    paths.METERS,
]
STEADY = ROUND[:3]
#: Which part of the facts hangs on which endpoint alone.
ALONE = {
    paths.SECCTRL: set[str](),
    paths.LIVEDATA: set[str](),
    paths.POWER: set[str](),
    paths.REPORTS: {"meters"},
    paths.INFO: {"identity"},
    paths.INVENTORY: {"equipment"},
    paths.METERS: {"meters"},
}


def opened(folder: str = "8.3_split_ongrid", *, disable_meters: bool = False) -> House:
    """A house whose answers carry the gateway's clock in their Date."""
    ours = house(folder, disable_meters=disable_meters)
    about = json.loads((DATA / folder / "gateway.json").read_text())
    ours.wire.date = formatdate(about["clock"], usegmt=True)
    return ours


#: What only an inverter tells.
OF_AN_INVERTER = {"nominal_w", "inverter"}


def missing(facts: Facts) -> set[str]:
    names = set(Facts._fields) - OF_AN_INVERTER
    return {name for name in names if getattr(facts, name) is None}


def test_round_asks_in_order() -> None:
    ours = opened()
    assert ours.round()
    assert ours.wire.paths == [*ROUND, paths.STATUS]
    assert missing(ours.source.facts) == set()


def test_rated_power_is_asked_once_an_hour() -> None:
    ours = opened("7.6_old_encharge")
    ours.wire.table[paths.STATUS] = (DATA / "7.6_old_encharge/status.json").read_bytes()
    for _ in range(7):
        ours.round()
        ours.clock.now += 600
    assert ours.source.facts.nominal_w == 3 * 1280.0
    assert ours.wire.paths.count(paths.STATUS) == 2


def test_rated_power_of_fewer_batteries_for_good_is_asked_once_an_hour() -> None:
    """A large answer; after the first quarter of an hour it will not get better."""
    ours = opened("7.6_old_encharge")
    status = json.loads((DATA / "7.6_old_encharge/status.json").read_text())
    listed = status["inventory"]["serial_nums"]
    del listed[next(name for name in listed if listed[name]["device_type"] == 13)]
    ours.wire.table[paths.STATUS] = json.dumps(status).encode()
    begun = ours.clock.now
    for asked, hours in ((3, 0.25), (3, 1.1), (4, 1.25), (4, 2.1), (5, 2.25)):
        while ours.clock.now < begun + hours * 3600:
            ours.round()
            ours.clock.now += 60
        assert ours.wire.paths.count(paths.STATUS) == asked
    assert ours.source.facts.nominal_w is None, "a part is not the house"
    whole = (DATA / "7.6_old_encharge/status.json").read_bytes()
    ours.wire.table[paths.STATUS] = whole
    ours.clock.now += 3600
    ours.round()
    assert ours.source.facts.nominal_w == 3 * 1280.0, "found after all"
    inventory = json.loads((DATA / "7.6_old_encharge/inventory.json").read_text())
    batteries = next(one for one in inventory if one["type"] == "ENCHARGE")["devices"]
    for number in "89":
        batteries.append(batteries[0] | {"serial_num": number})
        ours.wire.table[paths.INVENTORY] = json.dumps(inventory).encode()
        ours.wire.asked.clear()
        for _ in range(50):
            ours.clock.now += 60
            ours.round()
        assert ours.wire.paths.count(paths.STATUS) == 3, "one more is news"


def test_rated_power_is_that_of_all_listed_batteries() -> None:
    """A gateway that has started lists them one by one; a part is not the house."""
    ours = opened("7.6_old_encharge")
    whole = {
        path: json.loads((DATA / "7.6_old_encharge" / file).read_text())
        for path, file in (
            (paths.STATUS, "status.json"),
            (paths.INVENTORY, "inventory.json"),
        )
    }

    def found(in_status: int, in_inventory: int) -> float | None:
        status, inventory = copy.deepcopy((whole[paths.STATUS], whole[paths.INVENTORY]))
        listed = status["inventory"]["serial_nums"]
        batteries = [name for name in listed if listed[name]["device_type"] == 13]
        for name in batteries[in_status:]:
            del listed[name]
        for group in inventory:
            if group.get("type") == "ENCHARGE":
                del group["devices"][in_inventory:]
        ours.wire.table[paths.STATUS] = json.dumps(status).encode()
        ours.wire.table[paths.INVENTORY] = json.dumps(inventory).encode()
        for _ in range(2):
            ours.clock.now += 301
            ours.round()
        return ours.source.facts.nominal_w

    assert found(1, 1) == 1280.0
    assert found(1, 3) is None
    assert found(3, 3) == 3840.0
    assert found(2, 2) == 2560.0
    ours.wire.asked.clear()
    assert found(2, 2) == 2560.0
    assert paths.STATUS not in ours.wire.paths


def test_round_of_a_steady_house_is_three_requests() -> None:
    ours = opened()
    ours.round()
    ours.wire.asked.clear()
    ours.clock.now += 60
    assert ours.round()
    assert ours.wire.paths == STEADY


def test_slow_facts_are_read_again_after_ten_minutes() -> None:
    """The inventory after five: it tells whether the controller still reports."""
    ours = opened()
    ours.round()
    for later_s, asked in (
        (299, STEADY),
        (2, [*STEADY, paths.INVENTORY]),
        (297, STEADY),
        (4, ROUND),
    ):
        ours.clock.now += later_s
        ours.wire.asked.clear()
        ours.round()
        assert sorted(ours.wire.paths) == sorted(asked)


def test_disabled_meters_are_left_alone() -> None:
    ours = opened(disable_meters=True)
    assert ours.round()
    assert paths.REPORTS not in ours.wire.paths
    assert paths.METERS not in ours.wire.paths
    assert ours.source.facts.meters is None
    assert ours.source.facts.flows is not None
    assert ours.source.facts.flows.load_w == 986.2


@pytest.mark.parametrize("path", ALONE)
@pytest.mark.parametrize(
    "failure",
    [
        DeviceUnreachable(HOST, "no answer"),
        Answer(401, {}, b""),
        Answer(503, {}, b""),
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b"[[["),
        Answer(200, {}, b"7"),
    ],
)
def test_each_endpoint_fails_alone(
    path: str, failure: Answer | DeviceUnreachable
) -> None:
    ours = opened()
    ours.wire.table[path] = failure
    assert ours.round()
    assert missing(ours.source.facts) == ALONE[path]
    assert ours.wire.paths.count(path) <= 1


@pytest.mark.parametrize("path", [*ROUND, paths.POWER])
def test_failed_detail_keeps_what_was_known(path: str) -> None:
    """Only the age tells; and it is asked again in the next round."""
    ours = opened()
    ours.round()
    known = ours.source.facts
    ours.wire.table[path] = Answer(503, {}, b"")
    ours.clock.now += 700
    ours.round()
    facts = ours.source.facts
    assert missing(facts) == set()
    if path == paths.REPORTS:
        assert facts.meters == known.meters
    if path in (paths.INFO, paths.INVENTORY, paths.METERS):
        ours.wire.asked.clear()
        ours.clock.now += 60
        ours.round()
        assert ours.wire.paths == [*STEADY, path]


def test_all_endpoints_fail() -> None:
    ours = opened()
    ours.wire.table = dict.fromkeys(FILES, DeviceUnreachable(HOST, "no answer"))
    assert ours.round()
    assert missing(ours.source.facts) == set(Facts._fields) - OF_AN_INVERTER


def test_what_was_not_reached_is_first_in_line() -> None:
    ours = opened()
    ours.wire.takes_s = {paths.LIVEDATA: 4.0}
    assert not ours.round(3.0)
    assert ours.wire.paths == [paths.SECCTRL, paths.LIVEDATA]
    ours.wire.asked.clear()
    assert ours.source.details(ours.clock.now + 10)
    assert ours.wire.paths == [*ROUND[1:], paths.STATUS]


def test_slow_endpoint_does_not_block_the_others() -> None:
    """Cut short twice it counts as failed, and the next has its turn."""
    ours = opened()
    ours.wire.takes_s = {paths.SECCTRL: 60.0}
    ours.source.begin_round()
    assert not ours.source.details(ours.clock.now + 3)
    assert not ours.source.details(ours.clock.now + 3)
    assert ours.source.details(ours.clock.now + 3)
    assert ours.wire.paths == [paths.SECCTRL, *ROUND, paths.STATUS]


def test_request_ends_after_twice_api_timeout() -> None:
    ours = opened()
    ours.wire.takes_s = {paths.SECCTRL: 60.0}
    begun = ours.clock.now
    assert ours.round(300.0)
    assert ours.clock.now - begun < 11.0


def test_leftovers_go_before_the_next_round() -> None:
    ours = opened()
    ours.wire.takes_s = {paths.REPORTS: 2.0}
    ours.source.begin_round()
    assert not ours.source.details(ours.clock.now + 1.0)
    ours.wire.asked.clear()
    ours.source.begin_round()
    assert ours.source.details(ours.clock.now + 30.0)
    assert ours.wire.paths == [*ROUND[2:], paths.STATUS, *ROUND[:2]]
    assert missing(ours.source.facts) == set()


def test_no_time_no_request() -> None:
    ours = opened()
    ours.source.begin_round()
    assert not ours.source.details(ours.clock.now)
    assert ours.wire.asked == []


def test_stopping_passes_through() -> None:
    ours = opened()
    ours.wire.table[paths.SECCTRL] = Stopping("asked to stop")
    with pytest.raises(Stopping):
        ours.round()


@pytest.mark.parametrize("path", [paths.INVENTORY, paths.METERS])
def test_empty_slow_answer_is_asked_again(path: str) -> None:
    """A gateway boots with an empty inventory; it does not take back what was."""
    ours = opened()
    ours.round()
    known = ours.source.facts
    ours.clock.now += 700
    ours.wire.table[path] = b"[]"
    ours.round()
    ours.wire.asked.clear()
    ours.round()
    assert path in ours.wire.paths
    facts = ours.source.facts
    assert facts.equipment == known.equipment
    assert facts.meters is not None
    assert facts.meters.input is not None


def test_refused_for_ever_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    ours = opened()
    for path in (paths.SECCTRL, paths.INVENTORY):
        ours.wire.table[path] = Answer(401, {}, b"")
    with caplog.at_level(logging.INFO, "nutbridge"):
        for _ in range(20):
            ours.clock.now += 60
            ours.round()
    assert len(caplog.records) == 2
    assert ours.renewal.refusals == 0
    # A slow fact that is refused stubbornly is asked as seldom as a good one.
    assert ours.wire.paths.count(paths.INVENTORY) <= 5
    assert ours.wire.paths.count(paths.SECCTRL) == 20


def test_old_firmware_is_not_told_of_each_endpoint(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The relay's failure names it; six more lines would say the same."""
    ours = opened()
    old = b"<envoy_info><device><sn>1</sn><software>M4.2.33</software></device>"
    ours.wire.table[paths.INFO] = old + b"</envoy_info>"
    ours.round()
    ours.wire.table = dict.fromkeys(ours.wire.table, Answer(404, {}, b"{}"))
    with caplog.at_level(logging.INFO, "nutbridge"):
        for _ in range(4):
            ours.clock.now += 60
            ours.round()
    assert caplog.messages == []


def test_lost_and_back_are_one_line_each(caplog: pytest.LogCaptureFixture) -> None:
    """Two failures in a row, as every night, are none."""
    ours = opened()
    good = ours.wire.table[paths.REPORTS]
    bad = Answer(503, {}, b"")
    with caplog.at_level(logging.INFO, "nutbridge"):
        for entry in [bad, bad, good] + [bad] * 10 + [good] * 5:
            ours.wire.table[paths.REPORTS] = entry
            ours.clock.now += 60
            ours.round()
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "INFO"]


@pytest.mark.parametrize("part", [0.5, 1.0])
def test_power_is_asked_while_a_part_of_the_batteries_is_missing(part: float) -> None:
    """Each battery's own charge is asked for, which tells what secctrl cannot."""
    ours = opened()
    ours.round()
    whole = ours.wire.table[paths.SECCTRL]
    assert isinstance(whole, bytes)
    secctrl = json.loads(whole)
    for key in ("Enc_max_available_capacity", "Max_energy"):
        secctrl[key] = round(secctrl[key] * part)
    ours.wire.table[paths.SECCTRL] = json.dumps(secctrl).encode()
    ours.wire.asked.clear()
    ours.clock.now += 60
    ours.round()
    battery = ours.source.facts.battery
    assert battery is not None
    assert (paths.POWER in ours.wire.paths) == (part < 1)
    assert bool(battery.own_socs_pct) == (part < 1)


@pytest.mark.parametrize("hangs", [paths.REPORTS, paths.INFO, paths.METERS])
def test_one_that_hangs_keeps_no_other_from_being_asked(hangs: str) -> None:
    """The relay hangs too, and each check takes as long as a round."""
    ours = opened()
    ours.wire.takes_s[hangs] = 1e6
    for _ in range(6):
        ours.round(seconds=5.0)
        ours.clock.now += 25
    asked = ours.wire.paths
    assert all(asked.count(each) > 1 for each in STEADY)
    battery = ours.source.facts.battery
    assert battery is not None
    assert ours.clock.now - battery.at < 65


def test_charge_of_livedata_that_comes_a_check_later_counts() -> None:
    """A slow gateway: secctrl, which tells no charge, had the time of one check."""
    ours = opened()
    ours.wire.table[paths.SECCTRL] = b'{"Max_energy":10000}'
    ours.wire.takes_s = dict.fromkeys(FILES, 4.0)
    ours.round(seconds=4.0)
    first = ours.source.facts.battery
    assert first is not None
    assert first.soc_pct is None
    ours.clock.now += 20
    ours.source.details(ours.clock.now + 4.0)
    second = ours.source.facts.battery
    assert second is not None
    assert second.soc_pct is not None
    assert second.at > first.at
