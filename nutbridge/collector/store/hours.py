"""What the panels of an Envoy gave in an hour of its place: one row says it all.

The row is read, changed and written in one transaction that holds the lock on its Envoy
(``jobs``): no other does so at once.
"""

from collections.abc import Iterator, Sequence

from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.given import Given, as_text, give, panels_in
from nutbridge.collector.store.sql import Row, Sql
from nutbridge.collector.store.sums import COUNTED, HOUR, Slot, counted, parts

#: Number of an Envoy, when the hour begins, its offset.
Key = tuple[int, int, int]

#: Rows that are changed together: of a long slot, or of a hostile report, whose hours
#: have thousands of panels each.
_TOGETHER = 24
#: Rows that are read together.
_PAGE = 100
#: Panels in hours that wait to be written, and hours are written again then: a report
#: has 84,000 at most (``ingest``).
_MOST_WAITING = 100_000
#: What is made anew in one transaction: days, and panels times days.
_MOST_DAYS = 31
_MOST_PANEL_DAYS = 12_000

_KEY = ("envoy_id", "hour", "offset_s")
_NAMES = tuple(schema.envoy_hour.columns.keys())
_PUT = "(envoy_id, hour, offset_s) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY
)
_PANELS = "SELECT count(*) FROM panel WHERE envoy_id = ?"
#: Panels with slots in some time: the first that ends after its begin tells.
_PANELS_IN = (
    "SELECT p.eqid FROM panel p WHERE p.envoy_id = ? AND"  # noqa: S608  our names
    " (SELECT i.end_date - i.interval_duration FROM interval i WHERE i.eqid = p.eqid"
    f" AND i.end_date > ? AND {COUNTED} ORDER BY i.end_date LIMIT 1) < ?"
)
#: Two looks at the end of a key for each panel, and two for the Envoy.
_EXTENT = (
    "SELECT min(begin), max(until) FROM ("  # noqa: S608  our names
    "SELECT (SELECT i.end_date - i.interval_duration FROM interval i"
    f" WHERE i.eqid = p.eqid AND {COUNTED} ORDER BY i.end_date LIMIT 1) AS begin,"
    " (SELECT i.end_date FROM interval i"
    f" WHERE i.eqid = p.eqid AND {COUNTED} ORDER BY i.end_date DESC LIMIT 1) AS until"
    " FROM panel p WHERE p.envoy_id = ? UNION ALL SELECT"
    " (SELECT min(hour) FROM envoy_hour WHERE envoy_id = ?),"
    " (SELECT max(hour) FROM envoy_hour WHERE envoy_id = ?)) AS found"
)


def row_of(key: Key, given: Given) -> Row:
    """Return the row of an hour in which there is a panel at least."""
    eqids = sorted(given)
    energies, estimated, _ = zip(*[given[eqid] for eqid in eqids], strict=True)
    text = as_text(eqids, (energies, estimated))
    return (*key, sum(energies), sum(estimated), len(eqids), text)


class Hours:
    """The hours that one transaction adds to.

    Args:
        sql: the transaction.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._hours: dict[Key, Given] = {}
        self._waiting = 0

    def add(self, slot: Slot) -> None:
        """Add a slot that counts."""
        envoy_id, eqid, estimated, parts = slot
        for hour, offset, _, _, energy_j in parts:
            given = self._hours.get((envoy_id, hour, offset))
            if given is None:
                given = self._hours[envoy_id, hour, offset] = {}
            give(given, eqid, energy_j, energy_j if estimated else 0)
        self._waiting += len(parts)
        if self._waiting > _MOST_WAITING:
            self.keep()

    def keep(self) -> None:
        """Write all of them."""
        # In one order everywhere, or two processes could wait for each other.
        keys = sorted(self._hours)
        for start in range(0, len(keys), _TOGETHER):
            some = keys[start : start + _TOGETHER]
            self._add_stored(some)
            rows = [row_of(key, self._hours.pop(key)) for key in some]
            put(self._sql, rows)
        self._waiting = 0

    def _add_stored(self, keys: Sequence[Key]) -> None:
        names = (*_KEY, "gave")
        for *key, gave in self._sql.find(schema.envoy_hour, _KEY, names, keys):
            given = self._hours[key[0], key[1], key[2]]
            for eqid, energy_j, estimated_j in panels_in(gave):
                give(given, eqid, energy_j, estimated_j)


def put(sql: Sql, rows: Sequence[Row]) -> None:
    """Write rows of hours, in place of those that are there."""
    sql.insert(schema.envoy_hour, _NAMES, rows, _PUT)


def all_of(sql: Sql, envoy_id: int) -> Iterator[Row]:
    """Yield hour, offset and text of each hour of an Envoy, by the hour."""
    after = (-1, 0)
    while True:
        rows = sql.rows(
            "SELECT hour, offset_s, gave FROM envoy_hour WHERE envoy_id = ?"
            " AND (hour, offset_s) > (?, ?) ORDER BY hour, offset_s LIMIT ?",
            (envoy_id, *after, _PAGE),
        )
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][:2]


def spans(sql: Sql, envoy_id: int) -> list[tuple[int, int]]:
    """Return begins and ends of times that are made anew one by one, Unix seconds.

    What was pruned is in the sums alone, and stays: they begin after it.
    """
    ((begin, until),) = sql.rows(_EXTENT, (envoy_id,) * 3)
    if begin is None:
        return []
    ((since,),) = sql.rows("SELECT max(counted_from) FROM store")
    ((panels,),) = sql.rows(_PANELS, (envoy_id,))
    step = max(1, min(_MOST_DAYS, _MOST_PANEL_DAYS // max(1, panels))) * DAY
    # An hour begins before the slot in it.
    begins = range(max(since, begin - HOUR), until + 1, step)
    return [(at, at + step) for at in begins]


def rebuild(sql: Sql, envoy_id: int, begin: int, end: int) -> None:
    """Make the hours of an Envoy that begin in one of its spans anew from its slots."""
    sql.run(
        "DELETE FROM envoy_hour WHERE envoy_id = ? AND hour >= ? AND hour < ?",
        (envoy_id, begin, end),
    )
    hours = Hours(sql)
    for slot in _slots(sql, envoy_id, begin, end):
        hours.add(slot)
    hours.keep()


def _slots(sql: Sql, envoy_id: int, begin: int, end: int) -> Iterator[Slot]:
    for (eqid,) in sql.rows(_PANELS_IN, (envoy_id, begin, end + HOUR)):
        for owner, stop, length, energy_j, estimated, zone in counted(sql, eqid, begin):
            if stop - length >= end + HOUR:
                break
            if owner == envoy_id:
                places = parts(stop - length, stop, energy_j, zone)
                ours = [one for one in places if begin <= one[0] < end]
                yield envoy_id, eqid, bool(estimated), ours
