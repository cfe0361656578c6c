"""What is asked for each report, and of the outbox, is a look into an index."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from nutbridge.collector.store import api, identity, sums
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.sql import Row, Sql
from tests.collector.parse.samples import NOW, PANEL, body, interval
from tests.collector.store.using import put


def plan(
    store: Store,
    statement: str,
    values: Sequence[Any],
    ask: Callable[..., list[Row]] = Sql.rows,
) -> str:
    """Return how the database goes about it."""

    def explain(sql: Sql) -> list[Row]:
        how = "EXPLAIN" if sql.postgres else "EXPLAIN QUERY PLAN"
        return ask(sql, f"{how} {statement}", values)

    rows = store.write(explain)
    return "\n".join(str(row[-1]) for row in rows)


@pytest.fixture
def used(store: Store) -> Store:
    """A store with some rows."""
    for number in range(20):
        row = interval(id=number, end_date=NOW - 300 * number)
        put(store, body(row, report_timestamp=NOW + number), queue=True)
    return store


def test_slot_in_the_way(used: Store) -> None:
    """Of 30 for each report; a year of rows must not matter."""

    def ask(sql: Sql, statement: str, values: Sequence[Row]) -> list[Row]:
        return sql.rows_of(statement, sums._SLOT, values)

    slot = (0, f"{PANEL}.1", NOW, NOW + 300)
    found = plan(used, sums._OVERLAPS, [slot], ask)
    assert "interval_counted" in found or "eqid_end_date" in found
    assert "Seq Scan" not in found
    assert "SCAN i" not in found
    assert "USE TEMP B-TREE" not in found


def test_name_of_the_store(used: Store) -> None:
    """Of each transaction; PostgreSQL compiles what it takes for dear, for 50 ms."""
    assert "JIT" not in plan(used, identity._NAME, ())


def test_heads_of_the_outbox(used: Store) -> None:
    """As many looks as there are Envoys, however much waits."""
    found = plan(used, api._HEADS, (NOW, NOW, NOW, 9))
    assert "outbox_heads" in found
    for table in ("SCAN outbox", "Seq Scan on outbox"):
        assert table not in found
