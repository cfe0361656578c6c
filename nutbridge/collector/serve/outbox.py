"""Empties the outbox: oldest report first, one at a time, until each is answered.

A report leaves the outbox when the upstream took it, or refused it for good. An
answer that was lost on its way means that a report is sent again: at least once,
never less. One that cannot be noted (disk full) is noted again, not asked for again.
Order is that of acceptance, over all Envoys.

Source: the Envoy itself sends oldest first (public capture, webcomm 4.6.0).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nutbridge.collector.errors import StoreError, UpstreamDown
from nutbridge.collector.serve.forwarder import Forwarder, kept
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.tasks import strange_elements
from nutbridge.collector.serve.upstream import UpstreamAnswer
from nutbridge.collector.serve.verdict import (
    Fate,
    fate_of,
    next_pause_s,
)
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.states import StoredRaw

#: How often to look for what other collectors have queued in the same database.
LOOK_S = 5.0

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Outbox:
    """The worker; ``run`` it as one task.

    Args:
        store: holds the queue.
        forwarder: sends.
        health: of the queue itself; that of the store is about new reports.
    """

    def __init__(self, store: Store, forwarder: Forwarder, health: Health) -> None:
        self._store = store
        self._forwarder = forwarder
        self._health = health
        self._told: tuple[int, int] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._more = asyncio.Event()
        self._ending = asyncio.Event()
        #: raw_id of the head, and how to note its answer until the store takes it.
        self._owed: tuple[int, Callable[[], None]] | None = None

    def wake(self) -> None:
        """Say that there is something new; from the loop's thread."""
        self._more.set()

    def end(self) -> None:
        """Begin no other delivery: ``run`` returns after the one under way."""
        self._ending.set()
        self._more.set()

    async def run(self) -> None:
        """Deliver until told to end."""
        pause_s: float | None = None
        while not self._ending.is_set():
            self._more.clear()
            try:
                head = await self._head()
                if self._ending.is_set():
                    return
                done = head is None or await self._deliver(head)
                self._health.good()
            except StoreError as exc:
                self._health.bad(str(exc))
                head, done = None, False
            except Exception:  # noqa: BLE001 - the queue must not stand still until a restart
                _log.exception("this is a bug in nutbridge; please report it")
                head, done = None, False
            if not done:
                pause_s = next_pause_s(pause_s)
                await _wait(self._ending, pause_s)
                continue
            pause_s = None
            if head is None:
                await _wait(self._more, LOOK_S)

    async def _head(self) -> StoredRaw | None:
        def ask() -> StoredRaw | None:
            if not self._store.lead_outbox():
                return None  # another collector on this database delivers
            heads = self._store.outbox_heads(1)
            return heads[0] if heads else None

        return await self._in_thread(ask)

    async def _deliver(self, head: StoredRaw) -> bool:
        """Send the head; True when it has left the outbox."""
        if self._owed is None or self._owed[0] != head.raw_id:
            note = await self._ask(head)
            if note is None:
                return False
            self._owed = head.raw_id, note
        await self._in_thread(self._owed[1])
        self._owed = None
        return True

    async def _ask(self, head: StoredRaw) -> Callable[[], None] | None:
        """Send the head; return how to note its answer, None unless it is final."""
        try:
            answer = await self._forwarder.ask(
                head.path, head.query, head.headers, head.body
            )
        except UpstreamDown as exc:
            self._forwarder.note_failure(head.raw_id, exc.problem)
            return None
        fate = fate_of(answer.status)
        if fate is Fate.AGAIN:
            self._tell_again(head.raw_id, answer.status)
            self._forwarder.note(head.raw_id, answer)
            return None
        if fate is Fate.DEAD:
            _log.warning(
                "the upstream refused a queued report of Envoy %s with status %d; "
                "it is kept as a dead letter",
                head.serial,
                answer.status,
            )
            call = self._store.dead_letter
        else:
            self._tell_tasks(head, answer)
            call = self._store.forwarded
        return lambda: call(head.raw_id, kept(answer))

    def _tell_again(self, raw_id: int, status: int) -> None:
        """Say once per report and status that it stays at the head."""
        if self._told != (raw_id, status):
            self._told = (raw_id, status)
            _log.warning(
                "the upstream answered %d to a queued report; it is sent again", status
            )

    def _tell_tasks(self, head: StoredRaw, answer: UpstreamAnswer) -> None:
        for name in strange_elements(answer.body):
            _log.warning(
                "the upstream answered Envoy %s with <%s>, perhaps a task; the Envoy "
                "has its acknowledgement already and does not learn of it",
                head.serial,
                name,
            )

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


async def _wait(event: asyncio.Event, limit_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
