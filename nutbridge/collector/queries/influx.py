"""Rows as InfluxDB's line protocol: a point per interval, reading and event. Pure.

Source: InfluxDB v2 documentation, "Line protocol": commas, spaces and equals signs
of tags are escaped by a backslash, quotes and backslashes of string fields too; a
tag has no line break and does not end in a backslash; ``i`` marks a whole number of
64 bits; times are nanoseconds. A point with the same measurement, tags and time
replaces the earlier one: what is written twice is there once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nutbridge.collector.parse.codes import event_name
from nutbridge.collector.parse.values import numbers
from nutbridge.collector.store import schema
from nutbridge.collector.store.reading import Reader
from nutbridge.system.text import printable

Row = Mapping[str, Any]
Field = int | float | bool | str | None

_NS = 1_000_000_000
#: Places of a reading's ``stats`` (webcomm 4.x) to the names of their fields.
READING_FIELDS = {
    0: "ac_voltage_mv",
    1: "ac_frequency_mhz",
    2: "dc_voltage_mv",
    3: "dc_current_ma",
    4: "temperature_c",
    7: "energy_j",
}


def points(
    reading: Reader, *, serial: str | None = None, after: int = 0
) -> Iterator[str]:
    """Yield one line per row.

    Args:
        reading: the database.
        serial: only those of this Envoy.
        after: only of reports with a higher number.
    """
    tables = (
        (schema.interval, _interval),
        (schema.reading, _reading),
        (schema.event, _event),
    )
    for envoy in reading.envoys(serial):
        for table, point in tables:
            names = tuple(table.columns.keys())
            chosen = (envoy.envoy_id, after)
            where = "envoy_id = ? AND raw_id > ?"
            for values in reading.pages(table, names, where, chosen):
                row = dict(zip(names, values, strict=True))
                found = point(envoy.serial_num, row)
                if found is not None:
                    yield found


def newest(reading: Reader) -> tuple[str, int]:
    """Return which store this is, and up to which report all has become rows."""
    ((store_id, number),) = reading.rows(
        "SELECT store_id, coalesce((SELECT min(raw_id) - 1 FROM raw"
        " WHERE parse_state = 'pending'), (SELECT max(raw_id) FROM raw), 0) FROM store"
    )
    return store_id, number


def line(
    measurement: str,
    tags: Mapping[str, str | None],
    fields: Mapping[str, Field],
    at: int,
) -> str | None:
    """Return one line, or None without a field.

    Args:
        measurement: its name.
        tags: those without a value are left out.
        fields: likewise.
        at: Unix s.
    """
    shown = [f"{name}={text}" for name in fields if (text := _field(fields[name]))]
    if not shown:
        return None
    keys = [f"{name}={_tag(text)}" for name, text in sorted(tags.items()) if text]
    return f"{','.join((measurement, *keys))} {','.join(shown)} {at * _NS}"


def _interval(envoy: str, row: Row) -> str | None:
    if row["energy_j"] is None:
        return None
    fields: dict[str, Field] = {
        "energy_j": row["energy_j"],
        "duration_s": row["interval_duration"],
        "estimated": bool(row["estimated"]),
        "counted": row["left_out"] is None,
    }
    tags = {"envoy": envoy, "panel": row["eqid"]}
    return line("envoy_interval", tags, fields, row["end_date"])


def _reading(envoy: str, row: Row) -> str | None:
    values = dict(enumerate(numbers(row["stats"])))
    fields: dict[str, Field] = {
        name: values.get(place) for place, name in READING_FIELDS.items()
    }
    if all(value is None for value in fields.values()):
        return None
    fields["duration_s"] = row["duration"]
    tags = {"envoy": envoy, "panel": row["eqid"]}
    return line("envoy_reading", tags, fields, row["date"])


def _event(envoy: str, row: Row) -> str | None:
    code = row["event_code"]
    fields: dict[str, Field] = {
        "id": row["id"],
        "state": row["event_state"],
        "name": None if code is None else event_name(code),
    }
    tags = {
        "envoy": envoy,
        "panel": row["eqid"],
        "code": None if code is None else str(code),
        # Two events of one second are two points.
        "event": str(row["id"]),
    }
    return line("envoy_event", tags, fields, row["event_date"])


def _tag(text: str) -> str:
    plain = printable(text)
    for char in ("\\", ",", " ", "="):
        # A backslash has no escape of its own in a tag: it stays one only where
        # nothing follows that it could escape.
        plain = plain.replace(char, "/" if char == "\\" else f"\\{char}")
    return plain


def _field(value: Field) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, float):
        return repr(value)
    quoted = printable(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
