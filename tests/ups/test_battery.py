"""Which readings are believed, and what is reckoned without them."""

from dataclasses import replace

import pytest

from nutbridge.ups.status.policy import Policy
from tests.ups.build import GENERATOR, OPEN, T0, WH, Play


def charge(play: Play) -> float | None:
    known = play.memory.battery.charge
    return known.soc_pct if known else None


@pytest.mark.parametrize(
    ("soc", "wh"),
    [(0.0, 0.0), (5.0, 0.0), (None, WH), (20.0, 0.89 * WH)],
    ids=["zeros", "no capacity", "no charge", "part of the batteries"],
)
def test_battery_not_ready_is_no_charge(soc: float | None, wh: float) -> None:
    """A gateway that has just started: never LB from such a reading."""
    play = Play()
    play.outage(soc=50.0)
    for at in (40, 60, 80, 100):
        assert play.read(at, soc=soc, wh=wh) == "OB"
    assert charge(play) == 50.0
    assert play.memory.battery.capacity_wh == WH


def test_battery_smaller_for_15_min_counts() -> None:
    """A battery that was taken away does not come back."""
    play = Play()
    play.outage(soc=50.0)
    play.read(100, soc=49.0, wh=5000.0)
    play.read(999, soc=49.0, wh=5000.0)
    assert play.memory.battery.capacity_wh == WH
    play.read(1000, soc=49.0, wh=5000.0)
    assert play.memory.battery.capacity_wh == 5000.0
    assert charge(play) == 49.0


def test_battery_whole_again_within_15_min() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(100, soc=20.0, wh=5000.0)
    play.read(200, soc=49.0)
    play.read(300, soc=20.0, wh=5000.0)
    play.read(1100, soc=20.0, wh=5000.0)
    assert charge(play) == 49.0


@pytest.mark.parametrize(
    ("after_s", "soc", "believed"),
    [
        (20.0, 47.6, True),  # 2 points and 0.43
        (20.0, 47.5, False),
        (600.0, 36.0, True),  # 2 points and 12.8
        (600.0, 35.0, False),
        (20.0, 90.0, True),  # only falls are doubted
    ],
)
def test_battery_fall_as_fast_as_loadkwh_allows(
    after_s: float, soc: float, believed: bool
) -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(after_s - 2, soc=soc)
    assert charge(play) == (soc if believed else 50.0)


def test_battery_fall_counts_after_3_polls_and_60_s() -> None:
    play = Play()
    play.outage(soc=50.0)
    said = [play.read(at, soc=5.0) for at in (40, 60, 80, 99)]
    assert said == ["OB"] * 4
    assert play.read(100, soc=5.0) == "OB LB"


def test_battery_fall_needs_3_polls_even_after_60_s() -> None:
    play = Play()
    play.outage(soc=50.0)
    assert play.read(20, soc=5.0) == "OB"
    assert play.read(110, soc=5.0) == "OB"
    assert play.read(200, soc=5.0) == "OB LB"


def test_battery_fall_begins_anew_at_another_capacity() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(40, soc=5.0)
    play.read(60, soc=5.0)
    play.read(80, soc=5.0, wh=1.2 * WH)
    assert play.read(100, soc=5.0, wh=1.2 * WH) == "OB"
    assert play.read(120, soc=5.0, wh=1.2 * WH) == "OB"
    assert play.read(140, soc=5.0, wh=1.2 * WH) == "OB LB"


def test_battery_fall_counts_while_the_capacity_wanders() -> None:
    """A few Wh more or less are no other battery: the charge is still 5 %."""
    play = Play()
    play.outage(soc=50.0)
    said = [play.read(40.0 + 20 * n, soc=5.0, wh=WH + n % 3) for n in range(4)]
    assert said == ["OB", "OB", "OB", "OB LB"]


def test_battery_zeros_between_begin_the_15_min_anew() -> None:
    """Two reboots in a row: the batteries have rejoined for a minute only."""
    play = Play()
    play.outage(soc=50.0)
    play.read(100, soc=20.0, wh=5000.0)
    play.read(960, soc=0.0, wh=0.0)
    assert play.read(1020, soc=19.0, wh=5000.0) == "OB"
    assert play.memory.battery.capacity_wh == WH
    play.read(1860, soc=19.0, wh=5000.0)
    assert play.memory.battery.capacity_wh == 5000.0


def test_battery_powers_beside_zeros_are_not_kept() -> None:
    """0 W of a gateway that has just started would slow the reckoning down."""
    play = Play()
    play.outage(soc=50.0)
    play.read(10, soc=50.0)
    play.read(30, soc=0.0, wh=0.0, watt=0.0, load=0.0)
    assert play.memory.flow.load_w == 1000.0
    assert [watt for _, watt in play.memory.flow.samples] == [1000.0]


def estimate(play: Play, at: float) -> float:
    play.look(at)
    soc = play.said().soc_pct
    assert soc is not None
    return soc


def test_estimate_begins_when_the_charge_is_60_s_old() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(0, soc=50.0)
    assert estimate(play, 59) == 50.0
    assert not play.said().estimated
    assert estimate(play, 60) == pytest.approx(49.8)
    assert play.said().estimated


@pytest.mark.parametrize(
    ("watt", "load", "after_s", "used_wh"),
    [
        (1000.0, 3000.0, 1800, 600.0),  # 1.2 x mean discharge
        (1000.0, 3000.0, 3600, 600.0 + 1800.0),  # after 30 min 1.2 x load
        (None, 1000.0, 1800, 600.0),  # no discharge known: load
        (None, None, 1800, 1920.0),  # neither: half of nominal
        (100.0, 100.0, 3600, 384.0),  # never below 5 % of nominal
        (-2000.0, 100.0, 3600, 384.0),
    ],
)
def test_estimate_power(
    watt: float | None, load: float | None, after_s: float, used_wh: float
) -> None:
    play = Play()
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=90.0, watt=watt, load=load)
    assert estimate(play, after_s) == pytest.approx(90 - used_wh / WH * 100)


def test_estimate_nominal_follows_loadkwh() -> None:
    play = Play(Policy(loadkwh_w=400.0))
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=90.0, watt=None, load=None)
    assert estimate(play, 1800) == pytest.approx(80.0)


def test_estimate_mean_is_of_the_last_5_minutes_of_this_outage() -> None:
    play = Play()
    play.read(-100, soc=90.0, watt=9000.0)
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    for at, watt in ((0, 8000.0), (200, 1000.0), (310, 2000.0)):
        play.read(at, soc=90.0, watt=watt)
    assert [watt for _, watt in play.memory.flow.samples] == [1000.0, 2000.0]
    assert estimate(play, 310 + 600) == pytest.approx(90 - 3.0)


def test_estimate_generator_may_stop_any_moment() -> None:
    play = Play()
    play.ask(OPEN, -2)
    play.ask(GENERATOR, -1)
    play.read(0, soc=50.0, watt=-3000.0, load=1000.0)
    assert estimate(play, 1200) == pytest.approx(46.0)


def test_estimate_never_rises_when_the_power_falls() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(0, soc=50.0, watt=5000.0)
    before = estimate(play, 600)
    play.memory = replace(play.memory, flow=replace(play.memory.flow, samples=()))
    assert estimate(play, 601) < before


def test_estimate_begins_anew_at_a_good_reading() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(0, soc=50.0)
    assert estimate(play, 1000) < 47
    play.read(1001, soc=49.0)
    assert estimate(play, 1002) == 49.0
    assert play.memory.battery.charge is not None
    assert play.memory.battery.charge.at == T0 + 1001
