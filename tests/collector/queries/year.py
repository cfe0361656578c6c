"""Rows of many days, put into the tables directly: as reports they take minutes."""

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import Table

from nutbridge.collector.parse.values import as_json
from nutbridge.collector.store import days as sums_by_day
from nutbridge.collector.store import hours as sums_by_hour
from nutbridge.collector.store import partitions, schema, units
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.sql import Row, Sql

DAY = 86_400
#: 2025-11-01 00:00 UTC.
START = 1_761_955_200
#: Hours of light.
LIGHT = range(7, 19)
_ROWS = 20_000


def fill(
    store: Store, *, envoys: int = 1, panels: int = 30, days: int = 365, slots: int = 1
) -> int:
    """Store what the reports of some Envoys leave; return when the last one came.

    Args:
        store: an empty one.
        envoys: their numbers begin with 1.
        panels: of each.
        days: from START on.
        slots: intervals of an hour; with fewer than 12 the rest is left away.
    """
    hours = [START + day * DAY + hour * 3600 for day in range(days) for hour in LIGHT]
    end = hours[-1] + 3600
    if store.write(lambda sql: sql.postgres):
        months = partitions.months_of(hours, end)
        store.write(lambda sql: partitions.make(sql, months))
    numbers = range(1, envoys + 1)
    eqids = {n: [f"{n:06}{panel:06}" for panel in range(panels)] for n in numbers}
    put = _Filler(store)
    put(schema.envoy, ((n, f"99{n:010}", "UTC", end) for n in numbers))
    put(schema.panel, _panels(eqids))
    put(schema.device, _devices(eqids, days))
    put(schema.envoy_hour, _of_hours(eqids, hours))
    put(schema.envoy_day, _sums(eqids, hours))
    put(schema.unit_list, _listed(eqids, days, end))
    put(schema.raw, _raws(numbers, hours))
    put(schema.raw_body, ((raw, b"", at) for raw, _, at in _reports(numbers, hours)))
    put(schema.report, _described(numbers, hours))
    put(schema.interval, _intervals(eqids, hours, slots))
    put(schema.reading, _readings(eqids, hours[:: len(LIGHT)]))
    put(schema.event, _events(eqids, hours[:: len(LIGHT)]))
    store.write(lambda sql: sql.run("ANALYZE"))
    return end


class _Filler:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, table: Table, rows: Iterable[Row]) -> None:
        names = tuple(table.columns.keys())
        source = iter(rows)
        while some := list(islice(source, _ROWS)):

            def insert(sql: Sql, some: list[Row] = some) -> None:
                sql.insert(table, names, some, "DO NOTHING")

            self._store.write(insert)


def _energy_j(hour: int) -> int:
    return 360_000 + hour % 977


def _of_hours(eqids: dict[int, list[str]], hours: list[int]) -> Iterator[Row]:
    for n, devices in eqids.items():
        for hour in hours:
            given = {f"{eqid}.1": [_energy_j(hour), 0, 0] for eqid in devices}
            yield sums_by_hour.row_of((n, hour, 0), given)


def _sums(eqids: dict[int, list[str]], hours: list[int]) -> Iterator[Row]:
    light = sum(1 << hour for hour in LIGHT)
    whole: dict[int, int] = {}
    for hour in hours:
        day = hour - hour % DAY
        whole[day] = whole.get(day, 0) + _energy_j(hour)
    for n, devices in eqids.items():
        for day, energy_j in whole.items():
            given = {f"{eqid}.1": [energy_j, 0, light] for eqid in devices}
            yield sums_by_day.row_of((n, day), given)


def _panels(eqids: dict[int, list[str]]) -> Iterator[Row]:
    for n, devices in eqids.items():
        for eqid in devices:
            yield (n, eqid, eqid, 1)
            yield (n, f"{eqid}.1", eqid, None)


def _listed(eqids: dict[int, list[str]], days: int, end: int) -> Iterator[Row]:
    names = units.attributes(schema.device)
    for n, devices in eqids.items():
        found: dict[str, units.Sight] = {}
        rows = {eqid: rest for _, eqid, *rest in _devices({n: devices}, days)}
        for place, (eqid, (reported, *said, _)) in enumerate(rows.items()):
            known = dict(zip(names, said, strict=True))
            text = as_json({key: one for key, one in known.items() if one is not None})
            found[eqid] = units.Sight(None, 1, reported, text)
            # One panel stopped ten days ago.
            seen = end - 10 * DAY if place == 0 else end
            found[f"{eqid}.1"] = units.Sight(seen)
        yield n, *units.as_row(found)


def _devices(eqids: dict[int, list[str]], days: int) -> Iterator[Row]:
    for n, devices in eqids.items():
        for eqid in devices:
            for day in range(0, days, 30):
                described = ("800-00103-r05", 1, 1, 0, 0, 0, 0, None, 1)
                yield (n, eqid, START + day * DAY, *described)


def _reports(numbers: Iterable[int], hours: list[int]) -> Iterator[Row]:
    raw_id = 0
    for hour in hours:
        for n in numbers:
            raw_id += 1
            yield raw_id, n, hour + 3600


def _raws(numbers: Iterable[int], hours: list[int]) -> Iterator[Row]:
    for raw_id, n, at in _reports(numbers, hours):
        digest = f"{raw_id * 2_654_435_761 % 2**32:08x}{raw_id:056x}"
        request = ("", "/emu_reports/performance_report", "", "[]", 0)
        counts = (30, 30, 0, 0, 0, 0)
        yield (
            *(raw_id, digest, at, 1, *request, "parsed", None, n, at, "4.6.0"),
            *(*counts, "none", None),
        )


def _described(numbers: Iterable[int], hours: list[int]) -> Iterator[Row]:
    for raw_id, n, _ in _reports(numbers, hours):
        yield (raw_id, n, "800", "R3", None, None, "UTC", *(None,) * 6)


def _intervals(
    eqids: dict[int, list[str]], hours: list[int], slots: int
) -> Iterator[Row]:
    number = 0
    for n, devices in eqids.items():
        for hour in hours[:: len(LIGHT) // slots]:
            for eqid in devices:
                number += 1
                slot = (f"{eqid}.1", 300, 294, "30000", 30_000, False, None, 1, None)
                yield (n, number, hour + 300, *slot)


def _readings(eqids: dict[int, list[str]], moments: list[int]) -> Iterator[Row]:
    number = 0
    for n, devices in eqids.items():
        for moment in moments:
            for eqid in devices:
                number += 1
                poll = (f"{eqid}.1", 296, 0, "244000,60000,33000,6500,31,0,0,60100")
                yield (n, number, moment, *poll, None, 1, None)


def _events(eqids: dict[int, list[str]], moments: list[int]) -> Iterator[Row]:
    """Yield sleep and wake of each panel and day."""
    number = 0
    for n, devices in eqids.items():
        for moment in moments:
            for eqid in devices:
                number += 2
                sleeps = (10009, 2, eqid, None, None, None, None, None, 1, None)
                yield (n, number, moment, *sleeps)
                wakes = (10009, 1, eqid, None, number, None, None, None, 1, None)
                yield (n, number + 1, moment + 600, *wakes)
