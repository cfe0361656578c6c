"""Config, folders, port file and lock: what is there, and who may use it."""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from nutbridge.config.file import folders as nut_folders
from nutbridge.config.settings import (
    Settings,
    gateway_pin_name,
    inverter_pin_name,
    session_name,
    state_name,
)
from nutbridge.daemon.state_store import state_folder
from nutbridge.errors import PortFileError
from nutbridge.nut.driver import socket_paths
from nutbridge.nut.port_file import MAX_BYTES, PortFile
from nutbridge.nut.port_text import UserSettings, parse, user_settings
from nutbridge.nut.ups_conf import DRIVER, parse_ups_conf
from nutbridge.system.files import read_file, real_path
from nutbridge.system.lock import PortLock
from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.access import (
    DiskEntry,
    User,
    disk_trouble,
    file_system,
    look_at,
    owner_of,
    runner_of,
    selinux_label,
    user_named,
    user_of,
)
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    Gathered,
    check,
    failed,
    not_allowed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.context import DoctorContext

#: Packages run NUT's services as this user.
NUT_USER = "nut"
#: File systems on which another machine may hold the file, locks are not sure,
#: and the driver may read an old copy.
_REMOTE = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "ocfs2", "gfs2"),
    )
)
#: SELinux types of files that were moved here from a place of their own.
_WRONG_TYPES = ("user_home_t", "admin_home_t", "tmp_t", "user_tmp_t", "default_t")
#: Types of everybody's files: NUT's own services run in a domain that need not be
#: let in there. The config type of NUT is read by all of them.
_COMMON_TYPES = ("var_run_t", "var_lib_t", "var_t")
_NUT_TYPE = "nut_conf_t"


