"""Energy by hour, day and month: slots, zones, gap fill. On both databases."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.energy import energy, totals
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import rebuild
from nutbridge.collector.store.zone_names import RAILS, WINDOWS
from nutbridge.collector.store.zones import offset_s, zone_of
from tests.collector.parse.samples import PANEL, SERIAL, body, interval, reading
from tests.collector.store.using import Object, asking, exported, put, raw

CHANNEL = f"{PANEL}.1"


def at(*moment: int, zone: str = "US/Eastern") -> int:
    return int(datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp())  # type: ignore[arg-type,misc]


def slot(number: int, start: int, energy_j: int, **more: object) -> str:
    """Return a slot that begins at ``start``; 300 s unless told."""
    length = more.get("interval_duration", 300)
    assert isinstance(length, int)
    return interval(id=number, end_date=start + length, stats=energy_j, **more)


def asked(url: str, by: By) -> list[Object]:
    with asking(url) as database:
        return list(energy(database, by))


def sums(found: Iterable[Object]) -> list[tuple[int, int]]:
    return [(one["start"], one["energy_j"]) for one in found]


def test_slot_counts_where_it_begins(store: Store, url: str) -> None:
    """The last one of a day ends at midnight, and is of that day."""
    last = slot(1, at(2023, 11, 14, 23, 55), 100)
    first = slot(2, at(2023, 11, 15), 20)
    put(store, body(last, first))
    assert sums(asked(url, By.DAY)) == [
        (at(2023, 11, 14), 100),
        (at(2023, 11, 15), 20),
    ]
    assert sums(asked(url, By.HOUR)) == [
        (at(2023, 11, 14, 23), 100),
        (at(2023, 11, 15), 20),
    ]
    assert asked(url, By.MONTH) == [
        {
            "envoy_serial": SERIAL,
            "start": at(2023, 11, 1),
            "end": at(2023, 12, 1),
            "eqid": CHANNEL,
            "energy_j": 120,
            "estimated_j": 0,
        }
    ]


def test_slot_over_the_hour_counts_whole_where_it_begins(
    store: Store, url: str
) -> None:
    put(store, body(slot(1, at(2023, 11, 14, 10, 50), 900, interval_duration=900)))
    put(store, body(slot(2, at(2023, 11, 14, 12, 59), 60, interval_duration=3600)))
    assert sums(asked(url, By.HOUR)) == [
        (at(2023, 11, 14, 10), 900),
        (at(2023, 11, 14, 12), 60),
    ]


def test_long_slot_is_spread_evenly(store: Store, url: str) -> None:
    start = at(2023, 11, 14, 22, 30)
    row = slot(1, start, 9000, interval_duration=9000, stat_duration=9000)
    put(store, body(row))
    assert sums(asked(url, By.HOUR)) == [
        (at(2023, 11, 14, 22), 1800),
        (at(2023, 11, 14, 23), 3600),
        (at(2023, 11, 15), 3600),
    ]
    days = asked(url, By.DAY)
    assert [(one["energy_j"], one["estimated_j"]) for one in days] == [
        (5400, 5400),
        (3600, 3600),
    ]


def test_estimated_energy_is_part_of_the_sum(store: Store, url: str) -> None:
    noon = at(2023, 11, 14, 12)
    put(store, body(slot(1, noon, 100), slot(2, noon + 300, 7, stat_duration=300)))
    (one,) = asked(url, By.DAY)
    assert (one["energy_j"], one["estimated_j"]) == (107, 7)


def test_readings_are_never_added(store: Store, url: str) -> None:
    put(store, body(slot(1, at(2023, 11, 14), 100), reading()))
    assert [one["energy_j"] for one in asked(url, By.MONTH)] == [100]


def test_channels_are_apart_and_in_order(store: Store, url: str) -> None:
    noon = at(2023, 11, 14, 12)
    rows = [slot(n, noon, n, eqid=f"99000000010{9 - n}.1") for n in (1, 2, 3)]
    put(store, body(*rows, slot(4, noon - 86400, 5)))
    found = [(one["eqid"], one["energy_j"]) for one in asked(url, By.DAY)]
    assert found[1:] == [(f"99000000010{9 - n}.1", n) for n in (3, 2, 1)]
    with asking(url) as database:
        sums = [(one.period.label, *one[2:]) for one in totals(database, By.DAY)]
    assert sums == [("2023-11-13", 5, 0, 1), ("2023-11-14", 6, 0, 3)]


def test_days_over_changes_of_clocks(store: Store, url: str) -> None:
    starts = [at(2023, 3, 12), at(2023, 3, 12, 3), at(2023, 11, 5), at(2023, 11, 5, 23)]
    put(store, body(*[slot(n, start, n + 1) for n, start in enumerate(starts)]))
    found = [(one["start"], one["end"], one["energy_j"]) for one in asked(url, By.DAY)]
    assert found == [
        (at(2023, 3, 12), at(2023, 3, 13), 3),
        (at(2023, 11, 5), at(2023, 11, 6), 7),
    ]
    assert [end - start for start, end, _ in found] == [23 * 3600, 25 * 3600]


def test_hour_that_comes_twice_is_two_hours(store: Store, url: str) -> None:
    one = at(2023, 11, 5, 1)
    put(store, body(slot(1, one, 1), slot(2, one + 3600, 2)))
    assert sums(asked(url, By.HOUR)) == [(one, 1), (one + 3600, 2)]


@pytest.mark.parametrize(
    ("zone", "utc_start"),
    [
        ("Asia/Kolkata", datetime(2023, 11, 13, 18, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2023, 11, 13, 18, 15, tzinfo=UTC)),
        ("US/Pacific", datetime(2023, 11, 14, 8, tzinfo=UTC)),
        ("Pacific Standard Time", datetime(2023, 11, 14, 8, tzinfo=UTC)),
        ("Arizona", datetime(2023, 11, 14, 7, tzinfo=UTC)),
        ("Nowhere/Atlantis", datetime(2023, 11, 14, tzinfo=UTC)),
        ("../../etc/passwd", datetime(2023, 11, 14, tzinfo=UTC)),
        ("/etc/localtime", datetime(2023, 11, 14, tzinfo=UTC)),
        ("US", datetime(2023, 11, 14, tzinfo=UTC)),
        ("", datetime(2023, 11, 14, tzinfo=UTC)),
        (None, datetime(2023, 11, 14, tzinfo=UTC)),
    ],
)
def test_days_are_those_of_the_envoy(
    store: Store, url: str, zone: str | None, utc_start: datetime
) -> None:
    """Places whose hours are not those of UTC take another way to the same sums."""
    start = int(utc_start.timestamp())
    rows = [slot(n, start - 300 + 300 * n, 10**n) for n in range(2)]
    rows.append(slot(9, start + 86400 - 300, 100))
    put(store, body(*rows, envoy={"timezone": zone}))
    assert sums(asked(url, By.DAY)) == [(start - 86400, 1), (start, 110)]
    hours = asked(url, By.HOUR)
    assert sums(hours)[1] == (start, 10)


def test_zone_names_are_those_of_tzdata() -> None:
    """Links like US/Eastern are in the package where the system lacks them."""
    assert offset_s("US/Eastern", at(2023, 7, 1)) == -4 * 3600
    assert offset_s("Brazil/East", at(2023, 7, 1)) == -3 * 3600


def test_other_names_of_zones_are_there() -> None:
    """Windows' and Rails' names lead to zones that tzdata has."""
    names = WINDOWS | RAILS
    assert {name for name in names if zone_of(name) is None} == set()
    pacific = ZoneInfo("America/Los_Angeles")
    assert zone_of("(GMT-08:00) Pacific Time (US & Canada)") is pacific
    assert zone_of(" America/Los_Angeles\n") is pacific


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "GMT+1", "UTC+01:00", "+01:00", "Mars/Base", "localtime"),
        *("/etc/localtime", "../UTC", "Europe", "Europe/", "A\0", "Å/B", "A" * 5000),
        *("Europe/Kyiv/x", "posix/UTC", "(GMT-08:00)", "()", "PST8PDT "),
    ],
)
def test_odd_names_of_zones_are_none(name: str) -> None:
    """Whether ``GMT+1`` is east or west of it nobody can tell."""
    assert (zone_of(name) is None) == (name != "PST8PDT ")


def test_blank_zone_is_none(store: Store, url: str) -> None:
    """What the Envoy said before holds, now and when the sums are made anew."""
    for number, zone in enumerate(("US/Eastern", "", "  ")):
        row = slot(number, at(2023, 11, 14 + number, 23, 30), 1 << number)
        put(store, body(row, envoy={"timezone": zone}))
    days = [("2023-11-14", 1), ("2023-11-15", 2), ("2023-11-16", 4)]
    for _ in range(2):
        with asking(url) as database:
            found = [(o.period.label, o.energy_j) for o in totals(database, By.DAY)]
            assert found == days
            assert [one.timezone for one in database.envoys()] == ["US/Eastern"]
        rebuild(store, lambda _done, _total: None)


def test_zone_of_a_report_is_that_of_its_rows(store: Store, url: str) -> None:
    """The Envoy moved, or was set right: what came before stays where it was."""
    row = slot(1, at(2023, 11, 14, 23, 30), 1)
    put(store, body(row, envoy={"timezone": "US/Eastern"}))
    row = slot(2, at(2023, 11, 15, 20, 30, zone="US/Pacific"), 2)
    put(store, body(row, envoy={"timezone": "US/Pacific"}))
    with asking(url) as database:
        labels = [(one.period.label, one.energy_j) for one in totals(database, By.DAY)]
    assert labels == [("2023-11-14", 1), ("2023-11-15", 2)]


def test_hour_that_comes_twice_is_told_apart(store: Store, url: str) -> None:
    one = at(2023, 11, 5, 1)
    put(store, body(slot(1, one, 1), slot(2, one + 3600, 2)))
    with asking(url) as database:
        labels = [one.period.label for one in totals(database, By.HOUR)]
    assert labels == ["2023-11-05 01:00 -04:00", "2023-11-05 01:00 -05:00"]


def test_dates_that_cannot_be_right_are_left_out(store: Store, url: str) -> None:
    """Before 2005, or more than a day after the receipt: kept, not added up."""
    noon = at(2023, 11, 14, 12)
    rows = [
        *(slot(1, 0, 1), slot(2, at(2004, 12, 30), 2), slot(3, noon, 4)),
        *(slot(4, noon + 86400, 8), slot(5, noon + 86700, 16), slot(6, 2**31, 32)),
    ]
    data = body(*rows)
    store.parsed(store.accept(raw(data, noon + 300)).raw_id, parse(data))
    assert [part for _, part in sums(asked(url, By.DAY))] == [4, 8]
    left = {row["id"]: row["left_out"] for row in exported(url) if row["left_out"]}
    assert left == dict.fromkeys((1, 2, 5, 6), "date")


def test_receipt_by_a_clock_that_was_never_set_says_nothing(
    store: Store, url: str
) -> None:
    data = body(slot(1, at(2023, 11, 14), 4))
    store.parsed(store.accept(raw(data, 100)).raw_id, parse(data))
    assert [part for _, part in sums(asked(url, By.DAY))] == [4]


def test_odd_values_are_left_out(store: Store, url: str) -> None:
    noon = at(2023, 11, 14, 12)
    odd: list[dict[str, object]] = [{"stats": "-1"}, {"stats": "x"}, {"eqid": None}]
    rows = [interval(id=n, end_date=noon, **one) for n, one in enumerate(odd)]
    put(store, body(*rows, slot(9, noon, 5)))
    assert [one["energy_j"] for one in asked(url, By.DAY)] == [5]


def test_without_reports_there_is_no_energy(store: Store, url: str) -> None:
    assert asked(url, By.DAY) == []
    put(store, body())
    assert asked(url, By.DAY) == []
