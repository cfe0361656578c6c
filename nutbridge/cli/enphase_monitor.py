"""The command enphase-monitor: from options to an exit code."""

import contextlib
import functools
import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nutbridge.cli.logs import (
    guard_streams,
    level_for,
    log_notices,
    set_up,
)
from nutbridge.cli.options import PROGRAM, Options, parse
from nutbridge.errors import (
    EX_SOFTWARE,
    ConfigError,
    LockHeld,
    NutbridgeError,
    PortFileError,
    Refused,
    Stopping,
)
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from nutbridge.config.settings import Settings
    from nutbridge.nut.port_file import PortFile, PortFilePublisher
    from nutbridge.system.clock import Clock, Host, SignalWaiter, Waiter
    from nutbridge.system.sdnotify import Notifier, PulsingWaiter

_log = logging.getLogger("nutbridge")

#: Where even the port file is not known, the next start is so far away, s.
UNKNOWN_WAIT_S = 60.0
#: Until then it is looked so often whether it has been mended, s.
LOOK_AGAIN_S = 5.0


def main() -> None:
    """Run the command and end the process."""
    # Loading makes no garbage: looking for it takes 15 ms of 220.
    gc.disable()
    guard_streams()
    options = parse(sys.argv[1:])
    name = f"{PROGRAM} {options.ups}" if options.ups else PROGRAM
    set_up(name, level_for(options.debug, verbose=options.verbose), os.environ)
    try:
        code = _run(options)
    except Stopping:
        code = 0
    except NutbridgeError as exc:
        _log.error("%s", exc)
        code = exc.exit_code
    except Exception:  # noqa: BLE001  the one place where a bug ends
        _log.exception("this is a bug in nutbridge; please report it with these lines")
        code = EX_SOFTWARE
    _leave(code)


def _leave(code: int) -> None:
    """End at once: a thread stuck in name resolution must not hold us up."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run(options: Options) -> int:
    from nutbridge.system.clock import SignalWaiter, SystemClock

    waiter = SignalWaiter()
    waiter.install(hangup_stops=options.once or options.hide > 0 or _on_terminal())
    clock = SystemClock()
    while True:
        try:
            code = _run_or_hold(options, clock, waiter)
            if code is not None:
                return code
        except LockHeld as held:
            if options.once or options.hide or not _by_systemd():
                raise
            _log.error("%s", held)
            free = functools.partial(_is_free, Path(held.path))
            if not _look_again(free, "another monitor runs", clock, waiter):
                return held.exit_code


def _run_or_hold(
    options: Options, clock: "Clock", waiter: "SignalWaiter"
) -> int | None:
    """Do what was asked, if need be without a config; None: it is to begin anew."""
    try:
        return _run_with_config(options, clock, waiter)
    except (ConfigError, PortFileError) as error:
        if options.once or options.hide or _on_terminal():
            raise
        return None if _hold(error, options, clock, waiter) else error.exit_code


def _on_terminal() -> bool:
    """Whether a person waits for the error."""
    return any(stream and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _run_with_config(
    options: Options, clock: "Clock", waiter: "SignalWaiter"
) -> int | None:
    """Do what was asked; the exit code, or None: it is to begin anew."""
    from nutbridge.daemon.wiring import maker_of
    from nutbridge.nut.port_file import PortFile, PortFilePublisher
    from nutbridge.system.lock import PortLock

    settings = _settings(options)
    port = PortFile(Path(settings.port_file), clock)
    port.check()
    publisher = PortFilePublisher(port, maker_of(settings))
    lock = PortLock(port.real)
    try:
        lock.acquire()
    except LockHeld as held:
        if not options.once:
            raise
        publisher.load()
        return _report(settings.ups, publisher.status, held.pid)
    try:
        port.sweep()
        publisher.load()
        if options.hide:
            from nutbridge.daemon.wiring import forget_hold
            from nutbridge.system.clock import Host

            _hide(publisher, asked=options.hide)
            host = Host(clock, waiter, os.environ, port.owner)
            forget_hold(settings, port.real, host)
            return 0
        return _monitor(options, settings, publisher, port, (clock, waiter))
    finally:
        lock.release()


def _pulsing(waiter: "Waiter", clock: "Clock") -> "tuple[PulsingWaiter, Notifier]":
    """Return a waiter that shows systemd's watchdog that we live, and its notifier."""
    from nutbridge.system.sdnotify import Notifier, PulsingWaiter, watchdog_interval_s

    notifier = Notifier.from_environ(os.environ)
    pulse_s = watchdog_interval_s(os.environ)
    return PulsingWaiter(waiter, clock, notifier, pulse_s), notifier


def _hold(
    error: NutbridgeError, options: Options, clock: "Clock", waiter: "Waiter"
) -> bool:
    """Do without a usable config; whether it has been mended.

    Raises:
        PortFileError: there is none, and no systemd.
    """
    from nutbridge.config.file import salvage
    from nutbridge.daemon.preload import preload
    from nutbridge.daemon.without_config import hold
    from nutbridge.system.clock import Host

    pulsing, notifier = _pulsing(waiter, clock)
    host = Host(clock, pulsing, os.environ)
    preload(None)
    left = salvage(options.config, options.ups, os.environ)
    try:
        if hold(error, left, host, notifier, lambda: _error_of(options, host)):
            _log.info("the config can be used again")
            return True
    except PortFileError as worse:
        error = worse
    if isinstance(error, PortFileError) and not _by_systemd():
        raise error
    _log.error("%s; no port file is kept until it is mended", error)
    return _look_again(
        lambda: _error_of(options, host) is None, "no port file to keep", clock, waiter
    )


