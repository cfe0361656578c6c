"""House load, battery power and meters from what the gateway offers."""

import pytest

from nutbridge.sources.enphase.flows import (
    PowerParts,
    derive_flows,
    derive_meters,
    is_fresh,
    needs_power,
)
from nutbridge.sources.enphase.meters import (
    MeterReport,
    MeterReports,
    MeterSetup,
    MeterType,
)
from nutbridge.sources.enphase.readings import (
    BatteryPowers,
    Dated,
    LiveData,
    PhasePower,
)
from nutbridge.ups.model import Flows, MeterLine

AT = 1000.0
CTS = frozenset({MeterType.NET, MeterType.PRODUCTION})
SETUP = MeterSetup(2, CTS, 2)
LIVE = LiveData(
    load=PhasePower(986.0, 1000.0),
    load_lines=(PhasePower(600.0, 610.0), PhasePower(386.0, 390.0), PhasePower(0.0)),
    battery_w=-412.0,
    grid_w=88.0,
    pv_w=1310.0,
)


def report(power_w: float | None, *lines_w: float, volts: float = 120.0) -> MeterReport:
    lines = tuple(MeterLine(w, w, volts, w / volts, 60.0) for w in lines_w)
    return MeterReport(MeterLine(power_w, power_w, 2 * volts, 7.0, 60.0), lines)


REPORTS = MeterReports(
    production=report(1310.0),
    net=report(88.0, 50.0, 38.0),
    total=report(1398.0, 800.0, 598.0),
)


def parts(
    live: LiveData | None = None,
    reports: MeterReports | None = REPORTS,
    battery_w: float | None = -412.0,
    setup: MeterSetup | None = SETUP,
) -> PowerParts:
    return PowerParts(
        live=Dated(live, AT) if live else None,
        reports=Dated(reports, AT + 1) if reports else None,
        power=None if battery_w is None else Dated(BatteryPowers((battery_w,)), AT + 2),
        setup=setup,
    )


@pytest.mark.parametrize(
    ("updated", "now", "fresh"),
    [
        (1000.0, 1000.0, True),
        (1000.0, 1120.0, True),
        (1000.0, 1120.5, False),
        (1120.5, 1000.0, False),
        (None, 1000.0, False),
        (1000.0, None, False),
    ],
)
def test_is_fresh(updated: float | None, now: float | None, fresh: bool) -> None:
    assert is_fresh(LiveData(last_update_s=updated), now) is fresh


def test_flows_from_live_values() -> None:
    flows = derive_flows(parts(LIVE, battery_w=None))
    assert flows == Flows(AT, 986.0, -412.0, 88.0, 1310.0)


def test_flows_from_the_sum() -> None:
    """Without livedata: net + production + battery, never total-consumption."""
    assert derive_flows(parts()) == Flows(AT + 2, 986.0, -412.0, 88.0, 1310.0)


def test_flows_in_an_outage_at_night() -> None:
    """All CTs read 0 W while the house draws 734 W from the battery."""
    dark = MeterReports(report(0.0), report(0.0), report(0.0))
    flows = derive_flows(parts(reports=dark, battery_w=734.0))
    assert flows is not None
    assert flows.load_w == 734.0


@pytest.mark.parametrize(
    ("reports", "load_w"),
    [
        (REPORTS._replace(production=None), 986.0),
        (REPORTS._replace(production=None, total=None), None),
        (REPORTS._replace(net=None), None),
        (REPORTS._replace(net=report(None)), 986.0),
        (REPORTS._replace(net=report(None), total=None), None),
        (REPORTS._replace(net=report(-950.0)), 0.0),
        (REPORTS._replace(net=report(-5000.0)), None),
        (None, None),
    ],
)
def test_flows_sum_needs_every_term(
    reports: MeterReports | None, load_w: float | None
) -> None:
    flows = derive_flows(parts(reports=reports))
    assert flows is not None
    assert flows.load_w == load_w


def test_flows_without_battery_power() -> None:
    assert derive_flows(parts(battery_w=None)) is None
    none_fitted = parts()._replace(
        power=Dated(BatteryPowers(()), AT + 2), no_battery=True
    )
    flows = derive_flows(none_fitted)
    assert flows is not None
    assert (flows.load_w, flows.battery_w) == (1398.0, 0.0)


