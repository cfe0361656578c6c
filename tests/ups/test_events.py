"""From answers and silences to states (design: Status, Silence)."""

import pytest

from nutbridge.ups.model import Equipment, Facts, Grid, GridAnswer
from nutbridge.ups.status.battery import learn
from nutbridge.ups.status.events import awake, delay_s, shown
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import Event, State
from tests.ups.build import (
    CLOSED,
    LOST_MODE,
    ODD,
    OPEN,
    PLAIN,
    T0,
    Play,
)


def online(policy: Policy | None = None) -> Play:
    play = Play(policy or Policy(nocomms_delay_s=120.0))
    play.ask(CLOSED, 0)
    return play


def test_events_first_open_is_asked_again_after_a_second() -> None:
    play = online()
    step = play.ask(OPEN, 10)
    assert (step.event, play.memory.state) == (Event.FIRST_OPEN, State.ONLINE)
    assert delay_s(step, T0 + 10, play.policy) == 1.0


@pytest.mark.parametrize("second", [OPEN, ODD, LOST_MODE, None])
def test_events_anything_but_closed_confirms_the_first_open(
    second: GridAnswer | None,
) -> None:
    play = online()
    play.ask(OPEN, 10)
    assert play.ask(second, 11).event is Event.OPEN
    assert play.memory.state is State.ON_BATTERY
    assert play.memory.shown.status == "OB"


def test_events_closed_after_the_first_open_is_no_outage() -> None:
    play = online()
    play.ask(OPEN, 10)
    play.ask(CLOSED, 11)
    assert play.memory.state is State.ONLINE
    assert play.ask(OPEN, 20).event is Event.FIRST_OPEN


def test_events_two_closed_end_an_outage() -> None:
    play = Play()
    play.outage()
    first = play.ask(CLOSED, 10)
    assert (first.event, play.memory.state) == (Event.FIRST_CLOSED, State.ON_BATTERY)
    assert delay_s(first, T0 + 10, play.policy) == 5.0
    assert play.ask(CLOSED, 15).event is Event.CLOSED
    assert play.memory.shown.status == "OL"


def test_events_closed_open_closed_is_still_an_outage() -> None:
    play = Play()
    play.outage()
    for at, answer in ((10, CLOSED), (15, OPEN), (25, CLOSED)):
        play.ask(answer, at)
    assert play.memory.state is State.ON_BATTERY


def test_events_odd_word_is_a_failed_poll() -> None:
    play = online()
    step = play.ask(ODD, 10)
    assert step.event is Event.SILENT
    assert "maintenance" in step.notices[0].text


@pytest.mark.parametrize("state", ["on line", "on battery"])
def test_events_closed_with_lost_mode_is_a_failed_poll(state: str) -> None:
    """A gateway that has just started says ``closed`` in mode ``unknown``."""
    play = Play()
    if state == "on battery":
        play.outage()
    else:
        play.ask(CLOSED, 0)
    step = play.ask(LOST_MODE, 10)
    assert step.event is Event.SILENT
    assert "in mode unknown after a backup mode" in step.notices[0].text
    assert play.memory.relay.why in step.notices[0].text


def test_events_grace_begins_at_the_last_usable_answer() -> None:
    play = online()
    play.ask(ODD, 60)
    assert play.ask(None, 119.9).event is Event.SILENT
    assert play.ask(None, 120).event is Event.GRACE_OVER
    assert play.memory.state is State.NOCOMMS
    assert play.hidden == 1


def test_events_silence_is_asked_until_the_end_of_the_grace() -> None:
    """The next check is never after the moment at which the file must go."""
    play = online()
    step = play.ask(None, 112)
    assert delay_s(step, T0 + 112, play.policy) == pytest.approx(8.0)


def test_events_silence_on_line_is_asked_at_relayfreq() -> None:
    """An outage that begins in a silence is seen as soon as any other."""
    play = online()
    assert delay_s(play.ask(None, 10), T0 + 10, play.policy) == 10.0
    play = online(Policy(relay_s=0.0, pollfreq_s=300.0))
    assert delay_s(play.ask(None, 10), T0 + 10, play.policy) == 20.0


@pytest.mark.parametrize("alert_s", [20.0, 3600.0])
@pytest.mark.parametrize("answer", [CLOSED, OPEN, None, PLAIN, ODD])
def test_events_no_wait_exceeds_300_s(
    answer: GridAnswer | None, alert_s: float
) -> None:
    """POLLFREQ=3600 and RELAYFREQ=0: an outage is seen all the same."""
    policy = Policy(pollfreq_s=3600.0, relay_s=0.0, alert_s=alert_s)
    for play in (Play(policy), online(policy)):
        for at in (10.0, 20.0, 30.0):
            assert delay_s(play.ask(answer, at), T0 + at, policy) <= 300.0


