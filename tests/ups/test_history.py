"""What the house drew, and what that says about the hours to come."""

import pytest

from nutbridge.ups.status.memory import SLOT_S, SLOTS, LoadHistory, expected, most_wh

AIR = (3100.0,) * 3 + (300.0,) * 3


def noted(*samples: tuple[float, float]) -> LoadHistory:
    history = LoadHistory()
    for at, load_w in samples:
        history = history.note(at, load_w)
    return history


def test_history_means_of_five_minutes() -> None:
    samples = [(60.0 * n, 1000.0 if n < 5 else 2000.0) for n in range(13)]
    history = noted(*samples)
    assert history.past_w == (1000.0, 2000.0)
    assert history.slots_w == (1000.0, 2000.0, 2000.0)


def test_history_two_samples_are_no_load_yet() -> None:
    """A kettle in the last minute is not what the house draws."""
    history = LoadHistory((500.0,)).note(0.0, 3000.0).note(60.0, 3000.0)
    assert history.slots_w == (500.0,)
    assert history.note(120.0, 3000.0).slots_w == (500.0, 3000.0)


def test_history_the_first_sample_is_better_than_nothing() -> None:
    assert noted((0.0, 700.0)).slots_w == (700.0,)
    assert noted((0.0, 700.0)).peak_w == 700.0
    assert LoadHistory().peak_w is None


def test_history_one_sample_a_slot_counts() -> None:
    """POLLFREQ=300: one sample in each of them."""
    history = noted(*((SLOT_S * n, 100.0 * n) for n in range(5)))
    assert history.past_w[0] == 0.0
    assert len(history.past_w) >= 1


def test_history_is_bounded() -> None:
    history = noted(*((60.0 * n, 1.0) for n in range(6000)))
    assert len(history.past_w) == SLOTS
    assert len(history.closed().past_w) == SLOTS


@pytest.mark.parametrize(
    ("slots_w", "told"),
    [
        ((), ()),
        ((500.0,), (500.0,)),
        (AIR * 4, AIR * 4),
        # A car came once and went: it is gone. One that came is there.
        ((500.0,) * 9 + (4500.0,) * 8 + (400.0,), (500.0,) * 9 + (400.0,)),
        ((4500.0,) * 8 + (400.0,) * 2, (400.0,) * 2),
        ((500.0,) * 9 + (4500.0,), (4500.0,)),
        # Before and after the car the air conditioner goes on.
        (AIR * 4 + (9000.0,) * 6 + AIR * 2, AIR * 6),
        # The pause lasts longer than any before: it is over. Or it runs on.
        (AIR * 4 + (300.0,) * 2, (300.0,) * 5),
        (AIR * 4 + (3100.0,) * 5, (3100.0,) * 5),
        # How long the first part had lasted nobody knows.
        ((3100.0, 300.0, 300.0) + (3100.0,) * 3, None),
    ],
)
def test_expected(slots_w: tuple[float, ...], told: tuple[float, ...] | None) -> None:
    assert expected(slots_w) == (slots_w if told is None else told)


@pytest.mark.parametrize(
    ("slots_w", "seconds", "used_wh"),
    [
        ((1000.0,), 1800.0, 500.0),
        (AIR * 4, 0.0, 0.0),
        (AIR * 4, 450.0, 387.5),
        (AIR * 4, 900.0, 775.0),
        (AIR * 4, 1800.0, 850.0),
        (AIR * 4, 2700.0, 1625.0),
        (AIR * 4, 7200.0, 3400.0),
        (AIR * 4, 14_400.0, 6800.0),
        ((0.0, 1200.0), 300.0, 100.0),
    ],
)
def test_most_in_any_stretch(
    slots_w: tuple[float, ...], seconds: float, used_wh: float
) -> None:
    assert most_wh(slots_w, seconds) == pytest.approx(used_wh)
