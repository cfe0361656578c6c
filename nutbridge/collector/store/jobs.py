"""What the writer does for each call of the store, inside of a transaction."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nutbridge.collector.errors import StoreReplaced
from nutbridge.collector.parse.model import (
    ParseResult,
    RawReport,
    Report,
    is_task,
)
from nutbridge.collector.store import partitions, schema
from nutbridge.collector.store.ingest import Known, Raced, store_rows
from nutbridge.collector.store.panels import ParsedBody
from nutbridge.collector.store.sql import Sql
from nutbridge.collector.store.states import (
    Accepted,
    DeliveryAnswer,
    ForwardState,
    ParseState,
)

#: What quarantine keeps: the newest, in number and in bytes.
QUARANTINE_ROWS = 1000
QUARANTINE_BYTES = 64 * 1024 * 1024
#: What is kept of bodies that nobody understands: the newest, in bytes.
UNPARSABLE_BYTES = 64 * 1024 * 1024

_RAW = (
    *("sha256", "received", "times_received", "peer", "path", "query", "headers"),
    *("size", "parse_state", "intervals", "readings", "events", "devices"),
    *("odd_count", "unknown_count", "forward_state"),
)
_RECEIPT = ("raw_id", "received", "peer", "path", "query", "headers")
_BODY = ("raw_id", "body", "received")
_STATE = ("sha256", "raw_id", "parse_state", "forward_state", "path")
_PARSED = (
    *("parse_state", "problem", "envoy_id", "report_timestamp", "webcomm_version"),
    *("intervals", "readings", "events", "devices", "odd_count", "unknown_count"),
)
_RAW_STATE = ("raw_id", "received", "parse_state", "forward_state", "query")
_OUTBOX = ("raw_id", "envoy_id")
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
        now: Unix seconds.
        next_try: not before, Unix seconds; None: at any time.
        state: where it goes; None: it stays at the head.
    """

    problem: str
    now: int
    next_try: int | None
    state: ForwardState | None = None


class Accepting:
    """A request that waits for the end of its batch, and then has its answer."""

    def __init__(self, raw: RawReport, digest: str) -> None:
        self.raw = raw
        self.digest = digest
        self.answer: Accepted | None = None


