"""Lines of the log: a charge that is not read, lasting causes, health."""

import logging

import pytest

from nutbridge.daemon.messages import (
    LastingCauses,
    hourly,
    source_text,
    tell_health,
)
from nutbridge.errors import DeviceAnswerError, DeviceUnreachable
from nutbridge.sources.enphase.remedies import diagnose
from nutbridge.ups.model import DeviceHealth, Grid
from nutbridge.ups.notices import CRITICAL
from nutbridge.ups.status.low import evaluate
from nutbridge.ups.status.memory import BatteryMemory, Charge, Memory, RelayMemory
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
    memory = ONLINE._replace(battery=BatteryMemory(fitted=False))
    assert told(memory, 90_000.0)[1] is None


def test_charge_read_again_ends_it() -> None:
    memory, _ = told(ONLINE, 1500.0 + 3600)
    fresh = memory.battery._replace(charge=Charge(6000.0, 80.0, 0.0, 6000.0))
    memory, text = told(memory._replace(battery=fresh), 6010.0)
    assert text is None
    assert memory.hour_told_at is None


def test_lasting_cause_is_named_once_with_its_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    causes = LastingCauses()
    error = DeviceAnswerError("envoy/ivp/ensemble/relay", "answered 404", 404)
    error.remedy, error.lasting, _ = diagnose(error)
    passing = DeviceUnreachable("envoy", "no answer within 5 s")
    passing.remedy, passing.lasting, _ = diagnose(passing)
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


HOLDING = ONLINE._replace(
    state=State.HOLDING,
    outage_since=1000.0,
    relay=RelayMemory(1500.0, Grid.OPEN, silent_since=1510.0),
)


@pytest.mark.parametrize(
    ("memory", "after_s", "text"),
    [
        (HOLDING._replace(state=State.ON_BATTERY), 10, None),
        (HOLDING._replace(state=State.ON_BATTERY), 100, "reckoned"),
        (HOLDING, 100, "reckoned, silent since "),
        # The relay is silent, the charge is read.
        (HOLDING, 10, "read, silent since "),
        (HOLDING._replace(battery=BatteryMemory()), 10, "charge unknown, silent since"),
    ],
)
def test_source_says_reckoned_only_of_a_reckoned_charge(
    memory: Memory, after_s: float, text: str | None
) -> None:
    now = 1500.0 + after_s
    memory, verdict = evaluate(memory, now, Policy())
    said = source_text(memory, verdict, now, 1.8e9)
    assert said is text if text is None else str(said).startswith(text)


def closed_once(soc_pct: float) -> Memory:
    """The memory of an outage whose last word, at 1500, was ``closed``."""
    return HOLDING._replace(
        relay=RelayMemory(1500.0, Grid.CLOSED, 1500.0, silent_since=1510.0),
        battery=BatteryMemory(Charge(1499.0, soc_pct, 0.0, 1499.0), 10_000.0),
        hour_told_at=1500.0,
    )


def test_closed_once_is_told_before_it_no_longer_holds_lb_back() -> None:
    """CRITICAL, once, with what to do; a quarter of an hour before LB can come."""
    memory = closed_once(80.0)
    assert told(memory, 1500.0 + 899)[1] is None
    memory, verdict = evaluate(memory, 2400.0, Policy())
    memory, notice = hourly(memory, verdict, 2400.0, 1.8e9)
    assert notice is not None
    assert notice.level == CRITICAL
    assert "nutbridge release" in notice.text
    assert told(memory, 2500.0)[1] is None


def test_closed_once_is_told_at_once_where_the_battery_is_low() -> None:
    memory = closed_once(19.0)
    assert told(memory, 1500.0 + 59)[1] is None
    text = told(memory, 1500.0 + 70)[1]
    assert text is not None
    assert "the last word was" in text
