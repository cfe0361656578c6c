"""Meters: which are fitted, how many phases, what they measure."""

from typing import Any

import pytest

from nutbridge.sources.enphase.meters import MeterReports, MeterSetup
from nutbridge.ups.model import MeterLine


def meter(
    kind: str = "net-consumption",
    state: str = "enabled",
    mode: Any = "split",
    count: Any = 2,
) -> dict[str, Any]:
    return {
        "measurementType": kind,
        "state": state,
        "phaseMode": mode,
        "phaseCount": count,
    }


@pytest.mark.parametrize(
    ("mode", "count", "phases"),
    [
        ("split", 2, 2),
        ("three", 3, 3),
        ("three", 1, 1),
        ("single", 1, 1),
        ("split", None, 2),
        ("three", 0, 3),
        ("single", 7, 1),
        ("odd", "2", None),
        (None, None, None),
    ],
)
def test_setup_phases(mode: Any, count: Any, phases: int | None) -> None:
    """An EU single phase has phaseMode three and phaseCount 1."""
    assert MeterSetup.from_json([meter(mode=mode, count=count)]).phases == phases


def test_setup_asks_the_consumption_ct_for_the_phases() -> None:
    setup = MeterSetup.from_json(
        [meter("production", mode="single", count=1), meter(count=3, mode="three")]
    )
    assert setup.phases == 3
    disabled = meter(state="disabled", count=1)
    assert MeterSetup.from_json([disabled, meter("production")]).phases == 2


@pytest.mark.parametrize(
    ("meters", "consumption", "production"),
    [
        ([], False, False),
        ([meter(), meter("production")], True, True),
        ([meter("total-consumption")], True, False),
        ([meter(state="disabled"), meter("production")], False, True),
        ([meter("storage"), meter("backfeed"), meter("evse"), 5, None], False, False),
    ],
)
def test_setup_says_which_cts_are_enabled(
    meters: list[Any], consumption: bool, production: bool
) -> None:
    setup = MeterSetup.from_json(meters)
    assert (setup.consumption, setup.production) == (consumption, production)


def test_meter_that_does_not_measure_is_none() -> None:
    """Enabled, and still no reading: its 0 W would be the house's load."""
    idle = {**meter(), "meteringStatus": "not-metering"}
    setup = MeterSetup.from_json([idle, meter("production")])
    assert (setup.consumption, setup.production) == (False, True)
    wired = {**meter(), "meteringStatus": "check-wiring"}
    assert MeterSetup.from_json([wired]).consumption


def test_two_of_three_phases_are_no_split_phase() -> None:
    for mode, split in (("three", False), ("split", True), (None, True)):
        setup = MeterSetup.from_json([meter(mode=mode, count=2)])
        assert (setup.phases, setup.split) == (2, split)


def test_setup_counts_meters_of_any_kind() -> None:
    assert MeterSetup.from_json([meter("evse"), meter("odd"), 5]).listed == 2


def test_reports_names_and_units() -> None:
    measured = {
        "currW": -12.5,
        "apprntPwr": 20,
        "rmsVoltage": 239.9,
        "rmsCurrent": -0.09,
        "pwrFactor": -0.62,
        "freqHz": 50.01,
        "actPower": 999,
    }
    reports = MeterReports.from_json(
        [
            {"reportType": "net-consumption", "cumulative": measured, "lines": [{}, 1]},
            {"reportType": "storage", "cumulative": 5, "lines": {}},
            {"reportType": "evse", "cumulative": measured},
            "odd",
        ]
    )
    line = MeterLine(-12.5, 20.0, 239.9, 0.09, 50.01)
    assert reports.net is not None
    assert reports.net.total == line
    assert reports.net.lines == (MeterLine(),)
    assert reports.storage is not None
    assert reports.storage.total == MeterLine()
    assert reports.total is reports.production is None


def test_what_cannot_carry_the_watts_is_no_measurement() -> None:
    """A line of 2211 W with 0 VA and 0 A."""
    for given, seen in (
        ({"currW": 2211, "apprntPwr": 0, "rmsVoltage": 230, "rmsCurrent": 0}, None),
        ({"currW": 0, "apprntPwr": 0, "rmsVoltage": 230, "rmsCurrent": 0}, 0.0),
    ):
        read = [{"reportType": "storage", "cumulative": {}, "lines": [given]}]
        storage = MeterReports.from_json(read).storage
        assert storage is not None
        assert (storage.lines[0].power_va, storage.lines[0].current_a) == (seen, seen)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("currW", 2e6),
        ("currW", "5"),
        ("apprntPwr", -2e6),
        ("rmsVoltage", -1),
        ("rmsVoltage", 1e5),
        ("rmsCurrent", 4000),
        ("freqHz", 0),
        ("freqHz", 400),
    ],
)
def test_reports_absurd_values_are_unknown(key: str, value: Any) -> None:
    reports = MeterReports.from_json(
        [{"reportType": "production", "cumulative": {key: value}}]
    )
    assert reports.production is not None
    assert reports.production.total == MeterLine()
