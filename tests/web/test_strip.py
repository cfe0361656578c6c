"""The strip of the last days: what is unknown never looks like on line."""

import os
import time
from pathlib import Path

import pytest

from nutbridge.daemon.history.file import history_path
from nutbridge.daemon.history.points import HistoryPoint, render_point
from nutbridge.tools.demo.month import PastOutage, month
from nutbridge.web import house_page
from nutbridge.web.model import Past, Stretch
from nutbridge.web.past import PastReader
from tests.fakes.clock import FakeClock

HOUR, DAY = 3600.0, 86400.0
#: Noon of a day of this machine.
NOON = time.mktime((2026, 6, 20, 12, 0, 0, 0, 0, -1))


def told(past: Past, now: float = NOON) -> dict[str, str]:
    return dict(one.words.split(": ") for one in house_page.days(past, now))


def test_day_watched_in_part() -> None:
    gap = Stretch("unwatched", NOON - 2 * DAY, NOON - 2 * DAY + 5 * HOUR)
    past = Past(since=NOON - 40 * DAY, stretches=(gap,))
    days = told(past)
    assert days["Thu 18 Jun"] == "nothing was noted 5 h"
    assert days["Fri 19 Jun"] == "on line"
    assert house_page.strip_words(past, NOON).endswith("nothing was noted for 5 h")


def test_before_the_first_line_nothing_is_known() -> None:
    days = told(Past(since=NOON - DAY))
    assert days["Thu 18 Jun"] == "nothing was noted 24 h"
    assert days["Fri 19 Jun"] == "nothing was noted 12 h"
    assert days["Sat 20 Jun"] == "on line"


def test_of_the_rest_of_today_nothing_is_drawn() -> None:
    gap = Stretch("unwatched", NOON - HOUR, None)
    *_, today = house_page.days(Past(since=1.0, stretches=(gap,)), NOON)
    assert max(span.end for span in today.spans) == 0.5
    assert today.words == "Sat 20 Jun: nothing was noted 1 h"


@pytest.mark.parametrize("month_day", [(3, 29), (10, 25), (12, 31)])
def test_outage_over_midnight_is_told_on_both_days(
    month_day: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the nights of the changes of the clock, and of New Year."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        midnight = time.mktime((2026, *month_day, 0, 0, 0, 0, 0, -1))
        outage = Stretch("outage", midnight - 2 * HOUR, midnight + 4 * HOUR)
        days = house_page.days(
            Past(since=1.0, stretches=(outage,)), midnight + 5 * HOUR
        )
        assert [one.words.split(": ")[1] for one in days[-2:]] == [
            "outage 2 h",
            "outage 4 h",
        ]
    finally:
        monkeypatch.undo()
        time.tzset()


def write(path: Path, points: list[HistoryPoint]) -> None:
    path.write_bytes(b"".join(map(render_point, points)))


def test_many_outages_are_all_drawn(tmp_path: Path) -> None:
    """Load shedding, four times a day: the page shows 30, the strip all."""
    outages = tuple(
        PastOutage(DAY * day + HOUR * hour, HOUR, 90.0, 80.0)
        for day in range(1, 27)
        for hour in (2, 8, 14, 20)
    )
    write(history_path(str(tmp_path), "home"), month(NOON, outages))
    clock = FakeClock(wall_s=NOON)
    past = PastReader("home", (tmp_path,), clock).read()
    assert len(past.outages) == 30
    assert house_page.strip_words(past, NOON).startswith("104 outages")


def test_history_that_nobody_goes_on_with_is_unknown_after_a_while(
    tmp_path: Path,
) -> None:
    """The file stays the same, and what it tells does not."""
    write(history_path(str(tmp_path), "home"), month(NOON, ()))
    clock = FakeClock(wall_s=NOON)
    reader = PastReader("home", (tmp_path,), clock)
    assert not reader.read().stretches
    clock.advance(2 * HOUR)
    assert [one.kind for one in reader.read().stretches] == ["unwatched"]


def test_history_that_was_written_last_counts(tmp_path: Path) -> None:
    """The monitor was given a user, and a folder, of its own."""
    old, new = tmp_path / "nut", tmp_path / "nutbridge"
    for folder, outages in ((old, ()), (new, (PastOutage(DAY, HOUR, 9.0, 8.0),))):
        folder.mkdir()
        write(history_path(str(folder), "home"), month(NOON, outages))
    os.utime(history_path(str(old), "home"), (1, 1))
    reader = PastReader("home", (old, new), FakeClock(wall_s=NOON))
    assert reader.read().outages_kept == 1
