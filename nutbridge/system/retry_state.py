"""The pause between logins that outlives a restart; pure.

The one time that is wall time (see enphase/schedule.py).
"""

from typing import NamedTuple

from nutbridge.ups.units import SECONDS_PER_DAY


class RetryState(NamedTuple):
    """What must survive a restart.

    Attributes:
        next_try_epoch: no try before, s since 1970; 0 when free.
        failures: tries in a row that did not help.
    """

    next_try_epoch: float = 0.0
    failures: int = 0


def restored_pause(state: RetryState, wall: float) -> float:
    """Return how long to wait after a start, s.

    A time that lies more than a day ahead was written under another clock.
    """
    ahead_s = state.next_try_epoch - wall
    return ahead_s if 0 < ahead_s <= SECONDS_PER_DAY else 0.0
