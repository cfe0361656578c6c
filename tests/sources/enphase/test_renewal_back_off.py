"""Renewals that fail, or do not help: when the next one comes."""

import threading

import pytest

from nutbridge.errors import CloudError, LoginRefused, TokenError
from nutbridge.ups.status.saved import RetryState
from tests.sources.enphase.bench import NEW, OLD, Bench
from tests.sources.enphase.tokens import DAY, NOW, owner_token


def test_back_off(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(OLD, CloudError("Enlighten is out of order (503)"))
    caplog.clear()
    bench.poke()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "(503); it ends in 25 days" in record.getMessage()
    assert "next try at" in record.getMessage()
    assert bench.renewal.token == bench.file.text == OLD
    assert bench.renewal.retry_state == RetryState(bench.clock.wall_s + 60, 1)
    assert bench.asked_during(30) == 0
    assert bench.asked_during(30) == 1
    # 1, 2, 4 ... 1024 min, then every 24 h.
    assert bench.asked_during(10 * DAY, 60.0) == 10 + 8


def test_wrong_password_waits_15_minutes() -> None:
    bench = Bench(OLD, LoginRefused("no"))
    bench.poke()
    assert bench.asked_during(899) == 0
    assert bench.asked_during(60) == 1


@pytest.mark.parametrize(
    ("ahead_s", "waits"), [(600, True), (DAY + 1, False), (-5, False), (1e9, False)]
)
def test_back_off_survives_a_restart(ahead_s: float, *, waits: bool) -> None:
    bench = Bench(OLD, CloudError("x"), state=RetryState(NOW + ahead_s, 4))
    assert bench.poke() == (0 if waits else 1)
    if not waits:
        assert bench.renewal.retry_state == RetryState(NOW + 16 * 60, 5)


def test_clock_step_does_not_shorten_the_back_off() -> None:
    bench = Bench(OLD, CloudError("x"))
    bench.poke()
    bench.clock.wall_s += 40 * 365 * DAY
    assert bench.poke() == 1
    bench.clock.wall_s -= 80 * 365 * DAY
    bench.clock.now += 60
    bench.renewal.refused()
    assert bench.poke() == 2


def test_clock_decades_ahead_costs_one_renewal() -> None:
    bench = Bench(NEW, owner_token(NOW + 1))
    bench.clock.wall_s += 40 * 365 * DAY
    assert bench.asked_during(90 * DAY, 3600.0) == 1


def test_gateway_that_refuses_every_token() -> None:
    """One login at once, then seldom, not one per poll."""
    bench = Bench(NEW, owner_token(NOW + 1))
    asked = []
    for hours in range(24 * 4):
        bench.renewal.refused()
        if bench.asked_during(3600, 300.0):
            asked.append(hours)
    assert len(bench.cloud.asked) == 10
    assert asked[-1] > 72


def test_test_mode_renews_without_a_pause() -> None:
    bench = Bench(NEW, NEW, pause_s=0.0)
    for count in range(1, 20):
        bench.renewal.refused()
        assert bench.poke() == count
        assert bench.renewal.token == NEW


@pytest.mark.parametrize(
    "error", [OSError(2, "No such file"), TokenError("odd"), CloudError("x")]
)
def test_any_failure_backs_off(error: Exception) -> None:
    bench = Bench(OLD, error)
    bench.poke()
    assert bench.renewal.retry_state.failures == 1
    assert not bench.renewal.running


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_backs_off_too() -> None:
    bench = Bench(OLD, ZeroDivisionError())
    bench.poke()
    for thread in threading.enumerate():
        if thread.name == "renewal":
            thread.join()
    assert bench.renewal.retry_state.failures == 1
    assert not bench.renewal.running
