"""When a login may be tried, and what is kept over a restart."""

import json
import logging
import stat
from pathlib import Path

import pytest

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NoFreeSession,
    NotWebconnect,
    PasswordRefused,
    SessionRefused,
    Stopping,
)
from nutbridge.net.pins import Pin, PinRecord, PinStore
from nutbridge.net.tls import PinnedContext
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.sma.login_gate import (
    LAST_LOGIN_S,
    LoginGate,
)
from nutbridge.sources.sma.session_store import SessionStore
from nutbridge.ups.status.saved import RetryState
from tests.fakes.clock import FakeClock

A, B = "a" * 64, "b" * 64
MINUTE_S = 60.0


def is_open(gate: LoginGate) -> bool:
    try:
        gate.admit()
    except DeviceError:
        return False
    return True


@pytest.mark.parametrize(
    ("error", "pauses_min"),
    [
        (NoFreeSession("h", "p"), [5, 10, 20, 30, 30]),
        (PasswordRefused("h", "p"), [15, 15, 15]),
        (SessionRefused("h", "p"), [1, 2, 4, 8, 16, 30, 30]),
        (NotWebconnect("h", "p"), [1, 1, 1]),
        (DeviceAnswerError("h", "p"), [1, 1, 1]),
        (DeviceUnreachable("h", "p", sent=True), [0, 1, 2, 4, 5]),
        (DeviceUnreachable("h", "p"), [0, 0, 0]),
        (CertificateChanged("h", A, B), [0, 0, 0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_failure_has_its_pause(
    error: DeviceError, pauses_min: list[float]
) -> None:
    clock = FakeClock(wall_s=1.8e9)
    gate = LoginGate("h", clock, RetryState())
    for minutes in pauses_min:
        gate.failed(error)
        if minutes:
            clock.advance(minutes * MINUTE_S - 1)
            assert not is_open(gate)
            clock.advance(1)
        assert is_open(gate)


def test_failures_of_another_kind_double_no_pause() -> None:
    """A web server that restarts for ten minutes, then a full session table."""
    clock = FakeClock(wall_s=1.8e9)
    gate = LoginGate("h", clock, RetryState())
    for _ in range(10):
        gate.failed(NotWebconnect("h", "p"))
        clock.advance(MINUTE_S)
    gate.failed(NoFreeSession("h", "p"))
    clock.advance(5 * MINUTE_S)
    assert is_open(gate)


def test_sessions_that_end_at_once_are_no_login_per_poll() -> None:
    """Ended for us, each may stay in the table of four all the same."""
    clock = FakeClock(wall_s=1.8e9)
    gate = LoginGate("h", clock, RetryState())
    logins = 0
    for _ in range(360):
        if is_open(gate):
            gate.made()
            gate.passed()
            logins += 1
        clock.advance(10)
    assert 10 <= logins <= 60
    while is_open(gate):
        gate.made()
    with pytest.raises(SessionRefused, match=r"end soon .* no login for \d"):
        gate.admit()


def test_pause_says_why_and_how_long() -> None:
    gate = LoginGate("h", FakeClock(wall_s=1.8e9), RetryState())
    gate.failed(NoFreeSession("h/dyn/login.json", "err 503: no free session"))
    with pytest.raises(NoFreeSession, match="no free session; no login for 5 min 0 s"):
        gate.admit()


def test_working_session_ends_the_doubling() -> None:
    clock = FakeClock(wall_s=1.8e9)
    gate = LoginGate("h", clock, RetryState())
    gate.failed(NoFreeSession("h", "p"))
    gate.failed(NoFreeSession("h", "p"))
    assert gate.retry_state.failures == 2
    gate.passed()
    assert gate.retry_state == RetryState()


def test_password_that_has_worked_is_tried_again_sooner_once() -> None:
    """An inverter that has restarted in an outage; three in an hour lock nobody out."""
    clock = FakeClock(wall_s=1.8e9)
    gate = LoginGate("h", clock, RetryState())
    gate.passed()
    for minutes in (1, 15, 15):
        gate.failed(PasswordRefused("h", "p"))
        clock.advance(minutes * MINUTE_S - 1)
        assert not is_open(gate)
        clock.advance(1)
        assert is_open(gate)


def test_pause_of_an_earlier_process() -> None:
    clock = FakeClock(wall_s=1.8e9)
    first = LoginGate("h", clock, RetryState())
    first.failed(NoFreeSession("h", "p"))
    second = LoginGate("h", clock, first.retry_state)
    assert not is_open(second)
    clock.advance(5 * MINUTE_S)
    assert is_open(second)


@pytest.mark.parametrize("ahead_s", [1e9, 86000.0, -5.0])
def test_pause_from_another_clock_is_half_an_hour_at_most(ahead_s: float) -> None:
    clock = FakeClock(wall_s=1.8e9)
    gate = LoginGate("h", clock, RetryState(clock.wall() + ahead_s, 3))
    clock.advance(30 * MINUTE_S)
    assert is_open(gate)


def test_session_is_kept_privately(tmp_path: Path) -> None:
    path = tmp_path / "sma-x.session"
    store = SessionStore(path, "https://h usr")
    assert store.load() is None
    store.save("-sid_1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SessionStore(path, "https://h usr").load() == "-sid_1"
    for other in ("https://h istl", "http://h usr", "https://g usr"):
        assert SessionStore(path, other).load() is None
    store.clear()
    store.clear()
    assert not path.exists()


def test_session_that_cannot_be_kept_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SessionStore(tmp_path / "gone" / "x", "of")
    store.save("sid-secret")
    store.save("sid-secret")
    assert len(caplog.records) == 1
    assert "sid-secret" not in caplog.text


@pytest.mark.parametrize("sid", [5, None, "", ["x"]])
def test_odd_session_is_none(tmp_path: Path, sid: object) -> None:
    path = tmp_path / "x"
    path.write_text(json.dumps({"of": "of", "sid": sid}))
    path.chmod(0o600)
    assert SessionStore(path, "of").load() is None


def pinned(folder: Path, *, strict: bool) -> tuple[Pin, PinnedContext, FakeClock]:
    context, clock = PinnedContext(), FakeClock()
    store = PinStore(folder / "x.fingerprint")
    trust = "nutbridge gateway trust --inverter"
    pin = Pin(
        "h", strict=strict, context=context, keeper=store, clock=clock, trust=trust
    )
    return pin, context, clock


def test_first_certificate_is_stored(tmp_path: Path) -> None:
    pin, context, _ = pinned(tmp_path, strict=False)
    assert context.expected is None
    pin.answered(A)
    assert context.expected == A
    assert pinned(tmp_path, strict=True)[1].expected == A


def test_strict_takes_no_first_certificate(tmp_path: Path) -> None:
    """Nor one in place of a pin that is damaged: "" is shown by nobody."""
    (tmp_path / "x.fingerprint").write_text("?")
    pin, context, _ = pinned(tmp_path, strict=True)
    assert context.expected == ""
    with pytest.raises(CertificateChanged, match="is not trusted"):
        pin.changed(CertificateChanged("h", "", A))
    assert (tmp_path / "x.fingerprint").read_text() == "?"


@pytest.mark.parametrize("strict", [False, True])
def test_another_certificate_gets_no_password(
    strict: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pinned(tmp_path, strict=False)[0].answered(A)
    pin, context, clock = pinned(tmp_path, strict=strict)
    changed = CertificateChanged("h", A, B)
    for _ in range(23 * 12):
        clock.advance(300.0)
        with pytest.raises(CertificateChanged, match="trust --inverter"):
            pin.changed(changed)
    assert context.expected == A
    told = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(told) == 23
    assert f"certificate changed from {A} to {B}" in told[0].getMessage()
    PinStore(tmp_path / "x.fingerprint").save(PinRecord(B))
    pin.changed(changed)
    assert context.expected == B


class Ended:
    """A waiter whose process has been told to stop."""

    def wait(self, seconds: float) -> bool:
        raise Stopping(f"no {seconds} s")

    def wake(self) -> None:
        """There is nobody who waits."""


def test_only_a_login_is_waited_for_at_the_end() -> None:
    clock = FakeClock(wall_s=1.8e9)
    waiter = ThreadWaiter(Ended(), clock)
    gate = LoginGate("h", clock, RetryState(), waiter)
    for end in (gate.made, lambda: gate.failed(DeviceUnreachable("h", "p"))):
        waiter.wake()
        with pytest.raises(Stopping):
            waiter.wait(MINUTE_S)
        gate.admit()
        assert waiter.wait(MINUTE_S)
        end()


def test_login_without_an_answer_is_not_waited_for_twice() -> None:
    clock = FakeClock(wall_s=1.8e9)
    waiter = ThreadWaiter(Ended(), clock)
    waiter.grace_s = LAST_LOGIN_S
    with pytest.raises(Stopping):
        waiter.wait(0.0)
    clock.advance(LAST_LOGIN_S)
    with pytest.raises(Stopping):
        waiter.wait(MINUTE_S)
