"""The inverter of a simulated house: the real SmaSource on answers made here.

The faults are those of gateway.py in the words of Webconnect: no session, err
401, a battery that is not found or not complete, tags that say nothing, keys
that are missing, a masked id, another class level.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from nutbridge.errors import (
    DeviceError,
    DeviceUnreachable,
    NoFreeSession,
    SessionRefused,
)
from nutbridge.sources.sma.ennexos.channels import SELF
from nutbridge.sources.sma.ennexos.readings import (
    ChannelValues,
    DeviceInfo,
    completed,
    live_reading,
)
from nutbridge.sources.sma.reading import InverterClient, UpsReading
from nutbridge.sources.sma.source import SmaSource
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.readings import ups_reading
from nutbridge.ups.model import Facts, Grid, GridAnswer
from tests.sim.clock import SimClock
from tests.sim.gateway import TRUTHFUL, Mood, SimGateway
from tests.sim.house import House

T = TypeVar("T")

_HOST = "inverter"
_FAILING: dict[Mood, DeviceError] = {
    Mood.REFUSING: DeviceUnreachable(_HOST, "connection refused"),
    Mood.BUSY_503: NoFreeSession(_HOST, "err 503", 503),
    Mood.TOKEN_401: SessionRefused(_HOST, "err 401", 401),
}
_REQUEST_S = 10.0
#: Tags of (run state, mains) that say nothing about the grid.
_ODD: dict[Mood, tuple[list[int], list[int]]] = {
    Mood.ODD_WORD: ([16777213], [1779]),
    Mood.LOST_MODE: ([], []),
}


class SimInverter(SimGateway):
    """A SimGateway whose words come from an inverter; see there."""

    def __init__(
        self, house: House, clock: SimClock, advance: Callable[[float], None]
    ) -> None:
        super().__init__(house, clock, advance)
        self._fresh = False
        self._polls = 0
        self.forget()

    def forget(self) -> None:
        super().forget()
        self._source = SmaSource(
            cast("InverterClient", self), self._again, self._clock, lambda: None
        )

    def _again(self, call: Callable[[], T], *, tries: int, until: float) -> T:
        """Ask again after half a second, as transport.retrying may."""
        for _ in range(tries - 1):
            try:
                return call()
            except DeviceUnreachable:
                if self._clock.boottime() + 0.5 >= until:
                    raise
                self._advance(0.5)
        return call()

    # What the source asks.

    host = _HOST

    def complete(self, reading: UpsReading, _until: float) -> UpsReading:
        """Nothing changes seldom."""
        return reading

    def read(self, until: float) -> UpsReading:
        """Answer as client.Webconnect does."""
        self._polls += 1
        if self.mood is Mood.SILENT:
            seconds = _REQUEST_S if self.timeout_s is None else self.timeout_s
            self._advance(max(0.0, min(seconds, until - self._clock.boottime())))
            raise DeviceUnreachable(_HOST, "no complete answer", sent=True)
        self._advance(0.1)
        if self.mood in _FAILING:
            raise _FAILING[self.mood]
        return self._answered(self._said())

    def _answered(self, said: dict[str, list[dict[str, Any]]]) -> UpsReading:
        level = "79"[self._polls // 50 % 2]
        device = ("01B8-B3250EDF", "01B8-xxxxxEDF")[self._polls // 70 % 2]
        return ups_reading({device: {key: {level: one} for key, one in said.items()}})

    def _said(self) -> dict[str, list[dict[str, Any]]]:
        house = self.house
        run, mains = ([235], [1780]) if house.grid else ([1463], [1781])
        run, mains = _ODD.get(self.mood, (run, mains))
        said: dict[str, Any] = {
            keys.RUN_STATE: [{"tag": tag} for tag in run],
            keys.MAINS: [{"tag": tag} for tag in mains],
            keys.AC_POWER.key: 0 if house.grid else house.load_w,
            keys.DRAWN.key: house.load_w if house.grid else 0,
            keys.FED_IN.key: 0,
            keys.PV_POWER.key: house.pv_w,
        }
        if self.mood is not Mood.NO_SECCTRL:
            said |= self._battery_said()
        return {key: [{"val": value}] for key, value in said.items()}

    def _battery_said(self) -> dict[str, Any]:
        power_w, battery = self.house.battery_w, self._battery(0.0)
        assert battery is not None
        gone = self.mood is Mood.ZEROS
        return {
            keys.SOC.key: battery.soc_pct,
            keys.RATED_CAPACITY.key: battery.capacity_wh,
            keys.BATTERY_VOLTAGE.key: 0 if gone else 40_000,
            keys.BATTERY_STATE: [{"tag": 303 if gone else 2293}],
            keys.DISCHARGE_POWER.key: 0 if gone else max(0.0, power_w),
            keys.CHARGE_POWER.key: 0 if gone else max(0.0, -power_w),
        }

    # What the monitor asks.

    def grid(self, until: float) -> GridAnswer:
        self._fresh = False
        answer = self._source.grid(until)
        self._fresh = True
        if answer.grid is not Grid.UNKNOWN:
            self.last_usable = answer.grid
        return answer

    def begin_round(self) -> None:
        self._source.begin_round()

    def details(self, until: float) -> bool:
        self.on_details()
        before = self._source.facts.battery
        complete = self._source.details(until)
        battery = self._source.facts.battery
        now = self._clock.boottime()
        if battery is None or battery is before or not self._fresh:
            return complete
        if self.mood in TRUTHFUL:
            self.rounds += 1
            self.known = True
        elif not self._credible(now, battery):
            return complete
        self.reading_at = battery.at
        self._truth = (battery.at, battery.soc_pct or 0.0)
        return complete

    @property
    def facts(self) -> Facts:
        return self._source.facts


#: The words of Webconnect in ennexOS.
_CHANNELS = {
    keys.RUN_STATE: "Operation.RunStt",
    keys.MAINS: "Operation.PvGriConn",
    keys.AC_POWER.key: "GridMs.TotW",
    keys.DRAWN.key: "Metering.GridMs.TotWIn",
    keys.FED_IN.key: "Metering.GridMs.TotWOut",
    keys.PV_POWER.key: "PvGen.PvW",
    keys.SOC.key: "Bat.ChaStt",
    keys.BATTERY_VOLTAGE.key: "Bat.Vol[]",
    keys.DISCHARGE_POWER.key: "BatDsch.CurBatDsch",
    keys.CHARGE_POWER.key: "BatChrg.CurBatCha",
}


class SimEnnexos(SimInverter):
    """The same in ennexOS: tags as floats, arrays, parameters as texts."""

    def _answered(self, said: dict[str, list[dict[str, Any]]]) -> UpsReading:
        live = []
        for key, channel in _CHANNELS.items():
            value = said[key][0]["val"] if key in said else "NaN"
            if isinstance(value, list):
                value = float(value[0]["tag"]) if value else 16777213.0
            entry = {"value": value}
            if channel.endswith("[]"):
                volts = value / 100 if isinstance(value, float | int) else value
                entry = {"values": [volts, 0.0]}
            live.append(
                {
                    "channelId": f"Measurement.{channel}",
                    "componentId": SELF,
                    "values": [{"time": "2026-01-02T03:04:05.678Z", **entry}],
                }
            )
        rated = said.get(keys.RATED_CAPACITY.key, [{"val": "NaN"}])[0]["val"]
        params = [
            {
                "componentId": SELF,
                "values": [
                    {"channelId": "Parameter.Bat.CapacRtgWh", "value": str(rated)}
                ],
            }
        ]
        reading = live_reading(ChannelValues.of_live(live))
        return completed(
            reading, DeviceInfo(serial="1"), ChannelValues.of_parameters(params)
        )