def test_flows_storage_ct_comes_last() -> None:
    reports = REPORTS._replace(storage=report(-400.0))
    setup = MeterSetup(3, CTS | {MeterType.STORAGE}, 2)
    flows = derive_flows(parts(reports=reports, setup=setup))
    assert flows is not None
    assert flows.battery_w == -412.0
    flows = derive_flows(parts(reports=reports, setup=setup, battery_w=None))
    assert flows is not None
    assert flows.battery_w == -400.0
    # One that is not enabled reports noise.
    assert derive_flows(parts(reports=reports, battery_w=None)) is None


@pytest.mark.parametrize("setup", [MeterSetup(2, frozenset(), 2), None])
def test_flows_without_consumption_ct(setup: MeterSetup | None) -> None:
    """Livedata then says grid 0 and load 0, which is nothing measured."""
    live = LIVE._replace(grid_w=0.0, load=PhasePower(0.0))
    flows = derive_flows(parts(live, None, None, setup))
    assert flows is not None
    assert (flows.load_w, flows.grid_w, flows.battery_w) == (None, None, -412.0)


def test_flows_live_load_0_is_measured_with_a_ct() -> None:
    """An idle island: load and grid 0 W, and a CT that would see more."""
    live = LIVE._replace(grid_w=0.0, load=PhasePower(0.0), battery_w=0.0)
    flows = derive_flows(parts(live, None, None))
    assert flows is not None
    assert flows.load_w == 0.0


def test_flows_of_disabled_cts_are_noise() -> None:
    flows = derive_flows(parts(setup=MeterSetup(2, frozenset({MeterType.NET}), 2)))
    assert flows is not None
    assert flows.pv_w is None
    assert flows.load_w == 986.0
    flows = derive_flows(parts(setup=MeterSetup(2, frozenset(), 2)))
    assert flows is not None
    assert (flows.load_w, flows.grid_w) == (None, None)


def test_flows_mix_nothing_old() -> None:
    """A livedata answer of the last round is not added to this one's reports."""
    old = parts(LIVE)._replace(live=Dated(LIVE, AT - 60))
    flows = derive_flows(old._replace(power=Dated(BatteryPowers((100.0,)), AT + 2)))
    assert flows is not None
    assert (flows.battery_w, flows.load_w) == (100.0, 1498.0)


def test_flows_of_lost_batteries_are_unknown() -> None:
    """A gateway that has just started says 0 W for batteries it has not found."""
    zeros = LIVE._replace(battery_w=0.0, load=PhasePower(0.0))
    reports = REPORTS._replace(storage=report(0.0))
    lost = parts(zeros, reports, None)._replace(battery_lost=True)
    assert derive_flows(lost) is None
    assert needs_power(lost)
    found = lost._replace(power=Dated(BatteryPowers((734.0,)), AT + 2))
    flows = derive_flows(found)
    assert flows is not None
    assert flows.battery_w == 734.0


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        (parts(LIVE), False),
        (parts(None), True),
        (parts(LIVE._replace(battery_w=None)), True),
        (parts(LIVE._replace(load=PhasePower())), True),
        (parts(LIVE._replace(load=PhasePower()), setup=MeterSetup(0)), False),
    ],
)
def test_power_is_asked_only_when_needed(given: PowerParts, needed: bool) -> None:
    assert needs_power(given) is needed


def test_meters_house_side_follows_live_load() -> None:
    given = parts(LIVE, battery_w=None)
    meters = derive_meters(given, derive_flows(given))
    assert meters is not None
    assert meters.input is not None
    assert meters.output is not None
    assert meters.input.total.realpower_w == 88.0
    assert [line.realpower_w for line in meters.input.lines] == [50.0, 38.0]
    assert meters.output.total == MeterLine(986.0, 1000.0, 240.0, 1000 / 240, 60.0)
    assert [line.realpower_w for line in meters.output.lines] == [600.0, 386.0]
    assert (meters.at, meters.phases) == (AT + 1, 2)


def test_meters_house_side_from_the_sum() -> None:
    """Only the total is known; the CT's own phases leave out the battery."""
    given = parts()
    meters = derive_meters(given, derive_flows(given))
    assert meters is not None
    assert meters.output is not None
    assert meters.output.total == MeterLine(986.0, None, 240.0, None, 60.0)
    assert set(meters.output.lines) == {MeterLine(voltage_v=120.0)}


