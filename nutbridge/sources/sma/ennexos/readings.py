"""Answers of ``/api/v1`` in our words; only this module knows their shapes.

Live values: ``[{"channelId": "Measurement.Bat.ChaStt", "componentId":
"IGULD:SELF", "values": [{"time": "...", "value": 57}]}]``; arrays have ``values``
in place of ``value``. ``time`` is the moment of the answer for most channels, and
weeks old for others: it says nothing about freshness.

No value comes in five forms: the channel is missing, or has no ``value``, or the
text ``NaN``, or 16777213; and for tags 302. All of them are None, never 0.

Source: a capture of a Tripower X 15, firmware 03.06.15.R; ha-pysmaplus#38, #103.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from nutbridge.net.jsonfields import (
    BodyError,
    as_list,
    children,
    number,
    text,
    whole,
)
from nutbridge.sources.sma.ennexos import channels
from nutbridge.sources.sma.ennexos.channels import SELF, Channel
from nutbridge.sources.sma.reading import (
    UpsReading,
    difference_w,
    emptiest_pct,
    serial_text,
)
from nutbridge.sources.sma.status import (
    BACKUP_MODE,
    NO_VALUE_TAGS,
    NOT_AVAILABLE,
    derive_grid,
)
from nutbridge.ups.model import Grid
from nutbridge.ups.status.policy import DEAD_BAND_W

#: A number written as text; parameters are.
_LONGEST_NUMBER = 32
_MOST_ELEMENTS = 64
_TAG_MAX = (1 << 32) - 1

#: Why a device cannot be a UPS.
UNFIT = "this device has no battery of its own: it cannot be a UPS"


@dataclass(frozen=True, slots=True)
class ChannelValues:
    """The values of one device, by channel or parameter.

    A sub-device's answer lies in the same list under another ``componentId``: it
    never speaks for the device itself.
    """

    found: Mapping[str, tuple[Any, ...]]

    @classmethod
    def of_live(cls, body: Any, component: str = SELF) -> Self:
        """Read an answer of measurements/live.

        Raises:
            BodyError: no list, or nothing of this device in it: it restarts, or
                the user has no rights. That is never "no battery".
        """
        found = {
            name: _last(entry)
            for entry in as_list(body)
            if isinstance(entry, dict) and entry.get("componentId") == component
            if isinstance(name := entry.get("channelId"), str)
        }
        if not found:
            raise BodyError("no values of the device itself")
        return cls(found)

    @classmethod
    def of_parameters(cls, body: Any, component: str = SELF) -> Self:
        """Read an answer of parameters/search; values are texts there.

        Raises:
            BodyError: no list.
        """
        return cls(
            {
                name: _members(entry)
                for device in as_list(body)
                if isinstance(device, dict) and device.get("componentId") == component
                for entry in children(device, "values")
                if isinstance(name := entry.get("channelId"), str)
            }
        )

    def numbers(self, what: Channel) -> list[float]:
        """Return the usable numbers of the first channel that has any."""
        for name in what.names:
            members = self.found.get(name, ())
            raw = [
                number({"": as_number(one)}, "", what.low, what.high) for one in members
            ]
            usable = [one for one in raw if one is not None]
            if usable:
                return usable
        return []

    def first(self, what: Channel) -> float | None:
        """Return the first usable number, or None."""
        return next(iter(self.numbers(what)), None)

    def total(self, what: Channel) -> float | None:
        """Return the sum of the usable numbers, or None without any."""
        found = self.numbers(what)
        return sum(found) if found else None

    def tags(self) -> dict[str, frozenset[int]]:
        """Return the tags of the objects of status.py that are in the answer."""
        return {
            name: frozenset(
                tag
                for one in self.found[address]
                if (tag := whole({"": as_number(one)}, "", 0, _TAG_MAX)) is not None
                and tag not in NO_VALUE_TAGS
            )
            for name, address in channels.ADDRESSES.items()
            if address in self.found
        }


def _last(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the newest value, or the members of the newest array."""
    values = children(entry, "values")
    return _members(values[-1]) if values else ()


def _members(value: Mapping[str, Any]) -> tuple[Any, ...]:
    members = value.get("values")
    if isinstance(members, list):
        return tuple(members[:_MOST_ELEMENTS])
    return (value["value"],) if "value" in value else ()


def as_number(said: Any) -> float | int | None:
    """Return a number, written as one or as a text; None where it is no value."""
    if isinstance(said, str) and 0 < len(said) <= _LONGEST_NUMBER:
        try:
            said = float(said)
        except ValueError:
            return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    # Not by isfinite: an integer of JSON may be too large for a float.
    return None if said == NOT_AVAILABLE or not -math.inf < said < math.inf else said


