"""Which readings are believed, and what is reckoned without them."""

import pytest

from nutbridge.ups.model import Equipment, Facts, Flows
from nutbridge.ups.status.battery import learn
from nutbridge.ups.status.policy import Policy
from tests.ups.build import CLOSED, GENERATOR, OPEN, T0, WH, Play


def charge(play: Play) -> float | None:
    known = play.memory.battery.charge
    return known.soc_pct if known else None


@pytest.mark.parametrize(
    ("soc", "wh"),
    [(0.0, 0.0), (5.0, 0.0), (None, WH), (20.0, 0.89 * WH), (0.0, WH)],
    ids=["zeros", "no capacity", "no charge", "part of the batteries", "charge 0"],
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


@pytest.mark.parametrize(("pv_w", "kept"), [(None, 3), (3.0, 3), (900.0, 2)])
def test_battery_tells_the_load_while_there_is_no_sun(
    pv_w: float | None, kept: int
) -> None:
    """At night the house draws more than the battery gave beside the sun."""
    play = Play()
    play.outage(soc=50.0)
    play.read(10, soc=50.0)
    flows = Flows(T0 + 30, battery_w=100.0, pv_w=pv_w)
    play.memory = learn(play.memory, Facts(flows=flows), play.policy)
    assert play.memory.flow.past.open_samples == kept


def test_battery_powers_beside_zeros_are_not_kept() -> None:
    """0 W of a gateway that has just started would slow the reckoning down."""
    play = Play()
    play.outage(soc=50.0)
    play.read(10, soc=50.0)
    play.read(30, soc=0.0, wh=0.0, watt=0.0, load=0.0)
    assert play.memory.flow.load_w == 1000.0
    assert [watt for _, watt in play.memory.flow.samples] == [1000.0]
    assert play.memory.flow.past.open_samples == 2


@pytest.mark.parametrize(
    ("soc", "wh"), [(5.0, WH), (0.0, WH), (None, WH), (None, None)]
)
def test_battery_powers_beside_a_doubted_charge_count(
    soc: float | None, wh: float | None
) -> None:
    """7 kW are 7 kW: the charge is reckoned with them."""
    play = Play()
    play.outage(soc=50.0)
    play.read(70, soc=50.0, watt=300.0)
    for at in range(90, 400, 20):
        play.read(at, soc=soc, wh=wh, watt=7000.0)
        if soc == 5.0:  # a fall would be believed
            play.memory = play.memory._replace(
                battery=play.memory.battery._replace(fall=None)
            )
    assert play.said().power_w == pytest.approx(1.2 * 7000, rel=0.07)
    assert 41.0 < estimate(play, 390) < 44.0


def samples(play: Play) -> list[float]:
    return [watt for _, watt in play.memory.flow.samples]


@pytest.mark.parametrize(
    ("watt", "counted"),
    [
        (500.0, 1000.0),  # both batteries give what they gave before
        (540.0, 1080.0),
        (300.0, None),  # perhaps less; perhaps the other one gives more
        (1000.0, None),  # all of it, or half of 2 kW: not above the mean
        (3500.0, 7000.0),
        (6000.0, 7680.0),  # no more than all of them can give
    ],
)
def test_battery_half_the_power_beside_half_the_capacity(
    watt: float, counted: float | None
) -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(70, soc=50.0, watt=1000.0)
    play.read(90, soc=50.0, wh=WH / 2, watt=watt, load=watt)
    whole_w = 1000.0 if counted is None else counted
    assert samples(play) == [1000.0] + ([] if counted is None else [counted])
    assert play.memory.flow.load_w == whole_w


def test_battery_one_of_two_stops_reporting() -> None:
    """Then 7 kW of which half is seen, for longer than half an hour."""
    play = Play()
    play.outage(soc=90.0)
    for at in range(70, 400, 20):
        play.read(at, soc=90.0, watt=300.0, load=300.0)
    for at in range(460, 2300, 20):
        # A reading of 0 every ten minutes keeps the capacity short.
        zero = at % 600 < 20
        play.read(
            at,
            soc=0.0 if zero else 80.0,
            wh=0.0 if zero else WH / 2,
            watt=0.0 if zero else 3500.0,
            load=0.0 if zero else 3500.0,
        )
    soc = play.said().soc_pct
    assert soc is not None
    assert 40 < soc < 90 - 7.0 * 1840 / 36 / 10 * 0.9


def test_battery_own_charges_while_the_capacity_is_short() -> None:
    """Three polls and 60 s of every battery's own charge below low."""
    play = Play()
    play.outage(soc=50.0)
    half = {"soc": 19.0, "wh": WH / 2, "own": (19.0, 18.0)}
    said = [play.read(at, **half) for at in (100, 120, 140, 159)]  # type: ignore[arg-type]
    assert said == ["OB"] * 4
    assert play.read(160, **half) == "OB LB"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"own": (19.0, 20.0)},
        {"own": (19.0, 0.0)},
        {"own": ()},
        {"wh": 0.6 * WH},
    ],
    ids=["one is not low", "one is 0", "not told", "another capacity"],
)
def test_battery_own_charges_begin_anew(other: dict[str, object]) -> None:
    play = Play()
    play.outage(soc=50.0)
    half: dict[str, object] = {"soc": 19.0, "wh": WH / 2, "own": (19.0, 18.0)}
    for at in (100, 120, 140):
        play.read(at, **half)  # type: ignore[arg-type]
    play.read(150, **(half | other))  # type: ignore[arg-type]
    if "wh" in other:
        half = half | other
    assert play.read(200, **half) == "OB"  # type: ignore[arg-type]


