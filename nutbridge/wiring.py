"""Puts a monitor together from the settings of one UPS."""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from nutbridge.file_names import state_name
from nutbridge.host import Host
from nutbridge.keeper import Keeper, Whose
from nutbridge.monitor import Monitor
from nutbridge.nut.driver import driver_runs, socket_paths
from nutbridge.nut.makers import ENPHASE, SMA, Maker
from nutbridge.panel import Panel
from nutbridge.runner import Eager
from nutbridge.settings import Settings
from nutbridge.source import Source
from nutbridge.state_store import StateStore, state_folder
from nutbridge.status.policy import Policy
from nutbridge.status.start import decide, look
from nutbridge.status.table import TABLE, Show, State

#: With -s a second ``closed`` is asked for sooner: all is over after 10 s.
_ONCE_CLOSED_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """A monitor and what its runner needs beside it.

    Attributes:
        source: the one that decides, without what stands beside it.
    """

    monitor: Monitor
    source: Eager
    keeper: Keeper


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
        status_flags=settings.status_flags,
        allow_no_controller=settings.allow_no_controller,
        check_falls=settings.test is None,
        device=settings.device,
    )
    return replace(policy, closed_again_s=_ONCE_CLOSED_AGAIN_S) if once else policy


def build(
    settings: Settings, panel: Panel, port_file: Path, host: Host, *, once: bool
) -> Parts:
    """Return the monitor and its parts; nothing was asked yet.

    Args:
        settings: of the config.
        panel: the port file, read.
        port_file: its real path.
        host: what this process runs on.
        once: for one check only.

    Raises:
        ConfigError: the token file or ENVOY_HOST cannot be used.
    """
    keeper = _keeper(settings, port_file, host)
    main, source = _sources(settings, panel, keeper, host, once=once)
    sockets = socket_paths(settings.ups, host.environ)
    monitor = Monitor(
        policy_of(settings, once=once),
        settings.serial,
        source,
        panel,
        host.clock,
        lambda: driver_runs(sockets),
        keeper.save,
    )
    return Parts(monitor, main, keeper)


def _sources(
    settings: Settings, panel: Panel, keeper: Keeper, host: Host, *, once: bool
) -> tuple[Eager, Source]:
    """Return who decides, and the same with what stands beside it.

    Only what the config asks for is loaded.
    """
    if settings.inverter_alone:
        from nutbridge.sma.wiring import sma_source

        inverter = sma_source(settings, keeper, host, once=once)
        return inverter, inverter
    from nutbridge.enphase.wiring import enphase_source

    gateway = enphase_source(settings, panel, keeper, host)
    if settings.sma is None or once:
        return gateway, gateway
    from nutbridge.sma.side import WithInverter
    from nutbridge.sma.wiring import side_inverter

    return gateway, WithInverter(gateway, side_inverter(settings, host))


def hide_stale(settings: Settings, panel: Panel, port_file: Path, host: Host) -> None:
    """Hide a port file that the start decision would hide.

    Raises:
        PortFileError: it is still visible.
    """
    keeper = _keeper(settings, port_file, host)
    found = look(
        panel.status,
        keeper.memory,
        host.clock.boottime(),
        vouched=keeper.vouched,
        driver_runs=driver_runs(socket_paths(settings.ups, host.environ)),
    )
    if TABLE[State.STARTING, decide(found)].show is Show.HIDE:
        panel.hide()


def forget_hold(settings: Settings, port_file: Path, host: Host) -> None:
    """Let a person's -x stand: the next start shows no OB that a stop has hidden."""
    keeper = _keeper(settings, port_file, host)
    if keeper.memory is not None and keeper.vouched and keeper.memory.hidden_at_stop:
        keeper.watch(lambda: keeper.retry_state)
        keeper.save(replace(keeper.memory, hidden_at_stop=False))


def _keeper(settings: Settings, port_file: Path, host: Host) -> Keeper:
    folder = state_folder(host.environ, settings.state_dir)
    return Keeper(
        StateStore(folder / state_name(settings.ups), host.owner),
        Whose(host.clock.boot_id(), str(port_file), _stamp(settings)),
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
