"""What every test gets: stand-ins on loopback, and no other network."""

import pytest

from tests.fakes.fixtures import standin_cloud, standin_folder, standin_gateway
from tests.fakes.loopback import only_loopback

__all__ = ["only_loopback", "standin_cloud", "standin_folder", "standin_gateway"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite test-data/*/*/expected.dev with what the code gives now",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected.dev is to be rewritten."""
    return bool(request.config.getoption("--update-golden"))
