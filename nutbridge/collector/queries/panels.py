"""The panels of the Envoys: how each is, when it was seen, what it gave today.

A panel is a channel of a microinverter, or the whole of one that has no channels.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nutbridge.collector.parse.periods import DAY, HOUR
from nutbridge.collector.queries.energy import (
    BRIGHT,
    DAYS,
    IS_PANEL,
    local_now,
    of_envoys,
)
from nutbridge.collector.queries.panel_states import (
    SILENT_HOURS,
    WINDOW_DAYS,
    PanelFacts,
    PanelState,
    state_of,
    sunny_days,
)
from nutbridge.collector.store.reading import EnvoyRow, Reader
from nutbridge.collector.store.sql import Row
from nutbridge.collector.store.zones import offset_s

#: Where a panel is looked for that has been silent for long, s.
_SILENT_S = 7 * DAY
PANELS = (
    "SELECT p.envoy_id, p.eqid, p.device_eqid, p.last_energy,"  # noqa: S608
    " (SELECT min(h.hour) FROM energy_hour h WHERE h.envoy_id = p.envoy_id"
    " AND h.eqid = p.eqid),"
    " (SELECT min(d.reported) FROM device d WHERE d.envoy_id = p.envoy_id"
    " AND d.eqid = p.device_eqid)"
    f" FROM panel p WHERE p.envoy_id IN ({{envoys}}) AND {IS_PANEL}"
    " ORDER BY p.envoy_id, p.eqid"
)


class Panel(NamedTuple):
    """One panel.

    Attributes:
        envoy: that tells of it.
        eqid: of the channel.
        device_eqid: serial number of its microinverter.
        state: as of the Envoy's last report.
        last_seen: end of the last interval, or time of the last reading, with
            energy; Unix seconds.
        today_j: energy of this day of the Envoy's place, J.
    """

    envoy: EnvoyRow
    eqid: str
    device_eqid: str
    state: PanelState
    last_seen: int | None
    today_j: int


def panels(reading: Reader, now: int, serial: str | None = None) -> Iterator[Panel]:
    """Yield the panels of all Envoys, or of one, by their eqids.

    Args:
        reading: the database.
        now: Unix seconds, for what is today.
        serial: of the Envoy.
    """
    for batch in reading.batches(serial):
        yield from panels_of(reading, batch, now)


def panels_of(reading: Reader, envoys: Sequence[EnvoyRow], now: int) -> Iterator[Panel]:
    """Yield the panels of some Envoys; see ``panels``."""
    named: dict[int, list[Row]] = {}
    numbers = ", ".join(str(envoy.envoy_id) for envoy in envoys)
    for row in reading.rows(PANELS.format(envoys=numbers)):
        named.setdefault(row[0], []).append(row)
    named = {number: _units(rows) for number, rows in named.items()}
    newest = {number: _newest(rows) for number, rows in named.items()}
    begins = {n: at - (WINDOW_DAYS + 2) * DAY for n, at in newest.items() if at}
    days = of_envoys(reading, DAYS, begins)
    late = {
        number: at - _SILENT_S
        for number, at in newest.items()
        if at and any(_is_late(row[3], at) for row in named[number])
    }
    hours = of_envoys(reading, BRIGHT, late)
    for envoy in envoys:
        number = envoy.envoy_id
        rows = named.get(number, [])
        facts = _facts(rows, days.get(number, ()))
        bright = _bright(hours.get(number, ()), facts)
        yield from _judged(envoy, rows, facts, bright, now)


def _units(rows: Sequence[Row]) -> list[Row]:
    """Leave out devices that have channels."""
    divided = {row[2] for row in rows if row[1] != row[2]}
    return [row for row in rows if row[1] not in divided]


def _newest(rows: Sequence[Row]) -> int | None:
    return max((row[3] for row in rows if row[3] is not None), default=None)


def _is_late(last_energy: int | None, newest: int) -> bool:
    return (last_energy or 0) <= newest - SILENT_HOURS * HOUR


def _facts(rows: Sequence[Row], sums: Sequence[Row]) -> dict[str, PanelFacts]:
    given: dict[str, dict[int, int]] = {}
    for _, eqid, day, _, energy_j, _ in sums:
        given.setdefault(eqid, {})[day] = energy_j
    # Those of the first report may be older than what is known of the Envoy.
    oldest = min((row[5] for row in rows if row[5] is not None), default=None)
    found = {}
    for _, eqid, _, last_energy, hour, reported in rows:
        begins = [at for at in (hour, reported) if at is not None]
        since = None if reported == oldest else min(begins, default=None)
        found[eqid] = PanelFacts(last_energy, since, given.get(eqid, {}))
    return found


def _bright(hours: Sequence[Row], facts: Mapping[str, PanelFacts]) -> list[int]:
    """Return the hours in which half of the panels that are alive gave energy."""
    alive = sum(any(one.days.values()) for one in facts.values())
    return [hour for _, hour, gave in hours if 2 * gave >= alive]


def _judged(
    envoy: EnvoyRow,
    rows: Sequence[Row],
    facts: Mapping[str, PanelFacts],
    bright: Sequence[int],
    now: int,
) -> Iterator[Panel]:
    # Of what comes later nobody knows.
    moment = now if envoy.last_received is None else min(now, envoy.last_received)
    today = local_now(envoy, moment) // DAY
    sunny = sunny_days(tuple(facts.values()), today)
    this_day = local_now(envoy, now) // DAY
    for _, eqid, device_eqid, last_seen, *_ in rows:
        one = facts[eqid]
        since = one.known_since or 0
        first_day = (since + offset_s(envoy.timezone, since)) // DAY
        state = state_of(one, sunny, bright, moment, first_day)
        given_j = one.days.get(this_day, 0)
        yield Panel(envoy, eqid, device_eqid, state, last_seen, given_j)
