"""What the owner asks, on the year of one house and on the day of a fleet.

On both databases. The rows are put into the tables directly; each question is asked
as the commands do, until its last answer.
"""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from nutbridge.cli.reports.show import device_lines, device_texts
from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.bodies import find
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.queries.energy import totals
from nutbridge.collector.queries.export import export
from nutbridge.collector.queries.figures import envoy_figures
from nutbridge.collector.queries.listing import reports
from nutbridge.collector.queries.panels import panels
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import Reader, reading
from tests.bench.table import Row
from tests.collector.queries.year import DAY, START, fill
from tests.fakes.postgres import postgres

Say = Callable[[str], None]

#: The whole fleet; its budgets are those of an answer about all of it.
_WHOLE = 10_000
_WHOLE_S = 2.0
#: BENCH_ENVOYS=10000 for the whole, ten minutes; times and budgets grow with it.
_FLEET = int(os.environ.get("BENCH_ENVOYS", "1000"))
_EXPORTED = 300_000
_RUNS = 3


def year(_ref: str | None, say: Say) -> list[Row]:
    """A year of 30 panels: each question well under a second."""
    limits = {"devices": 0.2, "energy by day": 0.5, "list": 0.5}
    return _both(say, "a year of 30 panels", 1, 365, limits)


def fleet(_ref: str | None, say: Say) -> list[Row]:
    """The day of a fleet, or of a part of it."""
    whole_s = _WHOLE_S * _FLEET / _WHOLE
    limits = {"devices": whole_s, "energy by day": whole_s}
    return _both(say, f"a day of {_FLEET} Envoys", _FLEET, 1, limits)


def _both(
    say: Say, what: str, envoys: int, days: int, limits: dict[str, float]
) -> list[Row]:
    rows: list[Row] = []
    for name, database in (("SQLite", _sqlite), ("PostgreSQL", postgres)):
        with database() as url:
            say(f"{what} into {name}")
            store = Store.open(url)
            now = fill(store, envoys=envoys, days=days)
            store.close()
            say(f"the questions, {what}, {name}")
            with reading(url) as opened:
                rows += _asked(opened, f"{what}, {name}", now, days, limits)
    return rows


@contextlib.contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield f"{folder}/reports.db"


def _asked(
    opened: Reader, what: str, now: int, days: int, limits: dict[str, float]
) -> list[Row]:
    first = "990000000001"
    questions: dict[str, Callable[[], Any]] = {
        "devices": lambda: devices(opened, now),
        "  as lines": lambda: device_lines(devices(opened, now)),
        "  --json": lambda: device_texts(devices(opened, now)),
        "panels and their states": lambda: panels(opened, now),
        "energy by day": lambda: totals(opened, By.DAY),
        "list": lambda: reports(opened, first),
        "list --last 5": lambda: reports(opened, None, 5),
        "show": lambda: [find(opened, None)],
        "figures for /metrics": lambda: envoy_figures(opened, START + days * DAY),
    }
    rows = []
    for name, question in questions.items():
        took = [_seconds(question)[0] for _ in range(_RUNS)]
        middle = statistics.median(took)
        rows.append(Row(f"{name}, {what}", middle, "s", limits.get(name), digits=3))
    seconds, count = _seconds(lambda: islice(export(opened), _EXPORTED))
    rows.append(Row(f"export, {what}", count / seconds, "rows/s", least=50_000))
    return rows


def _seconds(question: Callable[[], Any]) -> tuple[float, int]:
    begun = time.perf_counter()
    count = sum(1 for _ in question())
    return time.perf_counter() - begun, count


QUESTIONS = {"questions": year, "questions-fleet": fleet}
