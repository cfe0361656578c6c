"""Puts a monitor together from the settings of one UPS."""

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nutbridge.clock import Clock, Waiter
from nutbridge.enphase.cloud import Cloud
from nutbridge.enphase.gateway import Gateway, Guard
from nutbridge.enphase.renewal import Renewal
from nutbridge.enphase.schedule import PAUSE_AFTER_SUCCESS_S
from nutbridge.enphase.source import EnphaseSource
from nutbridge.enphase.token_store import TokenStore
from nutbridge.keeper import Keeper, Whose
from nutbridge.monitor import Monitor
from nutbridge.nut.driver import driver_runs, socket_paths
from nutbridge.panel import Panel
from nutbridge.settings import Settings, TestAnswers
from nutbridge.state_store import StateStore, state_folder
from nutbridge.status.policy import Policy
from nutbridge.status.start import decide, look
from nutbridge.status.table import TABLE, Show, State
from nutbridge.wire import Wire

#: With -s a second ``closed`` is asked for sooner: all is over after 10 s.
_ONCE_CLOSED_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """A monitor and what its runner needs beside it."""

    monitor: Monitor
    source: EnphaseSource
    keeper: Keeper


@dataclass(frozen=True, slots=True)
class Host:
    """What this process runs on.

    Attributes:
        clock: all times.
        waiter: of the main thread.
        environ: the environment.
        owner: who gets the files that it writes; see ``files.owner_for``.
    """

    clock: Clock
    waiter: Waiter
    environ: Mapping[str, str]
    owner: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Wires:
    """How gateway and cloud are reached.

    Attributes:
        gateway: to the gateway.
        guard: sees to it that no other device gets the token; None without one.
        cloud: makes a connection to the cloud, in the thread that uses it.
    """

    gateway: Wire
    guard: Guard | None
    cloud: Callable[[], Wire]


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
    if settings.test is None:
        wires = _real(settings, host)
    else:
        wires = _played(settings, settings.test, panel, host)
    renewal = _renewal(settings, wires, keeper, host)
    keeper.watch(lambda: renewal.retry_state)
    collar = keeper.memory is not None and keeper.memory.collar
    source = _source(settings, wires, renewal, host, collar=collar)
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
    return Parts(monitor, source, keeper)


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
        StateStore(folder / f"enphase-{settings.ups}.state", host.owner),
        Whose(host.clock.boot_id(), str(port_file), _stamp(settings)),
    )


def _stamp(settings: Settings) -> str:
    """Return what changes when somebody edits the config or the password."""
    stamps = []
    for path in filter(None, (settings.config_path, settings.password_file)):
        with contextlib.suppress(OSError):
            found = Path(path).stat()
            stamps.append(f"{found.st_ino}.{found.st_mtime_ns}.{found.st_size}")
    return " ".join(stamps)


def _real(settings: Settings, host: Host) -> _Wires:
    from nutbridge.enphase.identity import PeerGuard
    from nutbridge.enphase.pin_store import PinStore
    from nutbridge.https import CloudHttps, HttpsDevice
    from nutbridge.tls import PinnedContext

    context = PinnedContext()
    device = HttpsDevice(
        settings.envoy_host,
        context=context,
        clock=host.clock,
        waiter=host.waiter,
        timeout_s=settings.api_timeout_s,
    )
    pins = Path(settings.state_dir, f"enphase-{settings.ups}.fingerprint")
    guard = PeerGuard(
        host=settings.envoy_host,
        serial=settings.serial,
        strict=settings.envoy_tls == "strict",
        wire=device,
        pin=context,
        store=PinStore(pins, host.owner),
    )
    return _Wires(
        device,
        guard,
        lambda: CloudHttps(host.clock, timeout_s=settings.login_timeout_s),
    )


def _played(
    settings: Settings, answers: TestAnswers, panel: Panel, host: Host
) -> _Wires:
    from random import Random

    from nutbridge.enphase.test_wire import PlayedCloud, PlayedGateway

    cloud = PlayedCloud(answers, settings.tokens_url, host.clock)
    gateway = PlayedGateway(
        answers,
        cloud,
        host.clock,
        Random(),  # noqa: S311  when a played token expires is no secret
        lambda: panel.settings.charge_low_pct,
    )
    return _Wires(gateway, None, lambda: cloud)


def _renewal(settings: Settings, wires: _Wires, keeper: Keeper, host: Host) -> Renewal:
    played = settings.test is not None

    def make_cloud() -> Cloud:
        return Cloud(
            wires.cloud(),
            user=settings.username,
            password=settings.password,
            serial=settings.serial,
            any_audience=played,
            login_url=settings.login_url,
            tokens_url=settings.tokens_url,
        )

    return Renewal(
        make_cloud=make_cloud,
        store=TokenStore(
            Path(settings.token_file),
            None if played else settings.serial,
            host.owner,
        ),
        clock=host.clock,
        waiter=host.waiter,
        state=None if played else keeper.retry_state,
        pause_after_success_s=0.0 if played else PAUSE_AFTER_SUCCESS_S,
    )


def _source(
    settings: Settings, wires: _Wires, renewal: Renewal, host: Host, *, collar: bool
) -> EnphaseSource:
    from nutbridge.transport import retrying

    gateway = Gateway(
        wires.gateway,
        host.clock,
        settings.envoy_host,
        lambda: renewal.token,
        wires.guard,
    )
    return EnphaseSource(
        gateway,
        renewal,
        functools.partial(retrying, clock=host.clock, waiter=host.waiter),
        host.clock,
        api_timeout_s=settings.api_timeout_s,
        disable_meters=settings.disable_meters,
        collar=collar,
    )
