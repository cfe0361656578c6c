"""Answers of getValues in our words and units.

Only this module knows the shapes: with class levels, several of them in one
answer, or without any; one value or one per phase, string or battery. What is
missing, null, empty, of another type or absurd is None or left out. Nothing is
pinned to a device id: newer firmware masks it.

Source: captures of STP SE and Sunny Boy Storage; SMA's parameter lists.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from nutbridge.net.jsonfields import (
    BodyError,
    as_object,
    number,
    tidy,
    whole,
)
from nutbridge.sources.sma.reading import (
    UpsReading,
    difference_w,
    emptiest_pct,
    serial_text,
)
from nutbridge.sources.sma.status import DECIDING, NO_VALUE_TAGS, NOT_AVAILABLE
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.keys import Quantity

#: Battery states that, beside a charge of 0, mean that there is no battery.
_OFF = 303
_MOST_ELEMENTS = 64
#: Between empty and full, and what the maker calls it.
_RANGE_48_V = (40.0, 64.0)
_NOMINAL_48_V = 48.0
_RELEASES = "NEABRS"
_TAG_MAX = (1 << 32) - 1
# Exact as a float too, should one be sent.
_SERIAL_MAX = (1 << 53) - 1


def elements(payload: Any) -> list[Any]:
    """Return the values in one payload, all class levels, in their order.

    Shape: {"<class>": [{"val": V}, ...], ...}, or flat: {"val": V} or
    [{"str": n, "val": V}, ...].
    """
    return [value for level in _levels(payload) for value in level]


def _levels(payload: Any) -> list[list[Any]]:
    """Return the same class level by class level."""
    if isinstance(payload, dict) and "val" in payload:
        return [[payload["val"]]]
    levels = payload.values() if isinstance(payload, dict) else [payload]
    return [
        [one.get("val") for one in level[:_MOST_ELEMENTS] if isinstance(one, dict)]
        for level in levels
        if isinstance(level, list)
    ]


@dataclass(frozen=True, slots=True)
class Answered:
    """The result of one getValues, device by device."""

    devices: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_json(cls, result: Any) -> Self:
        """Read ``{"<device>": {"<key>": payload}}``.

        What knows batteries comes first, whatever stands beside it.

        Raises:
            BodyError: no device with values is in it.
        """
        named = sorted(as_object(result).items())
        found = [one for _, one in named if isinstance(one, dict)]
        if not any(found):
            raise BodyError("no device with values")
        return cls(tuple(sorted(found, key=keys.BATTERY_KEYS.isdisjoint)))

    def with_battery(self) -> Self:
        """Return the devices that know batteries; all, where none does.

        A solar inverter in the island of another one takes it for the mains.
        """
        disjoint = keys.BATTERY_KEYS.isdisjoint
        return type(self)(
            tuple(one for one in self.devices if not disjoint(one)) or self.devices
        )

    def values(self, key: str) -> list[Any]:
        """Return what all devices say under a key, in their order."""
        return [one for device in self.devices for one in elements(device.get(key))]

    def has_any(self, wanted: Iterable[str]) -> bool:
        """Tell whether some device has one of the keys."""
        return any(key in device for key in wanted for device in self.devices)

    def numbers(self, what: Quantity) -> list[float]:
        """Return the usable numbers of a quantity, in its unit.

        Those of the first device and class level that has any: another one may
        have the key and nothing to say, or the same value once more.
        """
        low, high = what.low / what.scale, what.high / what.scale
        for device in self.devices:
            for level in _levels(device.get(what.key)):
                raw = [number({"": one}, "", low, high) for one in level]
                found = [one for one in raw if one not in (None, NOT_AVAILABLE)]
                if found:
                    # 9 decimals: no scale has more than 4.
                    return [round(one * what.scale, 9) for one in found]
        return []

    def first(self, what: Quantity) -> float | None:
        """Return the first usable number, or None."""
        return next(iter(self.numbers(what)), None)

    def total(self, what: Quantity) -> float | None:
        """Return the sum of the usable numbers, or None without any."""
        found = self.numbers(what)
        return sum(found) if found else None

    def tags(self, key: str) -> frozenset[int]:
        """Return all tags under a key, of every device and element."""
        found: set[int] = set()
        for device in self.devices:
            for value in elements(device.get(key)):
                for one in value if isinstance(value, list) else ():
                    tag = whole(one, "tag", 0, _TAG_MAX)
                    if tag is not None:
                        found.add(tag)
        return frozenset(found)

    def text(self, key: str) -> str | None:
        """Return the first text or whole number under a key, as a short line."""
        for value in self.values(key):
            if isinstance(value, str):
                return tidy(value)
            count = whole({"": value}, "", 0, _SERIAL_MAX)
            if count is not None and count != NOT_AVAILABLE:
                return str(count)
        return None


def firmware_text(said: Any) -> str | None:
    """Return a firmware version as people read it: 50398724 is 3.01.6.R.

    Bytes: major and minor (both BCD), build, release.
    """
    raw = whole({"": said}, "", 1, (1 << 32) - 1)
    if raw is None or raw == NOT_AVAILABLE:
        return None
    major, minor, build, release = raw.to_bytes(4, "big")
    letter = _RELEASES[release] if release < len(_RELEASES) else str(release)
    return f"{major:x}.{minor:02x}.{build}.{letter}"


def ups_reading(result: Any) -> UpsReading:
    """Read the ``result`` of getValues for keys.UPS_KEYS.

    Raises:
        BodyError: no device with values is in it.
    """
    seen = Answered.from_json(result)
    voters = seen.with_battery()
    drawn, fed = seen.total(keys.DRAWN), seen.total(keys.FED_IN)
    volts = _battery_volts(seen)
    return UpsReading(
        tags={
            name: frozenset().union(*map(asked.tags, addresses))
            for name, addresses in keys.ADDRESSES.items()
            for asked in (voters if name in DECIDING else seen,)
            if asked.has_any(addresses)
        },
        battery_keys=seen.has_any(keys.BATTERY_KEYS),
        fitted=_fitted(seen),
        soc_pct=_soc_pct(seen),
        health_pct=seen.first(keys.HEALTH),
        voltage_v=sum(volts) / len(volts) if volts else None,
        current_a=seen.total(keys.BATTERY_CURRENT),
        temperature_c=max(seen.numbers(keys.BATTERY_TEMPERATURE), default=None),
        battery_w=_battery_w(seen),
        rated_wh=_rated_wh(seen),
        floor_pct=seen.first(keys.END_OF_DISCHARGE),
        ac_w=seen.first(keys.AC_POWER),
        grid_w=None if drawn is None or fed is None else drawn - fed,
        pv_w=_pv_w(seen),
        nominal_w=seen.first(keys.NOMINAL_POWER),
        ac_v=_ac_v(seen),
        frequency_hz=seen.first(keys.AC_FREQUENCY),
        serial=serial_text(seen.text(keys.SERIAL)),
        firmware=next(
            filter(None, map(firmware_text, seen.values(keys.FIRMWARE))), None
        ),
        name=seen.text(keys.DEVICE_NAME),
    )


def has_values(result: Any) -> bool:
    """Tell whether anything at all has a value; True where there are no keys either.

    One device is known whose getValues names the keys and leaves the values out.
    """
    payloads = [
        payload
        for one in (result.values() if isinstance(result, dict) else ())
        for payload in (one.values() if isinstance(one, dict) else (one,))
    ]
    return not payloads or any(
        value is not None for payload in payloads for value in elements(payload)
    )


def _battery_volts(seen: Answered) -> list[float]:
    # A place without a battery says null, or 0.
    return [v for v in seen.numbers(keys.BATTERY_VOLTAGE) if v]


def _rated_wh(seen: Answered) -> float | None:
    """Return the capacity when new, from Ah where no Wh are told.

    Only batteries of 48 V, those of Sunny Island, are told in Ah alone; the voltage
    of the moment would make the size go up and down with the charge.
    """
    rated_wh, rated_ah = seen.total(keys.RATED_CAPACITY), seen.first(keys.RATED_CHARGE)
    low_v, high_v = _RANGE_48_V
    if (
        not rated_wh
        and rated_ah
        and all(low_v <= v <= high_v for v in _battery_volts(seen))
    ):
        return rated_ah * _NOMINAL_48_V
    return rated_wh


def _fitted(seen: Answered) -> bool | None:
    """Tell whether a battery is connected.

    A hybrid without one has all the keys, with 0 and state 303. A charge of 0
    in any other state is real, and so is one beside a capacity and a voltage.
    """
    soc_pct, rated_wh = _soc_pct(seen), _rated_wh(seen)
    if soc_pct is not None and soc_pct > 0:
        return True
    no_voltage = not any(seen.numbers(keys.BATTERY_VOLTAGE))
    if rated_wh == 0 and no_voltage:
        return False
    if soc_pct is None:
        return None
    told = seen.has_any((keys.BATTERY_STATE,))
    off = told and seen.tags(keys.BATTERY_STATE) <= NO_VALUE_TAGS | {_OFF}
    return not (off and (no_voltage or not rated_wh))


def _soc_pct(seen: Answered) -> float | None:
    total = seen.first(keys.SOC)
    return emptiest_pct(seen.numbers(keys.SOC_EACH)) if total is None else total


def _battery_w(seen: Answered) -> float | None:
    told = difference_w(
        (seen.total(out_of), seen.total(into))
        for out_of, into in (
            (keys.DISCHARGE_POWER, keys.CHARGE_POWER),
            (keys.DISCHARGE_POWER_EACH, keys.CHARGE_POWER_EACH),
        )
    )
    if told is not None:
        return told
    volts = seen.numbers(keys.BATTERY_VOLTAGE)
    amperes = seen.numbers(keys.BATTERY_CURRENT)
    if volts and len(volts) == len(amperes):
        return sum(v * a for v, a in zip(volts, amperes, strict=True))
    return None


def _pv_w(seen: Answered) -> float | None:
    found = seen.total(keys.PV_POWER)
    # A dark array draws a few W.
    found = seen.total(keys.DC_POWER) if found is None else found
    return None if found is None else max(0.0, found)


def _ac_v(seen: Answered) -> tuple[float, ...]:
    found = [seen.first(each) for each in keys.AC_VOLTAGES]
    return tuple(one for one in found if one is not None)
