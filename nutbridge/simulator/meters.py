"""CT meters of the stand-in gateway: /ivp/meters, its readings and its reports.

As on a real one, the consumption CT sees the grid's side only: while islanded
it reads 0 W, and total-consumption leaves out the battery. Voltages at the top
level are the sum of the phases.
"""

from dataclasses import dataclass
from typing import Final

from nutbridge.simulator.bodies import SHARES
from nutbridge.simulator.house import SimulatedHouse

Row = dict[str, object]

_PRODUCTION_EID: Final = 704643328
_CONSUMPTION_EID: Final = 704643584
_CHANNELS: Final = 3
_WORDS: Final = {1: "three", 2: "split", 3: "three"}
#: Volts of one phase on the grid and on the battery's own island.
_GRID_V: Final = {1: 230.4, 2: 120.3, 3: 231.1}
_ISLAND_V: Final = {1: 229.6, 2: 119.9, 3: 229.8}
_GRID_HZ: Final = {1: 50.0, 2: 60.0, 3: 50.0}
_LIFETIME_WH: Final = {"production": 8_412_000.0, "net-consumption": 5_260_000.0}


@dataclass(frozen=True, slots=True)
class _Line:
    watts: float
    volts: float
    hertz: float

    @property
    def amperes(self) -> float:
        return round(abs(self.watts) / self.volts, 3)

    @property
    def power_factor(self) -> float:
        return 1.0 if self.watts else 0.0


def meters(house: SimulatedHouse) -> list[Row]:
    """Return the list behind /ivp/meters."""
    kinds = (
        (_PRODUCTION_EID, "production", house.production_ct),
        (_CONSUMPTION_EID, "net-consumption", house.consumption_ct),
    )
    return [
        {
            "eid": eid,
            "state": "enabled" if fitted else "disabled",
            "measurementType": kind,
            "phaseMode": _WORDS[house.phases],
            "phaseCount": house.phases,
            "meteringStatus": "normal" if fitted else "not-metering",
            "statusFlags": [],
        }
        for eid, kind, fitted in kinds
    ]


def readings(house: SimulatedHouse, now: float) -> list[Row]:
    """Return the list behind /ivp/meters/readings; always three channels."""
    rows = []
    for eid, fitted, watts in (
        (_PRODUCTION_EID, house.production_ct, house.pv_w),
        (_CONSUMPTION_EID, house.consumption_ct, house.grid_w),
    ):
        lines = _lines(house, watts if fitted else 0.0)
        unused = [_Line(0.0, 0.1, lines[0].hertz)] * (_CHANNELS - len(lines))
        channels = [
            _reading(eid * 8 + 1 + number, now, [line])
            for number, line in enumerate([*lines, *unused])
        ]
        rows.append(_reading(eid, now, lines) | {"channels": channels})
    return rows


def reports(house: SimulatedHouse, now: float) -> list[Row]:
    """Return the list behind /ivp/meters/reports."""
    rows = []
    if house.production_ct:
        rows.append(_report(house, "production", house.pv_w, now))
    if house.consumption_ct:
        total_w = house.pv_w + house.grid_w
        rows.append(_report(house, "net-consumption", house.grid_w, now))
        rows.append(_report(house, "total-consumption", total_w, now))
    return rows


def _lines(house: SimulatedHouse, watts: float) -> list[_Line]:
    volts = (_ISLAND_V if house.islanded else _GRID_V)[house.phases]
    return [
        _Line(round(watts * share, 3), volts, _GRID_HZ[house.phases])
        for share in SHARES[house.phases]
    ]


def _reading(eid: int, now: float, lines: list[_Line]) -> Row:
    watts = round(sum(line.watts for line in lines), 3)
    return {
        "eid": eid,
        "timestamp": int(now),
        "actEnergyDlvd": 0.0,
        "actEnergyRcvd": 0.0,
        "apparentEnergy": 0.0,
        "instantaneousDemand": watts,
        "activePower": watts,
        "apparentPower": abs(watts),
        "reactivePower": 0.0,
        "pwrFactor": lines[0].power_factor,
        "voltage": round(sum(line.volts for line in lines), 3),
        "current": round(sum(line.amperes for line in lines), 3),
        "freq": lines[0].hertz,
    }


def _report(house: SimulatedHouse, kind: str, watts: float, now: float) -> Row:
    lines = _lines(house, watts)
    return {
        "createdAt": int(now),
        "reportType": kind,
        "cumulative": _amounts(kind, lines),
        "lines": [_amounts(kind, [line]) for line in lines],
    }


def _amounts(kind: str, lines: list[_Line]) -> Row:
    watts = round(sum(line.watts for line in lines), 3)
    lifetime = _LIFETIME_WH.get(kind, sum(_LIFETIME_WH.values()))
    return {
        "currW": watts,
        "actPower": watts,
        "apprntPwr": abs(watts),
        "reactPwr": 0.0,
        "whDlvdCum": lifetime,
        "whRcvdCum": 0.0,
        "varhLagCum": 0.0,
        "varhLeadCum": 0.0,
        "vahCum": lifetime,
        "rmsVoltage": round(sum(line.volts for line in lines), 3),
        "rmsCurrent": round(sum(line.amperes for line in lines), 3),
        "pwrFactor": lines[0].power_factor,
        "freqHz": lines[0].hertz,
    }
