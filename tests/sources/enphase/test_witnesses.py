"""Who else is believed about the grid when the relay alone fails or is stale."""

import json
import logging
from email.utils import formatdate
from typing import Any

import pytest

from nutbridge.errors import DeviceAnswerError, DeviceError, DeviceUnreachable
from nutbridge.net.wire import Answer
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.readings import Controller, Dated, Inventory
from nutbridge.sources.enphase.witnesses import ReportWatch, Vote, verdict_of
from nutbridge.ups.model import Grid
from tests.sources.enphase.wires import (
    CLOSED,
    HOST,
    NO_ANSWER,
    OPEN,
    VALID,
    Entry,
    House,
    batteries,
    house,
)

#: The gateway's clock when ours says 0; it was never set.
GATEWAY_S = 86_400.0
NOT_THERE = Answer(404, {}, b"")
REFUSED = Answer(401, {}, b"")
BUSY = Answer(503, {}, b"")
ODD = b'{"mains_oper_state":"maintenance"}'

#: All the ways in which the relay alone fails.
FAILURES: list[Entry] = [NO_ANSWER, REFUSED, NOT_THERE, BUSY, ODD, b"<html>", b"{}"]


class Site(House):
    """A house whose inventory is put together by the test."""

    def says(
        self,
        *,
        enpower: str | None = None,
        collar: str | None = None,
        age_s: float = 5.0,
        communicating: bool = True,
    ) -> None:
        """Let the inventory list these, last heard of ``age_s`` ago."""
        reported = int(self.clock.now + GATEWAY_S - age_s)
        groups: list[dict[str, Any]] = [
            {"type": "ENCHARGE", "devices": [{"last_rpt_date": reported}]}
        ]
        if enpower is not None:
            device = {
                "mains_oper_state": enpower,
                "last_rpt_date": reported,
                "communicating": communicating,
            }
            groups.append({"type": "ENPOWER", "devices": [device]})
        if collar is not None:
            word = {"admin_state_str": f"ENCMN_MDE_{collar}", "last_rpt_date": 7}
            groups.append({"type": "COLLAR", "devices": [word]})
        self.wire.table[paths.INVENTORY] = json.dumps(groups).encode()
        self.later(0)

    def battery(
        self, serial: str, age_s: float = 5.0, communicating: float = True
    ) -> None:
        """Let the inventory list this battery, last heard of ``age_s`` ago."""
        body = self.wire.table[paths.INVENTORY]
        assert isinstance(body, bytes)
        groups = json.loads(body)
        device = {
            "serial_num": serial,
            "last_rpt_date": int(self.clock.now + GATEWAY_S - age_s),
            "communicating": bool(communicating),
        }
        others = [d for d in groups[0]["devices"] if d.get("serial_num") != serial]
        groups[0]["devices"] = [*others, device]
        self.wire.table[paths.INVENTORY] = json.dumps(groups).encode()

    def later(self, seconds: float) -> None:
        self.clock.now += seconds
        self.wire.date = formatdate(self.clock.now + GATEWAY_S, usegmt=True)

    def fails(self, relay: Entry) -> None:
        self.wire.table[paths.RELAY] = relay

    def word(self) -> str:
        """Check; what it comes to, ``stale`` and ``failed`` included."""
        try:
            answer = self.source.grid(self.clock.now + 60.0)
        except DeviceError:
            return "failed"
        return "stale" if answer.stale else answer.grid.value


@pytest.fixture
def site() -> Site:
    ours = house()
    found = Site(ours.clock, ours.wire, ours.renewal, ours.source)
    found.wire.table |= {paths.RELAY: CLOSED, paths.CHECK_JWT: VALID}
    found.says(enpower="closed")
    return found


@pytest.mark.parametrize("relay", FAILURES)
@pytest.mark.parametrize(
    ("enpower", "word"), [("closed", "closed"), ("open", "open"), ("?", "unknown")]
)
def test_witness_controller(site: Site, relay: Entry, enpower: str, word: str) -> None:
    """401 beside a good token, 404, 503, a hang, an odd word, no JSON."""
    site.fails(relay)
    site.says(enpower=enpower)
    if word == "unknown" and relay is not ODD:
        word = "failed"
    assert site.word() == word


