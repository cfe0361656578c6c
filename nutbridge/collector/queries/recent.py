"""What the page shows of the last days: slots, polls and events of some Envoys."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nutbridge.collector.parse.codes import CLEARED, SET, event_name
from nutbridge.collector.parse.values import numbers
from nutbridge.collector.store.reading import EnvoyRow, Reader

#: Ids of an Envoy count up for all kinds of rows together. So many are some days of 30
#: panels (60 each five minutes); they are found by the key, the rows of a time are not.
_LAST_IDS = 40_000
#: A slot longer than this was made up for a gap: it has no shape.
_LONGEST_S = 3600

SLOTS = (
    "SELECT i.eqid, i.end_date, i.interval_duration, i.energy_j"
    " FROM panel p CROSS JOIN interval i WHERE p.envoy_id = ? AND i.eqid = p.eqid"
    " AND i.end_date > ? AND i.end_date <= ? AND i.interval_duration <= ?"
    " AND i.energy_j IS NOT NULL AND i.left_out IS NULL AND i.envoy_id = p.envoy_id"
)
POLLS = (
    "SELECT date, stats FROM reading WHERE envoy_id = ?"
    " AND id > (SELECT coalesce(max(id), 0) FROM reading WHERE envoy_id = ?) - ?"
    " AND eqid = ? AND date >= ? ORDER BY date"
)
EVENTS = (
    "SELECT event_date, eqid, event_code FROM event"
    " WHERE envoy_id = ? AND event_state = ? ORDER BY id DESC LIMIT ?"
)
#: What an Envoy says again and again is one event, since it said so first.
OPEN_EVENTS = (
    "SELECT min(s.event_date), s.eqid, s.event_code FROM event s WHERE s.envoy_id = ?"  # noqa: S608
    f" AND s.event_state = {SET} AND s.correlation_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM event c WHERE c.envoy_id = s.envoy_id"
    f" AND c.correlation_id = s.id AND c.event_state = {CLEARED}"
    " AND c.event_date >= s.event_date) GROUP BY s.eqid, s.event_code"
)
_MOST_EVENTS = 300
_WAITING = "SELECT count(*), count(CASE WHEN stuck THEN 1 END) FROM outbox"
_LAST_STATE = "SELECT forward_state FROM raw ORDER BY raw_id DESC LIMIT 1"


class PanelSlot(NamedTuple):
    """Energy that one panel gave in some minutes; seconds and J."""

    eqid: str
    end: int
    length_s: int
    energy_j: int


class Poll(NamedTuple):
    """One poll of a panel."""

    at: int
    voltage_v: float | None
    temperature_c: float | None


class RecentEvent(NamedTuple):
    """An event that was set.

    Attributes:
        at: Unix seconds.
        eqid: of what; None: of the Envoy.
        name: in words.
        is_open: nothing has cleared it.
    """

    at: int
    eqid: str | None
    name: str
    is_open: bool


class Forwarding(NamedTuple):
    """How reports go on to Enphase.

    Attributes:
        waiting: in the outbox.
        stuck: of these, refused again and again.
        last: ForwardState of the newest report; None: there is none.
    """

    waiting: int
    stuck: int
    last: str | None


def slots(
    reading: Reader, envoy: EnvoyRow, after: int, until: int
) -> Iterator[PanelSlot]:
    """Yield the slots of an Envoy's panels that end in a time, Unix seconds."""
    asked = (envoy.envoy_id, after, until, _LONGEST_S)
    yield from (PanelSlot(*row) for row in reading.rows(SLOTS, asked))


def polls(reading: Reader, envoy: EnvoyRow, eqid: str, since: int) -> Iterator[Poll]:
    """Yield the polls of a panel, the oldest first.

    Source: stats of a reading of webcomm 4.x: AC mV, AC mHz, DC mV, DC mA, deg C.
    """
    number = envoy.envoy_id
    asked = (number, number, _LAST_IDS, eqid, since)
    for at, stats in reading.rows(POLLS, asked):
        yield Poll(at, _value(stats, 0, 1000.0), _value(stats, 4, 1.0))


def _value(stats: str | None, place: int, parts: float) -> float | None:
    found = numbers(stats)
    value = found[place] if place < len(found) else None
    return None if value is None else value / parts


def events(reading: Reader, envoy: EnvoyRow) -> list[RecentEvent]:
    """Return the open events of an Envoy, and its last ones, the newest first."""
    number = envoy.envoy_id
    opened = reading.rows(OPEN_EVENTS, (number,))
    same = {(eqid, code) for _, eqid, code in opened}
    found = [
        RecentEvent(at, eqid, event_name(code), is_open)
        for rows, is_open in (
            (opened, True),
            (reading.rows(EVENTS, (number, SET, _MOST_EVENTS)), False),
        )
        for at, eqid, code in rows
        if is_open or (eqid, code) not in same
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def forwarding(reading: Reader) -> Forwarding:
    """Return how reports go on."""
    ((waiting, stuck),) = reading.rows(_WAITING)
    last: Sequence[tuple[str, ...]] = reading.rows(_LAST_STATE)
    return Forwarding(int(waiting), int(stuck), last[0][0] if last else None)
