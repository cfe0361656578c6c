"""What the writer does for each call of the store, inside of a transaction."""

import hashlib
import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nutbridge.collector.errors import StoreDown, StoreReplaced
from nutbridge.collector.parse.model import (
    ParseResult,
    RawReport,
    Report,
    is_task,
)
from nutbridge.collector.store import schema
from nutbridge.collector.store.ingest import Known, Raced, moments_of, store_rows
from nutbridge.collector.store.sql import Sql
from nutbridge.collector.store.states import (
    Accepted,
    DeliveryAnswer,
    ForwardState,
    ParseState,
)
from nutbridge.collector.store.units import ParsedBody
from nutbridge.collector.store.zones import named_zone

#: What quarantine keeps: the newest, in number and in bytes.
QUARANTINE_ROWS = 1000
QUARANTINE_BYTES = 64 * 1024 * 1024
#: What is kept of bodies that nobody understands: the newest, in number and in bytes.
#: All of their sizes are looked at with each of them.
UNPARSABLE_ROWS = 5000
UNPARSABLE_BYTES = 64 * 1024 * 1024

_RAW = (
    *("sha256", "received", "times_received", "peer", "path", "query", "headers"),
    *("size", "forward_state", "parse_state", "problem", "envoy_id"),
    *("report_timestamp", "webcomm_version", "intervals", "readings", "events"),
    *("devices", "odd_count", "unknown_count"),
)
_RECEIPT = ("raw_id", "received", "peer", "path", "query", "headers")
_BODY = ("raw_id", "body", "received")
_STATE = ("sha256", "raw_id", "parse_state", "forward_state", "path")
#: What is found out by parsing: the end of _RAW.
_PARSED = _RAW[_RAW.index("parse_state") :]
_RAW_STATE = ("raw_id", "received", "parse_state", "forward_state", "query")
_OUTBOX = ("raw_id", "envoy_id")
_ENVOY = ("envoy_id", "serial_num", "timezone", "last_received")
_SEE = (
    "(envoy_id) DO UPDATE SET timezone = coalesce(excluded.timezone, envoy.timezone),"
    " last_received = CASE WHEN envoy.last_received > excluded.last_received"
    " THEN envoy.last_received ELSE excluded.last_received END"
)
_NOTHING = (None, None, None, 0, 0, 0, 0, 0, 0)
_QUEUE = (
    "(raw_id) DO UPDATE SET stuck = FALSE, tries = 0, refused_since = NULL,"
    " next_try = NULL"
)
_OF_OUTBOX = (ForwardState.QUEUED, ForwardState.STUCK, ForwardState.DEAD_LETTER)
_NOT_AGAIN = (ForwardState.FORWARDED, ForwardState.QUEUED)

#: raw_id, parse_state, forward_state, path.
_Known = tuple[int, str, str, str]


class Parsed:
    """A parsed body that waits for the end of its batch."""

    def __init__(self, raw_id: int, result: ParseResult, *, queue: bool) -> None:
        self.raw_id = raw_id
        self.result = result
        self.queue = queue


def as_text(headers: Iterable[tuple[str, str]]) -> str:
    """Return headers as the database keeps them."""
    return json.dumps([list(pair) for pair in headers])


@dataclass(frozen=True, slots=True)
class FailedTry:
    """A queued body was sent, and not taken.

    Attributes:
        problem: why not.
        tries: in vain, with this one.
        refused_since: Unix seconds of the first refusal of these; None: none.
        next_try: not before, Unix seconds; None: at any time.
        state: where it goes; None: it stays at the head.
    """

    problem: str
    tries: int
    refused_since: int | None
    next_try: int | None
    state: ForwardState | None = None


class Accepting:
    """A request that waits for the end of its batch, and then has its answer.

    Args:
        raw: the request.
        result: what was found in it; None: nobody looked yet.
        queue: put it into the outbox, if it is a report.
    """

    def __init__(
        self, raw: RawReport, result: ParseResult | None = None, *, queue: bool = False
    ) -> None:
        self.raw = raw
        self.digest = hashlib.sha256(raw.body).hexdigest()
        self.result = result
        self.queue = queue
        self._answer: Accepted | None = None

    @property
    def report(self) -> Report | None:
        """What it says; None: nothing, or nobody looked yet."""
        return self.result.report if self.result else None

    @property
    def answer(self) -> Accepted:
        """What became of it.

        Raises:
            StoreDown: the batch has not come to its end.
        """
        if self._answer is None:
            raise StoreDown("the store gave no answer")
        return self._answer

    @answer.setter
    def answer(self, answer: Accepted) -> None:
        self._answer = answer


