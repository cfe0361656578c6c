"""Each detail fails in every way: its values stay, all others go on."""

import logging

import pytest

from tests.e2e.played import DETAILS, Played, besides
from tests.fakes import failures
from tests.fakes.faults import ENDLESS, FAULTS, ODD_VALUES

#: These refuse the status of the whole answer or break the connection, whatever
#: the endpoint; the stream's answer is not looked at beyond its status.
_STREAM_SAYS_YES = frozenset(
    {"html", "empty", "deep", "deep-objects", "not-utf8", "half-json"}
)

#: What is unknown without an endpoint. Here livedata is gone already, and the
#: CTs do not see the battery: without it the house's power is not known.
UNKNOWN_WITHOUT = {"/ivp/ensemble/power": r"output\."}


@pytest.fixture
def on_line(played: Played, request: pytest.FixtureRequest) -> Played:
    """On line and complete; without livedata where another source is meant."""
    path = request.getfixturevalue("path")
    if path == "/ivp/ensemble/power":
        played.faults.always(failures.status(404), "/ivp/livedata/status")
    played.settle()
    played.told()
    assert played.status == "OL"
    assert {"ups.load", "battery.charge", "input.voltage"} <= played.values.keys()
    return played


@pytest.mark.parametrize("path", DETAILS)
@pytest.mark.parametrize("fault", FAULTS)
def test_failing_detail_loses_nothing(on_line: Played, path: str, fault: str) -> None:
    pattern, later_s = DETAILS[path]
    before = on_line.values
    if path.endswith("stream"):
        on_line.house.stream_until = 0.0
    if fault in ENDLESS:
        on_line.hurry()
    on_line.faults.always(FAULTS[fault], path)
    on_line.check(later_s)
    assert on_line.status == "OL"
    lost = dict.fromkeys(before.keys() - on_line.values.keys(), "")
    assert not besides(lost, UNKNOWN_WITHOUT.get(path, "$"))
    assert besides(on_line.values, pattern) == besides(before, pattern)
    told = [line for line in on_line.told() if f"{path}: " in line]
    if fault not in ENDLESS and not (
        path.endswith("stream") and fault in _STREAM_SAYS_YES
    ):
        # /info is asked once more, to know who answers, after a lost connection.
        assert 1 <= len(told) <= 2
    on_line.calm()
    on_line.faults.clear(path)
    on_line.check(later_s)
    on_line.settle()
    assert on_line.values == before


@pytest.mark.parametrize("path", DETAILS)
@pytest.mark.parametrize("fault", ODD_VALUES)
def test_odd_values_are_not_believed(on_line: Played, path: str, fault: str) -> None:
    pattern, later_s = DETAILS[path]
    before = on_line.values
    on_line.faults.always(ODD_VALUES[fault], path)
    on_line.check(later_s)
    assert on_line.status == "OL"
    assert besides(on_line.values, pattern) == besides(before, pattern)
    _check_plausible(on_line.values)
    assert not on_line.told(logging.ERROR)
    on_line.faults.clear(path)
    on_line.check(later_s)
    on_line.settle()
    assert on_line.values == before


#: Beyond these a value is junk, whatever the gateway says.
LIMITS = {
    "battery.charge": (0, 100),
    "battery.runtime": (0, 172800),
    "battery.temperature": (-50, 120),
    "ups.load": (0, 200),
    "ups.realpower": (0, 1e6),
    "output.voltage": (0, 1500),
    "input.frequency": (10, 100),
}


def _check_plausible(values: dict[str, str]) -> None:
    for name, (least, most) in LIMITS.items():
        if name in values:
            assert least <= float(values[name]) <= most, name
    for name, text in values.items():
        assert len(text) <= 127, name
        assert text.isascii(), name
        assert text.isprintable(), name
