"""Collects what `nutbridge status` shows; changes nothing."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.nut.port_file import PortFile, PortFileName
from nutbridge.nut.variables import CHARGE_LOW, SOURCE
from nutbridge.sources.sma.status import ILL
from nutbridge.system.clock import Clock
from nutbridge.system.lock import PortLock
from nutbridge.tools.status.live import LiveView
from nutbridge.tools.status.report import (
    NEVER,
    Battery,
    GatewayReport,
    GridReport,
    Live,
    MonitorReport,
    PowerReport,
    Status,
    Token,
    When,
    note_due_s,
    source_of,
)
from nutbridge.tools.status.report import PortFileReport as PortFileView
from nutbridge.tools.status.state import Noted, read_noted
from nutbridge.tools.status.token import find_token
from nutbridge.tools.status.values import PortView, read_port
from nutbridge.ups.model import DeviceHealth, Facts, Flows
from nutbridge.ups.status.memory import Memory


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, by both clocks.

    Attributes:
        boot: CLOCK_BOOTTIME, s.
        wall: s since 1970.
    """

    boot: float
    wall: float

    def when(self, at: float | None) -> When:
        """Return the moment of a CLOCK_BOOTTIME of this boot."""
        if at is None or at > self.boot:
            return NEVER
        age_s = round(self.boot - at, 1)
        return When(round(self.wall - age_s, 1), age_s)

    def wall_when(self, epoch: float | None) -> When:
        """Return the moment of a time stamp of a file."""
        if epoch is None:
            return NEVER
        # A port file's time runs ahead where it was written twice in a second.
        return When(round(epoch, 1), round(max(0.0, self.wall - epoch), 1))


def look(
    settings: Settings, clock: Clock, environ: Mapping[str, str] = os.environ
) -> Status:
    """Return what the files say now.

    Raises:
        PortFileError: the port file or its lock cannot be read.
    """
    port = PortFile(Path(settings.port_file), clock)
    owner = PortLock(port.real).owner()
    view = read_port(port)
    noted = read_noted(settings, port.real, clock, environ)
    now = Moment(clock.boottime(), clock.wall())
    # Times of another boot tell nothing.
    memory = noted.saved.memory if noted and noted.this_boot else Memory()
    return Status(
        ups=settings.ups,
        time=round(now.wall, 1),
        status=view.status,
        since=_since(view, noted, memory, now),
        monitor=MonitorReport(
            running=owner is not None,
            pid=owner.pid if owner else None,
            state=memory.state.value if noted and noted.this_boot and owner else None,
            noted=now.when(memory.noted_at),
            note_due_s=note_due_s(settings.pollfreq_s, settings.relayfreq_s),
        ),
        port_file=PortFileView(
            str(port.path), view.place.value, now.wall_when(view.mtime_epoch)
        ),
        grid=_grid(memory, now),
        battery=_battery(view, noted, memory, now),
        power=_power(view, memory, now),
        gateway=_gateway(settings, view, memory, now),
        token=_token(settings, now),
        devices=(*memory.devices, *_ill_inverter(view)),
    )


def _ill_inverter(view: PortView) -> Iterator[DeviceHealth]:
    condition = view.texts.get("experimental.sma.health", "")
    if condition in ILL:
        yield DeviceHealth("inverter", (f"reports a {condition}",))


def _token(settings: Settings, now: Moment) -> Token:
    if settings.inverter_alone:
        return Token()
    found = find_token(settings, now.wall)
    return Token(
        account=found.kind,
        days_left=found.days_left,
        expires=found.claims.expires_epoch if found.claims else None,
        problem=found.problem,
    )


def _since(view: PortView, noted: Noted | None, memory: Memory, now: Moment) -> When:
    """Return since when the file says OL or OB, or is hidden."""
    if noted is None or not noted.this_boot:
        return NEVER
    told = memory.shown
    same = told.status.split()[:1] == (view.status or "").split()[:1]
    return now.when(told.since) if same else NEVER


def _grid(memory: Memory, now: Moment) -> GridReport:
    relay = memory.relay
    return GridReport(
        word=relay.grid.value if relay.grid else None,
        asked=now.when(relay.at),
        silent_since=now.when(relay.silent_since),
        why=(relay.silent_since is not None and relay.why) or None,
    )


def _battery(
    view: PortView, noted: Noted | None, memory: Memory, now: Moment
) -> Battery:
    charge = memory.battery.charge
    visible = view.place is PortFileName.VISIBLE
    charge_pct = view.number("battery.charge") if visible else None
    return Battery(
        charge_pct=charge_pct,
        charge_low_pct=view.number(CHARGE_LOW),
        runtime_s=view.number("battery.runtime") if visible else None,
        # What outlives a boot.
        capacity_wh=noted.saved.memory.battery.capacity_wh if noted else None,
        temperature_c=view.number("battery.temperature") if visible else None,
        source=source_of(view.texts.get(SOURCE)) if charge_pct is not None else None,
        read=now.when(charge.at if charge else None),
        read_pct=charge.soc_pct if charge else None,
        fitted=memory.battery.fitted,
    )


def _power(view: PortView, memory: Memory, now: Moment) -> PowerReport:
    visible = view.place is PortFileName.VISIBLE
    load_pct = view.number("ups.load") if visible else None
    nominal_w = view.number("ups.realpower.nominal") if visible else None
    flows = memory.flow.last
    if flows is not None:
        return _flows(flows, now.when(flows.at), load_pct, nominal_w)
    load_w = view.number("ups.realpower") if visible else None
    written = now.wall_when(view.mtime_epoch) if load_w is not None else NEVER
    return PowerReport(
        load_w=load_w, load_pct=load_pct, nominal_w=nominal_w, read=written
    )


def _flows(
    flows: Flows, read: When, load_pct: float | None, nominal_w: float | None
) -> PowerReport:
    return PowerReport(
        load_w=flows.load_w,
        load_pct=load_pct,
        nominal_w=nominal_w,
        battery_w=flows.battery_w,
        grid_w=flows.grid_w,
        pv_w=flows.pv_w,
        read=read,
    )


def _gateway(
    settings: Settings, view: PortView, memory: Memory, now: Moment
) -> GatewayReport:
    gap = memory.last_gap
    inverter = settings.sma if settings.inverter_alone else None
    return GatewayReport(
        kind="inverter" if inverter else "gateway",
        host=inverter.host if inverter else settings.envoy_host,
        serial=view.texts.get("device.serial") or settings.serial or None,
        firmware=view.texts.get("ups.firmware"),
        gap_s=round(gap.length_s, 1) if gap else None,
        gap_ended=now.when(gap.ended_at if gap else None),
    )


def live_of(view: LiveView, clock: Clock) -> Live:
    """Return what the gateway said, in the words of a status."""
    now = Moment(clock.boottime(), clock.wall())
    if view.answer is None:
        return Live(problem=view.problem)
    return Live(
        grid=view.answer.word,
        battery=_live_battery(view.facts, now),
        power=_live_power(view.facts, now),
    )


def _live_battery(facts: Facts, now: Moment) -> Battery | None:
    reading = facts.battery
    if reading is None:
        return None
    return Battery(
        charge_pct=reading.soc_pct,
        capacity_wh=reading.capacity_wh,
        temperature_c=reading.temperature_c,
        source="read",
        read=now.when(reading.at),
        read_pct=reading.soc_pct,
    )


def _live_power(facts: Facts, now: Moment) -> PowerReport | None:
    flows = facts.flows
    return None if flows is None else _flows(flows, now.when(flows.at), None, None)
