"""The last answer of something slow, for all who ask at once."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from nutbridge.errors import EX_UNAVAILABLE, NutbridgeError

T = TypeVar("T")

#: Nobody looks at an empty page for longer, s.
PATIENCE_S = 5.0
#: An error is asked about again after this, s.
FAILED_S = 2.0
#: What takes long is asked for less often: at most this part of the time goes by it.
_BUSY_PART = 0.1


class NotInTime(NutbridgeError):
    """What is asked hangs: a disk, a locked database."""

    exit_code = EX_UNAVAILABLE


class Kept(Generic[T]):
    """Asks in a thread of its own, one question at a time.

    A hundred open pages cost one question per ``fresh_s``.

    Args:
        ask: blocks, and may raise.
        fresh_s: how long an answer is good.
        clock: seconds that never go back.
        thread: that asks; None: one of its own.
        patience_s: how long a page waits for it.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        fresh_s: float,
        clock: Callable[[], float],
        thread: ThreadPoolExecutor | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._ask = ask
        self._fresh_s = fresh_s
        self._clock = clock
        self._patience_s = patience_s
        self._thread = thread or ThreadPoolExecutor(1, thread_name_prefix="ask")
        self._asked_at = 0.0
        self._took_s = 0.0
        self._answer: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """Return the last answer, or a new one.

        Raises:
            NotInTime: there is none within ``patience_s``; a later page may have it.
        """
        now = self._clock()
        answer = self._answer
        if answer is None or now - self._asked_at > self._good_s(answer):
            loop = asyncio.get_running_loop()
            answer = self._answer = loop.run_in_executor(self._thread, self._timed)
            # Nobody may be left to fetch its error.
            answer.add_done_callback(_fetched)
            self._asked_at = now
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(answer)
        except TimeoutError:
            raise NotInTime("it does not answer now; try again in a moment") from None

    def _good_s(self, answer: "asyncio.Future[T]") -> float:
        """Return how long an answer counts; what hangs is not asked twice."""
        if not answer.done():
            return math.inf
        if answer.cancelled() or answer.exception() is not None:
            return min(self._fresh_s, FAILED_S)
        return max(self._fresh_s, self._took_s / _BUSY_PART)

    def _timed(self) -> T:
        begun = self._clock()
        try:
            return self._ask()
        finally:
            self._took_s = self._clock() - begun


def _fetched(answer: "asyncio.Future[T]") -> None:
    if not answer.cancelled():
        answer.exception()