class _Arrived(NamedTuple):
    """A report whose rows are to be stored."""

    raw_id: int
    envoy_id: int
    received: int
    report: Report


def store_batch(
    sql: Sql, accepting: Sequence[Accepting], parsed: Sequence[Parsed], known: Known
) -> None:
    """Store requests, and the rows, states and outbox entries of parsed bodies.

    A body that is new and was looked into has its row complete at once; one that was
    here before, or is looked into only now, is changed where that says more of it.

    Args:
        sql: the transaction.
        accepting: requests, in their order.
        parsed: what was found in bodies that are stored.
        known: what need not be looked up, extended here.

    Raises:
        Raced: do the transaction again.
    """
    # Before any of them is looked at: two collectors that had done so would wait for
    # each other.
    _make_months(sql, ((one.raw.received, one.report) for one in accepting), known)
    fresh = _accept(sql, accepting, known)
    arrived, queued = [], []
    for one in fresh:
        if one.report is not None:
            envoy_id = known.envoys[one.report.envoy.serial_num]
            raw_id = one.answer.raw_id
            arrived.append(_Arrived(raw_id, envoy_id, one.raw.received, one.report))
            if one.queue:
                queued.append((raw_id, envoy_id))
    there = [
        Parsed(one.answer.raw_id, one.result, queue=one.queue)
        for one in accepting
        if one.result is not None and one.answer.duplicate
    ]
    later, updates, again = _later(sql, [*parsed, *there], known)
    _make_months(sql, ((one.received, one.report) for one in later), known)
    found = _see_envoys(sql, [*arrived, *later])
    store_rows(sql, found, known)
    sql.update(schema.raw, ("raw_id",), _PARSED, updates)
    unparsable = [one.result for one in fresh if one.result and not one.report]
    if unparsable or any(one[1] == ParseState.UNPARSABLE for one in updates):
        _forget_unparsable(sql)
    sql.insert(schema.outbox, _OUTBOX, queued, _QUEUE)
    _keep_again(sql, accepting, {raw_id for raw_id, _ in again})
    enqueue(sql, again)


def _accept(
    sql: Sql, waiting: Sequence[Accepting], known_here: Known
) -> list[Accepting]:
    """Store requests; the same bytes again count and leave a receipt.

    One body may come by an import, as a task that is done and as a report. What is
    kept beside it, where it goes on to and what became of it there, is of the
    request that says most.

    Returns: those whose bytes were not here before.

    Raises:
        Raced: do the transaction again.
    """
    if not waiting:
        return []
    known = _states(sql, [one.digest for one in waiting])
    first = {one.digest: one for one in reversed(waiting) if one.digest not in known}
    fresh = [one for one in waiting if first.get(one.digest) is one]
    if fresh:
        _know_envoys(sql, [one.report for one in fresh], known_here)
        rows = [_raw_row(one, known_here) for one in fresh]
        if sql.insert(schema.raw, _RAW, rows, "DO NOTHING") != len(rows):
            raise Raced
        added = _states(sql, list(first))
        _see_that_time_goes_on([row[0] for row in added.values()], known_here)
        known |= added
        bodies = [(known[one.digest][0], one.raw) for one in fresh]
        _keep_bodies(sql, bodies)
    others = [one for one in waiting if first.get(one.digest) is not one]
    _count_again(sql, [known[one.digest][0] for one in others])
    again = []
    for one in waiting:
        is_first = first.get(one.digest) is one
        if _rank(one.raw.path) > _rank(known[one.digest][3]):
            known[one.digest] = _take_over(sql, one.raw, known[one.digest])
        raw_id, parse_state, forward_state, _ = known[one.digest]
        one.answer = Accepted(
            raw_id, not is_first, ParseState(parse_state), ForwardState(forward_state)
        )
        if not is_first:
            again.append((raw_id, one.raw.received, *_place(one.raw)))
    sql.insert(schema.receipt, _RECEIPT, again, "DO NOTHING")
    return fresh


def _count_again(sql: Sql, raw_ids: Iterable[int]) -> None:
    """Count what comes once more, and keep it from being pruned meanwhile.

    Raises:
        Raced: it was; do the transaction again.
    """
    count = "UPDATE raw SET times_received = times_received + 1 WHERE raw_id = ?"
    for raw_id in sorted(raw_ids):
        if not sql.count(count, (raw_id,)):
            raise Raced