@pytest.mark.parametrize(("after_s", "status"), [(880, "OB"), (920, "OB LB")])
def test_battery_own_charges_wait_after_a_reading_of_0(
    after_s: float, status: str
) -> None:
    """A gateway that restarts shows low charges of the first batteries, too."""
    play = Play()
    play.outage(soc=80.0)
    play.read(100, soc=0.0, wh=0.0, watt=0.0)
    for at in range(120, int(100 + after_s) + 120, 20):
        said = play.read(at, soc=19.0, wh=WH / 2, own=(19.0,), watt=100.0, load=100.0)
        if at - 100 <= 900 and status == "OB":
            assert said == "OB"
    assert play.memory.battery.charge is not None
    assert said == "OB LB"


def standing(play: Play, until: int, soc: float, watt: float) -> float | None:
    """Let the same charge be read every 20 s; return what is believed then."""
    for at in range(20, until + 1, 20):
        play.read(at, soc=soc, watt=watt, load=abs(watt))
    return play.said().soc_pct


def test_battery_charge_that_stands_is_old_after_5_percent() -> None:
    """3 kW for 600 s are 500 Wh: reckoned from the first reading of the value."""
    play = Play()
    play.outage(soc=50.0)
    assert standing(play, 600, 50.0, 3000.0) == 50.0
    soc = standing(play, 680, 50.0, 3000.0)
    assert play.said().estimated
    assert soc == pytest.approx(50 - 1.2 * 5.5, abs=0.4)
    known = play.memory.battery.charge
    assert known is not None
    assert known.at == T0 - 2


def test_battery_charge_that_stands_at_little_power_is_believed() -> None:
    play = Play()
    play.outage(soc=50.0)
    assert standing(play, 3000, 50.0, 300.0) == 50.0
    assert not play.said().estimated


def test_battery_charge_that_stands_with_the_sign_kept() -> None:
    """What the sun puts in is no discharge."""
    play = Play()
    play.outage(soc=50.0)
    for at in range(20, 3000, 20):
        play.read(at, soc=50.0, watt=3000.0 if at % 40 else -3000.0)
    assert not play.said().estimated


def test_battery_charge_that_stands_between_polls_far_apart() -> None:
    """Nobody knows what flowed in a silence: it does not make a value old."""
    play = Play()
    play.outage(soc=50.0)
    for at in range(20, 6000, 100):
        play.read(at, soc=50.0, watt=3000.0)
    assert not play.said().estimated


def test_battery_charge_that_moves_again_is_believed() -> None:
    """Its fall is measured from the first reading of the value that stood."""
    play = Play()
    play.outage(soc=50.0)
    standing(play, 700, 50.0, 3000.0)
    play.read(720, soc=44.0, watt=3000.0)
    assert charge(play) == 44.0
    assert not play.said().estimated


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
        (1000.0, 1000.0, 1800, 600.0),  # 1.2 x mean discharge
        (1000.0, 3000.0, 1800, 600.0),  # the sun gives 2 kW
        (1000.0, 3000.0, 3600, 550.0 + 1650.0),  # after 30 min no sun
        (1000.0, 1000.0, 3600, 1100.0),  # the hours before: 1.1 x load
        (None, 1000.0, 1800, 550.0),  # no discharge known: load
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


