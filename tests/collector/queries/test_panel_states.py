"""The rule by which a panel is dead, silent, asleep or ok."""

import pytest

from nutbridge.collector.queries.panel_states import (
    SUNNY_J,
    PanelFacts,
    PanelState,
    low_ones,
    medians_of,
    state_of,
    sunny_days,
)

NOON = 1_700_049_600
TODAY = NOON // 86_400
GOOD = 5 * SUNNY_J


class House:
    """Panels and their days."""

    def __init__(self) -> None:
        self.given: dict[int, dict[str, int]] = {}
        self.count = 0

    def panel(
        self, *days: int, seen: int | None = NOON, since: int | None = 0, until: int = 0
    ) -> PanelFacts:
        """Return a panel that gave so much on the days before today, the newest last.

        ``until`` 1: the last of them is today.
        """
        self.count += 1
        eqid = str(self.count)
        for n, energy_j in enumerate(days):
            day = TODAY - len(days) + n + until
            self.given.setdefault(day, {})[eqid] = energy_j
        return PanelFacts(eqid, seen, since)

    def judged(self, one: PanelFacts, bright: tuple[int, ...] = ()) -> PanelState:
        """Return the state of one of them, at noon of today."""
        sunny = sunny_days(medians_of(self.given), TODAY)
        first = (one.known_since or 0) // 86_400
        found = state_of(one, self.given, sunny, bright, NOON, first)
        # What is not low at all is not dead, and need not be asked further.
        low = low_ones([one.eqid], self.given, sunny)
        assert low or found is not PanelState.DEAD
        return found


@pytest.fixture
def house() -> House:
    return House()


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
def test_dead_panel(house: House, days: tuple[int, ...], state: str) -> None:
    for _ in range(5):
        house.panel(GOOD, GOOD, GOOD)
    assert house.judged(house.panel(*days)) is PanelState(state)


def test_days_without_sun_say_nothing(house: House) -> None:
    for _ in range(5):
        house.panel(GOOD, 0, GOOD // 3, GOOD // 3)
    assert house.judged(house.panel(GOOD, 0, 0, 0)) is PanelState.OK
    assert sunny_days({}, TODAY) == {}


def test_weeks_of_snow(house: House) -> None:
    """50 Wh is the best day."""
    for _ in range(5):
        house.panel(SUNNY_J // 2, SUNNY_J // 2)
    assert house.judged(house.panel(0, 0)) is PanelState.OK


def test_sunny_days_need_not_follow_each_other(house: House) -> None:
    for _ in range(5):
        house.panel(GOOD, 1000, 1000, GOOD)
    assert house.judged(house.panel(0, 0, 0, 0)) is PanelState.DEAD


def test_today_is_not_over(house: House) -> None:
    for _ in range(5):
        house.panel(GOOD, GOOD, until=1)
    assert house.judged(house.panel()) is PanelState.OK


def test_most_of_a_house_may_be_out(house: House) -> None:
    """A branch circuit is off: the median is of those that gave something."""
    for _ in range(7):
        house.panel(0, 0)
    house.panel(GOOD, GOOD)
    assert house.judged(house.panel(0, 0)) is PanelState.DEAD


def test_new_panel_is_not_dead(house: House) -> None:
    for _ in range(5):
        house.panel(GOOD, GOOD)
    new = house.panel(since=(TODAY - 1) * 86_400 + 50_000)
    assert house.judged(new) is PanelState.OK
    assert house.judged(house.panel(since=None)) is PanelState.DEAD


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
def test_silent_while_others_give(house: House, ago_h: float, state: str) -> None:
    bright = tuple(NOON - 3600 * n for n in range(1, 10))
    one = house.panel(GOOD, GOOD, seen=NOON - int(ago_h * 3600))
    assert house.judged(one, bright) is PanelState(state)


def test_panel_that_never_gave_anything(house: House) -> None:
    bright = tuple(NOON - 3600 * n for n in range(1, 5))
    for since, state in ((0, "silent"), (NOON, "asleep"), (None, "silent")):
        one = house.panel(seen=None, since=since)
        assert house.judged(one, bright) is PanelState(state)


def test_night(house: House) -> None:
    one = house.panel(GOOD, GOOD, seen=NOON - 9 * 3600)
    assert house.judged(one) is PanelState.ASLEEP
