"""The microinverters: how each is, when it was seen, what was said of it last."""

from collections.abc import Iterator, Mapping, Sequence
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
from nutbridge.collector.queries.energy import NO_PANEL
from nutbridge.collector.queries.export import row_object, wire_names
from nutbridge.collector.queries.panel_states import WORST, PanelState
from nutbridge.collector.queries.panels import houses_of, named_of
from nutbridge.collector.store import schema
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row

Object = dict[str, Any]

_NAMES = wire_names("event")
#: Sets without a clear; of some Envoys.
OPEN = (
    f"SELECT s.envoy_id, {', '.join(f's.{name}' for name in _NAMES)}, s.extra"  # noqa: S608  our names
    " FROM event s WHERE s.envoy_id IN ({envoys})"
    f" AND s.event_state = {SET} AND s.correlation_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM event c WHERE c.envoy_id = s.envoy_id"
    " AND c.envoy_id IN ({envoys})"
    f" AND c.correlation_id = s.id AND c.event_state = {CLEARED}"
    " AND c.event_date >= s.event_date) ORDER BY s.event_date, s.id"
)


def _described_by(table: Table) -> tuple[tuple[str, ...], str]:
    """Return the attributes of a kind, and the statement of the newest ones."""
    names = tuple(name for name in wire_names(table.name) if name != "eqid")
    shown = ", ".join(f"d.{name}" for name in names)
    return names, (
        f"SELECT {shown}, d.extra, p.eqid, p.envoy_id"  # noqa: S608  our names
        f" FROM panel p CROSS JOIN {table.name} d WHERE p.envoy_id IN ({{envoys}})"
        " AND d.envoy_id = p.envoy_id AND d.eqid = p.eqid AND d.reported ="
        f" (SELECT max(n.reported) FROM {table.name} n"
        " WHERE n.envoy_id = p.envoy_id AND n.eqid = p.eqid)"
    )


DESCRIBED = {
    kind: _described_by(table)
    for kind, table in (("device", schema.device), ("channel", schema.channel))
}
_NOTHING = {kind: dict.fromkeys(names) for kind, (names, _) in DESCRIBED.items()}


class _Batch:
    """What the database says of some Envoys."""

    def __init__(self, reading: Reader, envoys: Sequence[EnvoyRow]) -> None:
        numbers = ", ".join(str(envoy.envoy_id) for envoy in envoys)
        #: By the number of the Envoy.
        self.named = named_of(reading, envoys)
        self.open_events: dict[int, list[Row]] = {}
        for row in reading.rows(OPEN.format(envoys=numbers)):
            self.open_events.setdefault(row[0], []).append(row)
        #: By the number of the Envoy, and the eqid.
        self._described: dict[str, dict[int, dict[str, Row]]] = {}
        for kind, (_, statement) in DESCRIBED.items():
            found = self._described[kind] = {envoy.envoy_id: {} for envoy in envoys}
            for row in reading.rows(statement.format(envoys=numbers)):
                found[row[-1]][row[-2]] = row

    def describe(self, shown: Object, kind: str, number: int, eqid: str) -> None:
        """Add the newest attributes; None for each without one."""
        names, _ = DESCRIBED[kind]
        row = self._described[kind][number].get(eqid)
        if row is None:
            shown.update(_NOTHING[kind])
        elif not row[len(names)]:
            shown.update(zip(names, row, strict=False))
        else:
            ours = dict(shown)
            said = row_object(kind, dict(zip((*names, "extra"), row, strict=False)))
            del said["kind"]
            # An unknown attribute may call itself as ours.
            shown.update(said)
            shown.update(ours)


def devices(reading: Reader, now: int, serial: str | None = None) -> Iterator[Object]:
    """Yield one object per device, with its channels and open events.

    Args:
        reading: the database.
        now: Unix seconds, for the state of panels.
        serial: only those of this Envoy.
    """
    for batch in reading.batches(serial):
        found = _Batch(reading, batch)
        for envoy, panels in houses_of(reading, batch, now, found.named):
            states = {one.eqid: one.state for one in panels}
            yield from _devices_of(envoy, found, states)


def _devices_of(
    envoy: EnvoyRow, found: _Batch, states: Mapping[str, PanelState]
) -> Iterator[Object]:
    number = envoy.envoy_id
    opened: dict[str, list[Object]] = {}
    for row in found.open_events.get(number, ()):
        event = _event(row[1:])
        opened.setdefault(device_of(event["eqid"]), []).append(event)
    members: dict[str, list[Row]] = {}
    for row in found.named.get(number, ()):
        members.setdefault(row[2], []).append(row)
    for eqid, rows in sorted(members.items()):
        shown: Object = {
            "envoy_serial": envoy.serial_num,
            "eqid": eqid,
            "state": _worst([states[row[1]] for row in rows if row[1] in states]),
        }
        found.describe(shown, "device", number, eqid)
        shown["what"] = NO_PANEL.get(shown["device_type"])
        _add_flags(shown, DEVICE_BITS)
        shown["channels"] = [
            _channel(found, number, row, states) for row in rows if row[1] != eqid
        ]
        moments = [row[3] for row in rows if row[3] is not None]
        shown["last_seen"] = max(moments, default=None)
        shown["timezone"] = envoy.timezone
        shown["open_events"] = opened.get(eqid, [])
        yield shown


def _worst(states: Sequence[PanelState]) -> str | None:
    if not states:
        return None
    return (states[0] if len(states) == 1 else min(states, key=WORST.index)).value


def device_of(eqid: str | None) -> str:
    """Return the device of ``serial.channel``."""
    return (eqid or "").partition(".")[0]


def _channel(
    found: _Batch, number: int, row: Row, states: Mapping[str, PanelState]
) -> Object:
    eqid = row[1]
    state = states.get(eqid)
    shown: Object = {"eqid": eqid, "state": None if state is None else state.value}
    found.describe(shown, "channel", number, eqid)
    shown["last_seen"] = row[3]
    _add_flags(shown, CHANNEL_BITS)
    return shown


def _add_flags(shown: Object, known: dict[int, str]) -> None:
    flags = shown["condition_flags"]
    shown["condition_flags_hex"] = as_hex(flags)
    shown["condition_bits"] = [
        {"bit": bit, "meaning": text}
        for bit, text in (
            bits(flags, known) if isinstance(flags, int) and flags else ()
        )
    ]


def _event(row: Row) -> Object:
    shown = row_object("event", dict(zip((*_NAMES, "extra"), row, strict=True)))
    del shown["kind"]
    shown["name"] = event_name(shown["event_code"])
    return shown
