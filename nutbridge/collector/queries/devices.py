"""The microinverters: how each is, when it was seen, what was said of it last."""

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from nutbridge.collector.parse.codes import (
    CHANNEL_BITS,
    CLEARED,
    DEVICE_BITS,
    SET,
    as_hex,
    bits,
    event_name,
)
from nutbridge.collector.queries.alike import Alike
from nutbridge.collector.queries.energy import NO_PANEL
from nutbridge.collector.queries.export import row_object, wire_names
from nutbridge.collector.queries.panel_states import WORST, PanelState
from nutbridge.collector.queries.panels import EnvoyPanels, houses_of
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row
from nutbridge.collector.store.units import device_of

Object = dict[str, Any]

_NAMES = wire_names("event")
_EVENT = (
    f"SELECT s.envoy_id, {', '.join(f's.{name}' for name in _NAMES)}, s.extra"  # noqa: S608  our names
    " FROM {tables} WHERE s.envoy_id = o.envoy_id AND s.id = o.id"
    " AND s.event_date = o.event_date"
    f" AND s.event_state = {SET} AND s.correlation_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM event c WHERE c.envoy_id = s.envoy_id"
    f" AND c.correlation_id = s.id AND c.event_state = {CLEARED}"
    " AND c.event_date >= s.event_date)"
)
#: Sets without a clear; of some Envoys. PostgreSQL goes through all events of these
#: Envoys, unless OFFSET 0 keeps it to a look into the key for each that may be open.
OPEN_SQLITE = (
    f"{_EVENT.format(tables='open_event o CROSS JOIN event s')}"
    " AND o.envoy_id IN ({envoys}) ORDER BY s.event_date, s.id"
)
OPEN_POSTGRES = (
    "SELECT s.* FROM open_event o CROSS JOIN LATERAL"  # noqa: S608  our names
    f" ({_EVENT.format(tables='event s')} OFFSET 0) AS s"
    " WHERE o.envoy_id IN ({envoys}) ORDER BY s.event_date, s.id"
)
#: By kind: the attributes.
_ATTRIBUTES = {
    kind: tuple(name for name in wire_names(kind) if name != "eqid")
    for kind in ("device", "channel")
}
_BITS = {"device": DEVICE_BITS, "channel": CHANNEL_BITS}


@functools.lru_cache(maxsize=4096)
def _said(kind: str, text: str | None) -> Object:
    """Return the attributes of a description; a fleet has few different ones."""
    found = json.loads(text) if text else {}
    names = (*_ATTRIBUTES[kind], "extra")
    said = row_object(kind, {name: found.get(name) for name in names})
    del said["kind"]
    return said


@functools.lru_cache(maxsize=4096)
def _flags(kind: str, flags: object) -> Object:
    known = bits(flags, _BITS[kind]) if isinstance(flags, int) else ()
    return {
        "condition_flags_hex": as_hex(flags),
        "condition_bits": [{"bit": bit, "meaning": text} for bit, text in known],
    }


class Unit(NamedTuple):
    """A device or a channel.

    Attributes:
        kind: which of the two.
        eqid: its number.
        state: as of the last report; of a device the worst of its channels; None: it
            is no panel.
        last_seen: when energy came from it last, Unix seconds.
        said: what was said of it last, all attributes; shared with others.
    """

    kind: str
    eqid: str
    state: PanelState | None
    last_seen: int | None
    said: Object

    def described(self, **ours: Any) -> Object:
        """Return all attributes behind ours, which none of them may call itself."""
        state = None if self.state is None else self.state.value
        ours = ours | {"eqid": self.eqid, "state": state}
        return ours | self.said | ours

    def flags(self) -> Object:
        """Return what the condition flags mean."""
        return _flags(self.kind, self.said["condition_flags"])


