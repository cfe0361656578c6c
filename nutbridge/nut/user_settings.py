"""The user's settings in the port file, as numbers with their defaults.

Source: the bash script's description (battery.charge.low,
battery.voltage.high/nominal/low, device.mfr, device.model) and the same words
for battery.runtime.low, ups.mfr and ups.model. The defaults are in the table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nutbridge.nut.port_text import PortText
from nutbridge.nut.variables import BY_NAME, CHARGE_LOW, RUNTIME_LOW

VOLTAGE_HIGH = "battery.voltage.high"
VOLTAGE_NOMINAL = "battery.voltage.nominal"
VOLTAGE_LOW = "battery.voltage.low"

#: Allowed values, both ends included. 172800 s is the longest runtime shown.
_RANGES: Mapping[str, tuple[float, float]] = {
    CHARGE_LOW: (1, 95),
    RUNTIME_LOW: (0, 172800),
    VOLTAGE_HIGH: (1, 1000),
    VOLTAGE_NOMINAL: (1, 1000),
    VOLTAGE_LOW: (1, 1000),
}
_VOLTAGES = (VOLTAGE_LOW, VOLTAGE_NOMINAL, VOLTAGE_HIGH)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class UserSettings:
    """What the user set, or the defaults.

    Attributes:
        charge_low_pct: battery.charge.low, 1..95, before the floor raises it.
        runtime_low_s: battery.runtime.low, s.
        voltage_high: of a full battery, V; the three voltages rise.
        voltage_nominal: V.
        voltage_low: of an empty battery, V.
        used: by name, the text of the numbers in use; part of what ``render``
            needs. A user's own text of the same number stays as it is.
        notices: one sentence for each setting that cannot be used.
    """

    charge_low_pct: float
    runtime_low_s: float
    voltage_high: float
    voltage_nominal: float
    voltage_low: float
    used: Mapping[str, str]
    notices: tuple[str, ...]


def user_settings(text: PortText) -> UserSettings:
    """Return the settings of a port file; what is not usable is a default."""
    used: dict[str, str] = {}
    notices: list[str] = []
    for name, (lowest, highest) in _RANGES.items():
        default = _default(name)
        own = text.setting(name)
        usable = _is_number(own, lowest, highest)
        used[name] = own if usable and own else default
        if own is not None and not usable:
            notices.append(
                f"{name}: {own!r} is not a number from {lowest:g} to {highest:g}; "
                f"{default} is used"
            )
    low, nominal, high = (float(used[name]) for name in _VOLTAGES)
    if not low < nominal < high:
        notices.append(
            f"{', '.join(_VOLTAGES)}: {low:g}, {nominal:g}, {high:g} do not rise; "
            "the defaults are used"
        )
        used |= {name: _default(name) for name in _VOLTAGES}
    return UserSettings(
        charge_low_pct=float(used[CHARGE_LOW]),
        runtime_low_s=float(used[RUNTIME_LOW]),
        voltage_high=float(used[VOLTAGE_HIGH]),
        voltage_nominal=float(used[VOLTAGE_NOMINAL]),
        voltage_low=float(used[VOLTAGE_LOW]),
        used=used,
        notices=tuple(notices),
    )


def _default(name: str) -> str:
    return BY_NAME[name].default or ""


def _is_number(text: str | None, lowest: float, highest: float) -> bool:
    # float() alone would take "nan", "1e3" and "1_0".
    return (
        text is not None
        and _NUMBER.fullmatch(text) is not None
        and lowest <= float(text) <= highest
    )
