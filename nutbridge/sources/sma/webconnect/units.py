"""Units of SMA's object model: numbers that never change.

A unit is the number of a text in the language file. The numbers are the same in
every language and firmware, so this table serves where that file is missing.
"""

from decimal import Decimal
from types import MappingProxyType
from typing import Final

#: Source: SMA's language files; a number means the same in all of them.
UNITS: Final = MappingProxyType(
    {
        1: "%",
        2: "°C",
        3: "A",
        4: "dBm",
        5: "deg",
        6: "h",
        7: "Hz",
        8: "kWh",
        9: "m/s",
        10: "ms",
        11: "Ohm",
        12: "Pa",
        13: "s",
        14: "V",
        15: "VA",
        16: "var",
        17: "W/m²",
        18: "W",
        19: "Wh",
        33: "W/s",
        34: "min",
        271: "kB",
        1266: "mA",
        1275: "kW",
        1282: "kg",
        1287: "m",
        1290: "g/kWh",
        1293: "Ah",
        1361: "1E-3",
        1362: "1E-6",
        1907: "°",
        2209: "Ohm/km",
        2467: "V/A",
        2658: "V/°C",
        3134: "m³",
        3135: "l/h",
        4098: "Hz/kW",
        4099: "V/kVAr",
        4227: "d",
        4314: "p.u.",
        4391: "m³/h",
        4392: "kWh/m³",
        4435: "A/s",
        4508: "%/s",
        4635: "%/min",
        4788: "Wh/Wp",
        4862: "mm",
        4928: "hPa",
        4948: "mm/h",
    }
)

#: How many seconds are in one of these units of a duration.
SECONDS_IN: Final = MappingProxyType(
    {
        10: Decimal("0.001"),
        13: Decimal(1),
        34: Decimal(60),
        6: Decimal(3600),
        4227: Decimal(86400),
    }
)
