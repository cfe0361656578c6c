"""When OB becomes OB LB, and when not (design: Battery low)."""

import pytest

from nutbridge.ups.model import Equipment, Facts, Grid, GridAnswer
from nutbridge.ups.status.battery import learn
from nutbridge.ups.status.events import awake, begin
from nutbridge.ups.status.low import evaluate
from nutbridge.ups.status.policy import Policy, effective_low_pct
from nutbridge.ups.status.start import StartupState, decide, recall
from tests.ups.build import CLOSED, GENERATOR, LOST_MODE, OPEN, T0, WH, Play


@pytest.mark.parametrize(
    ("user", "floor", "low"),
    [(20, 10, 20), (5, 10, 15), (20, 30, 35), (20, None, 20), (10, None, 15)],
)
def test_low_limit_is_above_the_floor(user: int, floor: int | None, low: int) -> None:
    assert effective_low_pct(user, floor) == low


def test_low_never_on_line() -> None:
    play = Play()
    play.ask(CLOSED, 0)
    assert play.read(1, soc=1.0) == "OL"


@pytest.mark.parametrize(("soc", "status"), [(20.0, "OB"), (19.0, "OB LB")])
def test_low_below_the_limit(soc: float, status: str) -> None:
    play = Play()
    play.outage(soc=soc)
    play.ask(OPEN, 30)
    assert play.read(31, soc=soc) == status


@pytest.mark.parametrize(
    ("soc", "watt", "status"),
    [
        (19.0, 1000.0, "OB"),  # runtime 3240 s
        (19.0, 6000.0, "OB LB"),  # 540 s, less than twice 300 s
        (19.0, None, "OB LB"),  # runtime unknown
    ],
)
def test_low_in_the_first_30_s(soc: float, watt: float | None, status: str) -> None:
    play = Play()
    play.outage(soc=soc)
    if watt is None:
        flow = play.memory.flow._replace(load_w=None)
        play.memory = play.memory._replace(flow=flow)
    assert play.read(5, soc=soc, watt=watt, load=watt) == status


def test_low_after_30_s() -> None:
    play = Play()
    play.outage(soc=19.0)
    assert play.read(29.5, soc=19.0) == "OB"
    assert play.read(30, soc=19.0) == "OB LB"


def test_low_runtime_counts_in_two_full_polls() -> None:
    """One motor that starts is no empty battery."""
    play = Play()
    play.outage(soc=25.0)
    assert play.read(40, soc=25.0, watt=40_000.0) == "OB"
    assert play.look(45) == "OB"
    assert play.read(60, soc=25.0, watt=40_000.0) == "OB LB"


def test_low_runtime_once_does_not_count() -> None:
    play = Play()
    play.outage(soc=25.0)
    play.read(40, soc=25.0, watt=40_000.0)
    play.memory = play.memory._replace(flow=play.memory.flow._replace(samples=()))
    assert play.read(60, soc=25.0) == "OB"
    play.memory = play.memory._replace(flow=play.memory.flow._replace(samples=()))
    assert play.read(80, soc=25.0, watt=40_000.0) == "OB"


def test_low_runtime_low_of_the_user() -> None:
    play = Play(Policy(runtime_low_s=7200.0))
    play.outage(soc=25.0)
    assert play.read(40, soc=25.0) == "OB"
    assert play.read(60, soc=25.0) == "OB LB"


@pytest.mark.parametrize("from_outage", [False, True])
def test_low_runtime_of_an_old_power_is_unknown(*, from_outage: bool) -> None:
    """Hours ago a car was charged; since then nobody tells the power."""
    play = Play()
    play.ask(CLOSED, 0)
    if from_outage:
        play.ask(OPEN, 1)
        play.ask(OPEN, 2)
    play.read(3, soc=90.0, watt=40_000.0, load=40_000.0)
    play.ask(OPEN, 7200)
    play.ask(OPEN, 7201)
    said = [
        play.read(at, soc=25.0, watt=None, load=None) for at in range(7240, 7400, 20)
    ]
    assert set(said) == {"OB"}
    assert play.said().runtime_s is None


