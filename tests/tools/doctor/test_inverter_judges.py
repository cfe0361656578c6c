"""Judges of an SMA inverter on facts that are made by hand; the one beside."""

from dataclasses import replace

from nutbridge.config.settings import Settings
from nutbridge.sources.sma.webconnect.readings import UpsReading
from nutbridge.system.clock import SystemClock
from nutbridge.tools.doctor import (
    judge_inverter,
    judge_nut,
    judge_storage,
)
from nutbridge.tools.doctor.checks import judged, rows_for
from nutbridge.tools.doctor.facts import DoctorFacts, InverterFacts, UpsdFacts
from nutbridge.tools.doctor.finding import CheckOutcome, Finding, all_hold
from nutbridge.tools.doctor.place import DoctorContext
from nutbridge.ups.model import Grid, GridAnswer
from tests.tools.doctor.build import GOOD_FILES, settings, told
from tests.tools.doctor.inverter import OWN, WAY

ALONE = "SMA_HOST=192.0.2.1\nSMA_PASSWORD=x\nPORT_FILE=/var/lib/nut/home.dev\n"
BESIDE = "SMA_HOST=192.0.2.1\nSMA_PASSWORD=x\n"
SILENT = InverterFacts("192.0.2.1", problem="no answer", kind="DeviceUnreachable")
FULL = UpsReading({}, battery_keys=True, fitted=True, soc_pct=61.0)


def alone(
    reading: UpsReading, grid: Grid = Grid.CLOSED, unfit: str = ""
) -> DoctorFacts:
    answer = GridAnswer(grid=grid, word="RunStt 235", speaker="inverter", unfit=unfit)
    return DoctorFacts(
        settings(text=ALONE),
        inverter=InverterFacts("192.0.2.1", reading=reading, grid=answer),
        upsd=UpsdFacts("127.0.0.1:3493", {"ups.status": "OL", "battery.charge": "60"}),
        files=GOOD_FILES,
    )


def place(found: Settings) -> DoctorContext:
    clock = SystemClock()
    return DoctorContext(found, {}, clock, clock.boottime() + 5, "127.0.0.1:1")


def test_checks_of_an_inverter_alone_and_beside() -> None:
    names = [row.check for row in rows_for(settings(text=ALONE))]
    assert set(names) >= OWN
    assert not [name for name in names if name.startswith(("gateway", "token", "cl"))]
    beside = [row.check for row in rows_for(settings(more=BESIDE))]
    assert set(beside) & OWN == WAY | {"charge-low"}
    assert "gateway-grid" in beside
    assert len(set(beside)) == len(beside)
    assert not {row.check for row in rows_for(settings())} & WAY


def test_inverter_beside_a_gateway_is_a_warning_at_most() -> None:
    """Whatever it is that fails; silence protects no worse."""
    for facts in (
        SILENT,
        replace(SILENT, kind="NotWebconnect"),
        replace(SILENT, kind="PasswordRefused"),
        replace(SILENT, kind="NoFreeSession"),
        replace(SILENT, kind="CertificateChanged", known="0" * 64, shown="1" * 64),
        InverterFacts("192.0.2.1", unresolved="no address is known"),
        InverterFacts("192.0.2.1", kind="NoPassword"),
        None,  # late
    ):
        found = _of_the_inverter(facts)
        results = {each.verdict.result for each in found}
        assert CheckOutcome.WARNING in results
        assert CheckOutcome.FAILED not in results
        assert all_hold(found)


def _of_the_inverter(facts: InverterFacts | None) -> list[Finding]:
    ours = settings(more=BESIDE)
    return [
        Finding(row.check, judged(row, DoctorFacts(ours, inverter=facts), place(ours)))
        for row in rows_for(ours)
        if row.check in WAY
    ]


def test_files_of_the_monitor_that_may_not_be_read() -> None:
    """Then nothing was sent, and root is needed."""
    closed = InverterFacts("192.0.2.1", denied="/var/lib/nut/sma-home.session")
    facts = DoctorFacts(settings(text=ALONE), inverter=closed)
    told(
        judge_inverter.judge_login(facts),
        CheckOutcome.SKIPPED,
        closed.denied or "",
        "sudo",
    )
    told(judge_inverter.judge_certificate(facts), CheckOutcome.SKIPPED, "sudo")
    for judge in (
        judge_inverter.judge_connects,
        judge_inverter.judge_webconnect,
        judge_inverter.judge_firmware,
        judge_storage.judge_fit,
        judge_storage.judge_grid,
        judge_storage.judge_battery,
        judge_storage.judge_backup,
    ):
        told(judge(facts), CheckOutcome.SKIPPED)


def test_upsd_is_compared_with_the_inverter() -> None:
    judge = judge_nut.judge_upsd
    told(judge(alone(FULL)), CheckOutcome.OK, "the inverter says OL 61 %")
    told(judge(alone(FULL, Grid.OPEN)), CheckOutcome.FAILED, "the inverter says OB")
    told(judge(alone(FULL, Grid.UNKNOWN)), CheckOutcome.FAILED, "nothing of use")
    empty = replace(FULL, soc_pct=10.0)
    told(judge(alone(empty)), CheckOutcome.WARNING, "60 %", "10 %")
    # Its 0 % is no charge.
    none = replace(FULL, fitted=False, soc_pct=0.0)
    told(judge(alone(none)), CheckOutcome.OK, "the inverter says OL")
    # Its mains connection is that of a unit that goes dark with the house.
    told(judge(alone(UpsReading({}), unfit="no UPS")), CheckOutcome.SKIPPED, "inverter")


def test_battery_that_is_not_fitted_or_silent() -> None:
    judge = judge_storage.judge_battery
    none = replace(FULL, fitted=False, soc_pct=0.0)
    told(judge(alone(none)), CheckOutcome.WARNING, "never low battery")
    told(
        judge(alone(replace(FULL, soc_pct=None))),
        CheckOutcome.FAILED,
        "does not tell its charge",
    )
    told(
        judge(alone(replace(FULL, rated_wh=10200.0))),
        CheckOutcome.OK,
        "61 % of 10.2 kWh",
    )
    told(judge(alone(FULL)), CheckOutcome.OK, "no runtime")
    told(
        judge(DoctorFacts(settings(), inverter=InverterFacts("x"))),
        CheckOutcome.SKIPPED,
    )


def test_charge_low_against_the_floor_of_an_inverter() -> None:
    judge = judge_storage.judge_charge_low
    told(judge(alone(FULL)), CheckOutcome.OK, "20 %, floor 10 %")
    high = replace(FULL, floor_pct=18.0)
    told(judge(alone(high)), CheckOutcome.FAILED, "23 %")
    none = replace(FULL, fitted=False)
    told(judge(alone(none)), CheckOutcome.SKIPPED, "has no battery")
