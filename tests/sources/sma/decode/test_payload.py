"""The shapes of payloads and of whole answers."""

from typing import Any

import pytest

from nutbridge.errors import DecodeError
from nutbridge.sources.sma.webconnect.payload import (
    devices_of,
    elements_of,
)
from tests.sources.sma.decode.data import row_of, rows_of

#: payload: (class, index, raw) of each element.
SHAPES: list[tuple[Any, list[tuple[int | None, int | None, Any]]]] = [
    ({"1": [{"val": 2460}]}, [(1, 0, 2460)]),
    ({"9": [{"val": 18}], "1": [{"val": 3}]}, [(9, 0, 18), (1, 0, 3)]),
    (
        {"7": [{"val": 16363}, {"val": None}, {"val": None}]},
        [(7, 0, 16363), (7, 1, None), (7, 2, None)],
    ),
    ({"65": [{"val": 1}]}, [(65, 0, 1)]),
    ({"0": [{"val": ""}]}, [(0, 0, "")]),
    ({"val": 46}, [(None, 0, 46)]),
    ({"val": 46, "min": 0, "max": 9}, [(None, 0, 46)]),
    ([{"str": 1, "val": 57}, {"str": 2, "val": 8}], [(None, 0, 57), (None, 1, 8)]),
    ({"188": []}, [(188, None, None)]),
    ([], [(None, None, None)]),
    ({}, [(None, 0, None)]),
    ({"9": [{"low": 0, "high": None, "val": 7}]}, [(9, 0, 7)]),
    ({"9": {"val": 7}}, [(9, 0, 7)]),
    ({"x": [{"val": 7}]}, [(None, 0, 7)]),
    ({"1": [5, None, {"low": 1}]}, [(1, 0, 5), (1, 1, None), (1, 2, None)]),
    (46, [(None, 0, 46)]),
    (None, [(None, 0, None)]),
]


@pytest.mark.parametrize(("payload", "elements"), SHAPES)
def test_elements(payload: Any, elements: list[tuple[Any, Any, Any]]) -> None:
    found = [(one.klass, one.index, one.raw) for one in elements_of(payload)]
    assert found == elements


def test_elements_every_one_is_a_row() -> None:
    found = rows_of({"6100_40263F00": {"9": [{"val": 1}, {"val": 2}], "1": []}})
    assert [(row.klass, row.index, row.value) for row in found] == [
        (1, None, None),
        (9, 0, 1),
        (9, 1, 2),
    ]


@pytest.mark.parametrize("bad", [True, {"a": 1}, [1, 2], [{"tag": "x"}], [[[]]]])
def test_elements_neighbours_are_unharmed(bad: Any) -> None:
    """A value of unusable type is null; raw keeps it."""
    found = rows_of(
        {
            "6100_00465700": {"1": [{"val": 5001}, {"val": bad}, {"val": 4999}]},
            "6100_40263F00": {"1": [{"val": 9}]},
        }
    )
    assert [row.value for row in found] == [50.01, None, 49.99, 9]
    assert found[1].raw == bad


def test_elements_deep_value_is_no_value() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    assert row_of({"1": [{"val": deep}]}).raw is None


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"err": 401}, "an error instead of values"),
        ({"result": {}}, "holds no values"),
        ({"result": None}, "holds no values"),
        ({"result": {"0199-1": None}}, "holds no values"),
        ({"result": {"0199-1": {}}}, "holds no values"),
        ({"result": {"sid": None}}, "holds no values"),
        ({"deviceId": "IGULD:SELF", "productTagId": 9491}, "ennexOS"),
        ([{"channelId": "Measurement.Bat.ChaStt", "values": []}], "ennexOS"),
        ({"access_token": "x"}, "ennexOS"),
        ({}, "no result"),
        ([], "no result"),
        ("text", "no result"),
        (None, "no result"),
        (7, "no result"),
        ({"name": "x"}, "no result"),
        ({"835": "AC"}, "no result"),
        ({"6100_40263F00": {"TagId": 416}}, "no result"),
    ],
)
def test_devices_refused(answer: Any, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        devices_of(answer)


def test_devices_without_result() -> None:
    """What is in the result may have been saved alone."""
    inside = {"0199-1": {"6100_40263F00": {"1": [{"val": 1}]}}}
    assert devices_of(inside) == inside


def test_devices_without_result_odd_neighbours() -> None:
    """One key of an odd form, or one odd device, harms no other."""
    values = {"6100_40263F00": {"1": [{"val": 1}]}, "odd": 3}
    assert devices_of({"0199-1": values, "0199-2": None}) == {"0199-1": values}
