"""What stands in a port file by default, by the maker of the source.

A setting that has no default here stands in the file only where the user wrote
it; a constant without one is ``""``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from nutbridge.nut.variables import BY_NAME


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
