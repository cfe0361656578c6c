"""The microinverters: how they were described last, and when they were seen."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table

from nutbridge.collector.parse.codes import (
    CHANNEL_BITS,
    CLEARED,
    DEVICE_BITS,
    SET,
    as_hex,
    bits,
    event_name,
)
from nutbridge.collector.queries.export import row_object, wire_names
from nutbridge.collector.store import schema
from nutbridge.collector.store.reading import Reader

Object = dict[str, Any]

_NAMES = wire_names("event")
_OPEN = (
    f"SELECT {', '.join(_NAMES)}, extra FROM event s WHERE envoy_id = ?"  # noqa: S608  our names
    f" AND event_state = {SET} AND correlation_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM event c WHERE c.envoy_id = s.envoy_id"
    f" AND c.correlation_id = s.id AND c.event_state = {CLEARED}"
    " AND c.event_date >= s.event_date) ORDER BY event_date, id"
)
_PANELS = "SELECT eqid, last_energy FROM panel WHERE envoy_id = ?"


def devices(reading: Reader, serial: str | None = None) -> Iterator[Object]:
    """Yield one object per device, with its channels and open events.

    Args:
        reading: the database.
        serial: only those of this Envoy.
    """
    for envoy_id, envoy_serial in reading.envoys(serial):
        opened = _open_events(reading, envoy_id)
        seen = {row[0]: row[1] for row in reading.rows(_PANELS, (envoy_id,))}
        for eqid, members in _by_device(set(seen)).items():
            ours: Object = {"envoy_serial": envoy_serial, "eqid": eqid}
            shown = ours | _described(reading, "device", envoy_id, eqid) | ours
            shown["condition_flags_hex"] = as_hex(shown["condition_flags"])
            shown["condition_bits"] = _bits(shown["condition_flags"], DEVICE_BITS)
            shown["channels"] = [
                _channel(reading, envoy_id, one) for one in members if one != eqid
            ]
            moments = [at for one in members if (at := seen.get(one)) is not None]
            shown["last_seen"] = max(moments, default=None)
            shown["open_events"] = [
                event for event in opened if device_of(event["eqid"]) == eqid
            ]
            yield shown


def device_of(eqid: str | None) -> str:
    """Return the device of ``serial.channel``."""
    return (eqid or "").partition(".")[0]


def _by_device(eqids: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for eqid in sorted(eqids):
        found.setdefault(device_of(eqid), [device_of(eqid)]).append(eqid)
    return {device: sorted(set(members)) for device, members in found.items()}


def _described(reading: Reader, kind: str, envoy_id: int, eqid: str) -> Object:
    """Return the newest description; None for each attribute without one."""
    table: Table = {"device": schema.device, "channel": schema.channel}[kind]
    names = [name for name in wire_names(kind) if name != "eqid"]
    found = reading.rows(
        f"SELECT {', '.join(names)}, extra FROM {table.name}"  # noqa: S608  our names
        " WHERE envoy_id = ? AND eqid = ? ORDER BY reported DESC LIMIT 1",
        (envoy_id, eqid),
    )
    row = found[0] if found else (None,) * (len(names) + 1)
    shown = row_object(kind, dict(zip((*names, "extra"), row, strict=True)))
    del shown["kind"]
    return shown


def _channel(reading: Reader, envoy_id: int, eqid: str) -> Object:
    shown: Object = {"eqid": eqid}
    shown |= _described(reading, "channel", envoy_id, eqid)
    shown["condition_flags_hex"] = as_hex(shown["condition_flags"])
    shown["condition_bits"] = _bits(shown["condition_flags"], CHANNEL_BITS)
    return shown


def _bits(flags: Any, known: dict[int, str]) -> list[Object]:
    if not isinstance(flags, int):
        return []
    return [{"bit": bit, "meaning": text} for bit, text in bits(flags, known)]


def _open_events(reading: Reader, envoy_id: int) -> list[Object]:
    found = []
    for row in reading.rows(_OPEN, (envoy_id,)):
        shown = row_object("event", dict(zip((*_NAMES, "extra"), row, strict=True)))
        del shown["kind"]
        shown["name"] = event_name(shown["event_code"])
        found.append(shown)
    return found