@pytest.mark.parametrize(("soc", "status"), [(21.9, "OB LB"), (22.0, "OB")])
def test_low_stays_until_2_points_above(soc: float, status: str) -> None:
    play = Play()
    play.outage(soc=19.0)
    assert play.read(40, soc=19.0) == "OB LB"
    assert play.read(100, soc=soc, watt=-500.0) == status


def test_low_ends_with_ol() -> None:
    play = Play()
    play.outage(soc=19.0)
    play.read(40, soc=19.0)
    play.ask(CLOSED, 41)
    assert play.look(42) == "OB"  # closed once: no LB any more, not yet OL
    play.ask(CLOSED, 46)
    assert play.memory.shown.status == "OL"
    assert not play.memory.low.lb


@pytest.mark.parametrize(("at", "status"), [(1839, "OB"), (1840, "OB LB")])
def test_low_held_back_for_half_an_hour_after_closed_once(
    at: float, status: str
) -> None:
    """One word is no proof for ever."""
    play = Play()
    play.outage(soc=19.0)
    assert play.read(35, soc=19.0, watt=200.0, load=200.0) == "OB LB"
    play.ask(CLOSED, 40)
    play.ask(None, 45)
    assert play.look(at) == status


def test_low_held_back_after_closed_until_the_battery_is_at_its_end() -> None:
    """19 % and 3 kW: 300 s above the floor are left after nine minutes."""
    play = Play()
    play.outage(soc=19.0)
    for at in (10, 30, 50, 70):
        play.read(at, soc=19.0, watt=3000.0, load=3000.0)
    play.ask(CLOSED, 80)
    said = {at: play.look(at) for at in range(90, 900, 10)}
    begin = min(at for at, status in said.items() if status == "OB LB")
    assert 590 <= begin <= 690


def test_low_held_back_while_closed_is_said_again_and_again() -> None:
    """An answer that counts as a failed poll is no silence."""
    play = Play()
    play.outage(soc=50.0)
    for at in range(40, 4000, 20):
        play.ask(LOST_MODE, at)
        play.memory = play.memory._replace(
            relay=play.memory.relay._replace(grid=Grid.CLOSED, closed_at=T0 + at),
        )
        assert play.read(at + 1, soc=5.0) == "OB"
    play.ask(OPEN, 4010)
    assert play.read(4011, soc=5.0) == "OB LB"


def test_low_generator_that_charges_ends_lb() -> None:
    play = Play()
    play.outage(soc=19.0)
    assert play.read(40, soc=19.0) == "OB LB"
    play.ask(GENERATOR, 50)
    assert play.read(51, soc=19.0, watt=-1250.0) == "OB"


def test_low_generator_too_weak_for_60_s() -> None:
    play = Play()
    play.outage(soc=30.0)
    play.ask(GENERATOR, 50)
    assert play.read(51, soc=19.5, watt=-500.0) == "OB"
    assert play.read(71, soc=19.0, watt=400.0) == "OB"
    assert play.read(120, soc=19.0, watt=400.0) == "OB LB"


def test_low_generator_carries_between_full_polls_far_apart() -> None:
    """POLLFREQALERT=120: the relay says all the time that it runs."""
    play = Play(Policy(alert_s=120.0))
    play.outage(soc=20.0)
    play.ask(GENERATOR, 50)
    assert play.read(51, soc=19.0, watt=-500.0) == "OB"
    play.ask(GENERATOR, 160)
    assert play.look(160) == "OB"
    play.ask(None, 165)
    assert play.look(165) == "OB"