def test_events_no_grace_with_delay_0() -> None:
    play = online(Policy(nocomms_delay_s=0.0))
    assert play.ask(None, 10).event is Event.GRACE_OVER


def test_events_ol_after_ob_is_visible_for_30_s_even_with_delay_0() -> None:
    play = Play(Policy(nocomms_delay_s=0.0))
    play.outage()
    play.ask(CLOSED, 10)
    play.ask(CLOSED, 15)
    assert play.ask(None, 44.9).event is Event.SILENT
    assert play.ask(None, 45).event is Event.GRACE_OVER


def test_events_ol_after_ob_is_visible_for_30_s_awake() -> None:
    """The driver sleeps with the machine."""
    play = Play(Policy(nocomms_delay_s=0.0))
    play.outage()
    play.ask(CLOSED, 10)
    play.ask(CLOSED, 15)
    play.memory = awake(play.memory, T0 + 5000, T0 + 20)
    assert play.ask(None, 5000).event is Event.SILENT
    assert play.ask(None, 5030).event is Event.GRACE_OVER


def test_events_answer_before_a_sleep_is_not_confirmed_after_it() -> None:
    """The network of a machine that wakes up is not there yet."""
    play = online()
    play.ask(OPEN, 10)
    play.memory = awake(play.memory, T0 + 5000, T0 + 11)
    assert play.ask(None, 5000).event is Event.GRACE_OVER


@pytest.mark.parametrize(("late_s", "slept"), [(59, False), (61, True)])
def test_events_awake_tells_sleep_from_waiting(late_s: float, slept: bool) -> None:
    memory = awake(Memory(started_at=T0), T0 + 900 + late_s, T0 + 900)
    assert (memory.started_at > T0) == slept


def test_events_file_that_still_says_ob_is_never_hidden() -> None:
    """An OL that could not be written: clients still see the OB."""
    play = online(Policy(nocomms_delay_s=0.0))
    shown = play.memory.shown._replace(status="OB")
    play.memory = play.memory._replace(shown=shown)
    assert play.ask(None, 10_000).event is Event.SILENT


def test_events_no_ups_hides_but_never_an_ob() -> None:
    """An inverter without a battery; clients must see an OL before."""
    unfit = GridAnswer(Grid.CLOSED, "closed", unfit="no battery")
    assert Play().ask(unfit, 0).event is Event.UNFIT
    play = online(Policy(nocomms_delay_s=0.0))
    told = play.memory.shown
    play.memory = play.memory._replace(shown=told._replace(status="OB"))
    assert play.ask(unfit, 10_000).event is Event.SILENT
    play = Play(Policy(nocomms_delay_s=0.0))
    play.outage()
    odd = unfit._replace(grid=Grid.UNKNOWN)
    assert play.ask(odd, 5).row.state is State.HOLDING
    play.ask(CLOSED, 10)
    play.ask(CLOSED, 15)
    assert play.ask(unfit, 44.9).event is Event.SILENT
    assert play.hidden == 0
    assert play.ask(unfit, 45).event is Event.UNFIT
    assert play.hidden == 1


def test_events_no_ups_that_was_one_is_a_failed_poll_before() -> None:
    """A unit that restarts answers in part: NOCOMMS_DELAY, then hidden."""
    unfit = GridAnswer(Grid.CLOSED, "closed", unfit="no battery")
    play = online()
    for at in (10, 60, 119):
        step = play.ask(unfit, at)
        assert (step.event, play.memory.state) == (Event.SILENT, State.ONLINE)
    step = play.ask(unfit, 120)
    assert (step.event, play.hidden) == (Event.UNFIT, 1)
    assert "no battery" in step.notices[0].text
    assert delay_s(step, T0 + 120, play.policy) == 60.0


def test_events_no_ups_after_an_outage_is_hidden_in_the_end() -> None:
    """Its answers are no usable ones: they do not make the OL last."""
    unfit = GridAnswer(Grid.CLOSED, "closed", unfit="no battery")
    play = Play(Policy(nocomms_delay_s=120.0))
    play.outage()
    play.ask(CLOSED, 10)
    play.ask(CLOSED, 15)
    for at in range(20, 135, 5):
        assert play.ask(unfit, at).event is Event.SILENT
    assert play.ask(unfit, 135).event is Event.UNFIT


def test_events_part_of_an_answer_tells_of_the_grid_in_an_outage() -> None:
    """Else OB would be reckoned down to LB, with the grid long there."""
    unfit = GridAnswer(Grid.CLOSED, "closed", unfit="no battery")
    play = Play()
    play.outage()
    assert play.ask(unfit, 10).event is Event.FIRST_CLOSED
    assert play.ask(unfit, 15).event is Event.CLOSED
    assert play.memory.shown.status == "OL"


