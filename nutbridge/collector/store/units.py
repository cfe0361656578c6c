"""The units that an Envoy named, devices and channels: what its reports say of them.

One row for each Envoy, read and written once in a transaction: a report tells of 30 to
60 units, and so many rows cost ten times as much to change and to read. The row of
the Envoy in ``envoy`` is locked before (``jobs``): no two transactions change a list
at once. Which units there are is in ``panel`` as well, for statements that join.
"""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Table

from nutbridge.collector.parse.model import Report
from nutbridge.collector.parse.values import as_json, whole
from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import CLOCK_SET, DAY, believable
from nutbridge.collector.store.sql import Names, Row, Sql

#: Places in the list of a poll: DC current mA; energy J (webcomm 4.6.0 on).
_CURRENT, _ENERGY = 3, 7
#: Columns of a description that are no attributes of it.
_PLACE = ("envoy_id", "eqid", "reported", "device_eqid", "raw_id")
#: Units in the list of an Envoy, ten times what one can have: each of its reports
#: reads and writes the whole. Of more, only ``panel`` knows.
MOST_UNITS = 12_000
#: Those of an Envoy have 200 characters; a longer one is kept without its texts.
_LONGEST = 1000
_TYPED = (
    "(envoy_id, eqid) DO UPDATE SET"
    " device_type = coalesce(excluded.device_type, panel.device_type)"
)
_LISTED = ("envoy_id", "eqids", "sights")
_NEWER = "(envoy_id) DO UPDATE SET eqids = excluded.eqids, sights = excluded.sights"
#: No eqid has one.
_BETWEEN = "\n"
#: Code of the first mark, a zero; the last is far below those that are no character.
_FIRST = 48
_NOTHING = '["",[],[]]'
_NEWEST = (
    "SELECT d.eqid, d.reported, {names} FROM {table} d WHERE d.envoy_id = ?"
    " AND d.reported = (SELECT max(n.reported) FROM {table} n"
    " WHERE n.envoy_id = d.envoy_id AND n.eqid = d.eqid)"
)
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """One parsed body on its way into the tables.

    Attributes:
        raw_id: of the body.
        envoy_id: of its sender.
        received: Unix seconds.
        report: what it says.
        zone: name of the place's timezone.
    """

    raw_id: int
    envoy_id: int
    received: int
    report: Report
    zone: str | None


class Sight(NamedTuple):
    """What was said of a unit; of many units it is the same.

    Attributes:
        last_energy: end of the newest slot, or date of the newest poll, that was
            measured and had energy in it, Unix seconds.
        device_type: of the ``<device>`` that came last.
        reported: when the newest description was made, Unix seconds.
        said: its attributes as JSON, those that are missing left out.
    """

    last_energy: int | None = None
    device_type: int | None = None
    reported: int | None = None
    said: str | None = None


#: Made by the thousand: of plain tuples in half the time.
_Sight = tuple[int | None, int | None, int | None, str | None]
_NEVER: _Sight = Sight()


class UnitList(NamedTuple):
    """The units of an Envoy; those of a device stand together, itself before them.

    Attributes:
        eqids: of all.
        marks: of each, which of the sights is its own: a character.
        sights: the different ones, by their marks.
    """

    eqids: list[str]
    marks: str
    sights: dict[str, Sight]


def listed(eqids: str = "", sights: str = _NOTHING) -> UnitList:
    """Return what a row says; nothing: there is none."""
    return UnitList(eqids.split(_BETWEEN) if eqids else [], *_read(sights))


def _read(text: str) -> tuple[str, dict[str, Sight]]:
    marks, found, said = json.loads(text)
    said.append(None)
    sights = (Sight(one, two, three, said[place]) for one, two, three, place in found)
    return marks, {chr(_FIRST + place): one for place, one in enumerate(sights)}


def as_row(units: Mapping[str, _Sight]) -> tuple[str, str]:
    """Return what ``listed`` reads: the eqids; marks, sights, each description once.

    Numbers instead of marks, and eqids as JSON, took most of the time of an answer.
    """
    return _BETWEEN.join(units), _as_text(units.values())


