"""Puts a monitor together from the settings of one UPS."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nutbridge.config.settings import Settings, memory_name, state_name
from nutbridge.daemon.last_resort import LastResort
from nutbridge.daemon.monitor import Monitor
from nutbridge.daemon.state_store import (
    StateOwner,
    StateSession,
    StateStore,
    state_folder,
)
from nutbridge.nut.driver import DriverSockets
from nutbridge.nut.port_file import PortFilePublisher
from nutbridge.nut.variables import ENPHASE, SMA, Maker
from nutbridge.system.clock import Host
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.start import decide, inspect_port_file
from nutbridge.ups.status.table import TABLE, Show, State

if TYPE_CHECKING:
    from nutbridge.ups.source import MainSource, Source
    from nutbridge.ups.status.house import HouseMemory

#: An inverter is asked at most ten times a minute while on line.
_INVERTER_EVERY_S = 6.0

#: With -s a second ``closed`` is asked for sooner: all is over after 10 s.
_ONCE_CLOSED_AGAIN_S = 2.0


class MonitorParts(NamedTuple):
    """A monitor and what its runner needs beside it.

    Attributes:
        source: the one that decides, without what stands beside it.
    """

    monitor: Monitor
    source: "MainSource"
    state_session: StateSession

    def close(self) -> None:
        """Let a monitor go that was never started."""
        self.monitor.discard()


def maker_of(settings: Settings) -> Maker:
    """Return whose defaults stand in the port file."""
    return SMA if settings.inverter_alone else ENPHASE


def policy_of(settings: Settings, *, once: bool) -> Policy:
    """Return the policy that the config asks for."""
    policy = Policy(
        pollfreq_s=settings.pollfreq_s,
        alert_s=settings.pollfreqalert_s,
        relay_s=settings.relayfreq_s,
        nocomms_delay_s=settings.nocomms_delay_s,
        loadkwh_w=settings.loadkwh_w,
        rated=not settings.loadkwh_given,
        status_flags=settings.status_flags,
        allow_no_controller=settings.allow_no_controller,
        check_falls=settings.test is None,
        device=settings.device,
    )
    if settings.inverter_alone:
        policy = policy._replace(
            pollfreq_s=max(policy.pollfreq_s, _INVERTER_EVERY_S),
            relay_s=policy.relay_s and max(policy.relay_s, _INVERTER_EVERY_S),
        )
    return policy._replace(closed_again_s=_ONCE_CLOSED_AGAIN_S) if once else policy


def build(
    settings: Settings,
    publisher: PortFilePublisher,
    port_file: Path,
    host: Host,
    *,
    once: bool,
) -> MonitorParts:
    """Return the monitor and its parts; nothing was asked yet.

    Args:
        settings: of the config.
        publisher: the port file, read.
        port_file: its real path.
        host: what this process runs on.
        once: for one check only.

    Raises:
        ConfigError: the token file or ENVOY_HOST cannot be used.
    """
    if not once:
        from nutbridge.daemon.preload import preload

        preload(settings)
    state_session = _state_session(settings, port_file, host)
    main, source = _sources(settings, publisher, state_session, host, once=once)
    sockets = DriverSockets(settings.ups, host.environ, port_file)
    monitor = Monitor(
        policy_of(settings, once=once),
        settings.serial,
        source,
        publisher,
        host.clock,
        sockets.answer,
        state_session.save,
    )
    monitor.last_resort = LastResort(port_file)
    return MonitorParts(monitor, main, state_session)


def _sources(
    settings: Settings,
    publisher: PortFilePublisher,
    state_session: StateSession,
    host: Host,
    *,
    once: bool,
) -> "tuple[MainSource, Source]":
    """Return who decides, and the same with what stands beside it.

    Only what the config asks for is loaded.
    """
    if settings.inverter_alone:
        from nutbridge.daemon.wiring_sma import sma_source

        inverter = sma_source(settings, state_session, host, once=once)
        return inverter, inverter
    from nutbridge.daemon.wiring_enphase import enphase_source

    gateway = enphase_source(settings, publisher, state_session, host)
    if settings.sma is None or once:
        return gateway, gateway
    from nutbridge.daemon.wiring_sma import side_inverter
    from nutbridge.sources.sma.pv_telemetry import WithPvTelemetry

    side = side_inverter(settings, state_session, host)
    return gateway, WithPvTelemetry(gateway, side)


def recall_house(settings: Settings, parts: MonitorParts) -> "HouseMemory | None":
    """Give a started monitor what an earlier boot knew of the house.

    The start decision is made without it.

    Returns:
        What is known of the house, if anything.
    """
    from nutbridge.daemon.house_store import read_house
    from nutbridge.ups.status.house import recalled

    if settings.test is not None:
        return None  # all is played
    path = Path(settings.state_dir, memory_name(settings.ups))
    house = read_house(path, settings.serial)
    if house is not None and not parts.state_session.written_this_boot:
        parts.monitor.memory = recalled(parts.monitor.memory, house)
        # The relay alone may say closed in an outage, and the first checks after a
        # power cut may not reach the inventory.
        memory = parts.monitor.memory
        parts.source.recall(collar=memory.collar, backup_mode=memory.backup_mode)
    return house


def record_once(settings: Settings, parts: MonitorParts, host: Host) -> None:
    """Write a line of the history if one check (-s) changed the status, or on battery.

    The first check of a boot is followed by the daemon, which notes the same.
    """
    session, shown = parts.state_session, parts.monitor.memory.shown
    before = session.memory if session.written_this_boot else None
    if before is None or (before.shown.status == shown.status and not shown.on_battery):
        return
    with contextlib.suppress(Exception):  # nothing of it is for this check
        from nutbridge.daemon.history.recording import Recording

        recording = Recording(settings, parts.monitor, host)
        recording.note()
        recording.flush()


def hide_stale(
    settings: Settings, publisher: PortFilePublisher, port_file: Path, host: Host
) -> None:
    """Hide a port file that the start decision would hide.

    Raises:
        PortFileError: it is still visible.
    """
    state_session = _state_session(settings, port_file, host)
    found = inspect_port_file(
        publisher.status,
        state_session.memory,
        host.clock.boottime(),
        policy_of(settings, once=True),
        written_this_boot=state_session.written_this_boot,
        driver_runs=DriverSockets(settings.ups, host.environ, port_file).answer(),
    )
    if TABLE[State.STARTING, decide(found)].show is Show.HIDE:
        publisher.hide()


def forget_hold(settings: Settings, port_file: Path, host: Host) -> None:
    """Forget an OB hidden at a stop: the next start would undo a person's -x."""
    state_session = _state_session(settings, port_file, host)
    if (
        state_session.memory is not None
        and state_session.written_this_boot
        and state_session.memory.hidden_at_stop
    ):
        state_session.watch(lambda: state_session.retry_state)
        state_session.save(state_session.memory._replace(hidden_at_stop=False))


def _state_session(settings: Settings, port_file: Path, host: Host) -> StateSession:
    folder = state_folder(host.environ, settings.state_dir)
    return StateSession(
        StateStore(folder / state_name(settings.ups), host.owner),
        StateOwner(host.clock.boot_id(), str(port_file), _stamp(settings)),
        policy_of(settings, once=False),
    )


def _stamp(settings: Settings) -> str:
    """Return what changes when somebody edits the config or the password."""
    stamps = []
    sma_file = settings.sma.password_file if settings.sma else None
    for path in filter(None, (settings.config_path, settings.password_file, sma_file)):
        with contextlib.suppress(OSError):
            found = Path(path).stat()
            stamps.append(f"{found.st_ino}.{found.st_mtime_ns}.{found.st_size}")
    return " ".join(stamps)
