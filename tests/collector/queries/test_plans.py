"""Every question of the tools, on the data of a year: how the database goes about it.

On both databases. What is looked at is what the tools send: each statement of a
question is noted, and explained afterwards.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.bodies import find
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.queries.energy import Wanted, panel_energy, totals
from nutbridge.collector.queries.export import export
from nutbridge.collector.queries.figures import envoy_figures
from nutbridge.collector.queries.listing import reports
from nutbridge.collector.queries.now import envoys_now
from nutbridge.collector.queries.outbox import outbox
from nutbridge.collector.queries.panels import panels
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import Reader, reading
from tests.collector.queries.year import DAY, START, fill
from tests.collector.store.using import asked
from tests.fakes import postgres

_DAYS = 365
_NOW = START + _DAYS * DAY
_ENVOY = "990000000001"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def year(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield a database with a year of 30 panels."""
    with _database(request, tmp_path_factory) as url:
        store = Store.open(url)
        fill(store, days=_DAYS)
        store.close()
        yield url


@contextmanager
def _database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"{tmp_path_factory.mktemp('year')}/reports.db"
    else:
        server = request.getfixturevalue("postgres_server")
        with postgres.database(server, f"t{uuid.uuid4().hex}") as url:
            yield url


class Spy:
    """Notes what is sent, and explains it."""

    def __init__(self, database: Reader) -> None:
        self._database = database
        self._sent: list[tuple[str, Any]] = []

    def ask(self, question: Callable[[Reader], Any]) -> list[Any]:
        """Ask, all of it; the first thousand answers."""
        with asked() as sent:
            answers = question(self._database)
            found = [one for one, _ in zip(answers, range(1000), strict=False)]
        self._sent += [one for one in dict.fromkeys(sent) if one not in self._sent]
        return found

    def plans(self) -> str:
        """Return the plans of all that was sent."""
        lines = []
        with self._database._engine.connect() as link:
            how = "EXPLAIN QUERY PLAN"
            if link.dialect.name == "postgresql":
                how = "EXPLAIN"
                # One Envoy's year is the whole table: reading it whole would be right.
                link.exec_driver_sql("SET enable_seqscan = off")
            for statement, values in self._sent:
                found = link.exec_driver_sql(f"{how} {statement}", values)
                lines += [str(row[-1]) for row in found]
        return "\n".join(lines)


QUESTIONS: dict[str, Callable[[Reader], Any]] = {
    "list": lambda database: reports(database, _ENVOY),
    "list --last": lambda database: reports(database, _ENVOY, 10),
    "show": lambda database: [find(database, None)],
    "show SHA256": lambda database: [find(database, "9e3779b1")],
    "devices": lambda database: devices(database, _NOW),
    "panels": lambda database: panels(database, _NOW),
    "energy": lambda database: panel_energy(database, By.DAY),
    "energy --from": lambda database: panel_energy(
        database, By.HOUR, Wanted(since=_NOW - 3 * DAY)
    ),
    "energy of all --from": lambda database: totals(
        database, By.DAY, Wanted(since=_NOW - 3 * DAY)
    ),
    "energy of all": lambda database: totals(database, By.DAY),
    "metrics": lambda database: envoy_figures(database, _NOW),
    # At dusk, when the last slots ended.
    "now": lambda database: envoys_now(database, _NOW - 5 * 3600),
    "export": export,
    "outbox": outbox,
}
#: These may be read whole: Envoys, what waits, the pairs and sums of a batch.
_SMALL = (
    r"(?:[0-9]+ )?CONSTANT|w\b|sums\b|e LEFT-JOIN|envoy\b|outbox\b|o LEFT-JOIN|o USING"
    "|raw USING INDEX raw_dead"
)
_LARGE = "interval|reading|event|envoy_hour|envoy_day|unit_list|raw|raw_body|report"


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_large_is_read_whole(year: str, name: str) -> None:
    with reading(year) as database:
        spy = Spy(database)
        assert spy.ask(QUESTIONS[name]) or name == "outbox"
        found = spy.plans()
    assert re.findall(rf"(?m)^SCAN (?!{_SMALL}).*", found) == []
    assert (
        re.findall(rf"(?m)Seq Scan on (?:{_LARGE})(?:_[0-9]|_rest|\b).*", found) == []
    )


def test_months_that_are_not_asked_for_are_not_looked_at(year: str) -> None:
    """PostgreSQL: of a year, those of the last 30 days, or since --from."""
    if "postgresql" not in year:
        return
    for name, table in (
        ("panels", "envoy_day"),
        ("energy --from", "envoy_hour"),
        ("energy of all --from", "envoy_day"),
    ):
        with reading(year) as database:
            spy = Spy(database)
            spy.ask(QUESTIONS[name])
            found = set(re.findall(rf" {table}_(\d+_\d+)", spy.plans()))
        assert found >= {"2026_10"}
        assert found <= {"2026_09", "2026_10", "2026_11"}


def test_sums_of_a_fleet_are_those_by_day(year: str) -> None:
    """A look into the key for each Envoy; hours are not asked for."""
    for name in ("panels", "metrics", "energy", "energy of all"):
        with reading(year) as database:
            spy = Spy(database)
            spy.ask(QUESTIONS[name])
            found = spy.plans()
        assert "envoy_hour" not in found
        if "postgresql" in year:
            assert re.search(r"Index Scan using envoy_day_\d+_\d+_pkey", found)
        else:
            assert (
                "SEARCH s USING INDEX sqlite_autoindex_envoy_day_1 (envoy_id" in found
            )


def test_what_is_open_is_looked_up_by_its_key(year: str) -> None:
    """And so is what cleared it: not all that ever was is gone through."""
    with reading(year) as database:
        spy = Spy(database)
        spy.ask(QUESTIONS["devices"])
        found = spy.plans()
    if "postgresql" in year:
        assert re.search(
            r"Index Scan using event_2026_10_pkey on event_2026_10 s_.*\n\s+Index Cond:"
            r".*envoy_id = o.envoy_id\) AND \(id = o.id\) AND \(event_date = o",
            found,
        )
        assert "event_2026_10_envoy_id_correlation_id_idx" in found
    else:
        assert "SEARCH o USING PRIMARY KEY (envoy_id=?)" in found
        assert "SEARCH s USING PRIMARY KEY (envoy_id=? AND id=? AND event" in found
        assert "USING INDEX event_partner (envoy_id=? AND correlation_id=?)" in found