def _make_months(
    sql: Sql, bodies: Iterable[tuple[int, Report | None]], known: Known
) -> None:
    """Make the pieces of tables that some bodies need, by when these came."""
    if sql.postgres:
        for received, report in bodies:
            moments = moments_of(report) if report else ()
            known.make_months(sql, (received, *moments), received)


def _keep_bodies(sql: Sql, bodies: Sequence[tuple[int, RawReport]]) -> None:
    rows = [(raw_id, raw.body, raw.received) for raw_id, raw in bodies]
    sql.insert(schema.raw_body, _BODY, rows, "DO NOTHING")


def _keep_again(
    sql: Sql, accepting: Sequence[Accepting], wanted: Container[int]
) -> None:
    """Keep bodies that are to go somewhere, and were pruned while their rows wait."""
    found = {one.answer.raw_id: one.raw for one in accepting}
    asked = [(raw_id,) for raw_id in sorted(found) if raw_id in wanted]
    key = ("raw_id",)
    for (raw_id,) in sql.find(schema.raw_body, key, key, asked):
        del found[raw_id]
    _keep_bodies(
        sql, [(raw_id, found[raw_id]) for (raw_id,) in asked if raw_id in found]
    )


def _see_that_time_goes_on(numbers: list[int], known: Known) -> None:
    """Notice an earlier state of the database: PostgreSQL counts bodies upwards.

    Raises:
        StoreReplaced: once.
    """
    if min(numbers) <= known.newest:
        known.forget()
        raise StoreReplaced("an earlier state of the database was put back")
    known.newest = max(numbers)


def _states(sql: Sql, digests: list[str]) -> dict[str, _Known]:
    rows = sql.find(schema.raw, ("sha256",), _STATE, [(one,) for one in digests])
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def _rank(path: str) -> int:
    """Return how much a request says about its body: import, task, report."""
    return 1 + (not is_task(path)) if path else 0


def _take_over(sql: Sql, raw: RawReport, known: _Known) -> _Known:
    raw_id, parse_state, _, before = known
    names = ", ".join(_RECEIPT)
    sql.run(
        f"INSERT INTO receipt ({names}) SELECT {names} FROM raw"  # noqa: S608  our names
        " WHERE raw_id = ? AND path = ?",
        (raw_id, before),
    )
    # Another process may have done so meanwhile, and queued it.
    sql.run(
        "DELETE FROM answer WHERE raw_id ="
        " (SELECT raw_id FROM raw WHERE raw_id = ? AND path = ?)",
        (raw_id, before),
    )
    sql.run(
        "UPDATE raw SET peer = ?, path = ?, query = ?, headers = ?,"
        " forward_state = 'none', forward_problem = NULL"
        " WHERE raw_id = ? AND path = ?",
        (*_place(raw), raw_id, before),
    )
    return raw_id, parse_state, ForwardState.NONE.value, raw.path


def _place(raw: RawReport) -> tuple[str, str, str, str]:
    return raw.peer, raw.path, raw.query, as_text(raw.headers)


def _raw_row(one: Accepting, known: Known) -> tuple[object, ...]:
    raw, report = one.raw, one.report
    queued = one.queue and report is not None
    state = ForwardState.QUEUED if queued else ForwardState.NONE
    row = (one.digest, raw.received, 1, *_place(raw), len(raw.body), state.value)
    if report is not None:
        envoy_id = known.envoys[report.envoy.serial_num]
        return (*row, *_state_of(envoy_id, report, raw.query))
    if one.result is not None:
        return (*row, *_unparsable(one.result.problem))
    return (*row, ParseState.PENDING.value, None, *_NOTHING)


