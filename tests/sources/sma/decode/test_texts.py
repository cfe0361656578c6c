"""Model and language: what they hold, and what is missing or wrong in them."""

from decimal import Decimal
from typing import Any

import pytest

from nutbridge.net.jsonfields import BodyError
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.language import (
    LANGUAGES,
    Language,
    find_language,
)
from nutbridge.sources.sma.webconnect.objects import (
    Model,
    ObjectInfo,
    is_secret,
)
from tests.sources.sma.decode.data import (
    NO_LANGUAGE,
    NO_MODEL,
    answer,
    language,
    model,
)

#: Scale in the model: what is multiplied; None: the value cannot be known.
SCALES: list[tuple[Any, Decimal | None]] = [
    (None, Decimal(1)),
    (1, Decimal(1)),
    (0.01, Decimal("0.01")),
    (0.0001, Decimal("0.0001")),
    # Single precision, as one copy of the model has it.
    (0.009999999776, Decimal("0.01")),
    (0.0010000000474974513, Decimal("0.001")),
    (1000, Decimal(1000)),
    (0, None),
    (-1, None),
    (True, None),
    ("0.01", None),
    ([], None),
    (10**400, None),
    (1e300, None),
    (1e-300, None),
]


@pytest.mark.parametrize(("scale", "exact"), SCALES)
def test_object_scale(scale: Any, exact: Decimal | None) -> None:
    assert ObjectInfo.from_json({"Scale": scale}).scale == exact


def test_object_empty_entry() -> None:
    assert ObjectInfo.from_json({}) == ObjectInfo()


def test_object_event_name_is_not_looked_at() -> None:
    """One object of the full model has a text where numbers stand."""
    found = model().find("6800_08837800")
    assert found is not None
    assert found.format == 18


def test_object_odd_categories() -> None:
    odd = ObjectInfo.from_json({"TagHier": [835, "x", None, True, -1, 230.0]})
    assert odd.category == (835, 230)
    assert ObjectInfo.from_json({"TagHier": "x"}).category == ()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "empty"),
        (b"<html>moved</html>", "HTML"),
        (b"[1]", "list"),
        (b"{}", "no objects"),
        (b'{"a": 1}', "no objects"),
        (b'{"error": {}}', "no objects"),
        (b'{"a": {', "damaged"),
        (b"[" * 100000, "nested too deeply"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_model_refused(body: bytes, problem: str) -> None:
    with pytest.raises(BodyError, match=problem):
        Model.from_body(body)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<!DOCTYPE html>", b"{}", b'{"1": 2}', b"null", b'{"1": {"2": 3}}'),
        b'{"err": "404"}',
    ],
)
def test_language_refused(body: bytes) -> None:
    """Empty: a language the device does not have; HTML: since 4.10.10.R."""
    with pytest.raises(BodyError):
        Language.from_body(body)


def test_language_without_a_text() -> None:
    some = Language({"1": "", "2": 5, "3": "  ", "4": "x"})
    assert [some.text(tag) for tag in (1, 2, 3, 4, 5)] == ["1", "2", "3", "x", "5"]


def test_language_units() -> None:
    """The language's own unit, else the built-in one, else the number."""
    assert Language({"6": "Std."}).unit(6) == "Std."
    assert NO_LANGUAGE.unit(18) == "W"
    assert NO_LANGUAGE.unit(2) == "°C"
    assert NO_LANGUAGE.unit(77777) == "77777"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("en-US", "en-US"),
        ("de", "de-DE"),
        ("DE_de", "de-DE"),
        ("sv", "sv-SE"),
        ("xx", None),
        ("", None),
        ("../../etc", None),
        ("de-AT", None),
    ],
)
def test_find_language(wanted: str, name: str | None) -> None:
    assert find_language(wanted) == name


def test_languages_are_found_by_two_letters() -> None:
    assert [find_language(name[:2]) for name in LANGUAGES] == list(LANGUAGES)


def test_decode_without_language() -> None:
    """Numbers of the texts; units are built in."""
    rows = {row.key: row for row in decode(answer("formats"), model(), NO_LANGUAGE)}
    volts = rows["6100_00495C00"]
    info = model().find(volts.key)
    assert info is not None
    assert volts.name == str(info.name)
    assert volts.category == tuple(map(str, info.category))
    assert (volts.value, volts.unit, volts.text) == (429, "V", "429.00 V")
    assert rows["6180_08495E00"].value == ("2292",)


def test_decode_without_model() -> None:
    """Raw numbers under their keys; tags still have their texts."""
    rows = {row.key: row for row in decode(answer("formats"), NO_MODEL, language())}
    volts = rows["6100_00495C00"]
    assert (volts.name, volts.category) == ("6100_00495C00", ())
    assert (volts.value, volts.unit, volts.text) == (42900, None, "42900")
    assert rows["6180_08495E00"].value == ("Charging",)


@pytest.mark.parametrize(
    ("key", "klass", "code", "secret"),
    [
        ("6800_10841E00", 0, 20, True),
        ("9999_00000000", 1, 20, True),
        # The model is missing, or wrong.
        ("6800_108A5A00", 9, None, True),
        ("6800_108a5a00", 9, 8, True),
        ("6802_10841F00", None, 8, True),
        ("9999_00000000", 0, None, True),
        ("6800_10821E00", 0, 8, False),
        ("6800_10821E00", 9, None, False),
    ],
)
def test_is_secret(
    key: str, klass: int | None, code: int | None, *, secret: bool
) -> None:
    info = None if code is None else ObjectInfo(format=code)
    assert is_secret(key, klass, info) is secret