@pytest.mark.parametrize("backup", [None, False])
def test_low_generator_of_which_an_open_without_a_mode_tells_nothing(
    *, backup: bool | None
) -> None:
    """The relay fails, and the controller in the inventory says open."""
    play = Play()
    play.outage(soc=19.0)
    for at in (40, 60):
        play.ask(GENERATOR, at)
        play.read(at + 1, soc=18.0, watt=-500.0)
    for at in (80, 100, 1000):
        play.ask(OPEN._replace(backup_mode=backup), at)
        assert play.read(at + 1, soc=18.0, watt=-500.0) == "OB"
    for at in (1020, 1040, 1060, 1080):
        play.ask(OPEN._replace(backup_mode=backup), at)
        status = play.read(at + 1, soc=18.0, watt=900.0)
    assert status == "OB LB"
    play.read(1100, soc=18.0, watt=-500.0)
    play.ask(OPEN, 1110)
    assert play.read(1111, soc=18.0, watt=-500.0) == "OB LB", "it has stopped"


@pytest.mark.parametrize(
    ("soc", "load", "believed_s"), [(50.0, 1000.0, 600), (20.0, 3000.0, 600)]
)
def test_low_generator_is_believed_in_silence(
    soc: float, load: float, believed_s: float
) -> None:
    """Ten minutes, or half the time to the floor at peak load (1200 s there)."""
    play = Play()
    play.outage(soc=soc)
    for at in (40, 60):
        play.ask(GENERATOR, at)
        play.read(at + 1, soc=soc - 1, watt=-500.0, load=load)
    play.ask(None, 70)
    soc_left = soc - 1 - 10
    half_s = soc_left / 100 * 10_000 / load * 3600 / 2
    until = 61 + min(believed_s, half_s)
    play.look(until - 1)
    assert play.said().soc_pct == soc - 1
    play.look(until)
    soc_pct = play.said().soc_pct
    assert soc_pct is not None
    assert soc_pct < soc - 1


def test_low_generator_that_is_believed_keeps_lb_back() -> None:
    """Inside every nightly silence it was LB after 55 s."""
    play = Play()
    play.outage(soc=19.0)
    for at in (40, 60):
        play.ask(GENERATOR, at)
        play.read(at + 1, soc=18.0, watt=-500.0, load=1000.0)
    play.ask(None, 70)
    assert {play.look(at) for at in range(70, 660, 10)} == {"OB"}
    assert play.look(661) == "OB LB"


def test_low_runtime_needs_60_s_of_samples() -> None:
    """A spike of 45 s as the grid goes is no empty battery."""
    play = Play(Policy(runtime_low_s=1200.0))
    play.outage(soc=40.0)
    for at in (0, 20, 40):
        assert play.read(at, soc=40.0, watt=12_000.0, load=12_000.0) == "OB"
    for at in (60, 80, 100):
        assert play.read(at, soc=40.0, watt=500.0, load=500.0) == "OB"


def test_low_runtime_counts_after_60_s_of_samples() -> None:
    play = Play(Policy(runtime_low_s=1200.0))
    play.outage(soc=40.0)
    said = [play.read(at, soc=40.0, watt=12_000.0) for at in range(0, 101, 20)]
    assert said == ["OB"] * 4 + ["OB LB"] * 2


@pytest.mark.parametrize(("at", "status"), [(199, "OB"), (220, "OB LB")])
def test_low_runtime_counts_after_60_s_of_reckoning(at: float, status: str) -> None:
    play = Play(Policy(runtime_low_s=3000.0))
    play.outage(soc=40.0)
    play.read(80, soc=40.0, watt=4000.0, load=4000.0)
    said = [play.look(t) for t in range(81, int(at) + 1, 1)]
    assert said[-1] == status


def test_low_an_inventory_of_strangers_takes_no_battery_away() -> None:
    """Neither battery nor controller is listed: a gateway that has just started."""
    play = Play()
    nothing = Equipment(controller=False, batteries=0)
    play.memory = learn(play.memory, Facts(equipment=nothing), play.policy)
    assert play.memory.battery.fitted is None