def _later(
    sql: Sql, bodies: Sequence[Parsed], known: Known
) -> tuple[list[_Arrived], list[tuple[object, ...]], list[tuple[int, int]]]:
    """Look what is still to be done with bodies that are stored.

    Returns: reports whose rows are missing, states of bodies, bodies for the outbox.
    """
    waiting: dict[int, Parsed] = {}
    for one in bodies:
        before = waiting.setdefault(one.raw_id, one)
        before.queue = before.queue or one.queue
    # Not locked: where two processes parse the same body, one of them has Raced.
    states = sql.find(
        schema.raw, ("raw_id",), _RAW_STATE, [(raw_id,) for raw_id in sorted(waiting)]
    )
    _know_envoys(sql, [one.result.report for one in waiting.values()], known)
    arrived: list[_Arrived] = []
    updates: list[tuple[object, ...]] = []
    queued: list[tuple[int, int]] = []
    for raw_id, received, parse_state, forward_state, query in states:
        parsed = waiting[raw_id]
        report = parsed.result.report
        if report is None:
            if parse_state == ParseState.PENDING:
                updates.append((raw_id, *_unparsable(parsed.result.problem)))
            continue
        envoy_id = known.envoys[report.envoy.serial_num]
        if parse_state != ParseState.PARSED:
            arrived.append(_Arrived(raw_id, envoy_id, received, report))
            updates.append((raw_id, *_state_of(envoy_id, report, query)))
        if parsed.queue and forward_state not in _NOT_AGAIN:
            queued.append((raw_id, envoy_id))
    return arrived, updates, queued


def _forget_unparsable(sql: Sql) -> None:
    """Drop the oldest bodies that nobody understands, beyond so many or so much."""
    kept, size = 0, 0
    rows = sql.rows(
        "SELECT raw_id, size FROM raw WHERE parse_state = 'unparsable'"
        " ORDER BY raw_id DESC"
    )
    for number, length in rows:
        kept, size = kept + 1, size + length
        if kept > UNPARSABLE_ROWS or size > UNPARSABLE_BYTES:
            old = "(SELECT raw_id FROM raw WHERE parse_state = 'unparsable' AND raw_id"
            for table in ("raw_body", "receipt", "answer", "raw"):
                sql.run(
                    f"DELETE FROM {table} WHERE raw_id IN {old} <= ?)",  # noqa: S608
                    (number,),
                )
            return


def _unparsable(problem: str | None) -> tuple[object, ...]:
    return (ParseState.UNPARSABLE.value, problem, *_NOTHING)


def _state_of(envoy_id: int, report: Report, query: str) -> tuple[object, ...]:
    odd = [row.kind for row in report.odd_rows]
    return (
        ParseState.PARSED.value,
        None,
        envoy_id,
        report.report_timestamp,
        report.webcomm_version or _version_of(query),
        len(report.intervals) + odd.count("interval"),
        len(report.readings) + odd.count("reading"),
        len(report.events) + odd.count("event"),
        len(report.devices) + odd.count("device"),
        report.odd_count,
        report.unknown_count,
    )


def _version_of(query: str) -> str | None:
    # webcomm 3.0 names its version in the query alone.
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == "webcomm_version" and value:
            return value
    return None


def _know_envoys(sql: Sql, reports: Iterable[Report | None], known: Known) -> None:
    """Look up the Envoys of some reports; those that are new get a row."""
    serials = {report.envoy.serial_num for report in reports if report is not None}
    new = [(serial,) for serial in sorted(serials - known.envoys.keys())]
    sql.insert(schema.envoy, ("serial_num",), new, "DO NOTHING")
    names = ("serial_num", "envoy_id")
    known.envoys.update(sql.find(schema.envoy, names[:1], names, new))


def _see_envoys(sql: Sql, arrived: Sequence[_Arrived]) -> list[ParsedBody]:
    """Note when Envoys reported, and where; return the reports with their zones."""
    seen: dict[int, tuple[str, str | None, int]] = {}
    for one in arrived:
        envoy = one.report.envoy
        _, zone, latest = seen.get(one.envoy_id, ("", None, one.received))
        zone = named_zone(envoy.timezone) or zone
        latest = max(latest, one.received)
        seen[one.envoy_id] = (envoy.serial_num, zone, latest)
    # In one order everywhere, or two processes could wait for each other.
    rows = [(envoy_id, *seen[envoy_id]) for envoy_id in sorted(seen)]
    sql.insert(schema.envoy, _ENVOY, rows, _SEE)
    zones = {envoy_id: zone for envoy_id, _, zone, _ in rows}
    silent = [(envoy_id,) for envoy_id, zone in zones.items() if zone is None]
    zones.update(sql.find(schema.envoy, _ENVOY[:1], ("envoy_id", "timezone"), silent))
    return [
        ParsedBody(
            *one[:4], named_zone(one.report.envoy.timezone) or zones[one.envoy_id]
        )
        for one in arrived
    ]


def is_of_report(sql: Sql, raw_id: int) -> bool:
    """Tell whether a body came as a report, not only as a task that is done."""
    rows = sql.rows("SELECT path FROM raw WHERE raw_id = ?", (raw_id,))
    return not any(is_task(path) for (path,) in rows)


