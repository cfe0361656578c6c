"""Rows as JSON, CSV, flat list and tree; which of them are wanted."""

import json

import pytest

from nutbridge.sources.sma.rows import (
    CSV_COLUMNS,
    DecodedRow,
    matching,
    of_class,
)
from nutbridge.sources.sma.tree import flat, tree
from nutbridge.sources.sma.webconnect.decode import decode
from tests.sources.sma.decode.data import (
    DEVICE,
    answer,
    language,
    model,
    row_of,
    rows_of,
)


def shapes() -> list[DecodedRow]:
    return decode(answer("shapes"), model(), language())


def test_json_members() -> None:
    found = row_of({"9": [{"val": -4773}]}, "6100_40495D00").as_json()
    assert found == {
        "device": DEVICE,
        "key": "6100_40495D00",
        "class": 9,
        "index": 0,
        "name": "Battery current",
        "category": ["Battery", "State"],
        "value": -4.773,
        "unit": "A",
        "raw": -4773,
        "tags": [],
    }
    assert '"value": -4.773,' in json.dumps(found)


def test_json_tags() -> None:
    payload = {"val": [{"tag": 2292}, {"tag": 16777213}]}
    found = row_of(payload, "6180_08495E00").as_json()
    assert (found["class"], found["unit"]) == (None, None)
    assert (found["value"], found["tags"]) == (["Charging"], [2292, 16777213])
    assert found["raw"] == payload["val"]


def test_json_empty_array() -> None:
    found = row_of({"188": []}, "6800_000EA900").as_json()
    assert (found["index"], found["value"], found["raw"]) == (None, None, None)
    assert (found["name"], found["category"]) == ("6800_000EA900", [])


def test_rows_in_order() -> None:
    """By device, key, class (none first), index."""
    rows = shapes()
    assert [row.place() for row in rows] == sorted(row.place() for row in rows)
    assert len({row.device for row in rows}) == 2


@pytest.mark.parametrize(("klass", "count"), [(9, 2), (1, 3), (7, 3), (8, 0)])
def test_of_class(klass: int, count: int) -> None:
    assert len(of_class(shapes(), klass)) == count


def test_of_class_none_is_all() -> None:
    assert of_class(shapes(), None) == shapes()


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["6100_00465700"], {"Frequency"}),
        (["freq*"], {"Frequency"}),
        (["FREQ*", "condition"], {"Frequency", "Condition"}),
        (["*power*"], {"Active power", "String power", "Highest active power"}),
        (["6100_00465"], set()),
        (["power"], set()),
        (["6800_000e*"], {"6800_000EA900", "6800_000E7C00"}),
    ],
)
def test_matching(wanted: list[str], names: set[str]) -> None:
    """KEY is exact; a glob fits the whole translated name, in any case."""
    assert {row.name for row in matching(shapes(), wanted)} == names


def test_matching_nothing_asked_is_all() -> None:
    assert matching(shapes(), []) == shapes()


def test_csv_cells() -> None:
    row = row_of({"9": [{"val": 42900}]}, "6100_00495C00")
    cells = dict(zip(CSV_COLUMNS, row.as_cells(), strict=True))
    assert cells == {
        "key": "6100_00495C00",
        "name": "Battery voltage",
        "value": 429,
        "unit": "V",
        "category": "Battery / State",
        "device": DEVICE,
        "class": "9",
        "index": "0",
    }


def test_csv_unknown_is_empty() -> None:
    row = row_of({"val": None}, "6100_00495C00")
    assert row.as_cells()[2] == ""
    assert row.as_cells()[6] == ""


def test_flat_one_device() -> None:
    rows = rows_of(
        {
            "6100_00465700": {"1": [{"val": 5001}]},
            "6380_40251E00": {"1": [{"val": 1681}, {"val": 826}]},
        }
    )
    assert list(flat(rows)) == [
        "6100_00465700  Frequency         50.01 Hz  AC / At the inverter",
        "6380_40251E00  String power [0]  1681 W    DC / Strings",
        "6380_40251E00  String power [1]  826 W     DC / Strings",
    ]


def test_flat_tells_classes_and_devices() -> None:
    lines = list(flat(shapes()))
    power = [line.split() for line in lines if line.startswith("6100_40263F00")]
    assert [words[-1] for words in power] == [
        "012F-7311FA5A",
        "01B8-xxxxxFA5",
        "01B8-xxxxxFA5",
    ]
    assert [" ".join(words[1:5]) for words in power[1:]] == [
        "Active power [class 1]",
        "Active power [class 9]",
    ]


def test_tree_raw() -> None:
    rows = rows_of(
        {
            "6180_08495E00": {"9": [{"val": [{"tag": 2292}, {"tag": 302}]}]},
            "6180_104A9A00": {"val": "192.0.2.1"},
            "6380_40251E00": {"1": [{"val": 1681}, {"val": None}]},
        }
    )
    text = "\n".join(tree(rows, raw=True))
    assert "Battery state: Charging  [6180_08495E00 class 9: 2292+302]" in text
    assert 'Address: 192.0.2.1  [6180_104A9A00: "192.0.2.1"]' in text
    assert "String power: 1681 W, n/a  [6380_40251E00 class 1: 1681, null]" in text


def test_tree_values_come_before_categories_in_it() -> None:
    rows = rows_of(
        {
            "6102_40633E00": {"9": [{"val": 331}]},
            "6100_40263F00": {"9": [{"val": 1}]},
            "6100_00543100": {"9": [{"val": 2}]},
        }
    )
    assert list(tree(rows)) == [
        DEVICE,
        "  AC / At the inverter / Active power: 1 W",
        "  Device / Inverter temperature: 33.1 °C",
        "  House / House load: 2 W",
    ]