@pytest.mark.parametrize("relay", FAILURES)
@pytest.mark.parametrize(
    ("mode", "word"),
    [
        ("multimode-ongrid", "closed"),
        ("multimode-offgrid", "open"),
        ("multimode-generator", "open"),
        ("grid-tied", "no"),
        ("unknown", "no"),
    ],
)
def test_witness_batteries(site: Site, relay: Entry, mode: str, word: str) -> None:
    site.fails(relay)
    site.says()
    site.wire.table[paths.STATUS] = batteries(mode, mode)
    wanted = {"no": "unknown" if relay is ODD else "failed"}.get(word, word)
    assert site.word() == wanted


def test_witness_generator_is_told(site: Site) -> None:
    site.fails(NOT_THERE)
    site.wire.table[paths.STATUS] = batteries("multimode-generator")
    answer = site.source.grid(site.clock.now + 60.0)
    assert (answer.grid, answer.generator, answer.backup_mode) == (
        Grid.OPEN,
        True,
        True,
    )


def test_witness_one_open_is_enough(site: Site) -> None:
    site.fails(NOT_THERE)
    site.wire.table[paths.STATUS] = batteries("multimode-ongrid", "multimode-offgrid")
    assert site.word() == "open"
    site.wire.table[paths.STATUS] = batteries("multimode-ongrid")
    site.says(enpower="closed", collar="OFF_GRID")
    assert site.word() == "open"


@pytest.mark.parametrize(
    "lost",
    [{"communicating": False}, {"age_s": 601.0}, {"age_s": -3600.0}],
    ids=["marked", "silent", "of a clock put back"],
)
@pytest.mark.parametrize("relay", [BUSY, "stale"])
def test_witness_battery_that_broke_in_an_outage(
    site: Site, relay: Entry | str, lost: dict[str, float]
) -> None:
    """It says off grid for ever; each silence of the relay would be an outage."""
    for serial in ("0", "1"):
        site.battery(serial)
    assert site.word() == "closed"
    site.wire.table[paths.STATUS] = batteries("multimode-offgrid", "multimode-ongrid")
    site.battery("0", **lost)
    if relay == "stale":
        site.says(enpower="closed", communicating=False)
        site.later(301)
        site.battery("1")
        site.battery("0", **lost)
        site.round()
    else:
        assert isinstance(relay, Answer)
        site.fails(relay)
    assert site.word() == ("stale" if relay == "stale" else "closed")
    site.wire.table[paths.STATUS] = batteries("multimode-offgrid")
    assert site.word() == "open", "nobody else is heard"


def test_witness_relay_that_answers_decides(site: Site) -> None:
    site.says(enpower="open")
    site.wire.table[paths.STATUS] = batteries("multimode-offgrid")
    assert site.word() == "closed"
    assert paths.STATUS not in site.wire.paths


def test_witness_collar_on_grid_beside_a_missing_relay_is_closed(site: Site) -> None:
    """It was never OL."""
    site.fails(NOT_THERE)
    site.says(collar="ON_GRID")
    assert site.word() == "closed"


@pytest.mark.parametrize("who", [{"enpower": "closed"}, {"collar": "ON_GRID"}])
def test_witness_closed_is_younger_than_the_last_open(
    site: Site, who: dict[str, str]
) -> None:
    """Two looks at one report from before the outage must not end it."""
    site.word()
    site.later(10)
    site.fails(OPEN)
    assert site.word() == "open"
    site.fails(NOT_THERE)
    site.says(**who, age_s=20)  # type: ignore[arg-type]
    assert [site.word(), site.word()] == ["failed", "failed"]
    site.later(300)
    assert site.word() == "failed", "the same report"
    site.says(**who, age_s=5)  # type: ignore[arg-type]
    assert site.word() == "closed", "held on for ever otherwise"


def test_witness_own_open_counts_as_the_last_one(site: Site) -> None:
    site.fails(NOT_THERE)
    site.says(enpower="open")
    assert site.word() == "open"
    site.later(10)
    site.says(enpower="closed", age_s=15)
    assert site.word() == "failed"
    site.says(enpower="closed", age_s=5)
    assert site.word() == "closed"


def test_witness_open_from_before_the_start(site: Site) -> None:
    site.source.opened_at = site.clock.now - 20
    site.fails(NOT_THERE)
    site.says(enpower="closed", age_s=30)
    assert site.word() == "failed"
    site.says(enpower="closed", age_s=10)
    assert site.word() == "closed"


def test_witness_without_any_clock_ends_no_outage(site: Site) -> None:
    site.fails(OPEN)
    site.word()
    site.fails(NOT_THERE)
    site.later(60)
    site.says(enpower="closed")
    site.wire.date = None
    assert site.word() == "failed"
    site.says(enpower="open")
    site.wire.date = None
    assert site.word() == "open"


