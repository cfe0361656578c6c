"""What the history adds to a poll: noting it, and the thread that writes."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nutbridge.daemon.history.background import BackgroundWriter
from nutbridge.daemon.history.recorder import AfterCheck, HistoryRecorder
from nutbridge.ups.model import Facts, Flows
from nutbridge.ups.status.low import Verdict
from nutbridge.ups.status.memory import FlowMemory, Memory, ShownStatus
from tests.bench.table import Row
from tests.fakes.clock import FakeClock

_POLLS = 20_000
_POLL_S = 10.0
_MS = 1000.0


def history(_ref: str | None, say: Callable[[str], None]) -> list[Row]:
    """CPU of all threads, per poll; on battery every sixth is written."""
    say("history, 2 x 20,000 polls")
    return [
        Row(f"history: CPU per poll, {words}", _cpu_ms(status), "ms", 0.2, digits=3)
        for words, status in (("on line", "OL"), ("on battery", "OB"))
    ]


def _cpu_ms(status: str) -> float:
    clock = FakeClock()
    verdict = Verdict(status, 80.0, 3600.0, 20.0, 10000.0, False, False, 500.0)
    with tempfile.TemporaryDirectory() as folder:
        writer = BackgroundWriter(Path(folder, "history"), Path(folder, "memory"))
        recorder = HistoryRecorder(writer, clock, "m", "1", None)
        memory = Memory(shown=ShownStatus(status), controller=True)
        began = time.process_time()
        for _ in range(_POLLS):
            clock.advance(_POLL_S)
            flows = Flows(clock.now, 700.0, 500.0, 0.0, 200.0)
            memory = memory._replace(flow=FlowMemory(last=flows))
            recorder.note(AfterCheck(memory, verdict, Facts()))
        writer.end(60.0)
        return (time.process_time() - began) / _POLLS * _MS
