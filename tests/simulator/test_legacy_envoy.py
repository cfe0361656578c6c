"""The made-up days of a legacy Envoy: what is in them, and that it parses."""

from nutbridge.collector.parse.body import parse
from nutbridge.simulator.legacy_envoy import (
    DAY,
    DEAD,
    PANELS,
    SERIAL,
    SHADED,
    WEAK,
    energy_j,
    reports,
    sample,
)

#: 2026-06-21 00:00 UTC.
MIDNIGHT = 1_782_000_000


def test_day_of_reports() -> None:
    found = list(reports(MIDNIGHT, zone="US/Pacific"))
    assert len(found) == 14 * 12
    for made, body in found:
        report = parse(body).report
        assert report is not None
        assert report.report_timestamp == made
        assert (report.odd_count, report.unknown_count) == (0, 0)
        assert (report.envoy.serial_num, report.envoy.timezone) == (
            SERIAL,
            "US/Pacific",
        )
        assert {row.eqid for row in report.intervals} == {
            panel.eqid for panel in PANELS if panel is not DEAD
        }
        assert len(report.readings) == len(report.intervals)
    first = parse(found[0][1]).report
    assert first is not None
    assert len(first.devices) == len(PANELS) == 12
    assert [event.event_code for event in first.events].count(10000) == 1


def test_day_that_is_not_over() -> None:
    noon = MIDNIGHT + DAY // 2
    assert max(made for made, _ in reports(MIDNIGHT, noon)) == noon


def test_dead_weak_and_shaded_panel() -> None:
    def share(panel: object, start_s: int) -> float:
        one = energy_j(panel, MIDNIGHT, start_s, 3600)  # type: ignore[arg-type]
        return one / energy_j(PANELS[0], MIDNIGHT, start_s, 3600)

    assert share(DEAD, 12 * 3600) == 0
    assert round(share(WEAK, 12 * 3600), 2) == 0.7
    assert round(share(SHADED, 9 * 3600), 2) == 0.12
    assert round(share(SHADED, 12 * 3600), 2) == 1
    whole = energy_j(PANELS[0], MIDNIGHT, 0, DAY) / 3.6e6
    assert 1 < whole < 2.5  # kWh of a day in summer


def test_small_report() -> None:
    data = sample(MIDNIGHT)
    assert len(data) < 50_000
    report = parse(data).report
    assert report is not None
    keys = {(row.id, row.end_date) for row in report.intervals}
    assert len(keys) == len(report.intervals) == 11 * (14 + 14 + 56)
    last = [row for row in report.intervals if row.end_date > MIDNIGHT]
    fives = [parse(body).report for _, body in reports(MIDNIGHT)]
    rows = [row for one in fives if one is not None for row in one.intervals]
    assert sum(row.energy_j or 0 for row in last) == sum(
        row.energy_j or 0 for row in rows
    )
