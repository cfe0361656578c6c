"""The surface of the store: synchronous, for calls from any thread.

One thread writes. What several threads ask for at the same time becomes one
transaction and one wait for the disk; a call returns when its part is durable.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Self, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from nutbridge.collector.errors import StoreDamaged, StoreError, StoreReplaced
from nutbridge.collector.parse.model import ParseResult, RawReport
from nutbridge.collector.store import jobs
from nutbridge.collector.store.dates import DAY
from nutbridge.collector.store.engine import (
    connect,
    is_sqlite,
    parse_url,
    shown,
    translate,
    translated,
)
from nutbridge.collector.store.identity import identity_of
from nutbridge.collector.store.ingest import Known
from nutbridge.collector.store.jobs import FailedTry
from nutbridge.collector.store.lead import lead_of
from nutbridge.collector.store.migrations import Progress, bring_up, silent
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
#: Of files that have no name any longer: never closed, as long as the process lives.
#: SQLite would write into, and remove, what has their names now.
_LEFT: list[Engine] = []

_log = logging.getLogger(__name__)

_STORED = (
    "SELECT r.raw_id, r.received, r.path, r.query, r.headers, b.body, e.serial_num,"
    " r.envoy_id, coalesce(o.tries, 0), o.refused_since, coalesce(o.stuck, FALSE)"
    " FROM raw r JOIN raw_body b ON b.raw_id = r.raw_id"
    " LEFT JOIN envoy e ON e.envoy_id = r.envoy_id"
    " LEFT JOIN outbox o ON o.raw_id = r.raw_id WHERE r.raw_id = ?"
)
_SUCCESS = range(200, 300)
_HOUR = 3600
#: What became of a queued body that is not there.
_GONE = FailedTry(
    "its body is no longer in the database", 0, None, None, ForwardState.DEAD_LETTER
)
#: Bodies that are queued again in one transaction.
_SOME = 1000
#: From one Envoy to the next by the index: as many looks as there are Envoys with
#: something in the outbox, however much they have. A time to try again that is
#: farther away than any pause (5 minutes, a day) was noted by another clock. What was
#: never sent goes first, then what has been due for longest.
_HEADS = (
    "WITH RECURSIVE n(now, clock, late) AS (SELECT CAST(? AS BIGINT),"  # noqa: S608
    " CAST(? AS BIGINT), CAST(? AS BIGINT)),"
    " e(envoy_id) AS (SELECT min(envoy_id) FROM outbox WHERE NOT stuck"
    " UNION ALL SELECT (SELECT min(envoy_id) FROM outbox WHERE NOT stuck"
    " AND envoy_id > e.envoy_id) FROM e WHERE e.envoy_id IS NOT NULL),"
    " h AS (SELECT o.raw_id, o.next_try FROM e JOIN outbox o ON o.raw_id ="
    " (SELECT min(raw_id) FROM outbox WHERE NOT stuck AND envoy_id = e.envoy_id)"
    " WHERE o.next_try IS NULL OR o.next_try <= (SELECT now FROM n)"
    f" OR o.next_try > (SELECT clock + {_HOUR} FROM n)"
    " UNION ALL SELECT raw_id, next_try FROM outbox"
    " WHERE stuck AND next_try <= (SELECT now FROM n)"
    " UNION ALL SELECT raw_id, next_try FROM outbox"
    f" WHERE stuck AND next_try > (SELECT clock + {DAY + _HOUR} FROM n))"
    " SELECT raw_id FROM h ORDER BY CASE WHEN next_try > (SELECT late FROM n)"
    " THEN next_try ELSE 0 END, raw_id LIMIT ?"
)
_NEXT = (
    "SELECT min(raw_id) FROM outbox WHERE NOT stuck AND raw_id > ? AND envoy_id ="
    " (SELECT envoy_id FROM outbox WHERE raw_id = ?)"
)
#: Room that is kept for Envoys that were here before, bytes; not more than a
#: twentieth of the disk.
KEPT_FREE = 256 << 20
#: Later than any time.
_EVER = 1 << 50
_COUNTS = (
    "SELECT (SELECT count(*) FROM raw),"
    " (SELECT count(*) FROM raw WHERE parse_state = 'pending'),"
    " (SELECT count(*) FROM outbox),"
    " (SELECT count(*) FROM outbox WHERE stuck),"
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
        self._identity = identity_of(engine)
        self._known = Known()
        self._writer = Writer(
            writing.url, self._transaction, self._finish, self._known.forget
        )
        self._lead = lead_of(engine)
        #: Found once: what goes into such a file may not come out again.
        self._damage: str | None = None

    @classmethod
    def open(
        cls, url: str, *, create: bool = True, progress: Progress = silent
    ) -> Self:
        """Open the database, make or migrate its tables.

        Args:
            url: of SQLAlchemy, e.g. ``sqlite:////var/lib/x/reports.db``,
                ``postgresql://user@host/name`` (psycopg 3 is used); a path without
                ``://`` is an SQLite file.
            create: False: a database that is not there is an error, and an older
                schema is not migrated.
            progress: told how far a migration is.

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
                now = int(time.time())
                bring_up(connection, now, create=create, progress=progress)
        except StoreError:
            engine.dispose()
            raise
        with translated(address):
            return cls(engine, connect(address, create=False, writer=True))

    def close(self) -> None:
        """Write what was asked for, then close. Later calls raise StoreDown."""
        self._writer.close()
        self._lead.drop()
        try:
            self._identity.look()
        except StoreReplaced as exc:
            if not exc.log_gone:
                _LEFT.extend((self._writing, self.engine))
                return
        self._writing.dispose()
        self.engine.dispose()

    def take(
        self, raw: RawReport, result: ParseResult | None, *, queue: bool = False
    ) -> "Future[jobs.Accepting]":
        """Store a request, with the rows of its report and its place in the outbox.

        Does not wait: the future has its outcome when all of it is durable, or none.
        The same bytes again only count, unless something is still to be done with
        them; a body that is queued, was forwarded or is dead is not queued again.

        Args:
            raw: the request.
            result: what was found in it; None: nobody looked yet (``unparsed``).
            queue: put it into the outbox; where it is no report this says nothing.
        """
        one = jobs.Accepting(raw, result, queue=queue)

        def job(batch: Batch) -> jobs.Accepting:
            batch.accepting.append(one)
            return one

        return self._writer.ask(job)

    def accept(self, raw: RawReport) -> Accepted:
        """Store a raw request alone, durably. The same bytes again only count."""
        return self.take(raw, None).result().answer

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
        accepting = [jobs.Accepting(raw, result) for raw, result in found]
        self._write(lambda batch: batch.accepting.extend(accepting))
        return [not one.answer.duplicate for one in accepting]

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

    def outbox_heads(
        self, limit: int = 64, now: int | None = None, *, late: int | None = None
    ) -> list[StoredRaw]:
        """Return the oldest queued body of each Envoy, oldest first.

        Args:
            limit: at most so many.
            now: only those that may go out at this time, with those that stand
                aside and are to be tried again; None: all of them but these.
            late: what has been due since then, Unix seconds, takes its turn by age
                again; None: what was never sent goes before all that was.
        """
        moment = _EVER if now is None else now
        turn = -1 if late is None else late
        heads = self._read(_HEADS, moment, moment, turn, limit)
        found = []
        for (raw_id,) in heads:
            stored = self._stored(raw_id)
            if not stored:  # else it holds up those behind it for ever, unseen
                self.refused(raw_id, None, _GONE)
            found += stored
        return [one for one in found if now is not None or not one.stuck]

    def outbox_next(self, raw_id: int) -> StoredRaw | None:
        """Return what waits behind a queued body of the same Envoy."""
        ((found,),) = self._read(_NEXT, raw_id, raw_id)
        return None if found is None else next(iter(self._stored(found)), None)

    def forwarded(
        self,
        raw_id: int,
        answer: DeliveryAnswer,
        refusal: str | None = None,
        *,
        wait: bool = True,
        task: bool = False,
    ) -> None:
        """Note an answer.

        ``refusal`` says why the upstream did not take the body; None: it did, and
        the body leaves the outbox. One that is in the outbox stays there when it is
        refused, and once forwarded it stays so. ``wait=False`` returns at once, and
        the note is stored with the next transaction. ``task``: it went out as a task
        that is done; says nothing where it came as a report too.
        """
        if refusal is None and answer.status not in _SUCCESS:
            refusal = f"answered {answer.status}"

        def job(batch: Batch) -> None:
            if not (task and jobs.is_of_report(batch.sql, raw_id)):
                jobs.forwarded(batch.sql, raw_id, answer, refusal)

        self._later(job, wait=wait)

    def failed(
        self, raw_id: int, problem: str, *, wait: bool = False, task: bool = False
    ) -> None:
        """Note that no answer came; a queued body stays queued."""

        def job(batch: Batch) -> None:
            if not (task and jobs.is_of_report(batch.sql, raw_id)):
                jobs.failed(batch.sql, raw_id, problem)

        self._later(job, wait=wait)

    def refused(
        self, raw_id: int, answer: DeliveryAnswer | None, failed: FailedTry
    ) -> None:
        """Note that a queued body was not taken; body and answer are kept."""
        self._write(lambda batch: jobs.refused(batch.sql, raw_id, answer, failed))

    def write(self, call: Callable[[Sql], _T]) -> _T:
        """Do something in a transaction of its own kind."""
        return self._write(lambda batch: call(batch.sql))

    def requeue(self, raw_ids: Sequence[int]) -> int:
        """Queue bodies again that are dead, stuck or waiting; returns how many.

        In several transactions: a collector goes on meanwhile.
        """
        parts = (raw_ids[at : at + _SOME] for at in range(0, len(raw_ids), _SOME))
        return sum(self.write(partial(jobs.requeue, raw_ids=some)) for some in parts)

    def quarantine(self, raw: RawReport, reason: str) -> None:
        """Keep a request that is not let in; the newest 1000 distinct bodies."""
        self._write(lambda batch: jobs.quarantine(batch.sql, raw, reason))

    def counters(self) -> Counters:
        """Count what is kept.

        Raises:
            StoreReplaced: what is in use is not what has its name.
            StoreBusy: a transaction hangs.
        """
        self._identity.look()
        self._writer.look()
        return Counters(*self._read(_COUNTS)[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Sql]:
        """Open a transaction of the writer; what it wrote has the store's name."""
        try:
            self._identity.look()
        except StoreReplaced as exc:
            if not exc.elsewhere or not self._take_up():
                raise
        if self._damage is not None:
            raise StoreDamaged(self._damage)
        writing = self._writing.execution_options(writes=True)
        with self._noticing(), writing.begin() as connection:
            sql = Sql(connection)
            self._known.counted_from = self._identity.within(sql)
            yield sql
        self._identity.committed()
        self._identity.look()

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        """Take note of a database that is broken."""
        try:
            yield
        except (DBAPIError, StoreError) as exc:
            url = self.engine.url
            found = translate(exc, url) if isinstance(exc, DBAPIError) else exc
            if isinstance(found, StoreDamaged):
                self._damage = str(found)
            raise

    def _take_up(self) -> bool:
        """Open the copy of this store that has its name now; False: it is none."""
        url = self.engine.url
        if not self._identity.make_way():
            return False
        try:
            engine = connect(url, create=False, writer=True)
            with translated(url), engine.connect() as connection:
                bring_up(connection, 0, create=False)
                identity = identity_of(engine)
        except StoreError:
            return False
        _log.info("%s: a copy of the same store was put there, and is used", shown(url))
        _LEFT.extend((self.engine, self._writing))
        self.engine, self._identity = engine, identity
        self._writing = connect(url, create=False, writer=True)
        self._known.forget()
        self._damage = None
        return True

    def knows(self, serial: str | None) -> bool:
        """Tell whether an Envoy of that number reported before."""
        if serial is None:
            return False
        if serial in self._known.envoys:
            return True
        return bool(self._read("SELECT 1 FROM envoy WHERE serial_num = ?", serial))

    def room_is_low(self) -> bool:
        """Tell whether the disk has less room than is kept for known Envoys.

        PostgreSQL's is none of ours.
        """
        if not is_sqlite(self.engine.url):
            return False
        try:
            # A link to the file may be on another disk.
            path = os.path.realpath(str(self.engine.url.database))
            found = os.statvfs(os.path.dirname(path))
        except OSError:
            return False
        size = found.f_frsize * found.f_blocks
        return found.f_frsize * found.f_bavail < min(KEPT_FREE, size // 20)

    def _finish(self, batch: Batch) -> None:
        jobs.store_batch(batch.sql, batch.accepting, batch.parsed, self._known)

    def _write(self, job: Callable[[Batch], _T]) -> _T:
        return self._writer.ask(job).result()

    def _later(self, job: Callable[[Batch], None], *, wait: bool) -> None:
        future: Future[None] = self._writer.ask(job)
        if wait:
            future.result()

    def _read(self, statement: str, *values: Any) -> list[Any]:
        with (
            self._noticing(),
            translated(self.engine.url),
            self.engine.connect() as connection,
        ):
            return Sql(connection).rows(statement, values)

    def _stored(self, raw_id: int) -> list[StoredRaw]:
        return [
            StoredRaw(
                *(row[0], row[1], row[2], row[3], _pairs(row[4]), bytes(row[5])),
                *(row[6], row[7], row[8], row[9], bool(row[10])),
            )
            for row in self._read(_STORED, raw_id)
        ]


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(text))
