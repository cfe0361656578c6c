"""What changed between two points of a history, in words (pure)."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from nutbridge.daemon.history.outages import unwatched_s
from nutbridge.daemon.history.points import HistoryPoint
from nutbridge.ups.units import spoken_s


class EventKind(StrEnum):
    """What has changed between two points."""

    STATUS = "status"
    SILENT = "silent"
    HEARD = "heard"
    RECKONED = "reckoned"
    READ = "read"
    GENERATOR = "generator"
    HEALTH = "health"
    START = "start"
    STOP = "stop"
    UNWATCHED = "unwatched"
    LOST = "lost"


class HistoryEvent(NamedTuple):
    """Something that happened.

    Attributes:
        at: s since 1970.
        kind: for programs.
        text: for people, one line.
    """

    at: float
    kind: EventKind
    text: str


def events_of(points: Sequence[HistoryPoint]) -> Iterator[HistoryEvent]:
    """Yield what changed, oldest first."""
    before: HistoryPoint | None = None
    for point in points:
        for kind, text in _changes(before, point):
            yield HistoryEvent(point.at, kind, text)
        before = point


#: ups.status without the words of charging -> what people call it.
_STATUS = {
    "OL": "on line",
    "OB": "on battery",
    "OB LB": "battery low: machines shut down",
    "": "hidden: clients see no communication",
}


def status_text(status: str) -> str:
    """Return a status in the words of people."""
    words = " ".join(word for word in status.split() if word in ("OL", "OB", "LB"))
    return _STATUS.get(words, status)


def _changes(
    before: HistoryPoint | None, now: HistoryPoint
) -> Iterator[tuple[EventKind, str]]:
    if before is not None and (gap_s := unwatched_s(before, now)):
        yield EventKind.UNWATCHED, f"nothing was noted for {spoken_s(gap_s)}"
    if now.lost:
        yield EventKind.LOST, f"{now.lost} points before could not be written"
    if now.mark == "start":
        yield EventKind.START, "the monitor started"
    if before is None or status_text(before.status) != status_text(now.status):
        yield EventKind.STATUS, status_text(now.status)
    yield from _answer_changes(before, now)
    yield from _health_changes(before.faults if before else (), now.faults)
    if now.mark == "stop":
        yield EventKind.STOP, "the monitor stopped"


def _answer_changes(
    before: HistoryPoint | None, now: HistoryPoint
) -> Iterator[tuple[EventKind, str]]:
    """Whether the gateway answers, and what it says about charge and generator."""
    silent_before_s = before.silent_s if before else None
    if now.silent_s is not None and silent_before_s is None:
        yield EventKind.SILENT, f"no usable answer for {spoken_s(now.silent_s)}"
    elif now.silent_s is None and before is not None and silent_before_s is not None:
        silent_s = silent_before_s + now.at - before.at
        yield EventKind.HEARD, f"answers again, after {spoken_s(silent_s)}"
    if now.on_battery and now.reckoned != (before is not None and before.reckoned):
        kind = EventKind.RECKONED if now.reckoned else EventKind.READ
        yield kind, f"the charge is {kind}"
    if now.generator != (before is not None and before.generator):
        yield EventKind.GENERATOR, f"generator {'on' if now.generator else 'off'}"


def _health_changes(
    before: tuple[str, ...], now: tuple[str, ...]
) -> Iterator[tuple[EventKind, str]]:
    for fault in now:
        if fault not in before:
            yield EventKind.HEALTH, fault
    for fault in before:
        if fault not in now:
            yield EventKind.HEALTH, f"over: {fault}"
