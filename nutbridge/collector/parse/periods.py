"""Hours, days and months of a place, as spans of Unix seconds.

The place is a function from Unix seconds to seconds east of UTC; where it comes
from is not known here.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

HOUR = 3600
DAY = 86400
_EPOCH = date(1970, 1, 1)
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)

Offset = Callable[[int], int]


class By(StrEnum):
    """How long a period is."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Segment:
    """A time with one offset, up to the begin of the next.

    Attributes:
        start: Unix seconds.
        offset: seconds east of UTC.
    """

    start: int
    offset: int


def clock_time(moment: int, offset: int) -> str:
    """Return ISO 8601 with its offset, as ``2023-11-05T01:00:00-04:00``.

    Args:
        moment: Unix seconds.
        offset: seconds east of UTC.
    """
    place = timezone(timedelta(seconds=offset))
    # Not fromtimestamp: some platforms refuse moments before 1970.
    return (_UNIX + timedelta(seconds=moment)).astimezone(place).isoformat()


def segments(offset: Offset, first: int, last: int) -> list[Segment]:
    """Return the offsets from ``first`` to ``last``.

    It looks once a day; no place changes its clocks twice on one day.
    """
    found = [Segment(first, offset(first))]
    before = first
    while before < last:
        after = min(before + DAY, last)
        if offset(after) != found[-1].offset:
            low, high = before, after
            while high - low > 1:
                middle = (low + high) // 2
                if offset(middle) == found[-1].offset:
                    low = middle
                else:
                    high = middle
            found.append(Segment(high, offset(high)))
        before = after
    return found


class Calendar:
    """The periods of one place.

    Args:
        found: its offsets over the time in question.
        by: how long a period is.
    """

    def __init__(self, found: list[Segment], by: By) -> None:
        self._segments = found
        self._starts = [one.start for one in found]
        self.by = by
        self._days: dict[int, tuple[int, int]] = {}

    def span(self, moment: int) -> tuple[int, int]:
        """Return start and end of the period that a moment is in."""
        offset = self._offset(moment)
        if self.by is By.HOUR:
            start = moment - (moment + offset) % HOUR
            return start, start + HOUR
        return self.span_of_day((moment + offset) // DAY)

    def span_of_day(self, number: int) -> tuple[int, int]:
        """Return the period of a local day, counted from 1970-01-01."""
        if number not in self._days:
            self._days[number] = self._span_of_day(number)
        return self._days[number]

    def _span_of_day(self, number: int) -> tuple[int, int]:
        if self.by is By.MONTH:
            day = _EPOCH + timedelta(days=number)
            first = day.replace(day=1)
            after = (first + timedelta(days=31)).replace(day=1)
            return self._midnight((first - _EPOCH).days), self._midnight(
                (after - _EPOCH).days
            )
        return self._midnight(number), self._midnight(number + 1)

    def label(self, start: int) -> str:
        """Return the name of the period that begins at ``start``."""
        local = datetime.fromtimestamp(start + self._offset(start), tz=UTC)
        shapes = {By.HOUR: "%Y-%m-%d %H:%M", By.DAY: "%Y-%m-%d", By.MONTH: "%Y-%m"}
        return local.strftime(shapes[self.by])

    def _offset(self, moment: int) -> int:
        place = bisect_right(self._starts, moment) - 1
        return self._segments[max(place, 0)].offset

    def _midnight(self, number: int) -> int:
        """Return when a local day begins: the first moment with its date or later.

        Where clocks skip midnight that is their change; where they go back over
        it, the earlier of the two.
        """
        local = number * DAY
        ends = [*self._starts[1:], None]
        for segment, end in zip(self._segments, ends, strict=True):
            moment = local - segment.offset
            if segment is not self._segments[0]:
                moment = max(moment, segment.start)
            if end is None or moment < end:
                return moment
        return local
