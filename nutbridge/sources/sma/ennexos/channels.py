"""The channels and parameters of an ennexOS device that a UPS needs, as tables.

Names are SMA's, values are SI floats, an array's name ends in ``[]``. What stands
first is taken first. Channel sets differ by product and firmware; all are optional.

Source: pysma-plus (definitions by product), ioBroker.sma-local (SMA's own catalogue
with units), a capture of a Tripower X 15, firmware 03.06.15.R. No answer of a device
with a battery is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nutbridge.sources.sma import status

#: The device that answers; those behind it have ids of their own.
SELF = "IGULD:SELF"
PLANT = "Plant:1"

MEASUREMENT = "Measurement."
PARAMETER = "Parameter."
#: Without any of these a device knows no battery.
BATTERY = "Measurement.Bat."

#: The objects of status.py, and where they are found here.
ADDRESSES: Mapping[str, str] = {
    **{
        name: MEASUREMENT + name
        for name in (*status.DECIDING, status.CONDITION, status.BATTERY_STATE)
    },
    status.BACKUP_MODE: PARAMETER + status.BACKUP_MODE,
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity of a device: its channel, unit and limits.

    Attributes:
        names: of channels or parameters; the first that tells counts.
        unit: of the value.
        low: a smaller value is junk.
        high: a larger value is junk.
    """

    names: tuple[str, ...]
    unit: str
    low: float
    high: float


def _power(*names: str, low: float = -1.0e6) -> Channel:
    """1 MW: no house has more."""
    return Channel(names, "W", low, 1.0e6)


def _one_way(*names: str) -> Channel:
    """Power of one direction; the other one has a channel of its own."""
    return _power(*names, low=0.0)


#: Not ``ChaSttReal``, which has the reserve in it. In Webconnect's 6180_08495E00 the
#: same word is a state; here it is the charge.
SOC = Channel(("Measurement.Bat.ChaStt",), "%", 0.0, 100.0)
SOC_EACH = Channel(("Measurement.Bat.ChaSttArr[]",), "%", 0.0, 100.0)
HEALTH = Channel(("Measurement.Bat.Diag.ActlCapacNom",), "%", 0.0, 100.0)
BATTERY_VOLTAGE = Channel(
    ("Measurement.Bat.Vol[]", "Measurement.Bat.Vol"), "V", 0.0, 1500.0
)
#: Sign as in Webconnect: negative charges. Not confirmed here.
BATTERY_CURRENT = Channel(
    ("Measurement.Bat.Amp[]", "Measurement.Bat.Amp"), "A", -1000.0, 1000.0
)
BATTERY_TEMPERATURE = Channel(
    (
        "Measurement.Bat.TmpVal[]",
        "Measurement.Bat.TmpVal",
        "Measurement.Bat.TmpValMax[]",
    ),
    "degC",
    -50.0,
    120.0,
)
#: (out of the battery, into it), each at least 0.
BATTERY_POWER = (
    (
        _one_way("Measurement.BatDsch.CurBatDsch"),
        _one_way("Measurement.BatChrg.CurBatCha"),
    ),
    (
        _one_way("Measurement.BatDsch.CurBatDschArr[]"),
        _one_way("Measurement.BatChrg.CurBatChaArr[]"),
    ),
    (
        _one_way("Measurement.Metering.GridMs.TotWOut.Bat"),
        _one_way("Measurement.Metering.GridMs.TotWIn.Bat"),
    ),
)
#: (drawn from the grid, fed into it).
GRID_POWER = (
    (
        _one_way("Measurement.Metering.GridMs.TotWIn"),
        _one_way("Measurement.Metering.GridMs.TotWOut"),
    ),
    (
        _one_way("Measurement.Metering.PCCMs.PlntCsmpW"),
        _one_way("Measurement.Metering.PCCMs.PlntW"),
    ),
)
#: Of the inverter, not of the grid.
AC_POWER = _power("Measurement.GridMs.TotW")
#: Which of them carries the island of which product is not known.
ISLAND_POWER = _power("Measurement.EpsMs.Watt")
ISLAND_PHASES = tuple(
    _power(f"Measurement.BckOnGriMs.Watt.{phase}") for phase in ("phsA", "phsB", "phsC")
)
PV_POWER = _power("Measurement.PvGen.PvW")
DC_POWER = _power("Measurement.DcMs.Watt[]")
AC_VOLTAGES = tuple(
    Channel((f"Measurement.GridMs.PhV.{phase}",), "V", 0.0, 1500.0)
    for phase in ("phsA", "phsB", "phsC")
)
AC_FREQUENCY = Channel(("Measurement.GridMs.Hz",), "Hz", 10.0, 100.0)

RATED_CAPACITY = Channel(
    ("Parameter.Bat.CapacRtgWh", "Parameter.Bat.CapacRtgWhArr[]"), "Wh", 0.0, 1.0e6
)
FLOOR = Channel(
    ("Parameter.BatUsDm.DschProDmLim", "Parameter.BatUsDm.DschProDmMin"),
    "%",
    0.0,
    50.0,
)
NOMINAL_POWERS = tuple(
    Channel((f"Parameter.Inverter.{name}",), "W", 1.0, 1.0e6)
    for name in ("WMax", "WLim")
)
