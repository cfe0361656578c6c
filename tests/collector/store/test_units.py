"""The list of an Envoy's units says what its reports say, in whatever order they come.

On both databases.
"""

import random
from collections.abc import Sequence

import pytest
from sqlalchemy import Table

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport, Report
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.store import units
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import rebuild
from nutbridge.collector.store.reading import reading as opened
from nutbridge.collector.store.sql import Names, Row, Sql
from nutbridge.collector.store.units import Sight, as_row, has_energy, listed
from tests.collector.parse.samples import (
    NOW,
    body,
    channel,
    device,
    event,
    interval,
    reading,
)

Seen = dict[tuple[str, str], Sight]


@pytest.mark.parametrize(
    ("stats", "found"),
    [
        ("250102,59979,27782,7462,49,0,0,67535", True),
        ("250102,59979,27782,7462,49,0,0,0", False),
        # webcomm 4.1.0: no energy, but a current.
        ("250102,59979,27782,7462,49,0,0", True),
        ("250102,59979,27782,0,49,0,0", False),
        ("250102,59979,27782,7462,49,0,0, 5 ,9", True),
        ("1,2,3,x,5,6,7,y", False),
        ("1,2,3,4,5,6,7,-8", False),
        ("1,2", False),
        ("", False),
        (None, False),
    ],
)
def test_has_energy(stats: str | None, found: bool) -> None:
    assert has_energy(stats) is found


def reports(seed: int, serial: str) -> list[tuple[int, bytes]]:
    """Return reports, and when each came; no two were made at one time."""
    chance = random.Random(seed)
    made = []
    for number in range(25):
        at = NOW - 300 * number - chance.randrange(100)
        eqids = [
            f"99000000010{chance.randrange(5)}{chance.choice(['', '.1', '.1', '-1'])}"
            for _ in range(4)
        ]
        rows = [event(id=number, eqid=chance.choice(eqids))]
        for place, eqid in enumerate(eqids):
            row = number * 10 + place
            end = at + chance.choice([0, -300, -900, 3 * 86_400])
            whole = chance.choice([294, 300])
            energy = chance.choice([0, 0, 70_000])
            slot = {"interval_duration": 300, "stat_duration": whole, "stats": energy}
            rows.append(interval(id=row, eqid=eqid, end_date=end, **slot))
            given = chance.choice([0, 0, 60_000])
            stats = f"244000,60000,33000,0,31,0,0,{given}"
            rows.append(reading(id=row, eqid=eqid, date=end + 1, stats=stats))
            flags = chance.randrange(9)
            inner = channel(eqid=eqid, condition_flags=flags)
            if chance.random() < 0.3:
                rows.append(device(inner, eqid=eqid, condition_flags=flags))
        envoy = {"serial_num": serial}
        made.append((at + 30, body(*rows, envoy=envoy, report_timestamp=at)))
    return made


def by_hand(reports: Sequence[tuple[int, bytes]]) -> dict[str, int]:
    """Return when each unit had energy last, of what the reports say; 0: never."""
    found: dict[str, int] = {}
    for received, data in reports:
        report = parse(data).report
        assert isinstance(report, Report)
        sights = [
            (row.eqid, row.end_date, bool(row.energy_j) and not row.estimated)
            for row in report.intervals
        ]
        sights += [
            (row.eqid, row.date, has_energy(row.stats)) for row in report.readings
        ]
        sights += [(one.eqid, 0, False) for one in report.devices]
        sights += [(one.eqid, 0, False) for one in report.channels]
        sights += [(one.eqid, 0, False) for one in report.events]
        for eqid, moment, counts in sights:
            assert eqid is not None
            if not counts or moment > received + 86_400:
                moment = 0  # noqa: PLW2901  no sight of energy
            found[eqid] = max(found.get(eqid, 0), moment)
    return found


def put(store: Store, reports: Sequence[tuple[int, bytes]]) -> None:
    store.add(
        [(RawReport(at, "", "", "", (), data), parse(data)) for at, data in reports]
    )


def kept(url: str) -> Seen:
    """Return the units of all Envoys; each is a row of ``panel`` as well."""
    with opened(url) as database:
        lists = database.rows(
            "SELECT serial_num, eqids, sights"
            " FROM envoy JOIN unit_list USING (envoy_id)"
        )
        found = {
            (serial, eqid): sights[mark]
            for serial, *texts in lists
            for eqids, marks, sights in (listed(*texts),)
            for eqid, mark in zip(eqids, marks, strict=True)
        }
        panels = database.rows(
            "SELECT serial_num, eqid, device_type"
            " FROM panel JOIN envoy USING (envoy_id)"
        )
    kinds = {(serial, eqid): kind for serial, eqid, kind in panels}
    assert kinds == {key: one.device_type for key, one in found.items()}
    return found


