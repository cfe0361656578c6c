"""Empties the outbox: of each Envoy oldest report first, until each is delivered.

Delivered is what the upstream says that it has (``parse.answer``), nothing less. An
answer that was lost on its way means that a report is sent again: at least once,
never less. One that cannot be noted (disk full) is noted again, not asked for again.

A report that is refused holds up its own Envoy, no other one; and that only until
others pass: then it stands aside (``verdict.aside``). Some in vain, one after the
other, and the upstream is ill, whatever it says, and all wait. Where no other Envoy can
tell, the report behind it is sent too.

Source: the Envoy itself sends oldest first (public capture, webcomm 4.6.0).
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nutbridge.collector.errors import StoreError, UpstreamDown
from nutbridge.collector.parse.answer import read_answer
from nutbridge.collector.parse.body import parse
from nutbridge.collector.serve.forwarder import Forwarder, kept
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.verdict import (
    STUCK_S,
    TRIES,
    Outcome,
    Refusals,
    aside,
    counted,
    next_pause_s,
    outcome_of,
    own_pause_s,
)
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.jobs import FailedTry
from nutbridge.collector.store.states import ForwardState, StoredRaw
from nutbridge.net.forward import RawAnswer

#: How often to look for what other collectors have queued in the same database.
LOOK_S = 5.0
#: Reports on their way at the same time: one for so many Envoys that wait, and
#: others in place of those that are slow.
_ENVOYS_FOR_ONE = 4
_MOST = 16
_SLOW_S = 1.0
#: Heads looked up at once.
_LOOKED_UP = 64
#: One that was in vain waits no longer than this for those that were never sent, s.
_LATE_S = 60
#: So many in vain since the last delivery are ill themselves; one more, and the
#: upstream is.
_SPARE = 3
#: Inflated for a look at its events: it was within the caps when it came.
_CAP = 64 << 20

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Outbox:
    """The worker; ``run`` it as one task.

    Args:
        store: holds the queue.
        forwarder: sends.
        health: of the queue itself; that of the store is about new reports.
        wall: Unix time, s.

    Attributes:
        problem: why the last report was not taken; None: it was.
    """

    def __init__(
        self,
        store: Store,
        forwarder: Forwarder,
        health: Health,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._forwarder = forwarder
        self._health = health
        self._wall = wall
        self._told: dict[int, str] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._more = asyncio.Event()
        self._ending = asyncio.Event()
        self._ready: deque[StoredRaw] = deque()
        #: Envoys with a report on its way, and since when.
        self._busy: dict[int | None, float] = {}
        #: After a failure: how long nothing is sent, and until when.
        self._pause_s: float | None = None
        self._until = 0.0
        self.problem: str | None = None
        #: How many were delivered; and of each refused one how many before it was.
        self._delivered = 0
        self._before: dict[int, int] = {}
        #: How many may be in vain before all wait.
        self._spare = 0

    def wake(self) -> None:
        """Say that there is something new; from the loop's thread."""
        self._more.set()

    def end(self) -> None:
        """Begin no other delivery: ``run`` returns after those under way."""
        self._ending.set()
        self._more.set()

    async def run(self) -> None:
        """Deliver until told to end."""
        tasks: set[asyncio.Task[None]] = set()
        while not self._ending.is_set():
            self._more.clear()
            await self._look_up()
            while self._ready and self._room() and not self._ending.is_set():
                head = self._ready.popleft()
                self._busy[head.envoy_id] = asyncio.get_running_loop().time()
                tasks.add(asyncio.create_task(self._deliver(head)))
            await self._wait(tasks)
            tasks = {task for task in tasks if not task.done()}
        if tasks:
            await asyncio.wait(tasks)

    def _room(self) -> bool:
        """Tell whether one more report may be on its way."""
        now = asyncio.get_running_loop().time()
        if self._pause_s is not None:
            return len(self._busy) < self._probes() and now >= self._until
        quick = sum(now - since < _SLOW_S for since in self._busy.values())
        most = 1 + len(self._ready) // _ENVOYS_FOR_ONE
        return quick < most and len(self._busy) < _MOST

    def _probes(self) -> int:
        """Return how many find out after a pause whether the upstream is well again.

        One may be ill itself: where others were delivered, more than can be in vain.
        """
        return 1 + (_SPARE if self._delivered else 0)

    async def _wait(self, tasks: set["asyncio.Task[None]"]) -> None:
        """Wait for the end of a delivery, for news, or for the time to look again."""
        limit_s = _SLOW_S if self._ready else LOOK_S
        left_s = self._until - asyncio.get_running_loop().time()
        if self._pause_s is not None and not tasks and left_s > 0:
            await _wait(self._ending, left_s)
            return
        more = asyncio.ensure_future(self._more.wait())
        await asyncio.wait(
            {more, *tasks}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
        )
        more.cancel()

    async def _look_up(self) -> None:
        if self._ready:
            return

        def ask() -> list[StoredRaw]:
            if not self._store.lead_outbox():
                return []  # another collector on this database delivers
            now = int(self._wall())
            if self._pause_s is not None:
                return self._store.outbox_heads(self._probes(), now)
            return self._store.outbox_heads(_LOOKED_UP, now, late=now - _LATE_S)

        try:
            heads = await self._in_thread(ask)
            self._health.good()
        except StoreError as exc:
            self._health.bad(str(exc))
            self._pause()
            return
        except Exception:  # noqa: BLE001 - the queue must not stand still until a restart
            _log.exception("this is a bug in nutbridge; please report it")
            self._pause()
            return
        self._ready.extend(one for one in heads if one.envoy_id not in self._busy)
        if not heads and self._pause_s is not None and not self._busy:
            self._pause_s = None

    async def _deliver(self, head: StoredRaw) -> None:
        """Send a head, note what became of it."""
        try:
            await self._send(head)
        except Exception:  # noqa: BLE001 - the queue must not stand still until a restart
            _log.exception("this is a bug in nutbridge; please report it")
            self._pause()
        finally:
            del self._busy[head.envoy_id]

    def _pause(self, *, longer: bool = True) -> None:
        """Send nothing for a while, then one report; longer after each failure."""
        now = asyncio.get_running_loop().time()
        if self._pause_s is not None and now < self._until:
            return  # it was on its way when the pause began
        self._pause_s = next_pause_s(self._pause_s if longer else None)
        self._until = now + self._pause_s
        self._ready.clear()

    async def _send(self, head: StoredRaw) -> None:
        self._before.setdefault(head.raw_id, self._delivered)
        outcome, problem, answer = await self._ask(head)
        if outcome is Outcome.DELIVERED and answer is not None:
            await self._taken(head, answer)
            self._pause_s = None
            return
        if self._ending.is_set():
            if answer is None:
                self._forwarder.note_failure(head.raw_id, problem)
            return
        self.problem = problem
        if head.tries + 1 >= TRIES and not self._others_pass(head):
            await self._send_next(head)
        now, passes = int(self._wall()), self._others_pass(head)
        before = Refusals(head.tries, head.refused_since)
        tries, since = counted(outcome, before, now, others_pass=passes)
        refused_s = 0 if since is None else now - since
        state = aside(outcome, tries, refused_s, others_pass=passes)
        state = ForwardState.STUCK if head.stuck and state is None else state
        pause_s: int | None = STUCK_S
        goes_on = self._goes_on(head, outcome)
        if state is None:
            # Where one was delivered, a silent one gives way to those of other Envoys.
            told = max(tries, TRIES) if self._delivered and not goes_on else tries
            pause_s = own_pause_s(outcome, told, others_pass=passes or goes_on)
        next_try = None if pause_s is None else now + pause_s
        failed = FailedTry(problem, tries, since, next_try, state)
        kept_answer = None if answer is None else kept(answer)
        await self._note(lambda: self._store.refused(head.raw_id, kept_answer, failed))
        self._tell(head, problem, state)

    def _goes_on(self, head: StoredRaw, outcome: Outcome) -> bool:
        """Tell whether others are sent at once after one in vain; else all wait."""
        if self._spare:
            # One that was in vain before, while others passed, says nothing new.
            known = head.stuck or (head.tries > 0 and self._others_pass(head))
            self._spare -= not known
            return True
        # An answer about a report that was never sent before says nothing of the
        # others: each of them is asked about as soon as the first was.
        self._pause(longer=outcome is Outcome.SILENT or head.tries > 0)
        return False

    def _others_pass(self, head: StoredRaw) -> bool:
        """Tell whether others were delivered since its first try, and still are."""
        return self._spare > 0 and self._delivered > self._before[head.raw_id]

    async def _send_next(self, head: StoredRaw) -> None:
        """Find out whether the report or the upstream is ill: send the one behind."""
        other = await self._in_thread(lambda: self._store.outbox_next(head.raw_id))
        if other is None or head.stuck:
            return
        outcome, _, answer = await self._ask(other)
        if outcome is Outcome.DELIVERED and answer is not None:
            await self._taken(other, answer)

    async def _ask(self, head: StoredRaw) -> tuple[Outcome, str, RawAnswer | None]:
        """Send a report; return what came of it, why, and the answer."""
        try:
            answer = await self._forwarder.ask(
                head.path, head.query, head.headers, head.body
            )
        except UpstreamDown as exc:
            return Outcome.SILENT, exc.problem, None
        events = await self._in_thread(lambda: parse(head.body, _CAP).event_ids)
        refusal = self._forwarder.refusal(answer, events)
        return outcome_of(answer.status, refusal), refusal or "", answer

    async def _taken(self, head: StoredRaw, answer: RawAnswer) -> None:
        self._delivered += 1
        self._spare = _SPARE
        self.problem = None
        for name in read_answer(answer.body).strange:
            _log.warning(
                "the upstream answered Envoy %s with <%s>, perhaps a task; the Envoy "
                "has its acknowledgement already and does not learn of it",
                head.serial,
                name,
            )
        self._before.pop(head.raw_id, None)
        self._told.pop(head.raw_id, None)
        await self._note(lambda: self._store.forwarded(head.raw_id, kept(answer)))

    async def _note(self, call: Callable[[], None]) -> None:
        """Note what became of a report, over and over until it is noted."""
        pause_s = None
        while True:
            try:
                await self._in_thread(call)
            except StoreError as exc:
                self._health.bad(str(exc))
            else:
                self._health.good()
                return
            if self._ending.is_set():
                return
            pause_s = next_pause_s(pause_s)
            await _wait(self._ending, pause_s)

    def _tell(self, head: StoredRaw, problem: str, state: ForwardState | None) -> None:
        """Say once per report and reason why it was not taken, and what follows."""
        follows = {
            None: "it is sent again",
            ForwardState.STUCK: "it stands aside and is sent again daily",
            ForwardState.DEAD_LETTER: "it is kept as a dead letter",
        }[state]
        said = f"{problem}; {follows}"
        if self._told.get(head.raw_id) != said:
            self._told[head.raw_id] = said
            _log.warning(
                "a queued report of Envoy %s was not taken: the upstream %s",
                head.serial,
                said,
            )
        if state is not None:
            self._told.pop(head.raw_id)
            self._before.pop(head.raw_id, None)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


async def _wait(event: asyncio.Event, limit_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
