"""The history as people ask for it, from lines of any quality."""

import json
from datetime import timedelta, timezone

import pytest

from nutbridge.daemon.history.events import EventKind
from nutbridge.daemon.history.outages import ChargeKnown
from nutbridge.daemon.history.points import (
    HistoryPoint,
    parse_point,
    render_point,
)
from nutbridge.daemon.history.reading import History, read_history
from nutbridge.ups.snapshot import SnapshotError
from tests.daemon.history.build import DAY, lines, outage_points, point


def read(*points: HistoryPoint) -> History:
    return read_history(lines(points))


def test_point_comes_back() -> None:
    whole = HistoryPoint(
        at=DAY,
        up=5.0,
        origin="m.b",
        status="OB LB",
        soc_pct=12.5,
        reckoned=True,
        battery_w=-3.0,
        load_w=1.0,
        pv_w=2.0,
        grid_w=-4.0,
        runtime_s=600.0,
        capacity_wh=5000.0,
        silent_s=70.0,
        generator=True,
        faults=("IQ Battery 1: cell", "x"),
        mark="start",
        changed=True,
        lost=3,
    )
    line = render_point(whole)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert parse_point(line) == whole
    assert parse_point(render_point(point(3))) == point(3)


def test_point_takes_little_room() -> None:
    """A year of points on line fits: 96 a day."""
    usual = point(123456.7, battery_w=-1.5, load_w=2e3, pv_w=3e3, grid_w=1.0)
    assert len(render_point(usual._replace(capacity_wh=1e4, runtime_s=1e4))) < 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"v":1}',
        '{"v":1,"at":1,"up":-1}',
        '{"v":1,"at":NaN,"up":1}',
        '{"v":1,"at":1e300,"up":1}',
        '{"v":1,"at":1,"up":1,"status":"OFF"}',
        '{"v":1,"at":1,"up":1,"status":"\\u001b[2J"}',
        '{"v":1,"at":1,"up":1,"soc_pct":101}',
        '{"v":1,"at":1,"up":1,"soc_pct":"80"}',
        '{"v":1,"at":1,"up":1,"silent_s":-1}',
        '{"v":"1","at":1,"up":1}',
        '{"v":1,"at":1,"up":1' + " " * 20000 + "}",
        "[" * 5000,
    ],
)
def test_point_that_nobody_wrote(text: str) -> None:
    with pytest.raises(SnapshotError):
        parse_point(text.encode())


def test_outage() -> None:
    history = read(*outage_points())
    (outage,) = history.outages
    assert (outage.began, outage.ended) == (DAY + 1000, DAY + 1600)
    assert outage.end_seen
    assert outage.length_s == 600
    assert (outage.soc_from_pct, outage.soc_to_pct) == (80, 62)
    assert outage.energy_wh == pytest.approx(600)
    assert outage.runtime_least_s == 3000 - 9 * 60
    assert outage.known is ChargeKnown.READ
    assert (outage.low_at, outage.shutdown_at) == (None, None)
    assert [p.soc_pct for p in outage.curve] == [*range(80, 60, -2), 60]
    assert not history.left_out
    (month,) = history.months
    assert month.month == "2026-03"
    assert (month.outages, month.outage_s, month.longest_s) == (1, 600, 600)
    assert month.energy_wh == pytest.approx(600)


def test_outage_that_lasts() -> None:
    (outage,) = read(*list(outage_points())[:-1]).outages
    assert outage.ended is None
    assert outage.length_s == 540


def test_outage_energy_by_charge_where_no_power_is_known() -> None:
    (outage,) = read(*outage_points(battery_w=None)).outages
    assert outage.energy_wh == pytest.approx(600)
    (outage,) = read(*outage_points(battery_w=None, soc_pct=None)).outages
    assert outage.energy_wh is None
    assert outage.known is ChargeKnown.NOT


def test_outage_reckoned_in_part() -> None:
    points = list(outage_points())
    points[3] = points[3]._replace(reckoned=True)
    history = read(*points)
    assert history.outages[0].known is ChargeKnown.PARTLY
    kinds = [event.kind for event in history.events]
    assert kinds.count(EventKind.RECKONED) == kinds.count(EventKind.READ) == 1


def test_outage_low() -> None:
    """Machines shut down at LB, the rest of the outage does not matter."""
    points = list(outage_points())
    points[5:8] = [each._replace(status="OB LB") for each in points[5:8]]
    history = read(*points)
    (outage,) = history.outages
    assert outage.low_at == outage.shutdown_at == points[5].at
    assert history.months[0].low == 1


def test_outage_hidden_on_battery_shuts_down() -> None:
    """A file that goes on battery is a dead UPS to upsmon."""
    points = list(outage_points())
    points[4] = points[4]._replace(status="")
    (outage,) = read(*points).outages
    assert outage.shutdown_at == points[4].at
    assert outage.low_at is None