def keep_answer(sql: Sql, raw_id: int, answer: DeliveryAnswer) -> None:
    """Keep the last answer to a body."""
    sql.run(
        "INSERT INTO answer (raw_id, status, headers, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (raw_id) DO UPDATE SET status = excluded.status,"
        " headers = excluded.headers, body = excluded.body",
        (raw_id, answer.status, as_text(answer.headers), answer.body),
    )


def forwarded(
    sql: Sql, raw_id: int, answer: DeliveryAnswer, refusal: str | None
) -> None:
    """Keep an answer that was relayed, and the state it means."""
    keep_answer(sql, raw_id, answer)
    state, keeps = ForwardState.FORWARDED, "('forwarded')"
    if refusal is None:
        sql.run("DELETE FROM outbox WHERE raw_id = ?", (raw_id,))
    else:
        state = ForwardState.REFUSED
        keeps = "('forwarded', 'queued', 'stuck', 'dead_letter')"
    sql.run(
        "UPDATE raw SET forward_state = ?, forward_problem = ?"  # noqa: S608  our words
        f" WHERE raw_id = ? AND forward_state NOT IN {keeps}",
        (state.value, refusal, raw_id),
    )


def refused(
    sql: Sql, raw_id: int, answer: DeliveryAnswer | None, try_: FailedTry
) -> None:
    """Note that a queued body was sent in vain; it may stand aside from now on."""
    if answer is not None:
        keep_answer(sql, raw_id, answer)
    state = try_.state or ForwardState.QUEUED
    if state is ForwardState.DEAD_LETTER:
        sql.run("DELETE FROM outbox WHERE raw_id = ?", (raw_id,))
    else:
        sql.run(
            "UPDATE outbox SET tries = ?, refused_since = ?, next_try = ?, stuck = ?"
            " WHERE raw_id = ?",
            (
                *(try_.tries, try_.refused_since, try_.next_try),
                *(state is ForwardState.STUCK, raw_id),
            ),
        )
    sql.run(
        "UPDATE raw SET forward_state = ?, forward_problem = ?"
        " WHERE raw_id = ? AND forward_state IN ('queued', 'stuck')",
        (state.value, try_.problem, raw_id),
    )


def requeue(sql: Sql, raw_ids: Sequence[int]) -> int:
    """Queue bodies again as if they were new; return how many were."""
    names = ("raw_id", "envoy_id", "forward_state")
    found = sql.find(schema.raw, names[:1], names, [(raw_id,) for raw_id in raw_ids])
    queued = [row[:2] for row in found if row[1] is not None and row[2] in _OF_OUTBOX]
    enqueue(sql, queued)
    return len(queued)


def enqueue(sql: Sql, queued: Sequence[tuple[int, int]]) -> None:
    """Put bodies into the outbox; what is known of earlier tries is forgotten."""
    sql.insert(schema.outbox, _OUTBOX, queued, _QUEUE)
    states = [(raw_id, ForwardState.QUEUED.value) for raw_id, _ in queued]
    sql.update(schema.raw, ("raw_id",), ("forward_state",), states)


def failed(sql: Sql, raw_id: int, problem: str) -> None:
    """Keep why no answer came."""
    sql.run(
        "UPDATE raw SET forward_problem = ?, forward_state ="
        " CASE WHEN forward_state IN ('none', 'refused') THEN 'failed'"
        " ELSE forward_state END WHERE raw_id = ?",
        (problem, raw_id),
    )


def quarantine(sql: Sql, raw: RawReport, reason: str) -> None:
    """Keep a request apart; the oldest give way."""
    digest = hashlib.sha256(raw.body).hexdigest()
    sql.run(
        "INSERT INTO quarantine (sha256, received, times_received, reason, peer, path,"
        " query, headers, size, body) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET"
        " times_received = quarantine.times_received + 1",
        (
            digest,
            raw.received,
            reason,
            raw.peer,
            raw.path,
            raw.query,
            as_text(raw.headers),
            len(raw.body),
            raw.body,
        ),
    )
    kept, size = 0, 0
    rows = sql.rows(
        "SELECT quarantine_id, size FROM quarantine ORDER BY quarantine_id DESC"
    )
    for number, length in rows:
        kept, size = kept + 1, size + length
        if kept > QUARANTINE_ROWS or size > QUARANTINE_BYTES:
            sql.run("DELETE FROM quarantine WHERE quarantine_id <= ?", (number,))
            break
