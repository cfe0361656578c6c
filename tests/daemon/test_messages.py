"""Lines about a charge that is not read."""

from dataclasses import replace

from nutbridge.daemon.messages import hourly
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
