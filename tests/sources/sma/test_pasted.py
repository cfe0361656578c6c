"""What people paste: Python's dicts, lines of a log, texts that are cut short."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.errors import DecodeError
from nutbridge.sources.sma.pasted import read_pasted
from tests.fakes.inverter import SMA_DATA

ONE = {"6100_00295A00": {"9": [{"val": 62}]}}
WEB = {"result": {"01B8-xxxxx7A0": {**ONE, "6100_00495C00": {"9": [{"val": None}]}}}}
LIVE = json.loads((SMA_DATA / "ennexos-hybrid" / "live.json").read_text())
PARAMS = json.loads((SMA_DATA / "ennexos-hybrid" / "params.json").read_text())


@pytest.mark.parametrize("value", [WEB, LIVE, PARAMS], ids=["web", "live", "params"])
@pytest.mark.parametrize("written", [repr, json.dumps], ids=["python", "json"])
@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "2026-01-02 03:04:05 DEBUG (MainThread) [pysma] Received {} from https://x",
        "```\n{},\n```",
        "answer: {}\n{{}}\n[]",
    ],
    ids=["bare", "log", "fence", "more"],
)
def test_whole_answers(value: Any, written: Any, line: str) -> None:
    found = read_pasted(line.format(written(value)))
    assert (found.value, found.missing) == (value, None)


def test_words_of_python_and_json() -> None:
    found = read_pasted(
        "{'a': None, 'b': True, \"c\": false, 'd': nan, 'e': -1.5e3, 'f': (1, 2,), "
        "'g': 'it\\'s \\x41\\u00e4\\n', 7: 0,}"
    )
    assert found.value == {
        "a": None,
        "b": True,
        "c": False,
        "d": None,
        "e": -1500.0,
        "f": [1, 2],
        "g": "it's Aä\n",
        "7": 0,
    }


def test_every_cut_of_an_answer_shows_what_is_whole() -> None:
    """Cut anywhere: no value is changed, and the entry it ends in is named."""
    text = repr(WEB)
    entries = WEB["result"]["01B8-xxxxx7A0"]
    for end in range(text.index("}]}") + 3, len(text)):
        found = read_pasted(text[:end])
        assert found.missing is not None
        kept = found.value["result"]["01B8-xxxxx7A0"]
        assert kept.items() <= entries.items()
        assert kept["6100_00295A00"] == ONE["6100_00295A00"]
    # A number at the very end may have lost digits.
    cut = read_pasted(
        '{"r": {"6100_A": {"1": [{"val": 5}]}, "6100_B": {"1": [{"val": 2'
    )
    assert (cut.value, cut.missing) == (
        {"r": {"6100_A": {"1": [{"val": 5}]}}},
        "6100_B",
    )


@pytest.mark.parametrize("answer", [LIVE, PARAMS], ids=["live", "params"])
def test_every_cut_of_ennexos(answer: list[dict[str, Any]]) -> None:
    text = json.dumps(answer)
    whole = {json.dumps(one) for one in _entries(answer)}
    for end in range(400, len(text), 7):
        found = read_pasted(text[:end])
        assert {json.dumps(one) for one in _entries(found.value)} <= whole
        assert found.missing


def _entries(answer: list[dict[str, Any]]) -> list[Any]:
    return [
        each
        for one in answer
        for each in ([one] if "channelId" in one else one["values"])
    ]


@pytest.mark.parametrize(
    "text", ["", "no", "{", "[", "{'a': <X>}", "[[[", "{'a'", "{}"]
)
def test_nothing_in_it(text: str) -> None:
    with pytest.raises(DecodeError):
        read_pasted(text)


@given(st.text(alphabet="{}[]()'\":,\\ax1.\n nN"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_pasted(text)
    except DecodeError:
        return
