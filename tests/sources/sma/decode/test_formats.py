"""Every DataFrmt: value for programs, text for people."""

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nutbridge.sources.sma.webconnect.formats import (
    NO_VALUES,
    show,
    spoken,
)
from nutbridge.sources.sma.webconnect.objects import ObjectInfo
from tests.sources.sma.decode.data import NO_LANGUAGE, language

V, A, C, PCT, S, H, MIN, D, W = 14, 3, 2, 1, 13, 6, 34, 4227, 18

#: DataFrmt, Scale, unit, raw: value, text.
NUMBERS = [
    (0, "1", W, 2169, 2169, "2169 W"),
    (0, "1", W, -10, -10, "-10 W"),
    (0, "1", None, 0, 0, "0"),
    (1, "0.1", V, 4117, 411.7, "411.7 V"),
    (2, "0.01", V, 42900, 429, "429.00 V"),
    (2, "0.01", V, -1, -0.01, "-0.01 V"),
    (3, "0.001", A, -4773, -4.773, "-4.773 A"),
    (3, "0.001", A, 16999, 16.999, "16.999 A"),
    (26, "0.0001", None, 9981, 0.9981, "0.9981"),
    (12, "0.1", C, 170, 17, "17.0 °C"),
    (12, "1", C, 21, 21, "21.0 °C"),
    (14, "0.01", PCT, 8567, 85.67, "85.67 %"),
    # DataFrmt decides the text, Scale the value.
    (0, "0.01", 7, 5001, 50.01, "50 Hz"),
    (0, "1", W, 229.5, 229.5, "230 W"),
    (2, "0.01", V, -0.4, -0.004, "0.00 V"),
    # Whole numbers without separators.
    (15, "1", None, 3005554597, 3005554597, "3005554597"),
    (10, "1", None, 257, 257, "257"),
    (31, "1", None, 4613, 4613, "4613"),
    # HIDDEN shows by its Typ; codes that nobody knows show as they come.
    (23, "0.001", A, 1500, 1.5, "1.5 A"),
    (99, "1", None, 7, 7, "7"),
    (99, "0.1", V, 75, 7.5, "7.5 V"),
    (None, "1", None, 1200, 1200, "1200"),
]

#: Texts and times: DataFrmt, raw: value, text.
SPECIAL = [
    (5, 0, "00:00:00", "00:00:00"),
    (5, 25200, "07:00:00", "07:00:00"),
    (32, 86399, "23:59:59", "23:59:59"),
    (5, 86400, "24:00:00", "24:00:00"),
    (5, 86401, None, "n/a"),
    (5, -1, None, "n/a"),
    (6, 0, None, "n/a"),
    (6, 1700000000, "2023-11-14T22:13:20Z", "2023-11-14 22:13:20 UTC"),
    (6, 2**50, None, "n/a"),
    (9, 0x03102404, "3.10.36.R", "3.10.36.R"),
    (9, 33751296, "2.03.1.N", "2.03.1.N"),
    (9, 50398724, "3.01.6.R", "3.01.6.R"),
    (9, 0x03010605, "3.01.6.S", "3.01.6.S"),
    (9, 0x03010609, "3.01.6.9", "3.01.6.9"),
    (9, 0, None, "n/a"),
    (9, -1, None, "n/a"),
    (9, 2**33, None, "n/a"),
    (13, 125, "0x7D", "0x7D"),
    (24, 16909570, "1.2.5.2", "1.2.5.2"),
    (24, 16843010, "1.1.1.2", "1.1.1.2"),
]

#: DataFrmt 7 stays in its own unit: unit, raw, text.
DURATIONS = [
    (S, 71636106, "829 d"),
    (S, 67130459, "776 d"),
    (S, 835301, "9 d 16 h"),
    (S, 600, "10 min"),
    (S, 601, "10 min 1 s"),
    (S, 48, "48 s"),
    (S, 86400, "1 d"),
    (S, 86401, "1 d"),
    (S, 0, "0 s"),
    (S, -5, "-5 s"),
    (H, 13, "13 h"),
    (H, 440000, "18333 d"),
    (MIN, 90, "1 h 30 min"),
    (D, 1, "1 d"),
    (None, 5, "5"),
    (W, 5, "5 W"),
]


def info(**fields: Any) -> ObjectInfo:
    return dataclasses.replace(ObjectInfo(), **fields)


