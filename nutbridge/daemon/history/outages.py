"""Outages and silences of a history, and the times that nobody watched (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from nutbridge.daemon.history.points import HistoryPoint
from nutbridge.ups.units import SECONDS_PER_HOUR

#: No point for longer: nobody watched. In an outage points come once a minute, or with
#: every check where those are rarer (POLLFREQALERT is 300 s at most); else every
#: quarter of an hour.
_UNWATCHED_OB_S = 400.0
_UNWATCHED_S = 1200.0
#: On battery before and after so long a gap: two outages (chosen).
_ONE_OUTAGE_S = SECONDS_PER_HOUR
#: Power is a mean of two points no further apart.
_POWER_S = 300.0


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
        length_s: until its end, or as far as it was seen: until now while it lasts.
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
    length_s: float
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


def unwatched_s(before: HistoryPoint, now: HistoryPoint) -> float:
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


def unwatched_of(
    points: Sequence[HistoryPoint], now: float | None
) -> Iterator[Unwatched]:
    """Yield the times of which nothing is known, oldest first.

    Args:
        points: in the order of their times.
        now: s since 1970; None: the last point is of now.
    """
    for before, point in pairwise(points):
        if gap_s := unwatched_s(before, point):
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

    def close(
        self,
        after: HistoryPoint | None,
        *,
        lasts: bool = False,
        now: float | None = None,
    ) -> Outage:
        """Return it; ``after`` is the first point on line."""
        last = self.curve[-1]
        seen = after is not None and not self.gap_s
        ended = None if lasts else after.at if after and seen else last.at
        until = now if ended is None else ended
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
            length_s=max(last.at, until or last.at) - self.curve[0].at,
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


def outages_of(
    points: Sequence[HistoryPoint], *, lasts: bool, now: float | None
) -> Iterator[Outage]:
    """Yield the times on battery, oldest first.

    Args:
        points: in the order of their times.
        lasts: one without an end goes on; else nobody saw its end.
        now: s since 1970; None: the last point is of now.
    """
    open_: _OpenOutage | None = None
    before: HistoryPoint | None = None
    for point in points:
        gap_s = unwatched_s(before, point) if before else 0.0
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
        yield open_.close(None, lasts=lasts, now=now)


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


def silences_of(points: Sequence[HistoryPoint], now: float | None) -> Iterator[Silence]:
    """Yield the times without a usable answer, oldest first.

    Args:
        points: in the order of their times.
        now: s since 1970, until when one without an end lasts; None: its last point.
    """
    first: HistoryPoint | None = None
    last: HistoryPoint | None = None
    gone = False
    for point in points:
        if first is not None and last is not None and point.silent_s is None:
            ended = None if unwatched_s(last, point) else point.at
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
