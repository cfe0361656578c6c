"""Reads what a monitor has written: port file, state file, lock. Changes nothing.

The config is not for this process to read: where the port file lies is in the
state file, and the state file is found by the name of the UPS.
"""

import contextlib
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from nutbridge.config.settings import UPS_NAME, state_name
from nutbridge.daemon.state_store import StateStore
from nutbridge.errors import PortFileError, UsageError
from nutbridge.nut.port_file import PortFile, PortFileName
from nutbridge.nut.port_text import parse, values_in
from nutbridge.nut.upsd import read_clients
from nutbridge.nut.variables import CHARGE_LOW, SOURCE
from nutbridge.system.clock import Clock
from nutbridge.system.lock import PortLock
from nutbridge.ups.model import DeviceHealth, Flows
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.policy import BUSY_S, FULL_MAX_S, Policy
from nutbridge.ups.status.saved import SavedState
from nutbridge.web.model import UNKNOWN, House, HouseDevice, HouseState, Reading

#: A port file's variable with its own time of reading.
_CLIENTS_WAIT_S = 0.5


class PortLook(NamedTuple):
    """What the port file says.

    Attributes:
        status: "" without one, None while hidden.
        texts: values by name, none while hidden.
        mtime: of the file.
    """

    status: str | None
    texts: dict[str, str]
    mtime: float | None

    def number(self, name: str) -> float | None:
        """Return a value as a number, or None."""
        try:
            value = float(self.texts.get(name, ""))
        except ValueError:
            return None
        return value if math.isfinite(value) else None


class HouseReader:
    """Looks at one UPS.

    Args:
        ups: its name.
        folders: where its state file may lie; the first that has one counts.
        clock: all times.
        upsd: HOST[:PORT] of upsd, asked for its clients; None: not asked.
    """

    def __init__(
        self, ups: str, folders: tuple[Path, ...], clock: Clock, upsd: str | None
    ) -> None:
        self.ups = ups
        self._folders = folders
        self._clock = clock
        self._upsd = upsd
        self._stores: dict[Path, StateStore] = {}

    @property
    def state_path(self) -> Path:
        """Where the state file lies, or would lie."""
        paths = [folder / state_name(self.ups) for folder in self._folders]
        return next(filter(is_there, paths), paths[0])

    def read(self) -> House:
        """Return what is known now; what cannot be read is told in it."""
        wall = self._clock.wall()
        path = self.state_path
        saved = self._stores.setdefault(path, StateStore(path)).read()
        if saved is None:
            problem = f"the monitor has left no state that can be read in {path}"
            return House(self.ups, wall, HouseState.UNREADABLE, problem=problem)
        try:
            return self._read(saved, wall)
        except PortFileError as exc:
            return House(self.ups, wall, HouseState.UNREADABLE, problem=str(exc))

    def _read(self, saved: SavedState, wall: float) -> House:
        port_file = PortFile(Path(saved.port_file), self._clock)
        port = read_port(port_file)
        owner = PortLock(port_file.real).owner()
        boot = self._clock.boot_id()
        ours = bool(boot) and saved.boot_id == boot
        # Times of another boot tell nothing.
        memory = saved.memory if ours else Memory()
        return replace(
            told(
                self.ups,
                port,
                memory,
                Times(wall, self._clock.boottime()),
                saved.policy or Policy(),
                runs=owner is not None,
            ),
            capacity_wh=saved.memory.battery.capacity_wh,
            token_ends=saved.token_ends_epoch,
            clients=self._clients(),
        )

    def _clients(self) -> tuple[str, ...] | None:
        if self._upsd is None:
            return None
        # Not running, not allowed, too old to know the question: then nobody knows.
        with contextlib.suppress(Exception):
            return read_clients(self.ups, self._upsd, _CLIENTS_WAIT_S)
        return None


def is_there(path: Path) -> bool:
    """Whether it exists, as far as this process may look."""
    try:
        return path.exists()
    except OSError:
        return False


class Times(NamedTuple):
    """Now, by both clocks."""

    wall: float
    boot: float

    def wall_of(self, at: float | None) -> float | None:
        """Return the wall time of a CLOCK_BOOTTIME; None for unknown or ahead."""
        if at is None or at > self.boot or at <= 0:
            return None
        return round(self.wall - (self.boot - at), 1)


