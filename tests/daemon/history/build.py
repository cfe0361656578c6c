"""Lines of a history, made by hand."""

from collections.abc import Iterator, Sequence
from typing import Any

from nutbridge.daemon.history.points import HistoryPoint, render_point

#: 2026-03-01 00:00 UTC.
DAY = 1772323200.0
BOOT = "m1.b1"


def point(up: float, status: str = "OL", **values: Any) -> HistoryPoint:
    """Return a point of the first boot, at a true clock."""
    given: dict[str, Any] = {"at": DAY + up, "origin": BOOT, "soc_pct": 80.0}
    return HistoryPoint(up=up, status=status, **{**given, **values})


def outage_points(
    begin: float = 1000.0, minutes: int = 10, **values: Any
) -> Iterator[HistoryPoint]:
    """Return an outage of 2 % and 60 Wh a minute, with points on line around it."""
    yield point(begin - 60, "OL", soc_pct=80.0, battery_w=0.0)
    for minute in range(minutes):
        yield point(
            begin + 60 * minute,
            "OB",
            **{
                "soc_pct": 80.0 - 2 * minute,
                "battery_w": 3600.0,
                "runtime_s": 3000.0 - 60 * minute,
                "capacity_wh": 3000.0,
                **values,
            },
        )
    end = begin + 60 * minutes
    yield point(end, "OL", soc_pct=80.0 - 2 * minutes, battery_w=3600.0)


def lines(points: Sequence[HistoryPoint] | Iterator[HistoryPoint]) -> list[bytes]:
    return [render_point(each) for each in points]
