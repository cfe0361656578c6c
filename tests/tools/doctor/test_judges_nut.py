"""Judges of NUT, unit and gateway: what a test machine cannot bring about."""

from dataclasses import replace

import pytest

from nutbridge.nut.ups_conf import parse_ups_conf
from nutbridge.sources.enphase.readings import Inventory, Relay
from nutbridge.tools.doctor import judge_gateway, judge_nut, judge_token
from nutbridge.tools.doctor.checks import rows_for
from nutbridge.tools.doctor.facts import (
    DoctorFacts,
    GatewayFacts,
    NutFacts,
    UnitFacts,
    UpsdFacts,
)
from nutbridge.tools.doctor.finding import (
    CheckOutcome,
    CheckVerdict,
    Finding,
    all_hold,
    failed,
    ok,
    skipped,
    warning,
)
from tests.tools.doctor.build import (
    GOOD_UNIT,
    PORT,
    UNIT,
    settings,
    told,
)


@pytest.mark.parametrize(
    ("text", "judge", "result"),
    [
        ("[home]\ndriver=dummy-ups\nport=x.dev\n", "mode", CheckOutcome.OK),
        ("[home]\ndriver=dummy-ups\nport=x.seq\n", "mode", CheckOutcome.FAILED),
        (
            "[home]\ndriver=dummy-ups\nport=x\nmode=dummy-loop\n",
            "mode",
            CheckOutcome.FAILED,
        ),
        ("pollinterval=30\n[home]\nport=x\n", "poll", CheckOutcome.FAILED),
        ("pollinterval=30\n[home]\npollinterval=2\nport=x\n", "poll", CheckOutcome.OK),
        ("[home]\npollinterval=-1\nport=x\n", "poll", CheckOutcome.FAILED),
        (f"[home]\npollinterval={'9' * 5000}\nport=x\n", "poll", CheckOutcome.FAILED),
        ("", "mode", CheckOutcome.SKIPPED),
        ("", "poll", CheckOutcome.SKIPPED),
    ],
)
def test_section(text: str, judge: str, result: CheckOutcome) -> None:
    judges = {
        "mode": judge_nut.judge_section_mode,
        "poll": judge_nut.judge_section_poll,
    }
    facts = DoctorFacts(settings(), nut=NutFacts("/etc/nut", parse_ups_conf(text)))
    told(judges[judge](facts), result)


def test_version_without_mode_needs_none_in_ups_conf() -> None:
    conf = parse_ups_conf("[home]\ndriver=dummy-ups\nport=x.dev\nmode=dummy-once\n")
    old = NutFacts("/etc/nut", conf, driver_version="2.7.4")
    facts = DoctorFacts(settings(), nut=old)
    told(judge_nut.judge_version(facts), CheckOutcome.FAILED, "does not know mode")
    facts = replace(facts, nut=replace(old, ups_conf=parse_ups_conf("")))
    told(judge_nut.judge_version(facts), CheckOutcome.WARNING, "2.7.4")
    facts = replace(facts, nut=replace(old, driver_version=None))
    told(judge_nut.judge_version(facts), CheckOutcome.FAILED, "not installed")


@pytest.mark.parametrize(
    ("deadtime", "restart", "result"),
    [
        (20.0, 15.0, CheckOutcome.FAILED),
        (21.0, 15.0, CheckOutcome.OK),
        (15.0, 2.0, CheckOutcome.OK),
        (None, 15.0, CheckOutcome.SKIPPED),
        (15.0, None, CheckOutcome.SKIPPED),
    ],
)
def test_deadtime_is_longer_than_a_restart_and_5_s(
    deadtime: float | None, restart: float | None, result: CheckOutcome
) -> None:
    nut = NutFacts("/etc/nut", None, deadtime_s=deadtime, restart_s=restart)
    told(judge_nut.judge_deadtime(DoctorFacts(settings(), nut=nut)), result)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("UpsdUnreachable", ("--upsd", "nut-server")),
        ("UnknownUps", ("[home]",)),
        ("DriverNotConnected", ("nut-driver@home",)),
        ("DataStale", ("restart nut-driver@home",)),
    ],
)
def test_upsd_that_shows_nothing(kind: str, words: tuple[str, ...]) -> None:
    upsd = UpsdFacts("127.0.0.1:3493", None, "no", kind)
    told(
        judge_nut.judge_upsd(DoctorFacts(settings(), upsd=upsd)),
        CheckOutcome.FAILED,
        *words,
    )


def test_driver_that_runs_with_the_port_of_before() -> None:
    """A section was changed, its driver not restarted: it shows the old file."""
    values = {"ups.status": "OL", "driver.parameter.port": "/run/old.dev"}
    upsd = UpsdFacts("127.0.0.1:3493", values)
    conf = parse_ups_conf(f"[home]\ndriver=dummy-ups\nport={PORT}\n")
    nut = NutFacts("/etc/nut", conf, real_port=PORT)
    facts = DoctorFacts(settings(), nut=nut, upsd=upsd, gateway=GatewayFacts("x"))
    words = ("/run/old.dev", "restart nut-driver@home")
    told(judge_nut.judge_upsd(facts), CheckOutcome.FAILED, *words)
    elsewhere = replace(facts, upsd=replace(upsd, address="192.0.2.1:3493"))
    told(judge_nut.judge_upsd(elsewhere), CheckOutcome.SKIPPED)
    wrong_section = replace(facts, nut=replace(nut, real_port="/run/odd.dev"))
    told(judge_nut.judge_upsd(wrong_section), CheckOutcome.SKIPPED)
    same = {**values, "driver.parameter.port": PORT}
    restarted = replace(facts, upsd=replace(upsd, values=same))
    told(judge_nut.judge_upsd(restarted), CheckOutcome.SKIPPED)


