"""A check, its verdict, and what a check is given.

Exit status: every check has to hold. A warning tells of something that does not
keep the house from being protected now; a check that does not apply here is
skipped without a remedy. One that was skipped because it may not look (with a
remedy) does not hold.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from nutbridge.config.settings import Settings
from nutbridge.system.services import SYSTEMD, Services
from nutbridge.tools.doctor.context import DoctorContext


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


def not_allowed(finding: str) -> CheckVerdict:
    """Return that this user may not look; root may."""
    return skipped(finding, "look again as root: sudo nutbridge doctor ...")


class Concluded(Exception):
    """Ends the gathering of facts early, with the verdict that says why.

    Attributes:
        verdict: of the check.
        nameless: its finding does not say which check it belongs to.
    """

    def __init__(self, verdict: CheckVerdict, *, nameless: bool = False) -> None:
        self.verdict = verdict
        self.nameless = nameless
        super().__init__(verdict.finding)


class Gathered:
    """Facts about one subject, gathered before the checks.

    Attributes:
        WHAT: what the subject is called when it is late.
        REAL_ONLY: not gathered in TEST mode, which asks nobody.
    """

    WHAT: ClassVar[str]
    REAL_ONLY: ClassVar[bool] = False

    __slots__ = ()

    @classmethod
    def gather(cls, place: DoctorContext) -> "Gathered":
        """Look, until ``place.until``."""
        raise NotImplementedError


_Part = TypeVar("_Part", bound=Gathered)


@dataclass(frozen=True, slots=True)
class DoctorFacts:
    """Everything, for the checks.

    Attributes:
        settings: of the config.
        unknown_keys: notices about keys of the config.
        odd_values: the other notices about it.
        parts: what was gathered in time, by class.
        services: of this machine; every remedy asks them.
    """

    settings: Settings
    unknown_keys: tuple[str, ...] = ()
    odd_values: tuple[str, ...] = ()
    parts: Mapping[type, Any] = field(default_factory=dict)
    services: Services = SYSTEMD

    def get(self, part: type[_Part]) -> _Part | None:
        """Return a part, or None when it is not there."""
        found: _Part | None = self.parts.get(part)
        return found

    def need(self, part: type[_Part]) -> _Part:
        """Return a part.

        Raises:
            Concluded: it is late, or TEST mode asks nobody.
        """
        found = self.get(part)
        if found is not None:
            return found
        verdict = failed(
            f"{part.WHAT} did not answer in time",
            "look again; a network file system or a service may hang",
        )
        if self.settings.test is not None and part.REAL_ONLY:
            verdict = skipped("TEST=1 asks nobody")
        raise Concluded(verdict, nameless=True)


@dataclass(frozen=True, slots=True)
class Check:
    """One check; called with the facts, it returns its verdict.

    Attributes:
        name: stable, for --json.
        judge: decides.
    """

    name: str
    judge: Callable[[DoctorFacts], CheckVerdict]

    def __call__(self, facts: DoctorFacts) -> CheckVerdict:
        """Return the verdict, also where the check ended early."""
        try:
            return self.judge(facts)
        except Concluded as early:
            if not early.nameless:
                return early.verdict
            named = f"{self.name}: {early.verdict.finding}"
            return replace(early.verdict, finding=named)


def check(name: str) -> Callable[[Callable[[DoctorFacts], CheckVerdict]], Check]:
    """Make a check of a function; see run.py for where it is then shown."""
    return lambda judge: Check(name, judge)


def all_hold(findings: Iterable[Finding]) -> bool:
    """Whether the exit status is 0."""
    return not any(
        each.verdict.result is CheckOutcome.FAILED
        or (each.verdict.result is CheckOutcome.SKIPPED and each.verdict.remedy)
        for each in findings
    )
