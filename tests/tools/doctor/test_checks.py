"""What doctor says of every case, to the letter, and what it must hold to."""

from dataclasses import replace
from pathlib import Path

import pytest

from nutbridge.cli.doctor import LineStyle, as_lines
from nutbridge.system.services import BY_HAND, SYSTEMD, Services
from nutbridge.tools.doctor.check import (
    CheckOutcome,
    CheckVerdict,
    Finding,
    all_hold,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.run import checks_for
from tests.tools.doctor.build import ALONE, BESIDE, settings
from tests.tools.doctor.cases import CASES, Case
from tests.tools.doctor.inverter import OWN, WAY

GOLDEN = Path(__file__).with_name("findings.txt")


def found_in(case: Case) -> list[Finding]:
    """Make the checks of a case."""
    return [
        Finding(each.name, each(case.facts))
        for each in checks_for(case.facts.settings)
        if each.name.startswith(case.checks)
    ]


def test_findings_are_as_written(update_golden: bool) -> None:
    """Read findings.txt as a person would: is each sentence true and of use?"""
    style = LineStyle(unicode=False, colour=False)
    text = ""
    for case in CASES:
        lines = as_lines(found_in(case), style).splitlines(keepends=True)
        text += f"# {case.title}\n{''.join(lines[:-1])}\n"
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def remedies_of(case: Case, services: Services) -> list[str]:
    """Return what is to do in a case, on a machine with these services."""
    facts = replace(case.facts, services=services)
    found = found_in(case._replace(facts=facts))
    # Of units that only systemd knows.
    return [
        each.verdict.remedy
        for each in found
        if not each.check.startswith(("unit", "port-wait"))
    ]


def test_remedies_by_hand_are_as_written(update_golden: bool) -> None:
    """Where no systemd runs, what is typed is NUT's own; each must work as it is."""
    golden = GOLDEN.with_name("by_hand.txt")
    pairs = {
        (old, new)
        for case in CASES
        for old, new in zip(
            remedies_of(case, SYSTEMD), remedies_of(case, BY_HAND), strict=True
        )
        if old and new and old != new
    }
    text = "".join(f"{old}\n    {new}\n" for old, new in sorted(pairs))
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_no_remedy_names_systemctl_where_none_runs() -> None:
    for case in CASES:
        for remedy in remedies_of(case, BY_HAND):
            assert "systemctl" not in remedy
            assert "journalctl" not in remedy


def test_what_does_not_hold_has_a_remedy() -> None:
    for case in CASES:
        for _, verdict in ((each.check, each.verdict) for each in found_in(case)):
            if verdict.result in (CheckOutcome.FAILED, CheckOutcome.WARNING):
                assert verdict.remedy, verdict
            assert verdict.result is not CheckOutcome.OK or not verdict.remedy


def test_inverter_beside_a_gateway_is_a_warning_at_most() -> None:
    """Whatever it is that fails: silence protects no worse."""
    cases = [case for case in CASES if case.title.startswith("inverter beside")]
    assert len(cases) > 5
    for case in cases:
        results = {each.verdict.result for each in found_in(case)}
        assert CheckOutcome.FAILED not in results
        if "not to be read" not in case.title:
            assert CheckOutcome.WARNING in results
            assert all_hold(found_in(case))


def test_names_of_checks_are_stable_and_unique() -> None:
    """Scripts know them by name."""
    alone = [each.name for each in checks_for(settings(text=ALONE))]
    assert set(alone) >= OWN
    assert not [name for name in alone if name.startswith(("gateway", "token", "cl"))]
    names = [each.name for each in checks_for(settings())]
    assert names[:4] == [
        *("config", "config-keys", "config-values", "config-permissions"),
    ]
    assert not set(names) & WAY
    beside = [each.name for each in checks_for(settings(more=BESIDE))]
    assert set(beside) & OWN == WAY | {"charge-low"}
    assert "gateway-grid" in beside
    for found in (alone, names, beside):
        assert len(set(found)) == len(found)


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
