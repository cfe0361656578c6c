"""What the panels of an Envoy gave on a day of its place: one row says it all.

A row for each panel and day would be thirty to write with each report, and thirty to
read for each day that a fleet is asked about. The row is read, changed and written in
one transaction that holds the lock on its Envoy (``jobs``): no other does so at once.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import NamedTuple

from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.collector.store.sums import HOUR, Slot

#: Of a day: nobody has so many. An Envoy has up to 600, of two channels each at most.
#: A hostile one could make each of its reports write as much as all of them brought.
MOST_PANELS = 4000
#: Days that are changed together: of a year's reports, or of a hostile one.
_TOGETHER = 100

#: Number of an Envoy, and what its clocks show when the day begins, s, as if of UTC.
Key = tuple[int, int]
#: Of each panel by its eqid: energy, the estimated part of it, J, hours (schema).
Given = dict[str, list[int]]

_KEY = ("envoy_id", "day")
_NAMES = tuple(schema.envoy_day.columns.keys())
_PUT = "(envoy_id, day) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY
)
#: The days out of the hours. Powers of two, each once: their sum has all their bits.
_OF_HOURS = (
    f"SELECT local / {DAY} * {DAY} AS day, eqid,"  # noqa: S608  our names
    " CAST(sum(energy_j) AS BIGINT), CAST(sum(estimated_j) AS BIGINT),"
    " CAST(sum(DISTINCT CASE WHEN energy_j > 0 THEN CAST(1 AS BIGINT) <<"
    f" CAST((local - local / {DAY} * {DAY}) / {HOUR} AS INTEGER) ELSE 0 END) AS BIGINT)"
    " FROM (SELECT eqid, hour + offset_s AS local, energy_j, estimated_j"
    " FROM energy_hour WHERE envoy_id = ?) AS hours GROUP BY day, eqid ORDER BY day"
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Gave(NamedTuple):
    """What panels gave on a day, one list each.

    Attributes:
        eqids: of the panels.
        energy_j: of each.
        estimated_j: the part of it that was made up.
        hours: in which there was some; see the schema.
    """

    eqids: list[str]
    energy_j: list[int]
    estimated_j: list[int]
    hours: list[int]


def columns_of(gave: str) -> Gave:
    """Return what is in the column ``gave`` of a row."""
    return Gave(*json.loads(gave))


def panels_in(gave: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield eqid, energy, estimated energy and hours of each panel of a row."""
    return zip(*columns_of(gave), strict=True)


def row_of(key: Key, given: Given) -> Row:
    """Return the row of a day on which there is a panel at least."""
    eqids = sorted(given)
    energies, estimated, hours = zip(*[given[eqid] for eqid in eqids], strict=True)
    least = min(energies)
    gave = energies if least > 0 else [one for one in energies if one > 0]
    return (
        *key,
        sum(energies),
        sum(estimated),
        len(eqids),
        len(eqids) - sum(["." in eqid for eqid in eqids]),
        least,
        int(2 * median(gave)) if gave else 0,
        # Numbers as Python writes a list of them: in a third of the time.
        f"[{_encode(eqids)},"
        + f"{[*energies]},{[*estimated]},{[*hours]}]".replace(" ", ""),
    )


class Days:
    """The days that one transaction adds to.

    Args:
        sql: the transaction.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        #: What is added; how many panels are there already, and what they gave.
        self._days: dict[Key, tuple[Given, int, str | None]] = {}

    def read(self, keys: Iterable[Key]) -> None:
        """Read what is known of some days, before anything is added to them."""
        wanted = sorted(set(keys) - self._days.keys())
        self._days.update((key, ({}, 0, None)) for key in wanted)
        names = (*_KEY, "panels", "gave")
        found = self._sql.find(schema.envoy_day, _KEY, names, wanted)
        self._days.update((row[:2], ({}, *row[2:])) for row in found)

    def add(self, slot: Slot) -> bool:
        """Add a slot to its days, which were read.

        Returns: False: one of them has no room for its panel; none was added to.
        """
        envoy_id, eqid, estimated, parts = slot
        for _, _, day, _, _ in parts:
            given, panels, _ = self._days[envoy_id, day]
            if eqid not in given and len(given) + panels >= MOST_PANELS:
                return False
        for _, _, day, bit, energy_j in parts:
            given = self._days[envoy_id, day][0]
            one = given.get(eqid)
            if one is None:
                one = given[eqid] = [0, 0, 0]
            one[0] += energy_j
            if estimated:
                one[1] += energy_j
            if energy_j > 0:
                one[2] |= bit
        return True

    def keep(self) -> None:
        """Write all of them."""
        # In one order everywhere, or two processes could wait for each other.
        keys = sorted(key for key, (given, _, _) in self._days.items() if given)
        for start in range(0, len(keys), _TOGETHER):
            some = keys[start : start + _TOGETHER]
            rows = [row_of(key, self._whole(key)) for key in some]
            self._sql.insert(schema.envoy_day, _NAMES, rows, _PUT)

    def _whole(self, key: Key) -> Given:
        given, _, gave = self._days[key]
        for eqid, energy_j, estimated_j, hours in panels_in(gave) if gave else ():
            one = given.get(eqid)
            if one is None:
                given[eqid] = [energy_j, estimated_j, hours]
            else:
                one[0] += energy_j
                one[1] += estimated_j
                one[2] |= hours
        return given


def rebuild(sql: Sql, envoy_id: int) -> None:
    """Make the days of an Envoy anew from its hours."""
    sql.run("DELETE FROM envoy_day WHERE envoy_id = ?", (envoy_id,))
    rows: list[Row] = []
    for day, some in groupby(sql.rows(_OF_HOURS, (envoy_id,)), lambda row: row[0]):
        rows.append(row_of((envoy_id, day), {row[1]: list(row[2:]) for row in some}))
        if len(rows) == _TOGETHER:
            _insert(sql, rows)
            rows = []
    _insert(sql, rows)


def _insert(sql: Sql, rows: Sequence[Row]) -> None:
    sql.insert(schema.envoy_day, _NAMES, rows, "DO NOTHING")
