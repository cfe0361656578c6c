"""When and how often a failed request is repeated: the one policy for all."""

from collections.abc import Callable
from typing import TypeVar

from nutbridge.errors import DeviceAnswerError, DeviceError, DeviceUnreachable
from nutbridge.system.clock import Clock, Waiter

#: First HTTP status of those that blame the server.
SERVER_ERRORS = 500

#: Shortest and longest pause between two tries, s.
PAUSE_S = (0.2, 1.0)

T = TypeVar("T")


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
