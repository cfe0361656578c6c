"""Every NUT variable that the port file has from us: one table, and its defaults.

Names and units are those of NUT's list of variable names (docs/nut-names.txt)
and of the bash script ``enphase-monitor``; ``experimental.`` is the prefix NUT
keeps for names outside that list.

A name of this table never belongs to the user, except the settings: these are
read from the port file, used, and written back as the user wrote them. A setting
without a default, of all makers or of this one, stands only where the user wrote it; a
constant without one is ``""``.
"""

import functools
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from nutbridge.nut.words import number, plain_text

STATUS = "ups.status"
CHARGE_LOW = "battery.charge.low"
RUNTIME_LOW = "battery.runtime.low"
SOURCE = "experimental.nutbridge.source"


class ValueKind(StrEnum):
    """Where the value of a variable comes from."""

    STATUS = "status"
    MEASURED = "measured"
    SETTING = "setting"
    CONSTANT = "constant"


class Variable(NamedTuple):
    """One name of the table.

    Attributes:
        name: as NUT spells it.
        kind: STATUS, MEASURED, SETTING (the user's) or CONSTANT.
        help: what it means, for people.
        unit: of the number, or empty for text.
        decimals: digits after the point, or None for text.
        default: value of a setting the user did not make, or of a constant.
        phase: 0 = stands in every file, else the phase that must exist.
        optional: stands only in files of a system that names it, and emptied
            where a file has it.
    """

    name: str
    kind: ValueKind
    help: str
    unit: str = ""
    decimals: int | None = None
    default: str | None = None
    phase: int = 0
    optional: bool = False

    def fits(self, phases: int | None) -> bool:
        """Tell whether every system of so many phases has this variable."""
        if self.optional:
            return False
        return not self.phase or self.phase <= (phases if phases in (2, 3) else 0)


def _measured(
    name: str, unit: str, decimals: int | None, text: str, phase: int = 0
) -> Variable:
    return Variable(name, ValueKind.MEASURED, text, unit, decimals, phase=phase)


def _setting(name: str, default: str, text: str, unit: str = "") -> Variable:
    return Variable(name, ValueKind.SETTING, text, unit, default=default)


# 1 decimal of percent: a reckoned charge just under battery.charge.low must
# not be shown as equal to it.
_GENERAL = (
    Variable(STATUS, ValueKind.STATUS, "OL, OB or OB LB"),
    _measured("battery.charge", "%", 1, "state of charge"),
    _setting(CHARGE_LOW, "20", "charge at which the battery is low", "%"),
    _measured("battery.charge.restart", "%", 1, "charge at which the system restarts"),
    _measured("battery.runtime", "s", 0, "time until the battery is empty"),
    _setting(RUNTIME_LOW, "300", "runtime at which the battery is low", "s"),
    _measured("battery.capacity", "Ah", 1, "capacity at battery.voltage.nominal"),
    _measured("battery.voltage", "V", 1, "voltage estimated from the charge"),
    _setting("battery.voltage.high", "86.4", "voltage of a full battery", "V"),
    _setting("battery.voltage.nominal", "76.8", "nominal voltage", "V"),
    _setting("battery.voltage.low", "68.5", "voltage of an empty battery", "V"),
    _measured("battery.current", "A", 1, "positive discharges, negative charges"),
    _measured("battery.temperature", "degC", 1, "warmest battery"),
    Variable("battery.type", ValueKind.CONSTANT, "chemistry", default="LFP"),
    _measured("ups.load", "%", 1, "house load of ups.realpower.nominal"),
    _measured("ups.realpower", "W", 0, "house load"),
    _measured("ups.realpower.nominal", "W", 0, "what the batteries can give"),
    _setting("device.mfr", "Enphase Energy", "maker"),
    _setting("device.model", "IQ Gateway", "model"),
    _measured("device.serial", "", None, "serial number of the gateway"),
    Variable("device.type", ValueKind.CONSTANT, "kind of device", default="ups"),
    _setting("ups.mfr", "Enphase Energy", "maker"),
    _setting("ups.model", "IQ Gateway", "model"),
    _measured("ups.serial", "", None, "serial number of the gateway"),
    _measured("ups.firmware", "", None, "software of the gateway"),
    _measured(SOURCE, "", None, "where the numbers come from"),
    _measured("input.phases", "", 0, "phases of the grid connection"),
    _measured("output.phases", "", 0, "phases of the house"),
)

