"""Puts an SMA inverter together: as the source, or beside one."""

import functools
import math
from pathlib import Path
from typing import NamedTuple

from nutbridge.config.settings import Settings, inverter_pin_name, serial_name
from nutbridge.config.sma import SmaSettings
from nutbridge.daemon.state_store import StateSession
from nutbridge.errors import ConfigError
from nutbridge.net.https import open_wire
from nutbridge.net.pins import Pin, PinStore
from nutbridge.net.worker import ThreadWaiter, retrying
from nutbridge.sources.sma.inverter import Account, Inverter
from nutbridge.sources.sma.login_gate import LoginGate
from nutbridge.sources.sma.pinned_wire import DeviceWire, PinnedWire
from nutbridge.sources.sma.pv_telemetry import (
    LEAVE_S,
    PvTelemetry,
)
from nutbridge.sources.sma.serial_store import SerialStore
from nutbridge.sources.sma.session_store import SessionStore
from nutbridge.sources.sma.single_query import session_store
from nutbridge.sources.sma.source import SmaSource
from nutbridge.system.clock import Host
from nutbridge.ups.status.policy import FULL_MAX_S
from nutbridge.ups.status.saved import RetryState

#: For the logout after one check: 8.5 s of it may be over, and the start takes
#: half a second or more.
LEAVE_ONCE_S = 0.5


class _Parts(NamedTuple):
    """A client and what it is made of."""

    client: Inverter
    waiter: ThreadWaiter
    gate: LoginGate


def sma_source(
    settings: Settings, state_session: StateSession, host: Host, *, once: bool
) -> SmaSource:
    """Return the inverter as the source; nothing was asked yet.

    Args:
        settings: of the config.
        state_session: keeps the pause after a failed login.
        host: what this process runs on.
        once: for one check (-s), which has 10 s in all.
    """
    sma = _sma(settings)
    waiter = ThreadWaiter(host.waiter, host.clock)
    parts = _parts(settings, sma, host, waiter, state_session.retry_state)
    state_session.watch(lambda: parts.gate.retry_state)

    leave_s = LEAVE_ONCE_S if once else LEAVE_S

    def leave() -> None:
        # SIGTERM ends all waiting of the main thread: not this one.
        parts.waiter.grace_s = math.inf
        parts.client.logout(host.clock.boottime() + leave_s)
        parts.client.close()

    return SmaSource(
        parts.client,
        functools.partial(retrying, clock=host.clock, waiter=host.waiter),
        host.clock,
        leave,
        timeout_s=sma.timeout_s,
        capacity_wh=sma.capacity_wh,
        serials=SerialStore(serial_file(settings), sma.host, host.owner),
    )


def side_inverter(
    settings: Settings, state_session: StateSession, host: Host
) -> PvTelemetry:
    """Return the inverter beside another source; nothing runs yet."""
    sma = _sma(settings)
    waiter = ThreadWaiter(clock=host.clock)
    parts = _parts(settings, sma, host, waiter, state_session.inverter_retry_state)
    state_session.watch_inverter(lambda: parts.gate.retry_state)
    return PvTelemetry(
        parts.client,
        waiter,
        host.clock,
        every_s=min(settings.pollfreq_s, FULL_MAX_S),
    )


def _sma(settings: Settings) -> SmaSettings:
    if settings.sma is None:
        raise ConfigError(settings.config_path, "SMA_HOST", "not set")
    return settings.sma


def _parts(
    settings: Settings,
    sma: SmaSettings,
    host: Host,
    waiter: ThreadWaiter,
    state: RetryState,
) -> _Parts:
    wire = open_wire(
        sma.host,
        scheme=sma.scheme,
        clock=host.clock,
        waiter=waiter,
        timeout_s=sma.timeout_s,
    )
    guarded: DeviceWire = wire
    if wire.context is not None:
        pin = Pin(
            sma.host,
            strict=sma.tls == "strict",
            context=wire.context,
            keeper=PinStore(fingerprint_file(settings), host.owner),
            clock=host.clock,
            trust=f"nutbridge gateway trust {settings.ups} --inverter",
        )
        guarded = PinnedWire(wire, pin)
    gate = LoginGate(sma.host, host.clock, state, waiter)

    def keeper(whose: str) -> SessionStore:
        folder, ups = settings.state_dir, settings.ups
        return session_store(sma, folder, ups, host.owner, whose)

    client = Inverter(
        guarded,
        sma.host,
        Account(sma.password, sma.group, sma.user),
        host.clock,
        gate=gate,
        keeper=keeper,
    )
    return _Parts(client, waiter, gate)


def serial_file(settings: Settings) -> Path:
    """Return where the serial number of the inverter lies."""
    return Path(settings.state_dir, serial_name(settings.ups))


def fingerprint_file(settings: Settings) -> Path:
    """Return where the fingerprint of the inverter's certificate lies."""
    return Path(settings.state_dir, inverter_pin_name(settings.ups))
