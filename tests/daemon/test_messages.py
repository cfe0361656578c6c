"""Lines of the log: a charge that is not read, lasting causes, health."""

import logging
from dataclasses import replace

import pytest

from nutbridge.daemon.messages import LastingCauses, hourly, tell_health
from nutbridge.errors import DeviceAnswerError, DeviceUnreachable
from nutbridge.sources.enphase.remedies import diagnose
from nutbridge.ups.model import DeviceHealth
from nutbridge.ups.status.low import evaluate
from nutbridge.ups.status.memory import BatteryMemory, Charge, Memory
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import State

ONLINE = Memory(
    state=State.ONLINE,
    started_at=1000.0,
    battery=BatteryMemory(charge=Charge(1500.0, 80.0, 0.0, 1500.0), fitted=True),
)


def told(memory: Memory, now: float) -> tuple[Memory, str | None]:
    memory, verdict = evaluate(memory, now, Policy())
    memory, notice = hourly(memory, verdict, now, 1.8e9)
    return memory, notice.text if notice else None


def test_unread_charge_on_line_is_told_once_a_day() -> None:
    assert told(ONLINE, 1500.0 + 3590)[1] is None
    memory, text = told(ONLINE, 1500.0 + 3600)
    assert text == "no charge was read for 1 h 0 min: an outage would begin blind"
    assert told(memory, 1500.0 + 50_000)[1] is None
    assert told(memory, 1500.0 + 3600 + 86_400)[1] is not None


def test_unread_charge_is_no_news_without_a_battery() -> None:
    memory = replace(ONLINE, battery=BatteryMemory(fitted=False))
    assert told(memory, 90_000.0)[1] is None


def test_charge_read_again_ends_it() -> None:
    memory, _ = told(ONLINE, 1500.0 + 3600)
    fresh = replace(memory.battery, charge=Charge(6000.0, 80.0, 0.0, 6000.0))
    memory, text = told(replace(memory, battery=fresh), 6010.0)
    assert text is None
    assert memory.hour_told_at is None


def test_lasting_cause_is_named_once_with_its_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    causes = LastingCauses()
    error = DeviceAnswerError("envoy/ivp/ensemble/relay", "answered 404", 404)
    error.remedy, error.lasting = diagnose(error)
    passing = DeviceUnreachable("envoy", "no answer within 5 s")
    passing.remedy, passing.lasting = diagnose(passing)
    for each in (passing, error, error, passing):
        causes.tell(each)
    (said,) = caplog.records
    assert said.levelno == logging.WARNING
    assert "answered 404; this firmware has no /ivp/ensemble/relay" in said.getMessage()
    causes.over()
    causes.tell(error)
    assert len(caplog.records) == 2


def test_health_is_told_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    well, ill = DeviceHealth("battery 1"), DeviceHealth("battery 1", ("asleep",))
    other = DeviceHealth("Meter Collar 2", ("does not communicate",))
    tell_health((), (well,))
    assert caplog.records == []
    tell_health((well,), (ill, other))
    tell_health((ill, other), (ill, other))
    tell_health((ill, other), (well, other))
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "battery 1: asleep"),
        ("WARNING", "Meter Collar 2: does not communicate"),
        ("INFO", "battery 1: well"),
    ]
