"""Sentences, the layout of the panels and drawings: pure, no server."""

import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from nutbridge.collector.queries.recent import polls
from nutbridge.errors import ConfigError
from nutbridge.system.services import BY_HAND, SYSTEMD
from nutbridge.web import charts, panels_page, words
from nutbridge.web.charts import ChartBar, Frame, Point
from nutbridge.web.layout import Place, parse_layout, read_layout
from nutbridge.web.model import House, HouseState, Reading
from nutbridge.web.solar_model import Solar, SolarEnvoy, SolarPanel

NOW = 1_800_000_000.0
DAY = 86400.0
HOUSE = House("home", NOW, HouseState.ON_BATTERY, "OB")


def panels(*states: str) -> tuple[SolarPanel, ...]:
    return tuple(
        SolarPanel(f"99000000{n:04}.1", "990000000012", f"West {n}", state)
        for n, state in enumerate(states, start=1)
    )


def solar(
    *states: str, newest: float = NOW - 900, received: float = NOW - 250
) -> Solar:
    envoy = SolarEnvoy("990000000012", "UTC", received, newest)
    return Solar(NOW, "2027-01-15", (envoy,), panels(*states))


@pytest.mark.parametrize(
    ("charge_pct", "runtime_s", "said"),
    [
        (62.0, 20400.0, "62 %, about 5 h 40 min"),
        (0.0, 0.0, "0 %, about 0 s"),
        (None, None, "On battery"),
    ],
)
def test_sentence_of_an_outage(
    charge_pct: float | None, runtime_s: float | None, said: str
) -> None:
    """0 is a value, and the worst one; None is told by nothing."""
    house = replace(HOUSE, charge_pct=Reading(charge_pct), runtime_s=Reading(runtime_s))
    assert words.sentence(house, SYSTEMD).head.endswith(said)


def test_low_battery_with_nothing_left() -> None:
    house = replace(
        HOUSE, state=HouseState.LOW, charge_pct=Reading(0.0), runtime_s=Reading(0.0)
    )
    assert words.sentence(house, SYSTEMD).head == "Low battery, 0 %, about 0 s left"


@pytest.mark.parametrize("state", HouseState)
def test_each_state_has_words_and_a_colour(state: HouseState) -> None:
    house = replace(HOUSE, state=state, problem="it is gone")
    head, more, said = words.sentence(house, SYSTEMD)
    assert head.startswith(said)
    assert more
    assert "{" not in more
    assert words.tone(house) == {
        HouseState.ON_LINE: "calm",
        HouseState.ON_BATTERY: "watch",
    }.get(state, "act")


def test_hidden_without_a_monitor_is_told_as_that() -> None:
    """With -x, after a stop: it is not the gateway that does not answer."""
    house = replace(HOUSE, state=HouseState.NO_MONITOR, status=None)
    assert "no monitor runs" in words.sentence(house, SYSTEMD).more
    assert "hidden" in words.sentence(house, SYSTEMD).more


def test_page_names_what_starts_a_monitor_here() -> None:
    """A line of systemctl is of no use in a container."""
    run = "(systemctl restart enphase-monitor@home)."
    by_hand = "(let your supervisor start enphase-monitor home anew)."
    for state in (HouseState.NO_MONITOR, HouseState.HANGS):
        house = replace(HOUSE, state=state)
        assert run in words.sentence(house, SYSTEMD).more
        assert by_hand in words.sentence(house, BY_HAND).more


def test_day_of_another_year_has_its_year() -> None:
    then = time.mktime((2025, 12, 31, 12, 0, 0, 0, 0, -1))
    assert words.day(then, then + DAY / 4) == "Wed 31 Dec"
    assert words.day(then, then + DAY) == "Wed 31 Dec 2025"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (3599, "1 h"), (20400, "5 h 40 min"), (None, "unknown")],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert words.spoken(seconds) == said


def test_end_of_the_token() -> None:
    assert words.token(None, NOW) is None
    assert "ended on" in str(words.token(NOW - 1, NOW))
    assert str(words.token(NOW + 1.5 * DAY, NOW)).endswith("in 36 h")
    assert str(words.token(NOW + 8.9 * DAY, NOW)).endswith("in 9 days")


def test_flows_in_words() -> None:
    house = replace(
        HOUSE, load_w=Reading(640.0), grid_w=Reading(-1850.0), battery_w=Reading(0.0)
    )
    assert words.flow_words(house) == (
        "the house draws 640 W, the grid takes 1.85 kW, the battery gives nothing"
    )
    assert words.flow_words(HOUSE) == "no power is known"


def test_layout() -> None:
    text = "# roof\n990000001201 = East 1, 1, 2  # beside the chimney\n\n"
    assert parse_layout(text, "f") == {"990000001201": Place("East 1", 1, 2)}


@pytest.mark.parametrize(
    "line",
    [
        "990000001201",
        "990000001201 = East, 0, 1",
        "990000001201 = East, 1, 41",
        "990000001201 = East, 1",
        f"990000001201 = East, 1, {'9' * 5000}",
        "990000001201 = East, 1, ²",
    ],
)
def test_layout_that_is_wrong_names_its_line(line: str) -> None:
    with pytest.raises(ConfigError, match="f:2"):
        parse_layout(f"\n{line}\n", "f")


