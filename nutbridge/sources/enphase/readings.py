"""Answers of the gateway about grid and batteries, in our words and units.

Only ``from_json`` knows names of the wire. A field that is missing, odd or
absurd is ``None``; an answer that is no answer at all raises BodyError.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, Self, TypeVar

from nutbridge.net.jsonfields import (
    BodyError,
    as_list,
    as_object,
    child,
    children,
    flag,
    number,
    text,
)
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.info import EPOCH_RANGE
from nutbridge.ups.model import DeviceHealth
from nutbridge.ups.units import MILLI

T = TypeVar("T")

#: No house has more; a larger number is junk. 1 MW, 1 MWh.
POWER_MAX_W = 1.0e6
CAPACITY_MAX_WH = 1.0e6
#: A battery stops discharging well below half; more than this is no floor.
FLOOR_MAX_PCT = 50.0
#: ``device_type`` of an IQ Battery.
_ENCHARGE = 13
#: IQ Batteries work from -20 to 55 degC.
TEMPERATURE_RANGE_C = (-50.0, 120.0)


class Dated(NamedTuple, Generic[T]):
    """An answer and when it came.

    Attributes:
        value: the reading.
        at: CLOCK_BOOTTIME of the answer, s.
        gateway_epoch_s: the gateway's own clock in the HTTP Date header,
            seconds since 1970, or None.
    """

    value: T
    at: float
    gateway_epoch_s: float | None = None


class Endpoint(NamedTuple, Generic[T]):
    """What is read with GET.

    Attributes:
        path: where.
        read: makes the reading, of the parsed JSON; of the bytes without a token.
        known: asked with the token, of the gateway alone that is known to be ours.
    """

    path: str
    read: Callable[[Any], T]
    known: bool = True


class Relay(NamedTuple):
    """The relay between the house and the grid, in the gateway's words."""

    oper: str | None = None
    admin: str | None = None
    modes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/ensemble/relay.

        Source: GET /ivp/ensemble/relay, firmware 7 and 8.
        Shape: {"mains_oper_state": "closed" | "open" | "open ...",
        "mains_admin_state": ..., "Enchg_grid_mode": ..., "Solar_grid_mode": ...}
        Without the first it is no answer.
        """
        relay = as_object(value)
        oper = text(relay, "mains_oper_state")
        if oper is None:
            raise BodyError("no mains_oper_state in the answer")
        modes = (text(relay, "Enchg_grid_mode"), text(relay, "Solar_grid_mode"))
        return cls(
            oper=oper,
            admin=text(relay, "mains_admin_state"),
            modes=tuple(mode.lower() for mode in modes if mode),
        )


class PhasePower(NamedTuple):
    """Power of one phase or of all."""

    realpower_w: float | None = None
    power_va: float | None = None


class LiveData(NamedTuple):
    """What the live stream last said; worthless once ``last_update`` is old.

    Attributes:
        last_update_s: time of the values by the gateway's clock, epoch.
        stream_on: values are renewed every second.
        soc_pct: charge; None for 0, which is what a gateway says that has not
            found its batteries yet (they stop at their floor, never at 0).
        battery_w: > 0 discharges.
        load_lines: load of phases a, b, c.
    """

    last_update_s: float | None = None
    stream_on: bool = False
    soc_pct: float | None = None
    load: PhasePower = PhasePower()
    load_lines: tuple[PhasePower, ...] = ()
    battery_w: float | None = None
    grid_w: float | None = None
    pv_w: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/livedata/status.

        Source: GET /ivp/livedata/status, firmware 7 and 8; old ones lack the
        phases. Powers in mW and mVA.
        Shape: {"connection": {"sc_stream"}, "info"?, "meters": {"last_update",
        "soc", "load" | "grid" | "pv" | "storage": {"agg_p_mw", "agg_s_mva",
        "agg_p_ph_a_mw", ...}}}
        """
        live = as_object(value)
        meters = child(live, "meters")
        pv_w = _milli(child(meters, "pv"), "agg_p_mw")
        stream = text(child(live, "connection"), "sc_stream")
        load = child(meters, "load")
        lines = tuple(
            PhasePower(
                _milli(load, f"agg_p_ph_{phase}_mw"),
                _size(_milli(load, f"agg_s_ph_{phase}_mva")),
            )
            for phase in "abc"
        )
        return cls(
            last_update_s=number(meters, "last_update", *EPOCH_RANGE),
            # "info" says that the stream is off, whatever sc_stream says.
            stream_on=stream == "enabled" and "info" not in live,
            soc_pct=number(meters, "soc", 0, 100) or None,
            load=PhasePower(_milli(load, "agg_p_mw"), _apparent_va(load, lines)),
            load_lines=lines,
            battery_w=_milli(child(meters, "storage"), "agg_p_mw"),
            grid_w=_milli(child(meters, "grid"), "agg_p_mw"),
            # A dark array draws a few W.
            pv_w=None if pv_w is None else max(0.0, pv_w),
        )