def _as_text(units: Iterable[_Sight]) -> str:
    sights: dict[_Sight, int] = {}
    marks = [sights.setdefault(one, _FIRST + len(sights)) for one in units]
    said: dict[str, int] = {}
    # The last one is none.
    shown = [
        (*dates, -1 if text is None else said.setdefault(text, len(said)))
        for *dates, text in sights
    ]
    return _encode(("".join(map(chr, marks)), shown, list(said)))


class _Units(dict[str, _Sight]):
    """The units of one Envoy while reports are added.

    Args:
        row: its own; empty: there is none.

    Attributes:
        typed: of those that are new, or of another type than before, the type.
    """

    def __init__(self, row: Sequence[str] = ()) -> None:
        self._row = row
        if row:
            marks, sights = _read(row[1])
            eqids = row[0].split(_BETWEEN)
            super().__init__(zip(eqids, map(sights.__getitem__, marks), strict=True))
        self._count = len(self)
        self.typed: dict[str, int | None] = {}

    def add(self, one: ParsedBody) -> None:
        """Take in what a report says."""
        report = one.report
        moments = dict.fromkeys(_named(report), 0)
        moments |= _moments(report, believable(one.received))
        types = {
            device.eqid: device.device_type
            for device in report.devices
            if device.device_type is not None
        }
        made, said = reported(report, one.received), _described(report)
        for eqid, moment in moments.items():
            before = self.get(eqid)
            energy, kind, when, text = before or _NEVER
            if moment > (energy or 0):
                energy = moment
            kind = types.get(eqid, kind)
            if eqid in said and (when is None or made > when):
                when, text = made, _said(*said[eqid])
            self.put(eqid, (energy, kind, when, text))

    def put(self, eqid: str, sight: _Sight) -> None:
        """Note what was said of one unit."""
        before = self.get(eqid)
        if before is None or before[1] != sight[1]:
            self.typed[eqid] = sight[1]
        if before is not None or len(self) < MOST_UNITS:
            self[eqid] = sight

    def row(self) -> tuple[str, str] | None:
        """Return the row; None: it is as it was."""
        if len(self) > self._count:
            return as_row(
                dict(sorted(self.items(), key=lambda one: one[0].partition(".")))
            )
        text = _as_text(self.values())
        return None if not self or text == self._row[1] else (self._row[0], text)


def see_units(sql: Sql, found: Iterable[ParsedBody]) -> None:
    """Note the units of some reports; a slot made up to fill a gap is no sight."""
    bodies: dict[int, list[ParsedBody]] = {}
    for one in found:
        bodies.setdefault(one.envoy_id, []).append(one)
    rows = _stored(sql, bodies)
    lists: dict[int, _Units] = {}
    for number, ours in bodies.items():
        lists[number] = units = _Units(rows.get(number, ()))
        for one in ours:
            units.add(one)
    _store(sql, lists)


def _stored(sql: Sql, envoys: Iterable[int]) -> dict[int, Row]:
    keys = [(number,) for number in envoys]
    rows = sql.find(schema.unit_list, _LISTED[:1], _LISTED, keys)
    return {row[0]: row[1:] for row in rows}


def _store(sql: Sql, lists: dict[int, _Units]) -> None:
    # In one order everywhere, or two processes could wait for each other.
    rows = [
        (number, eqid, device_of(eqid), kind)
        for number in sorted(lists)
        for eqid, kind in sorted(lists[number].typed.items())
    ]
    sql.insert(schema.panel, tuple(schema.panel.columns.keys()), rows, _TYPED)
    changed = [
        (number, *row)
        for number in sorted(lists)
        if (row := lists[number].row()) is not None
    ]
    sql.insert(schema.unit_list, _LISTED, changed, _NEWER)


def device_of(eqid: str) -> str:
    """Return the device of ``serial.channel``."""
    return eqid.partition(".")[0]


def reported(report: Report, received: int) -> int:
    """Return when the report was made; a clock that cannot be right does not count."""
    stamp = report.report_timestamp
    if stamp is None or stamp < CLOCK_SET:
        return received
    # A small board counts from 1970 until it has the network's time: ours is wrong.
    ahead = stamp > received + DAY and received >= CLOCK_SET
    return received if ahead else stamp


