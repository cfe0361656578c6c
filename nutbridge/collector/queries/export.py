"""All rows, one object each, page by page."""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Table, Text

from nutbridge.collector.parse.redaction import hide
from nutbridge.collector.store import schema
from nutbridge.collector.store.reading import Reader
from nutbridge.collector.store.sql import Names, Row

Object = dict[str, Any]

#: Kinds in their order in an export.
TABLES: dict[str, Table] = {
    "interval": schema.interval,
    "reading": schema.reading,
    "event": schema.event,
    "device": schema.device,
    "channel": schema.channel,
}
#: Columns that are ours, not the wire's.
_OURS = ("envoy_id", "raw_id", "energy_j", "reported", "device_eqid")
_ENVOY = (
    *("part_num", "sw_version", "ip_addr", "mac_addr", "timezone"),
    *("latitude", "longitude", "emu_region"),
)
#: Envoys whose rows are looked for together: a page of each kind is in memory.
_BATCH = 50


def wire_names(kind: str) -> tuple[str, ...]:
    """Return the attributes of a kind, and ``estimated`` of an interval."""
    names = TABLES[kind].columns.keys()
    return tuple(name for name in names if name not in (*_OURS, "extra"))


def _read(kind: str) -> Names:
    """Return the columns that are read: the attributes, unknown ones, the key's."""
    names = (*wire_names(kind), "extra")
    keys = TABLES[kind].primary_key.columns.keys()
    return (*names, *(key for key in keys if key not in names))


_READ: dict[Table, Names] = {
    **{table: _read(kind) for kind, table in TABLES.items()},
    **dict.fromkeys(
        (schema.variant, schema.odd_row), ("envoy_id", "digest", "kind", "attributes")
    ),
}


def columns() -> tuple[str, ...]:
    """Return all columns of the table form; ``extra`` holds unknown attributes."""
    names = dict.fromkeys(name for kind in TABLES for name in wire_names(kind))
    return ("kind", "envoy_serial", *names, "conflict", "odd", "extra")


def row_object(kind: str, row: Object) -> Object:
    """Return a row as its attributes on the wire, with ``kind`` in front.

    What could not be used stands as it came; unknown attributes follow.
    """
    shown = {"kind": kind} | {
        name: value
        for name, value in row.items()
        if name not in _OURS and name != "extra"
    }
    if "estimated" in shown:
        shown["estimated"] = bool(shown["estimated"])
    return _with_extra(shown, row["extra"]) if row.get("extra") else shown


def odd_object(kind: str, attributes: Object) -> Object:
    """Return a row without a usable key: its attributes as they came."""
    shown: Object = {"kind": kind} | attributes | {"kind": kind}
    if kind == "interval":
        duration = attributes.get("interval_duration")
        measured = attributes.get("stat_duration")
        shown["estimated"] = duration is not None and duration == measured
    return shown


def full(shown: Object, *, private: bool) -> Object:
    """Return an object with what is private hidden, unless it is wanted."""
    if private:
        return shown
    return {name: hide(name, value) for name, value in shown.items()}


def export(
    reading: Reader,
    *,
    serial: str | None = None,
    private: bool = False,
) -> Iterator[Object]:
    """Yield one object per row.

    A row whose key was there with another payload has ``conflict``, one without a
    usable id or date has ``odd``. With ``private`` the Envoys themselves come too.
    """
    for batch in reading.batches(serial, _BATCH):
        numbers = [envoy.envoy_id for envoy in batch]
        found = {
            table: reading.of_each(table, names, numbers)
            for table, names in _READ.items()
        }
        for number, envoy_serial, *_ in batch:
            if private:
                yield from _envoy(reading, number, envoy_serial)
            rows = {table: some.pop(number, ()) for table, some in found.items()}
            yield from _objects(envoy_serial, rows, private=private)


def _objects(
    serial: str, rows: Mapping[Table, Iterable[Row]], *, private: bool
) -> Iterator[Object]:
    """Yield the rows of an Envoy; what is ours in front."""
    shown_serial = serial if private else hide("envoy_serial", serial)
    for kind, table in TABLES.items():
        names = ("kind", "envoy_serial", *wire_names(kind))
        place = _READ[table].index("extra")
        texts = [] if private else _texts(kind)
        estimated = "estimated" in names
        for row in rows[table]:
            shown: Object = dict(zip(names, (kind, shown_serial, *row), strict=False))
            if estimated:
                shown["estimated"] = bool(shown["estimated"])
            if row[place]:
                shown = full(_with_extra(shown, row[place]), private=private)
            else:
                for name in texts:
                    if shown[name] is not None:
                        shown[name] = hide(name, shown[name])
            yield shown
    for table, shape, mark in (
        (schema.variant, row_object, "conflict"),
        (schema.odd_row, odd_object, "odd"),
    ):
        for _, _, kind, attributes in rows[table]:
            whole = shape(kind, json.loads(attributes)) | {mark: True}
            yield full(_ours(whole, serial), private=private)


@functools.cache
def _texts(kind: str) -> tuple[str, ...]:
    """Return the attributes of a kind in which something private may stand."""
    columns = TABLES[kind].columns
    return tuple(
        name for name in wire_names(kind) if isinstance(columns[name].type, Text)
    )


def _with_extra(shown: Object, extra: str) -> Object:
    """Add unknown attributes, and what could not be used in its place."""
    for name, value in json.loads(extra).items():
        if shown.get(name) is None:
            shown[name] = value
    return shown


def _ours(shown: Object, serial: str) -> Object:
    """Put ours in front, and not what an unknown attribute may call itself."""
    ours = {"kind": shown["kind"], "envoy_serial": serial}
    return ours | shown | ours


def _envoy(reading: Reader, envoy_id: int, serial: str) -> Iterator[Object]:
    found = reading.rows(
        f"SELECT {', '.join(_ENVOY)}, extra FROM report WHERE envoy_id = ?"  # noqa: S608  our names
        " ORDER BY raw_id DESC LIMIT 1",
        (envoy_id,),
    )
    for row in found:
        shown = dict(zip((*_ENVOY, "extra"), row, strict=True))
        yield row_object("envoy", {"envoy_serial": serial} | shown)
