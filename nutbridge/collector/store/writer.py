"""The one thread that writes.

What is asked for while a transaction runs goes into the next one together: one
wait for the disk serves all. A job that fails by itself does not fail the others.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from nutbridge.collector.errors import (
    StoreBusy,
    StoreDown,
    StoreError,
    StoreRefused,
)
from nutbridge.collector.store.engine import BUSY_S, shown, translate
from nutbridge.collector.store.ingest import Raced
from nutbridge.collector.store.jobs import Accepting, Parsed
from nutbridge.collector.store.sql import Sql

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: Jobs of one transaction; more wait for the next.
_MOST = 64
#: Rounds when another process was faster, or the connection was stale.
_ROUNDS = 5

#: Where several ask at a time, the writer waits for more of them, s: half as many
#: transactions for the same reports. A single sender never waits.
_GATHER_S = 0.003
#: With so many waiting already it does not.
_ENOUGH = 24

#: A transaction that takes longer hangs: a disk or a server that says nothing any
#: more. Locks are waited for half as long, s.
STALLED_S = 2.0 * BUSY_S

Job = Callable[["Batch"], Any]
_Asked = tuple[Job, Future[Any]]


class Batch:
    """One transaction with all its jobs.

    Attributes:
        sql: for jobs that write at once.
        accepting: requests, stored at the end all together.
        parsed: parsed bodies, stored at the end all together.
    """

    def __init__(self, sql: Sql) -> None:
        self.sql = sql
        self.accepting: list[Accepting] = []
        self.parsed: list[Parsed] = []


class Writer:
    """Runs jobs in transactions, in the order they were asked for.

    Args:
        url: of the database, for texts of errors.
        begin: opens a transaction, and commits it.
        finish: called with each batch before it is committed.
        forget: called when a transaction came to nothing.
        monotonic: s, a clock that never goes back.
    """

    def __init__(
        self,
        url: URL,
        begin: Callable[[], AbstractContextManager[Sql]],
        finish: Callable[[Batch], None],
        forget: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._begin = begin
        self._finish = finish
        self._forget = forget
        self._monotonic = monotonic
        #: When the transaction under way began; None: there is none.
        self._begun: float | None = None
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="reports-writer")
        # A process that ends without close must not hang on it.
        self._thread.daemon = True
        self._thread.start()

    def ask(self, job: Callable[[Batch], _T]) -> "Future[_T]":
        """Queue a job.

        Raises:
            StoreError: it would not be done soon, or never.
        """
        self.look()
        future: Future[_T] = Future()
        with self._closing:
            if self._closed:
                raise StoreDown("the store is closed")
            if not self._thread.is_alive():
                raise StoreDown("the writer died; restart the collector")
            self._jobs.put((job, future))
        return future

    def look(self) -> None:
        """See that it goes on.

        Raises:
            StoreBusy: a transaction hangs; nobody knows for how long.
        """
        begun = self._begun
        if begun is not None and self._monotonic() - begun > STALLED_S:
            raise StoreBusy(
                f"{shown(self._url)}: a transaction hangs; its disk or server does not"
                " answer"
            )

    def close(self) -> None:
        """Write what was asked for, then end the thread."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        several = False
        while True:
            first = self._jobs.get()
            if first is None:
                return
            if several and self._jobs.qsize() < _ENOUGH:
                time.sleep(_GATHER_S)
            group, last = self._gather(first)
            if group:
                self._begun = self._monotonic()
                self._run(group)
                self._begun = None
            if last:
                return
            several = len(group) > 1

    def _gather(self, first: "_Asked") -> tuple[list["_Asked"], bool]:
        """Return the jobs of the next transaction, and whether it is the last."""
        group = [first]
        last = False
        while not last and len(group) < _MOST and not self._jobs.empty():
            more = self._jobs.get()
            if more is None:
                last = True
            else:
                group.append(more)
        # Who does not wait any longer is left out; from here on nobody may leave.
        return [one for one in group if one[1].set_running_or_notify_cancel()], last

    def _run(self, group: list[tuple[Job, Future[Any]]]) -> None:
        try:
            results = self._try([job for job, _ in group])
        except StoreError as exc:
            for _, future in group:
                future.set_exception(exc)
        except Exception as exc:  # noqa: BLE001  every caller must get its answer
            if len(group) == 1:
                _log.exception("a report could not be stored")
                failed = StoreRefused(f"could not be stored: {type(exc).__name__}")
                group[0][1].set_exception(failed)
                return
            for one in group:
                self._run([one])
        else:
            for (_, future), result in zip(group, results, strict=True):
                future.set_result(result)

    def _try(self, jobs: list[Job]) -> list[Any]:
        error: StoreError = StoreBusy("other processes store the same reports")
        for _ in range(_ROUNDS):
            try:
                return self._transact(jobs)
            except Raced:
                continue
            except DBAPIError as exc:
                error = translate(exc, self._url)
                if exc.connection_invalidated or _deadlock(exc):
                    continue
                if _at_fault(exc):
                    raise
                raise error from exc
        raise error

    def _transact(self, jobs: list[Job]) -> list[Any]:
        try:
            with self._begin() as sql:
                batch = Batch(sql)
                results = [job(batch) for job in jobs]
                self._finish(batch)
        except BaseException:
            self._forget()
            raise
        return results


def _deadlock(exc: DBAPIError) -> bool:
    return _state(exc) in ("40001", "40P01")


def _at_fault(exc: DBAPIError) -> bool:
    """Tell whether a value of one job is the cause, not the database.

    Or what it asks for: more than the server can (class 54), or longer than it may.
    """
    state = _state(exc)
    too_much = state.startswith("54") or state == "57014"
    return too_much or isinstance(exc, DataError | IntegrityError)


def _state(exc: DBAPIError) -> str:
    return getattr(exc.orig, "sqlstate", None) or ""
