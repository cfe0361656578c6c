"""Which panels there are, and when each was heard of last."""

from collections.abc import Sequence
from dataclasses import dataclass

from nutbridge.collector.parse.model import Report
from nutbridge.collector.parse.values import whole
from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import believable
from nutbridge.collector.store.sql import Sql

#: Places in the list of a poll: DC current mA; energy J (webcomm 4.6.0 on).
_CURRENT, _ENERGY = 3, 7


@dataclass(frozen=True, slots=True)
class ParsedBody:
    """One parsed body on its way into the tables.

    Attributes:
        raw_id: of the body.
        envoy_id: of its sender.
        received: Unix seconds.
        report: what it says.
        zone: name of the place's timezone.
    """

    raw_id: int
    envoy_id: int
    received: int
    report: Report
    zone: str | None


@dataclass(slots=True)
class _Seen:
    """What some reports say of one eqid; 0: nothing."""

    heard: int = 0
    energy: int = 0
    device_type: int | None = None

    def at(self, moment: int, *, energy: bool) -> None:
        self.heard = max(self.heard, moment)
        if energy and moment > self.energy:
            self.energy = moment


class _Panels(dict[tuple[int, str], _Seen]):
    def __missing__(self, key: tuple[int, str]) -> _Seen:
        self[key] = found = _Seen()
        return found


def see_panels(sql: Sql, found: Sequence[ParsedBody]) -> None:
    """Note the panels of some reports; a slot made up to fill a gap is no sight."""
    panels = _Panels()
    for one in found:
        _heard(panels, one)
        _named(panels, one)
    # In one order everywhere, or two processes could wait for each other.
    rows = []
    for key in sorted(panels):
        seen = panels[key]
        dates = (seen.heard or None, seen.energy or None)
        rows.append((*key, key[1].partition(".")[0], *dates, seen.device_type))
    sql.insert(schema.panel, tuple(schema.panel.columns.keys()), rows, _SEE)


def _heard(panels: _Panels, one: ParsedBody) -> None:
    envoy_id, dates = one.envoy_id, believable(one.received)
    # Unpacked, not by name: these two loops see nearly all rows of all reports.
    for _, end, eqid, _, _, _, energy_j, estimated, _ in one.report.intervals:
        if eqid is not None:
            seen = panels[envoy_id, eqid]
            if not estimated and end in dates:
                seen.at(end, energy=bool(energy_j))
    for _, date, eqid, _, _, stats, _ in one.report.readings:
        if eqid is not None:
            seen = panels[envoy_id, eqid]
            if date in dates:
                seen.at(date, energy=has_energy(stats))


def _named(panels: _Panels, one: ParsedBody) -> None:
    report = one.report
    for device in report.devices:
        seen = panels[one.envoy_id, device.eqid]
        if device.device_type is not None:
            seen.device_type = device.device_type
    for channel in report.channels:
        _ = panels[one.envoy_id, channel.eqid]
    for event in report.events:
        if event.eqid is not None and event.eqid != report.envoy.serial_num:
            _ = panels[one.envoy_id, event.eqid]


def has_energy(stats: str | None) -> bool:
    """Tell whether a poll met a panel that gave something."""
    # One value of eight is looked at: all of them took a tenth of a report's time.
    texts = stats.split(",") if stats else ()
    place = _ENERGY if len(texts) > _ENERGY else _CURRENT
    return len(texts) > place and (whole(texts[place].strip()) or 0) > 0


def _latest(name: str) -> str:
    return (
        f"{name} = CASE WHEN excluded.{name} > coalesce(panel.{name}, -1)"
        f" THEN excluded.{name} ELSE panel.{name} END"
    )


_SEE = (
    f"(envoy_id, eqid) DO UPDATE SET {_latest('last_heard')},"
    f" {_latest('last_energy')},"
    " device_type = coalesce(excluded.device_type, panel.device_type)"
)
