"""The one retry policy."""

import pytest

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    LoginRefused,
    Stopping,
    TokenRejected,
    WrongDevice,
)
from nutbridge.net.worker import retrying
from tests.fakes.clock import FakeClock


class Time(FakeClock):
    """A clock that only waiting moves; a waiter that may be woken or stopped."""

    def __init__(self, *, stop: bool = False, wakes: int = 0) -> None:
        super().__init__()
        self.stop = stop
        self.wakes = wakes

    def wait(self, seconds: float) -> bool:
        if self.stop:
            raise Stopping("asked to stop")
        if self.wakes:
            self.wakes -= 1
            self.now += seconds / 10
            return True
        self.now += seconds
        return False

    def wake(self) -> None:
        raise AssertionError


class Flaky:
    """Raises the given errors one after another, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def _run(call: Flaky, time: Time, tries: int = 2, until: float = 2000.0) -> str:
    return retrying(call, tries=tries, until=until, clock=time, waiter=time)


LOST = DeviceUnreachable("gateway", "connection refused")


@pytest.mark.parametrize(
    "error",
    [LOST, *(DeviceAnswerError("gateway", "x", status) for status in (500, 503))],
)
def test_tried_again(error: DeviceError) -> None:
    time = Time()
    assert _run(Flaky(error), time) == "answer"
    assert 1000.2 <= time.now <= 1001.0


@pytest.mark.parametrize(
    "error",
    [
        TokenRejected("gateway", "401"),
        CertificateChanged("gateway", "a", "b"),
        WrongDevice("gateway", "1", "2"),
        LoginRefused("no"),
        DeviceAnswerError("gateway", "not JSON"),
        DeviceAnswerError("gateway", "x", 404),
        Stopping("stop"),
    ],
)
def test_not_tried_again(error: Exception) -> None:
    call = Flaky(error)
    with pytest.raises(type(error)) as caught:
        _run(call, Time(), tries=5)
    assert caught.value is error
    assert call.calls == 1


def test_tries_are_bounded() -> None:
    call = Flaky(*[LOST] * 9)
    with pytest.raises(DeviceUnreachable):
        _run(call, Time(), tries=3)
    assert call.calls == 3


def test_time_is_bounded() -> None:
    """No try begins at or after ``until``."""
    time = Time()
    call = Flaky(*[LOST] * 999)
    with pytest.raises(DeviceUnreachable):
        _run(call, time, tries=999, until=1005.0)
    assert time.now < 1005.0
    assert 5 <= call.calls <= 26


def test_pause_is_whole_though_woken() -> None:
    time = Time(wakes=3)
    assert _run(Flaky(LOST), time) == "answer"
    assert time.now >= 1000.2
    assert time.wakes == 0


def test_stop_while_pausing() -> None:
    call = Flaky(LOST)
    with pytest.raises(Stopping):
        _run(call, Time(stop=True))
    assert call.calls == 1
