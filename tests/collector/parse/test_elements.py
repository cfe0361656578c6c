"""The quick reading of a row says what the careful one says, or nothing."""

from collections.abc import Iterator
from itertools import combinations, product

import pytest

from nutbridge.collector.parse import elements
from nutbridge.collector.parse.elements import Tally

#: Texts of a number; None: it is not there.
NUMBERS = (
    *("0", "300", "0005", "-1", "+5", " 5", "", "x", "1.5", "1e3", "٣", "5\n", "²"),
    *("0" * 30 + "5", "0" * 99 + "5", "9" * 18, "9" * 19, "9" * 20, "0" + "9" * 19),
    *(str(2**63 - 1), str(2**63), "4102444800", "4102444801", "31622400", "31622401"),
    *("30000000", "30000001", None),
)
LISTS = (
    *("1,2,3,4,5,6,7,8", "1,2", "1, 2", "1,,2", ",", "-1,2", "--1", "1,x"),
    *(",".join("1" * 99), ",".join("1" * 100), ",".join("1" * 101)),
    *("1," + "9" * 18, "1," + "9" * 19, "1," + "9" * 20, "1," + "0" * 30),
)
WORDS = {
    "stats": NUMBERS + LISTS,
    "eqid": ("a.1", "", " ", "a" * 64, "a" * 65, "a\n", "é\x7f", None),
}
GOOD = {
    "interval": {
        "id": "7",
        "end_date": "1700000100",
        "interval_duration": "300",
        "stat_duration": "294",
        "stats": "65439",
        "eqid": "110000002001.1",
    },
    "reading": {
        "id": "7",
        "date": "1700000100",
        "duration": "296",
        "flags": "0",
        "stats": "244000,60000,33000,6500,31,0,0,60100",
        "eqid": "110000002001.1",
    },
}


def rows(good: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield attributes of a row: any two of them odd, missing, or new ones."""
    for names in combinations((*good, "flags", "new"), 2):
        for texts in product(*(WORDS.get(name, NUMBERS) for name in names)):
            found = good | dict(zip(names, texts, strict=True))
            yield {name: text for name, text in found.items() if text is not None}


@pytest.mark.parametrize(
    ("kind", "quick"),
    [("interval", "_usual_interval"), ("reading", "_usual_reading")],
)
def test_quick_reading_is_the_careful_one(
    kind: str, quick: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = getattr(elements, quick)
    found = [(row, looks(row)) for row in rows(GOOD[kind])]
    usual = [(row, one) for row, one in found if one is not None]
    assert len(usual) * 100 > len(found)
    monkeypatch.setattr(elements, quick, lambda _: None)
    reads = getattr(elements, kind)
    tally = Tally()
    wrong = [row for row, one in usual if reads(row, tally) != one]
    assert wrong == []
    assert (tally.odd, tally.unknown) == (0, 0)
