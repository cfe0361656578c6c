"""The relay, all that know of the grid, or the whole gateway, fails in every way.

Where nobody tells, the file stays on line for NOCOMMS_DELAY and is then hidden; on
battery it is held, and never hidden. The relay alone is not missed.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.e2e.played import RELAY, Played
from tests.fakes.faults import ENDLESS, FAULTS, ODD_VALUES

#: What fails: some paths, or every one.
WHAT = {
    "all that know": (RELAY, "/ivp/ensemble/inventory", "/ivp/ensemble/status"),
    "everything": (),
}

#: Odd values that leave no usable word of the relay.
ODD = ("odd-strings", "lists-for-objects")


@pytest.fixture(params=[*FAULTS, *ODD])
def fault(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def failing(played: Played, fault: str) -> Iterator[Played]:
    played.settle()
    played.told()
    yield played
    assert played.house.admin == "closed"


def fail(played: Played, fault: str, paths: tuple[str, ...]) -> None:
    if fault in ENDLESS:
        played.hurry()
    played.faults.always({**FAULTS, **ODD_VALUES}[fault], *paths)


def recover(played: Played) -> None:
    played.calm()
    played.faults.clear()


@pytest.mark.parametrize("paths", WHAT.values(), ids=WHAT)
def test_on_line(failing: Played, fault: str, paths: tuple[str, ...]) -> None:
    before = failing.values
    fail(failing, fault, paths)
    failing.check(10.0)
    assert (failing.status, failing.values) == ("OL", before)
    told = [line for line in failing.told(logging.INFO) if "OL stands" in line]
    assert len(told) == 1
    assert "/ivp/" in told[0] or "/info" in told[0] or "relay says" in told[0]
    failing.check(305.0)
    assert failing.status is None
    told = [line for line in failing.told(logging.INFO) if "file hidden" in line]
    assert len(told) == 1
    recover(failing)
    failing.check(20.0)
    assert failing.status == "OL"
    assert [line for line in failing.told(logging.INFO) if "silent for" in line]
    failing.settle()
    assert failing.values == before


@pytest.mark.parametrize("paths", WHAT.values(), ids=WHAT)
def test_on_battery(failing: Played, fault: str, paths: tuple[str, ...]) -> None:
    failing.house.lose_grid()
    for _ in range(3):
        failing.check(10.0)
    assert failing.status == "OB"
    failing.told()
    fail(failing, fault, paths)
    failing.check(10.0)
    assert failing.status == "OB"
    assert "battery.charge" in failing.values
    told = failing.told(logging.WARNING)
    assert len([line for line in told if "holding OB" in line]) == 1
    failing.check(125.0)
    assert failing.status == "OB"
    recover(failing)
    failing.check(10.0)
    assert failing.status == "OB"
    assert [line for line in failing.told(logging.INFO) if "silent for" in line]


def test_relay_alone_is_not_missed(failing: Played, fault: str) -> None:
    """An outage is seen, and its end, by what the controller and batteries say."""
    before = failing.values
    fail(failing, fault, (RELAY,))
    for _ in range(5):
        failing.check(100.0)
    assert (failing.status, failing.values.keys()) == ("OL", before.keys())
    told = [line for line in failing.told(logging.WARNING) if "believing" in line]
    assert len(told) == 1
    failing.house.lose_grid()
    failing.check(10.0)
    failing.check(1.0)
    assert failing.status == "OB"
    failing.check(30.0)
    failing.house.regain_grid()
    # The battery's own report lags; the controller's is a few seconds old.
    failing.check(30.0)
    failing.check(5.0)
    assert failing.status == "OL"
    recover(failing)
    failing.check(10.0)
    assert failing.status == "OL"
    assert [line for line in failing.told(logging.INFO) if "relay answers" in line]
