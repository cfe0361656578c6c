"""A made-up month behind the demo's minute, and a place where it is day (pure).

Without it the page would have nothing to show of the days before.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nutbridge.daemon.history.points import HistoryPoint
from nutbridge.ups.units import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
)

_MONTH_DAYS = 28
_QUARTER_S = 900.0
_CHARGE_S = 4 * SECONDS_PER_HOUR
#: What the curve of a house looks like: W.
_BASE_W, _HEATER_W, _FRIDGE_W = 520.0, 380.0, 90.0
_LOW_PCT = 20.0
_FULL_PCT = 92.0
#: Farthest zones that POSIX names have: Etc/GMT-12 to Etc/GMT+12.
_FARTHEST_H = 12


class PastOutage(NamedTuple):
    """An outage to make up.

    Attributes:
        ago_s: when it began.
        lasted_s: how long.
        from_pct: charge as it began.
        to_pct: charge as it ended.
        silent: the gateway was silent in a part of it.
    """

    ago_s: float
    lasted_s: float
    from_pct: float
    to_pct: float
    silent: bool = False


OUTAGES = (
    PastOutage(21.4 * SECONDS_PER_DAY, 24 * SECONDS_PER_MINUTE, 92.0, 88.0),
    PastOutage(6.3 * SECONDS_PER_DAY, 7.7 * SECONDS_PER_HOUR, 92.0, 14.0, silent=True),
)


def month(
    now: float, outages: tuple[PastOutage, ...] = OUTAGES, capacity_wh: float = 10000.0
) -> list[HistoryPoint]:
    """Return the points of four weeks before ``now``, the oldest first.

    Args:
        now: s since 1970.
        outages: what happened in them; one that lasts until now is under way.
        capacity_wh: of the battery.
    """
    found = [*_quiet(outages, capacity_wh)]
    for outage in outages:
        found += _minutes(outage, capacity_wh)
    found.sort(key=lambda point: point.at)
    up0 = _MONTH_DAYS * SECONDS_PER_DAY + SECONDS_PER_DAY
    return [
        point._replace(at=now + point.at, up=up0 + point.at, origin="demo.past")
        for point in found
    ]


def _quiet(
    outages: tuple[PastOutage, ...], capacity_wh: float
) -> Iterator[HistoryPoint]:
    """Yield a point each quarter of an hour on line; times count from now."""
    for step in range(int(_MONTH_DAYS * SECONDS_PER_DAY / _QUARTER_S), 0, -1):
        ago_s = step * _QUARTER_S
        ends = [each.ago_s - each.lasted_s for each in outages]
        if any(
            each.ago_s >= ago_s > end - 1
            for each, end in zip(outages, ends, strict=True)
        ):
            continue
        charging = [
            each
            for each, end in zip(outages, ends, strict=True)
            if ago_s <= end < ago_s + _CHARGE_S
        ]
        soc_pct = charging[0].to_pct + 10 if charging else _FULL_PCT
        yield HistoryPoint(
            at=-ago_s,
            up=0.0,
            status="OL",
            soc_pct=soc_pct,
            load_w=_BASE_W,
            grid_w=_BASE_W,
            capacity_wh=capacity_wh,
        )


def _minutes(outage: PastOutage, capacity_wh: float) -> Iterator[HistoryPoint]:
    steps = int(outage.lasted_s // SECONDS_PER_MINUTE)
    for step in range(steps):
        part = step / max(1, steps)
        soc_pct = outage.from_pct + (outage.to_pct - outage.from_pct) * part
        silent = outage.silent and 0.45 < part < 0.6  # noqa: PLR2004 - of its length
        load_w = _BASE_W + _HEATER_W * (step // 25 % 2) + _FRIDGE_W * (step // 4 % 3)
        yield HistoryPoint(
            at=step * SECONDS_PER_MINUTE - outage.ago_s,
            up=0.0,
            status="OB LB" if soc_pct < _LOW_PCT else "OB",
            soc_pct=round(soc_pct, 1),
            reckoned=silent,
            battery_w=None if silent else load_w,
            load_w=None if silent else load_w,
            runtime_s=round(soc_pct / 100 * capacity_wh / load_w * SECONDS_PER_HOUR),
            capacity_wh=capacity_wh,
            silent_s=SECONDS_PER_MINUTE if silent else None,
            changed=step == 0,
        )
    end_s = outage.ago_s - outage.lasted_s
    if end_s > 0:
        yield HistoryPoint(
            at=-end_s, up=0.0, status="OL", soc_pct=outage.to_pct, changed=True
        )


def place_where(now: float, hour: float) -> tuple[int, str]:
    """Return midnight and timezone of a place where it is about that hour now.

    Args:
        now: s since 1970.
        hour: of the day there.
    """
    utc_hour = now % SECONDS_PER_DAY / SECONDS_PER_HOUR
    east_h = round(hour - utc_hour)
    if east_h > _FARTHEST_H:
        east_h -= 24
    if east_h < -_FARTHEST_H:
        east_h += 24
    east_s = east_h * int(SECONDS_PER_HOUR)
    midnight = int((now + east_s) // SECONDS_PER_DAY * SECONDS_PER_DAY) - east_s
    # POSIX turns the sign round.
    return midnight, f"Etc/GMT{-east_h:+d}" if east_h else "UTC"
