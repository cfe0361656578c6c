"""The parts of the benchmark; each measures and returns rows of the table."""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.bench.command import ENVIRONMENTS, FAST, commands, cpu_s
from tests.bench.driven import EARLY, drive, peak_kb
from tests.bench.energy import energy
from tests.bench.history import history
from tests.bench.outage import see_outages
from tests.bench.page import page
from tests.bench.questions import QUESTIONS
from tests.bench.reports import REPORTS
from tests.bench.sma import sma
from tests.bench.standin import StandIn
from tests.bench.table import Row
from tests.cost.counted import Counted
from tests.nut.harness import wait_until

#: Tells how far the benchmark is.
Say = Callable[[str], None]

_MS = 1000.0
_KB = 1024.0

#: Polls before the measuring begins: slow facts and the stream are asked for.
_WARM = 20
_PAIRS = 15
_FULL_EACH = "POLLFREQ=10\nRELAYFREQ=0"
#: One full poll in 30; the median is that of the others.
_RELAY_ONLY = "POLLFREQ=300\nRELAYFREQ=10"
_STEADY_POLLS = 100
_MANY = 10_000
#: The C library's heap settles for some thousand polls: 0.6 MB by 10,000 polls,
#: nothing more by 20,000.
_SETTLING_MB = 1.0


def polls(_ref: str | None, say: Say) -> list[Row]:
    """CPU of the two kinds of polls."""
    with StandIn() as gateway:
        say("full polls")
        full = drive(gateway, _FULL_EACH, 500)
        say("relay checks")
        relay = drive(gateway, _RELAY_ONLY, 500)
    return [
        Row("CPU of a full poll", _ms(full.cpu_s[_WARM:]), "ms", 5, digits=2),
        Row("CPU of a relay check", _ms(relay.cpu_s[_WARM:]), "ms", 1.5, digits=2),
        Row("  failed polls", full.failed + relay.failed, "", 0),
    ]


def daemon(ref: str | None, say: Say) -> list[Row]:
    """CPU of a full poll of the daemon, beside that of the other command."""
    with ExitStack() as stack:
        running = []
        for line in (*ENVIRONMENTS.values(), *filter(None, (ref,))):
            gateway = stack.enter_context(StandIn())
            keys = f"{FAST}RELAYFREQ=0\n"
            (command,) = stack.enter_context(commands(gateway, line, keys=keys))
            process = command.start()
            stack.callback(process.wait)
            stack.callback(process.terminate)
            running.append((process.pid, gateway))
        say(f"daemons side by side, {5 * (_STEADY_POLLS + 3)} s")
        spent = _steady(running)
        memory = [peak_kb(pid) / _KB for pid, _ in running]
    other = spent[-1] if ref else None
    rows = []
    for name, each_s, peak_mb in zip(ENVIRONMENTS, spent, memory, strict=False):
        what = f"CPU of a full poll as a daemon, {name}"
        budget = Row(what, each_s * _MS, "ms", 5, digits=2)
        if other is not None:
            budget = replace(
                budget, reference=other * _MS, share=1 / 30, ratio=each_s / other
            )
        peak = f"peak memory of the daemon, {name}"
        rows += [budget, Row(peak, peak_mb, "MB", 36, digits=1)]
    return rows


def _steady(running: Sequence[tuple[int, StandIn]]) -> list[float]:
    """Return the CPU time per poll of daemons that run at the same time."""

    def polled(wanted: int) -> None:
        for _, gateway in running:
            wait_until(
                lambda gateway=gateway: gateway.counts.relay >= wanted,  # type: ignore[misc]
                5 * wanted + 60,
                f"poll {wanted}",
            )
        time.sleep(1.0)  # the rest of the poll

    polled(3)
    before = [(cpu_s(pid), gateway.counts.relay) for pid, gateway in running]
    polled(3 + _STEADY_POLLS)
    after = [(cpu_s(pid), gateway.counts.relay) for pid, gateway in running]
    return [
        (cpu - cpu_before) / (count - count_before)
        for (cpu, count), (cpu_before, count_before) in zip(after, before, strict=True)
    ]


