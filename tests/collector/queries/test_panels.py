"""Panels of a made-up house, out of the store. On both databases."""

from collections import Counter

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.devices import devices
from nutbridge.collector.queries.energy import Wanted, added_up, panel_energy, totals
from nutbridge.collector.queries.panels import panels
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import reading
from nutbridge.simulator.legacy_envoy import (
    DAY,
    DEAD,
    PANELS,
    SERIAL,
    energy_j,
    reports,
    sample,
)
from tests.collector.parse.samples import PANEL, body, channel, device, interval
from tests.collector.queries.house import MIDNIGHT, NOON, add
from tests.collector.store.using import asked


def states(url: str, now: int) -> dict[str, str]:
    with reading(url) as database:
        return {one.eqid: str(one.state) for one in panels(database, now)}


def test_day_of_a_house(store: Store, url: str) -> None:
    add(store, (MIDNIGHT - DAY + 75_000, sample(MIDNIGHT - DAY)))
    add(store, *reports(MIDNIGHT, NOON, first=False))
    found = states(url, NOON + 60)
    assert found.pop(DEAD.eqid) == "dead"
    assert Counter(found.values()) == {"ok": 11}
    with reading(url) as database:
        one = next(panels(database, NOON + 60, SERIAL))
        assert (one.eqid, one.last_seen) == (PANELS[0].eqid, NOON)
        assert one.today_j == energy_j(PANELS[0], MIDNIGHT, 0, DAY // 2)
        # The Envoy is silent since: its panels are as they were.
        (late, *_) = panels(database, NOON + DAY)
        assert (late.state, late.today_j) == ("ok", 0)
        assert list(panels(database, NOON, "1")) == []


def test_panel_that_never_told_is_not_looked_for_in_all_hours(
    store: Store, url: str
) -> None:
    """Of a year there are 8760 for each, as long as the Envoy has panels."""
    there = {"eqid": "990000000101.1", "interval_duration": 3600}
    add(store, (NOON, body(interval(id=1, end_date=NOON, **there), device())))
    later = device("<x/>", eqid="990000000102")
    add(store, (NOON + 600, body(later, report_timestamp=NOON + 600)))
    with reading(url) as database, asked() as sent:
        found = {one.eqid: one.last_seen for one in panels(database, NOON + 900)}
    assert found == {"990000000101.1": NOON, "990000000102": None}
    assert [one for one, _ in sent if "envoy_hour" in one] == []


def test_panel_is_known_since_it_told_of_nothing(store: Store, url: str) -> None:
    """Or since it was described: whichever was first."""
    hour = {"interval_duration": 3600}
    for at in range(6, 13):
        made = MIDNIGHT + at * 3600
        rows = [interval(id=at, end_date=made, **hour)]
        rows += [device()] if at == 6 else []
        if at >= 8:
            rows += [interval(id=50 + at, eqid="2.1", end_date=made, stats=0, **hour)]
        if at == 12:
            rows += [device(channel(eqid=f"{n}.1"), eqid=n) for n in (2, 3)]
        utc = {"timezone": "UTC"}
        add(store, (made, body(*rows, envoy=utc, report_timestamp=made)))
    found = states(url, NOON + 60)
    assert found == {f"{PANEL}.1": "ok", "2.1": "silent", "3.1": "asleep"}


def test_panel_that_moved_to_another_envoy(store: Store, url: str) -> None:
    """The old one misses it for ever; whoever dismounts a panel needs no alarm."""
    names = [f"9900000002{place:02}" for place in range(9)]
    number = 0
    for day in range(6):
        for envoy in (1, 2):
            # The last one belongs to the second Envoy from the third day on; the one
            # before it is gone for good.
            ours = names[:4] if envoy == 1 else names[4:7]
            ours = ours + names[7:] * (envoy == (1 if day < 2 else 2))
            rows = []
            for name in ours:
                if name == names[7] and day >= 2:
                    continue
                for hour in range(6, 20):
                    number += 1
                    rows.append(
                        interval(
                            id=number,
                            eqid=f"{name}.1",
                            end_date=MIDNIGHT + day * DAY + hour * 3600,
                            interval_duration=3600,
                            stats=500_000,
                        )
                    )
            made = MIDNIGHT + day * DAY + 19 * 3600 + 600
            serial = {"serial_num": f"99000000000{envoy}", "timezone": "UTC"}
            add(store, (made, body(*rows, envoy=serial, report_timestamp=made)))
    with reading(url) as database:
        found = list(panels(database, made))
        units = {
            (one.common.envoy.serial_num[-1], one.eqid): (
                one.unit.state,
                one.common.what,
            )
            for one in devices(database, made)
        }
    whose = {one.eqid: one.envoy.serial_num[-1] for one in found}
    states = Counter(str(one.state) for one in found)
    assert (len(found), states) == (9, {"ok": 8, "dead": 1})
    assert (whose[f"{names[8]}.1"], whose[f"{names[7]}.1"]) == ("2", "1")
    assert units["1", names[8]] == (None, "moved")
    assert units["2", names[8]] == ("ok", None)
    assert units["1", names[7]] == ("dead", None)


def test_panel_that_stopped_this_morning(store: Store, url: str) -> None:
    """Heard no more for hours of light; the others are."""
    ill = PANELS[2]
    for made, data in reports(MIDNIGHT, NOON):
        report = parse(data).report
        assert report is not None
        rows = [
            interval(**row._asdict() | {"extra": None, "estimated": None})
            for row in report.intervals
            if row.eqid != ill.eqid or made <= MIDNIGHT + 7 * 3600
        ]
        add(store, (made, body(*rows, report_timestamp=made)))
    found = states(url, NOON)
    assert found.pop(ill.eqid) == "silent"
    assert set(found.values()) == {"ok"}


def test_night(store: Store, url: str) -> None:
    add(store, (MIDNIGHT + 75_000, sample(MIDNIGHT)))
    # The second report is of another Envoy, and says nothing about these panels.
    add(store, (MIDNIGHT + 82_000, body(report_timestamp=MIDNIGHT + 82_000)))
    found = states(url, MIDNIGHT + 82_000)
    assert Counter(found.values()) == {"ok": 11, "dead": 1}
    night = body(report_timestamp=MIDNIGHT + 82_100, envoy={"serial_num": SERIAL})
    add(store, (MIDNIGHT + 82_100, night))
    found = states(url, MIDNIGHT + 82_100)
    assert Counter(found.values()) == {"asleep": 11, "dead": 1}


def test_battery_is_no_panel(store: Store, url: str) -> None:
    """An AC Battery: what it gives was given by panels before."""
    battery = device(eqid="990000000555", device_type=11)
    rows = [
        interval(id=n, eqid=f"{serial}.1", end_date=NOON, stats=3_600_000)
        for n, serial in enumerate(("990000000555", "990000000101"))
    ]
    add(store, (NOON, body(*rows, battery, report_timestamp=NOON)))
    assert list(states(url, NOON)) == ["990000000101.1"]
    with reading(url) as database:
        (one,) = panel_energy(database, By.DAY)
        assert (one.eqid, one.energy_j) == ("990000000101.1", 3_600_000)


@pytest.mark.parametrize("by", [By.HOUR, By.DAY])
def test_energy_between_moments_of_the_place(store: Store, url: str, by: By) -> None:
    start = MIDNIGHT + 7 * 3600  # midnight of US/Pacific
    add(store, *reports(start, zone="US/Pacific"))
    add(store, *reports(start + DAY, zone="US/Pacific", first=False))
    day = Wanted(since=MIDNIGHT, until=MIDNIGHT + DAY)
    with reading(url) as database:
        found = list(totals(database, by, day))
        assert found == list(added_up(panel_energy(database, by, day)))
        assert sum(one.energy_j for one in found) == sum(
            energy_j(panel, start, 0, DAY) for panel in PANELS
        )
        assert {one.panels for one in found} == {11}
        first = found[0].period
        if by is By.DAY:
            assert first == (
                *(start, start + DAY, "2026-06-21"),
                *("2026-06-21T00:00:00-07:00", "2026-06-22T00:00:00-07:00"),
            )
        else:
            assert first.label == "2026-06-21 06:00 -07:00"
        one = Wanted(SERIAL, PANELS[1].serial, MIDNIGHT, MIDNIGHT + DAY)
        assert {row.eqid for row in panel_energy(database, by, one)} == {PANELS[1].eqid}


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        # 02:00 becomes 02:30, and half a year later 02:00 becomes 01:30.
        (1_696_087_800, ["01:00+10:30", "02:00+10:30", "02:30+11:00", "03:00+11:00"]),
        (1_712_415_600, ["01:00+11:00", "02:00+11:00", "01:30+10:30", "02:00+10:30"]),
    ],
)
def test_hours_where_clocks_change_by_half_of_one(
    store: Store, url: str, change: int, shown: list[str]
) -> None:
    rows = [
        interval(id=n, eqid="7.1", end_date=change + 900 * n, interval_duration=900)
        for n in range(-3, 3)
    ]
    envoy = {"timezone": "Australia/Lord_Howe"}
    add(store, (change + DAY, body(*rows, envoy=envoy, report_timestamp=change + DAY)))
    with reading(url) as database:
        before, after = (one.period for one in panel_energy(database, By.HOUR))
    assert (before.end, after.start) == (change, change)
    ends = [
        f"{text[11:16]}{text[19:]}"
        for one in (before, after)
        for text in (one.start_local, one.end_local)
    ]
    assert ends == shown