def _moments(report: Report, dates: range) -> dict[str, int]:
    """Return of each unit that gives energy when it did last; 0: there was none."""
    found: dict[str, int] = {}
    # Unpacked, not by name: these two loops see nearly all rows of all reports.
    for _, end, eqid, _, _, _, energy_j, estimated, _ in report.intervals:
        if eqid is not None:
            before = found.setdefault(eqid, 0)
            if end > before and energy_j and not estimated and end in dates:
                found[eqid] = end
    for _, date, eqid, _, _, stats, _ in report.readings:
        if eqid is not None:
            before = found.setdefault(eqid, 0)
            if date > before and date in dates and has_energy(stats):
                found[eqid] = date
    return found


def _named(report: Report) -> Iterator[str]:
    """Yield the units in a report that it tells of in other ways."""
    yield from (device.eqid for device in report.devices)
    yield from (channel.eqid for channel in report.channels)
    for event in report.events:
        if event.eqid is not None and event.eqid != report.envoy.serial_num:
            yield event.eqid


def has_energy(stats: str | None) -> bool:
    """Tell whether a poll met a panel that gave something."""
    # One value of eight is looked at: all of them took a tenth of a report's time.
    texts = stats.split(",") if stats else ()
    place = _ENERGY if len(texts) > _ENERGY else _CURRENT
    return len(texts) > place and (whole(texts[place].strip()) or 0) > 0


def attributes(table: Table) -> Names:
    """Return the columns of a description that say something, ``extra`` the last."""
    return tuple(one.name for one in table.columns if one.name not in _PLACE)


_DEVICE, _CHANNEL = attributes(schema.device), attributes(schema.channel)


def _described(report: Report) -> dict[str, tuple[Names, Row]]:
    """Return the descriptions in a report; of two of one unit the first counts."""
    found: dict[str, tuple[Names, Row]] = {}
    rows: Sequence[tuple[Any, ...]]
    for names, rows in ((_DEVICE, report.devices), (_CHANNEL, report.channels)):
        for row in rows:
            if _is_own(names, row[0]):
                found.setdefault(row[0], (names, tuple(row[-len(names) :])))
    return found


def _is_own(names: Names, eqid: str) -> bool:
    # A device has no dot, a channel has one: the others are never looked for.
    return ("." in eqid) is (names is _CHANNEL)


def _said(names: Names, values: Row) -> str:
    try:
        return _usual_text(names, values)
    except _TooLongError:
        numbers = [one if isinstance(one, int) else None for one in values]
        return _as_object(names, numbers)


class _TooLongError(ValueError):
    """A description with texts that no device has."""


@functools.lru_cache(maxsize=128)
def _usual_text(names: Names, values: Row) -> str:
    text = _as_object(names, values)
    if len(text) > _LONGEST:
        # Whatever is returned stays in the cache, with values of megabytes.
        raise _TooLongError
    return text


def _as_object(names: Names, values: Iterable[Any]) -> str:
    return as_json(
        {
            name: value
            for name, value in zip(names, values, strict=True)
            if value is not None
        }
    )


def rebuild(
    sql: Sql, envoy_id: int, seen: Mapping[str, int | None] | None = None
) -> None:
    """Make the list of an Envoy anew from the rows of other tables.

    Args:
        sql: the transaction.
        envoy_id: whose row is locked.
        seen: when there was energy last; None: as the list says, which may be of
            what was pruned.
    """
    units = _Units(_stored(sql, [envoy_id]).get(envoy_id, ()))
    last = {eqid: one[0] for eqid, one in units.items()} if seen is None else seen
    said = {eqid: (when, text) for eqid, when, text in _newest(sql, envoy_id)}
    rows = sql.rows(
        "SELECT eqid, device_type FROM panel WHERE envoy_id = ?", (envoy_id,)
    )
    for eqid, kind in rows:
        units.put(eqid, (last.get(eqid), kind, *said.get(eqid, (None, None))))
    _store(sql, {envoy_id: units})


def _newest(sql: Sql, envoy_id: int) -> Iterator[tuple[str, int, str]]:
    for names, table in ((_DEVICE, schema.device), (_CHANNEL, schema.channel)):
        columns = ", ".join(f"d.{name}" for name in names)
        statement = _NEWEST.format(names=columns, table=table.name)
        for eqid, when, *values in sql.rows(statement, (envoy_id,)):
            if _is_own(names, eqid):
                yield eqid, when, _said(names, tuple(values))
