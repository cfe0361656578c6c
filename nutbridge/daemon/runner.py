"""Two ways to use a monitor: for ever (the daemon) and once (-s)."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from nutbridge.daemon.last_resort import Crashes
from nutbridge.daemon.messages import summary
from nutbridge.daemon.monitor import Monitor
from nutbridge.errors import NotDecided, Stopping
from nutbridge.system.clock import Clock, Waiter
from nutbridge.ups.model import Grid
from nutbridge.ups.status.table import State

if TYPE_CHECKING:
    from nutbridge.system.sdnotify import Notifier
    from nutbridge.ups.source import TokenNews

_log = logging.getLogger(__name__)

#: -s asks for so long; with the start of the program and the last write it ends
#: within 10 s, for which systemd waits before the daemon.
ONCE_S = 8.5


def run(
    monitor: Monitor,
    source: "TokenNews",
    waiter: Waiter,
    clock: Clock,
    notifier: "Notifier",
    *after_poll: Callable[[], None],
    leave: Callable[[], bool] = lambda: False,
) -> bool:
    """Poll until SIGTERM or SIGINT; the start decision is already made.

    Args:
        monitor: started.
        source: whom it asks.
        waiter: of the main thread.
        clock: all times.
        notifier: to systemd.
        after_poll: called after each check.
        leave: called after that, and when woken; True ends the loop, for another
            monitor to go on.

    Returns:
        Whether it was left for another monitor.
    """
    notifier.ready()
    crashes = Crashes()
    left = False
    try:
        while True:
            next_at = monitor.tick()
            try:
                notifier.status(summary(monitor.memory, monitor.verdict))
                for each in after_poll:
                    each()
            except Stopping:
                raise
            except Exception as exc:  # noqa: BLE001  nothing of it is for this check
                crashes.tell("what follows a check", exc)
            while True:
                left = _leaves(leave, crashes)
                if left:
                    return True
                rest = next_at - clock.boottime()
                if rest <= 0 or source.has_new_token:
                    break
                waiter.wait(rest)
    except Stopping:
        _log.info("stopping")
        return False
    finally:
        if left:
            monitor.close()
        else:
            notifier.stopping()
            monitor.stop()


def _leaves(leave: Callable[[], bool], crashes: Crashes) -> bool:
    try:
        return leave()
    except Stopping:
        raise
    except Exception as exc:  # noqa: BLE001  this monitor can go on
        crashes.tell("a look at the config", exc)
        return False


def run_once(
    monitor: Monitor, source: "TokenNews", waiter: Waiter, clock: Clock
) -> None:
    """Do one check: an answer that needs a second one is asked again.

    Raises:
        NotDecided: the file still says what nobody could confirm.
    """
    until = clock.boottime() + ONCE_S
    try:
        while True:
            next_at = monitor.tick(until)
            if _decided(monitor) or (next_at >= until and not source.token_pending):
                break
            # With a login on its way it is worth waiting to the end.
            next_at = min(next_at, until)
            while (left := next_at - clock.boottime()) > 0 and not source.has_new_token:
                waiter.wait(left)
                if next_at >= until and not (
                    source.token_pending or source.has_new_token
                ):
                    break
            if clock.boottime() >= until:
                break
    finally:
        monitor.close()
    if monitor.memory.state is State.NOCOMMS:
        return
    if monitor.memory.relay.silent_since is not None or _in_doubt(monitor):
        raise NotDecided(
            f"no usable answer; the port file still says {monitor.memory.shown.status}"
        )


def _in_doubt(monitor: Monitor) -> bool:
    return monitor.memory.relay.unconfirmed is not None


def _decided(monitor: Monitor) -> bool:
    """Whether the last answer needs no second one; silence is asked again."""
    heard = monitor.memory.relay.grid in (Grid.OPEN, Grid.CLOSED)
    silent = monitor.memory.relay.silent_since is not None
    return heard and not silent and not _in_doubt(monitor)