@pytest.mark.parametrize("seed", range(6))
def test_lists_say_what_the_reports_say(store: Store, url: str, seed: int) -> None:
    chance = random.Random(seed)
    serials = ("990000000001", "990000000002")
    made, other = (reports(seed, serial) for serial in serials)
    chance.shuffle(other)
    for some in (made, other):
        left = list(some)
        while left:
            count = chance.randrange(1, 5)
            put(store, left[:count])
            del left[:count]
    found = kept(url)
    expected = by_hand(made)
    for serial in serials:
        seen = {
            eqid: one.last_energy or 0
            for (of, eqid), one in found.items()
            if of == serial
        }
        assert seen == expected
    rebuild(store, lambda *_: None)
    assert kept(url) == found


def test_units_of_a_device_stand_together(store: Store, url: str) -> None:
    """A dash comes before a dot: in the order of eqids it would stand between."""
    names = ("7.2", "7-1.1", "7", "7.1", "7-1")
    put(store, [(NOW, body(*(interval(id=n, eqid=e) for n, e in enumerate(names))))])
    with opened(url) as database:
        found = {
            one.unit.eqid: [channel.eqid for channel in one.channels]
            for one in devices(database, NOW)
        }
    assert found == {"7": ["7.1", "7.2"], "7-1": ["7-1.1"]}


def test_usual_report_writes_no_row_of_panel(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, int] = {}
    insert = Sql.insert

    def noted(sql: Sql, table: Table, names: Names, rows: list[Row], end: str) -> int:
        written[table.name] = len(rows)
        return insert(sql, table, names, rows, end)

    monkeypatch.setattr(Sql, "insert", noted)

    def count(*rows: str) -> list[int]:
        put(store, [(NOW, body(*rows))])
        return [written.pop(name) for name in ("panel", "unit_list")]

    assert count(interval(id=1, eqid="7.1"), interval(id=2, eqid="7.2")) == [2, 1]
    assert count(interval(id=3, eqid="7.1", end_date=NOW + 300)) == [0, 1]
    assert count(interval(id=4, eqid="7.1", stats=0, end_date=NOW + 600)) == [0, 0]
    battery = {"eqid": "7", "device_type": 11}
    inner = channel(eqid="7.1")
    assert count(interval(id=5, eqid="8.1"), device(inner, **battery)) == [2, 1]
    assert count(device(inner, **battery, condition_flags=4)) == [0, 0]


def test_list_has_an_end(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of units that no Envoy has so many of, the energy is kept."""
    monkeypatch.setattr(units, "MOST_UNITS", 3)
    for first in (0, 3):
        eqids = [f"{first + n}.1" for n in range(4)]
        rows = [interval(id=first + n, eqid=eqid) for n, eqid in enumerate(eqids)]
        put(store, [(NOW, body(*rows, report_timestamp=NOW + first))])
    with opened(url) as database:
        shown = [one.unit.eqid for one in devices(database, NOW)]
        ((count,),) = database.rows("SELECT count(*) FROM panel")
    assert (shown, count) == (["0", "1", "2"], 7)
    rebuild(store, lambda *_: None)
    with opened(url) as database:
        assert [one.unit.eqid for one in devices(database, NOW)] == shown


def test_long_description_is_kept_without_its_texts(store: Store, url: str) -> None:
    long = device(channel(eqid="7.1"), eqid="7", condition_flags=4, part_num="x" * 5000)
    put(store, [(NOW, body(long))])
    with opened(url) as database:
        (found,) = devices(database, NOW)
        ((part_num,),) = database.rows("SELECT part_num FROM device")
    assert (found.unit.said["condition_flags"], found.unit.said["part_num"]) == (
        4,
        None,
    )
    assert len(part_num) == 5000


def test_long_descriptions_do_not_stay_in_memory(store: Store) -> None:
    """A hostile one has megabytes, and as many of them as it likes."""
    units._usual_text.cache_clear()
    long = device(channel(eqid="7.1"), eqid="7", part_num="x" * 5000)
    put(store, [(NOW, body(long))])
    found = units._usual_text.cache_info()
    assert (found.misses, found.currsize) == (2, 1)


def test_thousands_of_units_are_one_row(store: Store, url: str) -> None:
    """Each is taken in at once: their number does not count twice."""
    rows = [
        device(channel(eqid=f"{n}.1"), eqid=f"{n}", condition_flags=n)
        for n in range(5000)
    ]
    put(store, [(NOW, body(*rows))])
    found = kept(url)
    assert len(found) == 10_000
    assert len({one.said for one in found.values()}) == 5001


def test_equal_sights_stand_once() -> None:
    same = Sight(NOW, None, 5, "{}")
    row = as_row({"1": Sight(), "1.1": same, "2.1": Sight(*same)})
    shown = f'[[null,null,null,-1],[{NOW},null,5,0]],["{{}}"]'
    assert row == ("1\n1.1\n2.1", f'["011",{shown}]')
    assert listed(*row) == (["1", "1.1", "2.1"], "011", {"0": Sight(), "1": same})
    assert listed(*as_row({})) == ([], "", {})
