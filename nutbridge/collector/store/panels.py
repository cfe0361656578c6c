"""Which panels there are, and when each was heard of last."""

from collections.abc import Sequence
from dataclasses import dataclass

from nutbridge.collector.parse.model import Report
from nutbridge.collector.parse.values import whole
from nutbridge.collector.store import schema
from nutbridge.collector.store.dates import odd_date
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
    """What some reports say of one eqid."""

    heard: int | None = None
    energy: int | None = None
    device_type: int | None = None

    def at(self, moment: int, *, energy: bool) -> None:
        self.heard = max(self.heard or 0, moment)
        if energy:
            self.energy = max(self.energy or 0, moment)


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
    rows = [
        (
            *(*key, key[1].partition(".")[0]),
            *(seen.heard, seen.energy, seen.device_type),
        )
        for key, seen in sorted(panels.items(), key=lambda item: item[0])
    ]
    sql.insert(schema.panel, tuple(schema.panel.columns.keys()), rows, _SEE)


def _heard(panels: _Panels, one: ParsedBody) -> None:
    for slot in one.report.intervals:
        if slot.eqid is not None:
            seen = panels[one.envoy_id, slot.eqid]
            if not slot.estimated and not odd_date(slot.end_date, one.received):
                seen.at(slot.end_date, energy=(slot.energy_j or 0) > 0)
    for poll in one.report.readings:
        if poll.eqid is not None:
            seen = panels[one.envoy_id, poll.eqid]
            if not odd_date(poll.date, one.received):
                seen.at(poll.date, energy=has_energy(poll.stats))


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
    texts = (stats or "").split(",")
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
