"""Which checks there are, and how their facts are gathered: side by side, in time.

A part that is late fails the checks that need it by name, instead of holding the
others up.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from nutbridge.config.settings import Settings
from nutbridge.tools.doctor import (
    charge,
    files,
    gateway,
    guard,
    house,
    inverter,
    nut,
    port_wait,
    storage,
    token,
    unit,
    upsd,
)
from nutbridge.tools.doctor.check import (
    Check,
    CheckOutcome,
    CheckVerdict,
    DoctorFacts,
    Finding,
    Gathered,
)
from nutbridge.tools.doctor.context import DoctorContext

#: A probe that stands still may hold us up for so long after its own time, s.
GRACE_S = 1.0
#: A session of an inverter gets so long to be ended when a signal comes, s.
LEAVE_S = 2.0

_HERE = (files, nut, charge)
_OUTSIDE = (upsd, unit, port_wait, guard)
_PARTS: tuple[type[Gathered], ...] = (
    *(files.FileFacts, nut.NutFacts, nut.UpsdFacts, unit.UnitFacts),
    *(guard.GuardFacts, port_wait.PortWaitFacts),
)
_GATEWAY_PARTS: tuple[type[Gathered], ...] = (
    *(token.TokenFacts, token.CloudFacts, gateway.GatewayFacts),
)


def checks_for(settings: Settings) -> Sequence[Check]:
    """Return the checks of a UPS, in the order in which they are shown."""
    if settings.inverter_alone:
        return _of(*_HERE, inverter, storage, *_OUTSIDE)
    # Beside a gateway it protects nobody: a warning at most.
    beside = [
        Check(each.name, lambda facts, each=each: _mild(each(facts)))  # type: ignore[misc]
        for each in (_of(inverter) if settings.sma else ())
    ]
    return (*_of(*_HERE, token, gateway, house), *beside, *_of(*_OUTSIDE))


def _of(*modules: ModuleType) -> tuple[Check, ...]:
    """Return the checks of modules, in the order in which they stand there."""
    return tuple(
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, Check) and each.judge.__module__ == module.__name__
    )


def _mild(verdict: CheckVerdict) -> CheckVerdict:
    if verdict.result is CheckOutcome.FAILED:
        return replace(verdict, result=CheckOutcome.WARNING)
    return verdict


def _parts_for(settings: Settings) -> list[type[Gathered]]:
    parts = list(_PARTS)
    if not settings.inverter_alone:
        parts += _GATEWAY_PARTS
    if settings.sma is not None:
        parts.append(inverter.InverterFacts)
    asked = settings.test is None
    return [part for part in parts if asked or not part.REAL_ONLY]


def examine(facts: DoctorFacts, place: DoctorContext) -> list[Finding]:
    """Gather what the checks need, then make every check.

    Returns by ``place.until``, a second later where a probe hangs.
    """
    parts = side_by_side(_parts_for(place.settings), place)
    facts = replace(facts, parts=parts, services=place.services)
    return [Finding(each.name, each(facts)) for each in checks_for(place.settings)]


def side_by_side(
    parts: Sequence[type[Gathered]], place: DoctorContext
) -> Mapping[type, Any]:
    """Gather every part in a thread of its own; return what came in time."""
    found: dict[type, Any] = {}
    errors: list[BaseException] = []
    # Not Thread.join: interrupted, Python 3.11 takes the thread for ended.
    ends = {part: threading.Event() for part in parts}

    def run(part: type[Gathered]) -> None:
        try:
            found[part] = part.gather(place)
        except BaseException as exc:  # noqa: BLE001 - raised again below
            errors.append(exc)
        ends[part].set()

    for part in parts:
        threading.Thread(target=run, args=(part,), daemon=True).start()
    last = place.until + GRACE_S  # one for all, however many hang
    try:
        for ended in ends.values():
            ended.wait(max(0.0, last - place.clock.boottime()))
    except BaseException:
        place.leaving.end()
        if inverter.InverterFacts in ends:
            ends[inverter.InverterFacts].wait(LEAVE_S)
        raise
    if errors:
        raise errors[0]
    return dict(found)