#: Of an inverter beside or instead of the gateway: no name of NUT's list fits.
_INVERTER = (
    Variable(
        "experimental.sma.pv.power",
        ValueKind.MEASURED,
        "power of the PV array",
        "W",
        0,
        optional=True,
    ),
    Variable(
        "experimental.sma.power",
        ValueKind.MEASURED,
        "of the inverter, AC side; negative takes",
        "W",
        0,
        optional=True,
    ),
    Variable(
        "experimental.sma.health",
        ValueKind.MEASURED,
        "ok, warning, fault or off",
        optional=True,
    ),
)

#: What a meter tells: name, infix of a phase, unit, decimals, help. NUT names a
#: phase-to-neutral voltage ``L1-N``, everything else on a phase ``L1``.
_METER = (
    ("realpower", "", "W", 0, "active power"),
    ("power", "", "VA", 0, "apparent power"),
    ("voltage", "-N", "V", 1, "voltage"),
    ("powerfactor", "", "", 2, "power factor"),
    ("frequency", "", "Hz", 2, "frequency"),
    ("current", "", "A", 2, "current"),
)
#: NUT has one frequency for all phases. Files of before may have the others;
#: they are emptied there.
_TOTAL_ONLY = frozenset({"frequency"})


def _meters() -> Iterator[Variable]:
    for side, where in (("input", "grid side"), ("output", "house side")):
        for what, _, unit, decimals, text in _METER:
            yield _measured(f"{side}.{what}", unit, decimals, f"{text}, {where}")
        for phase in (1, 2, 3):
            for what, infix, unit, decimals, text in _METER:
                name = f"{side}.L{phase}{infix}.{what}"
                one = _measured(
                    name, unit, decimals, f"{text} of L{phase}, {where}", phase
                )
                yield one._replace(optional=what in _TOTAL_ONLY)


#: The table, in the order of the file (ups.status is written last all the same).
VARIABLES: tuple[Variable, ...] = (*_GENERAL, *_INVERTER, *_meters())

BY_NAME: Mapping[str, Variable] = {each.name: each for each in VARIABLES}

SETTINGS: tuple[Variable, ...] = tuple(
    each for each in VARIABLES if each.kind is ValueKind.SETTING
)

_BY_FOLDED: Mapping[str, Variable] = {each.name.lower(): each for each in VARIABLES}


def find(name: str) -> Variable | None:
    """Look a name up as the driver does: letter case does not count."""
    return _BY_FOLDED.get(name.lower())


@functools.cache
def fitting(phases: int | None) -> tuple[Variable, ...]:
    """Return the variables of a system with 1, 2 (split phase) or 3 phases.

    While the phases are unknown (None) only the totals fit.
    """
    return tuple(each for each in VARIABLES if each.fits(phases))


def as_text(name: str, value: float | str | None) -> str | None:
    """Write a value of the table as the port file has it.

    Numbers are rounded here, so that a change too small to be shown is no
    change of the file.

    Raises:
        KeyError: the name is not in the table.
    """
    variable = BY_NAME[name]
    if value is None:
        return None
    if isinstance(value, str):
        return plain_text(value) or None
    return number(value, variable.decimals or 0)


class Maker(NamedTuple):
    """Defaults that differ from the table's.

    Attributes:
        defaults: by name of the table; None: no default.
    """

    defaults: Mapping[str, str | None] = MappingProxyType({})

    def default(self, name: str) -> str | None:
        """Return the default of a setting or constant, or None without one.

        Raises:
            KeyError: the name is not in the table.
        """
        return self.defaults.get(name, BY_NAME[name].default)


ENPHASE = Maker()

#: Settings whose defaults differ by maker.
OF_A_MAKER = (
    "battery.voltage.high",
    "battery.voltage.nominal",
    "battery.voltage.low",
    "device.mfr",
    "device.model",
    "ups.mfr",
    "ups.model",
)

#: The inverter measures the voltage of the battery, whose chemistry and limits
#: it does not tell: batteries from 48 V to 500 V are connected to it.
SMA = Maker(
    {
        "battery.voltage.high": None,
        "battery.voltage.nominal": None,
        "battery.voltage.low": None,
        "battery.type": None,
        "device.mfr": "SMA",
        "device.model": "Webconnect inverter",
        "ups.mfr": "SMA",
        "ups.model": "Webconnect inverter",
    }
)

_ALL = (ENPHASE, SMA)


def is_of_another(maker: Maker, name: str, value: str) -> bool:
    """Tell whether a setting has the default of another maker, not of this one."""
    defaults = {each.default(name) for each in _ALL if each is not maker}
    return value in defaults - {maker.default(name)}