@pytest.mark.parametrize("second", [Grid.OPEN, Grid.UNKNOWN])
def test_events_part_of_an_answer_tells_of_an_outage(second: Grid) -> None:
    play = online()
    unfit = GridAnswer(Grid.OPEN, "open", unfit="no battery")
    assert play.ask(unfit, 10).event is Event.FIRST_OPEN
    assert play.ask(unfit._replace(grid=second), 11).event is Event.OPEN


STALE = CLOSED._replace(stale="the gateway has lost the System Controller")


def test_events_stale_closed_is_a_failed_poll_on_line() -> None:
    play = online()
    step = play.ask(STALE, 10)
    assert step.event is Event.SILENT
    assert "lost the System Controller" in step.notices[0].text
    assert play.ask(STALE, 120).event is Event.GRACE_OVER


def test_events_stale_closed_ends_no_outage_and_keeps_lb_back() -> None:
    play = Play()
    play.outage(soc=15.0)
    assert play.read(61, soc=15.0) == "OB LB"
    for at in (70, 80, 90):
        assert play.ask(STALE, at).row.state is State.HOLDING
        assert play.read(at + 1, soc=15.0) == "OB"
    play.ask(OPEN, 100)
    assert play.read(101, soc=15.0) == "OB LB", "an open always counts"


def test_events_stale_closed_confirms_a_first_open() -> None:
    play = online()
    play.ask(OPEN, 10)
    assert play.ask(STALE, 11).event is Event.OPEN


def test_events_silence_that_confirms_an_open_is_no_answer() -> None:
    """It would be one that the grid is back, and keep LB back for half an hour."""
    play = online()
    play.ask(OPEN, 10)
    assert play.ask(None, 11).event is Event.OPEN
    relay = play.memory.relay
    assert (relay.grid, relay.closed_at) == (Grid.OPEN, None)
    assert (relay.at, relay.silent_since) == (T0 + 10, T0 + 11)


def test_events_closed_of_no_controller_is_no_answer() -> None:
    play = Play()
    assert play.ask(PLAIN, 5).event is Event.NO_CONTROLLER
    relay = play.memory.relay
    assert (relay.at, relay.silent_since) == (None, T0 + 5)


def test_events_outage_is_held_through_any_silence() -> None:
    play = Play()
    play.outage()
    for at in (10, 200, 5000, 500_000):
        play.ask(None, at)
        assert play.memory.state is State.HOLDING
    assert play.hidden == 0


def test_events_no_controller_hides_and_asks_each_minute() -> None:
    play = Play()
    step = play.ask(PLAIN, 0)
    assert step.event is Event.NO_CONTROLLER
    assert delay_s(step, T0, play.policy) == 60.0
    assert "ALLOW_NO_CONTROLLER" in step.notices[0].text
    assert not play.ask(PLAIN, 60).notices


def test_events_no_controller_hides_no_ob_that_clients_may_have_seen() -> None:
    """The bash script said OB; the OL over it is seen before the file goes."""
    play = Play(Policy(nocomms_delay_s=0.0), Event.FOUND_OL_DRIVER)
    play.memory = shown(shown(play.memory, "OB", T0), "OL", T0)
    for at in (0, 10, 29):
        assert play.ask(PLAIN, at).event is Event.SILENT
    assert play.ask(PLAIN, 30).event is Event.NO_CONTROLLER
    assert play.hidden == 1


def test_events_no_controller_allowed() -> None:
    play = Play(Policy(allow_no_controller=True))
    assert play.ask(PLAIN, 0).event is Event.CLOSED


def test_events_controller_once_seen_is_remembered() -> None:
    """An empty inventory proves nothing: gateways boot with one."""
    play = Play()
    listed = Facts(equipment=Equipment(controller=True, batteries=1))
    play.memory = learn(play.memory, listed, play.policy)
    play.memory = learn(play.memory, Facts(equipment=Equipment()), play.policy)
    assert play.ask(PLAIN, 0).event is Event.CLOSED


def test_events_inherited_ob_without_controller_never_says_lb() -> None:
    """The relay of a house without a controller says ``closed`` for ever."""
    play = Play(event=Event.FOUND_OB_DRIVER)
    for at in range(0, 4000, 20):
        play.ask(PLAIN, at)
        assert play.read(at + 1, soc=5.0) == "OB"
    assert play.hidden == 0


def test_events_lost_and_back_are_told_once_with_the_gap() -> None:
    play = Play()
    play.outage()
    told = [play.ask(None, at).notices for at in (10, 20, 30)]
    assert [len(notices) for notices in told] == [1, 0, 0]
    back = play.ask(OPEN, 100).notices
    assert back[0].text.startswith("the gateway answers again: on battery")
    assert "1 min 30 s" in back[0].text


def test_events_after_a_start_in_an_outage_it_does_not_answer_again() -> None:
    """It had not been away."""
    play = Play(event=Event.FOUND_OB_OURS)
    told = play.ask(OPEN, 1).notices
    assert [n.text.partition(" (")[0] for n in told] == [
        "the gateway answers: on battery"
    ]
