"""What the panels of an Envoy gave on a day of its place: one row says it all.

The row is read, changed and written in one transaction that holds the lock on its Envoy
(``jobs``): no other does so at once.
"""

import json
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from nutbridge.collector.parse.values import MAX_DATE
from nutbridge.collector.store import hours as sums_by_hour
from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.given import Given, as_text, give, lists_of, panels_in
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.collector.store.sums import HOUR, Slot

#: Of a day: nobody has so many. An Envoy has up to 600, of two channels each at most.
#: A hostile one could make each of its reports write as much as all of them brought.
MOST_PANELS = 4000
#: Days that are changed together: of a year's reports, or of a hostile one.
_TOGETHER = 100

#: Number of an Envoy, and what its clocks show when the day begins, s, as if of UTC.
Key = tuple[int, int]

_KEY = ("envoy_id", "day")
_NAMES = tuple(schema.envoy_day.columns.keys())
_PUT = "(envoy_id, day) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY
)
#: An hour that begins later may be of an earlier day where the place moved: not of one
#: that many days before.
_APART = 3 * DAY


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
    return Gave(*lists_of(gave))


def hours_of(gave: str) -> list[int]:
    """Return only the last of ``columns_of``, in a fifth of the time."""
    found: list[int] = json.loads(gave[gave.rindex("[") : -1])
    return found


def row_of(key: Key, given: Given) -> Row:
    """Return the row of a day on which there is a panel at least."""
    eqids = sorted(given)
    columns = list(zip(*[given[eqid] for eqid in eqids], strict=True))
    energies = columns[0]
    least = min(energies)
    gave = energies if least > 0 else [one for one in energies if one > 0]
    return (
        *key,
        sum(energies),
        sum(columns[1]),
        len(eqids),
        len(eqids) - sum(["." in eqid for eqid in eqids]),
        least,
        int(2 * median(gave)) if gave else 0,
        as_text(eqids, columns),
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
            hours = bit if energy_j > 0 else 0
            give(given, eqid, energy_j, energy_j if estimated else 0, hours)
        return True

    def panels(self, envoy_id: int, day: int) -> int:
        """Return how many panels a day that was read had before."""
        return self._days[envoy_id, day][1]

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
        for eqid, energy_j, estimated_j, bits in panels_in(gave) if gave else ():
            give(given, eqid, energy_j, estimated_j, bits)
        return given


def rebuild(sql: Sql, envoy_id: int) -> None:
    """Make the days of an Envoy anew from its hours."""
    sql.run("DELETE FROM envoy_day WHERE envoy_id = ?", (envoy_id,))
    days: dict[int, Given] = {}
    for hour, offset, gave in sums_by_hour.all_of(sql, envoy_id):
        local = hour + offset
        day = local - local % DAY
        given = days.get(day)
        if given is None:
            if len(days) >= _TOGETHER:
                _insert(sql, envoy_id, days, day - _APART)
            given = days[day] = {}
        bit = 1 << local % DAY // HOUR
        for eqid, energy_j, estimated_j in panels_in(gave):
            give(given, eqid, energy_j, estimated_j, bit if energy_j > 0 else 0)
    _insert(sql, envoy_id, days, MAX_DATE)


def _insert(sql: Sql, envoy_id: int, days: dict[int, Given], before: int) -> None:
    """Write the days before a moment, and forget them."""
    whole = sorted(day for day in days if day < before)
    rows = [row_of((envoy_id, day), days.pop(day)) for day in whole]
    sql.insert(schema.envoy_day, _NAMES, rows, "DO NOTHING")
