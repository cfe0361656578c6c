"""Any JSON: rows or DecodeError, and rows that any JSON reader takes."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nutbridge.errors import DecodeError
from nutbridge.net.jsonfields import BodyError, parse_json
from nutbridge.sources.sma.rows import matching
from nutbridge.sources.sma.tree import flat, tree
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.identity import InverterIdentity
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import Model
from tests.sources.sma.decode.data import (
    language,
    model,
    row_of,
    rows_of,
)

KEYS = st.sampled_from(
    ["6100_40263F00", "6180_08495E00", "6800_00823400", "6800_10841E00", "x", ""]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**32 - 1, 2**64, 10**400, 1e308, -0.0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
FIELDS = st.sampled_from(
    ["val", "tag", "1", "9", "result", "err", "TagId", "TagHier", "Scale", "DataFrmt"]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(FIELDS | KEYS | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)
ELEMENT = st.fixed_dictionaries({"val": JSON}) | JSON
PAYLOAD = (
    st.dictionaries(st.sampled_from(["1", "9", "0", "x"]), st.lists(ELEMENT))
    | st.lists(ELEMENT, max_size=3)
    | ELEMENT
)
ANSWER = st.fixed_dictionaries(
    {"result": st.dictionaries(st.text(max_size=4), st.dictionaries(KEYS, PAYLOAD))}
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "TagId": JSON,
        "Unit": JSON,
        "Typ": JSON,
        "Scale": SCALARS,
        "TagHier": JSON,
        "DataFrmt": st.integers(-1, 40) | JSON,
    },
)
MODEL = st.dictionaries(KEYS, ENTRY | JSON)


@given(ANSWER | JSON, MODEL, st.dictionaries(st.text(max_size=3), JSON))
def test_decode_any_json(
    answer: Any, entries: dict[str, Any], texts: dict[str, Any]
) -> None:
    try:
        rows = decode(answer, Model(entries), Language(texts))
    except DecodeError:
        return
    assert rows
    for row in rows:
        json.loads(json.dumps(row.as_json(), allow_nan=False), parse_constant=_never)
        assert len(row.as_cells()) == 8
    assert list(tree(rows, raw=True))
    assert len(list(flat(rows))) == len(rows)
    assert matching(rows, [rows[0].key])
    InverterIdentity.from_json(
        answer.get("result") if isinstance(answer, dict) else answer
    )


def _never(name: str) -> None:
    raise AssertionError(name)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_files_any_bytes(body: bytes) -> None:
    for read in (Model.from_body, Language.from_body):
        with contextlib.suppress(BodyError):
            read(body)


def test_decode_endless_numbers() -> None:
    """1e999, NaN and Infinity are no values; whatever JSON came, JSON goes out."""
    sent = b'{"result": {"d": {"6100_00465700": {"1": [{"val": 1e999}, {"val": NaN},'
    sent += b'{"val": -Infinity}, {"val": 5000}]}}}}'
    rows = decode(parse_json(sent), model(), language())
    assert [row.value for row in rows] == [None, None, None, 50]
    assert [row.raw for row in rows] == [None, None, None, 5000]


def test_decode_huge_integer() -> None:
    row = row_of({"1": [{"val": 10**400}]})
    assert row.value is None
    assert "Infinity" not in json.dumps(row.as_json(), allow_nan=False)


def test_decode_duplicates() -> None:
    """The same key or class twice: nothing is lost that a JSON reader keeps."""
    sent = (
        b'{"result": {"d": {"6100_40263F00": {"1": [{"val": 1}], "01": [{"val": 2}]}}}}'
    )
    rows = decode(parse_json(sent), model(), language())
    assert [(row.klass, row.value) for row in rows] == [(1, 1), (1, 2)]


def test_decode_class_with_endless_digits() -> None:
    (row,) = rows_of({"6100_40263F00": {"9" * 5000: [{"val": 1}]}})
    assert row.klass is None
    assert row.value == 1
