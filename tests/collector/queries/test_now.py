"""How Envoys and panels are now. On both databases."""

from collections import Counter

import pytest

from nutbridge.collector.queries.now import RECENT_S, envoys_now
from nutbridge.collector.queries.panel_states import PanelState
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import reading
from nutbridge.simulator.legacy_envoy import (
    DAY,
    DEAD,
    PANELS,
    SERIAL,
    SUNSET_S,
    body,
    reports,
)
from tests.collector.queries.house import MIDNIGHT, NOON, add

BEST = PANELS[0]


def test_house_at_noon(store: Store, url: str) -> None:
    add(store, *reports(MIDNIGHT - DAY), *reports(MIDNIGHT, NOON))
    with reading(url) as database:
        (envoy,) = envoys_now(database, NOON + 60)
    assert (envoy.serial, envoy.last_report, envoy.waiting) == (SERIAL, NOON, 0)
    panels = {panel.eqid: panel for panel in envoy.panels}
    assert len(panels) == len(PANELS)
    best = panels[BEST.eqid]
    assert best.state == "ok"
    assert best.last_energy == NOON
    assert best.power_w is not None
    assert 100 < best.power_w < 240
    assert 500 < best.energy_today_wh < 1500
    assert best.energy_wh > 2 * best.energy_today_wh
    dead = panels[DEAD.eqid]
    assert (dead.power_w, dead.energy_today_wh, dead.energy_wh) == (None, 0, 0)


def test_power_is_not_that_of_an_hour_ago(store: Store, url: str) -> None:
    add(store, *reports(MIDNIGHT, NOON))
    with reading(url) as database:
        (envoy,) = envoys_now(database, NOON + RECENT_S + 1)
    assert {panel.power_w for panel in envoy.panels} == {None}


def test_panel_that_sleeps_gives_nothing(store: Store, url: str) -> None:
    """0 W at night, while the Envoy still reports; unknown once it does not."""
    add(store, *reports(MIDNIGHT))
    night = MIDNIGHT + SUNSET_S + 7200
    add(store, (night, body(night, [])))
    with reading(url) as database:
        (envoy,) = envoys_now(database, night)
        (later,) = envoys_now(database, night + 7200)
    assert Counter(panel.state for panel in envoy.panels)[PanelState.ASLEEP] > 5
    assert {p.power_w for p in envoy.panels if p.state == "asleep"} == {0.0}
    assert {panel.power_w for panel in later.panels} == {None}


def test_day_that_comes_late_is_not_credited_to_today(store: Store, url: str) -> None:
    add(store, *reports(MIDNIGHT, NOON))
    with reading(url) as database:
        (before,) = envoys_now(database, NOON)
    late = [(NOON, data) for _, data in reports(MIDNIGHT - DAY)]
    add(store, *late)
    with reading(url) as database:
        (after,) = envoys_now(database, NOON)
    for old, new in zip(before.panels, after.panels, strict=True):
        assert new.energy_today_wh == pytest.approx(old.energy_today_wh)
        assert new.energy_wh > old.energy_wh or new.eqid == DEAD.eqid
