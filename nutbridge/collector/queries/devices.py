"""The microinverters: how each is, when it was seen, what was said of it last."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
        # Once more, or PostgreSQL goes through all rows up to those of these Envoys.
        " AND d.envoy_id IN ({envoys})"
        " AND d.envoy_id = p.envoy_id AND d.eqid = p.eqid AND d.reported ="
        f" (SELECT max(n.reported) FROM {table.name} n"
        " WHERE n.envoy_id = p.envoy_id AND n.eqid = p.eqid)"
    )


#: By kind: the attributes, and the statement.
DESCRIBED = {
    kind: _described_by(table)
    for kind, table in (("device", schema.device), ("channel", schema.channel))
}
#: By kind: where each attribute is in a row.
_PLACES = {
    kind: {name: place for place, name in enumerate(names)}
    for kind, (names, _) in DESCRIBED.items()
}
_BITS = {"device": DEVICE_BITS, "channel": CHANNEL_BITS}


class Unit(NamedTuple):
    """A device or a channel.

    Attributes:
        kind: which of the two.
        eqid: its number.
        state: as of the last report; of a device the worst of its channels; None: it
            is no panel.
        last_seen: when energy came from it last, Unix seconds.
        said: what was said of it last; None: nothing.
    """

    kind: str
    eqid: str
    state: PanelState | None
    last_seen: int | None
    said: Row | None

    def get(self, name: str) -> Any:
        """Return an attribute as the newest description has it; None without one."""
        if self.said is None:
            return None
        value = self.said[_PLACES[self.kind][name]]
        return self._said()[name] if value is None and self._has_extra() else value

    def _has_extra(self) -> bool:
        return self.said is not None and bool(self.said[len(_PLACES[self.kind])])

    def _said(self) -> Object:
        names, _ = DESCRIBED[self.kind]
        if self.said is None:
            return dict.fromkeys(names)
        if not self._has_extra():
            return dict(zip(names, self.said, strict=False))
        pairs = zip((*names, "extra"), self.said, strict=False)
        said = row_object(self.kind, dict(pairs))
        del said["kind"]
        return said

    def described(self, **ours: Any) -> Object:
        """Return all attributes behind ours, which none of them may call itself."""
        state = None if self.state is None else self.state.value
        ours = ours | {"eqid": self.eqid, "state": state}
        return ours | self._said() | ours

    def flags(self) -> Object:
        """Return what the condition flags mean."""
        flags = self.get("condition_flags")
        known = bits(flags, _BITS[self.kind]) if isinstance(flags, int) else ()
        return {
            "condition_flags_hex": as_hex(flags),
            "condition_bits": [{"bit": bit, "meaning": text} for bit, text in known],
        }


class DeviceRow(NamedTuple):
    """One device, with its channels and open events."""

    envoy: EnvoyRow
    unit: Unit
    channels: Sequence[Unit]
    open_events: Sequence[Object]

    @property
    def what(self) -> str | None:
        """What it is, where that is no microinverter."""
        return NO_PANEL.get(self.unit.get("device_type"))

    def as_object(self) -> Object:
        """Return it in units of the wire."""
        shown = self.unit.described(envoy_serial=self.envoy.serial_num)
        shown["what"] = self.what
        shown |= self.unit.flags()
        shown["channels"] = [
            one.described() | {"last_seen": one.last_seen} | one.flags()
            for one in self.channels
        ]
        shown["last_seen"] = self.unit.last_seen
        shown["timezone"] = self.envoy.timezone
        shown["open_events"] = list(self.open_events)
        return shown


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
        self.said: dict[str, dict[int, dict[str, Row]]] = {}
        for kind, (_, statement) in DESCRIBED.items():
            found = self.said[kind] = {envoy.envoy_id: {} for envoy in envoys}
            for row in reading.rows(statement.format(envoys=numbers)):
                found[row[-1]][row[-2]] = row


def devices(
    reading: Reader, now: int, serial: str | None = None
) -> Iterator[DeviceRow]:
    """Yield all devices, those of an Envoy together.

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
) -> Iterator[DeviceRow]:
    number = envoy.envoy_id
    opened: dict[str, list[Object]] = {}
    for row in found.open_events.get(number, ()):
        event = _event(row[1:])
        opened.setdefault(device_of(event["eqid"]), []).append(event)
    members: dict[str, list[Row]] = {}
    for row in found.named.get(number, ()):
        members.setdefault(row[2], []).append(row)
    of_device, of_channel = (found.said[kind][number] for kind in _BITS)
    for eqid, rows in sorted(members.items()):
        channels = []
        state: PanelState | None = None
        last_seen: int | None = None
        for _, name, _, seen, _ in rows:
            own = states.get(name)
            if name != eqid:
                said = of_channel.get(name)
                channels.append(Unit("channel", name, own, seen, said))
            if seen is not None and (last_seen is None or seen > last_seen):
                last_seen = seen
            if own is not None:
                state = own if state is None else _worse(state, own)
        said = of_device.get(eqid)
        unit = Unit("device", eqid, state, last_seen, said)
        yield DeviceRow(envoy, unit, channels, opened.get(eqid, ()))


def _worse(one: PanelState, other: PanelState) -> PanelState:
    return one if one is other else min(one, other, key=WORST.index)


def device_of(eqid: str | None) -> str:
    """Return the device of ``serial.channel``."""
    return (eqid or "").partition(".")[0]


def _event(row: Row) -> Object:
    shown = row_object("event", dict(zip((*_NAMES, "extra"), row, strict=True)))
    del shown["kind"]
    shown["name"] = event_name(shown["event_code"])
    return shown
