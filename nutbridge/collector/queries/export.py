"""All rows, one object each, page by page."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table

from nutbridge.collector.parse.redaction import hide
from nutbridge.collector.store import schema
from nutbridge.collector.store.reading import Reader

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


def wire_names(kind: str) -> tuple[str, ...]:
    """Return the attributes of a kind, and ``estimated`` of an interval."""
    names = TABLES[kind].columns.keys()
    return tuple(name for name in names if name not in (*_OURS, "extra"))


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
    for envoy_id, envoy_serial, *_ in reading.envoys(serial):
        if private:
            yield from _envoy(reading, envoy_id, envoy_serial)
        for shown in _rows(reading, envoy_id, envoy_serial):
            yield full(shown, private=private)


def _rows(reading: Reader, envoy_id: int, serial: str) -> Iterator[Object]:
    """Yield the rows of an Envoy; what is ours in front."""
    for kind, table in TABLES.items():
        names = table.columns.keys()
        wire = wire_names(kind)
        places = [(name, names.index(name)) for name in wire]
        extra = names.index("extra")
        estimated = "estimated" in wire
        for row in reading.pages(table, table.c.envoy_id == envoy_id):
            shown: Object = {"kind": kind, "envoy_serial": serial}
            for name, place in places:
                shown[name] = row[place]
            if estimated:
                shown["estimated"] = bool(shown["estimated"])
            if row[extra]:
                shown = _with_extra(shown, row[extra])
            yield shown
    for row in reading.pages(schema.variant, schema.variant.c.envoy_id == envoy_id):
        yield _ours(row_object(row[2], json.loads(row[3])) | {"conflict": True}, serial)
    for row in reading.pages(schema.odd_row, schema.odd_row.c.envoy_id == envoy_id):
        yield _ours(odd_object(row[2], json.loads(row[3])) | {"odd": True}, serial)


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