def test_meters_house_side_with_an_idle_battery() -> None:
    given = parts(battery_w=10.0)
    meters = derive_meters(given, derive_flows(given))
    assert meters is not None
    assert meters.output is not None
    assert meters.output.total == MeterLine(1408.0, 1398.0, 240.0, 5.825, 60.0)
    assert [line.realpower_w for line in meters.output.lines] == [800.0, 598.0]


def test_meters_house_side_unknown_without_battery_power() -> None:
    meters = derive_meters(parts(battery_w=None), None)
    assert meters is not None
    assert meters.output is not None
    assert meters.output.total == MeterLine(None, None, 240.0, None, 60.0)
    old = derive_meters(parts(), Flows(AT - 100, 500.0, 0.0))
    assert old is not None
    assert old.output == meters.output


@pytest.mark.parametrize(
    ("setup", "volts", "phases", "lines"),
    [
        (MeterSetup(2, CTS, 3), (230, 230, 230), 3, 3),
        (MeterSetup(2, CTS, 2), (120, 120, 0), 2, 2),
        (MeterSetup(2, CTS, 1), (230,), 1, 0),
        (MeterSetup(2, CTS, None), (120, 120, 0), 2, 2),
        (MeterSetup(2, CTS, None), (230, 12, 1.5), 1, 0),
        (MeterSetup(2, CTS, None), (0, 0, 0), None, 0),
        (MeterSetup(2, CTS, None), (), 1, 0),
    ],
)
def test_meters_drop_unused_lines(
    setup: MeterSetup, volts: tuple[float, ...], phases: int | None, lines: int
) -> None:
    """D8.3.6086 always sends three lines."""
    seen = MeterReport(
        MeterLine(5.0, voltage_v=240.0), tuple(MeterLine(voltage_v=v) for v in volts)
    )
    meters = derive_meters(parts(reports=MeterReports(net=seen), setup=setup), None)
    assert meters is not None
    assert meters.phases == phases
    assert meters.input is not None
    assert len(meters.input.lines) == lines
    assert meters.output is None


def test_nothing_counts_before_the_cts_are_known() -> None:
    """Disabled ones report noise, and there is none whose load is 0 W."""
    given = parts(setup=None)
    assert derive_meters(given, None) is None
    flows = derive_flows(given)
    assert flows is not None
    assert (flows.load_w, flows.grid_w, flows.pv_w) == (None, None, None)


@pytest.mark.parametrize(
    ("setup", "volts", "amperes"),
    # Three phases: line to neutral, the sum of the currents; split phase: line to
    # line, so that voltage times current stays the apparent power; two phases of
    # three are no split phase.
    [
        (MeterSetup(2, CTS, 3), 231.4, 24.0),
        (MeterSetup(2, CTS, 2), 462.8, 8.0),
        (MeterSetup(2, CTS, 2, split=False), 231.4, 16.0),
    ],
)
def test_meter_total_is_made_of_its_phases(
    setup: MeterSetup, volts: float, amperes: float
) -> None:
    """VA and A of the gateway's total are sums of signed lines, 56 VA for 173 W."""
    lines = tuple(MeterLine(w, abs(w), 231.4, 8.0, 60.0) for w in (-900.0, 1073.0, 0.0))
    seen = MeterReport(MeterLine(173.0, 55.6, 694.2, 99.0, 50.0), lines)
    meters = derive_meters(parts(reports=MeterReports(net=seen), setup=setup), None)
    assert meters is not None
    assert meters.input is not None
    total = meters.input.total
    assert total.voltage_v == pytest.approx(volts)
    assert total.current_a == pytest.approx(amperes)
    assert total.power_va == 1973.0
    assert {line.frequency_hz for line in meters.input.lines} <= {None}
    # One of the lines is not told: no sum.
    cut = MeterReport(seen.total, lines[:1])
    meters = derive_meters(parts(reports=MeterReports(net=cut), setup=setup), None)
    assert meters is not None
    assert meters.input is not None
    assert meters.input.total.power_va is None


