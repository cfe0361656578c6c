"""The rate limiter, with the time as an argument."""

from hypothesis import given
from hypothesis import strategies as st

from nutbridge.collector.serve.options import Rate
from nutbridge.collector.serve.rate import MOST_SOURCES, RateLimiter


def test_take_burst_then_one_per_interval() -> None:
    limiter = RateLimiter(Rate(20, 5.0))
    assert [limiter.take("a", 100.0) for _ in range(20)] == [0.0] * 20
    assert limiter.take("a", 100.0) == 5.0
    assert limiter.take("a", 102.0) == 3.0
    assert limiter.take("a", 105.0) == 0.0
    assert limiter.take("a", 105.0) == 5.0
    assert limiter.take("b", 105.0) == 0.0
    # Full again after 20 intervals.
    assert [limiter.take("a", 300.0) for _ in range(20)] == [0.0] * 20
    assert limiter.take("a", 300.0) == 5.0


def test_take_without_a_rate() -> None:
    limiter = RateLimiter(None)
    assert {limiter.take("a", 0.0) for _ in range(1000)} == {0.0}
    assert len(limiter) == 0


def test_sources_are_forgotten() -> None:
    """Memory is bounded, whoever invents serial numbers; nobody is refused for it."""
    limiter = RateLimiter(Rate(1, 5.0))
    for number in range(2 * MOST_SOURCES):
        assert limiter.take(str(number), 1.0) == 0.0
    assert len(limiter) <= MOST_SOURCES
    assert limiter.take(str(2 * MOST_SOURCES - 1), 1.0) == 5.0


@given(
    burst=st.integers(1, 30),
    every_s=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 50), min_size=1, max_size=200),
)
def test_take_never_gives_more_than_the_rate(
    burst: int, every_s: float, gaps: list[float]
) -> None:
    limiter = RateLimiter(Rate(burst, every_s))
    now = 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap
        wait_s = limiter.take("a", now)
        if wait_s == 0.0:
            taken.append(now)
        else:
            assert limiter.take("a", now + wait_s - 0.001) > 0.0 or wait_s < 0.002
    for begin, first in enumerate(taken):
        for end in range(begin, len(taken)):
            most = burst + (taken[end] - first) / every_s + 1e-6
            assert end - begin + 1 <= most