def test_witness_report_of_another_time_is_no_closed(site: Site) -> None:
    """After a start nothing tells how old it is but the gateway's clock."""
    site.fails(NOT_THERE)
    site.says(enpower="closed", age_s=601)
    assert site.word() == "failed"
    site.says(enpower="closed", age_s=299)
    assert site.word() == "closed"


def test_witness_report_of_a_clock_that_was_put_back_is_no_closed(site: Site) -> None:
    """A gateway restarts in an outage without internet, and begins in 1970."""
    site.word()
    site.says(enpower="closed")
    site.later(10)
    site.fails(OPEN)
    assert site.word() == "open"
    site.fails(NOT_THERE)
    # Its last report is from before that, and by its clock still to come.
    site.says(enpower="closed", age_s=-1000)
    assert [site.word(), site.word()] == ["failed", "failed"]
    site.later(20)
    site.says(enpower="closed")
    assert site.word() == "closed"


@pytest.mark.parametrize("back_s", [45.0, 300.0, 3600.0])
def test_witness_report_from_before_the_open_by_a_clock_put_back(
    site: Site, back_s: float
) -> None:
    """By its date alone it would be one of after the open, sooner or later."""
    site.says(enpower="closed", age_s=20)
    assert site.word() == "closed"
    site.later(5)
    site.fails(OPEN)
    assert site.word() == "open"
    for _ in range(400):
        site.later(10)
        site.wire.date = formatdate(site.clock.now + GATEWAY_S - back_s, usegmt=True)
        site.fails(BUSY)
        assert site.word() == "failed"
    site.says(enpower="closed", age_s=5 + back_s)
    site.wire.date = formatdate(site.clock.now + GATEWAY_S - back_s, usegmt=True)
    assert site.word() == "closed", "reported anew"


def test_witness_controller_that_is_lost_says_no_closed(site: Site) -> None:
    site.fails(NOT_THERE)
    site.says(enpower="closed", communicating=False)
    assert site.word() == "failed"
    site.says(enpower="open", communicating=False)
    assert site.word() == "open"


def test_witnesses_are_not_asked_when_the_whole_gateway_is_silent(site: Site) -> None:
    silent = DeviceUnreachable("envoy.local", "no answer")
    for path in (paths.RELAY, paths.INVENTORY, paths.STATUS):
        site.wire.table[path] = silent
    assert site.word() == "failed"
    assert paths.STATUS not in site.wire.paths


def test_witnesses_cost_a_silent_gateway_little_time(site: Site) -> None:
    site.wire.takes_s = {paths.RELAY: 60.0, paths.INVENTORY: 60.0}
    begun = site.clock.now
    assert site.word() == "failed"
    # Two tries of the relay, and not half a request more.
    assert site.clock.now - begun <= 2 * 10.0 + 5.0


def test_witnesses_are_not_asked_with_a_token_that_is_bad(site: Site) -> None:
    site.fails(REFUSED)
    site.wire.table[paths.CHECK_JWT] = REFUSED
    for _ in range(3):
        assert site.word() == "failed"
    assert paths.INVENTORY not in site.wire.paths


def test_witness_that_refuses_is_asked_seldom(site: Site) -> None:
    """An owner on 7.3.130 gets 401 for ensemble/status, for ever."""
    site.fails(NOT_THERE)
    site.wire.table[paths.STATUS] = REFUSED
    for _ in range(50):
        site.says(enpower="closed")
        assert site.word() == "closed"
        site.later(10)
    assert site.wire.paths.count(paths.STATUS) == 3
    assert site.wire.paths.count(paths.INVENTORY) == 50