def _by_systemd() -> bool:
    """Whether systemd has started it, and would again every 2 s."""
    return "NOTIFY_SOCKET" in os.environ


def _look_again(
    mended: "Callable[[], bool]", status: str, clock: "Clock", waiter: "Waiter"
) -> bool:
    """Wait a minute for what keeps it from its port file; whether that is mended.

    A start every 2 s would fill the journal.
    """
    pulsing, notifier = _pulsing(waiter, clock)
    notifier.ready(status)
    until = clock.boottime() + UNKNOWN_WAIT_S
    while (rest := until - clock.boottime()) > 0:
        pulsing.wait(min(LOOK_AGAIN_S, rest))
        if mended():
            return True
    return False


def _is_free(port_file: Path) -> bool:
    from nutbridge.system.lock import PortLock

    return PortLock(port_file).owner() is None


def _error_of(options: Options, host: "Host") -> NutbridgeError | None:
    """Return why the config cannot be used now, or None."""
    from nutbridge.config.file import load
    from nutbridge.daemon.wiring import build, maker_of
    from nutbridge.nut.port_file import PortFile, PortFilePublisher
    from nutbridge.system.lock import PortLock

    try:
        settings, _ = load(options.config, options.ups, os.environ, trusting=True)
        port = PortFile(Path(settings.port_file), host.clock)
        port.check()
        PortLock(port.real).owner()
        publisher = PortFilePublisher(port, maker_of(settings))
        build(settings, publisher, port.real, host, once=False).close()
    except NutbridgeError as error:
        return error
    except (ImportError, SyntaxError) as error:  # in the middle of an upgrade
        return ConfigError("nutbridge", None, f"not whole: {error}")
    return None


def _settings(options: Options) -> "Settings":
    from nutbridge.config.file import load

    # Typed by root it may follow no stranger's link; a monitor has to find an OB.
    stays = not (options.once or options.hide)
    settings, notices = load(options.config, options.ups, os.environ, trusting=stays)
    level = level_for(
        max(options.debug, settings.debug),
        verbose=options.verbose or settings.verbose,
    )
    set_up(f"{PROGRAM} {settings.ups}", level, os.environ)
    log_notices(_log, notices)
    return settings


def _monitor(
    options: Options,
    settings: "Settings",
    publisher: "PortFilePublisher",
    port: "PortFile",
    times: "tuple[Clock, SignalWaiter]",
) -> int | None:
    """Decide about the port file found, then check once or for ever."""
    from nutbridge.daemon.left_behind import LeftBehind
    from nutbridge.daemon.runner import run, run_once
    from nutbridge.daemon.wiring import build, hide_stale, recall_house, record_once
    from nutbridge.system.clock import Host
    from nutbridge.system.release_request import ReleaseRequest

    (clock, signals), once = times, options.once
    waiter, notifier = (signals, None) if once else _pulsing(signals, clock)
    host = Host(clock, waiter, os.environ, port.owner)
    try:
        parts = build(settings, publisher, port.real, host, once=once)
    except ConfigError:
        if once or _on_terminal():
            # Nobody will watch the file now: a stale OB must not greet a driver
            # that starts after us at boot.
            hide_stale(settings, publisher, port.real, host)
        raise
    left = LeftBehind(parts.state_session.found, port.real, host)
    left.look()
    monitor, source, state_session = parts.monitor, parts.source, parts.state_session
    monitor.wish = ReleaseRequest(port.real, clock)
    monitor.wish.drop()  # left for a predecessor
    known = state_session.written_this_boot
    monitor.start(state_session.memory, written_this_boot=known)
    house = None if once and known else recall_house(settings, parts)
    if notifier is None:
        try:
            run_once(monitor, source, waiter, clock)
        finally:
            record_once(settings, parts, host)
        return 0
    from nutbridge.daemon.history.recording import Recording

    recording = Recording(settings, monitor, host, house)
    gc.freeze()
    gc.enable()
    after = (state_session.refresh, left.look, recording.note)
    leave = functools.partial(_begins_anew, options, host, signals)
    try:
        anew = run(monitor, source, waiter, clock, notifier, *after, leave=leave)
    finally:
        recording.end()
    return None if anew else 0


def _begins_anew(options: Options, host: "Host", signals: "SignalWaiter") -> bool:
    """Whether SIGHUP has come, and the config can be used."""
    if not signals.take_hangup():
        return False
    if (error := _error_of(options, host)) is not None:
        _log.error("SIGHUP: %s; the config of before stays in use", error)
        return False
    _log.info("SIGHUP: begins anew with the config as it is now")
    return True


def _report(ups: str, status: str | None, pid: int | None) -> int:
    shown = "hidden (nocomms)" if status is None else status or "without a status"
    who = f"pid {pid}" if pid else "another process"
    line = f"{ups}: port file {shown}, kept by {who}; nothing was changed"
    sys.stdout.write(printable(line) + "\n")
    return 0


def _hide(publisher: "PortFilePublisher", *, asked: int) -> None:
    """Hide the file, unless that would shut machines down."""
    status = publisher.status
    if status is not None and "OB" in status.split() and asked == 1:
        raise Refused(
            f"the port file says {status}: hiding it now shuts down every machine "
            "that listens; -x -x does it all the same"
        )
    publisher.hide()
    _log.info("port file hidden (nocomms)")


if __name__ == "__main__":
    main()
