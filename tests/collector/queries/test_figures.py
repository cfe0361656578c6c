"""Figures for monitoring: of the Envoys that reported last, not of all."""

from nutbridge.collector.queries.figures import MOST, envoy_figures
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import reading
from tests.collector.queries.year import fill


def test_bounded(store: Store, url: str) -> None:
    end = fill(store, envoys=MOST + 3, panels=2, days=1)
    late = f"99{MOST + 2:010}"
    move = "UPDATE envoy SET last_received = last_received + 1 WHERE serial_num = ?"
    store.write(lambda sql: sql.run(move, (late,)))
    waits = "INSERT INTO outbox (raw_id, envoy_id, stuck) VALUES (?, 1, ?)"
    store.write(lambda sql: sql.run(waits, (1, True)))
    store.write(lambda sql: sql.run(waits, (MOST + 4, False)))
    with reading(url) as database:
        found = envoy_figures(database, end)
    assert len(found) == MOST
    assert found[0].envoy.serial_num == late
    (first,) = (one for one in found if one.envoy.envoy_id == 1)
    assert first.oldest_waiting == end - 11 * 3600
    assert found[0].oldest_waiting is None
    assert sum(first.panels.values()) == 2
    assert first.today_j > 2 * 12 * 360_000


def test_nothing_yet(store: Store, url: str) -> None:
    with reading(url) as database:
        assert envoy_figures(database, 0) == []
    store.write(lambda sql: sql.run("INSERT INTO envoy (serial_num) VALUES ('1')"))
    with reading(url) as database:
        assert envoy_figures(database, 0) == []
