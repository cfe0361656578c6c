"""What the page costs: a year of 30 panels, a hundred open pages, memory."""

import asyncio
import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from nutbridge.collector.store.api import Store
from nutbridge.web.app import Pages, SolarSource
from nutbridge.web.kept import Kept
from nutbridge.web.solar import SolarReader
from tests.bench.table import Row
from tests.collector.queries.year import fill
from tests.web.conftest import served
from tests.web.scenes import Scene, write_history

_RUNS = 5
_OPEN = 100
_WATCHED_S = 20.0
_EVERY_S = 10.0


def page(_ref: str | None, say: Callable[[str], None]) -> list[Row]:
    """The page of panels after a year, and of a house that many look at."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        say("a year of 30 panels")
        store = Store.open(f"{folder}/reports.db")
        now = fill(store, days=365)
        store.close()
        say("the page of the panels")
        first, again = asyncio.run(_panels(f"{folder}/reports.db", now))
        say(f"{_OPEN} open pages")
        share, rss_mb = _open_pages(folder)
    return [
        Row("page of a year of 30 panels, at first", first * 1000, "ms", digits=0),
        Row("page of a year of 30 panels", again * 1000, "ms", 300, digits=0),
        Row(f"{_OPEN} open pages, part of a core", share * 100, "%", 10, digits=1),
        Row("memory of the page's process", rss_mb, "MB", 80, digits=0),
    ]


async def _panels(url: str, now: int) -> tuple[float, float]:
    """Return how long the page takes with the months to sum up, and without, s."""
    reader = SolarReader(url, {}, lambda: float(now))
    clock = 0.0
    kept = Kept(reader.read, 1.0, lambda: clock)
    pages = Pages({}, SolarSource(kept, lambda _: Kept(tuple, 1.0, time.monotonic)))
    times = []
    for _ in range(_RUNS):
        clock += 100
        begin = time.perf_counter()
        pages.panels_body(await kept.get())
        times.append(time.perf_counter() - begin)
    return times[0], statistics.median(times[1:])


def _open_pages(folder: Path) -> tuple[float, float]:
    scene = Scene(folder).write()
    write_history(folder)
    options = ("--state-dir", str(folder), "--db", f"{folder}/reports.db")
    with served(folder, *options, "--upsd=off") as (url, _, pid):
        urllib.request.urlopen(f"{url}/panels", timeout=60).read()
        begin, busy = time.monotonic(), _cpu_s(pid)
        count = int(_WATCHED_S / _EVERY_S * _OPEN)
        for each in range(count):
            urllib.request.urlopen(f"{url}/", timeout=60).read()
            late = begin + (each + 1) * _WATCHED_S / count - time.monotonic()
            time.sleep(max(0.0, late))
        share = (_cpu_s(pid) - busy) / (time.monotonic() - begin)
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        rss = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    scene.close()
    return share, int(rss.split()[1]) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
