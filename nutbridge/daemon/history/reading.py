"""The history as people ask for it: outages, silences, events, sums (pure).

Lines may come from many boots, from a clock that was set in between, from two
machines, cut or damaged. Within one boot only CLOCK_BOOTTIME counts; its last wall
clock, which had the most time to be set right, places the whole boot.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from nutbridge.daemon.history.points import (
    HistoryPoint,
    NewerLineError,
    parse_point,
)
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, spoken_s

#: A host whose clock says less has none (2020-01-01, before nutbridge).
_EARLIEST = 1577836800.0
#: A wall clock was set, not slewed.
_STEP_S = 60.0
#: A clock without a battery goes on where it was last saved, hourly at worst
#: (fake-hwclock); what lies further back was told by a clock in the future.
_SAVED_CLOCK_S = SECONDS_PER_DAY
#: No point for longer: nobody watched. In an outage points come once a minute, or with
#: every check where those are rarer (POLLFREQALERT is 300 s at most); else every
#: quarter of an hour.
_UNWATCHED_OB_S = 400.0
_UNWATCHED_S = 1200.0
#: On battery before and after so long a gap: two outages (chosen).
_ONE_OUTAGE_S = SECONDS_PER_HOUR
#: Power is a mean of two points no further apart.
_POWER_S = 300.0


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


class ChargeKnown(StrEnum):
    """How the charge of an outage was known."""

    READ = "read"
    RECKONED = "reckoned"
    PARTLY = "read and reckoned"
    NOT = "unknown"


class Outage(NamedTuple):
    """One time on battery, as clients were told.

    Attributes:
        began: s since 1970.
        ended: when OL was seen, or when OB was last seen by somebody; None while it
            lasts.
        end_seen: somebody watched as it ended; else it lasted at least until then.
        soc_from_pct: charge as it began.
        soc_to_pct: the last charge of it.
        energy_wh: what left the battery, None where nothing was measured.
        runtime_least_s: the lowest runtime shown.
        known: how its charge was known.
        low_at: when LB was first shown, or None.
        shutdown_at: when upsmon would have begun to shut machines down: at LB, or
            where the file was hidden on battery; None: not at all.
        unwatched_s: how long nothing was noted in it.
        generator: a generator ran in it.
        curve: its points, the first one after it last.
    """

    began: float
    ended: float | None
    end_seen: bool
    soc_from_pct: float | None
    soc_to_pct: float | None
    energy_wh: float | None
    runtime_least_s: float | None
    known: ChargeKnown
    low_at: float | None
    shutdown_at: float | None
    unwatched_s: float
    generator: bool
    curve: tuple[HistoryPoint, ...]

    @property
    def length_s(self) -> float:
        """Until its end, or the last point of it."""
        last = self.ended if self.ended is not None else self.curve[-1].at
        return last - self.began


class Silence(NamedTuple):
    """A time without a usable answer.

    Attributes:
        began: s since 1970.
        ended: None while it lasts, or where nobody saw its end.
        length_s: until its end, or as far as it was seen.
        on_battery: clients were told OB in it.
    """

    began: float
    ended: float | None
    length_s: float
    on_battery: bool


class Unwatched(NamedTuple):
    """A time of which nothing is known: no monitor ran, or it could note nothing.

    Attributes:
        began: s since 1970.
        ended: None while it lasts.
        length_s: until its end, or until now.
    """

    began: float
    ended: float | None
    length_s: float


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
    unwatched = tuple(_unwatched(points, now))
    lasts = not unwatched or unwatched[-1].ended is not None
    outages = tuple(
        each
        for each in _outages(points, lasts=lasts)
        if each.began + each.length_s >= first
    )
    silences = tuple(
        each
        for each in _silences(points, now if lasts else None)
        if each.began + each.length_s >= first
    )
    return History(
        points=tuple(point for point in points if point.at >= first),
        events=tuple(each for each in _events(points) if each.at >= first),
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


def _unwatched_s(before: HistoryPoint, now: HistoryPoint) -> float:
    """Return how long nobody watched between two points, 0 where somebody did."""
    if now.thinned:
        return 0.0
    restarted = now.mark == "start" or before.origin != now.origin
    gap_s = now.at - before.at
    return gap_s if gap_s > _counts_s(before, restarted=restarted) else 0.0


def _counts_s(point: HistoryPoint, *, restarted: bool = False) -> float:
    """Return how long a point stands for what comes after it."""
    # After a stop, or a crash; a restart takes seconds.
    short = restarted or point.on_battery or point.mark == "stop"
    return _UNWATCHED_OB_S if short else _UNWATCHED_S


def _unwatched(
    points: Sequence[HistoryPoint], now: float | None
) -> Iterator[Unwatched]:
    for before, point in pairwise(points):
        if gap_s := _unwatched_s(before, point):
            yield Unwatched(before.at, point.at, gap_s)
    if points and now is not None and now - points[-1].at > _counts_s(points[-1]):
        yield Unwatched(points[-1].at, None, now - points[-1].at)


@dataclass(slots=True)
class _OpenOutage:
    """An outage that is being read."""

    curve: list[HistoryPoint]
    soc_before_pct: float | None
    unwatched_s: float = 0.0
    hidden_at: float | None = None
    gap_s: float = 0.0
    tail: list[HistoryPoint] = field(default_factory=list)

    def add(self, point: HistoryPoint) -> None:
        """Take a point on battery."""
        self.curve += self.tail
        self.tail.clear()
        self.curve.append(point)
        self.unwatched_s += self.gap_s
        self.gap_s = 0.0

    def close(self, after: HistoryPoint | None, *, lasts: bool = False) -> Outage:
        """Return it; ``after`` is the first point on line."""
        last = self.curve[-1]
        seen = after is not None and not self.gap_s
        ended = None if lasts else after.at if after and seen else last.at
        curve = [*self.curve, *([after] if after and seen else ())]
        socs = [p.soc_pct for p in self.curve if p.soc_pct is not None]
        before = self.soc_before_pct
        kinds = {p.reckoned for p in self.curve if p.soc_pct is not None}
        runtimes = [p.runtime_s for p in self.curve if p.runtime_s is not None]
        low_at = next((p.at for p in self.curve if p.low), None)
        return Outage(
            began=self.curve[0].at,
            ended=ended,
            end_seen=seen,
            soc_from_pct=before if before is not None else next(iter(socs), None),
            soc_to_pct=socs[-1] if socs else None,
            energy_wh=_energy_wh(curve),
            runtime_least_s=min(runtimes, default=None),
            known=_KNOWN[frozenset(kinds)],
            low_at=low_at,
            shutdown_at=min(filter(None, (low_at, self.hidden_at)), default=None),
            unwatched_s=self.unwatched_s,
            generator=any(p.generator for p in self.curve),
            curve=tuple(curve),
        )


_KNOWN = {
    frozenset({False}): ChargeKnown.READ,
    frozenset({True}): ChargeKnown.RECKONED,
    frozenset({False, True}): ChargeKnown.PARTLY,
    frozenset(): ChargeKnown.NOT,
}


def _outages(points: Sequence[HistoryPoint], *, lasts: bool) -> Iterator[Outage]:
    open_: _OpenOutage | None = None
    before: HistoryPoint | None = None
    for point in points:
        gap_s = _unwatched_s(before, point) if before else 0.0
        if open_ is not None:
            open_.gap_s += gap_s
        if point.on_battery:
            if open_ is not None and open_.gap_s > _ONE_OUTAGE_S:
                yield open_.close(None)
                open_ = None
            if open_ is None:
                near = before is not None and not gap_s and not before.on_battery
                open_ = _OpenOutage([], before.soc_pct if before and near else None)
            open_.add(point)
        elif open_ is not None and point.status:
            yield open_.close(point)
            open_ = None
        elif open_ is not None:
            open_.tail.append(point)
            # A stop hides the file where the driver has ended before.
            if not point.mark and not gap_s and not open_.gap_s:
                open_.hidden_at = open_.hidden_at or point.at
        before = point
    if open_ is not None:
        yield open_.close(None, lasts=lasts)


def _energy_wh(curve: Sequence[HistoryPoint]) -> float | None:
    """Return what left the battery: by its power, else by its charge."""
    total_wh, known = 0.0, False
    for one, two in pairwise(curve):
        seconds = two.at - one.at
        if None not in (one.battery_w, two.battery_w) and seconds <= _POWER_S:
            mean_w = ((one.battery_w or 0.0) + (two.battery_w or 0.0)) / 2
            total_wh += mean_w * seconds / SECONDS_PER_HOUR
        elif one.soc_pct is not None and two.soc_pct is not None and one.capacity_wh:
            total_wh += (one.soc_pct - two.soc_pct) / 100 * one.capacity_wh
        else:
            continue
        known = True
    return total_wh if known else None


def _silences(points: Sequence[HistoryPoint], now: float | None) -> Iterator[Silence]:
    first: HistoryPoint | None = None
    last: HistoryPoint | None = None
    gone = False
    for point in points:
        if first is not None and last is not None and point.silent_s is None:
            ended = None if _unwatched_s(last, point) else point.at
            yield _silence(first, last, ended, on_battery=gone)
            first, gone = None, False
        elif point.silent_s is not None:
            first = first or point
            gone = gone or point.on_battery
        last = point
    if first is not None and last is not None:
        yield _silence(first, last, None, on_battery=gone, now=now)


def _silence(
    first: HistoryPoint,
    last: HistoryPoint,
    ended: float | None,
    *,
    on_battery: bool,
    now: float | None = None,
) -> Silence:
    began = first.at - (first.silent_s or 0.0)
    end = max(last.at, now or last.at) if ended is None else ended
    return Silence(began, ended, end - began, on_battery)


def _events(points: Sequence[HistoryPoint]) -> Iterator[HistoryEvent]:
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
    if before is not None and (gap_s := _unwatched_s(before, now)):
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