def _apparent_va(load: Any, lines: tuple[PhasePower, ...]) -> float | None:
    """Return the sum of the legs: agg_s_mva is that of signed ones (8.3.6086)."""
    known = [line.power_va for line in lines if line.power_va is not None]
    return sum(known) if known else _size(_milli(load, "agg_s_mva"))


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _milli(value: Any, key: str) -> float | None:
    limit = POWER_MAX_W * MILLI
    found = number(value, key, -limit, limit)
    return None if found is None else found / MILLI


class SecCtrl(NamedTuple):
    """Charge and size of the batteries, independent of the live stream.

    Attributes:
        soc_pct: charge of the IQ Batteries, AC Batteries left out where the
            firmware tells them apart: they do not carry a house.
        capacity_wh: energy of the IQ Batteries when full; 0 while a gateway
            that has just started has not found them, or without any.
        floor_pct: the higher of the two charges at which discharging stops,
            None when the gateway names none.
        restart_pct: charge at which a dark system starts again.
        reserve_pct: what the owner keeps for outages while on line.
    """

    soc_pct: float | None = None
    capacity_wh: float | None = None
    floor_pct: float | None = None
    restart_pct: float | None = None
    reserve_pct: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/ensemble/secctrl.

        Source: GET /ivp/ensemble/secctrl, firmware 7 and 8; capacities from
        7.3, VLS_Limit from 8.1, soc_recovery_* from 8.2.
        Shape: {"agg_soc", "ENC_agg_soc", "Max_energy",
        "Enc_max_available_capacity", "VLS_Limit", "soc_recovery_entry", ...}
        """
        seen = as_object(value)
        floors = (
            number(seen, "VLS_Limit", 0, FLOOR_MAX_PCT),
            number(seen, "soc_recovery_entry", 0, FLOOR_MAX_PCT),
        )
        return cls(
            soc_pct=_first(
                number(seen, "ENC_agg_soc", 0, 100), number(seen, "agg_soc", 0, 100)
            ),
            capacity_wh=_first(
                number(seen, "Enc_max_available_capacity", 0, CAPACITY_MAX_WH),
                number(seen, "Max_energy", 0, CAPACITY_MAX_WH),
            ),
            floor_pct=max(floor or 0.0 for floor in floors) or None,
            restart_pct=number(seen, "soc_recovery_exit", 0, 100),
            reserve_pct=_first(
                number(seen, "adjusted_backup_soc", 0, 100),
                number(seen, "configured_backup_soc", 0, 100),
            ),
        )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


class Controller(NamedTuple):
    """A System Controller (ENPOWER) as the inventory lists it.

    Attributes:
        oper: its ``mains_oper_state``, as in /ivp/ensemble/relay.
        communicating: False while the gateway has lost it.
        reported_s: its ``last_rpt_date``, by the gateway's clock.
    """

    oper: str | None = None
    communicating: bool | None = None
    reported_s: float | None = None


class Collar(NamedTuple):
    """An IQ Meter Collar; its ``grid_state`` does not follow the grid.

    Attributes:
        admin_state: its ``admin_state_str``.
        mid_state: of its switch.
        communicating: False while the gateway has lost it.
    """

    admin_state: str | None = None
    mid_state: str | None = None
    communicating: bool | None = None

    def __str__(self) -> str:
        """Its words, for the log."""
        lost = " (lost)" if self.communicating is False else ""
        return f"collar {self.admin_state or '?'} {self.mid_state or '?'}{lost}"


class BatteryReport(NamedTuple):
    """When a battery was last heard.

    Attributes:
        serial: its number.
        communicating: False while the gateway has lost it.
        reported_s: its ``last_rpt_date``, by the gateway's clock.
    """

    serial: str | None = None
    communicating: bool | None = None
    reported_s: float | None = None


class Inventory(NamedTuple):
    """What is fitted; empty while a gateway starts.

    Attributes:
        devices: how many devices of any kind are listed.
        enpowers: every System Controller (ENPOWER).
        batteries: how many IQ Batteries (ENCHARGE).
        collars: every IQ Meter Collar.
        sizes_wh: ``encharge_capacity`` of every battery, with its serial number.
        warmest_c: the warmest battery, degC.
        health: of each battery, System Controller and Collar.
        battery_reports: when each battery was last heard.
    """

    devices: int = 0
    enpowers: tuple[Controller, ...] = ()
    batteries: int = 0
    collars: tuple[Collar, ...] = ()
    warmest_c: float | None = None
    battery_reports: tuple[BatteryReport, ...] = ()
    health: tuple[DeviceHealth, ...] = ()
    sizes_wh: tuple[tuple[str | None, float | None], ...] = ()

    @property
    def size_wh(self) -> float | None:
        """All batteries together, or None when one tells no size, or none is there."""
        sizes_wh = [size_wh for _, size_wh in self.sizes_wh if size_wh]
        whole = len(sizes_wh) == len(self.sizes_wh)
        return sum(sizes_wh) if sizes_wh and whole else None

    @property
    def batteries_reported_s(self) -> float | None:
        """Newest report of a battery, by the gateway's clock."""
        told = (each.reported_s for each in self.battery_reports)
        return max((date for date in told if date is not None), default=None)

    @property
    def dates(self) -> frozenset[float]:
        """When what tells of the grid has reported, by the gateway's clock."""
        told = (self.batteries_reported_s, *(each.reported_s for each in self.enpowers))
        return frozenset(date for date in told if date is not None)

    @property
    def known(self) -> bool:
        """Whether anything of an Ensemble is listed."""
        return bool(self.batteries or self.enpowers or self.collars)

    @property
    def controllers(self) -> int:
        """How many System Controllers are listed."""
        return len(self.enpowers)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/ensemble/inventory.

        Source: GET /ivp/ensemble/inventory, firmware 7 and 8. A member without
        ``type`` is the grid profile. ENPOWER's temperature is in degF and not
        used; a battery's is "unknown" after a reboot of the gateway.
        Shape: [{"type": "ENPOWER" | "ENCHARGE" | "COLLAR" | ..., "devices": []}]
        """
        by_type: dict[str, list[dict[str, Any]]] = {}
        for group in as_list(value):
            kind = text(group, "type")
            if kind:
                by_type.setdefault(kind.upper(), []).extend(children(group, "devices"))
        batteries = by_type.get("ENCHARGE", [])
        return cls(
            devices=sum(len(devices) for devices in by_type.values()),
            enpowers=tuple(
                Controller(
                    text(device, "mains_oper_state"),
                    flag(device, "communicating"),
                    _reported_s(device),
                )
                for device in by_type.get("ENPOWER", [])
            ),
            batteries=len(batteries),
            collars=tuple(
                Collar(
                    text(device, "admin_state_str"),
                    text(device, "mid_state"),
                    flag(device, "communicating"),
                )
                for device in by_type.get("COLLAR", [])
            ),
            health=tuple(
                _health(kind, device)
                for kind in _KINDS
                for device in by_type.get(kind, [])
            ),
            warmest_c=_warmest_c(batteries),
            battery_reports=tuple(
                BatteryReport(
                    text(battery, "serial_num"),
                    flag(battery, "communicating"),
                    _reported_s(battery),
                )
                for battery in batteries
            ),
            sizes_wh=tuple(
                (
                    text(battery, "serial_num"),
                    number(battery, "encharge_capacity", 0, CAPACITY_MAX_WH),
                )
                for battery in batteries
            ),
        )


#: Kinds of devices whose health counts, as people call them.
_KINDS = {
    "ENPOWER": "System Controller",
    "COLLAR": "Meter Collar",
    "ENCHARGE": "battery",
}
#: Key, the value that is no good sign, and what it means. Users report the first
#: two; nothing recorded shows any of them.
_FAULTS = (
    ("communicating", False, "does not communicate"),
    ("dc_switch_off", True, "its DC switch is off"),
    ("sleep_enabled", True, "asleep"),
)


def _warmest_c(batteries: list[dict[str, Any]]) -> float | None:
    """Return the warmest; of one that the gateway has lost it is the last one told."""
    degrees = [
        number(battery, key, *TEMPERATURE_RANGE_C)
        for battery in batteries
        if flag(battery, "communicating") is not False
        for key in ("temperature", "maxCellTemp")
    ]
    return max((c for c in degrees if c is not None), default=None)


def _health(kind: str, device: dict[str, Any]) -> DeviceHealth:
    degrees = (number(device, "temperature", *TEMPERATURE_RANGE_C),)
    return DeviceHealth(
        name=f"{_KINDS[kind]} {text(device, 'serial_num') or '?'}",
        faults=tuple(words for key, bad, words in _FAULTS if flag(device, key) is bad),
        soc_pct=number(device, "percentFull", 0, 100) if kind == "ENCHARGE" else None,
        # A controller's is in degF.
        temperature_c=degrees[0] if kind == "ENCHARGE" else None,
    )


def _reported_s(device: dict[str, Any]) -> float | None:
    return number(device, "last_rpt_date", *EPOCH_RANGE)


class EnsembleStatus(NamedTuple):
    """What each IQ Battery reports of itself.

    Attributes:
        modes: of each that tells one, in lower case, with its serial number.
        rated_w: what all of them can give for long; None unless each tells it.
        batteries: how many are listed.
    """

    modes: tuple[tuple[str, str], ...] = ()
    rated_w: float | None = None
    batteries: int = 0

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/ensemble/status.

        Source: GET /ivp/ensemble/status, firmware 7 and 8; refused to owners by
        7.3.130. ``reported_grid_mode`` was ``multimode-offgrid`` in a real outage.
        ``encharge_rated_power`` is 1280 W of the first generations, 3840 W of a 5P.
        Shape: {"inventory": {"serial_nums": {"122...": {"device_type": 13,
        "reported_grid_mode": "multimode-ongrid", "encharge_rated_power": 3840}}}}
        """
        listed = child(child(as_object(value), "inventory"), "serial_nums")
        devices = {serial: child(listed, serial) for serial in listed}
        modes = {
            serial: text(device, "reported_grid_mode")
            for serial, device in devices.items()
        }
        rated = [
            number(device, "encharge_rated_power", 1, POWER_MAX_W)
            for device in devices.values()
            if device.get("device_type") == _ENCHARGE
        ]
        known = [each for each in rated if each is not None]
        return cls(
            tuple((serial, mode.lower()) for serial, mode in modes.items() if mode),
            sum(known) if known and len(known) == len(rated) else None,
            len(rated),
        )


