"""The user's settings: read, used, and still his after we replaced one."""

import pytest

from nutbridge.nut.port_text import PortText, UserSettings, parse, render, user_settings

OL = {"ups.status": "OL"}


def low_line(data: bytes) -> str:
    lines = data.decode().splitlines()
    (found,) = [line for line in lines if line.startswith("battery.charge.low:")]
    return found


def volt_low(found: UserSettings) -> float:
    return float(found.used["battery.voltage.low"])


def test_user_settings_of_an_empty_file_are_the_defaults() -> None:
    found = user_settings(PortText())
    assert (found.charge_low_pct, found.runtime_low_s) == (20, 300)
    assert (
        volt_low(found),
        found.voltage_nominal,
        found.voltage_high,
    ) == (
        *(68.5, 76.8),
        86.4,
    )
    assert found.notices == ()


def test_user_settings_last_one_wins_in_any_letter_case() -> None:
    text = parse(b"battery.charge.low: 25\nBattery.Charge.Low: 30\n")
    assert user_settings(text).charge_low_pct == 30


def test_user_settings_without_a_blank_or_a_colon() -> None:
    text = parse(b"battery.charge.low:25\nbattery.runtime.low 600\n")
    assert user_settings(text).charge_low_pct == 25
    assert user_settings(text).runtime_low_s == 600


@pytest.mark.parametrize(
    "own",
    ["twenty", "", "0", "96", "-5", "nan", "inf", "1e1", "2_5", "20,5", "25%", "= 25"],
)
def test_user_settings_not_a_number_is_the_default_and_told(own: str) -> None:
    text = parse(f"battery.charge.low: {own}\n".encode())
    found = user_settings(text)
    assert found.charge_low_pct == 20
    assert found.used["battery.charge.low"] == "20"
    (notice,) = found.notices
    assert notice.startswith("battery.charge.low: ")


@pytest.mark.parametrize(
    "data",
    [
        b"battery.voltage.low: 90\n",
        b"battery.voltage.nominal: 86.4\n",
        b"battery.voltage.high: 0\nbattery.voltage.low: 90\n",
    ],
)
def test_user_settings_voltages_must_rise(data: bytes) -> None:
    found = user_settings(parse(data))
    assert (volt_low(found), found.voltage_nominal) == (
        68.5,
        76.8,
    )
    assert found.voltage_high == 86.4
    assert found.notices


@pytest.mark.parametrize("comment", ["", " # a quarter"])
def test_raised_low_survives_restarts_and_goes_back(comment: str) -> None:
    """Effective low replaces the user's value; his own is still known."""
    own = f"battery.charge.low: 25{comment}"
    data = render(parse(f"{own}\n".encode()), {**OL, "battery.charge.low": "35"}, 1)
    assert low_line(data) == f"battery.charge.low: 35 # yours: 25; in use: 35{comment}"
    for used in ("35", "40"):
        text = parse(data)
        assert user_settings(text).charge_low_pct == 25
        assert text.notices == ()
        data = render(text, {**OL, "battery.charge.low": used}, 1)
    assert low_line(data).startswith("battery.charge.low: 40 # yours: 25; in use: 40")
    back = render(parse(data), {**OL, "battery.charge.low": "25.0"}, 1)
    assert low_line(back) == own


def test_raised_low_edited_by_the_user_is_his_new_one() -> None:
    text = parse(b"battery.charge.low: 50 # yours: 25; in use: 35\n")
    assert user_settings(text).charge_low_pct == 50


def test_raised_low_marks_only_the_line_that_counts() -> None:
    text = parse(b"battery.charge.low: 15\nbattery.charge.low: 25\n")
    data = render(text, {**OL, "battery.charge.low": "35"}, 1)
    assert b"battery.charge.low: 15\nbattery.charge.low: 35 # yours: 25;" in data


def test_raised_low_without_a_line_of_the_user() -> None:
    data = render(PortText(), {**OL, "battery.charge.low": "35"}, 1)
    assert user_settings(parse(data)).charge_low_pct == 20


def test_used_default_keeps_the_users_odd_text() -> None:
    text = parse(b'battery.charge.low: tw"en\\"ty\n')
    data = render(text, {**OL, **user_settings(text).used}, 1)
    assert low_line(data) == "battery.charge.low: 20 # yours: tw'en'ty; in use: 20"
    again = parse(data)
    assert user_settings(again).notices
    assert render(again, {**OL, **user_settings(again).used}, 1) == data


def test_used_leaves_the_users_spelling_of_the_same_number() -> None:
    text = parse(b"battery.charge.low: 25.00\nbattery.voltage.high: 90\n")
    data = render(text, {**OL, **user_settings(text).used}, 1)
    assert b"battery.charge.low: 25.00\nbattery.voltage.high: 90\n" in data