def test_estimate_half_an_hour_runs_from_the_last_power() -> None:
    """The charge is missing for an hour, the powers are not."""
    play = Play()
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=90.0)
    for at in range(20, 3601, 20):
        play.measure(at, 1000.0)
    before = estimate(play, 3600)
    assert before == pytest.approx(90 - 12.0, abs=0.1)
    play.past(4000.0)
    play.memory = play.memory._replace(flow=play.memory.flow._replace(load_w=4000.0))
    assert estimate(play, 3600 + 1790) == pytest.approx(before - 5.97, abs=0.1)


def test_estimate_knows_a_load_that_comes_and_goes() -> None:
    """An air conditioner at its pause: 300 W now, 3.1 kW a quarter of an hour."""
    play = Play()
    play.ask(OPEN, -2)
    play.past(*([3100.0] * 3 + [300.0] * 3) * 4)
    play.ask(OPEN, -1)
    for at in range(0, 200, 20):
        play.read(at, soc=60.0, watt=300.0, load=300.0)
    assert estimate(play, 180 + 900) == pytest.approx(60 - 1.1 * 7.75)
    assert estimate(play, 180 + 3600) == pytest.approx(60 - 1.1 * 17.0)


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


def test_estimate_leaves_out_the_spikes_of_the_switch_over() -> None:
    """12 kW as motors start, then silence: the hours before know better."""
    play = Play()
    play.past(500.0, 500.0)
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    for at in (0, 20, 40):
        play.read(at, soc=60.0, watt=12_000.0, load=12_000.0)
    assert estimate(play, 40 + 1200) == pytest.approx(60 - 2.0)
    play.read(1240, soc=58.0, watt=500.0, load=500.0)
    assert estimate(play, 1240 + 1200) == pytest.approx(58 - 2.0)


def test_estimate_without_a_capacity_uses_the_inventory() -> None:
    play = Play()
    listed = Equipment(controller=True, batteries=2, size_wh=WH)
    play.memory = learn(play.memory, Facts(equipment=listed), play.policy)
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=87.0, wh=None)
    assert estimate(play, 1800) == pytest.approx(87 - 6.0)
    assert play.said().runtime_s is not None


def test_estimate_without_any_capacity_falls_as_fast_as_it_can() -> None:
    """1.28 points a minute, and no blind LB at a true 87 % after half an hour."""
    play = Play()
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=87.0, wh=None)
    assert estimate(play, 1800) == pytest.approx(87 - 38.4)
    assert play.said().status == "OB"
    play.look(3150)
    assert play.said().status == "OB LB"


def test_estimate_generator_may_have_stopped_at_its_last_reading() -> None:
    """Believed for ten minutes; then the drain counts from the last reading."""
    play = Play()
    play.ask(OPEN, -2)
    play.ask(GENERATOR, -1)
    play.read(0, soc=50.0, watt=-3000.0, load=1000.0)
    play.ask(None, 10)
    assert estimate(play, 599) == 50.0
    assert estimate(play, 600) == pytest.approx(50 - 1.1 * 10 / 6)
    assert estimate(play, 1200) == pytest.approx(50 - 1.1 * 20 / 6)


def test_estimate_never_rises_when_the_power_falls() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(0, soc=50.0, watt=5000.0)
    before = estimate(play, 600)
    play.memory = play.memory._replace(flow=play.memory.flow._replace(samples=()))
    assert estimate(play, 601) <= before
    play.measure(602, 100.0)
    assert estimate(play, 603) <= before


def test_estimate_begins_anew_at_a_good_reading() -> None:
    play = Play()
    play.outage(soc=50.0)
    play.read(0, soc=50.0)
    assert estimate(play, 1000) < 47
    play.read(1001, soc=49.0)
    assert estimate(play, 1002) == 49.0
    assert play.memory.battery.charge is not None
    assert play.memory.battery.charge.at == T0 + 1001


def test_estimate_of_a_measured_quiet_house() -> None:
    """5 % of nominal are for a silence: what is measured is measured."""
    play = Play()
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=90.0, watt=100.0, load=100.0)
    for at in range(20, 3601, 20):
        play.measure(at, 100.0)
    assert estimate(play, 3600) == pytest.approx(90 - 1.2, abs=0.01)


