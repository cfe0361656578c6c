"""Readings to NUT variables: units, signs, and what is not told."""

import re

import pytest

from nutbridge.nut.numbers import NumbersContext, Value, nut_values, voltage_v
from nutbridge.ups.model import (
    BatteryReading,
    Facts,
    Flows,
    Identity,
    Meter,
    MeterLine,
    Meters,
)
from nutbridge.ups.status.estimate import runtime_s
from nutbridge.ups.status.low import Verdict

NOW = 5000.0
LINE = MeterLine(600.0, 650.0, 120.0, 5.42, None)
TOTAL = MeterLine(1200.0, 1300.0, 240.0, 5.42, 60.0)
FACTS = Facts(
    battery=BatteryReading(NOW, 50.0, 10_000.0, 10.0, 15.0, None, 31.0),
    flows=Flows(NOW, load_w=1536.0, battery_w=-830.0),
    meters=Meters(NOW, Meter(TOTAL, (LINE, LINE)), Meter(TOTAL, (LINE, LINE)), 2),
    identity=Identity("122334455667", "D8.2.4378"),
)
ONLINE = Verdict(
    status="OL",
    soc_pct=50.0,
    runtime_s=9375.0,
    low_pct=20.0,
    capacity_wh=10_000.0,
    estimated=False,
    holding=False,
    power_w=None,
)
BASIS = NumbersContext(NOW, "999", 768.0, 86.4, 76.8)


def values(facts: Facts = FACTS, **changes: object) -> dict[str, Value]:
    return nut_values(facts, ONLINE._replace(**changes), BASIS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ups.status", "OL"),
        ("battery.charge", 50.0),
        ("battery.runtime", 9375.0),
        ("battery.charge.restart", 15.0),
        ("battery.capacity", 10_000.0 / 76.8),  # Ah, as NUT defines it
        ("battery.voltage", 79.2),
        ("battery.current", -830.0 / 79.2),  # charging is negative
        ("battery.temperature", 31.0),
        ("ups.load", 20.0),
        ("ups.realpower", 1536.0),
        ("ups.realpower.nominal", 7680.0),
        ("device.serial", "122334455667"),
        ("ups.firmware", "D8.2.4378"),
        ("input.voltage", 240.0),
        ("input.current", 5.42),
        ("input.powerfactor", 12 / 13),
        ("output.frequency", 60.0),
        ("output.realpower", 1200.0),
        ("output.L1-N.voltage", 120.0),
        ("output.L2.realpower", 600.0),
        ("output.L2.current", 5.42),
    ],
)
def test_numbers_on_line(name: str, value: float | str) -> None:
    found = values()[name]
    if isinstance(value, str):
        assert found == value
    else:
        assert found == pytest.approx(value)


def test_numbers_input_only_on_line() -> None:
    """In an outage the grid-side meter measures the house's own island."""
    told = values(status="OB")
    assert not [name for name in told if name.startswith("input.") and told[name]]
    assert told["output.voltage"] == 240.0


def test_numbers_holding_tells_status_charge_runtime_and_device() -> None:
    told = values(status="OB", holding=True, estimated=True)
    known = {name for name, value in told.items() if value is not None}
    assert known == {"ups.status", "battery.charge", "battery.runtime", "device.serial"}


@pytest.mark.parametrize(("status", "age_s"), [("OL", 360.0), ("OB", 60.0)])
def test_numbers_old_values_are_unknown(status: str, age_s: float) -> None:
    old = FACTS._replace(flows=Flows(NOW - age_s, load_w=1.0, battery_w=1.0))
    told = values(old, status=status)
    assert told["ups.realpower"] is None
    assert told["ups.load"] is None
    assert told["battery.current"] is None


def test_numbers_nothing_known() -> None:
    told = nut_values(Facts(), ONLINE._replace(soc_pct=None, capacity_wh=None), BASIS)
    told = {name: value for name, value in told.items() if value is not None}
    assert told == {
        "ups.status": "OL",
        "battery.runtime": 9375.0,
        "device.serial": "999",
        "ups.serial": "999",
    }


def test_numbers_loadkwh_0_takes_the_load_away() -> None:
    told = nut_values(FACTS, ONLINE, BASIS._replace(loadkwh_w=0.0))
    assert told["ups.load"] is None
    assert told["ups.realpower.nominal"] is None
    assert told["ups.realpower"] == 1536.0


@pytest.mark.parametrize(
    ("watt", "va", "shown_va", "factor"),
    [
        (-1200.0, 1300.0, 1300.0, 12 / 13),
        (2211.0, 0.0, None, None),
        (173.0, 55.6, None, None),
        (173.0, 172.0, 172.0, 1.0),
        (0.0, 0.0, 0.0, None),
        (None, 300.0, 300.0, None),
        (10.0, None, None, None),
    ],
)
def test_apparent_power_is_no_less_than_the_active(
    watt: float | None, va: float | None, shown_va: float | None, factor: float | None
) -> None:
    line = MeterLine(watt, va, 240.0, 1.0, 60.0)
    meters = Meters(NOW, Meter(line), None, 1)
    told = values(FACTS._replace(meters=meters))
    assert told["input.power"] == shown_va
    assert told["input.powerfactor"] == (
        None if factor is None else pytest.approx(factor)
    )


def test_no_frequency_has_a_phase_in_its_name() -> None:
    assert not [name for name in values() if re.search(r"L\d.*frequency", name)]


def test_numbers_nominal_power_as_the_batteries_tell_it() -> None:
    told = nut_values(FACTS, ONLINE, BASIS._replace(rated_w=3840.0))
    assert (told["ups.realpower.nominal"], told["ups.load"]) == (3840.0, 40.0)


def test_numbers_three_phases() -> None:
    meters = Meters(NOW, None, Meter(TOTAL, (LINE, LINE, LINE)), 3)
    told = values(FACTS._replace(meters=meters))
    assert told["output.phases"] == 3
    assert told["output.L3-N.voltage"] == 120.0


@pytest.mark.parametrize(
    ("soc", "volts"),
    [(0, 60.0), (5, 64.8), (10, 69.6), (50, 79.2), (100, 86.4), (110, 87.6)],
)
def test_curve_points_and_between(soc: float, volts: float) -> None:
    assert voltage_v(soc, 86.4) == pytest.approx(volts)


def test_curve_unknown_and_out_of_range() -> None:
    assert voltage_v(None, 86.4) is None
    assert voltage_v(-5, 86.4) == voltage_v(0, 86.4)
    assert voltage_v(200, 86.4) == voltage_v(110, 86.4)


@pytest.mark.parametrize(
    ("soc", "wh", "floor", "watt", "seconds"),
    [
        (50.0, 10_000.0, 10.0, 1000.0, 14_400.0),
        (50.0, 10_000.0, None, 1000.0, 14_400.0),  # 10 where nobody tells
        (50.0, 10_000.0, 30.0, 1000.0, 7200.0),
        (100.0, 10_000.0, 10.0, 1.0, 172_800.0),  # two days at most
        (50.0, 10_000.0, 10.0, -500.0, 172_800.0),
        (9.0, 10_000.0, 10.0, 0.0, 0.0),
        (None, 10_000.0, 10.0, 1000.0, None),
        (50.0, None, 10.0, 1000.0, None),
        (50.0, 10_000.0, 10.0, None, None),
    ],
)
def test_runtime_until_the_floor(
    soc: float | None,
    wh: float | None,
    floor: float | None,
    watt: float | None,
    seconds: float | None,
) -> None:
    assert runtime_s(soc, wh, floor, watt, 172_800.0) == seconds