def test_two_panels_in_one_place() -> None:
    with pytest.raises(ConfigError, match="has row 1, column 1 already"):
        parse_layout("990000001201 = A, 1, 1\n990000001202 = B, 1, 1\n", "f")


def test_layout_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="layout"):
        read_layout(tmp_path / "layout")


def test_sentence_of_the_panels() -> None:
    found = replace(solar("ok", "ok", "dead"), enphase="ok", waiting=0)
    said = "2 of 3 panels, last report 4 min ago, Enphase ok, 0 waiting"
    assert panels_page.head(found) == said
    assert panels_page.tone(found) == "act"
    assert panels_page.notes(found) == [
        "West 3: dead, gives nothing although its neighbours do."
    ]


def test_backlog() -> None:
    """Reports come, and tell of long ago."""
    found = solar("silent", "silent", newest=NOW - 9 * DAY - 60)
    assert panels_page.head(found).endswith("; data is 9 days behind")
    assert panels_page.tone(found) == "watch"
    assert any("sends old data first" in note for note in panels_page.notes(found))


def test_envoy_that_is_gone_is_no_backlog() -> None:
    found = solar("silent", newest=NOW - 9 * DAY, received=NOW - 9 * DAY)
    assert "behind" not in panels_page.head(found)
    assert any("No report came for 9 days" in one for one in panels_page.notes(found))


def test_panels_that_are_too_many_for_a_page_are_told() -> None:
    found = replace(solar("ok"), more_panels=9000)
    assert any("9000 more panels are not shown" in x for x in panels_page.notes(found))


def test_no_panel_yet() -> None:
    assert panels_page.head(Solar(NOW, "2027-01-15")) == "No panel is known yet"


@pytest.mark.parametrize("most", [0.0, -1.0, float("nan"), float("inf"), 5e-324])
def test_top_of_an_axis_is_a_number(most: float) -> None:
    assert 0 < charts.nice_top(most) < 2


def test_time_that_no_calendar_has_is_told_all_the_same() -> None:
    for at in (1e300, -1e300, 1e11, -1e11):
        assert words.moment(at, NOW)
        assert words.token(at, NOW)
        assert words.date_of(at)


@pytest.mark.parametrize("most", [0.9, 1.0, 7.7, 99.0, 1234.0, 9.9e8, 1e300])
def test_top_of_an_axis_is_above_what_it_shows(most: float) -> None:
    assert most <= charts.nice_top(most) * 1.001 < most * 3


def test_line_has_a_gap_where_nothing_is_known() -> None:
    frame = Frame(0, 4, 0, 10)
    points = [Point(0, 1), Point(1, 2), Point(2, None), Point(3, float("nan"))]
    drawn = charts.path(frame, [*points, Point(4, 5)], "curve")
    assert drawn.count("M") == 2
    assert "nan" not in drawn
    assert charts.path(frame, [Point(0, None)], "curve") == ""


def test_line_of_a_year_is_thinned_and_keeps_its_end() -> None:
    points = [Point(n, n) for n in range(100_000)]
    found = list(charts.thinned(points))
    assert len(found) <= 601
    assert (found[0], found[-1]) == (points[0], points[-1])


def test_drawing_is_xml_whatever_it_is_told() -> None:
    evil = '"><script>alert(1)</script>&'
    bars = [ChartBar(evil, 2.0, 1.0, words=evil), ChartBar("", None), ChartBar("", 0.0)]
    tree = ET.fromstring(str(charts.bars(bars, evil, evil)))
    assert tree.get("aria-label") == evil
    assert [each.tag for each in tree.iter() if "script" in each.tag] == []
    for shown in (charts.bars([], "kWh", ""), charts.strip([], "")):
        assert not re.search("nan|inf", str(ET.fromstring(str(shown)).attrib))


@pytest.mark.parametrize("charge", [None, -5.0, 0.0, 55.0, 130.0])
def test_gauge_stays_in_its_tube(charge: float | None) -> None:
    drawn = charts.gauge(charge, 20.0, 10.0, reckoned=True, css="act")
    widths = re.findall(r'<rect x="2(?:\.0)?" y="4(?:\.0)?" width="([\d.]+)"', drawn)
    assert all(0 <= float(width) <= charts.WIDTH for width in widths)
    assert "low at 20 %, floor at 10 %" in drawn or "floor at 10 %, low at" in drawn


class OneReading:
    """A database with one poll of a panel."""

    def __init__(self, stats: str | None) -> None:
        self._stats = stats

    def rows(self, *_: object) -> list[tuple[int, str | None]]:
        return [(int(NOW), self._stats)]


@pytest.mark.parametrize(
    ("stats", "volts", "celsius"),
    [
        ("230100,50000,36000,2000,41", 230.1, 41.0),
        ("9" * 400, None, None),
        ("230100,,,,x", 230.1, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_poll_of_any_quality(
    stats: str | None, volts: float | None, celsius: float | None
) -> None:
    envoy = SimpleNamespace(envoy_id=1)
    (one,) = polls(OneReading(stats), envoy, "1.1", 0)  # type: ignore[arg-type]
    assert (one.voltage_v, one.temperature_c) == (volts, celsius)
