"""One codec: what it writes it reads, and nothing else."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.ups.snapshot import LONGEST, SnapshotError, decode, encode


class Colour(StrEnum):
    RED = "red"


class Inner(NamedTuple):
    at: float
    word: str = "w"


@dataclass(frozen=True, slots=True)
class Outer:
    many: tuple[tuple[float, float], ...] = ()
    texts: tuple[str, ...] = ()
    inner: Inner | None = None
    parts: tuple[Inner, ...] = ()
    colour: Colour | None = None
    count: int = 0
    flag: bool = False
    other: Inner = field(default_factory=lambda: Inner(1.0))


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
INNERS = st.builds(Inner, FLOATS, st.text())
OUTERS = st.builds(
    Outer,
    st.lists(st.tuples(FLOATS, FLOATS)).map(tuple),
    st.lists(st.text()).map(tuple),
    st.none() | INNERS,
    st.lists(INNERS).map(tuple),
    st.none() | st.just(Colour.RED),
    st.integers(-(2**53), 2**53),
    st.booleans(),
    INNERS,
)


@given(OUTERS)
def test_snapshot_round_trip(whole: Outer) -> None:
    assert decode(Outer, json.loads(json.dumps(encode(whole)))) == whole


def test_snapshot_says_every_field() -> None:
    assert encode(Outer())["inner"] is None
    assert encode(Outer()).keys() == set(Outer.__slots__)


def test_snapshot_missing_fields_have_their_default_and_strange_ones_go() -> None:
    assert decode(Outer, {"new": 1}) == Outer()
    with pytest.raises(SnapshotError, match="at missing"):
        decode(Inner, {"word": "w"})


@pytest.mark.parametrize(
    "odd",
    [
        7,
        [],
        {"many": [[1.0]]},
        {"many": [[1.0, 2.0, 3.0]]},
        {"many": [1.0]},
        {"many": {}},
        {"many": [[1.0, "2"]]},
        {"many": [[0.0, 0.0]] * (LONGEST + 1)},
        {"texts": [7]},
        {"inner": []},
        {"inner": {}},
        {"inner": {"at": float("nan")}},
        {"inner": {"at": True}},
        {"inner": {"at": 10**400}},
        {"other": None},
        {"colour": "blue"},
        {"colour": ["red"]},
        {"count": 1.5},
        {"count": "1"},
        {"flag": 1},
    ],
)
def test_snapshot_odd_values_make_it_worthless(odd: Any) -> None:
    with pytest.raises(SnapshotError):
        decode(Outer, odd)
