"""The objects of an inverter that a UPS needs: keys, units, scales, limits.

A key is the identity of an object; its name is SMA's. Only numbers are used:
the texts of tags change with language and firmware, and newer firmware does not
even serve them.

Source: SMA's parameter lists and captures; ``U`` is what group usr may read. The
installer's objects (6102, 6182, 6802) are left out of an answer silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nutbridge.sources.sma import status


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured quantity: where it stands, its unit and its limits.

    Attributes:
        key: of the object.
        scale: value = raw x scale, in ``unit``.
        unit: of the value.
        low: a smaller value is junk.
        high: a larger value is junk.
    """

    key: str
    scale: float
    unit: str
    low: float
    high: float


#: 1 MW, 1 MWh: no house has more.
_W = (1.0, "W", -1.0e6, 1.0e6)
#: Of one direction; the other one has a key of its own.
_ONE_WAY_W = (1.0, "W", 0.0, 1.0e6)
_V = (0.01, "V", 0.0, 1500.0)
_A = (0.001, "A", -1000.0, 1000.0)
_HZ = (0.01, "Hz", 10.0, 100.0)
_PERCENT = (1.0, "%", 0.0, 100.0)

SOC = Quantity("6100_00295A00", *_PERCENT)
#: One per battery where there are several.
SOC_EACH = Quantity("6100_00498F00", *_PERCENT)
HEALTH = Quantity("6100_00696E00", *_PERCENT)
BATTERY_VOLTAGE = Quantity("6100_00495C00", *_V)
#: Negative charges: -4.773 A at 429 V while 2048 W charge.
BATTERY_CURRENT = Quantity("6100_40495D00", *_A)
#: Batteries work from -20 to 60 degC.
BATTERY_TEMPERATURE = Quantity("6100_40495B00", 0.1, "degC", -50.0, 120.0)
CHARGE_POWER = Quantity("6100_00496900", *_ONE_WAY_W)
DISCHARGE_POWER = Quantity("6100_00496A00", *_ONE_WAY_W)
CHARGE_POWER_EACH = Quantity("6100_00499300", *_ONE_WAY_W)
DISCHARGE_POWER_EACH = Quantity("6100_00499400", *_ONE_WAY_W)
#: Parameter; 0 without a battery.
RATED_CAPACITY = Quantity("6800_00893700", 1.0, "Wh", 0.0, 1.0e6)
#: Parameter; in Ah. Sunny Island has this one, and maybe not the other.
RATED_CHARGE = Quantity("6800_00893900", 1.0, "Ah", 0.0, 1.0e5)
#: Parameter of the installer: discharging ends here.
END_OF_DISCHARGE = Quantity("6802_00895000", 1.0, "%", 0.0, 50.0)

AC_VOLTAGES = (
    Quantity("6100_00464800", *_V),
    Quantity("6100_00464900", *_V),
    Quantity("6100_00464A00", *_V),
)
AC_FREQUENCY = Quantity("6100_00465700", *_HZ)
#: Of the inverter, signed; not what the house draws from the grid.
AC_POWER = Quantity("6100_40263F00", *_W)
#: Of the meter; null without one.
FED_IN = Quantity("6100_40463600", *_ONE_WAY_W)
DRAWN = Quantity("6100_40463700", *_ONE_WAY_W)
PV_POWER = Quantity("6100_0046C200", *_W)
#: One per string.
DC_POWER = Quantity("6380_40251E00", *_W)
#: Parameter.
NOMINAL_POWER = Quantity("6800_00832A00", 1.0, "W", 1.0, 1.0e6)

SERIAL = "6800_00A21E00"
FIRMWARE = "6800_00823400"
#: Tag 8000 + class level of the unit itself.
DEVICE_CLASS = "6800_08821F00"
DEVICE_TYPE = "6800_08822000"
DEVICE_NAME = "6800_10821E00"

#: How the keys of parameters begin: those of users, and of installers.
PARAMETERS = ("6800_", "6802_")

# Keys of tags.
CONDITION = "6180_08214800"
GENERAL = "6180_08412800"
RUN_STATE = "6180_08412B00"
RUN_STATE_INSTALLER = "6182_08412B00"
MAINS = "6180_0846A600"
BACKUP = "6180_08436800"
SUPPLY = "6180_0846A700"
BATTERY_STATE = "6180_08495E00"
#: Setting of the installer: 303 off, 1438 automatic.
BACKUP_MODE = "6802_08834500"

#: The objects of status.py, and under which keys they are answered here.
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    status.GENERAL: (GENERAL,),
    status.RUN_STATE: (RUN_STATE, RUN_STATE_INSTALLER),
    status.MAINS: (MAINS,),
    status.BACKUP: (BACKUP,),
    status.SUPPLY: (SUPPLY,),
    status.CONDITION: (CONDITION,),
    status.BATTERY_STATE: (BATTERY_STATE,),
    status.BACKUP_MODE: (BACKUP_MODE,),
}

#: Without any of these it is no UPS: Webconnect leaves out what a unit lacks.
BATTERY_KEYS = frozenset(
    {
        *(SOC.key, SOC_EACH.key, BATTERY_VOLTAGE.key, BATTERY_CURRENT.key),
        *(CHARGE_POWER.key, DISCHARGE_POWER.key, RATED_CAPACITY.key, BATTERY_STATE),
    }
)

#: Everything that one poll of a UPS asks for, in one getValues.
UPS_KEYS = (
    *(key for found in ADDRESSES.values() for key in found),
    *(SOC.key, SOC_EACH.key, HEALTH.key, BATTERY_VOLTAGE.key),
    *(BATTERY_CURRENT.key, BATTERY_TEMPERATURE.key),
    *(CHARGE_POWER.key, DISCHARGE_POWER.key),
    *(CHARGE_POWER_EACH.key, DISCHARGE_POWER_EACH.key),
    *(RATED_CAPACITY.key, RATED_CHARGE.key, END_OF_DISCHARGE.key),
    *(each.key for each in AC_VOLTAGES),
    *(AC_FREQUENCY.key, AC_POWER.key, FED_IN.key, DRAWN.key),
    *(PV_POWER.key, DC_POWER.key, NOMINAL_POWER.key),
    *(SERIAL, FIRMWARE, DEVICE_CLASS, DEVICE_TYPE, DEVICE_NAME),
)

#: What an inverter beside another source is asked for.
SIDE_KEYS = (CONDITION, GENERAL, AC_POWER.key, PV_POWER.key, DC_POWER.key, SERIAL)
