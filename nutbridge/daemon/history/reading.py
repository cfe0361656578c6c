"""The lines of a history, put in order, and all that they tell (pure).

Lines may come from many boots, from a clock that was set in between, from two
machines, cut or damaged. Within one boot only CLOCK_BOOTTIME counts; its last wall
clock, which had the most time to be set right, places the whole boot.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from nutbridge.daemon.history.events import HistoryEvent, events_of
from nutbridge.daemon.history.outages import (
    Outage,
    Silence,
    Unwatched,
    outages_of,
    silences_of,
    unwatched_of,
)
from nutbridge.daemon.history.points import (
    HistoryPoint,
    NewerLineError,
    parse_point,
)
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.units import SECONDS_PER_DAY

#: A host whose clock says less has none (2020-01-01, before nutbridge).
_EARLIEST = 1577836800.0
#: A wall clock was set, not slewed.
_STEP_S = 60.0
#: A clock without a battery goes on where it was last saved, hourly at worst
#: (fake-hwclock); what lies further back was told by a clock in the future.
_SAVED_CLOCK_S = SECONDS_PER_DAY


class MonthSum(NamedTuple):
    """What happened in one month, by the day it began.

    Attributes:
        month: ``YYYY-MM``.
        outages: how many.
        outage_s: together.
        longest_s: the longest of them.
        energy_wh: that left the battery in them, as far as it was measured.
        low: in how many LB was shown.
        silences: how many.
        silence_s: together.
    """

    month: str
    outages: int = 0
    outage_s: float = 0.0
    longest_s: float = 0.0
    energy_wh: float = 0.0
    low: int = 0
    silences: int = 0
    silence_s: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """All that the lines tell, oldest first.

    Attributes:
        points: with their times put right.
        events: what changed between them.
        outages: see above.
        silences: see above.
        unwatched: between the points, and after the last of them.
        months: only those in which something happened.
        left_out: a sentence for each kind of line that could not be used, or whose
            time was put right.
    """

    points: tuple[HistoryPoint, ...] = ()
    events: tuple[HistoryEvent, ...] = ()
    outages: tuple[Outage, ...] = ()
    silences: tuple[Silence, ...] = ()
    unwatched: tuple[Unwatched, ...] = ()
    months: tuple[MonthSum, ...] = ()
    left_out: tuple[str, ...] = ()


def read_history(
    lines: Iterable[bytes],
    *,
    since: float | None = None,
    zone: tzinfo | None = UTC,
    now: float | None = None,
) -> History:
    """Return what the lines of a history tell; what cannot be used is counted.

    Args:
        lines: of the file, in its order; with their ends or without.
        since: s since 1970; what ended before is left out.
        now: s since 1970; None: the last point is of now. What it tells is true no
            longer than the next point may take.
        zone: in which a month begins; None is the machine's own.
    """
    tally: Counter[str] = Counter()
    runs = _placed(_runs(_parsed(lines, tally)), tally)
    points = tuple(sorted((p for run in runs for p in run), key=lambda p: p.at))
    first = -float("inf") if since is None else since
    unwatched = tuple(unwatched_of(points, now))
    lasts = not unwatched or unwatched[-1].ended is not None
    outages = tuple(
        each
        for each in outages_of(points, lasts=lasts, now=now)
        if each.began + each.length_s >= first
    )
    silences = tuple(
        each
        for each in silences_of(points, now if lasts else None)
        if each.began + each.length_s >= first
    )
    return History(
        points=tuple(point for point in points if point.at >= first),
        events=tuple(each for each in events_of(points) if each.at >= first),
        outages=outages,
        silences=silences,
        unwatched=tuple(
            each for each in unwatched if each.began + each.length_s >= first
        ),
        months=_months(outages, silences, zone),
        left_out=tuple(_sentences(tally)),
    )


#: Counted -> the sentence about it; {} is "3 lines" or "1 line".
_DAMAGED, _NEWER, _OTHER, _SET = "damaged", "newer", "other machine", "clock"
_TEXTS = {
    _DAMAGED: "left out: {} that cannot be read",
    _NEWER: "left out: {} of a newer version of nutbridge",
    _OTHER: "left out: {} of another machine at the same time",
    _SET: "times put right: {}, the machine's clock was set afterwards",
}


def _sentences(tally: Counter[str]) -> Iterator[str]:
    for key, text in _TEXTS.items():
        if count := tally[key]:
            yield text.format("1 line" if count == 1 else f"{count} lines")


def _parsed(lines: Iterable[bytes], tally: Counter[str]) -> Iterator[HistoryPoint]:
    seen: set[bytes] = set()  # a backup put back in part
    for raw in lines:
        line = raw.strip()
        if not line or line in seen:
            continue
        seen.add(line)
        try:
            yield parse_point(line)
        except NewerLineError:
            tally[_NEWER] += 1
        except SnapshotError:
            tally[_DAMAGED] += 1


def _runs(points: Iterable[HistoryPoint]) -> list[list[HistoryPoint]]:
    """Return the points of each boot, in the order of the file.

    A boot whose time goes back (a snapshot of the machine put back) is two.
    """
    runs: list[list[HistoryPoint]] = []
    latest: dict[str, list[HistoryPoint]] = {}
    for point in points:
        run = latest.get(point.origin)
        if run is None or run[-1].up > point.up:
            run = latest[point.origin] = []
            runs.append(run)
        run.append(point)
    return runs


def _placed(
    runs: Sequence[Sequence[HistoryPoint]], tally: Counter[str]
) -> list[list[HistoryPoint]]:
    """Return the runs with their times put right, and one machine at a time."""
    placed: list[list[HistoryPoint]] = []
    ends: dict[str, float] = {}  # of the last run of each machine
    for run in runs:
        machine, end = run[0].machine, ends.get(run[0].machine)
        told = [p.at - p.up for p in run if p.at >= _EARLIEST]
        offset = told[-1] if told else None
        if end is not None:
            least = end - run[0].up
            if offset is None or 0 < least - offset < _SAVED_CLOCK_S:
                offset = least
        if offset is None:
            offset = run[-1].at - run[-1].up
        tally[_SET] += sum(abs(p.at - p.up - offset) > _STEP_S for p in run)
        placed.append([p._replace(at=p.up + offset) for p in run])
        ends[machine] = placed[-1][-1].at
    if not runs:
        return placed
    # The machine that wrote last is the one that watches.
    ours = runs[-1][-1].machine
    spans = [(run[0].at, run[-1].at) for run in placed if run[0].machine == ours]
    kept = []
    for run in placed:
        beside = run[0].machine != ours and any(
            begin <= run[-1].at and run[0].at <= end for begin, end in spans
        )
        if beside:
            tally[_OTHER] += len(run)
        else:
            kept.append(run)
    return kept


def _months(
    outages: Iterable[Outage], silences: Iterable[Silence], zone: tzinfo | None
) -> tuple[MonthSum, ...]:
    sums: dict[str, MonthSum] = {}
    for outage in outages:
        month = _month(outage.began, zone)
        old = sums.get(month, MonthSum(month))
        sums[month] = old._replace(
            outages=old.outages + 1,
            outage_s=old.outage_s + outage.length_s,
            longest_s=max(old.longest_s, outage.length_s),
            energy_wh=old.energy_wh + (outage.energy_wh or 0.0),
            low=old.low + (outage.low_at is not None),
        )
    for silence in silences:
        month = _month(silence.began, zone)
        old = sums.get(month, MonthSum(month))
        sums[month] = old._replace(
            silences=old.silences + 1, silence_s=old.silence_s + silence.length_s
        )
    return tuple(sums[month] for month in sorted(sums))


def _month(at: float, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromtimestamp(at, zone):%Y-%m}"
    except (OverflowError, ValueError, OSError):
        return "?"  # a clock beyond what the calendar can tell
