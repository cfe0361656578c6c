"""An export in pages: of many small Envoys together, of a large one by itself."""

import pytest

from nutbridge.collector.queries.export import export
from nutbridge.collector.store import reading as reading_module
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import reading
from tests.collector.queries.year import fill
from tests.collector.store.using import asked

_ENVOYS = 12


@pytest.fixture
def fleet(url: str, store: Store) -> str:
    """Return a database of Envoys; their serial numbers are not in their order."""
    fill(store, envoys=_ENVOYS, panels=3, days=2, slots=2)
    store.write(
        lambda sql: sql.run("UPDATE envoy SET serial_num = CAST(50 - envoy_id AS TEXT)")
    )
    # One of them is much larger than the others, and three have nothing of a kind.
    store.write(
        lambda sql: sql.run(
            "UPDATE interval SET envoy_id = 7 WHERE envoy_id IN (5, 6, 8)"
        )
    )
    return url


@pytest.mark.parametrize("page", [2, 13, 40])
def test_pages_of_any_size_give_the_same(
    fleet: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(fleet) as database:
        whole = list(export(database))
        monkeypatch.setattr(reading_module, "PAGE", page)
        assert list(export(database)) == whole
    serials = [one["envoy_serial"] for one in whole]
    assert list(dict.fromkeys(serials)) == sorted(set(serials))
    assert len(set(serials)) == _ENVOYS
    keys = [(one["envoy_serial"], one["kind"], one.get("id")) for one in whole]
    assert len([key for key in keys if key[1] == "interval"]) == 12 * _ENVOYS


def test_an_export_sends_no_statements_for_each_envoy(fleet: str) -> None:
    with reading(fleet) as database, asked() as sent:
        assert list(export(database))
    assert 7 <= len(sent) < _ENVOYS
