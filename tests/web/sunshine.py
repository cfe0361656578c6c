"""Databases of panels: the made-up Envoy's days up to a moment."""

from pathlib import Path

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.store.api import Store
from nutbridge.simulator.legacy_envoy import DAY, PANELS, SUNSET_S, reports, sample
from nutbridge.tools.demo.month import place_where

LAYOUT = "".join(
    f"{panel.serial} = {'East' if place < 6 else 'West'} {place % 6 + 1}, "
    f"{place // 6 + 1}, {place % 6 + 1}\n"
    for place, panel in enumerate(PANELS)
)


def fill(path: Path, now: float, *, days: int = 13, hour: float = 15.0) -> str:
    """Make a database in which it is ``hour`` o'clock at the panels.

    Returns: its URL.
    """
    midnight, zone = place_where(now, hour)
    bodies = [
        (midnight - back * DAY + SUNSET_S, sample(midnight - back * DAY, zone))
        for back in range(days, 0, -3)
    ]
    bodies += reports(midnight, int(now), zone=zone, first=False)
    add(path, bodies)
    return f"sqlite:///{path}"


def add(path: Path, bodies: list[tuple[int, bytes]]) -> None:
    """Store bodies as if they had come just then."""
    store = Store.open(f"sqlite:///{path}")
    store.add([(RawReport(at, "", "", "", (), one), parse(one)) for at, one in bodies])
    store.close()
