"""What is kept ready says what the rows say, whatever came, and in any order.

On both databases.
"""

import json
import random
from statistics import median
from typing import Any

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.store import units
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import prune, rebuild
from nutbridge.collector.store.reading import Reader, reading
from nutbridge.collector.store.sql import Row
from tests.collector.parse.samples import NOW, body, channel, device, event, interval
from tests.collector.store.using import hours_in

DAY = 86_400
SERIALS = ("990000000001", "990000000002")
#: All sets of which no clear is known, by the rows alone.
OPEN = (
    "SELECT e.serial_num, s.id, s.event_date FROM event s"
    " JOIN envoy e ON e.envoy_id = s.envoy_id"
    " WHERE s.event_state = 2 AND s.correlation_id IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM event c WHERE c.envoy_id = s.envoy_id AND c.correlation_id = s.id"
    " AND c.event_state = 1 AND c.event_date >= s.event_date) ORDER BY 1, 3, 2"
)
NEWEST = (
    "SELECT e.serial_num, d.eqid, d.condition_flags, d.observed_flags, d.extra"
    " FROM {table} d JOIN envoy e ON e.envoy_id = d.envoy_id WHERE d.reported ="
    " (SELECT max(n.reported) FROM {table} n"
    " WHERE n.envoy_id = d.envoy_id AND n.eqid = d.eqid)"
)
DAYS = (
    "SELECT envoy_id, day, energy_j, estimated_j, panels, undivided, lowest_j,"
    " twice_median_j FROM envoy_day ORDER BY 1, 2"
)


def made(chance: random.Random, number: int) -> tuple[int, bytes]:
    """Return a report, and when it came: ids come again, and clears before sets."""
    at = NOW - chance.randrange(0, 4 * DAY, 900)
    rows = []
    for place in range(chance.randrange(4)):
        state = chance.choice([2, 2, 1, 1, 0, None])
        partner = chance.choice([None, None, chance.randrange(12)])
        known: dict[str, Any] = {"event_state": state, "correlation_id": partner}
        rows.append(
            event(
                id=chance.randrange(12),
                eqid=f"9900000001{place:02}",
                event_date=NOW - chance.randrange(0, 5 * DAY, DAY),
                **{name: value for name, value in known.items() if value is not None},
            )
        )
    for place in range(chance.randrange(3)):
        eqid = f"9900000001{place:02}"
        more = chance.choice([{}, {}, {"condition_flags": "x"}, {"unknown": "1"}])
        flags = {"observed_flags": chance.randrange(3)} | more
        inner = channel(eqid=chance.choice([f"{eqid}.1", f"{eqid}.2", eqid]), **flags)
        rows.append(device(inner, eqid=chance.choice([eqid, eqid, "7.7"]), **flags))
    for place in range(chance.randrange(5)):
        eqid = chance.choice(["", "", ".1"])
        rows.append(
            interval(
                id=number * 10 + place,
                eqid=f"99000000{chance.randrange(200, 220)}{eqid}",
                end_date=at - 300 * place,
                stats=chance.choice([0, 1, 2, 70, 50_000]),
            )
        )
    serial = {"serial_num": chance.choice(SERIALS)}
    return at, body(*rows, envoy=serial, report_timestamp=at)


def fill(store: Store, chance: random.Random) -> None:
    """Store reports, some again, some at once."""
    reports = [made(chance, number) for number in range(60)]
    reports += chance.sample(reports, 5)
    while reports:
        some = [reports.pop() for _ in range(min(len(reports), chance.randrange(1, 4)))]
        found = [
            (RawReport(at + 30, "", "", "", (), data), parse(data)) for at, data in some
        ]
        store.add(found)


def same(url: str) -> None:
    with reading(url) as database:
        found = [one.as_object() for one in devices(database, NOW + DAY)]
        opened = [
            (one["envoy_serial"], event["id"], event["event_date"])
            for one in found
            for event in one["open_events"]
        ]
        by_date = sorted(opened, key=lambda one: (one[0], one[2], one[1]))
        assert by_date == database.rows(OPEN)
        for table, dotted in (("device", False), ("channel", True)):
            said = {
                (one["envoy_serial"], part["eqid"]): part
                for one in found
                for part in (one["channels"] if dotted else [one])
                if part["observed_flags"] is not None
            }
            rows = [
                row
                for row in database.rows(NEWEST.format(table=table))
                if ("." in row[1]) is dotted
            ]
            assert len(said) == len(rows) > 0
            for serial, eqid, flags, observed, extra in rows:
                one = said[serial, eqid]
                more = json.loads(extra or "{}")
                wanted = more.pop("condition_flags", flags)
                assert (one["condition_flags"], one["observed_flags"]) == (
                    wanted,
                    observed,
                )
                assert more.items() <= one.items()
        assert database.rows(DAYS) == by_hand(database)


