"""Answers of the gateway about its CT meters, in our words and units.

``/ivp/meters`` says which meters are fitted, ``/ivp/meters/reports`` what they
measure. Readings of a meter that is not enabled are noise.
"""

from enum import StrEnum
from typing import Any, NamedTuple, Self

from nutbridge.net.jsonfields import (
    as_list,
    child,
    children,
    number,
    text,
    whole,
)
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.readings import POWER_MAX_W, Endpoint
from nutbridge.ups.model import MeterLine
from nutbridge.ups.units import apparent_va

#: The cumulative voltage is the sum of the phases: 3 x 240 V is 720.
VOLTAGE_MAX_V = 1500.0
#: Three phases of a large house.
CURRENT_MAX_A = 3000.0
FREQUENCY_RANGE_HZ = (10.0, 100.0)
_PHASES_MAX = 3


class MeterType(StrEnum):
    """Kinds of meters that are used; others are left out."""

    PRODUCTION = "production"
    NET = "net-consumption"
    TOTAL = "total-consumption"
    STORAGE = "storage"


#: phaseMode where phaseCount is missing. An EU single phase has phaseMode
#: "three" and phaseCount 1, so the count goes first.
_MODE_PHASES = {"single": 1, "split": 2, "three": 3}


class MeterSetup(NamedTuple):
    """Which CTs are enabled, and how many phases the house has.

    Attributes:
        listed: how many meters of any kind are listed.
        enabled: kinds of meters that are enabled and measure.
        phases: 1, 2, 3, as enabled meters tell; or None.
        split: two of them are a split phase, not two of three phases.
    """

    listed: int = 0
    enabled: frozenset[MeterType] = frozenset()
    phases: int | None = None
    split: bool = True

    @property
    def consumption(self) -> bool:
        """Whether a CT sees what the house draws."""
        return MeterType.NET in self.enabled or MeterType.TOTAL in self.enabled

    @property
    def production(self) -> bool:
        """Whether a CT sees the solar production."""
        return MeterType.PRODUCTION in self.enabled

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/meters.

        Source: GET /ivp/meters, firmware 7 and 8; an empty list without CTs.
        Shape: [{"state": "enabled" | "disabled", "measurementType",
        "phaseMode": "single" | "split" | "three", "phaseCount",
        "meteringStatus": "normal" | "not-metering" | "check-wiring"}]
        """
        meters = [meter for meter in as_list(value) if isinstance(meter, dict)]
        enabled: list[tuple[MeterType, dict[str, Any]]] = []
        for meter in meters:
            kind = _kind(text(meter, "measurementType"))
            measures = text(meter, "meteringStatus") != "not-metering"
            if kind and measures and text(meter, "state") == "enabled":
                enabled.append((kind, meter))
        # The consumption CT sits on the mains; it knows the phases best.
        enabled.sort(key=lambda pair: pair[0] not in (MeterType.NET, MeterType.TOTAL))
        kinds = frozenset(kind for kind, _ in enabled)
        for _, meter in enabled:
            if phases := _phases(meter):
                split = text(meter, "phaseMode") != "three"
                return cls(len(meters), kinds, phases, split=split)
        return cls(len(meters), kinds)


def _kind(word: str | None) -> MeterType | None:
    try:
        return MeterType(word) if word else None
    except ValueError:
        return None


def _phases(meter: dict[str, Any]) -> int | None:
    count = whole(meter, "phaseCount", 1, _PHASES_MAX)
    return count or _MODE_PHASES.get(text(meter, "phaseMode") or "")


class MeterReport(NamedTuple):
    """What one meter measures, and as many ``lines`` as the gateway sent.

    ``total`` is the gateway's ``cumulative``: the algebraic sum of the lines in
    everything, voltage, VA and current included.
    """

    total: MeterLine
    lines: tuple[MeterLine, ...] = ()


class MeterReports(NamedTuple):
    """One report of each kind, or None."""

    production: MeterReport | None = None
    net: MeterReport | None = None
    total: MeterReport | None = None
    storage: MeterReport | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/meters/reports.

        Source: GET /ivp/meters/reports, firmware 7 and 8. ``currW`` is in
        watts. Lines are phaseCount entries on 8.3.5169, always 3 on 8.3.6086.
        ``total-consumption`` is production plus net: the battery is not in it.
        Shape: [{"reportType", "cumulative": {"currW", "apprntPwr", ...},
        "lines": [{...}]}]
        """
        found: dict[MeterType, MeterReport] = {}
        for report in as_list(value):
            kind = _kind(text(report, "reportType"))
            if kind:
                lines = children(report, "lines")[:_PHASES_MAX]
                found[kind] = MeterReport(
                    _line(child(report, "cumulative")),
                    tuple(_line(line) for line in lines),
                )
        return cls(
            production=found.get(MeterType.PRODUCTION),
            net=found.get(MeterType.NET),
            total=found.get(MeterType.TOTAL),
            storage=found.get(MeterType.STORAGE),
        )


def _line(measured: dict[str, Any]) -> MeterLine:
    """Read one line; VA and A have the sign of the power on some firmware.

    Neither is a measurement that could not carry the watts beside it: 0 VA, 0 A.
    """
    realpower_w = number(measured, "currW", -POWER_MAX_W, POWER_MAX_W)
    power_va = number(measured, "apprntPwr", -POWER_MAX_W, POWER_MAX_W)
    volts = number(measured, "rmsVoltage", 0, VOLTAGE_MAX_V)
    current_a = number(measured, "rmsCurrent", -CURRENT_MAX_A, CURRENT_MAX_A)
    current_a = None if current_a is None else abs(current_a)
    if current_a is not None and volts is not None:
        carries = apparent_va(current_a * volts, realpower_w) is not None
        current_a = current_a if carries else None
    return MeterLine(
        realpower_w=realpower_w,
        power_va=apparent_va(None if power_va is None else abs(power_va), realpower_w),
        voltage_v=volts,
        current_a=current_a,
        frequency_hz=number(measured, "freqHz", *FREQUENCY_RANGE_HZ),
    )


METERS = Endpoint(paths.METERS, MeterSetup.from_json)
REPORTS = Endpoint(paths.REPORTS, MeterReports.from_json)
