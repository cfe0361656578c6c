"""One row for each Envoy and day: what is in it, and what bounds it. Both databases."""

import tracemalloc

import pytest

from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.energy import Wanted, panel_energy, totals
from nutbridge.collector.store import hours, ingest
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.days import row_of
from nutbridge.collector.store.given import panels_in
from tests.collector.parse.samples import NOW, body, device, interval
from tests.collector.store.using import asking, exported, put

DAY = 86_400
UTC = {"timezone": "UTC"}
#: All that a text of an eqid may have.
ODD = ['a, "b"', "\\", "å 7.1", "99.1"]


def told(url: str) -> dict[int, object]:
    return {row["id"]: row["left_out"] for row in exported(url)}


def panels_of(url: str) -> list[list[tuple[str, int, int, int]]]:
    with asking(url) as database:
        rows = database.rows("SELECT gave FROM envoy_day ORDER BY envoy_id, day")
        return [list(panels_in(gave)) for (gave,) in rows]


def test_row_of_a_day() -> None:
    given = {name: [place, 2 * place, 1 << place] for place, name in enumerate(ODD)}
    *key, energy_j, estimated_j, panels, undivided, least, twice, gave = row_of(
        (7, DAY), given
    )
    assert key == [7, DAY]
    assert (energy_j, estimated_j) == (6, 12)
    assert (panels, undivided, least, twice) == (4, 2, 0, 4)
    assert list(panels_in(gave)) == [(name, *given[name]) for name in sorted(ODD)]


def test_reports_of_one_day_are_added_up(store: Store, url: str) -> None:
    for number, energy_j in enumerate((5, 0, 70)):
        at = NOW - NOW % DAY + (number + 1) * 3600
        rows = [
            interval(
                id=10 * number + place, eqid=eqid, end_date=at, stats=energy_j + place
            )
            for place, eqid in enumerate(["7.1", "Å &quot;8&quot;"][: 2 - number % 2])
        ]
        put(store, body(*rows, envoy=UTC, report_timestamp=at))
    assert panels_of(url) == [[("7.1", 75, 0, 0b101), ('Å "8"', 77, 0, 0b101)]]
    with asking(url) as database:
        assert [one[2:] for one in totals(database, By.DAY)] == [(152, 0, 2)]
        found = panel_energy(database, By.DAY, Wanted(panel="7"))
        assert [one[2:] for one in found] == [("7.1", 75, 0)]


def test_battery_is_left_out_of_its_envoy_alone(store: Store, url: str) -> None:
    """It is known as one when its energy is in the sums of all."""
    for place, serial in enumerate(("990000000001", "990000000002", "990000000003")):
        rows = [interval(id=n, eqid=f"{place}{n}.1", stats=10**n) for n in range(3)]
        if place == 1:
            rows.append(device(eqid="12", device_type=11))
        put(store, body(*rows, envoy=UTC | {"serial_num": serial}))
    with asking(url) as database:
        found = [one[2:] for one in totals(database, By.DAY)]
        assert found == [(111, 0, 3), (11, 0, 2), (111, 0, 3)]
        assert [one[2:] for one in totals(database, By.MONTH)] == found


def test_day_with_more_panels_than_anybody_has(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is written with each report: it may not grow without an end."""
    monkeypatch.setattr("nutbridge.collector.store.days.MOST_PANELS", 3)
    rows = [interval(id=n, eqid=f"{n}.1", stats=1) for n in range(5)]
    put(store, body(*rows, envoy=UTC))
    long = {"interval_duration": 2 * DAY, "end_date": NOW + DAY}
    put(store, body(interval(id=9, eqid="9.1", **long), envoy=UTC))
    many = "too_many"
    assert told(url) == dict.fromkeys(range(3)) | {3: many, 4: many, 9: many}
    assert [len(one) for one in panels_of(url)] == [3]
    with asking(url) as database:
        hours = database.rows("SELECT sum(panels), sum(energy_j) FROM envoy_hour")
    assert hours == [(3, 3)]


def test_report_with_more_days_than_any(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nutbridge.collector.store.ingest._MOST_DAYS", 3)
    rows = [interval(id=n, end_date=NOW - n * DAY) for n in range(5)]
    again = interval(id=7, end_date=NOW - 600)
    put(store, body(*rows, again, envoy=UTC))
    assert told(url) == dict.fromkeys((0, 1, 2, 7)) | {3: "too_many", 4: "too_many"}
    assert len(panels_of(url)) == 3


def test_report_that_has_more_written_than_any(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hour that it names is a row of all panels: it may not name any number."""
    monkeypatch.setattr("nutbridge.collector.store.ingest._MOST_WRITTEN", 14)
    rows = [interval(id=n, eqid=f"{n}.1", stats=1) for n in range(5)]
    put(store, body(*rows, envoy=UTC))
    at = NOW - NOW % DAY
    one_each = [interval(id=10 + n, end_date=at + n * 3600) for n in range(1, 5)]
    put(store, body(*one_each, envoy=UTC, report_timestamp=NOW + 1))
    left = {13: "too_many", 14: "too_many"}
    # Another report has as much again.
    more = interval(id=20, end_date=at + 6 * 3600)
    put(store, body(more, envoy=UTC, report_timestamp=NOW + 2))
    assert {number: why for number, why in told(url).items() if why} == left


def test_hours_of_many_panels_are_in_memory_a_few_at_a_time(store: Store) -> None:
    """Of a report that changes many of them each is read and written once."""
    put(store, body(envoy=UTC))
    at, count = NOW - NOW % DAY - 200 * 3600, 200
    given = {f"{n}.1": [1, 0, 0] for n in range(600)}
    rows = [hours.row_of((1, at + n * 3600, 0), given) for n in range(count)]
    store.write(lambda sql: hours.put(sql, rows))
    slot = {"end_date": at + count * 3600, "interval_duration": count * 3600}
    tracemalloc.start()
    try:
        put(store, body(interval(**slot), envoy=UTC, report_timestamp=NOW + 1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8e6
    found = store.write(lambda sql: sql.rows("SELECT min(panels) FROM envoy_hour"))
    assert found == [(601,)]
    # As many as a report may have wait for their end.
    assert ingest._MOST_HOURS < hours._MOST_WAITING
