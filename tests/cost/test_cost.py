"""What a hundred polls cost: connections, requests, writes.

Everything is the daemon's own, TLS included; only the clock is put forward.
"""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nutbridge.net.library import httpx
from tests.cost.counted import Counted

POLLS = 100
#: Until every slow fact was read and the live stream runs.
SETTLED = 12


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    with Counted(tmp_path) as counted:
        yield counted


def test_cost_one_handshake_while_the_connection_lasts(counted: Counted) -> None:
    cost = counted.poll(POLLS)
    assert cost.failed == 0
    assert (cost.full_handshakes, cost.resumed_handshakes) == (1, 0)


def test_cost_connections_dropped_when_idle(counted: Counted) -> None:
    """A quiet reconnect each time: one handshake, resumed, and no failed poll."""
    cost = counted.poll(POLLS, drop=True)
    assert cost.failed == 0
    assert cost.most_handshakes == 1
    assert (cost.full_handshakes, cost.resumed_handshakes) == (1, POLLS - 1)


def test_cost_requests_on_line(counted: Counted) -> None:
    """Default config: at most 12 a minute, the start and slow facts included."""
    cost = counted.poll(POLLS)
    assert cost.minutes > 16
    assert cost.per_minute <= 12
    assert cost.requests["/ivp/ensemble/relay"] == POLLS


def test_cost_requests_without_checks_in_between(tmp_path: Path) -> None:
    """RELAYFREQ=0 asks the relay once per full poll, as the script does."""
    with Counted(tmp_path, "RELAYFREQ=0") as counted:
        cost = counted.poll(POLLS)
    assert cost.minutes > 98
    assert cost.requests["/ivp/ensemble/relay"] == POLLS
    assert cost.per_minute <= 6


def test_cost_no_write_while_nothing_changes(counted: Counted) -> None:
    counted.poll(SETTLED)
    assert counted.poll(POLLS).writes == 0


def test_cost_no_write_below_the_last_digit(counted: Counted) -> None:
    """Values are rounded before they are compared."""
    counted.poll(SETTLED)
    counted.gateway.house.load_w += 0.005
    assert counted.poll(SETTLED).writes == 0


def test_cost_one_write_for_a_change(counted: Counted) -> None:
    counted.poll(SETTLED)
    counted.gateway.house.load_w += 100
    assert counted.poll(SETTLED).writes == 1


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """What this thread opens; a hook of the interpreter stays, but falls silent."""
    found: list[str] = []
    here = threading.get_ident()
    watching = True

    def look(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and watching and threading.get_ident() == here:
            found.append(str(args[0]))

    sys.addaudithook(look)
    yield found
    watching = False


def test_cost_of_a_full_poll_that_brings_nothing_new(
    tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is opened, but for the state once in 50 s; no request made anew."""
    made: list[str] = []
    inner = httpx.Request

    def make(method: str, *args: Any, **how: Any) -> object:
        made.append(how["extensions"]["target"].decode())
        return inner(method, *args, **how)

    monkeypatch.setattr(httpx, "Request", make)
    with Counted(tmp_path, "POLLFREQ=5\nPOLLFREQALERT=5\nRELAYFREQ=0") as counted:
        counted.poll(SETTLED)
        made.clear()
        busy = []
        for _ in range(40):
            opened.clear()
            counted.poll(1)
            busy += [" ".join(opened)] if opened else []
    assert 0 < len(busy) <= 4, "in 200 s"
    assert all(".state." in names for names in busy)
    assert set(made) <= {"/ivp/livedata/stream"}