def test_witness_is_told_once(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nutbridge")
    site.fails(NOT_THERE)
    for _ in range(5):
        assert site.word() == "closed"
    site.fails(CLOSED)
    site.word()
    believed = "believing System Controller"
    assert [r.getMessage() for r in caplog.records] == [
        f"the relay fails ({HOST}{paths.RELAY}: answered 404): {believed}",
        "the relay answers again",
    ]


def test_witness_beside_a_silent_collar_is_told(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """The relay says closed for ever behind it; OB is not to come from nowhere."""
    site.fails(CLOSED)
    site.says(collar="ON_GRID")
    assert site.word() == "closed"
    site.wire.table |= {
        paths.INVENTORY: BUSY,
        paths.STATUS: batteries("multimode-offgrid"),
    }
    assert [site.word() for _ in range(2)] == ["open"] * 2
    assert [r.getMessage() for r in caplog.records if "relay" in r.message] == [
        f"the relay fails ({HOST}{paths.INVENTORY}: answered 503): believing battery"
    ]


def test_witness_collar_is_asked_however_often_it_was_refused(site: Site) -> None:
    """A gateway that starts refuses good tokens for a while."""
    site.fails(CLOSED)
    site.says(collar="ON_GRID")
    assert site.word() == "closed"
    listed = site.wire.table[paths.INVENTORY]
    site.wire.table |= {paths.RELAY: BUSY, paths.INVENTORY: REFUSED}
    assert [site.word() for _ in range(9)] == ["failed"] * 9
    site.wire.table[paths.INVENTORY] = listed
    assert site.word() == "closed"


# ``closed`` in a mode that is lost: a gateway that has started.

LOST = b'{"mains_oper_state":"closed","Enchg_grid_mode":"unknown"}'


@pytest.mark.parametrize("known", ["seen", "told", "no"])
def test_lost_mode_beside_a_witness_that_says_open(site: Site, known: str) -> None:
    """It has started in an outage; the relay's words are those of before it."""
    if known == "seen":
        assert site.word() == "closed"
    site.source.recall(collar=False, backup_mode=known == "told")
    site.fails(LOST)
    assert site.word() == "closed"  # no answer, says ups.status.events
    site.wire.table[paths.STATUS] = batteries("unknown", "multimode-offgrid")
    assert site.word() == ("closed" if known == "no" else "open")
    site.says(enpower="open")
    del site.wire.table[paths.STATUS]
    assert site.word() == ("closed" if known == "no" else "open")


def test_lost_mode_of_a_house_that_gave_its_battery_up_costs_little(site: Site) -> None:
    """Its inventory stays empty, and its gateway is asked for ever."""
    assert site.word() == "closed"
    site.fails(LOST)
    site.wire.table[paths.INVENTORY] = b"[]"
    for _ in range(80):
        site.later(60)
        site.round()
        assert site.word() == "closed"
    del site.wire.asked[:]
    assert site.word() == "closed"
    assert site.wire.paths == [paths.RELAY]


def test_lost_mode_beside_a_collar() -> None:
    ours = house(collar=True)
    site = Site(ours.clock, ours.wire, ours.renewal, ours.source)
    site.fails(CLOSED)
    site.says(collar="ON_GRID")
    assert site.word() == "closed"
    site.fails(LOST)
    site.wire.table[paths.STATUS] = batteries("multimode-offgrid")
    assert site.word() == "open"


# A stale ``closed``.


def rounds(site: Site, seconds: float, age_s: float | None) -> list[str]:
    """Check every 10 s, with a round every minute; reports are ``age_s`` old."""
    words = []
    for second in range(0, int(seconds), 10):
        if age_s is not None:
            site.says(enpower="closed", age_s=age_s)
        words.append(site.word())
        if second % 60 == 0:
            site.round()
        site.later(10)
    return words


def test_stale_healthy_controller_is_believed_for_hours(site: Site) -> None:
    """Reports up to 198 s old are normal."""
    assert set(rounds(site, 7200, age_s=198)) == {"closed"}


def test_stale_controller_that_does_not_report_any_more(site: Site) -> None:
    rounds(site, 300, age_s=5)
    words = rounds(site, 1500, age_s=None)
    assert words[:60] == ["closed"] * 60
    assert words[-60:] == ["stale"] * 60
    site.fails(OPEN)
    assert site.word() == "open", "an open always counts"
    site.fails(CLOSED)
    site.says(enpower="closed")
    assert site.word() == "closed", "it reports again"


def test_stale_controller_that_is_lost_is_seen_in_this_check(site: Site) -> None:
    assert site.word() == "closed"
    site.says(enpower="closed", communicating=False)
    site.later(301)
    site.round()
    assert site.word() == "stale"
    site.says(enpower="closed")
    assert site.word() == "closed"


@pytest.mark.parametrize("enpower", ["open", "closed"])
def test_stale_controller_that_is_lost_is_seen_in_the_first_check(
    site: Site, enpower: str
) -> None:
    """A machine that starts in an outage would say OL for a while."""
    site.says(enpower=enpower, communicating=False)
    word = "stale" if enpower == "closed" else "open"
    assert [site.word() for _ in range(2)] == [word] * 2


def test_stale_controller_is_seen_by_a_monitor_that_starts(site: Site) -> None:
    """Two looks at its ``closed`` would end an outage that is held."""
    site.says(enpower="closed", age_s=700)
    assert [site.word() for _ in range(3)] == ["stale"] * 3
    site.says(enpower="closed")
    assert site.word() == "closed", "it reports again"


@pytest.mark.parametrize("age_s", [198, 590, -3600])
def test_stale_is_no_controller_that_has_just_reported(
    site: Site, age_s: float
) -> None:
    """One dated later than now is of a clock that was put back."""
    site.says(enpower="closed", age_s=age_s)
    assert [site.word() for _ in range(3)] == ["closed"] * 3


def test_stale_controller_that_has_replaced_a_collar() -> None:
    ours = house(collar=True)
    site = Site(ours.clock, ours.wire, ours.renewal, ours.source)
    site.fails(CLOSED)
    site.says(enpower="closed")
    assert site.word() == "closed"
    site.says(enpower="closed", communicating=False)
    assert site.word() == "stale"
    site.wire.table[paths.STATUS] = batteries("multimode-offgrid")
    assert site.word() == "open"


@pytest.mark.parametrize("enpower", ["open", "closed"])
def test_stale_closed_beside_a_witness_that_says_open(
    site: Site, enpower: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The controller was lost as the grid went; the batteries are still heard."""
    assert site.word() == "closed"
    site.says(enpower=enpower, communicating=False)
    if enpower == "closed":
        site.wire.table[paths.STATUS] = batteries("multimode-offgrid")
    site.later(301)
    site.round()
    assert [site.word() for _ in range(3)] == ["open"] * 3
    told = [r.message for r in caplog.records if "relay" in r.message]
    assert [text.rpartition(" ")[2] for text in told] == [
        "Controller" if enpower == "open" else "battery"
    ]
    site.wire.table[paths.STATUS] = batteries("multimode-ongrid")
    site.says(enpower="closed", communicating=False)
    assert site.word() == "stale", "a closed of theirs proves nothing"


def test_stale_inventory_is_read_every_5_min_and_costs_little(site: Site) -> None:
    rounds(site, 3600, age_s=100)
    assert 12 <= site.wire.paths.count(paths.INVENTORY) <= 14
    assert len(site.wire.paths) / 60 <= 12


def test_stale_inventory_that_cannot_be_read_accuses_nobody(site: Site) -> None:
    rounds(site, 300, age_s=5)
    site.wire.table[paths.INVENTORY] = REFUSED
    assert set(rounds(site, 1800, age_s=None)) == {"closed"}


def test_stale_word_of_an_inventory_that_is_gone_does_not_last(site: Site) -> None:
    site.says(enpower="closed", communicating=False)
    site.word()
    site.wire.table[paths.INVENTORY] = BUSY
    site.later(290)
    assert site.word() == "stale"
    site.later(20)
    assert site.word() == "closed"


def test_watch_needs_a_second_look() -> None:
    """Its first date may be of any time."""

    def listed(reported: float | None, at: float) -> Dated[Inventory]:
        controller = Controller("closed", None, reported)
        return Dated(Inventory(1, (controller,)), at)

    watch = ReportWatch().look(listed(5.0, 100.0))
    assert not watch.stale
    assert not watch.look(listed(5.0, 699.0)).stale
    assert watch.look(listed(5.0, 700.0)).stale
    assert not watch.look(listed(6.0, 700.0)).stale
    assert not watch.look(listed(None, 700.0)).stale
    # An empty inventory tells nothing: gateways boot with it.
    assert watch.look(listed(5.0, 700.0)).look(Dated(Inventory(), 710.0)).stale
    # A controller that is not there any more is no lost one.
    assert not watch.look(Dated(Inventory(devices=1), 710.0)).stale


def test_verdict_of_nobody() -> None:
    assert verdict_of(()) is None
    vote = Vote("x", Grid.CLOSED, "closed")
    assert verdict_of((vote,), None, float("-inf")) is not None
    assert verdict_of((vote,), None, 5.0) is None


def test_deadline_is_kept_with_witnesses(site: Site) -> None:
    site.fails(NO_ANSWER)
    site.wire.takes_s = {paths.RELAY: 60.0, paths.INVENTORY: 60.0}
    begun = site.clock.now
    with pytest.raises((DeviceUnreachable, DeviceAnswerError)):
        site.source.grid(begun + 12.0)
    assert site.clock.now - begun <= 12.0
