"""Every element and attribute that a document names, and those that none names."""

import json

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import (
    ChannelReading,
    Device,
    EnvoyEvent,
    Interval,
    InverterChannel,
    Report,
)
from tests.collector.parse.samples import (
    ENVOY,
    NOW,
    PANEL,
    SERIAL,
    body,
    channel,
    device,
    element,
    event,
    interval,
    reading,
    xml,
)


def read(*rows: str, **more: object) -> Report:
    result = parse(body(*rows, **more))
    assert result.report is not None, result.problem
    return result.report


def test_envoy_has_all_its_attributes() -> None:
    report = read()
    assert (report.report_timestamp, report.webcomm_version) == (NOW, "4.6.0")
    found = report.envoy._asdict()
    assert found.pop("extra") is None
    assert found == ENVOY


def test_timezone_that_is_no_name_is_odd() -> None:
    """What is known of one stays in memory: a hostile one has megabytes."""
    report = read(envoy={"timezone": "A" * 201})
    assert (report.envoy.timezone, report.odd_count) == (None, 1)
    assert json.loads(report.envoy.extra or "") == {"timezone": "A" * 201}


def test_interval() -> None:
    assert read(interval()).intervals == (
        Interval(
            *(1001, NOW - 300, f"{PANEL}.1", 300, 294, "65439", 65439),
            estimated=False,
            extra=None,
        ),
    )


def test_interval_that_fills_a_gap_is_estimated() -> None:
    row = read(interval(interval_duration=56400, stat_duration=56400)).intervals[0]
    assert (row.estimated, row.energy_j) == (True, 65439)


def test_reading_keeps_any_number_of_stats() -> None:
    lists = ["1,2,3,4,5,6,7", "1,2,3,4,5,6,7,8", "1,2,3,4,5,6,7,8,9,10"]
    report = read(*[reading(id=n, stats=stats) for n, stats in enumerate(lists)])
    assert [row.stats for row in report.readings] == lists
    assert report.odd_count == 0
    assert report.readings[0] == ChannelReading(
        0, NOW - 280, f"{PANEL}.1", 296, 0, lists[0], None
    )


def test_event_with_its_parameters() -> None:
    params = '<message_params><![CDATA[{"value":"true"}]]></message_params>'
    row = read(event(params, message_key=6, correlation_id=7, serial_num="1")).events
    assert row == (
        EnvoyEvent(3001, NOW - 400, 512, 2, PANEL, "1", 7, 6, '{"value":"true"}', None),
    )


def test_device_with_its_channel() -> None:
    report = read(device())
    assert report.devices == (
        Device(PANEL, "800-00103-r05", 1, 1, 131072, 0, 2359296, 0, None),
    )
    assert report.channels == (InverterChannel(f"{PANEL}.1", PANEL, 1, 16, 0, 0, None),)


def test_quotes_and_order_of_attributes_do_not_matter() -> None:
    text = xml(interval(), event()).replace('"', "'")
    plain = parse(text.encode())
    assert plain.report == parse(body(interval(), event())).report


def test_unknown_is_kept_and_counted() -> None:
    report = read(
        interval(phase="A"),
        element("task", {"id": 5}, "<step/>"),
        device(channel(gain=3) + "<phase/>"),
        lucky="7",
    )
    assert report.intervals[0].extra == '{"phase":"A"}'
    assert report.channels[0].extra == '{"gain":"3"}'
    assert report.extra == '{"lucky":"7"}'
    assert [json.loads(one) for one in report.unknown] == [
        {"element": "perf_report/task", "attributes": {"id": "5"}},
        {"element": "perf_report/task/step", "attributes": {}},
        {"element": "perf_report/device/phase", "attributes": {}},
    ]
    assert report.unknown_count == 6
    assert report.odd_count == 0


@pytest.mark.parametrize(
    "more",
    [
        {"stats": "-5"},
        {"stats": "abc"},
        {"stats": ""},
        {"stats": None},
        {"stats": "1,2,3"},
        {"stats": 10**30},
        {"stats": 300 * 100_000 + 1},
        {"interval_duration": 0},
        {"interval_duration": -300},
        {"interval_duration": 10**9},
        {"interval_duration": None},
        {"eqid": "x" * 65},
        {"eqid": None},
    ],
)
def test_odd_interval_is_kept_and_not_summed(more: dict[str, object]) -> None:
    report = read(interval(**more), interval(id=2))
    odd, good = report.intervals
    assert (odd.energy_j, good.energy_j) == (None, 65439)
    assert report.odd_count >= 1
    kept = {"stats": odd.stats} | json.loads(odd.extra or "{}")
    (key, value), *_ = more.items()
    if value is not None and value != 0:
        assert kept[key] == str(value)


@pytest.mark.parametrize("bad", ["", "-1", "x", "1.5", "٣", str(2**63), None])
def test_row_without_a_usable_id_is_kept_apart(bad: object) -> None:
    report = read(interval(id=bad), reading(id=bad), event(id=bad))
    assert (report.intervals, report.readings, report.events) == ((), (), ())
    assert [row.kind for row in report.odd_rows] == ["interval", "reading", "event"]
    assert json.loads(report.odd_rows[0].attributes)["stats"] == "65439"
    assert report.odd_count >= 3


@pytest.mark.parametrize("moment", [0, 86400, 2**31, 2**31 + 86400])
def test_clock_of_1970_or_2038_is_taken_as_it_is(moment: int) -> None:
    report = read(interval(end_date=moment), report_timestamp=moment)
    assert report.intervals[0].end_date == moment
    assert report.report_timestamp == moment


def test_all_events_are_acknowledged_once_as_on_the_wire() -> None:
    rows = [event(id=n) for n in ("221", "0222", "221", "x")]
    assert parse(body(*rows)).event_ids == ("221", "0222", "x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (xml().replace("<envoy", "<x"), "0 Envoys"),
        (xml("<envoy serial_num='2'/>"), "2 Envoys"),
        (xml(envoy={"serial_num": None}), "serial number"),
        (xml(envoy={"serial_num": ""}), "serial number"),
        (xml().replace("perf_report", "perf"), "no perf_report"),
        ("<a/>", "no perf_report"),
        (xml()[:-3], "not well-formed"),
        (xml() + "<x/>", "not well-formed"),
        (xml().replace("<envoy", "<envoy a=&#0;"), "not well-formed"),
        (xml().replace("R3.12.34", "&other;"), "not well-formed"),
    ],
)
def test_other_xml_is_no_report(text: str, problem: str) -> None:
    result = parse(text.encode())
    assert not result.parsed
    assert problem in (result.problem or "")


def test_envoy_elsewhere_is_not_the_sender() -> None:
    assert read(device(element("envoy", {"serial_num": 2}))).envoy.serial_num == SERIAL
