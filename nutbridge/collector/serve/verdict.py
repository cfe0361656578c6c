"""What to do with a report, and with the answer to it: the modes as tables.

Pure. Source: webcomm 3.0 to 4.6.0, one public request and its answer.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from nutbridge.collector.parse.model import is_task
from nutbridge.collector.serve.options import Mode


class Way(Enum):
    """What to do with a report that was stored."""

    #: Ask the upstream now and relay whatever it answers.
    RELAY = auto()
    #: Ask the upstream now and relay its refusal; never an acknowledgement.
    RELAY_REFUSAL = auto()
    #: Put it into the outbox, acknowledge it here.
    QUEUE = auto()
    #: Acknowledge it here.
    ACKNOWLEDGE = auto()
    #: Refuse it: it cannot be acknowledged.
    REFUSE = auto()


#: (mode, whether it is a report that we understand): what to do.
_WAYS: Final[Mapping[tuple[Mode, bool], Way]] = {
    (Mode.TRANSPARENT, True): Way.RELAY,
    (Mode.TRANSPARENT, False): Way.RELAY,
    (Mode.STORE_AND_FORWARD, True): Way.QUEUE,
    (Mode.STORE_AND_FORWARD, False): Way.RELAY_REFUSAL,
    (Mode.LOCAL, True): Way.ACKNOWLEDGE,
    (Mode.LOCAL, False): Way.REFUSE,
}


def way_of(mode: Mode, path: str, *, parsed: bool) -> Way:
    """Return what to do with a stored report.

    Args:
        mode: of the collector.
        path: raw path of the request.
        parsed: whether the body is a report.
    """
    return _WAYS[mode, parsed and not is_task(path)]


class Fate(Enum):
    """What an answer means for the head of the outbox."""

    DELIVERED = auto()
    AGAIN = auto()
    DEAD = auto()


_SUCCESS: Final = range(200, 300)
_REFUSED: Final = range(400, 500)
#: Request Timeout, Too Many Requests.
_TRY_AGAIN: Final = frozenset({408, 429})


def is_success(status: int) -> bool:
    """Tell whether a status is one of 2xx."""
    return status in _SUCCESS


def fate_of(status: int) -> Fate:
    """Return what becomes of a queued report that was answered so.

    A redirect (some gate on the way, not the upstream) is tried again.
    """
    if is_success(status):
        return Fate.DELIVERED
    final = status in _REFUSED and status not in _TRY_AGAIN
    return Fate.DEAD if final else Fate.AGAIN


def next_pause_s(last_s: float | None) -> float:
    """Return how long to wait after a failure: 1 s, doubling to 60 s."""
    return 1.0 if last_s is None else min(60.0, 2 * last_s)
