"""Which inverter this is, for people who look for the right one.

Source: captures of three families; SMA's parameter lists.
"""

from dataclasses import dataclass
from typing import Any, Self

from nutbridge.net.jsonfields import BodyError
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.language import (
    CLASS_TEXTS,
    Language,
)
from nutbridge.sources.sma.webconnect.readings import (
    Answered,
    ups_reading,
)

#: What ``InverterIdentity`` is made of, in one getValues.
IDENTITY_KEYS = (
    *(keys.SERIAL, keys.FIRMWARE, keys.DEVICE_CLASS, keys.DEVICE_TYPE),
    *(keys.DEVICE_NAME, keys.SOC.key, keys.SOC_EACH.key, keys.BATTERY_VOLTAGE.key),
    *(keys.BATTERY_STATE, keys.RATED_CAPACITY.key),
)

#: First part of a device id, and whose it is.
FAMILIES = {
    "012F": "Sunny Boy 1.5/2.5",
    "0199": "Sunny Boy 3.0-6.0",
    "017A": "Sunny Tripower 3.0-10.0",
    "01B8": "Sunny Tripower Smart Energy",
    "0169": "Sunny Boy Storage",
}
WEBCONNECT = "Webconnect"
#: Device classes without a language file.
CLASSES = {
    1: "solar inverter",
    7: "battery inverter",
    9: "hybrid inverter",
    65: "energy meter",
}
_CLASS_RANGE = range(1, 1000)

BATTERY_FITTED = "yes"
BATTERY_NOT_FITTED = "no, none is fitted"
BATTERY_KEYS_MISSING = "no, this device knows none; it cannot be a UPS"
BATTERY_UNKNOWN = "not certain"


@dataclass(frozen=True, slots=True)
class InverterIdentity:
    """Who answers; None: it does not say.

    Attributes:
        device: id of the device, masked by newer firmware.
        family: by the id; ``Webconnect`` for an id that no table names.
        klass: device class of the unit, 9 for a hybrid.
        type_tag: number of the type's text.
        serial: ten digits.
        firmware: ``3.10.36.R``.
        name: given by its owner.
        battery_keys: it knows batteries; without, it is no UPS.
        fitted: a battery is connected; None: not certain.
    """

    device: str | None = None
    family: str = WEBCONNECT
    klass: int | None = None
    type_tag: int | None = None
    serial: str | None = None
    firmware: str | None = None
    name: str | None = None
    battery_keys: bool = False
    fitted: bool | None = None

    @classmethod
    def from_json(cls, result: Any) -> Self:
        """Read the ``result`` of getValues for IDENTITY_KEYS; never fails."""
        try:
            seen = Answered.from_json(result)
            reading = ups_reading(result)
        except BodyError:
            return cls()
        device = next(iter(result))
        classes = seen.tags(keys.DEVICE_CLASS)
        types = seen.tags(keys.DEVICE_TYPE)
        klass = min(classes) - CLASS_TEXTS if classes else None
        return cls(
            device=device,
            family=FAMILIES.get(device.partition("-")[0].upper(), WEBCONNECT),
            klass=klass if klass in _CLASS_RANGE else None,
            type_tag=min(types, default=None),
            serial=reading.serial,
            firmware=reading.firmware,
            name=reading.name,
            battery_keys=reading.battery_keys,
            fitted=reading.fitted,
        )

    @property
    def known(self) -> bool:
        """Whether the device said anything about itself."""
        return self.serial is not None or self.firmware is not None

    @property
    def files_key(self) -> str | None:
        """Names the model and language files: they go by type and firmware."""
        if self.firmware is None:
            return None
        return f"{self.type_tag or 0}-{self.firmware}"

    @property
    def battery(self) -> str:
        """Whether it has a battery, for people."""
        if not self.battery_keys:
            return BATTERY_KEYS_MISSING
        words = {True: BATTERY_FITTED, False: BATTERY_NOT_FITTED}
        return BATTERY_UNKNOWN if self.fitted is None else words[self.fitted]

    def type_text(self, language: Language) -> str | None:
        """Return the type, ``STP6.0-3SE-40``, or its number."""
        return None if self.type_tag is None else language.text(self.type_tag)

    def class_text(self, language: Language) -> str | None:
        """Return the class with its number, ``9 (Hybrid inverter)``."""
        if self.klass is None:
            return None
        text = language.find(CLASS_TEXTS + self.klass) or CLASSES.get(self.klass)
        return f"{self.klass} ({text})" if text else str(self.klass)
