"""Every test here gets a house of its own; the long ones begin first."""

import os
from collections.abc import Iterator

import pytest

from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.nut.fixtures import need_nut
from tests.outage.lab import Lab
from tests.outage.longest_first import deal


@pytest.fixture
def lab(standin_gateway: RunningGateway, standin_cloud: RunningCloud) -> Iterator[Lab]:
    """A house on line, in which nothing runs yet; no secret may be shown."""
    need_nut()
    found = Lab(standin_gateway, standin_cloud)
    try:
        yield found
        found.site.check_words()
    finally:
        found.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests marked ``slow(seconds)``."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = deal(items, [_seconds(item) for item in items], workers)


def _seconds(item: pytest.Item) -> float:
    mark = item.get_closest_marker("slow")
    return float(mark.args[0]) if mark and mark.args else 0.0
