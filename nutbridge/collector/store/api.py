"""The surface of the store: synchronous, for calls from any thread.

One thread writes. What several threads ask for at the same time becomes one
transaction and one wait for the disk; a call returns when its part is durable.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from sqlalchemy import Engine

from nutbridge.collector.errors import StoreDown, StoreError
from nutbridge.collector.parse.model import ParseResult, RawReport
from nutbridge.collector.store import jobs
from nutbridge.collector.store.engine import (
    connect,
    parse_url,
    translated,
)
from nutbridge.collector.store.ingest import Known
from nutbridge.collector.store.lead import lead_of
from nutbridge.collector.store.migrations import bring_up
from nutbridge.collector.store.sql import Sql
from nutbridge.collector.store.states import (
    Accepted,
    Counters,
    DeliveryAnswer,
    ForwardState,
    StoredRaw,
)
from nutbridge.collector.store.writer import Batch, Writer

_T = TypeVar("_T")

_SUCCESS = range(200, 300)
_STORED = (
    "SELECT r.raw_id, r.received, r.path, r.query, r.headers, b.body, e.serial_num"
    " FROM raw r JOIN raw_body b ON b.raw_id = r.raw_id"
    " LEFT JOIN envoy e ON e.envoy_id = r.envoy_id WHERE r.raw_id = ?"
)
_HEADS = (
    "SELECT min(raw_id) FROM outbox WHERE NOT stuck GROUP BY envoy_id"
    " ORDER BY min(raw_id) LIMIT ?"
)
_FIRST = "SELECT raw_id FROM outbox WHERE NOT stuck ORDER BY raw_id LIMIT 1"
_COUNTS = (
    "SELECT (SELECT count(*) FROM raw),"
    " (SELECT count(*) FROM raw WHERE parse_state = 'pending'),"
    " (SELECT count(*) FROM outbox),"
    " (SELECT count(*) FROM raw WHERE forward_state = 'dead_letter'),"
    " (SELECT count(*) FROM quarantine)"
)


class Store:
    """An open database.

    Every method may be called from any thread. Methods that write block until
    the transaction is durable and raise StoreFull (no room), StoreBusy (locked
    by another process for longer than the bound) or StoreDown (no connection,
    broken file); nothing of the call is stored then, and it may be repeated.
    """

    def __init__(self, engine: Engine, writing: Engine) -> None:
        self.engine = engine
        self._writing = writing
        self._known = Known()
        self._writer = Writer(writing, self._finish, self._known.forget)
        self._lead = lead_of(engine)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the database, make or migrate its tables.

        Args:
            url: of SQLAlchemy, e.g. ``sqlite:////var/lib/x/reports.db``,
                ``postgresql://user@host/name`` (psycopg 3 is used); a path without
                ``://`` is an SQLite file.
            create: False: a database that is not there is an error, and an older
                schema is not migrated.

        Raises:
            StoreError: no such database, a newer schema, no access.
        """
        address = parse_url(url)
        engine = connect(address, create=create)
        try:
            with (
                translated(address),
                engine.execution_options(writes=create).begin() as connection,
            ):
                bring_up(connection, int(time.time()), create=create)
        except StoreError:
            engine.dispose()
            raise
        return cls(engine, connect(address, create=False, writer=True))

    def close(self) -> None:
        """Write what was asked for, then close. Later calls raise StoreDown."""
        self._writer.close()
        self._lead.drop()
        self._writing.dispose()
        self.engine.dispose()

    def accept(self, raw: RawReport) -> Accepted:
        """Store a raw request durably. The same bytes again only count."""
        digest = hashlib.sha256(raw.body).hexdigest()
        one = jobs.Accepting(raw, digest)
        self._write(lambda batch: batch.accepting.append(one))
        if one.answer is None:
            raise StoreDown("the store gave no answer")
        return one.answer

    def parsed(self, raw_id: int, result: ParseResult, *, queue: bool = False) -> None:
        """Store the rows and the state of a body, and queue it, all or none.

        May be repeated: rows come once; a body already queued, forwarded or dead
        is not queued again. ``queue`` is ignored when ``result`` is no report.
        """
        one = jobs.Parsed(raw_id, result, queue=queue)
        self._write(lambda batch: batch.parsed.append(one))

    def add(self, found: Sequence[tuple[RawReport, ParseResult]]) -> list[bool]:
        """Store bodies that were parsed already, all or none; for the import.

        Returns: for each, whether it is new.
        """
        accepting = [
            jobs.Accepting(raw, hashlib.sha256(raw.body).hexdigest())
            for raw, _ in found
        ]

        def job(batch: Batch) -> None:
            jobs.accept(batch.sql, accepting, self._known)
            batch.parsed += [
                jobs.Parsed(one.answer.raw_id, result, queue=False)
                for one, (_, result) in zip(accepting, found, strict=True)
                if one.answer is not None
            ]

        self._write(job)
        return [
            one.answer is not None and not one.answer.duplicate for one in accepting
        ]

    def unparsed(self) -> Iterator[StoredRaw]:
        """Yield bodies that were accepted but never parsed (a crash between)."""
        ids = self._read(
            "SELECT raw_id FROM raw WHERE parse_state = 'pending' ORDER BY raw_id"
        )
        for (raw_id,) in ids:
            yield from self._stored(raw_id)

    def lead_outbox(self) -> bool:
        """Try to be the one process that empties the outbox; keep it if so.

        Several collectors may share a database; one at a time forwards what is
        queued, whoever accepted it, so that the order of an Envoy holds. The
        lead ends with ``close`` or with the process (PostgreSQL: with the
        connection: call again before each round).
        """
        return self._lead.take()

    def outbox_heads(self, limit: int = 64) -> list[StoredRaw]:
        """Return the oldest queued body of each Envoy, oldest first."""
        # The oldest of all is at the begin of the table's own order.
        heads = self._read(_HEADS, limit) if limit > 1 else self._read(_FIRST)
        return [one for (raw_id,) in heads for one in self._stored(raw_id)]

    def forwarded(
        self,
        raw_id: int,
        answer: DeliveryAnswer,
        *,
        wait: bool = True,
        task: bool = False,
    ) -> None:
        """Note an answer; a 2xx takes the body out of the outbox.

        2xx is kept as ``forwarded``, others as ``refused`` (the body stays in the
        outbox if it is there; once forwarded it stays so). ``wait=False`` returns
        at once, and the note is stored with the next transaction. ``task``: it
        went out as a task that is done; says nothing where it came as a report too.
        """
        state = ForwardState.REFUSED
        if answer.status in _SUCCESS:
            state = ForwardState.FORWARDED

        def job(batch: Batch) -> None:
            if not (task and jobs.is_of_report(batch.sql, raw_id)):
                jobs.forwarded(batch.sql, raw_id, answer, state)

        self._later(job, wait=wait)

    def failed(
        self, raw_id: int, problem: str, *, wait: bool = False, task: bool = False
    ) -> None:
        """Note that no answer came; a queued body stays queued."""

        def job(batch: Batch) -> None:
            if not (task and jobs.is_of_report(batch.sql, raw_id)):
                jobs.failed(batch.sql, raw_id, problem)

        self._later(job, wait=wait)

    def dead_letter(self, raw_id: int, answer: DeliveryAnswer) -> None:
        """Take a body out of the outbox for good; body and answer are kept."""
        state = ForwardState.DEAD_LETTER
        self._write(lambda batch: jobs.forwarded(batch.sql, raw_id, answer, state))

    def quarantine(self, raw: RawReport, reason: str) -> None:
        """Keep a request that is not let in; the newest 1000 distinct bodies."""
        self._write(lambda batch: jobs.quarantine(batch.sql, raw, reason))

    def counters(self) -> Counters:
        """Count what is kept."""
        return Counters(*self._read(_COUNTS)[0])

    def _finish(self, batch: Batch) -> None:
        jobs.accept(batch.sql, batch.accepting, self._known)
        jobs.store_parsed(batch.sql, batch.parsed, self._known)

    def _write(self, job: Callable[[Batch], _T]) -> _T:
        return self._writer.ask(job).result()

    def _later(self, job: Callable[[Batch], None], *, wait: bool) -> None:
        future: Future[None] = self._writer.ask(job)
        if wait:
            future.result()

    def _read(self, statement: str, *values: Any) -> list[Any]:
        with translated(self.engine.url), self.engine.connect() as connection:
            return Sql(connection).rows(statement, values)

    def _stored(self, raw_id: int) -> list[StoredRaw]:
        return [
            StoredRaw(
                row[0], row[1], row[2], row[3], _pairs(row[4]), bytes(row[5]), row[6]
            )
            for row in self._read(_STORED, raw_id)
        ]


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(text))