def test_phase_that_is_gone_is_not_in_the_mean() -> None:
    lines = tuple(MeterLine(0.0, 0.0, v, 0.0) for v in (231.0, 233.0, 4.0))
    seen = MeterReport(MeterLine(0.0, 0.0, 468.0), lines)
    for setup in (MeterSetup(2, CTS, 3), MeterSetup(2, CTS, 2, split=False)):
        meters = derive_meters(parts(reports=MeterReports(net=seen), setup=setup), None)
        assert meters is not None
        assert meters.input is not None
        assert meters.input.total.voltage_v == 232.0
    dead = tuple(line._replace(voltage_v=3.0) for line in lines)
    seen = MeterReport(MeterLine(0.0, 0.0, 9.0), dead)
    meters = derive_meters(parts(reports=MeterReports(net=seen), setup=setup), None)
    assert meters is not None
    assert meters.input is not None
    assert meters.input.total.voltage_v == 3.0


@pytest.mark.parametrize("phases", [1, None])
def test_open_lines_of_a_single_phase_do_not_count(phases: int | None) -> None:
    """D8.3.6086 sends three lines; what has no wire picks up some volts."""
    wire, open_line = MeterLine(460.0, 480.0, 239.9, 2.0), MeterLine(0.0, 9.0, 8.0, 1.1)
    total = MeterLine(460.0, 498.0, 255.9, 4.2, 50.0)
    for lines, shown in (
        ((wire, open_line, open_line), wire._replace(frequency_hz=50.0)),
        ((wire._replace(realpower_w=-900.0), open_line), total),
        ((), total),
    ):
        given = parts(
            reports=MeterReports(net=MeterReport(total, lines)),
            setup=MeterSetup(2, CTS, phases),
        )
        meters = derive_meters(given, None)
        assert meters is not None
        assert meters.input is not None
        assert meters.input == (shown, ())


def test_phases_that_do_not_make_the_total_are_absent() -> None:
    lines = (MeterLine(214.0, 220.0, 120.0, 1.8), MeterLine(214.4, 220.0, 120.0, 1.8))
    for total_w, shown in ((428.4, 428.4), (786.0, None), (-3000.0, None)):
        seen = MeterReport(MeterLine(total_w, 440.0, 240.0, 3.6), lines)
        given = parts(reports=MeterReports(net=seen), setup=SETUP)
        meters = derive_meters(given, None)
        assert meters is not None
        assert meters.input is not None
        told = [line.realpower_w for line in meters.input.lines]
        assert (None if None in told else sum(filter(None, told))) == shown
        assert meters.input.total.realpower_w == total_w
        assert (meters.input.total.power_va is None) is (shown is None)


def test_phases_agree_with_a_corrected_total_or_are_absent() -> None:
    """8.3.5433 says 428 W of total consumption where the house draws 786 W."""
    reports = MeterReports(
        production=report(357.5), net=report(428.4), total=report(428.4, 200.0, 228.4)
    )
    given = parts(reports=reports, battery_w=0.0)
    meters = derive_meters(given, derive_flows(given))
    assert meters is not None
    assert meters.output is not None
    assert meters.output.total == MeterLine(785.9, None, 240.0, None, 60.0)
    assert set(meters.output.lines) == {MeterLine(voltage_v=120.0)}


@pytest.mark.parametrize(
    ("phases_w", "shown"),
    [
        ((600.0, 386.0), True),
        # Noise of what is read one after another.
        ((600.0, 440.0), True),
        # A phase is left out; firmware that fills none in.
        ((428.0, 0.0), False),
        ((0.0, 0.0), False),
    ],
)
def test_live_phases_agree_with_the_total_or_are_absent(
    phases_w: tuple[float, float], shown: bool
) -> None:
    lines = tuple(PhasePower(each, each) for each in phases_w)
    given = parts(LIVE._replace(load_lines=lines))
    meters = derive_meters(given, derive_flows(given))
    assert meters is not None
    assert meters.output is not None
    assert meters.output.total.realpower_w == 986.0
    told = tuple(line.realpower_w for line in meters.output.lines)
    assert told == (phases_w if shown else (None, None))


def test_current_of_no_apparent_power_is_unknown() -> None:
    """0 VA beside 986 W is no measurement, nor are its 0 A."""
    given = parts(LIVE._replace(load=PhasePower(986.0, 0.0)))
    meters = derive_meters(given, derive_flows(given))
    assert meters is not None
    assert meters.output is not None
    total = meters.output.total
    assert (total.realpower_w, total.power_va, total.current_a) == (986.0, None, None)


def test_meters_without_reports() -> None:
    assert derive_meters(parts(LIVE, None), None) is None