@dataclass(frozen=True, eq=False)
class Common:
    """What is true of all devices that are alike; nothing but their numbers is not.

    Attributes:
        envoy: their own.
        unit: each of them, without its eqid.
        channels: of each; of their eqids what stands behind that of the device.
        moved: another Envoy has it now.
    """

    envoy: EnvoyRow
    unit: Unit
    channels: Sequence[Unit]
    moved: bool = False

    @property
    def what(self) -> str | None:
        """What they are, where that is no microinverter of this Envoy."""
        if self.moved:
            return "moved"
        return NO_PANEL.get(self.unit.said["device_type"])


class DeviceRow(NamedTuple):
    """One device, with its channels and open events.

    Attributes:
        eqid: its number.
        common: all that is true of it, shared with those that are alike.
        open_events: of it and its channels.
    """

    eqid: str
    common: Common
    open_events: Sequence[Object] = ()

    @property
    def unit(self) -> Unit:
        """The device itself."""
        return self.common.unit._replace(eqid=self.eqid)

    @property
    def channels(self) -> list[Unit]:
        """Its channels."""
        return [one._replace(eqid=self.eqid + one.eqid) for one in self.common.channels]

    def as_object(self) -> Object:
        """Return it in units of the wire."""
        unit, envoy = self.unit, self.common.envoy
        shown = unit.described(envoy_serial=envoy.serial_num)
        shown["what"] = self.common.what
        shown |= unit.flags()
        shown["channels"] = [
            one.described() | {"last_seen": one.last_seen} | one.flags()
            for one in self.channels
        ]
        shown["last_seen"] = unit.last_seen
        shown["timezone"] = envoy.timezone
        shown["open_events"] = list(self.open_events)
        return shown


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
        numbers = [envoy.envoy_id for envoy in batch]
        opened = reading.of_envoys(
            OPEN_POSTGRES if reading.postgres else OPEN_SQLITE, numbers
        )
        for number, house in houses_of(reading, batch, now).items():
            yield from _devices_of(house, opened.get(number, ()))


def _devices_of(house: EnvoyPanels, opened: Sequence[Row]) -> Iterator[DeviceRow]:
    events: dict[str, list[Object]] = {}
    for row in opened:
        event = _event(row[1:])
        events.setdefault(device_of(event["eqid"] or ""), []).append(event)
    common = {alike: _common(house, alike) for alike in house.kinds}
    moved = {device_of(eqid) for eqid in house.moved}
    # Without a line of Python for each of 300,000.
    ours = map(common.__getitem__, house.devices.values())
    found = dict(zip(house.devices, ours, strict=True))
    for eqid in moved.union(map(device_of, house.own_states)):
        alike = house.devices.get(eqid)
        if alike is not None:
            found[eqid] = _common(house, alike, eqid, moved=eqid in moved)
    told = map(events.get, found, repeat(()))
    return map(DeviceRow, found, found.values(), told)


def _common(
    house: EnvoyPanels, alike: Alike, eqid: str | None = None, *, moved: bool = False
) -> Common:
    """Return what is true of one device, or of all that are alike."""
    said, channels = _said("device", None), []
    states, seen = [], []
    for behind, mark in alike.parts:
        last_seen, _, _, text = house.sights[mark]
        name = None if eqid is None else eqid + behind
        state = None
        # Of a device that has channels these are the panels.
        is_panel = alike.is_panel and (behind or not alike.is_divided)
        if is_panel and name not in house.moved:
            state = house.state(name, last_seen)
            states.append(state)
        if last_seen is not None:
            seen.append(last_seen)
        if behind:
            own = _said("channel", text)
            channels.append(Unit("channel", behind, state, last_seen, own))
        else:
            said = _said("device", text)
    worst = min(states, key=WORST.index, default=None)
    unit = Unit("device", "", worst, max(seen, default=None), said)
    return Common(house.envoy, unit, channels, moved)


def _event(row: Row) -> Object:
    shown = row_object("event", dict(zip((*_NAMES, "extra"), row, strict=True)))
    del shown["kind"]
    shown["name"] = event_name(shown["event_code"])
    return shown