def told(
    ups: str, port: PortLook, memory: Memory, now: Times, policy: Policy, *, runs: bool
) -> House:
    """Put together what port file and state file say (pure).

    Args:
        ups: its name.
        port: of the port file.
        memory: of the state file; empty when it is of another boot.
        now: by both clocks.
        policy: how often the monitor looks.
        runs: a monitor holds the lock.
    """
    charge = memory.battery.charge
    read_at = now.wall_of(charge.at if charge else None)
    source = port.texts.get(SOURCE)
    reckoned = (source or "").startswith("reckoned")
    # A file that stays as it is was made again with each charge that was read.
    made = [at for at in (port.mtime, read_at) if at is not None]
    made_at = min(max(made), now.wall) if made else None
    return House(
        ups=ups,
        time=round(now.wall, 1),
        state=_state(port, memory, now, policy, runs=runs),
        status=port.status,
        since=_since(port, memory, now),
        grid_asked=now.wall_of(memory.relay.at),
        silent_since=now.wall_of(memory.relay.silent_since),
        source=source,
        noted=now.wall_of(memory.noted_at),
        charge_pct=Reading(port.number("battery.charge"), read_at, reckoned)
        if "battery.charge" in port.texts
        else UNKNOWN,
        runtime_s=Reading(port.number("battery.runtime"), made_at, reckoned)
        if "battery.runtime" in port.texts
        else UNKNOWN,
        low_pct=port.number(CHARGE_LOW),
        floor_pct=memory.battery.floor_pct,
        temperature_c=port.number("battery.temperature"),
        load_pct=port.number("ups.load"),
        nominal_w=port.number("ups.realpower.nominal"),
        generator=memory.generator_since is not None,
        devices=tuple(map(_device, memory.devices)),
        **_flows(memory.flow.last, port, now),  # type: ignore[arg-type]
    )


def _state(
    port: PortLook, memory: Memory, now: Times, policy: Policy, *, runs: bool
) -> HouseState:
    if not runs:
        return HouseState.NO_MONITOR
    if port.status is None:
        return HouseState.HIDDEN
    words = port.status.split()
    if not {"OL", "OB"}.intersection(words):
        return HouseState.NO_STATUS  # none, or one that no monitor of ours writes
    # It notes what it knows at least so often, and no check takes longer.
    due_s = max(FULL_MAX_S, policy.relay_s or policy.pollfreq_s) + BUSY_S
    noted = memory.noted_at
    if noted is not None and now.boot - noted > due_s:
        return HouseState.HANGS
    if "OB" in words:
        return HouseState.LOW if "LB" in words else HouseState.ON_BATTERY
    return HouseState.ON_LINE


def _since(port: PortLook, memory: Memory, now: Times) -> float | None:
    shown = memory.shown
    same = shown.status.split()[:1] == (port.status or "").split()[:1]
    return now.wall_of(shown.since) if same else None


def _flows(last: Flows | None, port: PortLook, now: Times) -> dict[str, Reading]:
    names = ("load_w", "grid_w", "pv_w", "battery_w")
    if last is not None:
        at = now.wall_of(last.at)
        return {name: Reading(getattr(last, name), at) for name in names}
    load_w = port.number("ups.realpower")
    return {"load_w": Reading(load_w, port.mtime)} if load_w is not None else {}


def _device(health: DeviceHealth) -> HouseDevice:
    return HouseDevice(
        name=health.name,
        words=health.words,
        well=not health.faults,
        soc_pct=health.soc_pct,
        temperature_c=health.temperature_c,
    )


def read_port(port_file: PortFile) -> PortLook:
    """Read the port file, visible or hidden.

    Raises:
        PortFileError: neither name exists, or it cannot be read.
    """
    data = port_file.read()
    found = port_file.signature()
    mtime = found.mtime_ns / 1e9 if found else None
    if found is None or found.place is not PortFileName.VISIBLE:
        # What clients see no more is not shown either, but for the user's limit.
        low = values_in(data).get(CHARGE_LOW)
        return PortLook(None, {CHARGE_LOW: low} if low else {}, mtime)
    return PortLook(parse(data).status or "", values_in(data), mtime)


def find_upses(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the names of the UPSes whose monitors left a state file.

    Raises:
        UsageError: none is found.
        PermissionError: nor may one of the folders be looked into.
    """
    names = {
        path.name.removeprefix("enphase-").removesuffix(".state")
        for folder in folders
        for path in folder.glob("enphase-*.state")
    }
    found = set(filter(UPS_NAME.fullmatch, names))
    if not found:
        for folder in filter(Path.is_dir, folders):
            os.listdir(folder)  # glob says nothing of a folder that is closed to us
        where = " or ".join(map(str, folders))
        raise UsageError(
            f"no monitor has left a state file in {where}; name the UPS with --ups"
        )
    return tuple(sorted(found))
