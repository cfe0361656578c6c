"""The rule by which a panel is dead, silent, asleep or ok."""

import pytest

from nutbridge.collector.queries.panel_states import (
    SUNNY_J,
    PanelFacts,
    PanelState,
    state_of,
    sunny_days,
)

NOON = 1_700_049_600
TODAY = NOON // 86_400
GOOD = 5 * SUNNY_J


def panel(*days: int, seen: int | None = NOON, since: int | None = 0) -> PanelFacts:
    """Return a panel that gave so much on the days before today, the newest last."""
    before = {TODAY - len(days) + n: energy_j for n, energy_j in enumerate(days)}
    return PanelFacts(seen, since, before)


def judged(
    one: PanelFacts, others: list[PanelFacts], bright: tuple[int, ...] = ()
) -> PanelState:
    """Return the state of one panel among others, at noon of today."""
    sunny = sunny_days([one, *others], TODAY)
    return state_of(one, sunny, bright, NOON, (one.known_since or 0) // 86_400)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        ((GOOD, GOOD), "ok"),
        ((GOOD // 10, GOOD // 10), "ok"),
        ((GOOD // 10 - 1, GOOD // 10 - 1), "dead"),
        ((0, 0), "dead"),
        ((), "dead"),
        # One day may be a tree, snow, or the day on which it was mounted.
        ((GOOD, 0), "ok"),
        ((0, GOOD), "ok"),
        ((GOOD, 0, 0), "dead"),
    ],
)
def test_dead_panel(days: tuple[int, ...], state: str) -> None:
    others = [panel(GOOD, GOOD, GOOD) for _ in range(5)]
    assert judged(panel(*days), others) is PanelState(state)


def test_days_without_sun_say_nothing() -> None:
    dark = [panel(GOOD, 0, GOOD // 3, GOOD // 3) for _ in range(5)]
    assert judged(panel(GOOD, 0, 0, 0), dark) is PanelState.OK
    # Weeks of snow: 50 Wh is the best day.
    snow = [panel(SUNNY_J // 2, SUNNY_J // 2) for _ in range(5)]
    assert judged(panel(0, 0), snow) is PanelState.OK
    assert sunny_days([], TODAY) == {}


def test_sunny_days_need_not_follow_each_other() -> None:
    others = [panel(GOOD, 1000, 1000, GOOD) for _ in range(5)]
    assert judged(panel(0, 0, 0, 0), others) is PanelState.DEAD


def test_today_is_not_over() -> None:
    others = [PanelFacts(NOON, 0, {TODAY: GOOD, TODAY - 1: GOOD}) for _ in range(5)]
    assert judged(PanelFacts(NOON, 0, {}), others) is PanelState.OK


def test_most_of_a_house_may_be_out() -> None:
    """A branch circuit is off: the median is of those that gave something."""
    house = [*[panel(0, 0) for _ in range(7)], panel(GOOD, GOOD)]
    assert judged(panel(0, 0), house) is PanelState.DEAD


def test_new_panel_is_not_dead() -> None:
    others = [panel(GOOD, GOOD) for _ in range(5)]
    new = panel(since=(TODAY - 1) * 86_400 + 50_000)
    assert judged(new, others) is PanelState.OK
    assert judged(panel(since=None), others) is PanelState.DEAD


@pytest.mark.parametrize(
    ("ago_h", "state"),
    [
        (0, "ok"),
        (1, "ok"),
        (1.1, "asleep"),
        (3, "asleep"),
        (4, "silent"),
        (9, "silent"),
    ],
)
def test_silent_while_others_give(ago_h: float, state: str) -> None:
    bright = tuple(NOON - 3600 * n for n in range(1, 10))
    one = panel(GOOD, GOOD, seen=NOON - int(ago_h * 3600))
    assert judged(one, [], bright) is PanelState(state)


def test_panel_that_never_gave_anything() -> None:
    bright = tuple(NOON - 3600 * n for n in range(1, 5))
    assert judged(panel(seen=None), [], bright) is PanelState.SILENT
    assert judged(panel(seen=None, since=NOON), [], bright) is PanelState.ASLEEP
    assert judged(panel(seen=None, since=None), [], bright) is PanelState.SILENT


def test_night() -> None:
    assert judged(panel(GOOD, GOOD, seen=NOON - 9 * 3600), []) is PanelState.ASLEEP
