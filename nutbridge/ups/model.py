"""Readings of a UPS, whoever made it: grid, battery, power flows, identity.

Every source (IQ Gateway, inverter) turns its answers into these; the status
machine and the NUT numbers know nothing else. ``None`` is unknown, never 0.
Times are seconds of CLOCK_BOOTTIME unless the name says otherwise.

Signs: ``battery_w`` > 0 discharges, < 0 charges; ``grid_w`` > 0 is drawn from
the grid, < 0 fed into it; ``pv_w`` >= 0.
"""

from enum import StrEnum
from typing import NamedTuple


class Grid(StrEnum):
    """Where the house gets its power, as one answer of the source says."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


class GridAnswer(NamedTuple):
    """One usable or odd answer to "is the house connected to the grid".

    Attributes:
        grid: UNKNOWN when the source used a word that is not in the table.
        word: the source's own words, for the log.
        backup_mode: True when the mode proves equipment that can island the
            house (``multimode-*``), False when the mode is ``unknown``, None
            for any other mode, or none.
        generator: a generator carries the house.
        speaker: who said the word, for the log.
        unfit: why this device can be no UPS at all; empty where it can.
        stale: why a ``closed`` tells nothing of now; empty where it does.
    """

    grid: Grid
    word: str
    backup_mode: bool | None = None
    generator: bool = False
    speaker: str = "relay"
    unfit: str = ""
    stale: str = ""


class Said(StrEnum):
    """The outcome of one check of the grid, as status.events.classify decides it."""

    CLOSED = "closed"
    OPEN = "open"
    STALE = "stale"
    ODD = "odd"
    UNFIT = "unfit"
    SILENT = "silent"


class Heard(NamedTuple):
    """One check of the grid: its outcome, and the answer that it was made from.

    Attributes:
        said: decides.
        answer: of the source, None when there was none.
        why: the reason of a failed check, for the log.
    """

    said: Said
    answer: GridAnswer | None = None
    why: str = ""

    @property
    def usable(self) -> bool:
        """Whether it tells where the grid is."""
        return self.said in (Said.CLOSED, Said.OPEN)


class BatteryReading(NamedTuple):
    """Charge and size of the battery as read at ``at``.

    Attributes:
        at: CLOCK_BOOTTIME of the answer, s.
        soc_pct: state of charge, 0..100.
        capacity_wh: energy of a full battery; 0 while a gateway that has just
            started has not found its batteries.
        floor_pct: charge at which discharging stops.
        restart_pct: charge at which a dark system starts again.
        power_w: discharge (+) or charge (-).
        temperature_c: warmest battery.
        voltage_v: as measured; None where the source does not measure it.
        current_a: as measured, discharge (+) or charge (-).
        rated_wh: capacity when new, where the source tells it beside
            ``capacity_wh``.
        own_socs_pct: charge of each battery that reports, where the source
            tells them one by one.
    """

    at: float
    soc_pct: float | None = None
    capacity_wh: float | None = None
    floor_pct: float | None = None
    restart_pct: float | None = None
    power_w: float | None = None
    temperature_c: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    rated_wh: float | None = None
    own_socs_pct: tuple[float, ...] = ()


class Flows(NamedTuple):
    """Power through the house as read at ``at``, W."""

    at: float
    load_w: float | None = None
    battery_w: float | None = None
    grid_w: float | None = None
    pv_w: float | None = None


class MeterLine(NamedTuple):
    """What one meter measures, in total or on one phase.

    Attributes:
        realpower_w: signed.
        power_va: >= 0; of a total the sum of its phases.
        voltage_v: line to neutral; of a split phase's total line to line.
        current_a: >= 0, such that voltage times current is the apparent power.
        frequency_hz: of a total.
    """

    realpower_w: float | None = None
    power_va: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    frequency_hz: float | None = None


class Meter(NamedTuple):
    """A meter's total and its phases (0, 2 or 3 of them, L1 first)."""

    total: MeterLine
    lines: tuple[MeterLine, ...] = ()


class Meters(NamedTuple):
    """The grid side (``input``) and the house side (``output``), read at ``at``.

    ``phases`` is 1, 2 (split phase), 3, or None while unknown.
    """

    at: float
    input: Meter | None = None
    output: Meter | None = None
    phases: int | None = None


class Identity(NamedTuple):
    """Who answers: shown as device.* and ups.*."""

    serial: str | None = None
    firmware: str | None = None


class DeviceHealth(NamedTuple):
    """One battery, controller or Collar as the source last saw it.

    Attributes:
        name: what it is and its serial number.
        faults: what is not as it should be; empty where all is well.
        soc_pct: of a battery.
        temperature_c: of a battery.
    """

    name: str
    faults: tuple[str, ...] = ()
    soc_pct: float | None = None
    temperature_c: float | None = None

    @property
    def words(self) -> str:
        """Its faults for people, or that it is well."""
        return ", ".join(self.faults) or "well"


class Equipment(NamedTuple):
    """What stands in the inventory.

    Attributes:
        controller: True when something that can island the house is listed,
            False when other things are listed but no such one, None while the
            list is empty (a gateway that has just started shows an empty one).
        batteries: how many batteries are listed; None while the list is empty.
        collar: an IQ Meter Collar is listed: the relay alone does not tell
            whether the grid is there.
        devices: batteries and what can island the house, one by one.
        size_wh: energy of the listed batteries when full, None unless every
            one of them tells its own; 0 where there is surely none.
    """

    controller: bool | None = None
    batteries: int | None = None
    collar: bool = False
    devices: tuple[DeviceHealth, ...] = ()
    size_wh: float | None = None


class InverterHealth(NamedTuple):
    """What an inverter says about itself, read at ``at``.

    Attributes:
        pv_w: power of the PV array, >= 0.
        ac_w: given to the AC side (+) or taken from it (-).
        condition: ok, warning, fault or off.
    """

    at: float
    pv_w: float | None = None
    ac_w: float | None = None
    condition: str | None = None


class Facts(NamedTuple):
    """Everything known besides the grid, each part with its own age.

    Attributes:
        nominal_w: what the source can give for long, where it tells that.
        inverter: None where there is no such inverter in the config.
    """

    battery: BatteryReading | None = None
    flows: Flows | None = None
    meters: Meters | None = None
    identity: Identity | None = None
    equipment: Equipment | None = None
    nominal_w: float | None = None
    inverter: InverterHealth | None = None
