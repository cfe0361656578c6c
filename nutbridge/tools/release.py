"""Ends an outage that a silent gateway keeps the monitor in; by a person's word.

The steps are the monitor's own (status/table.py, RELEASED): OL is written, stays
for 30 s so that every client has seen it, then the file is hidden. A running
monitor is asked to do it (release_request.py) and goes on asking the gateway meanwhile.
Without one, a monitor runs in this process until the file is hidden.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.daemon.wiring import build, maker_of
from nutbridge.errors import (
    ConfigError,
    LockHeld,
    NutbridgeError,
    Refused,
    TokenError,
)
from nutbridge.nut.port_file import PortFile, PortFilePublisher
from nutbridge.system.clock import Clock, Host, Waiter
from nutbridge.system.lock import PortLock
from nutbridge.system.release_request import ReleaseRequest
from nutbridge.tools.status.live import LiveLook
from nutbridge.tools.status.state import read_noted
from nutbridge.tools.status.values import read_status
from nutbridge.ups.model import Grid, Said
from nutbridge.ups.status.events import classify
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.policy import OL_VISIBLE_S
from nutbridge.ups.status.table import State

_LOOK_S = 0.5
#: More than the poll that was under way, and the one that sees the wish.
_SLACK_S = 15.0

#: Stages: the second may not be interrupted, nobody else would hide the file.
BY_MONITOR = "OL is shown"
BY_US = "OL is shown until it is hidden, please wait"

#: Told what stands now, and how long it takes still, s.
Tell = Callable[[str, float], None]


class NotReleased(NutbridgeError):
    """The outage is not over as asked; the text tells what the port file says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found before anything is done.

    Attributes:
        status: ups.status of the port file; it says OB.
        why: why the gateway tells nothing about the grid.
    """

    status: str
    why: str


def check(settings: Settings, clock: Clock, waiter: Waiter) -> Asked:
    """Ask the gateway first, and look at the port file.

    Raises:
        Refused: the file does not say OB, or the gateway answers.
        ConfigError: the token may not be read by this user.
        PortFileError: the port file cannot be read.
    """
    port = PortFile(Path(settings.port_file), clock)
    status = read_status(port)
    if status is None or "OB" not in status.split():
        shown = "is hidden" if status is None else f"says {status or 'nothing'}"
        raise Refused(f"the port file {shown}: there is no outage to release from")
    if settings.inverter_alone:
        # A session of its own would cost one of its four; the monitor asks.
        return Asked(status, "the inverter is asked by the monitor at each check")
    try:
        look = LiveLook(settings, clock, waiter)
    except TokenError as error:
        return Asked(status, str(error))
    try:
        seen = look.look(details=False)
    finally:
        look.close()
    answer, device = seen.answer, settings.device
    noted = read_noted(settings, port.real, clock)
    memory = noted.saved.memory if noted else Memory()
    if answer is not None and classify(memory, answer).said is Said.ODD:
        mode = "" if answer.backup_mode is not False else ", in no backup mode"
        return Asked(status, f"it says {answer.word}{mode}, which tells nothing")
    if answer is not None and answer.grid is Grid.OPEN:
        raise Refused(
            f"the {device} answers, and says {answer.word}: the grid is not back for "
            "the house. Nothing was changed"
        )
    if answer is not None and answer.grid is Grid.CLOSED:
        raise Refused(
            f"the {device} answers, and says {answer.word}: a running monitor writes "
            "OL by itself within seconds. Nothing was changed"
        )
    return Asked(status, seen.problem or "no answer")


def release(settings: Settings, clock: Clock, waiter: Waiter, tell: Tell) -> str:
    """Let OL be shown for 30 s, then hide the file.

    Args:
        settings: of the config.
        clock: all times.
        waiter: of the calling thread.
        tell: called about twice a second.

    Returns:
        How it ended, for people.

    Raises:
        NotReleased: the file still says OB, or an OL that nobody hides.
        PortFileError: the file cannot be written, hidden or locked.
        Stopping: asked to end; a running monitor goes on by itself.
    """
    if settings.test is not None:
        raise ConfigError(settings.config_path, "TEST", "=1 plays; nothing to release")
    port = PortFile(Path(settings.port_file), clock)
    port.check()
    lock = PortLock(port.real)
    try:
        lock.acquire()
    except LockHeld:
        return _ask_monitor(settings, port, (clock, waiter), tell)
    try:
        return _be_monitor(settings, port, (clock, waiter), tell)
    finally:
        lock.release()


def _ask_monitor(
    settings: Settings, port: PortFile, times: tuple[Clock, Waiter], tell: Tell
) -> str:
    clock, waiter = times
    wish = ReleaseRequest(port.real, clock)
    wish.make()
    every_s = settings.relayfreq_s or settings.pollfreqalert_s
    patience_s = every_s + 8 * settings.api_timeout_s + _SLACK_S
    until = clock.boottime() + patience_s
    try:
        while "OB" in (read_status(port) or "").split():
            left_s = until - clock.boottime()
            if left_s <= 0:
                raise NotReleased(
                    f"the monitor has not taken it: the {settings.device} answered it "
                    "meanwhile, or it is of an older version, or hangs; the port file "
                    "still says OB"
                )
            tell("waiting for the monitor's next check", left_s)
            waiter.wait(_LOOK_S)
    finally:
        wish.drop()
    return _watch(settings, port, (clock, waiter), tell)


def _watch(
    settings: Settings, port: PortFile, times: tuple[Clock, Waiter], tell: Tell
) -> str:
    """Watch the monitor hide the file; it does so without us as well."""
    clock, waiter = times
    device = settings.device
    since = clock.boottime()
    until = since + 2 * OL_VISIBLE_S + 8 * settings.api_timeout_s + _SLACK_S
    while clock.boottime() < until:
        status = read_status(port)
        if status is None:
            return f"hidden until the {device} answers"
        if "OB" in status.split():
            raise NotReleased(f"the {device} answered meanwhile: the grid is not back")
        tell(BY_MONITOR, max(0.0, since + OL_VISIBLE_S - clock.boottime()))
        waiter.wait(_LOOK_S)
    noted = read_noted(settings, port.real, clock)
    silent = noted is None or noted.saved.memory.relay.silent_since is not None
    if silent or PortLock(port.real).owner() is None:
        raise NotReleased(
            "the port file still says OL, and no monitor has hidden it; start "
            f"enphase-monitor@{settings.ups} again"
        )
    return f"OL: the {device} answers again"


class _Said(ReleaseRequest):
    """The word of the person who runs this command; it needs no file."""

    def holds(self, *, needed: bool) -> bool:
        return needed


def _be_monitor(
    settings: Settings, port: PortFile, times: tuple[Clock, Waiter], tell: Tell
) -> str:
    clock, waiter = times
    device = settings.device
    publisher = PortFilePublisher(port, maker_of(settings))
    publisher.load()
    host = Host(clock, waiter, os.environ, port.owner)
    parts = build(settings, publisher, port.real, host, once=False)
    monitor, state_session = parts.monitor, parts.state_session
    monitor.wish = _Said(port.real, clock)
    memory = (
        state_session.memory
        if state_session.written_this_boot and state_session.memory
        else Memory()
    )
    tell(BY_US, OL_VISIBLE_S)
    try:
        # Whoever wrote this OB: clients may have seen it, so it must not vanish.
        monitor.start(memory, written_this_boot=True)
        until = clock.boottime() + 2 * OL_VISIBLE_S + _checks_s(settings)
        while clock.boottime() < until:
            next_at = monitor.tick()
            if monitor.memory.state is State.NOCOMMS:
                return f"hidden until the {device} answers"
            if monitor.memory.state is State.ON_BATTERY:
                raise NotReleased(f"the {device} answered: the grid is not back")
            answers = monitor.memory.relay.silent_since is None
            if answers and monitor.memory.state is State.ONLINE:
                return f"OL: the {device} answers again; start the monitor"
            while (left := next_at - clock.boottime()) > 0:
                hidden_at = monitor.memory.shown.since + OL_VISIBLE_S
                tell(BY_US, max(0.0, hidden_at - clock.boottime()))
                waiter.wait(min(_LOOK_S, left))
    finally:
        monitor.close()
    raise NotReleased(
        f"the port file still says {publisher.status}; the reason stands above"
    )


def _checks_s(settings: Settings) -> float:
    """Return how long the checks of such a silence take at most, s."""
    every_s = settings.relayfreq_s or settings.pollfreqalert_s
    return 2 * every_s + 16 * settings.api_timeout_s + _SLACK_S