def accept(sql: Sql, waiting: Sequence[Accepting], known_here: Known) -> None:
    """Store requests; the same bytes again count and leave a receipt.

    One body may come by an import, as a task that is done and as a report. What is
    kept beside it, where it goes on to and what became of it there, is of the
    request that says most.

    Raises:
        Raced: do the transaction again.
    """
    if not waiting:
        return
    known = _states(sql, [one.digest for one in waiting])
    fresh = {one.digest: one for one in reversed(waiting) if one.digest not in known}
    rows = [_raw_row(one) for one in waiting if fresh.get(one.digest) is one]
    if rows:
        if sql.insert(schema.raw, _RAW, rows, "DO NOTHING") != len(rows):
            raise Raced
        added = _states(sql, list(fresh))
        _see_that_time_goes_on([row[0] for row in added.values()], known_here)
        known |= added
    bodies = [
        (known[digest][0], one.raw.body, one.raw.received)
        for digest, one in fresh.items()
    ]
    if sql.postgres:
        months = {
            month
            for body in bodies
            for month in partitions.months_of(body[2:], body[2])
        }
        partitions.make(sql, months - known_here.months)
        known_here.months |= months
    sql.insert(schema.raw_body, _BODY, bodies, "DO NOTHING")
    again = []
    for one in waiting:
        first = fresh.get(one.digest) is one
        if _rank(one.raw.path) > _rank(known[one.digest][3]):
            known[one.digest] = _take_over(sql, one.raw, known[one.digest])
        raw_id, parse_state, forward_state, _ = known[one.digest]
        one.answer = Accepted(
            raw_id, not first, ParseState(parse_state), ForwardState(forward_state)
        )
        if not first:
            again.append((raw_id, one.raw.received, *_place(one.raw)))
    sql.insert(schema.receipt, _RECEIPT, again, "DO NOTHING")
    for raw_id, *_ in again:
        sql.run(
            "UPDATE raw SET times_received = times_received + 1 WHERE raw_id = ?",
            (raw_id,),
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


def _raw_row(one: Accepting) -> tuple[object, ...]:
    raw = one.raw
    counts = (0, 0, 0, 0, 0, 0)
    place = (*_place(raw), len(raw.body))
    return (one.digest, raw.received, 1, *place, "pending", *counts, "none")


def store_parsed(sql: Sql, bodies: Sequence[Parsed], known: Known) -> None:
    """Store the rows, states and outbox entries of all parsed bodies of a batch.

    Args:
        sql: the transaction.
        bodies: what was parsed.
        known: what need not be looked up, extended here.
    """
    waiting: dict[int, Parsed] = {}
    for one in bodies:
        before = waiting.setdefault(one.raw_id, one)
        before.queue = before.queue or one.queue
    if not waiting:
        return
    # Not locked: where two processes parse the same body, one of them has Raced.
    states = sql.find(
        schema.raw, ("raw_id",), _RAW_STATE, [(raw_id,) for raw_id in sorted(waiting)]
    )
    found, updates, queued = [], [], []
    for raw_id, received, parse_state, forward_state, query in states:
        parsed = waiting[raw_id]
        report = parsed.result.report
        if report is None:
            if parse_state == ParseState.PENDING:
                updates.append(_unparsable(raw_id, parsed.result.problem))
            continue
        envoy_id = _envoy_id(sql, report.envoy.serial_num, known.envoys)
        if parse_state != ParseState.PARSED:
            zone = _see_envoy(sql, envoy_id, received, report.envoy.timezone)
            found.append(ParsedBody(raw_id, envoy_id, received, report, zone))
            updates.append(_state_of(raw_id, envoy_id, report, query))
        if parsed.queue and forward_state not in _NOT_AGAIN:
            queued.append((raw_id, envoy_id))
    store_rows(sql, found, known)
    sql.update(schema.raw, ("raw_id",), _PARSED, updates)
    if any(update[1] == ParseState.UNPARSABLE for update in updates):
        _forget_unparsable(sql)
    enqueue(sql, queued)


def _forget_unparsable(sql: Sql) -> None:
    """Drop the oldest bodies that nobody understands, beyond so many bytes."""
    size = 0
    rows = sql.rows(
        "SELECT raw_id, size FROM raw WHERE parse_state = 'unparsable'"
        " ORDER BY raw_id DESC"
    )
    for number, length in rows:
        size += length
        if size > UNPARSABLE_BYTES:
            old = "(SELECT raw_id FROM raw WHERE parse_state = 'unparsable' AND raw_id"
            for table in ("raw_body", "receipt", "answer", "raw"):
                sql.run(
                    f"DELETE FROM {table} WHERE raw_id IN {old} <= ?)",  # noqa: S608
                    (number,),
                )
            return


def _unparsable(raw_id: int, problem: str | None) -> tuple[object, ...]:
    nothing = (None, None, None, 0, 0, 0, 0, 0, 0)
    return (raw_id, ParseState.UNPARSABLE.value, problem, *nothing)


def _state_of(
    raw_id: int, envoy_id: int, report: Report, query: str
) -> tuple[object, ...]:
    odd = [row.kind for row in report.odd_rows]
    return (
        raw_id,
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


def _envoy_id(sql: Sql, serial: str, envoys: dict[str, int]) -> int:
    if serial not in envoys:
        sql.run(
            "INSERT INTO envoy (serial_num) VALUES (?) ON CONFLICT DO NOTHING",
            (serial,),
        )
        ((envoys[serial],),) = sql.rows(
            "SELECT envoy_id FROM envoy WHERE serial_num = ?", (serial,)
        )
    return envoys[serial]


def _see_envoy(sql: Sql, envoy_id: int, received: int, zone: str | None) -> str | None:
    """Note when an Envoy reported, and where; return the zone of this report."""
    sql.run(
        "UPDATE envoy SET timezone = coalesce(?, timezone), last_received ="
        " CASE WHEN last_received > ? THEN last_received ELSE ? END WHERE envoy_id = ?",
        (zone, received, received, envoy_id),
    )
    if zone is not None:
        return zone
    rows = sql.rows("SELECT timezone FROM envoy WHERE envoy_id = ?", (envoy_id,))
    return rows[0][0] if rows else None


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
            "UPDATE outbox SET tries = tries + 1, next_try = ?, stuck = ?,"
            " refused_since = coalesce(refused_since, ?) WHERE raw_id = ?",
            (try_.next_try, state is ForwardState.STUCK, try_.now, raw_id),
        )
    sql.run(
        "UPDATE raw SET forward_state = ?, forward_problem = ?"
        " WHERE raw_id = ? AND forward_state IN ('queued', 'stuck')",
        (state.value, try_.problem, raw_id),
    )


def requeue(sql: Sql, raw_ids: Sequence[int]) -> int:
    """Queue bodies again as if they were new; return how many were."""
    count = 0
    for raw_id in raw_ids:
        rows = sql.rows(
            "SELECT raw_id, envoy_id FROM raw WHERE raw_id = ? AND envoy_id IS NOT NULL"
            " AND forward_state IN ('queued', 'stuck', 'dead_letter')",
            (raw_id,),
        )
        enqueue(sql, [(row[0], row[1]) for row in rows])
        count += len(rows)
    return count


def enqueue(sql: Sql, queued: Sequence[tuple[int, int]]) -> None:
    """Put bodies into the outbox; what is known of earlier tries is forgotten."""
    sql.insert(
        schema.outbox,
        _OUTBOX,
        queued,
        "(raw_id) DO UPDATE SET stuck = FALSE, tries = 0, refused_since = NULL,"
        " next_try = NULL",
    )
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
