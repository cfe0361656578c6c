"""Hours, days and months of places, over changes of clocks."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nutbridge.collector.parse.periods import (
    DAY,
    HOUR,
    By,
    Calendar,
    segments,
)

START = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp())
PLACES = [
    "US/Eastern",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Santiago",  # clocks skip midnight
    "America/Havana",  # midnight comes twice
    "Pacific/Auckland",
    "UTC",
]


def calendar(place: str, by: By, start: int = START) -> tuple[Calendar, tzinfo]:
    zone = ZoneInfo(place)

    def offset(moment: int) -> int:
        at = datetime.fromtimestamp(moment, tz=zone).utcoffset() or timedelta()
        return int(at.total_seconds())

    return Calendar(segments(offset, start - 40 * DAY, start + 440 * DAY), by), zone


@given(st.sampled_from(PLACES), st.integers(START, START + 366 * DAY))
def test_moment_is_in_its_day_and_month(place: str, moment: int) -> None:
    """The local date at the begin and at the end of the period is that of it."""
    days, zone = calendar(place, By.DAY)
    months, _ = calendar(place, By.MONTH)
    there = datetime.fromtimestamp(moment, tz=zone)
    for found, shape in ((days, "%Y-%m-%d"), (months, "%Y-%m")):
        start, end = found.span(moment)
        assert start <= moment < end
        for inside in (start, end - 1):
            said = datetime.fromtimestamp(inside, tz=zone).strftime(shape)
            assert said == there.strftime(shape)
        for outside in (start - 1, end):
            said = datetime.fromtimestamp(outside, tz=zone).strftime(shape)
            assert said != there.strftime(shape)
        assert found.label(start) == there.strftime(shape)


@given(st.sampled_from(PLACES), st.integers(START, START + 366 * DAY))
def test_moment_is_in_its_hour(place: str, moment: int) -> None:
    found, _ = calendar(place, By.HOUR)
    start, end = found.span(moment)
    assert start <= moment < end == start + HOUR


def test_days_of_a_change_have_23_and_25_hours() -> None:
    found, _ = calendar("US/Eastern", By.DAY)
    spring = int(datetime(2023, 3, 12, 12, tzinfo=UTC).timestamp())
    autumn = int(datetime(2023, 11, 5, 12, tzinfo=UTC).timestamp())
    lengths = [end - start for start, end in map(found.span, (spring, autumn))]
    assert lengths == [23 * HOUR, 25 * HOUR]
