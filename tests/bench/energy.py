"""Energy by day over a year of 30 panels: 3.2 million intervals in SQLite."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.energy import energy as by_period
from nutbridge.collector.store import schema
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import rebuild
from nutbridge.collector.store.reading import reading
from nutbridge.collector.store.sql import Row as Tuple
from nutbridge.collector.store.sql import Sql
from nutbridge.collector.store.units import device_of
from tests.bench.table import Row
from tests.collector.parse.samples import body
from tests.collector.store.using import put

Say = Callable[[str], None]

_PANELS = 30
_DAYS = 365
_SLOT_S = 300
_START = 1_700_006_400
_RUNS = 5


def energy(_ref: str | None, say: Say) -> list[Row]:
    """Time the whole command, from its start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/reports.db"
        say("3.2 million intervals")
        _fill(path, say)
        say(f"energy by day, {_RUNS} times")
        took = [_ask(path) for _ in range(_RUNS)]
        alone = [_query(path) for _ in range(_RUNS)]
    return [
        Row("energy by day, 3.2 M rows", statistics.median(took), "s", 1, digits=2),
        Row("  the query of it", statistics.median(alone), "s", 0.3, digits=2),
    ]


def _query(path: str) -> float:
    begun = time.perf_counter()
    with reading(path) as database:
        count = sum(1 for _ in by_period(database, By.DAY))
    if count < _PANELS * _DAYS:
        raise RuntimeError(f"{count} days")
    return time.perf_counter() - begun


def _fill(path: str, say: Say) -> None:
    """Store the rows directly; as reports they would take five minutes."""
    store = Store.open(path)
    put(store, body())
    names = tuple(schema.interval.columns.keys())
    writing = store.engine.execution_options(writes=True)
    for day in range(_DAYS):
        with writing.begin() as connection:
            Sql(connection).insert(
                schema.interval, names, list(_rows(day)), "DO NOTHING"
            )
    eqids = [_eqid(panel) for panel in range(_PANELS)]
    panels = [(1, eqid, device_of(eqid), None) for eqid in eqids]
    names = tuple(schema.panel.columns.keys())
    with writing.begin() as connection:
        Sql(connection).insert(schema.panel, names, panels, "DO NOTHING")
    begun = time.perf_counter()
    rebuild(store, lambda *_: None)
    say(f"sums made anew in {time.perf_counter() - begun:.1f} s")
    store.close()


def _eqid(panel: int) -> str:
    return f"990000000{panel:03}.1"


def _rows(day: int) -> Iterator[Tuple]:
    slots = 86400 // _SLOT_S
    for slot in range(slots):
        start = _START + day * 86400 + slot * _SLOT_S
        for panel in range(_PANELS):
            number = (day * slots + slot) * _PANELS + panel
            energy_j = (number * 7919) % 70_000
            yield (
                *(1, number, start + _SLOT_S, _eqid(panel)),
                *(_SLOT_S, 294, str(energy_j), energy_j, False, None, 1, None),
            )


def _ask(path: str) -> float:
    begun = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "nutbridge", "reports", "energy"),
            *("--db", path, "--by", "day", "--json"),
        ],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        check=True,
    )
    took = time.perf_counter() - begun
    assert done.stdout.count(b"energy_j") >= _PANELS * _DAYS
    return took
