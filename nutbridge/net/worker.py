"""Blocking calls in a thread of their own, with a hard deadline, and a second try.

A signal handler does not run while the main thread sits in a read or in
getaddrinfo(3), and a time limit per read does not stop a peer that sends one
byte at a time. So the caller waits in ``Waiter.wait`` and walks away when the
time is up; the owner of the worker then closes its socket.
"""

import math
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from nutbridge.errors import DeviceAnswerError, DeviceError, DeviceUnreachable, Stopping
from nutbridge.system.clock import Clock, SystemClock, Waiter

T = TypeVar("T")


class LateError(Exception):
    """The time was up before the call had ended."""


class Worker:
    """One daemon thread that runs one call after another.

    Args:
        name: of the thread.
        cleanup: runs in the thread when it ends.
    """

    def __init__(self, name: str, cleanup: Callable[[], None] | None = None) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._cleanup = cleanup
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            while (call := self._calls.get()) is not None:
                call()
                del call  # its answer must not live on in an idle thread
        finally:
            if self._cleanup is not None:
                self._cleanup()

    def put(self, call: Callable[[], None]) -> None:
        """Run ``call``, which raises nothing, after those before it."""
        self._calls.put(call)

    def retire(self) -> None:
        """End the thread after the call it is in."""
        self._calls.put(None)

    def call(
        self, call: Callable[[], T], until: float, clock: Clock, waiter: Waiter
    ) -> T:
        """Run ``call`` and wait for it no longer than ``until``.

        Args:
            call: what to run; its result or its exception comes back.
            until: CLOCK_BOOTTIME, s.
            clock: tells CLOCK_BOOTTIME.
            waiter: really waits, whatever the clock says, and is woken at the end.

        Raises:
            LateError: the time is up; the call still runs, unless it was late before.
            Stopping: SIGTERM or SIGINT came; the call still runs.
        """
        values: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                values.append(call())
            except BaseException as error:  # noqa: BLE001 - raised again by the caller
                errors.append(error)
            waiter.wake()

        if clock.boottime() >= until:
            raise LateError
        self.put(run)
        while not (values or errors):
            left = until - clock.boottime()
            if left <= 0 or not (waiter.wait(left) or values or errors):
                raise LateError
        if errors:
            raise errors.pop()
        return values[0]


def call_within(name: str, call: Callable[[], T], until: float, clock: Clock) -> T:
    """Run ``call`` in a thread of its own, and wait no longer than ``until``.

    No signal ends the waiting.

    Raises:
        LateError: the time is up; the call still runs.
    """
    worker = Worker(name)
    try:
        return worker.call(call, until, clock, ThreadWaiter())
    finally:
        worker.retire()


class ThreadWaiter:
    """The ``Waiter`` of everybody who asks a device.

    Args:
        inner: waits instead, in the main thread, where a signal ends the wait; None
            in a thread that no signal reaches.
        clock: CLOCK_BOOTTIME.

    Attributes:
        grace_s: how long it goes on waiting once it was ended, s: a login takes a
            session that only its answer can give back.
    """

    def __init__(self, inner: Waiter | None = None, clock: Clock | None = None) -> None:
        self._inner = inner
        self._clock = clock or SystemClock()
        self._woken = threading.Event()
        self._ended_at: float | None = None
        self.grace_s = 0.0

    def wait(self, seconds: float) -> bool:
        """Wait for ``seconds`` or a ``wake``; True when woken.

        Raises:
            Stopping: it was ended, before or while waiting, and ``grace_s`` is over.
        """
        if self._ended_at is None:
            woken = self._wait(seconds)
            if self._ended_at is None:
                return woken
        left = self._ended_at + self.grace_s - self._clock.boottime()
        if left > 0:
            if self._idle(min(seconds, left)):
                return True
            if self.grace_s == math.inf:
                return False
        raise Stopping("asked to stop")

    def _wait(self, seconds: float) -> bool:
        if self._inner is None:
            return self._idle(seconds)
        try:
            return self._inner.wait(seconds)
        except Stopping:
            self._ended_at = self._clock.boottime()
            return False

    def _idle(self, seconds: float) -> bool:
        woken = self._woken.wait(max(0.0, seconds))
        self._woken.clear()
        return woken

    def wake(self) -> None:
        """End the wait; safe from any thread."""
        self._woken.set()
        if self._inner is not None:
            self._inner.wake()

    def end(self) -> None:
        """End all waiting; from any thread."""
        self._ended_at = self._clock.boottime()
        self.wake()


#: First HTTP status of those that blame the server.
SERVER_ERRORS = 500

#: Shortest and longest pause between two tries, s.
PAUSE_S = (0.2, 1.0)


def worth_retrying(error: BaseException) -> bool:
    """Tell whether the same question may be answered a moment later."""
    if isinstance(error, DeviceAnswerError):
        return error.status is not None and error.status >= SERVER_ERRORS
    return isinstance(error, DeviceUnreachable)


def retrying(
    call: Callable[[], T], *, tries: int, until: float, clock: Clock, waiter: Waiter
) -> T:
    """Call until it succeeds, at most ``tries`` times and not past ``until``.

    Between two tries lie 0.2 to 1 s, drawn at random.

    Args:
        call: raises DeviceError when it fails; takes care of ``until`` itself.
        tries: how often in all, 1 or more.
        until: CLOCK_BOOTTIME after which no try begins, s.
        clock: tells CLOCK_BOOTTIME.
        waiter: waits between tries.

    Raises:
        DeviceError: the last try's.
        Stopping: asked to end while waiting.
    """
    try:
        return call()
    except DeviceError as error:
        if tries < 2 or not worth_retrying(error):  # noqa: PLR2004 - none is left
            raise
        failed = [error]

    def again() -> T:
        if failed:
            raise failed.pop()  # the first try, which is over
        return call()

    # Loaded only here: most checks need one try.
    import tenacity

    def sleep(seconds: float) -> None:
        end = clock.boottime() + seconds
        while (left := end - clock.boottime()) > 0 and waiter.wait(left):
            pass  # woken for another reason

    class Late(tenacity.stop.stop_base):
        def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
            return clock.boottime() + retry_state.upcoming_sleep >= until

    return tenacity.Retrying(
        sleep=sleep,
        stop=tenacity.stop_any(tenacity.stop_after_attempt(tries), Late()),
        wait=tenacity.wait_random(*PAUSE_S),
        retry=tenacity.retry_if_exception(worth_retrying),
        reraise=True,
    )(again)
