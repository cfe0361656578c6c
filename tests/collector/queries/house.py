"""Days of a made-up house, put into a store."""

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.store.api import Store
from nutbridge.simulator.legacy_envoy import DAY

#: 2026-06-21 00:00 UTC.
MIDNIGHT = 1_782_000_000
NOON = MIDNIGHT + DAY // 2


def add(store: Store, *found: tuple[int, bytes]) -> None:
    """Store bodies as if they had come just then."""
    store.add(
        [(RawReport(at, "", "", "", (), data), parse(data)) for at, data in found]
    )
