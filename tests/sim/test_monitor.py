"""Single stories of a monitor, each with the promise it keeps."""

import logging

import pytest

from nutbridge.ups.model import Grid
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import State
from tests.sim.gateway import Mood
from tests.sim.house import House
from tests.sim.world import World, outage


def test_monitor_ob_within_relayfreq() -> None:
    world = World()
    world.run_for(200.0)
    world.set_grid(there=False)
    world.run_for(13.0)
    assert world.port.status == "OB"


def test_monitor_lb_that_cannot_be_written_hides(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Disk full: after three polls the file goes, and upsmon acts on that."""
    world = outage(soc_pct=21.0)
    world.port.full = True
    world.house.soc_pct = 19.0
    world.run_for(15.0)
    assert world.port.status == "OB"
    world.run_for(60.0)
    assert world.port.status is None
    critical = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert len(critical) == 1


def test_monitor_lb_unwritten_counts_polls_not_tries() -> None:
    """One check writes twice; two polls are not three."""
    world = outage(soc_pct=21.0, policy=Policy(relay_s=0.0, pollfreq_s=20.0))
    world.port.full = True
    world.house.soc_pct = 19.0
    polls = world.gateway.rounds
    world.run_until(lambda: world.port.status is None, 300.0)
    assert world.gateway.rounds - polls >= 3


def test_monitor_lb_already_visible_is_never_hidden() -> None:
    world = outage(soc_pct=21.0)
    world.house.soc_pct = 19.0
    world.run_until(lambda: world.port.status == "OB LB", 120.0)
    world.port.full = True
    world.nut.driver_runs = True
    for _ in range(20):
        world.next_at = world.clock.boottime()
        world.monitor.tick()
    assert world.port.status == "OB LB"


def test_monitor_ob_unwritten_is_tried_again() -> None:
    world = World()
    world.run_for(70.0)
    world.port.full = True
    world.set_grid(there=False)
    world.run_for(60.0)
    assert world.port.status == "OL"
    world.port.full = False
    world.run_for(11.0)
    assert world.port.status == "OB"


def test_monitor_foreign_status_is_written_over() -> None:
    world = World()
    world.run_for(70.0)
    world.foreign_write(b"ups.status: OB\n")
    world.run_for(11.0)
    assert world.port.status == "OL"


def test_monitor_foreign_status_is_written_over_in_silence() -> None:
    world = World()
    world.run_for(70.0)
    world.set_mood(Mood.REFUSING)
    world.run_for(12.0)
    world.foreign_write(b"ups.status: OB\n")
    world.run_for(21.0)
    assert world.port.status == "OL"


def test_monitor_foreign_ob_is_followed_by_a_visible_ol() -> None:
    """A driver may have read it: hiding the file now would shut machines down."""
    world = World(Policy(nocomms_delay_s=0.0))
    world.run_for(70.0)
    world.foreign_write(b"ups.status: OB\n")
    world.set_mood(Mood.REFUSING)
    world.run_for(25.0)
    assert world.port.status == "OL"
    world.run_for(30.0)
    assert world.port.status is None


def test_monitor_file_that_could_not_be_read_is_tried_again() -> None:
    """Its new mode changes nothing that tells of a changed content."""
    world = World()
    world.run_for(70.0)
    world.set_mood(Mood.REFUSING)
    world.run_until(lambda: world.port.status is None, 300.0)
    world.port.closed = True
    world.foreign_write(b"ups.status: OL\n")
    world.run_for(60.0)
    world.port.closed = False
    world.run_for(300.0)
    assert world.port.status is None


def test_monitor_full_polls_far_apart_are_no_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """POLLFREQALERT=120: the charge is reckoned before each of them."""
    world = outage(soc_pct=80.0, policy=Policy(alert_s=120.0))
    world.house.load_w = 200.0
    world.run_for(3 * 3600.0)
    told = [r for r in caplog.records if "charge reckoned" in r.message]
    assert 1 <= len(told) <= 3


@pytest.mark.parametrize("alert_s", [20.0, 60.0, 90.0, 300.0])
def test_monitor_lb_stays_between_full_polls(alert_s: float) -> None:
    """POLLFREQALERT=60: OB LB was OB for a moment at every full poll."""
    policy = Policy(pollfreq_s=alert_s, alert_s=alert_s)
    world = World(policy, House(soc_pct=30.0, load_w=1500.0))
    world.run_for(20.0)
    world.house.soc_pct = 30.0
    world.set_grid(there=False)
    world.run_until(lambda: world.port.status == "OB LB", 2 * 3600.0)
    said: list[str | None] = []
    world.port.on_change = lambda _old, new: said.append(new)
    for _ in range(60):
        world.advance(max(0.0, world.next_at - world.clock.boottime()))
        world.next_at = world.monitor.tick()
    assert world.house.dark_at is None
    assert set(said) == {"OB LB"}


def test_monitor_user_settings_are_read_again() -> None:
    world = outage(soc_pct=50.0)
    data = world.port.data.replace(b"battery.charge.low: 20", b"battery.charge.low: 60")
    world.foreign_write(data)
    world.run_for(45.0)
    assert world.port.status == "OB LB"


def test_monitor_raised_limit_is_published_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.run_for(70.0)
    data = world.port.data.replace(b"battery.charge.low: 20", b"battery.charge.low: 5")
    world.foreign_write(data)
    world.run_for(200.0)
    assert b"battery.charge.low: 15" in world.port.data
    told = [r.message for r in caplog.records if "15 is used" in r.message]
    assert len(told) == 1


@pytest.mark.parametrize("grid", [True, False])
def test_monitor_stop_leaves_the_file(*, grid: bool) -> None:
    world = outage()
    world.set_grid(there=grid)
    world.run_for(60.0)
    said = world.port.status
    world.restart(300.0)
    assert world.port.status == said
    assert not world.nut.shutdowns


def test_monitor_stop_hides_while_the_system_goes_down() -> None:
    world = outage()
    world.nut.driver_runs = False
    world.phase = "stop"
    world.monitor.stop()
    assert world.port.status is None


def test_monitor_nut_restarted_in_a_silent_outage_is_held_on() -> None:
    """The driver ends first, so the file is hidden; the start shows OB again."""
    world = outage()
    world.set_mood(Mood.REFUSING)
    world.run_for(30.0)
    world.nut.driver_runs = False
    world.restart(1.0)
    assert world.port.status == "OB"
    assert world.monitor.memory.state is State.HOLDING


def test_monitor_doubt_about_open_ends_soon() -> None:
    """A hanging gateway must not keep OB back, however long its timeout is."""
    world = World()
    world.run_for(20.0)
    world.gateway.timeout_s = 120.0
    world.set_grid(there=False)
    world.run_until(lambda: world.monitor.memory.relay.unconfirmed is not None, 20.0)
    world.set_mood(Mood.SILENT)
    since = world.clock.boottime()
    world.run_until(lambda: world.port.status == "OB", 30.0)
    assert world.clock.boottime() - since < 7.0


def test_monitor_slow_gateway_ends_the_outage_that_its_silence_confirmed() -> None:
    """Only the second answer has to be quick; the later ones have their time."""
    world = World()
    world.run_for(20.0)
    world.gateway.answer_s = 6.0
    world.set_grid(there=False)
    world.run_until(lambda: world.port.status == "OB", 30.0)
    assert world.monitor.memory.relay.unconfirmed is None
    world.set_grid(there=True)
    world.run_until(lambda: world.port.status == "OL", 60.0)


def test_monitor_stop_leaves_ob_to_a_driver_that_it_cannot_find() -> None:
    """Its socket lies elsewhere: a restart of ours must not end it."""
    world = World()
    world.monitor._driver_runs = lambda: False
    world.monitor._driver_seen = False
    world.run_for(20.0)
    world.set_grid(there=False)
    world.run_until(lambda: world.port.status == "OB", 60.0)
    world.restart(20.0)
    assert world.port.status == "OB"
    assert not world.nut.shutdowns


def test_monitor_stale_ob_lb_of_another_boot_is_hidden() -> None:
    world = outage(soc_pct=19.0)
    world.run_until(lambda: world.port.status == "OB LB", 120.0)
    world.set_mood(Mood.REFUSING)
    world.nut.shutdowns.clear()
    world.reboot(60.0, orderly=False)
    assert world.port.status is None
    world.run_for(600.0)
    assert world.port.status is None
    assert not world.nut.shutdowns


def test_monitor_details_follow_an_open_that_only_silence_confirmed() -> None:
    """POLLFREQ=300: full polls on battery come every POLLFREQALERT at once."""
    world = World(Policy(pollfreq_s=300.0))
    world.run_for(30.0)
    world.set_grid(there=False)
    world.run_until(lambda: world.monitor.memory.relay.unconfirmed is not None, 120.0)
    world.set_mood(Mood.REFUSING)
    world.run_for(2.0)
    assert world.monitor.memory.state is State.ON_BATTERY
    world.set_mood(Mood.OK)
    rounds = world.gateway.rounds
    world.run_for(65.0)
    assert world.gateway.rounds - rounds >= 3


def test_monitor_state_is_saved_only_when_worth_it() -> None:
    """A held outage: every POLLFREQALERT, not at every check."""
    world = outage(policy=Policy(relay_s=5.0))
    world.set_mood(Mood.REFUSING)
    world.run_for(100.0)
    saves = 0
    inner = world.monitor._save

    def count(memory: object) -> None:
        nonlocal saves
        saves += 1
        inner(memory)  # type: ignore[arg-type]

    world.monitor._save = count
    world.run_for(200.0)
    assert 5 <= saves <= 11


def test_monitor_killed_on_line_knows_when_ol_was_confirmed() -> None:
    """POLLFREQ=300: the charge is seldom read, the relay every RELAYFREQ."""
    world = World(Policy(pollfreq_s=300.0, nocomms_delay_s=120.0))
    world.run_for(290.0)
    said: list[str | None] = []
    world.port.on_change = lambda _old, new: said.append(new)
    world.kill(2.0)
    assert world.port.status == "OL"
    assert None not in said


@pytest.mark.parametrize("killed", [False, True])
def test_monitor_ol_after_ob_is_visible_for_30_s(*, killed: bool) -> None:
    """NOCOMMS_DELAY=0, and silence right after the first OL; the watch looks on."""
    world = outage(policy=Policy(nocomms_delay_s=0.0))
    world.set_grid(there=True)
    if killed:
        world.run_until(
            lambda: world.monitor.memory.relay.unconfirmed is not None, 120.0
        )
        world.kill_in_check()
    world.run_until(lambda: world.port.status == "OL", 120.0)
    world.set_mood(Mood.REFUSING)
    world.run_for(25.0)
    assert world.port.status == "OL"
    world.run_for(60.0)
    assert world.port.status is None
    assert not world.nut.shutdowns


def test_monitor_closed_of_a_started_gateway_ends_no_outage() -> None:
    """It says ``closed`` in mode ``unknown`` while the house is an island."""
    world = outage()
    world.set_mood(Mood.LOST_MODE)
    world.run_for(600.0)
    assert world.port.status == "OB"


def _reckoned_low_held_back() -> World:
    """One ``closed`` in an outage, then a silence; a load of 4 kW is gone meanwhile."""
    world = outage(soc_pct=50.0)
    world.house.load_w = 4000.0
    world.run_for(300.0)
    world.house.soc_pct = 36.0
    world.run_for(90.0)
    world.set_grid(there=True)
    world.run_until(lambda: world.gateway.last_usable is Grid.CLOSED, 20.0)
    world.set_grid(there=False)
    world.set_mood(Mood.SILENT)
    world.house.load_w = 100.0
    world.run_until(lambda: world.monitor.memory.low.lb, 1700.0)
    assert world.port.status == "OB"
    return world


def test_monitor_heard_again_asks_for_the_charge_before_a_reckoned_lb() -> None:
    """The first ``open`` ends what held LB back; the battery is at 37 %."""
    world = _reckoned_low_held_back()
    said: list[str | None] = []
    world.port.on_change = lambda _old, new: said.append(new)
    world.set_mood(Mood.OK)
    world.run_for(60.0)
    assert world.monitor.memory.state is State.ON_BATTERY
    assert set(said) == {"OB"}


def test_monitor_heard_again_without_a_charge_says_lb_in_the_same_check() -> None:
    world = _reckoned_low_held_back()
    world.set_mood(Mood.NO_SOC)
    world.run_until(lambda: world.port.status == "OB LB", 25.0)
