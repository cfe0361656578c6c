"""The table of names: complete, spelled as NUT does, small enough for one write."""

import pytest

from nutbridge.nut.variables import (
    SETTINGS,
    VARIABLES,
    ValueKind,
    as_text,
    find,
    fitting,
)


def test_variables_are_unique_even_without_letter_case() -> None:
    assert len({each.name.lower() for each in VARIABLES}) == len(VARIABLES)


@pytest.mark.parametrize(
    ("phases", "present", "absent"),
    [
        (None, ["input.voltage", "output.realpower"], ["input.L1.current"]),
        (1, ["input.voltage"], ["input.L1-N.voltage", "output.L1.power"]),
        (
            2,
            ["input.L1-N.voltage", "input.L2.powerfactor", "output.L2.current"],
            ["input.L3.current", "output.L3-N.voltage"],
        ),
        (3, ["input.L3-N.voltage", "output.frequency"], ["output.L3.frequency"]),
    ],
)
def test_fitting_follows_the_phases(
    phases: int | None, present: list[str], absent: list[str]
) -> None:
    names = {each.name for each in fitting(phases)}
    assert names.issuperset(present)
    assert names.isdisjoint(absent)


def test_fitting_stays_under_what_one_rewrite_can_bring() -> None:
    """dummy-ups drops upsd when 90 or more variables appear at once (measured)."""
    assert len(fitting(3)) < 80


def test_find_ignores_letter_case_as_the_driver_does() -> None:
    found = find("INPUT.l1-n.Voltage")
    assert found
    assert found.name == "input.L1-N.voltage"
    assert find("input.voltages") is None


def test_settings_are_those_of_the_script_with_its_defaults() -> None:
    assert {each.name: each.default for each in SETTINGS} == {
        "battery.charge.low": "20",
        "battery.runtime.low": "300",
        "battery.voltage.high": "86.4",
        "battery.voltage.nominal": "76.8",
        "battery.voltage.low": "68.5",
        "device.mfr": "Enphase Energy",
        "device.model": "IQ Gateway",
        "ups.mfr": "Enphase Energy",
        "ups.model": "IQ Gateway",
    }


def test_constants_have_their_value() -> None:
    constants = {
        each.name: each.default for each in VARIABLES if each.kind is ValueKind.CONSTANT
    }
    assert constants == {"battery.type": "LFP", "device.type": "ups"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("battery.charge", 61.96, "62"),
        ("battery.charge", 19.94, "19.9"),
        ("battery.runtime", 3599.6, "3600"),
        ("ups.realpower", -0.2, "0"),
        ("input.L1-N.voltage", 120.04, "120"),
        ("output.powerfactor", 0.987, "0.99"),
        ("input.phases", 2, "2"),
        ("ups.firmware", 'D8.2.4378 "x"', "D8.2.4378 'x'"),
        ("ups.firmware", "\x00\x01", None),
        ("ups.load", None, None),
        ("ups.load", float("nan"), None),
    ],
)
def test_as_text_rounds_and_cleans(
    name: str, value: float | str | None, text: str | None
) -> None:
    assert as_text(name, value) == text


def test_as_text_refuses_names_outside_the_table() -> None:
    with pytest.raises(KeyError):
        as_text("battery.chrage", 1)
