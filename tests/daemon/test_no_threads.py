"""A system without threads left: a silent poll, and no flag that stays behind."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.net.addresses import AddressBook, AddressError
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.pv_telemetry import PvTelemetry
from nutbridge.system.clock import SystemClock
from tests.fakes.fixtures import RunningGateway
from tests.fakes.inside import Ahead, Inside
from tests.nut.harness import SOON_S, wait_until
from tests.sources.enphase.bench import NEW, Bench

Free = Callable[[], None]


@pytest.fixture
def exhausted(monkeypatch: pytest.MonkeyPatch) -> Free:
    """No thread starts any more, until the fixture is called."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    inner = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", refuse)
    return lambda: monkeypatch.setattr(threading.Thread, "start", inner)


def test_no_thread_for_a_name(exhausted: Free) -> None:
    book = AddressBook("envoy", 443, lambda _host, _port: ["127.0.0.1"])
    for _ in range(2):
        with pytest.raises(AddressError, match="can't start new thread"):
            book.addresses(1.0)
    exhausted()
    assert book.addresses(60.0) == ("127.0.0.1",)


def test_no_thread_for_a_renewal(exhausted: Free) -> None:
    bench = Bench(None, NEW)
    with pytest.raises(RuntimeError):
        bench.renewal.poke(grid_gone=False)
    assert not bench.renewal.running
    exhausted()
    assert bench.poke() == 1


def test_no_thread_for_the_inverter_beside(
    exhausted: Free, caplog: pytest.LogCaptureFixture
) -> None:
    """The gateway's details are read all the same, and close has nothing to join."""
    side = PvTelemetry(None, ThreadWaiter(), SystemClock(), every_s=5)  # type: ignore[arg-type]
    for _ in range(3):
        side.start()
    side.close()
    assert len(caplog.records) == 1
    exhausted()
    assert side._thread is None


def test_no_thread_for_a_request(
    standin_gateway: RunningGateway,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The monitor ended with 70 and was started again every 2 s."""
    clock = Ahead()
    inside = Inside(
        tmp_path,
        standin_gateway.host,
        standin_gateway.token,
        standin_gateway.house.serial,
        keys="NOCOMMS_DELAY=10",
        clock=clock,
    )
    inside.monitor.tick()
    assert inside.visible
    standin_gateway.server.drop_connections()
    inside.parts.source._gateway.new_session()  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:

        def refuse(_thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", refuse)
        clock.ahead_s += 5.0
        inside.monitor.tick()
        assert inside.visible
        clock.ahead_s += 10.0
        inside.monitor.tick()
        assert not inside.visible
    inside.monitor.tick()
    wait_until(lambda: inside.visible, SOON_S, "it answers again")
    inside.monitor.close()
    assert len([r for r in caplog.records if r.exc_info]) <= 1
