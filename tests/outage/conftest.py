"""Every test here gets a house of its own."""

from collections.abc import Iterator

import pytest

from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.nut.fixtures import need_nut
from tests.outage.lab import Lab


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
