"""A blocking call that nothing can interrupt, in a thread nobody has to wait for.

getaddrinfo(3) and a locked database may take minutes; the process must be able to
end meanwhile. A pool's threads would be waited for. And the way back from a thread.
"""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Handback:
    """The way from another thread to those who wait in the loop.

    A transaction answers dozens at once: one call of the loop takes all of them, where
    ``asyncio.wrap_future`` makes, and wakes it by, one for each.
    """

    def __init__(self) -> None:
        self._ready: deque[asyncio.Future[None]] = deque()
        self._called = False

    async def wait(self, asked: "concurrent.futures.Future[T]") -> T:
        """Return what comes of it; who is cancelled while it waits cancels it."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()
        asked.add_done_callback(lambda _: self._put(loop, told))
        try:
            await told
        finally:
            asked.cancel()
        return asked.result()

    def _put(
        self, loop: asyncio.AbstractEventLoop, told: "asyncio.Future[None]"
    ) -> None:
        # In this order: a call that is on its way has not begun to take them.
        self._ready.append(told)
        if not self._called:
            self._called = True
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._called = False
        while self._ready:
            told = self._ready.popleft()
            if not told.done():
                told.set_result(None)


def wait_aside(
    name: str, call: Callable[[], T], tick: Callable[[], object], every_s: float
) -> T:
    """Return what ``call`` returns; meanwhile a signal can end the wait for it.

    Args:
        name: of the thread.
        call: blocks.
        tick: called while it does.
        every_s: how often, s.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as exc:  # noqa: BLE001 - raised again where it is awaited
            future.set_exception(exc)

    threading.Thread(target=run, name=name, daemon=True).start()
    while True:
        try:
            return future.result(every_s)
        except TimeoutError:
            if future.done():
                raise
            tick()


def call_aside(name: str, call: Callable[[], T]) -> "asyncio.Future[T]":
    """Start ``call`` in a daemon thread of that name; the future has its outcome."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(values: list[T], problem: Exception | None) -> None:
        if future.cancelled():
            return
        if problem is None:
            future.set_result(values[0])
        else:
            future.set_exception(problem)
            future.exception()  # seen, even where nobody waits any longer

    def run() -> None:
        values: list[T] = []
        problem: Exception | None = None
        try:
            values.append(call())
        except Exception as exc:  # noqa: BLE001 - raised again where it is awaited
            problem = exc
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, values, problem)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
