"""What is said about the microinverters. On both databases."""

import pytest

from nutbridge.cli.reports.output import as_json
from nutbridge.cli.reports.show import device_lines, device_texts
from nutbridge.collector.parse.body import parse
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.store.api import Store
from tests.collector.parse.samples import (
    NOW,
    PANEL,
    SERIAL,
    body,
    channel,
    device,
    event,
    interval,
    reading,
)
from tests.collector.store.using import Object, asking, put, raw


def asked(url: str) -> dict[str, Object]:
    with asking(url) as database:
        return {one.unit.eqid: one.as_object() for one in devices(database, NOW)}


def test_device_with_its_flags_and_channels(store: Store, url: str) -> None:
    put(store, body(device()))
    found = asked(url)[PANEL]
    assert found["envoy_serial"] == SERIAL
    assert (found["condition_flags"], found["condition_flags_hex"]) == (
        2359296,
        "0x240000",
    )
    assert [one["bit"] for one in found["condition_bits"]] == ["0x40000", "0x200000"]
    (one,) = found["channels"]
    assert (one["eqid"], one["condition_flags"]) == (f"{PANEL}.1", 16)
    assert found["open_events"] == []


def test_flags_that_are_no_number_stand_as_they_came(store: Store, url: str) -> None:
    """One odd report must not hide all devices."""
    more = {"condition_flags": "0x10", "envoy_serial": "1"}
    put(store, body(device(channel(condition_flags=-1), **more)))
    found = asked(url)[PANEL]
    assert (found["condition_flags"], found["condition_flags_hex"]) == ("0x10", None)
    (one,) = found["channels"]
    assert (one["condition_flags"], one["condition_bits"]) == ("-1", [])
    assert found["envoy_serial"] == SERIAL
    with asking(url) as database:
        text = "".join(device_lines(devices(database, NOW)))
    assert "condition" not in text


def test_json_of_devices_that_are_alike(store: Store, url: str) -> None:
    """All but the number is made once; nothing else may take its place."""
    names = ["7", "77", "é", "a&quot;b", "\\u0037", "7-7"]
    more = {"condition_flags": 7, "what": "7", "said": "\\u0037"}
    rows = [device(channel(eqid=f"{one}.7"), eqid=one, **more) for one in names]
    rows += [device(channel(eqid=f"x{n}.{n % 2}"), eqid=f"x{n}") for n in range(6)]
    panels = [f"{one}.7" for one in names] + [f"x{n}.{n % 2}" for n in range(6)]
    rows += [interval(id=n, eqid=one, stats=7) for n, one in enumerate(panels)]
    put(store, body(*rows, event(eqid="77.7"), event(id=7, eqid="x3")))
    with asking(url) as database:
        found = [*devices(database, NOW)]
        texts = [*device_texts(found)]
    assert len(found) == 12
    assert len({id(one.common) for one in found}) == 3
    assert sum(bool(one.open_events) for one in found) == 2
    assert texts == [as_json(one.as_object()) for one in found]


def test_newest_description_counts(store: Store, url: str) -> None:
    put(store, body(device(channel(condition_flags=0), condition_flags=1)))
    put(store, body(device(), report_timestamp=NOW - 300))
    found = asked(url)[PANEL]
    assert (found["condition_flags"], found["channels"][0]["condition_flags"]) == (1, 0)


@pytest.mark.parametrize(
    ("received", "stamp", "counts"),
    [
        # The collector had no network time yet.
        (100, NOW + 300, True),
        # The Envoy's clock runs days ahead, or has just begun.
        (NOW + 300, NOW + 300_000, True),
        (NOW + 300, 100, True),
        (NOW - 300, NOW + 300_000, False),
    ],
)
def test_description_is_dated_by_a_clock_that_can_be_right(
    store: Store, url: str, received: int, stamp: int, *, counts: bool
) -> None:
    put(store, body(device(condition_flags=1)))
    late = body(device(condition_flags=2), report_timestamp=stamp)
    store.parsed(store.accept(raw(late, received)).raw_id, parse(late))
    assert asked(url)[PANEL]["condition_flags"] == (2 if counts else 1)


def test_device_that_was_never_described(store: Store, url: str) -> None:
    put(store, body(reading(), interval(eqid="990000000102.1"), event(eqid="77")))
    found = asked(url)
    assert list(found) == ["77", PANEL, "990000000102"]
    assert found[PANEL]["part_num"] is None
    assert [one["eqid"] for one in found[PANEL]["channels"]] == [f"{PANEL}.1"]


def test_envoy_is_no_device(store: Store, url: str) -> None:
    put(store, body(event(eqid=SERIAL)))
    assert asked(url) == {}


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        (reading(date=NOW - 10), NOW - 10),
        (interval(end_date=NOW - 300), NOW - 300),
        (interval(stats=0), None),
        (reading(stats="250102,59979,27782,7462,49,0,0,0"), None),
        (event(event_date=NOW - 20), None),
        (device(), None),
        # What the Envoy makes up about a device that it does not hear.
        (event(event_code=10000), None),
        (interval(stat_duration=300), None),
        (interval(interval_duration=56400, stat_duration=56400), None),
        # A clock of a later year.
        (reading(date=NOW + 10 * 365 * 86400), None),
    ],
)
def test_last_seen(store: Store, url: str, row: str, seen: int | None) -> None:
    put(store, body(row))
    assert asked(url)[PANEL]["last_seen"] == seen


def open_ids(url: str) -> list[int]:
    return [one["id"] for one in asked(url)[PANEL]["open_events"]]


def test_condition_is_open_until_it_is_cleared(store: Store, url: str) -> None:
    put(store, body(event(id=1), event(id=2, eqid=f"{PANEL}.1", event_code=101)))
    assert open_ids(url) == [1, 2]
    (first, second) = asked(url)[PANEL]["open_events"]
    assert (first["name"], second["name"]) == ("DC power too low", "Grid instability")
    assert (first["event_code"], first["event_state"]) == (512, 2)
    clear = event(id=3, event_state=1, correlation_id=1, event_date=NOW)
    put(store, body(clear, report_timestamp=NOW + 300))
    assert open_ids(url) == [2]


def test_condition_that_knows_its_partner_is_closed(store: Store, url: str) -> None:
    put(store, body(event(id=1)))
    put(store, body(event(id=1, correlation_id=9)))
    assert open_ids(url) == []


def test_partner_of_an_older_time_closes_nothing(store: Store, url: str) -> None:
    """An Envoy that was reset uses its ids again."""
    old = event(id=3, event_state=1, correlation_id=1, event_date=NOW - 90_000)
    put(store, body(old, event(id=1)))
    assert open_ids(url) == [1]


def test_one_shot_events_are_never_open(store: Store, url: str) -> None:
    put(store, body(event(event_state=0)))
    assert open_ids(url) == []