def by_hand(database: Reader) -> list[tuple[int, ...]]:
    days: dict[tuple[int, int], dict[str, list[int]]] = {}
    for envoy_id, eqid, hour, offset, *parts in hours_in(database):
        local = hour + offset
        day = days.setdefault((envoy_id, local - local % DAY), {})
        before = day.get(eqid, [0, 0])
        day[eqid] = [sum(pair) for pair in zip(before, parts, strict=True)]
    found: list[tuple[int, ...]] = []
    for key, panels in sorted(days.items()):
        energies = [energy_j for energy_j, _ in panels.values()]
        whole = [sum(column) for column in zip(*panels.values(), strict=True)]
        undivided = sum("." not in eqid for eqid in panels)
        given = [energy_j for energy_j in energies if energy_j > 0]
        twice = int(2 * median(given)) if given else 0
        found.append((*key, *whole, len(panels), undivided, min(energies), twice))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_kept_says_what_the_rows_say(store: Store, url: str, seed: int) -> None:
    fill(store, random.Random(seed))
    same(url)
    rebuild(store, lambda *_: None)
    same(url)
    prune(store, NOW - 2 * DAY, lambda *_: None)
    same(url)


def test_a_set_comes_once_more_after_its_clear(store: Store, url: str) -> None:
    """Its key is kept, for nothing: who asks finds the clear."""
    clear = event(id=2, event_state=1, correlation_id=1, event_date=NOW)
    for at, row in enumerate((event(id=1), clear, event(id=1))):
        data = body(row, report_timestamp=NOW + at)
        store.add([(RawReport(NOW, "", "", "", (), data), parse(data))])
    ids = "SELECT id FROM open_event"
    with reading(url) as database:
        assert database.rows(ids) == [(1,)]
        (found,) = devices(database, NOW)
        assert found.open_events == ()
    rebuild(store, lambda *_: None)
    with reading(url) as database:
        assert database.rows(ids) == []


def test_clear_takes_away_what_it_ends(store: Store, url: str) -> None:
    """What is open is found without a look at all that ever was."""
    clear = event(id=2, event_state=1, correlation_id=1, event_date=NOW)
    for at, row in enumerate((event(id=1), clear)):
        data = body(row, report_timestamp=NOW + at)
        store.add([(RawReport(NOW, "", "", "", (), data), parse(data))])
    with reading(url) as database:
        assert database.rows("SELECT id FROM open_event") == []


@pytest.mark.parametrize("low", [False, True])
def test_days_of_panels_are_read_where_one_is_low(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch, *, low: bool
) -> None:
    """A line for each day tells that all panels of an Envoy are well."""
    rows = [
        interval(
            id=day * 9 + panel,
            eqid=f"99000000000{panel}.1",
            end_date=NOW - day * DAY,
            stats=9 if low and panel == 0 else 800_000 + panel,
            interval_duration=3600,
        )
        for day in range(4)
        for panel in range(3)
    ]
    store.add([(RawReport(NOW, "", "", "", (), body(*rows)), parse(body(*rows)))])
    asked: list[str] = []
    with reading(url) as database:
        rows_of = database.rows

        def noted(statement: str, values: tuple[object, ...] = ()) -> list[Row]:
            asked.append(statement)
            return rows_of(statement, values)

        monkeypatch.setattr(database, "rows", noted)
        states = [str(one.unit.state) for one in devices(database, NOW)]
    assert states == ["dead" if low else "ok", "ok", "ok"]
    assert any("s.gave" in one for one in asked) is low


def test_description_of_a_table_is_all_of_its_attributes() -> None:
    """A column that is added later is a part of it."""
    from nutbridge.collector.queries.export import wire_names
    from nutbridge.collector.store import schema

    for table in (schema.device, schema.channel):
        names = [name for name in wire_names(table.name) if name != "eqid"]
        assert list(units.attributes(table)) == [*names, "extra"]