class BatteryPowers(NamedTuple):
    """Power and charge of the IQ Batteries, one by one.

    Attributes:
        batteries_w: W each, > 0 discharges.
        socs_pct: charge of each, with its serial number.
    """

    batteries_w: tuple[float | None, ...] = ()
    socs_pct: tuple[tuple[str | None, float | None], ...] = ()

    @property
    def total_w(self) -> float | None:
        """The sum, or None when one is unknown or there is none."""
        known = [power_w for power_w in self.batteries_w if power_w is not None]
        if not known or len(known) != len(self.batteries_w):
            return None
        return sum(known)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read /ivp/ensemble/power.

        Source: GET /ivp/ensemble/power, firmware 7 and 8; the colon belongs to
        the key.
        Shape: {"devices:": [{"serial_num": "122...", "real_power_mw": -1324000,
        "soc": 54, ...}]}
        """
        power = as_object(value)
        key = "devices:" if "devices:" in power else "devices"
        devices = children(power, key)
        return cls(
            tuple(_milli(device, "real_power_mw") for device in devices),
            tuple(
                (text(device, "serial_num"), number(device, "soc", 0, 100))
                for device in devices
            ),
        )


RELAY = Endpoint(paths.RELAY, Relay.from_json)
LIVEDATA = Endpoint(paths.LIVEDATA, LiveData.from_json)
SECCTRL = Endpoint(paths.SECCTRL, SecCtrl.from_json)
INVENTORY = Endpoint(paths.INVENTORY, Inventory.from_json)
#: A large answer, for want of a better.
STATUS = Endpoint(paths.STATUS, EnsembleStatus.from_json)
POWER = Endpoint(paths.POWER, BatteryPowers.from_json)
