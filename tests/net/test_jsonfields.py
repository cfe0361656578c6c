"""JSON of a device: one clear error, and getters that never raise."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.net.jsonfields import (
    BodyError,
    as_list,
    as_object,
    child,
    children,
    number,
    parse_json,
    text,
    tidy,
    whole,
)
from tests.fakes.any_json import JSON


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<html>401</html>", "HTML"),
        (b"  <!DOCTYPE html>", "HTML"),
        (b'{"a": 1', "cut or damaged JSON at character 7 of 7"),
        (b'{"a": 1} x', "cut or damaged JSON"),
        (b"\xff\xfe", "UTF-8 text at byte 0"),
        (b"[" * 100_000, "too deeply"),
        (b'{"a":' * 100_000, "too deeply"),
        (b"9" * 5000, "endless number"),
    ],
)
def test_parse_json_refuses(body: bytes, says: str) -> None:
    with pytest.raises(BodyError, match=says) as caught:
        parse_json(body)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_parse_json_has_no_endless_values(word: str) -> None:
    assert parse_json(f'{{"a": [{word}]}}'.encode()) == {"a": [None]}


def test_parse_json_takes_keys_twice() -> None:
    """Livedata's dry_contacts has the key "" several times."""
    assert parse_json(b'{"": {"a": 1}, "": {"a": 2}}') == {"": {"a": 2}}


def test_parse_json_takes_a_byte_order_mark() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]


@given(st.binary())
def test_parse_json_raises_only_its_own_error(body: bytes) -> None:
    with contextlib.suppress(BodyError):
        parse_json(body)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5.0),
        (5.5, 5.5),
        (0, 0.0),
        (100, 100.0),
        (101, None),
        (-1, None),
        (True, None),
        ("5", None),
        ("unknown", None),
        (None, None),
        ([5], None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
    ],
)
def test_number_in_range_or_none(value: Any, expected: float | None) -> None:
    assert number({"a": value}, "a", 0, 100) == expected


@pytest.mark.parametrize(("value", "expected"), [(2, 2), (2.0, 2), (2.5, None)])
def test_whole_number_or_none(value: Any, expected: int | None) -> None:
    assert whole({"a": value}, "a", 1, 3) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("open", "open"),
        ("", None),
        ("  ", None),
        (5, None),
        ("a\nb\x00\ud800é", "a?b???"),
        ("x" * 500, "x" * 127),
    ],
)
def test_text_is_short_and_printable(value: Any, expected: str | None) -> None:
    assert text({"a": value}, "a") == expected


def test_children_leaves_out_what_is_no_object() -> None:
    assert children({"a": [{"b": 1}, 2, None, [], {"c": 3}]}, "a") == [
        {"b": 1},
        {"c": 3},
    ]


@given(JSON, st.text())
def test_getters_never_raise(value: Any, key: str) -> None:
    assert number(value, key, -1e9, 1e9) is None or isinstance(value, dict)
    assert whole(value, key, -9, 9) is None or isinstance(value, dict)
    assert text(value, key) is None or isinstance(value, dict)
    assert isinstance(child(value, key), dict)
    assert isinstance(children(value, key), list)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x"])
def test_wrong_kind_is_named(value: Any) -> None:
    with pytest.raises(BodyError, match="where an object is expected"):
        as_object(value)
    with pytest.raises(BodyError, match="where a list is expected"):
        as_list(value)
    with pytest.raises(BodyError, match="a JSON list"):
        as_object([])
    with pytest.raises(BodyError, match="a JSON object"):
        as_list({})


@given(st.text())
def test_tidy_is_printable_ascii(raw: str) -> None:
    line = tidy(raw)
    assert line is None or (line.isascii() and line.isprintable())