@dataclass(frozen=True, slots=True)
class FileFacts(Gathered):
    """Config, folders, port file and lock.

    Attributes:
        denied: the first place that this user may not look at.
        monitor: who runs the monitor, or would.
        driver: who runs dummy-ups, or would.
        config: usable by ``monitor``.
        passwords: PASSWORD_FILE and SMA_PASSWORD_FILE; usable by ``monitor``.
        token: the token file, usable by ``monitor``.
        folders: of port file, state and token; usable by ``monitor``.
        kept: lock, state and fingerprint of the monitor; usable by it.
        port: the visible file; usable by ``driver``.
        twin: the hidden file; usable by ``driver``.
        nut: NUT's own config files, usable by ``driver``, whom upsd runs as, too.
        kinds: file system by folder.
        troubles: why nothing can be written there, by folder.
        label: SELinux label of port file or twin; None without SELinux.
        status: ups.status in the visible file, None without one.
        charge_low: battery.charge.low, %, and what is odd about it.
        runtime_low_s: battery.runtime.low, s.
        held: a monitor holds the lock; None when that is not known.
        pid: of that monitor.
    """

    WHAT: ClassVar[str] = "the folders of config and port file"

    denied: str | None
    monitor: User
    driver: User
    config: DiskEntry
    passwords: tuple[DiskEntry, ...] = ()
    token: DiskEntry | None = None
    folders: tuple[DiskEntry, ...] = ()
    kept: tuple[DiskEntry, ...] = ()
    port: DiskEntry = field(default_factory=lambda: DiskEntry(""))
    twin: DiskEntry = field(default_factory=lambda: DiskEntry(""))
    nut: tuple[DiskEntry, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    status: str | None = None
    charge_low: float | None = None
    runtime_low_s: float = 300.0
    held: bool | None = None
    pid: int | None = None

    @classmethod
    def gather(cls, place: DoctorContext) -> "FileFacts":
        """Look at everything about files; opens nothing for writing."""
        settings = place.settings
        port = PortFile(Path(settings.port_file), place.clock)
        denials = _Denials()
        held, pid = _lock(port, denials)
        monitor = _monitor_user(place, pid)
        driver = _driver_user(place, monitor)

        def entry(path: str | Path, user: User, wanted: int = os.R_OK) -> DiskEntry:
            with denials.noted(Path(path)):
                return look_at(Path(path), user, wanted)
            return DiskEntry(str(path))

        folders, kinds, troubles = [], {}, {}
        for folder in _folders(place, port):
            with denials.noted(folder):
                folders.append(look_at(folder, monitor, os.W_OK | os.X_OK))
                kinds[str(folder)] = file_system(folder)
                if trouble := disk_trouble(folder):
                    troubles[str(folder)] = trouble
        visible, hidden = entry(port.real, driver), entry(port.twin, driver)
        status, settings_there = None, None
        with denials.noted(port.real):
            status, settings_there = _read(visible if visible.there else hidden)
        found = cls(
            denied=None,
            monitor=monitor,
            driver=driver,
            config=entry(settings.config_path, monitor),
            passwords=tuple(entry(path, monitor) for path in _password_files(settings)),
            token=entry(settings.token_file, monitor),
            folders=tuple(folders),
            kept=tuple(entry(path, monitor) for path in _kept(place, port)),
            port=visible,
            twin=hidden,
            nut=tuple(entry(path, driver) for path in _nut_files(place)),
            kinds=kinds,
            troubles=troubles,
            label=selinux_label(port.real if visible.there else port.twin),
            status=status if visible.there else None,
            charge_low=settings_there.charge_low_pct if settings_there else None,
            runtime_low_s=(settings_there or user_settings(parse(b""))).runtime_low_s,
            held=held,
            pid=pid,
        )
        return replace(found, denied=denials.first)


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


def _lock(port: PortFile, denials: _Denials) -> tuple[bool | None, int | None]:
    """Return whether somebody holds the lock (None: not known), and their pid.

    A starting monitor tries again if it meets us.
    """
    try:
        owner = PortLock(port.real).owner()
    except PortFileError as exc:
        if isinstance(exc.__cause__, PermissionError):
            denials.first = denials.first or str(exc.__cause__.filename)
        return None, None
    return owner is not None, owner.pid if owner else None


def _folders(place: DoctorContext, port: PortFile) -> tuple[Path, ...]:
    settings = place.settings
    wanted = (
        port.real.parent,
        Path(settings.state_dir),
        real_path(Path(settings.token_file)).parent,
    )
    state = state_folder(place.environ, settings.state_dir)
    # The unit makes /run/nutbridge at its start.
    return tuple(dict.fromkeys((*wanted, *((state,) if state.is_dir() else ()))))


def _nut_files(place: DoctorContext) -> list[Path]:
    folder = Path(nut_folders(place.environ).sysconfig).absolute()
    return [folder / name for name in ("ups.conf", "upsd.conf", "upsd.users")]


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
    if named is None and os.geteuid():
        # Somebody's own NUT, in a container say, lies in a folder of theirs.
        owner = owner_of(Path(nut_folders(place.environ).sysconfig))
        if owner is not None and owner.uid == os.geteuid():
            return owner
    return user_named(named or NUT_USER) or monitor


def _ups_conf_user(environ: Mapping[str, str]) -> str | None:
    path = Path(nut_folders(environ).sysconfig, "ups.conf")
    try:
        text = read_file(path, MAX_BYTES).data.decode("utf-8", "replace")
    except OSError:
        return None
    return parse_ups_conf(text).values.get("user")


def _read(entry: DiskEntry) -> tuple[str | None, UserSettings | None]:
    """Return ups.status and the user's settings of a port file."""
    if not (entry.there and entry.plain):
        return None, None
    text = parse(read_file(Path(entry.path), MAX_BYTES).data)
    return text.status, user_settings(text)


@check("config")
def config(facts: DoctorFacts) -> CheckVerdict:
    """Tell which config was read; one that cannot be read never comes here."""
    settings = facts.settings
    asked = f"gateway {settings.envoy_host}"
    if settings.sma is not None and settings.inverter_alone:
        asked = f"inverter {settings.sma.host}"
    return ok(f"config {settings.config_path}: UPS {settings.ups}, {asked}")


@check("config-keys")
def config_keys(facts: DoctorFacts) -> CheckVerdict:
    """Unknown keys: most often a slip, and then a setting that is not in force."""
    if facts.unknown_keys:
        found = "; ".join(facts.unknown_keys)
        return failed(found, "correct the name, or make the line a comment")
    return ok("the config has no unknown keys")


@check("config-values")
def config_values(facts: DoctorFacts) -> CheckVerdict:
    """What the monitor warns of at its start."""
    if facts.odd_values:
        return warning(
            "; ".join(facts.odd_values), "see enphase-ups.conf for what fits"
        )
    return ok("every value of the config is used as it stands")


@check("config-permissions")
def config_access(facts: DoctorFacts) -> CheckVerdict:
    """The config: readable for the monitor, writable for its owner alone."""
    files = facts.need(FileFacts)
    entry, user = files.config, files.monitor.name
    shown = f"{entry.path} ({_access(entry)})"
    if not entry.there:
        return not_allowed(f"{entry.path} cannot be looked at")
    remedy = f"chown root:nut {entry.path}; chmod 640 {entry.path}"
    if (entry.mode or 0) & (stat.S_IWGRP | stat.S_IWOTH):
        return failed(f"{shown} can be changed by more than its owner", remedy)
    if not entry.usable:
        return failed(f"{shown} cannot be read by {user}, who runs the monitor", remedy)
    for password in files.passwords:
        if password.there and not password.usable:
            return failed(
                f"{password.path} ({_access(password)}) cannot be read by {user}",
                f"chown root:nut {password.path}; chmod 640 {password.path}",
            )
    return ok(f"{shown} can be read by {user}")


@check("folders")
def folders(facts: DoctorFacts) -> CheckVerdict:
    """The folders of port file, state and token."""
    files = facts.need(FileFacts)
    user = files.monitor.name
    for folder in files.folders:
        shown = f"folder {folder.path} ({_access(folder)})"
        if not folder.there:
            return failed(f"{shown} does not exist", f"mkdir {folder.path}")
        if (folder.mode or 0) & stat.S_IWOTH:
            return failed(f"{shown} is open to everybody", f"chmod o-w {folder.path}")
        if not folder.usable:
            return failed(
                f"{shown}: {user}, who runs the monitor, cannot write there",
                f"chown root:{user} {folder.path}; chmod 770 {folder.path}",
            )
    for kept in files.kept:
        if kept.there and not kept.usable:
            return failed(
                f"{kept.path} ({_access(kept)}) cannot be read by {user}, who runs "
                "the monitor",
                f"chown {user} {kept.path}",
            )
    if files.denied is not None:
        return not_allowed(f"{files.denied} cannot be looked at")
    names = ", ".join(folder.path for folder in files.folders)
    return ok(f"{user} can write in {names}")


@check("port-file")
def port_file(facts: DoctorFacts) -> CheckVerdict:
    """The port file, or its hidden twin: plain, readable for the driver."""
    files = facts.need(FileFacts)
    found = [entry for entry in (files.port, files.twin) if entry.there]
    user = files.driver.name
    if not found:
        if files.denied is not None:
            return not_allowed(f"{files.denied} cannot be looked at")
        return failed(
            f"port file {files.port.path} does not exist, hidden or not",
            f"touch {files.twin.path}; chown {files.monitor.name} {files.twin.path}",
        )
    for entry in found:
        shown = f"{entry.path} ({_access(entry)})"
        if not entry.plain:
            return failed(f"{shown} is no plain file", "move it out of the way")
        if not entry.usable:
            return failed(
                f"{shown} cannot be read by {user}, who runs the driver",
                f"chmod a+r {entry.path}, and let {user} into its folders",
            )
        if (entry.mode or 0) & stat.S_IWOTH:
            return failed(f"{shown} can be changed by all", f"chmod o-w {entry.path}")
    return ok(f"{found[0].path} ({_access(found[0])}) can be read by {user}")


@check("port-path")
def port_path(facts: DoctorFacts) -> CheckVerdict:
    """The name: without what ups.conf or dummy-ups take for something else.

    Source: dummy-ups 2.8: a blank ends an unquoted path; ``@`` makes it a
    repeater of another UPS unless mode is set.
    """
    path = facts.settings.port_file
    odd = sorted({c for c in path if c in "@\"\\#='" or not "!" <= c <= "~"})
    if odd:
        words = ", ".join("blank" if c == " " else c for c in odd)
        return failed(
            f"the path of the port file has {words}: {path}",
            "choose a path of letters, digits and / . _ - (PORT_FILE and ups.conf)",
        )
    return ok("the path of the port file has no blanks and no @")


@check("file-system")
def local_file_system(facts: DoctorFacts) -> CheckVerdict:
    """Port file, state and token on a disk or memory of this machine, with room."""
    files = facts.need(FileFacts)
    for folder, trouble in files.troubles.items():
        return failed(
            f"{folder}: its file system {trouble}",
            "see dmesg: a disk that fails is mounted so"
            if "read-only" in trouble
            else f"make room there; df -h {folder} shows how much there is",
        )
    for folder, kind in files.kinds.items():
        if kind in _REMOTE:
            return failed(
                f"{folder} lies on a network file system ({kind})",
                "choose a local folder: STATE_DIR and PORT_FILE of the config",
            )
    known = ", ".join(dict.fromkeys(kind for kind in files.kinds.values() if kind))
    if not known:
        if files.denied is not None:
            return not_allowed("file systems: they cannot be looked at")
        return skipped("file systems: this system does not tell them")
    return ok(f"port file and state lie on local file systems ({known})")


@check("selinux")
def selinux(facts: DoctorFacts) -> CheckVerdict:
    """The label of the port file, where SELinux is in use."""
    files = facts.need(FileFacts)
    path = (files.port if files.port.there else files.twin).path
    if files.label is None:
        return skipped("SELinux is not in use")
    remedy = f"restorecon -v {path}"
    if not files.label:
        return failed(f"{path} has no SELinux label", remedy)
    parts = files.label.split(":")
    kind = parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - user:role:type:level
    if kind in _WRONG_TYPES or kind == "unlabeled_t":
        return failed(f"{path} is labelled {kind}, which NUT may not read", remedy)
    if kind in _COMMON_TYPES:
        return warning(
            f"{path} is labelled {kind}, which NUT's driver may not be let to read",
            f"semanage fcontext -a -t {_NUT_TYPE} '{files.port.path}.*'; {remedy}",
        )
    return ok(f"{path} is labelled {files.label}")


@check("nut-files")
def nut_files(facts: DoctorFacts) -> CheckVerdict:
    """NUT may read its own config: an editor of root's leaves files of root's alone."""
    files = facts.need(FileFacts)
    who = files.driver.name
    for each in files.nut:
        if each.there and not each.usable:
            return failed(
                f"{each.path} ({_access(each)}) cannot be read by {who}, who runs upsd",
                f"chown root:{who} {each.path} && chmod 640 {each.path}, then, while "
                f"on line: {facts.services.to('restart', 'nut-server')}",
            )
    return ok(f"{who} can read NUT's config")


@check("monitor")
def monitor(facts: DoctorFacts) -> CheckVerdict:
    """A monitor holds the lock while the file claims a state."""
    files = facts.need(FileFacts)
    claim = _claim(files)
    ups, to = facts.settings.ups, facts.services.to
    # Its unit may run: a bash script, or a monitor of another port file.
    start = to("restart", f"enphase-monitor@{ups}")
    if files.held is None:
        unseen = "whether a monitor runs cannot be seen"
        if files.denied:
            return not_allowed(unseen)
        return skipped(unseen, "see the folder of the port file")
    if files.held:
        who = f"pid {files.pid}" if files.pid else "pid unknown"
        return ok(f"a monitor runs ({who}); {claim}")
    if not files.port.there:
        return failed(f"no monitor runs; {claim}", start)
    remedy = start
    if "OB" not in (files.status or "").split():
        # A driver that ends after OB is a dead UPS to upsmon: it shuts down.
        remedy += f"; or stop protection: {to('stop', f'nut-driver@{ups}')}"
    return failed(f"{claim} and no monitor runs: nobody keeps it true", remedy)


def _claim(files: FileFacts) -> str:
    if not files.port.there:
        what = "hidden" if files.twin.there else "missing"
        return f"the port file is {what}, clients see no UPS"
    if files.status:
        return f"the port file claims {files.status}"
    # NUT up to 2.8.3 takes it for OL.
    return "the port file has no status, which NUT may show as OL,"


def _access(entry: DiskEntry) -> str:
    return f"{entry.mode or 0:04o} {entry.owner}" if entry.there else "missing"
