"""Livedata counts only while its own time is near the gateway's clock."""

import json
from email.utils import formatdate
from typing import Any

import pytest

from nutbridge.net.wire import Answer
from nutbridge.sources.enphase import paths
from nutbridge.ups.model import Facts
from tests.sources.enphase.wires import DATA, House, house

UPDATED = 1790471499
#: net + production + battery of the same house, from the other endpoints.
SUM_LOAD_W = 87.8 + 1310.4 - 412.0


def load_w(facts: Facts) -> float | None:
    return facts.flows.load_w if facts.flows else None


def ongrid(date_s: float | None) -> House:
    ours = house("8.3_split_ongrid")
    body = json.loads((DATA / "8.3_split_ongrid" / "livedata.json").read_bytes())
    body["meters"]["last_update"] = UPDATED
    # Told apart from the sum of the other endpoints.
    body["meters"]["load"]["agg_p_mw"] = 900000
    ours.wire.table[paths.LIVEDATA] = json.dumps(body).encode()
    if date_s is not None:
        ours.wire.date = formatdate(date_s, usegmt=True)
    return ours


def change(ours: House, **connection: Any) -> None:
    """Change the connection part, or ``info``, of the livedata answer."""
    body = ours.wire.table[paths.LIVEDATA]
    assert isinstance(body, bytes)
    live = json.loads(body)
    if "info" in connection:
        live["info"] = connection.pop("info")
    live["connection"] |= connection
    ours.wire.table[paths.LIVEDATA] = json.dumps(live).encode()


@pytest.mark.parametrize(
    ("behind_s", "expected_w"), [(0, 900.0), (119, 900.0), (125, SUM_LOAD_W)]
)
def test_date_header_decides(behind_s: float, expected_w: float) -> None:
    """The host's clock is wrong by decades here and is never looked at."""
    ours = ongrid(UPDATED + behind_s)
    ours.round()
    assert load_w(ours.source.facts) == pytest.approx(expected_w)


@pytest.mark.parametrize(
    ("info_s", "later_s", "expected_w"),
    [
        (UPDATED, 60, 900.0),
        (UPDATED, 300, SUM_LOAD_W),
        (UPDATED + 3600, 60, SUM_LOAD_W),
    ],
)
def test_time_of_info_decides_without_date(
    info_s: int, later_s: float, expected_w: float
) -> None:
    ours = ongrid(None)
    ours.wire.table[paths.INFO] = (
        b"<envoy_info><time>%d</time><device><sn>1</sn></device></envoy_info>" % info_s
    )
    ours.round()
    assert load_w(ours.source.facts) == pytest.approx(SUM_LOAD_W)
    ours.clock.now += later_s
    ours.round()
    assert load_w(ours.source.facts) == pytest.approx(expected_w)


@pytest.mark.parametrize(("behind_s", "expected_w"), [(5, 900.0), (125, SUM_LOAD_W)])
def test_clock_of_another_century_is_as_good(
    behind_s: float, expected_w: float
) -> None:
    """A gateway without internet shows 1970; only the difference counts."""
    ours = ongrid(None)
    body = ours.wire.table[paths.LIVEDATA]
    assert isinstance(body, bytes)
    early = body.replace(str(UPDATED).encode(), b"1234")
    ours.wire.table[paths.LIVEDATA] = early
    ours.wire.date = formatdate(1234 + behind_s, usegmt=True)
    ours.round()
    assert load_w(ours.source.facts) == pytest.approx(expected_w)


def test_no_clock_at_all_is_not_fresh() -> None:
    ours = ongrid(None)
    del ours.wire.table[paths.INFO]
    ours.round()
    ours.round()
    assert load_w(ours.source.facts) == pytest.approx(SUM_LOAD_W)
    assert paths.STREAM not in ours.wire.paths


def test_frozen_livedata_is_not_believed() -> None:
    """Stream off for hours: SOC, load and battery come from elsewhere."""
    folder = "8.3_livedata_frozen"
    ours = house(folder)
    about = json.loads((DATA / folder / "gateway.json").read_text())
    ours.wire.date = formatdate(about["clock"], usegmt=True)
    ours.round()
    facts = ours.source.facts
    assert facts.battery is not None
    assert facts.flows is not None
    assert facts.battery.soc_pct == 55.0
    assert (facts.flows.load_w, facts.flows.battery_w) == (1611.0, 650.0)
    ours.wire.table[paths.SECCTRL] = Answer(503, {}, b"")
    ours.clock.now += 60
    ours.round()
    battery = ours.source.facts.battery
    assert battery is not None
    # The charge of the batteries one by one (55 and 54 %); nobody tells a size.
    assert (battery.soc_pct, battery.capacity_wh) == (54.5, None)
    assert battery.own_socs_pct == (55.0, 54.0)


@pytest.mark.parametrize(
    "connection",
    [{"sc_stream": "disabled"}, {"info": "Last available status data shown"}],
)
def test_stream_is_switched_on_at_most_once_a_minute(
    connection: dict[str, str],
) -> None:
    ours = ongrid(UPDATED)
    change(ours, **connection)
    for _ in range(12):
        ours.round()
        ours.clock.now += 20
    assert ours.wire.paths.count(paths.STREAM) == 4
    posts = [request for request in ours.wire.asked if request.method == "POST"]
    assert {post.path for post in posts} == {paths.STREAM}


def test_stream_that_is_on_but_stale_is_switched_on_again() -> None:
    ours = ongrid(UPDATED + 500)
    ours.round()
    assert ours.wire.paths.count(paths.STREAM) == 1


def test_stream_that_is_on_is_left_alone() -> None:
    ours = ongrid(UPDATED)
    ours.round()
    assert paths.STREAM not in ours.wire.paths


@pytest.mark.parametrize("status", [400, 401, 404, 503])
def test_stream_that_cannot_be_switched_on(status: int) -> None:
    """The answer of livedata itself is used all the same."""
    ours = ongrid(UPDATED)
    change(ours, sc_stream="disabled")
    ours.wire.table[paths.STREAM] = Answer(status, {}, b"")
    assert ours.round()
    assert load_w(ours.source.facts) == 900.0
    assert ours.renewal.refusals == 0


def test_live_values_are_there_before_the_slow_endpoints() -> None:
    ours = ongrid(UPDATED)
    ours.wire.takes_s = {paths.REPORTS: 5.0}
    ours.source.begin_round()
    assert not ours.source.details(ours.clock.now + 1)
    assert load_w(ours.source.facts) == 900.0


def test_rebooted_gateway_shows_no_zeros() -> None:
    """Capacity 0 is passed on as "not ready"; 0 W beside it is unknown."""
    ours = house("8.3_rebooted")
    about = json.loads((DATA / "8.3_rebooted" / "gateway.json").read_text())
    ours.wire.date = formatdate(about["clock"], usegmt=True)
    for _ in range(2):
        ours.round()
        facts = ours.source.facts
        assert facts.flows is None
        assert facts.battery is not None
        assert facts.battery.capacity_wh == 0
        assert facts.battery.power_w is None
        assert facts.meters is not None
        assert facts.meters.output is not None
        assert facts.meters.output.total.realpower_w is None
