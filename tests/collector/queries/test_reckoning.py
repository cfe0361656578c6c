"""What is kept says what the rows themselves say, gone through one by one.

Made-up houses, whose reports arrive in any order and more than once.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

import pytest

from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.energy import panel_energy, totals
from nutbridge.collector.queries.panels import panels
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import rebuild
from nutbridge.collector.store.reading import Reader, reading
from nutbridge.collector.store.zones import zone_of
from tests.collector.parse.samples import body, device, interval
from tests.collector.parse.samples import reading as poll
from tests.collector.queries.house import add
from tests.collector.store.using import hours_in

DAY, HOUR = 86_400, 3600
#: 2023-11-02 00:00 UTC: three days before clocks go back in New York.
START = 1_698_883_200
DAYS = 7
#: Before and after somebody set the Envoy right.
ZONES = [
    ("US/Eastern", "US/Eastern"),
    ("US/Eastern", "US/Pacific"),
    ("Asia/Kathmandu", "Australia/Lord_Howe"),
    ("x/Y", "Pacific Standard Time"),
]
BATTERY = "990000000900"


class Made(NamedTuple):
    """One report of a made-up house."""

    at: int
    data: bytes


def house(chance: random.Random, serial: str, place: int) -> Iterator[Made]:
    """Yield the reports of some days; panels of all kinds, some energy told twice."""
    zones = chance.choice(ZONES)
    moved = chance.randrange(1, DAYS)
    names = [f"9900000{place}{n:04}.1" for n in range(6)] + [f"{BATTERY[:-1]}{place}"]
    parts = {name: chance.choice([1.0, 1.0, 0.9, 0.06, 0.0]) for name in names}
    begins = {name: chance.choice([0, 0, 0, 4]) for name in names}
    ends = {name: chance.choice([99, 99, DAYS * 24 - 30, 60]) for name in names}
    number = place * 10_000
    for day in range(DAYS):
        for begin in range(6, 20, 3):
            at = START + day * DAY + begin * HOUR
            rows = []
            for name in names:
                if not begins[name] <= day or day * 24 + begin > ends[name] + 72:
                    continue
                for _ in range(3):
                    number += 1
                    made_up = chance.random() < 0.05
                    length = chance.choice([300, 900, 3600, 3600, 7 * HOUR])
                    told = int(parts[name] * chance.randrange(100_000, 900_000))
                    end = at - chance.randrange(0, 3 * HOUR, 300)
                    rows.append(
                        interval(
                            id=number,
                            eqid=name,
                            end_date=chance.choice([end] * 30 + [700, at + 3 * DAY]),
                            interval_duration=length,
                            stat_duration=length if made_up else length - 5,
                            stats=told,
                        )
                    )
                if begin == 9 and day in (begins[name], 5):
                    kind = 11 if name.startswith(BATTERY[:-1]) else 1
                    serial_of = name.partition(".")[0]
                    rows.append(device(eqid=serial_of, device_type=kind))
                if chance.random() < 0.1:
                    rows.append(poll(id=number, eqid=name, date=at - 60))
            envoy = {"serial_num": serial, "timezone": zones[day >= moved]}
            yield Made(at + 30, body(*rows, envoy=envoy, report_timestamp=at + 30))


def fill(store: Store, chance: random.Random) -> int:
    """Store some houses; return when the last report came."""
    made = [*house(chance, "990000000001", 1), *house(chance, "990000000002", 2)]
    late = chance.sample(made, 12)
    in_time = [one for one in made if one not in late or chance.random() < 0.5]
    late_s = chance.choice([300, 7 * DAY])
    for one in in_time + late:
        add(store, (one.at + (late_s if one in late else 0), one.data))
    return max(one.at for one in made) + late_s


def shown(moment: int, zone: str | None) -> datetime:
    """Return what the clocks of a place show."""
    return datetime.fromtimestamp(moment, zone_of(zone) or UTC).replace(tzinfo=None)


class Slow:
    """Goes through all rows."""

    def __init__(self, database: Reader, now: int) -> None:
        self._now = now
        self._rows = database.rows
        self._kept = hours_in(database)
        #: Envoy, panel -> day -> J; and -> hours of the clocks in which it gave.
        self.days: dict[tuple[str, str], dict[str, list[int]]] = {}
        self.hours: dict[tuple[str, str], set[datetime]] = {}
        self.seen: dict[tuple[str, str], int] = {}
        others = self._rows("SELECT eqid FROM device WHERE device_type = 11")
        self._others = {eqid for (eqid,) in others}
        self._add_up()
        self._look()

    def _add_up(self) -> None:
        for envoy, zone, eqid, end, length, whole, estimated in self._rows(
            "SELECT e.serial_num, r.timezone, i.eqid, i.end_date, i.interval_duration,"
            " i.energy_j, i.estimated FROM interval i JOIN report r USING (raw_id)"
            " JOIN envoy e ON e.envoy_id = i.envoy_id"
            " WHERE i.energy_j IS NOT NULL AND i.left_out IS NULL"
        ):
            if eqid.partition(".")[0] in self._others:
                continue
            key, given, start = (envoy, eqid), 0, end - length
            steps = range(start, end, 300) if length > HOUR else range(end, end + 1)
            for step in steps:
                until = min(step + 300, end)
                part = whole * (until - start) // length - given
                given += part
                at = shown(step if length > HOUR else start, zone)
                day = self.days.setdefault(key, {}).setdefault(f"{at:%Y-%m-%d}", [0, 0])
                day[0] += part
                day[1] += part if estimated else 0
                if part:
                    hour = at.replace(minute=0, second=0)
                    self.hours.setdefault(key, set()).add(hour)

    def _look(self) -> None:
        for envoy, eqid, moment in self._rows(
            "SELECT e.serial_num, t.eqid, max(t.at) FROM (SELECT envoy_id, eqid,"
            " end_date AS at FROM interval WHERE energy_j > 0 AND NOT estimated"
            " AND coalesce(left_out, '') <> 'date'"
            " UNION ALL SELECT envoy_id, eqid, date FROM reading"
            " WHERE left_out IS NULL) AS t JOIN envoy e ON e.envoy_id = t.envoy_id"
            " GROUP BY e.serial_num, t.eqid"
        ):
            self.seen[envoy, eqid] = moment

    def states(self) -> dict[tuple[str, str], str]:
        """Return the state of each panel, as the manual has the rule."""
        found = {}
        for number, envoy, zone, heard in self._rows(
            "SELECT envoy_id, serial_num, timezone, last_received FROM envoy"
        ):
            named = self._rows("SELECT eqid FROM panel WHERE envoy_id = ?", (number,))
            eqids = {eqid for (eqid,) in named}
            ours = [
                (envoy, eqid)
                for eqid in eqids
                if f"{eqid}.1" not in eqids
                and eqid.partition(".")[0] not in self._others
            ]
            moment = min(self._now, heard)
            for key in ours:
                found[key] = self._state(number, key, ours, zone, moment)
        return found

    def _state(
        self,
        number: int,
        key: tuple[str, str],
        ours: list[tuple[str, str]],
        zone: str | None,
        moment: int,
    ) -> str:
        since = self._known_since(number, key, ours)
        newest = max(self.seen.get(one, 0) for one in ours)
        window = f"{shown(newest - 32 * DAY, None):%Y-%m-%d}"
        first = max(f"{shown(since or 0, zone):%Y-%m-%d}", window)
        sunny = self._sunny(ours, f"{shown(moment, zone):%Y-%m-%d}", window)
        last = [day for day in sorted(sunny) if day >= first][-2:]
        given = self.days.get(key, {})
        if len(last) == 2 and all(
            given.get(day, [0])[0] < 0.1 * sunny[day] for day in last
        ):
            return "dead"
        seen = self.seen.get(key)
        if seen is None or seen <= newest - 4 * HOUR:
            alive = [one for one in ours if self.hours.get(one)]
            all_hours = {hour for one in alive for hour in self.hours[one]}
            begin = shown(seen if seen is not None else since or 0, zone)
            week = shown(newest, None).replace(hour=0, minute=0, second=0)
            bright = [
                hour
                for hour in all_hours
                if hour >= begin
                and (week - hour).days < 7
                and 2 * sum(hour in self.hours[one] for one in alive) >= len(alive)
            ]
            if len(bright) >= 4:
                return "silent"
        return "ok" if seen is not None and seen >= moment - HOUR else "asleep"

    def _sunny(
        self, ours: list[tuple[str, str]], today: str, window: str
    ) -> dict[str, float]:
        given: dict[str, list[int]] = {}
        for one in ours:
            for day, (whole, _) in self.days.get(one, {}).items():
                if whole and window <= day < today:
                    given.setdefault(day, []).append(whole)
        medians = {day: median(found) for day, found in given.items()}
        best = max(medians.values(), default=0)
        return {
            day: value
            for day, value in medians.items()
            if value >= max(best / 2, 360_000)
        }

    def _known_since(
        self, number: int, key: tuple[str, str], ours: list[tuple[str, str]]
    ) -> int | None:
        told = {
            row[0]: row[1]
            for row in self._rows(
                "SELECT eqid, min(reported) FROM device WHERE envoy_id = ?"
                " GROUP BY eqid",
                (number,),
            )
        }
        reported = told.get(key[1].partition(".")[0])
        everyone = [told.get(one[1].partition(".")[0]) for one in ours]
        if reported == min((at for at in everyone if at is not None), default=None):
            return None
        own = (number, key[1])
        first = min((row[2] for row in self._kept if row[:2] == own), default=None)
        return min((at for at in (first, reported) if at is not None), default=None)


@pytest.mark.parametrize("seed", range(6))
def test_kept_sums_say_what_the_rows_say(store: Store, url: str, seed: int) -> None:
    chance = random.Random(seed)
    last = fill(store, chance)
    for now in (last + 60, last - DAY, last + DAY):
        same(url, now)
    store.write(lambda sql: sql.run("UPDATE envoy_day SET gave = '[[],[],[],[]]'"))
    rebuild(store, lambda *_: None)
    same(url, last + 60)


def same(url: str, now: int) -> None:
    with reading(url) as database:
        slow = Slow(database, now)
        found = list(panels(database, now))
        states = {(one.envoy.serial_num, one.eqid): str(one.state) for one in found}
        assert states == slow.states()
        days: dict[tuple[str, str], dict[str, list[int]]] = {}
        for one in panel_energy(database, By.DAY):
            ours = days.setdefault((one.envoy.serial_num, one.eqid), {})
            ours[one.period.label] = [one.energy_j, one.estimated_j]
        assert days == slow.days
        whole: dict[tuple[str, str], list[int]] = {}
        for (envoy, _), by_day in slow.days.items():
            for day, parts in by_day.items():
                total = whole.setdefault((envoy, day), [0, 0, 0])
                for place, part in enumerate((*parts, 1)):
                    total[place] += part
        assert {
            (one.envoy.serial_num, one.period.label): [*one[2:]]
            for one in totals(database, By.DAY)
        } == whole