def test_battery_half_the_power_above_the_load_before_is_the_first_sample() -> None:
    """The outage begins with half of the batteries: 300 W on line, now 3.5 kW."""
    play = Play()
    play.ask(CLOSED, -30)
    play.read(-20, soc=50.0, watt=0.0, load=300.0)
    play.ask(OPEN, -2)
    play.ask(OPEN, -1)
    play.read(0, soc=50.0, wh=WH / 2, watt=1750.0, load=1750.0)
    assert samples(play) == [3500.0]
    play.read(20, soc=50.0, wh=WH / 2, watt=150.0, load=150.0)
    assert samples(play) == [3500.0]


def test_estimate_of_a_quiet_house_that_is_known() -> None:
    """An hour of 200 W before the outage: 220 W, not the 384 W of nobody knows."""
    play = Play()
    play.ask(OPEN, -2)
    play.past(*[200.0] * 12)
    play.ask(OPEN, -1)
    play.read(0, soc=90.0, watt=200.0, load=200.0)
    assert estimate(play, 36_000) == pytest.approx(90 - 22.0)


@pytest.mark.parametrize("odd_s", [20, 40])
def test_battery_capacity_that_was_odd_once_or_twice(odd_s: int) -> None:
    """Twice as large: for 15 minutes every charge was doubted, at half the fall."""
    play = Play()
    play.outage(soc=40.0)
    play.read(20, soc=40.0)
    for at in range(40, 40 + odd_s, 20):
        play.read(at, soc=40.0, wh=2 * WH)
    play.read(40 + odd_s, soc=39.0)
    battery = play.memory.battery
    assert (battery.capacity_wh, battery.shrunk_since) == (WH, None)
    assert charge(play) == 39.0
    assert battery.grown is None


def test_battery_capacity_that_has_grown_is_not_forgotten() -> None:
    """After a minute half of it is a battery that has left, as ever."""
    play = Play()
    play.outage(soc=40.0)
    play.read(20, soc=40.0)
    for at in range(40, 120, 20):
        play.read(at, soc=40.0, wh=2 * WH)
    play.read(120, soc=39.0)
    battery = play.memory.battery
    assert (battery.capacity_wh, battery.shrunk_since) == (2 * WH, T0 + 120)
    assert charge(play) == 40.0


@pytest.mark.parametrize(
    ("battery_w", "every_s", "wh", "used_wh"),
    [
        (-1500.0, 60, WH / 2, 0.0),  # it charges
        (0.0, 60, WH / 2, 0.0),
        (500.0, 60, WH / 2, 1.2 * 2 * 500 / 6),  # half of them tell of half the power
        (500.0, 60, None, 1.2 * 500 / 6),
        (None, 60, WH / 2, 1.1 * 3000 / 6),  # nobody tells: the load
        (0.0, 200, WH / 2, 1.1 * 3000 / 6),  # what came in between nobody knows
        (0.0, 60, 0.0, 1.1 * 3000 / 6),  # powers of a gateway that has just started
    ],
)
def test_estimate_on_line_is_of_what_the_battery_gave(
    battery_w: float | None, every_s: int, wh: float | None, used_wh: float
) -> None:
    """A charge doubted for ten minutes before an outage; the grid carried the load."""
    play = Play()
    play.past(3000.0, 3000.0)
    play.ask(CLOSED, -1)
    play.read(0, soc=40.0, watt=-1500.0, load=3000.0)
    for at in range(every_s, 601, every_s):
        play.ask(CLOSED, at - 1)
        soc = None if wh is None else 45.0
        play.read(at, soc=soc, wh=wh, watt=battery_w, load=3000.0)
    play.ask(OPEN, 601)
    play.ask(OPEN, 602)
    used_wh += 1.1 * 3000 * 2 / 3600
    assert estimate(play, 602) == pytest.approx(40 - used_wh / 100, abs=0.1)


def test_low_after_a_charge_doubted_on_line_is_not_by_the_load() -> None:
    """It was LB a minute after the grid went, at 38 %: one of two did not report."""
    play = Play()
    play.past(4000.0, 4000.0)
    play.ask(CLOSED, -1)
    play.read(0, soc=29.0, watt=-3000.0, load=4000.0)
    for at in range(60, 781, 60):
        play.ask(CLOSED, at - 1)
        play.read(at, soc=37.0, wh=WH / 2, watt=-1500.0, load=4000.0)
    play.ask(OPEN, 790)
    for at in range(791, 900, 20):
        play.ask(OPEN, at)
        assert play.read(at + 1, soc=37.0, wh=WH / 2, watt=200.0, load=200.0) == "OB"
