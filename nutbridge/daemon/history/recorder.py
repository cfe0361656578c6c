"""Decides what is worth a line of the history, after each check."""

from typing import NamedTuple

from nutbridge.daemon.history.background import BackgroundWriter
from nutbridge.daemon.history.points import HistoryPoint, render_point
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts
from nutbridge.ups.status.house import (
    HouseMemory,
    house_of,
    render_house,
)
from nutbridge.ups.status.low import Verdict
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

#: Between two points where nothing changes, s.
EVERY_S = 900.0
OUTAGE_EVERY_S = 60.0
#: A silence is told from this length on: single failed polls are no news (chosen).
SILENT_LEAST_S = 60.0
#: Power older than this is not of now.
_FLOWS_S = 300.0
#: Changes of anything but the status that a day may bring: a gateway that comes and
#: goes must not fill the file.
_CHANGES_A_DAY = 240.0
#: The loads of the last hours are kept so often; a card of flash wears out.
KEEP_EVERY_S = SECONDS_PER_HOUR
#: At the end of the process a disk gets so long.
END_S = 0.3


class AfterCheck(NamedTuple):
    """What a monitor knows after a check.

    Attributes:
        memory: of the monitor.
        verdict: what was last written; None before.
        facts: of its source.
    """

    memory: Memory
    verdict: Verdict | None
    facts: Facts


def point_of(
    memory: Memory, verdict: Verdict | None, now: float, wall: float, origin: str
) -> HistoryPoint:
    """Return what is true now.

    Args:
        memory: of the monitor.
        verdict: what was last written.
        now: CLOCK_BOOTTIME, s.
        wall: s since 1970.
        origin: of machine and boot.
    """
    words = memory.shown.status.split()
    status = " ".join(word for word in words if word in ("OL", "OB", "LB"))
    since, flows = memory.relay.silent_since, memory.flow.last
    silent_s = None if since is None else now - since
    if silent_s is not None and silent_s < SILENT_LEAST_S:
        silent_s = None
    if flows is not None and not 0 <= now - flows.at < _FLOWS_S:
        flows = None
    # What a hidden file said is not of now.
    shown = verdict if status else None
    return HistoryPoint(
        at=wall,
        up=now,
        origin=origin,
        status=status,
        soc_pct=shown.soc_pct if shown else None,
        reckoned=bool(shown and shown.estimated and shown.soc_pct is not None),
        battery_w=flows.battery_w if flows else None,
        load_w=flows.load_w if flows else None,
        pv_w=flows.pv_w if flows else None,
        grid_w=flows.grid_w if flows else None,
        runtime_s=shown.runtime_s if shown else None,
        capacity_wh=memory.battery.size_wh,
        silent_s=silent_s,
        generator=memory.generator_since is not None,
        faults=tuple(
            f"{dev.name}: {dev.words}" for dev in memory.devices if dev.faults
        ),
    )


class HistoryRecorder:
    """Notes what a monitor did and saw.

    Args:
        writer: of the files.
        clock: all times.
        machine: names it; "" where it has no name.
        serial: configured; "" where any device may answer.
        house: what was known of the house at the start, or None.
    """

    def __init__(
        self,
        writer: BackgroundWriter,
        clock: Clock,
        machine: str,
        serial: str,
        house: HouseMemory | None,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._origin = f"{machine}.{clock.boot_id()[:8]}"
        self._serial = serial
        self._house = house
        self._last: HistoryPoint | None = None
        self._changes = _CHANGES_A_DAY
        self._lost = 0
        self._kept_at = -KEEP_EVERY_S

    def note(self, seen: AfterCheck) -> None:
        """Take note of what is true after a check."""
        now = self._clock.boottime()
        point = self._point(seen, now)
        if self._is_worth(point):
            self._put(point)
        self._keep(seen, now)

    def stop(self, seen: AfterCheck) -> None:
        """Note that the monitor stops."""
        now = self._clock.boottime()
        self._put(self._point(seen, now)._replace(mark="stop"))
        self._kept_at = -KEEP_EVERY_S
        self._keep(seen, now)

    def flush(self) -> None:
        """Wait a moment until all is written; nothing is noted after that."""
        self._writer.end(END_S)

    def _point(self, seen: AfterCheck, now: float) -> HistoryPoint:
        wall = self._clock.wall()
        return point_of(seen.memory, seen.verdict, now, wall, self._origin)

    def _is_worth(self, point: HistoryPoint) -> bool:
        last = self._last
        if last is None or last.status != point.status:
            return True
        every_s = OUTAGE_EVERY_S if point.on_battery else EVERY_S
        passed_s = point.up - last.up
        if passed_s >= every_s:
            return True
        return _kind(point) != _kind(last) and self._changes >= 1

    def _put(self, point: HistoryPoint) -> None:
        last, lost = self._last, self._writer.lost
        changed = last is None or _kind(last) != _kind(point)
        if last is not None:
            passed_s = point.up - last.up
            self._changes += passed_s * _CHANGES_A_DAY / SECONDS_PER_DAY
            self._changes = min(_CHANGES_A_DAY, self._changes) - changed
        self._last = point = point._replace(
            changed=changed or bool(point.mark),
            mark=point.mark or ("" if last else "start"),
            lost=lost - self._lost,
        )
        self._lost = lost
        self._writer.put(render_point(point))

    def _keep(self, seen: AfterCheck, now: float) -> None:
        """Keep what is new of the house; what jitters only once an hour."""
        serial = seen.facts.identity.serial if seen.facts.identity else None
        serial = serial or self._serial or (self._house.serial if self._house else "")
        new, old = house_of(seen.memory, serial), self._house
        if old is None and new == HouseMemory(serial):
            return  # nothing is known yet
        due = now - self._kept_at >= KEEP_EVERY_S
        if new != old and (due or old is None or _firm(new) != _firm(old)):
            self._house, self._kept_at = new, now
            self._writer.keep(render_house(new))


def _kind(point: HistoryPoint) -> tuple[object, ...]:
    """Return all of a point that is no number."""
    return (
        point.status,
        point.silent_s is None,
        point.generator,
        point.faults,
        point.on_battery and point.reckoned,
    )


def _firm(house: HouseMemory) -> tuple[object, ...]:
    """Return what does not change from poll to poll."""
    return (
        house.serial,
        house.devices,
        house.capacity_wh is None,
        house.fitted,
        house.controller,
        house.collar,
        house.backup_mode,
    )
