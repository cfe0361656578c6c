"""Every test here may run the installed command."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.played import Played
from tests.e2e.site import Site
from tests.fakes.fixtures import RunningCloud, RunningGateway


@pytest.fixture
def site(
    standin_gateway: RunningGateway, standin_cloud: RunningCloud
) -> Iterator[Site]:
    """One UPS with a stand-in gateway and cloud; no secret may be shown."""
    found = Site(standin_gateway, standin_cloud)
    try:
        yield found
        found.check_words()
    finally:
        found.close()


@pytest.fixture
def known(site: Site) -> Site:
    """A site with a token; the cloud is not needed."""
    site.cache_token()
    return site


@pytest.fixture
def played(
    standin_gateway: RunningGateway,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Played]:
    """A monitor that has not asked anything yet."""
    # The command's own set-up, in the same process, may have ended propagation.
    monkeypatch.setattr(logging.getLogger("nutbridge"), "propagate", True)
    caplog.set_level(logging.DEBUG, "nutbridge")
    found = Played(tmp_path, standin_gateway, caplog)
    yield found
    found.close()