def test_low_no_battery_fitted() -> None:
    play = Play()
    listed = Facts(equipment=Equipment(controller=True, batteries=0))
    play.memory = learn(play.memory, listed, play.policy)
    play.ask(OPEN, 0)
    play.ask(OPEN, 1)
    assert play.look(100_000) == "OB"


@pytest.mark.parametrize(("at", "status"), [(1800, "OB"), (1801, "OB LB")])
def test_low_never_known(at: float, status: str) -> None:
    """A battery whose charge nobody ever told: 30 min."""
    play = Play()
    play.ask(OPEN, 0)
    play.ask(OPEN, 1)
    assert play.look(at) == status


def restarted(play: Play, noted: float, at: float) -> None:
    """Let a monitor start ``at`` that finds what was noted."""
    saved = play.memory._replace(noted_at=T0 + noted)
    found = StartupState("OB LB", written_this_boot=True, driver_runs=True)
    step = begin(recall(saved, found, T0 + at), decide(found), T0 + at)
    play.memory = step.memory


@pytest.mark.parametrize(("at", "status"), [(59, "OB"), (60, "OB LB")])
def test_low_after_a_start_asks_for_60_s(at: float, status: str) -> None:
    """An inherited OB LB is OB meanwhile; the time without a monitor is no asking."""
    play = Play()
    play.outage(soc=15.0)
    play.look(100)
    restarted(play, noted=100, at=500)
    assert evaluate(play.memory, T0 + 500, play.policy)[1].status == "OB"
    play.ask(None, 501)
    assert play.look(500 + at) == status


def test_low_seconds_asked_in_vain_are_summed_over_restarts() -> None:
    """A monitor that is restarted every 50 s, for whatever reason, says LB too."""
    play = Play()
    play.outage(soc=15.0)
    assert play.look(50) == "OB"
    restarted(play, noted=50, at=55)
    # It has asked nobody yet: the grid may be back.
    play.ask(None, 65)
    assert play.look(65) == "OB LB"


def test_low_after_a_restart_nobody_is_low_before_one_check() -> None:
    play = Play()
    play.outage(soc=15.0)
    assert play.look(100) == "OB LB"
    restarted(play, noted=100, at=102)
    assert evaluate(play.memory, T0 + 102, play.policy)[1].status == "OB"
    play.ask(None, 103)
    assert play.look(103) == "OB LB"


def test_low_asked_in_vain_begins_anew_after_a_sleep_and_with_a_reading() -> None:
    play = Play()
    play.outage(soc=15.0)
    assert play.look(100) == "OB LB"
    play.memory = awake(play.memory, T0 + 9000, T0 + 110)
    assert play.look(9050) == "OB"
    assert play.look(9060) == "OB LB"
    play.read(9061, soc=15.0)
    assert play.memory.vain_s == 0.0


def after_hours(zeros_s: int, wh: float = 0.0) -> Play:
    """A silence of half a day, an outage at its end, and the gateway has started."""
    play = Play()
    play.ask(CLOSED, 0)
    play.read(1, soc=90.0)
    play.ask(CLOSED, 50_000)
    play.ask(OPEN, 50_010)
    play.ask(OPEN, 50_011)
    for at in range(20, zeros_s + 1, 20):
        play.read(50_011 + at, soc=0.0, wh=wh, watt=0.0, load=0.0)
        play.ask(OPEN, 50_012 + at)
    return play


@pytest.mark.parametrize(
    ("heard", "at", "status"),
    [
        (OPEN, 0, "OB"),
        (OPEN, 179, "OB"),
        (OPEN, 180, "OB LB"),
        (None, 59, "OB"),
        (None, 60, "OB LB"),
    ],
)
def test_low_by_a_charge_from_long_before_the_outage(
    heard: GridAnswer | None, at: int, status: str
) -> None:
    """OB is written before the charge is asked for: hours of drain are no news.

    Who answers will tell the charge soon, who is silent may not.
    """
    play = after_hours(0)
    for later in range(20, at, 20):
        play.ask(heard, 50_011 + later)
    assert play.look(50_011 + at) == status


