"""The collector of reports under load: whole processes, real connections.

Reports have 30 panels (30 intervals, 30 readings, 5 events) and come from many
Envoys, each on a connection of its own. The database lies on a disk, so that every
commit is waited for.
"""

import contextlib
import itertools
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.command import cpu_s
from tests.bench.driven import peak_kb
from tests.bench.table import Row
from tests.collector.serve.collector import Collector, collector
from tests.collector.serve.reports import report_body, request
from tests.collector.serve.upstream import Enphase, yes_to
from tests.fakes.postgres import postgres

Say = Callable[[str], None]
Place = tuple[str, int]

#: Of 10,000 Envoys, each reporting every five minutes.
_RATE = 34.0
_ENVOYS = 1000
_SENDERS = 16
_MS = 1000.0
_KB = 1024.0
#: BENCH_REPORTS=100000 for the whole; memory is flat long before.
_MANY = int(os.environ.get("BENCH_REPORTS", "10000"))
#: A folder on a real disk; /tmp may lie in memory.
_DISK = "/var/tmp"


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of reports took.

    Attributes:
        seconds: from the first to the last answer.
        waits_s: of each report, from connect to the answer, sorted.
    """

    seconds: float
    waits_s: list[float]

    @property
    def rate(self) -> float:
        """Reports per second."""
        return len(self.waits_s) / self.seconds

    @property
    def p99_s(self) -> float:
        """The wait that one in hundred exceeds."""
        return self.waits_s[int(len(self.waits_s) * 0.99)]


def many(count: int, first: int = 0) -> Iterator[bytes]:
    """Yield requests, all different."""
    for number in range(first, first + count):
        serial = str(110000000000 + number % _ENVOYS)
        yield request(report_body(number, serial=serial, panels=30, events=5))


def ask(place: Place, data: bytes) -> float:
    """Send one report; returns the seconds until its answer is complete.

    Raises:
        RuntimeError: it was not acknowledged.
    """
    begun = time.perf_counter()
    with socket.create_connection(place, timeout=60) as link:
        link.sendall(data)
        head = link.recv(65536)
        while link.recv(65536):
            pass
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"not acknowledged: {head[:40]!r}")
    return time.perf_counter() - begun


def push(
    places: Sequence[Place], requests: Iterator[bytes], senders: int = _SENDERS
) -> Load:
    """Send reports as fast as they are answered, from many senders."""
    waits: list[float] = []
    lock = threading.Lock()
    turns = itertools.cycle(places)

    def work() -> None:
        while True:
            with lock:
                data, place = next(requests, None), next(turns)
            if data is None:
                return
            waits.append(ask(place, data))

    begun = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - begun, sorted(waits))


def pace(place: Place, requests: list[bytes], rate: float) -> Load:
    """Send reports at a steady rate, whether or not those before are answered."""
    waits: list[float] = []
    threads = []
    begun = time.perf_counter()
    for number, data in enumerate(requests):
        time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        one = threading.Thread(target=lambda data=data: waits.append(ask(place, data)))
        one.start()
        threads.append(one)
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - begun, sorted(waits))


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Collector]:
    """Run a collector on a real disk, without a rate limit."""
    with (
        tempfile.TemporaryDirectory(dir=_DISK) as folder,
        collector(Path(folder), "--rate-limit", "off", *options) as running,
    ):
        yield running


def sustained(_ref: str | None, say: Say) -> list[Row]:
    """As many reports as it takes, into SQLite; and the wait at a usual rate."""
    rows = []
    with serving("--mode", "local") as running:
        place, pid = running.places["http"], running.process.pid
        requests = list(many(3000))
        say("3000 reports, mode local")
        before = cpu_s(pid)
        done = push([place], iter(requests))
        spent_ms = (cpu_s(pid) - before) / len(requests) * _MS
        rows.append(Row("reports/s into SQLite with fsync", done.rate, "/s", least=150))
        rows.append(Row("  CPU of a report", spent_ms, "ms", digits=2))
        say(f"{_RATE:.0f} reports/s for 30 s")
        paced = pace(place, list(many(int(30 * _RATE), 3000)), _RATE)
        rows.append(
            Row(f"  99th percentile at {_RATE:.0f}/s", paced.p99_s * _MS, "ms", 250)
        )
    rows += _passed_on(say)
    return rows


def _passed_on(say: Say) -> list[Row]:
    """As many reports as it takes where each is passed on first."""
    requests = list(many(1500))
    # Known beforehand: the machine is to measure the collector, not Enphase.
    answers = {
        body: yes_to(body)
        for body in (one.partition(b"\r\n\r\n")[2] for one in requests)
    }
    enphase = Enphase(reaction=lambda got, link: link.sendall(answers[got.body]))
    with enphase.running(), serving("--upstream", enphase.url) as running:
        pid = running.process.pid
        say("1500 reports, mode transparent")
        before = cpu_s(pid)
        done = push([running.places["http"]], iter(requests))
        spent_ms = (cpu_s(pid) - before) / len(requests) * _MS
    return [
        Row("reports/s, mode transparent", done.rate, "/s", least=150),
        Row("  CPU of a report", spent_ms, "ms", digits=2),
    ]


def memory(_ref: str | None, say: Say) -> list[Row]:
    """Memory over many reports."""
    with serving("--mode", "local") as running:
        place, pid = running.places["http"], running.process.pid
        say(f"{_MANY} reports (BENCH_REPORTS)")
        push([place], many(_MANY // 2))
        half = peak_kb(pid)
        push([place], many(_MANY - _MANY // 2, _MANY // 2))
        whole = peak_kb(pid)
    return [
        Row(f"peak memory over {_MANY} reports", whole / _KB, "MB", 150, digits=1),
        Row("  of it in the second half", (whole - half) / _KB, "MB", 5, digits=1),
    ]


def together(_ref: str | None, say: Say) -> list[Row]:
    """Two collectors on one PostgreSQL."""
    with postgres() as url:
        options = ("--mode", "local", "--db", url)
        with serving(*options) as one, serving(*options) as other:
            places = [one.places["http"], other.places["http"]]
            pids = [one.process.pid, other.process.pid]
            requests = list(many(4000))
            say("4000 reports into PostgreSQL, two collectors")
            before = sum(map(cpu_s, pids))
            done = push(places, iter(requests), 4 * _SENDERS)
            spent_ms = (sum(map(cpu_s, pids)) - before) / len(requests) * _MS
    return [
        Row("reports/s into PostgreSQL, two", done.rate, "/s", least=400),
        Row("  CPU of a report, without the server's", spent_ms, "ms", digits=2),
    ]


REPORTS = {
    "reports": sustained,
    "reports-memory": memory,
    "reports-postgres": together,
}
