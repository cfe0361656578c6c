"""Fixtures for tests with the real NUT; import them where they are needed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.nut.harness import Nut, NutMissing, Times, program

StartNut = Callable[..., Nut]


def need_nut() -> None:
    """Fail the test where NUT is not installed."""
    try:
        for name in ("dummy-ups", "upsd", "upsmon", "upsc"):
            program(name)
    except NutMissing as missing:
        pytest.fail(str(missing))


@pytest.fixture
def start_nut() -> Iterator[StartNut]:
    """Start a NUT on a port file: ``start_nut(path, times)``; fails without NUT."""
    need_nut()
    started: list[Nut] = []

    def start(port_file: Path, times: Times | None = None) -> Nut:
        nut = Nut(port_file, times)
        started.append(nut)
        nut.start()
        return nut

    yield start
    for nut in started:
        nut.stop()