def test_outage_hidden_by_a_stop_is_the_system_going_down() -> None:
    points = list(outage_points())
    points[4] = points[4]._replace(status="", mark="stop")
    (outage,) = read(*points).outages
    assert outage.shutdown_at is None


def test_outage_goes_on_over_a_reboot() -> None:
    before = list(outage_points())[:6]
    start = point(20, "", at=DAY + 1400, origin="m1.b2", mark="start")
    after = [
        point(20 + s, "OB", at=DAY + 1400 + s, origin="m1.b2") for s in (10, 70, 130)
    ]
    online = point(200, "OL", at=DAY + 1580, origin="m1.b2")
    history = read(*before, start, *after, online)
    (outage,) = history.outages
    assert (outage.began, outage.ended) == (DAY + 1000, DAY + 1580)
    assert outage.shutdown_at is None
    assert EventKind.START in {event.kind for event in history.events}


def test_outage_whose_end_nobody_saw() -> None:
    """The machine was down as the grid came back: at least until then."""
    before = list(outage_points())[:6]
    after = point(20, "OL", at=DAY + 90000, origin="m1.b2", mark="start")
    history = read(*before, after)
    (outage,) = history.outages
    assert not outage.end_seen
    assert outage.ended == before[-1].at
    assert EventKind.UNWATCHED in {event.kind for event in history.events}


def test_outage_after_hours_unwatched_is_another_one() -> None:
    before = list(outage_points())[:6]
    after = [point(20, "OB", at=DAY + 90000, origin="m1.b2")]
    assert len(read(*before, *after).outages) == 2


def test_silence() -> None:
    history = read(
        point(0),
        point(100, silent_s=60.0),
        point(1000, silent_s=960.0),
        point(1020),
    )
    (silence,) = history.silences
    assert (silence.began, silence.ended) == (DAY + 40, DAY + 1020)
    assert silence.length_s == 980
    assert not silence.on_battery
    assert history.months[0].silence_s == 980
    texts = [event.text for event in history.events]
    assert "answers again, after 16 min 20 s" in texts


def test_silence_that_lasts() -> None:
    (silence,) = read(point(0), point(100, silent_s=60.0)).silences
    assert silence.ended is None
    assert silence.length_s == 60


def test_events_of_health_and_generator() -> None:
    history = read(
        point(0, mark="start"),
        point(60, faults=("IQ Battery 1: hot",)),
        point(120, "OB", generator=True),
        point(180, mark="stop", lost=2),
    )
    assert [(event.kind.value, event.text) for event in history.events] == [
        ("start", "the monitor started"),
        ("status", "on line"),
        ("health", "IQ Battery 1: hot"),
        ("status", "on battery"),
        ("generator", "generator on"),
        ("health", "over: IQ Battery 1: hot"),
        ("lost", "2 points before could not be written"),
        ("status", "on line"),
        ("generator", "generator off"),
        ("stop", "the monitor stopped"),
    ]


def test_since_keeps_an_outage_that_reaches_into_it() -> None:
    history = read_history(lines(outage_points()), since=DAY + 1300)
    assert len(history.outages) == 1
    assert all(each.at >= DAY + 1300 for each in history.points)
    assert not read_history(lines(outage_points()), since=DAY + 1700).outages


def test_months_begin_in_the_zone() -> None:
    zone = timezone(timedelta(hours=-5))
    assert read_history(lines(outage_points()), zone=zone).months[0].month == "2026-02"


def test_bad_cut_in_the_middle() -> None:
    """Cut at every byte: what is whole is told, one line tells of the rest."""
    data = b"".join(lines(outage_points(minutes=4)))
    for cut in range(0, len(data), 7):
        history = read_history(data[cut:].splitlines())
        assert len(history.left_out) <= 1
        history = read_history(data[:cut].splitlines())
        whole = data[:cut].count(b"\n")
        assert whole <= len(history.points) <= whole + 1


@pytest.mark.parametrize(
    "odd",
    [
        *({"load_w": 1e308}, {"battery_w": -1e12}, {"runtime_s": 1e300}),
        *({"capacity_wh": 1e400}, {"soc_pct": 101}, {"silent_s": -1}, {"lost": -1}),
        *({"status": "<b>"}, {"at": 1e300}, {"up": -1}),
    ],
)
def test_bad_numbers_of_no_house(odd: dict[str, object]) -> None:
    """A sum of them would be no number in JSON."""
    good = lines(outage_points())
    bad = json.dumps({"v": 1, "at": DAY, "up": 1.0, "status": "OB"} | odd).encode()
    history = read_history([*good, bad])
    assert len(history.points) == len(good)
    assert history.left_out == ("left out: 1 line that cannot be read",)


def test_bad_newer_version() -> None:
    good = lines(outage_points())
    newer = [json.dumps({"v": 2, "at": {"new": 1}}).encode()] * 2
    more = json.dumps({"v": 1, "at": DAY, "up": 1, "unheard_of": [1]}).encode()
    history = read_history([*good, *newer, newer[0] + b" ", more])
    assert len(history.outages) == 1
    assert len(history.points) == len(good) + 1
    assert history.left_out == ("left out: 1 line of a newer version of nutbridge",)