def test_upsd_that_is_just_being_told() -> None:
    upsd = UpsdFacts("127.0.0.1:3493", {"ups.status": "WAIT"})
    facts = DoctorFacts(settings(), upsd=upsd, gateway=GatewayFacts("x"))
    told(judge_nut.judge_upsd(facts), CheckOutcome.FAILED, "ask again")
    upsd = replace(upsd, values={"ups.status": "FSD OL"})
    ordered = replace(facts, upsd=upsd)
    told(judge_nut.judge_upsd(ordered), CheckOutcome.FAILED, "shutdown was ordered")
    upsd = replace(upsd, values={"ups.status": "OL", "battery.charge": "nan"})
    told(judge_nut.judge_upsd(replace(facts, upsd=upsd)), CheckOutcome.SKIPPED)


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({}, set()),
        ({"LoadState": "not-found"}, {"enabled", "running", "watchdog"}),
        ({"UnitFileState": "disabled"}, {"enabled"}),
        ({"ActiveState": "failed"}, {"running"}),
        ({"ActiveState": "activating", "SubState": "auto-restart"}, {"running"}),
        ({"WatchdogUSec": "0"}, {"watchdog"}),
        ({"WatchdogUSec": "infinity"}, {"watchdog"}),
        ({"Type": "simple"}, {"watchdog"}),
    ],
)
def test_unit(changes: dict[str, str], failing: set[str]) -> None:
    facts = DoctorFacts(settings(), unit=UnitFacts(UNIT, {**GOOD_UNIT, **changes}))
    judges = {
        "enabled": judge_token.judge_unit_enabled,
        "running": judge_token.judge_unit_running,
        "watchdog": judge_token.judge_unit_watchdog,
    }
    found = {name: judge(facts) for name, judge in judges.items()}
    assert {n for n, v in found.items() if v.result is CheckOutcome.FAILED} == failing
    assert all(found[name].remedy for name in failing)
    none = replace(facts, unit=UnitFacts(UNIT, None))
    told(judge_token.judge_unit_running(none), CheckOutcome.SKIPPED, "no systemd")
    hung = replace(facts, unit=UnitFacts(UNIT, {}, "no answer within 5 s"))
    told(judge_token.judge_unit_running(hung), CheckOutcome.SKIPPED, "no answer")


def test_gateway_that_is_silent_leaves_the_rest_out() -> None:
    facts = DoctorFacts(settings(), gateway=GatewayFacts("x", unreachable="refused"))
    told(judge_gateway.judge_connects(facts), CheckOutcome.FAILED, "refused")
    for judge in (
        *(judge_gateway.judge_certificate, judge_gateway.judge_serial),
        *(judge_gateway.judge_access, judge_gateway.judge_grid),
        *(judge_gateway.judge_battery, judge_gateway.judge_stream),
    ):
        told(judge(facts), CheckOutcome.SKIPPED)


def test_token_that_was_sent_in_vain_is_not_praised() -> None:
    """Only an answer tells that the gateway took it."""
    told_nothing = GatewayFacts("x", shown="ab" * 32, problems={"relay": "closed"})
    facts = DoctorFacts(settings(), gateway=told_nothing)
    told(judge_gateway.judge_access(facts), CheckOutcome.SKIPPED, "not told")
    told_one = replace(told_nothing, inventory=Inventory())
    facts = DoctorFacts(settings(), gateway=told_one)
    told(judge_gateway.judge_access(facts), CheckOutcome.OK, "takes the token")


def test_names_of_checks_are_stable() -> None:
    """Scripts know them by name."""
    names = [row.check for row in rows_for(settings())]
    assert len(set(names)) == len(names)
    assert names[:4] == [
        *("config", "config-keys", "config-values", "config-permissions"),
    ]


@pytest.mark.parametrize(
    ("verdict", "holds"),
    [
        (ok("x"), True),
        (warning("x", "y"), True),
        (failed("x", "y"), False),
        (skipped("does not apply"), True),
        (skipped("may not look", "sudo"), False),
    ],
)
def test_all_hold(verdict: CheckVerdict, holds: bool) -> None:
    assert all_hold([Finding("a", ok("x")), Finding("b", verdict)]) is holds


@pytest.mark.parametrize(
    ("mode", "result"),
    [("multimode-ongrid", CheckOutcome.OK), ("unknown", CheckOutcome.WARNING)],
)
def test_closed_in_no_backup_mode_is_a_warning(mode: str, result: CheckOutcome) -> None:
    """A monitor that has seen a backup mode holds OB through such answers."""
    said = Relay("closed", "closed", (mode, mode))
    fitted = Inventory(devices=1, controllers=1)
    gateway = GatewayFacts("x", shown="ab" * 32, relay=said, inventory=fitted)
    facts = DoctorFacts(settings(), gateway=gateway)
    told(judge_gateway.judge_grid(facts), result, "relay closed")