def _hours(energy: dict[str, int], days: range, hours: range = range(1)) -> list[str]:
    """Return slots of an hour that end at or before noon, so many days ago."""
    return [
        interval(
            id=int(eqid.replace(".", "")) % 10**6 * 1000 + day * 24 + hour,
            eqid=eqid,
            end_date=NOON - day * DAY - hour * 3600,
            interval_duration=3600,
            stats=energy_j,
        )
        for eqid, energy_j in energy.items()
        for day in days
        for hour in hours
    ]


@pytest.mark.parametrize("others", ["batteries", "devices that have channels"])
def test_what_is_no_panel_changes_no_median(
    store: Store, url: str, others: str
) -> None:
    """The last one is dead by the median of the panels, not by that of all."""
    panels_j = dict(zip("123", (1_000_000, 1_000_000, 95_000), strict=True))
    energy = {f"99000000000{n}.1": j for n, j in panels_j.items()}
    numbers = "678" if others == "batteries" else "123"
    more = [f"99000000000{n}" for n in numbers]
    rows = _hours(energy | dict.fromkeys(more, 50_000), range(4))
    if others == "batteries":
        rows += [device(" ", eqid=eqid, device_type=11) for eqid in more]
    add(store, (NOON, body(*rows)))
    found = states(url, NOON)
    assert list(found.values()) == ["ok", "ok", "dead"]
    assert list(found) == list(energy)


def test_half_of_the_panels_is_half_of_those_that_are_alive(
    store: Store, url: str
) -> None:
    """Three that never gave anything count neither for bright hours nor against."""
    rows = _hours({"990000000001.1": 9}, range(1), range(6))
    rows += _hours({"990000000002.1": 9}, range(3, 4))
    rows += _hours({f"99000000000{n}.1": 0 for n in "345"}, range(4))
    add(store, (NOON, body(*rows)))
    found = states(url, NOON)
    assert found["990000000001.1"] == "ok"
    assert found["990000000002.1"] == "silent"
