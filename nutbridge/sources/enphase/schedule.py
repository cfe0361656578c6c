"""When to ask the cloud for a token; pure.

Inside one process CLOCK_BOOTTIME counts, because the wall clock of a small
computer jumps by decades. Only the time that survives a restart is wall time.
"""

from typing import NamedTuple

from nutbridge.ups.units import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
)

FIRST_PAUSE_S = SECONDS_PER_MINUTE
LONGEST_PAUSE_S = SECONDS_PER_DAY
_LONGEST_ASKED_S = 4 * SECONDS_PER_HOUR

#: A new token that the gateway refuses within this time did not help, s. Longer
#: than the longest pause, or that pause would end the doubling.
PROBATION_S = 2 * LONGEST_PAUSE_S

#: A token that was just had is not asked for again sooner, s. More than a wrong
#: clock, a gateway that refuses every token would else cause a login per poll.
PAUSE_AFTER_SUCCESS_S = SECONDS_PER_HOUR / 4


class Need(NamedTuple):
    """Why a token may be wanted.

    Attributes:
        renew_epoch: when the present token is to be renewed, s since 1970; None
            when there is no token.
        refused: the gateway says that the present one is not valid.
        grid_gone: the house is off the grid.
    """

    renew_epoch: float | None
    refused: bool
    grid_gone: bool


def is_due(
    need: Need, *, wall: float, boot: float, urgent_from: float, planned_from: float
) -> bool:
    """Tell whether to ask now.

    Args:
        need: see there.
        wall: s since 1970, as the host believes.
        boot: CLOCK_BOOTTIME, s.
        urgent_from: CLOCK_BOOTTIME before which nothing is tried.
        planned_from: the same for a renewal that can wait.
    """
    if boot < urgent_from:
        return False
    if need.refused or need.renew_epoch is None:
        return True
    if need.grid_gone or boot < planned_from:
        return False
    return wall >= need.renew_epoch


def pause_after_failure(failures: int, at_least_s: float = 0.0) -> float:
    """Return the pause after so many failures in a row (1 or more), s.

    Args:
        failures: each doubles it.
        at_least_s: the first one, where the failure asks for a longer one.
    """
    factor = float(1 << min(max(failures, 1) - 1, 16))
    # Failures of other kinds before it must not make a day of 10 minutes.
    longer_s = min(at_least_s * factor, max(at_least_s, _LONGEST_ASKED_S))
    return min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S * factor, longer_s))


def pause_after_success(failures: int, shortest_s: float) -> float:
    """Return the pause after a token that came, s.

    Args:
        failures: how many tokens before it did not help.
        shortest_s: after the first one.
    """
    return min(LONGEST_PAUSE_S, shortest_s * (1 << min(failures, 16)))