def live_reading(live: ChannelValues) -> UpsReading:
    """Return what one answer of measurements/live says."""
    tags = live.tags()
    told_v = live.numbers(channels.BATTERY_VOLTAGE)
    volts = [v for v in told_v if v > 0]
    battery_w = difference_w(
        (live.total(out_of), live.total(into))
        for out_of, into in channels.BATTERY_POWER
    )
    soc_pct = live.first(channels.SOC)
    if soc_pct is None:
        soc_pct = emptiest_pct(live.numbers(channels.SOC_EACH))
    if soc_pct == 0 and told_v and not volts:
        # A battery of 0 V is not found yet, or not fitted: its charge is not known.
        soc_pct = None
    return UpsReading(
        tags=tags,
        battery_keys=any(name.startswith(channels.BATTERY) for name in live.found),
        unfit=UNFIT,
        fitted=_fitted(soc_pct, volts),
        soc_pct=soc_pct,
        health_pct=live.first(channels.HEALTH),
        voltage_v=sum(volts) / len(volts) if volts else None,
        current_a=_current_a(live.total(channels.BATTERY_CURRENT), battery_w),
        temperature_c=max(live.numbers(channels.BATTERY_TEMPERATURE), default=None),
        battery_w=battery_w,
        ac_w=_ac_w(live, derive_grid(tags, battery=True).grid),
        grid_w=_grid_w(live),
        pv_w=_pv_w(live),
        ac_v=tuple(v for v in map(live.first, channels.AC_VOLTAGES) if v is not None),
        frequency_hz=live.first(channels.AC_FREQUENCY),
    )


def _fitted(soc_pct: float | None, volts: list[float]) -> bool | None:
    """A charge, or a voltage; at night a device may say nothing of either."""
    return True if soc_pct or volts else None


def _current_a(current_a: float | None, battery_w: float | None) -> float | None:
    """Leave out a current whose sign contradicts the power."""
    if current_a is None or battery_w is None or abs(battery_w) <= DEAD_BAND_W:
        return current_a
    return current_a if current_a * battery_w >= 0 else None


def _ac_w(live: ChannelValues, grid: Grid) -> float | None:
    ac_w = live.total(channels.AC_POWER)
    if grid is not Grid.OPEN or (ac_w or 0.0) < -DEAD_BAND_W:
        return ac_w
    # Which of them carries the island is not known; the others say next to nothing.
    phases = [w for w in map(live.total, channels.ISLAND_PHASES) if w is not None]
    told = (ac_w, live.total(channels.ISLAND_POWER), sum(phases) if phases else None)
    return max((w for w in told if w is not None), default=None)


def _grid_w(live: ChannelValues) -> float | None:
    for drawn_from, fed_into in channels.GRID_POWER:
        drawn_w, fed_w = live.total(drawn_from), live.total(fed_into)
        if drawn_w is not None and fed_w is not None:
            return drawn_w - fed_w
    return None


def _pv_w(live: ChannelValues) -> float | None:
    found = live.total(channels.PV_POWER)
    # A dark array draws a few W.
    found = live.total(channels.DC_POWER) if found is None else found
    return None if found is None else max(0.0, found)


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """GET /plants/Plant:1/devices/IGULD:SELF, or one of the list; all optional.

    Attributes:
        component: its id.
        product_tag: number of the product.
        power_w: ``generatorPower``.
        address: where it has a web page of its own.
    """

    component: str | None = None
    serial: str | None = None
    product: str | None = None
    product_tag: int | None = None
    firmware: str | None = None
    name: str | None = None
    power_w: float | None = None
    address: str | None = None

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """Read one device; never fails."""
        serial = text(body, "serial")
        if serial is None and (count := whole(body, "serial", 1, 1 << 53)):
            serial = str(count)
        return cls(
            component=text(body, "deviceId") or text(body, "componentId"),
            serial=serial_text(serial),
            product=text(body, "product"),
            product_tag=whole(body, "productTagId", 0, _TAG_MAX),
            firmware=text(body, "firmwareVersion"),
            name=text(body, "name"),
            power_w=number(body, "generatorPower", 1.0, 1.0e6),
            address=text(body, "ipAddress"),
        )


def devices_of(body: Any) -> list[DeviceInfo]:
    """Read GET /plants/Plant:1/devices: a list, or a list in an object."""
    lists = body.values() if isinstance(body, dict) else (body,)
    return [
        DeviceInfo.from_json(one)
        for found in lists
        if isinstance(found, list)
        for one in found
        if isinstance(one, dict)
    ]


def completed(
    reading: UpsReading, info: DeviceInfo, parameters: ChannelValues
) -> UpsReading:
    """Add what the device says of itself and what is set on it."""
    tags = parameters.tags()
    # One of them may be the limit for feeding in.
    told_w = (*map(parameters.first, channels.NOMINAL_POWERS), info.power_w)
    mode = {BACKUP_MODE: tags[BACKUP_MODE]} if BACKUP_MODE in tags else {}
    rated_wh = parameters.total(channels.RATED_CAPACITY)
    empty_but_fitted = reading.soc_pct is not None and bool(rated_wh)
    return replace(
        reading,
        tags={**reading.tags, **mode},
        fitted=True if empty_but_fitted else reading.fitted,
        rated_wh=rated_wh,
        floor_pct=parameters.first(channels.FLOOR),
        nominal_w=max(filter(None, told_w), default=None),
        serial=info.serial,
        firmware=info.firmware,
        name=info.name,
    )


def unfit_text(behind: Iterable[DeviceInfo]) -> str:
    """Return why a device is no UPS, and which addresses to try instead."""
    others = [
        f"{one.product or one.name or 'a device'} at {one.address}"
        for one in behind
        if one.component != SELF and one.address
    ]
    if not others:
        return UNFIT
    return f"{UNFIT}; try SMA_HOST with: {', '.join(others)}"
