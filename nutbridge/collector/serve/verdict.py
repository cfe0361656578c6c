"""What to do with a report, and with the answer to it: the modes as tables.

Pure. Source: webcomm 3.0 to 4.6.0, one public request and its answer.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from nutbridge.collector.parse.model import is_task
from nutbridge.collector.serve.options import Mode
from nutbridge.collector.store.dates import CLOCK_SET
from nutbridge.collector.store.states import ForwardState


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


class Kind(Enum):
    """What a request is."""

    REPORT = auto()
    #: The Envoy says that it has done what an answer told it.
    TASK = auto()
    #: Nobody understands it.
    OTHER = auto()


_WAYS: Final[Mapping[tuple[Mode, Kind], Way]] = {
    **{(Mode.TRANSPARENT, kind): Way.RELAY for kind in Kind},
    (Mode.STORE_AND_FORWARD, Kind.REPORT): Way.QUEUE,
    (Mode.STORE_AND_FORWARD, Kind.TASK): Way.RELAY,
    (Mode.STORE_AND_FORWARD, Kind.OTHER): Way.RELAY_REFUSAL,
    (Mode.LOCAL, Kind.REPORT): Way.ACKNOWLEDGE,
    (Mode.LOCAL, Kind.TASK): Way.REFUSE,
    (Mode.LOCAL, Kind.OTHER): Way.REFUSE,
}


def way_of(mode: Mode, path: str, *, parsed: bool) -> Way:
    """Return what to do with a stored report.

    Args:
        mode: of the collector.
        path: raw path of the request.
        parsed: whether the body is a report.
    """
    kind = Kind.REPORT if parsed else Kind.OTHER
    return _WAYS[mode, Kind.TASK if is_task(path) else kind]


class Outcome(Enum):
    """What came of sending a report."""

    #: The upstream said that it has it.
    DELIVERED = auto()
    #: It said something else, and may say otherwise later.
    REFUSED = auto()
    #: It said that it does not want it.
    FINAL = auto()
    #: It said nothing.
    SILENT = auto()


_SUCCESS: Final = range(200, 300)
#: The only one of these that says so of a report: 202, 203 and 206 promise less.
_TAKEN: Final = 200
_CLIENT_ERRORS: Final = range(400, 500)
#: Request Timeout, Too Many Requests.
_TRY_AGAIN: Final = frozenset({408, 429})

#: A report that was refused so often, and others meanwhile passed, stands aside.
TRIES: Final = 5
#: Where none passed it may be the upstream that is ill; after so long it does not
#: matter, s. Silence alone proves nothing, however long.
ASIDE_AFTER_S: Final = {Outcome.REFUSED: 86_400, Outcome.FINAL: 3 * 86_400}
#: A report that stands aside is sent again after each of these, s.
STUCK_S: Final = 86_400
_LONGEST_PAUSE_S: Final = 300


def is_success(status: int) -> bool:
    """Tell whether a status is one of 2xx."""
    return status in _SUCCESS


def is_delivery(status: int) -> bool:
    """Tell whether a status says that a report was taken, if the body does."""
    return status == _TAKEN


def outcome_of(status: int, refusal: str | None) -> Outcome:
    """Return what an answer means.

    A redirect (some gate on the way, not the upstream) is tried again, and so is a
    page that says 200 where no page should be.

    Args:
        status: of HTTP.
        refusal: why the body of a 2xx is no acknowledgement; None: it is one.
    """
    if is_delivery(status) and refusal is None:
        return Outcome.DELIVERED
    final = status in _CLIENT_ERRORS and status not in _TRY_AGAIN
    return Outcome.FINAL if final else Outcome.REFUSED


class Refusals(NamedTuple):
    """How often a report was sent in vain, and since when it is refused.

    Attributes:
        tries: in vain.
        since: Unix seconds of the first refusal since the upstream was last silent;
            None: there is none.
    """

    tries: int
    since: int | None


def counted(
    outcome: Outcome, before: Refusals, now: int, *, others_pass: bool
) -> Refusals:
    """Return the count with one more try in vain.

    An outage refuses nothing: where nobody else gets an answer, silence is no word
    about this report, and the first answer behind it is the first refusal. Neither
    do times count that a clock told before it was set.

    Args:
        outcome: of the last try.
        before: it.
        now: Unix seconds.
        others_pass: whether another report was taken since the first of them.
    """
    if outcome is Outcome.SILENT and not others_pass:
        return Refusals(before.tries + 1, None)
    if before.since is None and outcome is not Outcome.SILENT:
        return Refusals(1, now)
    since = now if before.since is None else before.since
    if not CLOCK_SET <= since <= now:
        since = now
    return Refusals(before.tries + 1, since)


def aside(
    outcome: Outcome, tries: int, refused_s: float, *, others_pass: bool
) -> ForwardState | None:
    """Return where a report goes that was not taken; None: it stays at the head.

    Args:
        outcome: of the last try.
        tries: in vain, with that one.
        refused_s: since the first of them, s.
        others_pass: whether another report was taken since.
    """
    if tries < TRIES:
        return None
    if not others_pass and refused_s < ASIDE_AFTER_S.get(outcome, float("inf")):
        return None
    if outcome is Outcome.FINAL:
        return ForwardState.DEAD_LETTER
    return ForwardState.STUCK


def own_pause_s(outcome: Outcome, tries: int, *, others_pass: bool) -> int | None:
    """Return how long a report waits itself, besides the pause of all.

    None: not even for those of other Envoys; while nobody answers the oldest report
    is asked about. 0: for those.

    Args:
        outcome: of the last try.
        tries: in vain, with that one.
        others_pass: whether another report was taken since the first of them.
    """
    if others_pass:
        return min(_LONGEST_PAUSE_S, 1 << min(tries - 1, 20))
    return None if outcome is Outcome.SILENT and tries < TRIES else 0


def next_pause_s(last_s: float | None) -> float:
    """Return how long to wait after a failure: 1 s, doubling to 60 s."""
    return 1.0 if last_s is None else min(60.0, 2 * last_s)
