"""What goes into the store and comes out of it, besides the rows of a report."""

from dataclasses import dataclass
from enum import StrEnum


class ParseState(StrEnum):
    """What is known about a stored body."""

    #: Stored, not looked at yet (or the process died in between).
    PENDING = "pending"
    PARSED = "parsed"
    UNPARSABLE = "unparsable"


class ForwardState(StrEnum):
    """Where a stored body went."""

    #: It stays here: mode local, or imported.
    NONE = "none"
    #: In the outbox.
    QUEUED = "queued"
    #: Upstream said that it has it.
    FORWARDED = "forwarded"
    #: Upstream answered something else, and that answer was relayed.
    REFUSED = "refused"
    #: No answer came; the Envoy will send it again.
    FAILED = "failed"
    #: In the outbox, but aside: refused again and again while others pass.
    STUCK = "stuck"
    #: Taken out of the outbox after a final refusal; kept for ever.
    DEAD_LETTER = "dead_letter"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Answer of ``Store.accept``: the bytes are on the disk.

    Attributes:
        raw_id: names the body from now on; rises with the order of acceptance.
        duplicate: the same bytes were here before.
        parse_state: of these bytes, as it is now.
        forward_state: of these bytes, as it is now.
    """

    raw_id: int
    duplicate: bool
    parse_state: ParseState
    forward_state: ForwardState


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """What upstream answered.

    Attributes:
        status: of HTTP.
        headers: in their order, duplicates included.
        body: as it came.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class StoredRaw:
    """A stored request, with the bytes as they came.

    Attributes:
        tries: how often it was sent in vain.
        refused_since: Unix seconds of the first of these.
        stuck: it stands aside.
    """

    raw_id: int
    received: int
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    serial: str | None
    envoy_id: int | None = None
    tries: int = 0
    refused_since: int | None = None
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """Sizes of what is kept.

    Attributes:
        reports: distinct bodies.
        unparsed: bodies not looked at yet.
        outbox: bodies that wait for upstream.
        stuck: of these, those that stand aside.
        dead_letters: bodies that upstream refused for good.
        quarantined: requests that were not let in.
    """

    reports: int
    unparsed: int
    outbox: int
    stuck: int
    dead_letters: int
    quarantined: int