def test_bad_clock_set_in_an_outage() -> None:
    """A Raspberry Pi without a clock boots in 1970, NTP comes with the grid."""
    points = [each._replace(at=each.up) for each in outage_points()]
    points[-1] = points[-1]._replace(at=DAY + points[-1].up)
    history = read(*points)
    (outage,) = history.outages
    assert (outage.began, outage.ended) == (DAY + 1000, DAY + 1600)
    assert history.left_out == (
        "times put right: 11 lines, the machine's clock was set afterwards",
    )


def test_bad_clock_set_back_in_an_outage() -> None:
    points = list(outage_points())
    late = [each._replace(at=each.at + 7200) for each in points[:5]]
    (outage,) = read(*late, *points[5:]).outages
    assert (outage.began, outage.length_s) == (DAY + 1000, 600)


def test_bad_clock_never_set() -> None:
    """A boot without any clock comes after the one before it."""
    second = [each._replace(at=each.up, origin="m1.b2") for each in outage_points(5000)]
    history = read(*outage_points(), *second)
    assert [outage.length_s for outage in history.outages] == [600, 600]
    assert history.outages[1].began > history.outages[0].began


def test_bad_clock_of_the_last_shutdown() -> None:
    """fake-hwclock: half an hour behind, and never set in this boot."""
    second = [
        each._replace(at=each.at - 1800, up=each.up - 900, origin="m1.b2")
        for each in outage_points(1000)
    ]
    first, later = read(*outage_points(), *second).outages
    assert later.began > (first.ended or 0)


def test_bad_snapshot_of_the_machine_put_back() -> None:
    """The same boot, an earlier time since boot."""
    again = [each._replace(at=each.at + 86400) for each in outage_points()]
    assert len(read(*outage_points(), *again).outages) == 2


def test_bad_backup_put_back_in_front() -> None:
    good = lines(outage_points())
    history = read_history([*good[:5], *good])
    assert len(history.outages) == 1
    assert len(history.points) == len(good)


def test_two_machines_at_the_same_time() -> None:
    """The one that wrote last is told; a line tells of the other."""
    ours = lines(outage_points())
    other = lines(
        each._replace(origin="m2.b9", at=each.at + 7) for each in outage_points()
    )
    mixed = [line for pair in zip(other, ours, strict=True) for line in pair]
    history = read_history(mixed)
    assert len(history.outages) == 1
    assert history.outages[0].began == DAY + 1000
    assert history.left_out == (
        "left out: 12 lines of another machine at the same time",
    )


def test_two_machines_one_after_the_other() -> None:
    """The house moved to another machine, with its files: both are told."""
    old = outage_points()
    new = [
        each._replace(origin="m2.b9", at=each.at + 86400) for each in outage_points()
    ]
    history = read(*old, *new)
    assert len(history.outages) == 2
    assert not history.left_out


def test_nothing() -> None:
    assert read_history([]) == History()
    assert read_history([b"\xff\x00", b""]).left_out == (
        "left out: 1 line that cannot be read",
    )


def test_five_megabytes() -> None:
    """All of it is read, damaged or not."""
    count = 30_000
    data = b"".join(
        render_point(point(900.0 * n, battery_w=1.0, load_w=2.0, pv_w=3.0, grid_w=4.0))
        for n in range(count)
    )
    history = read_history((data + b"\x80" * 100_000).splitlines())
    assert len(history.points) == count
    assert len(history.left_out) == 1


def test_what_nobody_noted_is_told_as_unknown() -> None:
    """Before now, between the points, and not where a restart took a minute."""
    calm = [point(0), point(900), point(960, mark="stop"), point(1020, mark="start")]
    later = point(9000, mark="start")
    now = later.at + 5000
    history = read_history(lines([*calm, later]), now=now)
    assert [(each.began, each.ended) for each in history.unwatched] == [
        (DAY + 1020, DAY + 9000),
        (DAY + 9000, None),
    ]
    assert history.unwatched[-1].length_s == 5000
    assert not read_history(lines(calm), now=calm[-1].at + 1100).unwatched


def test_outage_lasts_only_while_somebody_notes_it() -> None:
    gone = list(outage_points())[:-1]
    (outage,) = read_history(lines(gone), now=gone[-1].at + 300).outages
    assert (outage.ended, outage.length_s) == (None, 540 + 300)
    (outage,) = read_history(lines(gone), now=gone[-1].at + 500).outages
    assert (outage.ended, outage.end_seen) == (gone[-1].at, False)
    assert outage.length_s == 540


def test_silence_that_lasts_is_as_long_as_until_now() -> None:
    silent = [point(0), point(900, silent_s=60.0)]
    (silence,) = read_history(lines(silent), now=DAY + 1500).silences
    assert (silence.ended, silence.length_s) == (None, 660)
    (silence,) = read_history(lines(silent), now=DAY + 9000).silences
    assert silence.length_s == 60
