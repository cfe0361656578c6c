"""Look at the config, the folders, the port file and its lock."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nutbridge.config.file import folders as nut_folders
from nutbridge.config.file_names import (
    gateway_pin_name,
    inverter_pin_name,
    session_name,
    state_name,
)
from nutbridge.config.settings import Settings
from nutbridge.daemon.state_store import state_folder
from nutbridge.errors import PortFileError
from nutbridge.nut.driver import socket_paths
from nutbridge.nut.port_file import MAX_BYTES, PortFile
from nutbridge.nut.port_text import parse
from nutbridge.nut.ups_conf import DRIVER, parse_ups_conf
from nutbridge.nut.user_settings import user_settings
from nutbridge.system.lock import PortLock
from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.access import (
    file_system,
    look_at,
    owner_of,
    runner_of,
    selinux_label,
    user_named,
    user_of,
)
from nutbridge.tools.doctor.facts import DiskEntry, FileFacts, User
from nutbridge.tools.doctor.place import DoctorContext

#: Packages run NUT's services as this user.
NUT_USER = "nut"


@dataclass(slots=True)
class _Denials:
    """Takes note of the first place that cannot be looked at."""

    first: str | None = None

    @contextlib.contextmanager
    def noted(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            name = str(exc.filename or path)
            if not isinstance(exc, PermissionError):
                name = f"{name} ({exc.strerror})"
            self.first = self.first or name


@dataclass(frozen=True, slots=True)
class _Text:
    """What the port file says."""

    status: str | None = None
    charge_low: float | None = None


@dataclass(frozen=True, slots=True)
class _Lock:
    """Who holds the lock; ``held`` is None when that is not known."""

    held: bool | None = None
    pid: int | None = None


def look_at_files(place: DoctorContext) -> FileFacts:
    """Gather everything about files; opens nothing for writing."""
    settings = place.settings
    port = PortFile(Path(settings.port_file), place.clock)
    denials = _Denials()
    lock = _lock(port, denials)
    monitor = _monitor_user(place, lock.pid)
    driver = _driver_user(place, monitor)

    def read_by_monitor(path: str | Path) -> DiskEntry:
        with denials.noted(Path(path)):
            return look_at(Path(path), monitor, os.R_OK)
        return DiskEntry(str(path))

    names = _folders(place, port)
    folders, kinds = [], {}
    for folder in names:
        with denials.noted(folder):
            folders.append(look_at(folder, monitor, os.W_OK | os.X_OK))
            kinds[str(folder)] = file_system(folder)
    visible, hidden = DiskEntry(str(port.real)), DiskEntry(str(port.twin))
    with denials.noted(port.real):
        visible = look_at(port.real, driver, os.R_OK)
        hidden = look_at(port.twin, driver, os.R_OK)
    text = _Text()
    with denials.noted(port.real):
        text = _read(visible if visible.there else hidden)
    shown = port.real if visible.there else port.twin
    found = FileFacts(
        denied=None,
        monitor=monitor,
        driver=driver,
        config=read_by_monitor(settings.config_path),
        passwords=tuple(map(read_by_monitor, _password_files(settings))),
        token=read_by_monitor(settings.token_file),
        folders=tuple(folders),
        kept=tuple(map(read_by_monitor, _kept(place, port))),
        port=visible,
        twin=hidden,
        kinds=kinds,
        label=selinux_label(shown),
        status=text.status if visible.there else None,
        charge_low=text.charge_low,
        held=lock.held,
        pid=lock.pid,
    )
    return replace(found, denied=denials.first)


def _password_files(settings: Settings) -> tuple[str, ...]:
    inverters = settings.sma.password_file if settings.sma else None
    return tuple(filter(None, (settings.password_file, inverters)))


def _kept(place: DoctorContext, port: PortFile) -> tuple[Path, ...]:
    """Return what a monitor leaves for the next one, besides token and port file."""
    settings = place.settings
    state = state_folder(place.environ, settings.state_dir)
    names = [gateway_pin_name(settings.ups)]
    if settings.sma is not None:
        names += [inverter_pin_name(settings.ups), session_name(settings.ups)]
    return (
        PortLock(port.real).path,
        state / state_name(settings.ups),
        *(Path(settings.state_dir, name) for name in names),
    )


def _lock(port: PortFile, denials: _Denials) -> _Lock:
    """Ask for the owner; a starting monitor tries again if it meets us."""
    try:
        owner = PortLock(port.real).owner()
    except PortFileError as exc:
        if not isinstance(exc.__cause__, PermissionError):
            return _Lock()
        denials.first = denials.first or str(exc.__cause__.filename)
        return _Lock()
    return _Lock(owner is not None, owner.pid if owner else None)


def _folders(place: DoctorContext, port: PortFile) -> tuple[Path, ...]:
    settings = place.settings
    wanted = (
        port.real.parent,
        Path(settings.state_dir),
        Path(settings.token_file).resolve().parent,
    )
    state = state_folder(place.environ, settings.state_dir)
    # The unit makes /run/nutbridge at its start.
    return tuple(dict.fromkeys((*wanted, *((state,) if state.is_dir() else ()))))


def _monitor_user(place: DoctorContext, pid: int | None) -> User:
    """Return who runs the monitor: the one that does, the unit's, NUT's, we."""
    running = owner_of(Path("/proc", str(pid))) if pid else None
    if running is not None:
        return running
    unit = f"enphase-monitor@{place.settings.ups}.service"
    named = (systemd.from_files(unit, place.environ) or {}).get("User", NUT_USER)
    return user_named(named) or user_of(os.geteuid())


def _driver_user(place: DoctorContext, monitor: User) -> User:
    """Return who runs dummy-ups: who does, the socket's owner, ups.conf's, NUT's."""
    running = runner_of(DRIVER, "-a", place.settings.ups)
    if running is not None:
        return running
    for path in socket_paths(place.settings.ups, place.environ):
        owner = owner_of(path)
        if owner is not None:
            return owner
    named = _ups_conf_user(place.environ)
    return user_named(named or NUT_USER) or monitor


def _ups_conf_user(environ: Mapping[str, str]) -> str | None:
    path = Path(nut_folders(environ).sysconfig, "ups.conf")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return parse_ups_conf(text).values.get("user")


def _read(entry: DiskEntry) -> _Text:
    if not (entry.there and entry.plain):
        return _Text()
    with open(os.open(entry.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        text = parse(file.read(MAX_BYTES))
    return _Text(text.status, user_settings(text).charge_low_pct)
