"""What every test gets: stand-ins on loopback, and no other network."""

import os
import signal

import pytest
from hypothesis import settings

from tests.effort import FACTOR
from tests.fakes.fixtures import (
    standin_cloud,
    standin_folder,
    standin_gateway,
)
from tests.fakes.loopback import only_loopback
from tests.longest_first import deal

__all__ = ["only_loopback", "standin_cloud", "standin_folder", "standin_gateway"]

# Started in the background (nohup, a shell's &), we would hand down to each child
# that SIGINT and SIGHUP are ignored, and no test could interrupt it.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A busy machine is slow; speed belongs in tests/bench.
settings.register_profile(
    "effort", deadline=None, derandomize=FACTOR == 1, max_examples=100 * FACTOR
)
settings.load_profile("effort")


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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests marked ``slow(seconds)``."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = deal(items, [_seconds(item) for item in items], workers)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests have recorded as ``shown``."""
    shown = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "shown"
    ]
    if shown:
        terminalreporter.section("figures")
        for line in sorted(shown):
            terminalreporter.line(line)


def _seconds(item: pytest.Item) -> float:
    mark = item.get_closest_marker("slow")
    return float(mark.args[0]) if mark and mark.args else 0.0
