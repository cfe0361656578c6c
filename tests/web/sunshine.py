"""Databases of panels: the made-up Envoy's days up to a moment."""

from pathlib import Path

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.store.api import Store
from nutbridge.simulator.legacy_envoy import (
    DAY,
    DEAD,
    PANELS,
    SUNSET_S,
    reports,
    sample,
)

LAYOUT = "".join(
    f"{panel.serial} = {'East' if place < 6 else 'West'} {place % 6 + 1}, "
    f"{place // 6 + 1}, {place % 6 + 1}\n"
    for place, panel in enumerate(PANELS)
)


def fill(path: Path, now: float, *, days: int = 13, hour: float = 15.0) -> str:
    """Make a database in which it is ``hour`` o'clock at the panels.

    Returns: its URL.
    """
    midnight = int(now - hour * 3600)
    zone_s = -(midnight % DAY) % DAY
    zone_h = round(zone_s / 3600)
    zone_h = zone_h if zone_h <= 12 else zone_h - 24
    # POSIX turns the sign round.
    zone = f"Etc/GMT{-zone_h:+d}" if zone_h else "UTC"
    midnight = round((now + zone_h * 3600) // DAY * DAY) - zone_h * 3600
    url = f"sqlite:///{path}"
    store = Store.open(url)
    bodies = [
        (midnight - back * DAY + SUNSET_S, sample(midnight - back * DAY, zone))
        for back in range(days, 0, -3)
    ]
    bodies += reports(midnight, int(now), zone=zone, first=False)
    store.add(
        [(RawReport(at, "", "", "", (), body), parse(body)) for at, body in bodies]
    )
    store.close()
    return url


__all__ = ["DEAD", "LAYOUT", "fill"]