def once(ref: str | None, say: Say) -> list[Row]:
    """``-s`` with a cached token: a whole process each time, pair by pair."""
    lines = [*ENVIRONMENTS.values(), *filter(None, (ref,))]
    say(f"{_PAIRS} times -s")
    with StandIn() as gateway, commands(gateway, *lines) as found:
        for command in found:
            command.once()  # caches are warm, and the certificate is known
        runs = [[command.once() for command in found] for _ in range(_PAIRS)]
    rows = []
    for number, name in enumerate(ENVIRONMENTS):
        pairs = [[run[number], *run[len(ENVIRONMENTS) :]] for run in runs]
        cpu = [[each.cpu_s for each in pair] for pair in pairs]
        wall = [[each.wall_s for each in pair] for pair in pairs]
        peak_mb = statistics.median(pair[0].peak_kb for pair in pairs) / _KB
        rows += [
            _compared(f"CPU of -s, {name}", cpu, 0.85),
            _compared("  wall time", wall, 0.6),
            Row("  peak memory", peak_mb, "MB", digits=1),
        ]
    return rows


def _compared(what: str, pairs: list[list[float]], share: float) -> Row:
    ours = _ms([pair[0] for pair in pairs])
    if len(pairs[0]) == 1:
        return Row(what, ours, "ms")
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    return Row(what, ours, "ms", None, _ms([pair[1] for pair in pairs]), share, ratio)


def memory(_ref: str | None, say: Say) -> list[Row]:
    """Memory over 10,000 polls."""
    say(f"{_MANY} polls")
    with StandIn() as gateway:
        done = drive(gateway, "", _MANY)
    growth_mb = (done.peak_kb - done.early_peak_kb) / _KB
    return [
        Row(f"peak memory after {_MANY} polls", done.peak_kb / _KB, "MB", 40, digits=1),
        Row(
            f"  of it after the first {EARLY}", growth_mb, "MB", _SETTLING_MB, digits=1
        ),
        Row("  failed polls", done.failed, "", 0),
    ]


def counts(_ref: str | None, say: Say) -> list[Row]:
    """Connections, requests and writes, counted by the gateway."""
    say("100 polls with keep-alive")
    with tempfile.TemporaryDirectory() as folder, Counted(Path(folder)) as counted:
        first = counted.poll(100)
        kept = counted.poll(100)
        say("100 polls, connection dropped before each")
        dropped = counted.poll(100, drop=True)
    resumed = 100 * dropped.resumed_handshakes / max(1, dropped.handshakes)
    return [
        Row("requests a minute, first 17 minutes", first.per_minute, "", 12, digits=1),
        Row("TLS handshakes in 100 polls, kept", kept.handshakes, "", 0),
        Row("  dropped: most of one poll", dropped.most_handshakes, "", 1),
        Row("  dropped: share resumed", resumed, "%"),
        Row("  dropped: failed polls", dropped.failed, "", 0),
        Row("port-file writes, nothing changed", kept.writes, "", 0),
    ]


def idle(_ref: str | None, say: Say) -> list[Row]:
    """A gateway that really closes what is idle for 0.1 s, in real time."""
    say("100 polls, gateway closes after 0.1 s idle")
    with StandIn(idle_s=0.1) as gateway:
        done = drive(gateway, _RELAY_ONLY, 100, pause_s=0.15)
        found = gateway.counts
    shakes = (found.full_handshakes + found.resumed_handshakes) / 100
    return [
        Row("  closed by the gateway: handshakes a poll", shakes, "", 1, digits=2),
        Row("  closed by the gateway: failed polls", done.failed, "", 0),
        Row("  CPU of a relay check with reconnect", _ms(done.cpu_s), "ms", digits=2),
    ]


def outage(_ref: str | None, say: Say) -> list[Row]:
    """From the relay to upsc."""
    say("outages with the real driver and upsd, two to three minutes")
    seen = see_outages(say)
    return [
        Row("relay open -> upsc OB, median", statistics.median(seen), "s", 8, digits=1),
        Row(f"  worst of {len(seen)}", max(seen), "s", 14, digits=1),
        Row("  best", min(seen), "s", digits=1),
    ]


def _ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * _MS


PARTS: dict[str, Callable[[str | None, Say], list[Row]]] = {
    "polls": polls,
    "daemon": daemon,
    "once": once,
    "memory": memory,
    "counts": counts,
    "idle": idle,
    "outage": outage,
    "sma": sma,
    **REPORTS,
    "energy": energy,
    "history": history,
    **QUESTIONS,
    "page": page,
}
