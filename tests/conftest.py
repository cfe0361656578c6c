"""What every test gets: stand-ins on loopback, and no other network."""

import asyncio  # noqa: F401  before the HTTP library, whose half for it some tests need
import gc
import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from hypothesis import settings

import nutbridge
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


#: Coverage is not measured here: of each second of simulated weeks, and of processes
#: that leave without a word.
NOT_COUNTED = ("tests/attacks/test_every_moment.py", "tests/sim/")


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
    """Begin with the tests marked ``slow(seconds)``; mark what is not counted."""
    for item in items:
        if item.nodeid.startswith(NOT_COUNTED) or _is_random(item) or _in_a_grid(item):
            item.add_marker("not_counted")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = deal(items, [_seconds(item) for item in items], workers)


def _is_random(item: pytest.Item) -> bool:
    """Tell whether hypothesis makes the examples, mostly in code of its own."""
    return hasattr(getattr(item, "function", None), "hypothesis")


def _in_a_grid(item: pytest.Item) -> bool:
    """Tell whether each of two or more parameters is not the first of its kind.

    One row and one column of a grid run what the rest of it runs.
    """
    indices = item.callspec.indices.values() if hasattr(item, "callspec") else ()
    return len(indices) > 1 and all(indices)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Measure what imports run, and not how pytest finds the tests: 6 s a worker."""
    if _coverage():
        for module in pkgutil.walk_packages(nutbridge.__path__, "nutbridge."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    with _not_counted():
        return (yield)


def pytest_collection_finish() -> None:
    """Keep the many tests out of each later round of the garbage collector."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Where coverage is not measured, leave it out of the fixtures as well."""
    off = item.get_closest_marker("not_counted") is not None
    with _not_counted() if off else nullcontext():
        return (yield)


@contextmanager
def _not_counted() -> Iterator[None]:
    """Stop all that measures coverage.

    In a worker these are two, of which the marker no_cover of pytest-cov 7.1 stops
    one: the other then goes on, as slowly.
    """
    stopped = []
    while coverage := _coverage():
        coverage.stop()
        stopped.append(coverage)
    try:
        yield
    finally:
        for coverage in reversed(stopped):
            coverage.start()


def _coverage() -> Any:
    """Return what measures coverage in this process now; None without ``--cov``."""
    library = sys.modules.get("coverage")
    return library.Coverage.current() if library else None


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
