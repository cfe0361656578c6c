"""Energy by hour, day or month of the Envoy's place: of the sums by hour alone."""

import functools
from collections.abc import Iterator
from typing import Any

from nutbridge.collector.parse.periods import DAY, By, Calendar, segments
from nutbridge.collector.store.reading import Reader
from nutbridge.collector.store.zones import offset_s

Object = dict[str, Any]
#: (start, end, eqid) to energy and estimated energy, J.
Sums = dict[tuple[int, int, str], list[int]]

_RANGE = "SELECT min(hour), max(hour) FROM energy_hour WHERE envoy_id = ?"
_SUMS = (
    "SELECT eqid, {period}, CAST(sum(energy_j) AS BIGINT),"
    " CAST(sum(estimated_j) AS BIGINT) FROM energy_hour WHERE envoy_id = ?"
    " GROUP BY eqid, {period}"
)


def energy(reading: Reader, by: By, serial: str | None = None) -> Iterator[Object]:
    """Yield one object per period and channel, earliest first.

    ``energy_j`` is all energy of the period, ``estimated_j`` the part of it that
    the Envoy made up to fill a gap.
    """
    for (start, end, eqid), (total, estimated), _ in _sorted(reading, by, serial):
        yield {
            "start": start,
            "end": end,
            "eqid": eqid,
            "energy_j": total,
            "estimated_j": estimated,
        }


def totals(
    reading: Reader, by: By, serial: str | None = None
) -> Iterator[tuple[str, int, int, int]]:
    """Yield name of the period, energy, estimated energy and number of channels."""
    found: dict[tuple[int, str], list[int]] = {}
    for (start, _, _), (total, estimated), name in _sorted(reading, by, serial):
        one = found.setdefault((start, name), [0, 0, 0])
        one[0] += total
        one[1] += estimated
        one[2] += 1
    for (_, name), (total, estimated, count) in found.items():
        yield name, total, estimated, count


def _sorted(
    reading: Reader, by: By, serial: str | None
) -> list[tuple[tuple[int, int, str], list[int], str]]:
    sums: Sums = {}
    names: dict[int, str] = {}
    for envoy_id, _ in reading.envoys(serial):
        first, last = reading.rows(_RANGE, (envoy_id,))[0]
        if first is None:
            continue
        ((zone,),) = reading.rows(
            "SELECT timezone FROM envoy WHERE envoy_id = ?", (envoy_id,)
        )
        # A month around it, so that every period has its start and its end.
        offset = functools.partial(offset_s, zone)
        calendar = Calendar(segments(offset, first - 32 * DAY, last + 33 * DAY), by)
        # An hour that comes twice is two hours, the day around it is one.
        period = "hour" if by is By.HOUR else f"(hour + offset_s) / {DAY}"
        span_of = calendar.span if by is By.HOUR else calendar.span_of_day
        statement = _SUMS.format(period=period)
        for eqid, place, total, estimated in reading.rows(statement, (envoy_id,)):
            span = span_of(place)
            one = sums.setdefault((*span, eqid), [0, 0])
            one[0] += total
            one[1] += estimated
            if span[0] not in names:
                names[span[0]] = calendar.label(span[0])
    return [(key, sums[key], names[key[0]]) for key in sorted(sums)]