@pytest.mark.parametrize(("code", "scale", "unit", "raw", "value", "text"), NUMBERS)
def test_show_number(  # each column is one thing
    code: int | None, scale: str, unit: int | None, raw: float, value: float, text: str
) -> None:
    found = show(raw, info(format=code, scale=Decimal(scale), unit=unit), NO_LANGUAGE)
    assert (found.value, found.text) == (value, text)
    assert type(found.value) is type(value)


@pytest.mark.parametrize(("code", "raw", "value", "text"), SPECIAL)
def test_show_special(code: int, raw: int, value: str | None, text: str) -> None:
    """Times, versions and hex are texts without a unit, whatever the model says."""
    found = show(raw, info(format=code, unit=S), NO_LANGUAGE)
    assert (found.value, found.text, found.unit) == (value, text, None)


@pytest.mark.parametrize(("unit", "raw", "text"), DURATIONS)
def test_show_duration(unit: int | None, raw: int, text: str) -> None:
    found = show(raw, info(format=7, unit=unit), NO_LANGUAGE)
    assert (found.value, found.text) == (raw, text)


@pytest.mark.parametrize("code", [8, 27, 28, 29, 0, 5, None])
def test_show_text(code: int | None) -> None:
    """A text stays one, whatever DataFrmt says."""
    found = show("192.0.2.1", info(format=code, unit=S, typ=2), NO_LANGUAGE)
    assert (found.value, found.text, found.unit) == ("192.0.2.1", "192.0.2.1", None)


def test_show_empty_text() -> None:
    assert show("", info(format=8), NO_LANGUAGE).value == ""
    assert show("", info(format=8), NO_LANGUAGE).text == '""'


@pytest.mark.parametrize("code", [18, 25, 30])
def test_show_tags(code: int) -> None:
    """All tags in their order; those without a text by number."""
    raw = [{"tag": 303}, {"tag": 307}, {"tag": 648}]
    found = show(raw, info(format=code), language())
    assert found.value == ("Off", "Ok", "648")
    assert found.text == "Off, Ok, 648"
    assert found.tags == (303, 307, 648)


@pytest.mark.parametrize("tag", [302, 973, 16777212, 16777213, 0xFFFFFFFF])
def test_show_no_value_tags(tag: int) -> None:
    found = show([{"tag": tag}], info(format=18), language())
    assert (found.value, found.text, found.tags) == (None, "n/a", (tag,))


def test_show_hidden_by_type() -> None:
    tags = show([{"tag": 303}], info(format=23, typ=1), language())
    assert tags.value == ("Off",)
    assert show("BMS", info(format=23, typ=2), language()).value == "BMS"
    assert show(303, info(format=23, typ=1), language()).value == ("Off",)


@pytest.mark.parametrize(
    "raw",
    [None, True, False, {}, {"a": 1}, 2**70, -(2**70), float("inf"), float("nan")],
)
@pytest.mark.parametrize("code", [0, 2, 5, 6, 7, 9, 13, 15, 18, 23, 24, 99, None])
def test_show_unusable(raw: object, code: int | None) -> None:
    found = show(raw, info(format=code, typ=0), language())
    assert (found.value, found.text, found.tags) == (None, "n/a", ())


@pytest.mark.parametrize("raw", [0xFFFFFFFF, 0x80000000, -0x80000000])
def test_show_no_value_of_modbus(raw: int) -> None:
    assert show(raw, info(format=0), NO_LANGUAGE).value is None


def test_show_unit_stays_without_a_value() -> None:
    assert show(None, info(format=2, unit=V), NO_LANGUAGE).unit == "V"


def test_show_unknown_scale() -> None:
    """A Scale that is no number: the value cannot be known."""
    assert show(5, info(format=0, scale=None), NO_LANGUAGE).value is None


@given(st.integers(-(2**40), 2**40), st.sampled_from(["1", "0.1", "0.01", "0.001"]))
def test_show_is_exact(raw: int, scale: str) -> None:
    """Raw x Scale without noise: what JSON shows has no more digits than Scale."""
    assume(raw not in NO_VALUES)
    value = show(raw, info(format=3, scale=Decimal(scale)), NO_LANGUAGE).value
    assert not isinstance(value, str | tuple | None)
    assert Decimal(repr(value)) == raw * Decimal(scale)


@given(st.integers(1, 10**9))
def test_spoken_is_near(seconds: int) -> None:
    """What is said is at most the duration, and less than 4 % away from it."""
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = (spoken(Decimal(seconds)) or "").split()
    said = sum(
        int(count) * sizes[name]
        for count, name in zip(words[::2], words[1::2], strict=True)
    )
    assert said <= seconds < said * 1.04 + 1
