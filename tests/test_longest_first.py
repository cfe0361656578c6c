"""The order of the tests: nothing is lost, and the long ones do not queue."""

from hypothesis import given
from hypothesis import strategies as st

from tests.longest_first import deal


@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 30.0, 60.0, 240.0]), max_size=60),
    st.integers(1, 10),
)
def test_deal_loses_nothing(seconds: list[float], workers: int) -> None:
    items = list(range(len(seconds)))
    assert sorted(deal(items, seconds, workers)) == items


def test_deal_begins_each_stretch_with_a_long_one() -> None:
    """Eight workers, ten tests each: six begin with a long one, two with none."""
    seconds = [*[0.0] * 70, *[60.0] * 5, *[0.0] * 4, 240.0]
    dealt = [seconds[i] for i in deal(range(80), seconds, 8)]
    assert dealt[::10] == [240.0, 60.0, 60.0, 60.0, 60.0, 60.0, 0.0, 0.0]


def test_deal_gives_no_second_one_to_the_worker_with_the_longest() -> None:
    seconds = [*[0.0] * 72, *[60.0] * 7, 240.0]
    dealt = [seconds[i] for i in deal(range(80), seconds, 8)]
    assert dealt[:10] == [240.0, *[0.0] * 9]
    assert dealt[10:12] == [60.0, 60.0]


def test_deal_uses_all_workers_where_there_are_only_long_ones() -> None:
    seconds = [30.0, 20.0, 10.0, 40.0]
    assert deal("abcd", seconds, 4) == ["d", "a", "b", "c"]
