"""What one check found.

Exit status: every check has to hold. A warning tells of something that does not
keep the house from being protected now; a check that does not apply here is
skipped without a remedy. One that was skipped because it may not look (with a
remedy) does not hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CheckOutcome(StrEnum):
    """What became of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """The judgement of one check.

    Attributes:
        result: what became of it.
        finding: one sentence; may hold text of the network.
        remedy: what to do; empty where there is nothing to do.
    """

    result: CheckOutcome
    finding: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict and the stable name of its check."""

    check: str
    verdict: CheckVerdict


def ok(finding: str) -> CheckVerdict:
    """Return that a check holds."""
    return CheckVerdict(CheckOutcome.OK, finding)


def warning(finding: str, remedy: str) -> CheckVerdict:
    """Return something to see to, which harms nobody now."""
    return CheckVerdict(CheckOutcome.WARNING, finding, remedy)


def failed(finding: str, remedy: str) -> CheckVerdict:
    """Return that a check does not hold."""
    return CheckVerdict(CheckOutcome.FAILED, finding, remedy)


def skipped(finding: str, remedy: str = "") -> CheckVerdict:
    """Return that a check does not apply, or (with a remedy) could not look."""
    return CheckVerdict(CheckOutcome.SKIPPED, finding, remedy)


def all_hold(findings: Iterable[Finding]) -> bool:
    """Whether the exit status is 0."""
    return not any(
        each.verdict.result is CheckOutcome.FAILED
        or (each.verdict.result is CheckOutcome.SKIPPED and each.verdict.remedy)
        for each in findings
    )