def test_low_by_a_charge_from_just_before_the_outage_comes_after_60_s() -> None:
    play = Play()
    play.ask(CLOSED, 0)
    play.read(1, soc=15.0)
    play.ask(CLOSED, 290)
    play.ask(OPEN, 299)
    play.ask(OPEN, 300)
    assert play.look(359) == "OB"
    assert play.look(360) == "OB LB"


@pytest.mark.parametrize("wh", [0.0, WH], ids=["no capacity", "charge 0"])
@pytest.mark.parametrize(("zeros_s", "status"), [(160, "OB"), (180, "OB LB")])
def test_low_not_before_a_gateway_that_starts_has_found_its_batteries(
    zeros_s: int, status: str, wh: float
) -> None:
    """The grid may have carried the house in the silence: the battery may be full."""
    play = after_hours(zeros_s, wh)
    assert play.look(50_011 + zeros_s) == status


def test_low_zeros_that_end_in_a_silence_hold_nothing_back() -> None:
    play = after_hours(40)
    play.ask(None, 50_100)
    assert play.look(50_111) == "OB"
    assert play.look(50_112) == "OB LB"


def test_low_is_no_charge_that_half_of_the_batteries_hold() -> None:
    """They alone hold 45 %; it falls as before once they are silent."""
    play = after_hours(40)
    for at in range(60, 900, 20):
        play.ask(OPEN, 50_011 + at)
        assert play.read(50_011 + at, soc=90.0, wh=WH / 2, watt=500.0) == "OB"
        assert play.said().soc_pct == pytest.approx(45.0, abs=0.5)
        assert play.said().estimated
    play.ask(None, 50_920)
    play.ask(None, 54_500)
    soc_pct = play.said().soc_pct
    assert soc_pct is not None
    assert 25.0 < soc_pct < 36.0


def test_low_comes_where_half_of_the_batteries_hold_too_little() -> None:
    play = after_hours(40)
    play.read(50_071, soc=38.0, wh=WH / 2)
    play.ask(OPEN, 50_180)
    assert play.look(50_190) == "OB"
    assert play.look(50_191) == "OB LB"


def test_low_after_a_start_counts_a_fresh_reading_at_once() -> None:
    play = Play()
    play.outage(soc=15.0)
    play.memory = awake(play.memory, T0 + 5000, T0 + 100)
    assert play.look(5001) == "OB"
    assert play.read(5002, soc=15.0) == "OB LB"


def test_low_flags_only_where_wanted_and_after_60_s() -> None:
    play = Play(Policy(status_flags=True))
    play.outage()
    said = [play.read(at, watt=800.0) for at in (10, 40, 60, 71)]
    assert said == ["OB", "OB", "OB", "OB DISCHRG"]
    assert play.read(90, watt=-800.0) == "OB DISCHRG"
    assert play.read(150, watt=-800.0) == "OB CHRG"
    assert play.read(170, watt=10.0) == "OB CHRG"
    assert play.read(230, watt=10.0) == "OB"


def test_low_flags_stand_after_the_other_words() -> None:
    play = Play(Policy(status_flags=True))
    play.outage(soc=15.0)
    play.read(10, soc=15.0)
    assert play.read(71, soc=15.0) == "OB LB DISCHRG"


def test_low_no_flags_by_default() -> None:
    play = Play()
    play.outage()
    assert {play.read(at, watt=800.0) for at in (10, 71, 200)} == {"OB"}


def test_low_flags_unknown_in_silence() -> None:
    """Unknown is absent: nobody knows whether the battery still discharges."""
    play = Play(Policy(status_flags=True))
    play.outage()
    for at in (10, 40, 71):
        play.read(at, watt=800.0)
    assert play.look(131) == "OB"
