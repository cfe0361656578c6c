"""The user's settings in the port file, as numbers with their defaults.

Source: the bash script's description (battery.charge.low,
battery.voltage.high/nominal/low, device.mfr, device.model) and the same words
for battery.runtime.low, ups.mfr and ups.model. The defaults are in the table.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from nutbridge.nut.makers import (
    ENPHASE,
    OF_A_MAKER,
    Maker,
    is_of_another,
)
from nutbridge.nut.port_text import PortText, UserLine
from nutbridge.nut.values import assignment
from nutbridge.nut.variables import CHARGE_LOW, RUNTIME_LOW

VOLTAGE_HIGH = "battery.voltage.high"
VOLTAGE_NOMINAL = "battery.voltage.nominal"
VOLTAGE_LOW = "battery.voltage.low"

#: Allowed numbers, both ends included; the other settings are text. 172800 s is
#: the longest runtime shown.
RANGES: Mapping[str, tuple[float, float]] = {
    CHARGE_LOW: (1, 95),
    RUNTIME_LOW: (0, 172800),
    VOLTAGE_HIGH: (1, 1000),
    VOLTAGE_NOMINAL: (1, 1000),
    VOLTAGE_LOW: (1, 1000),
}
_VOLTAGES = (VOLTAGE_LOW, VOLTAGE_NOMINAL, VOLTAGE_HIGH)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")


class UserSettings(NamedTuple):
    """What the user set, or the defaults.

    Attributes:
        used: by name, the text of the numbers in use; part of what ``render``
            needs. A user's own text of the same number stays as it is.
        notices: one sentence for each setting that cannot be used.
    """

    used: Mapping[str, str]
    notices: tuple[str, ...] = ()

    @property
    def charge_low_pct(self) -> float:
        """battery.charge.low, 1..95, before the floor raises it."""
        return float(self.used[CHARGE_LOW])

    @property
    def runtime_low_s(self) -> float:
        """battery.runtime.low, s."""
        return float(self.used[RUNTIME_LOW])

    @property
    def voltage_high(self) -> float | None:
        """Of a full battery, V; None where neither user nor maker tells one."""
        return _number(self.used, VOLTAGE_HIGH)

    @property
    def voltage_nominal(self) -> float | None:
        """battery.voltage.nominal, V."""
        return _number(self.used, VOLTAGE_NOMINAL)


def user_settings(text: PortText, maker: Maker = ENPHASE) -> UserSettings:
    """Return the settings of a port file; what is not usable is a default."""
    used: dict[str, str] = {}
    notices: list[str] = []
    for name, (lowest, highest) in RANGES.items():
        default = maker.default(name)
        own = text.setting(name)
        usable = is_number(own, lowest, highest)
        value = own if usable and own else default
        if value is not None:
            used[name] = value
        # An empty one is no number, but where there is no default it says so.
        if own is not None and not usable and (own or default):
            notices.append(
                f"{name}: {own!r} is not a number from {lowest:g} to {highest:g}; "
                f"{default or 'none'} is used"
            )
    notices += _unless_rising(used, maker)
    return UserSettings(used, tuple(notices))


def for_maker(text: PortText, maker: Maker) -> PortText:
    """Return the text without the defaults of another maker.

    They stand in the file where the config was switched from one source to
    another; nobody has chosen them. Nominal 76.8 V beside a battery of 400 V
    makes its capacity five times as large.
    """
    lines = []
    for line in text.lines:
        name = line.setting
        if name in OF_A_MAKER and is_of_another(maker, name, line.value):
            default = maker.default(name) or ""
            lines.append(UserLine(assignment(name, default), name, default))
        else:
            lines.append(line)
    return text._replace(lines=tuple(lines))


def _unless_rising(used: dict[str, str], maker: Maker) -> list[str]:
    """Put the defaults in place of voltages that do not rise, and say so."""
    volts = [float(used[name]) for name in _VOLTAGES if name in used]
    if all(low < high for low, high in pairwise(volts)):
        return []
    for name in _VOLTAGES:
        used.pop(name, None)
        default = maker.default(name)
        if default is not None:
            used[name] = default
    shown = ", ".join(f"{each:g}" for each in volts)
    return [f"{', '.join(_VOLTAGES)}: {shown} do not rise; the defaults are used"]


def _number(used: Mapping[str, str], name: str) -> float | None:
    return float(used[name]) if name in used else None


def is_number(text: str | None, lowest: float, highest: float) -> bool:
    """Tell whether a text is a plain number between the two, both included."""
    # float() alone would take "nan", "1e3" and "1_0".
    return (
        text is not None
        and _NUMBER.fullmatch(text) is not None
        and lowest <= float(text) <= highest
    )
