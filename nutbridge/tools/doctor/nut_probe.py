"""Look at NUT's own files and programs, and at what upsd shows."""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from nutbridge.config.file import folders as nut_folders
from nutbridge.nut.driver import socket_paths
from nutbridge.nut.errors import NutError
from nutbridge.nut.ups_conf import DRIVER, UpsConf, parse_ups_conf
from nutbridge.nut.upsd import read_ups
from nutbridge.nut.versions import driver_version
from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.facts import NutFacts, UnitFacts, UpsdFacts
from nutbridge.tools.doctor.place import DoctorContext

_CAP = 1 << 20
_SYSTEMCTL_S = 5.0
_UPSD_S = 3.0

#: upsmon's own default, upsmon.conf(5).
_DEADTIME_S = 15.0
_DEADTIME = re.compile(r'^[ \t]*DEADTIME[ \t]+"?(\d{1,9})', re.MULTILINE)
_STATEPATH = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?NUT_STATEPATH=["']?([^"'\s#]+)""", re.MULTILINE
)
#: systemd's own default, systemd.service(5).
_RESTART_S = 0.1

_UNIT_NAMES = (
    "LoadState",
    "UnitFileState",
    "ActiveState",
    "SubState",
    "Type",
    "WatchdogUSec",
)


def look_at_nut(place: DoctorContext) -> NutFacts:
    """Gather how NUT is set up."""
    folder = Path(nut_folders(place.environ).sysconfig).absolute()
    ups = place.settings.ups
    conf, denied = _ups_conf(folder / "ups.conf")
    section = conf.section(ups) if conf else None
    driverpath = conf.values.get("driverpath") if conf else None
    port = section.port if section else ""
    sockets = socket_paths(ups, place.environ)
    return NutFacts(
        folder=str(folder),
        ups_conf=conf,
        denied=denied,
        # dummy-ups looks for a relative name in NUT's config folder.
        real_port=os.path.realpath(folder / port) if port else "",
        sections=_sections_of(conf, place.settings.port_file, folder),
        driver_version=driver_version(
            place.environ, (driverpath,) if driverpath else ()
        ),
        statepath=_last(_STATEPATH, folder / "nut.conf"),
        sockets=tuple(str(path.parent) for path in sockets),
        socket_seen=_any_there(sockets),
        deadtime_s=_deadtime_s(folder / "upsmon.conf"),
        restart_s=_restart_s(f"nut-driver@{ups}.service", place),
    )


def _ups_conf(path: Path) -> tuple[UpsConf | None, bool]:
    try:
        with path.open("rb") as file:
            return parse_ups_conf(file.read(_CAP).decode("utf-8", "replace")), False
    except PermissionError:
        return None, True
    except OSError:
        return None, False


def _sections_of(conf: UpsConf | None, port_file: str, folder: Path) -> tuple[str, ...]:
    wanted = os.path.realpath(port_file)
    return tuple(
        each.name
        for each in (conf.sections if conf else ())
        if each.driver == DRIVER
        and each.port
        and os.path.realpath(folder / each.port) == wanted
    )


def _any_there(paths: Iterable[Path]) -> bool | None:
    try:
        return any(path.exists() for path in paths)
    except PermissionError:
        return None


def _deadtime_s(path: Path) -> float | None:
    if not os.access(path, os.R_OK):
        return None
    found = _last(_DEADTIME, path)
    return float(found) if found else _DEADTIME_S


def _last(pattern: re.Pattern[str], path: Path) -> str | None:
    """Return what the last match in a file names; None without one."""
    try:
        with path.open("rb") as file:
            text = file.read(_CAP).decode("utf-8", "replace")
    except OSError:
        return None
    found: list[str] = pattern.findall(text)
    return found[-1] if found else None


def _restart_s(unit: str, place: DoctorContext) -> float | None:
    """Return RestartSec of the driver's unit; its files tell without systemd too."""
    if systemd.systemd_runs():
        try:
            asked = ("LoadState", "RestartUSec")
            values = systemd.show(unit, asked, place.environ, _SYSTEMCTL_S)
        except (OSError, subprocess.TimeoutExpired):
            values = {}
        if values.get("LoadState") == "loaded":
            return systemd.seconds(values.get("RestartUSec", ""))
    settings = systemd.from_files(unit, place.environ)
    if settings is None:
        return None
    return systemd.seconds(settings.get("RestartSec", f"{_RESTART_S}s"))


def look_at_unit(place: DoctorContext) -> UnitFacts:
    """Ask systemd about the monitor's unit."""
    unit = f"enphase-monitor@{place.settings.ups}.service"
    if not systemd.systemd_runs():
        return UnitFacts(unit, None)
    try:
        values = systemd.show(unit, _UNIT_NAMES, place.environ, _SYSTEMCTL_S)
    except subprocess.TimeoutExpired:
        return UnitFacts(unit, {}, f"no answer within {_SYSTEMCTL_S:g} s")
    except OSError as exc:
        return UnitFacts(unit, {}, exc.strerror or "it cannot be run")
    return UnitFacts(unit, values)


def look_at_upsd(place: DoctorContext) -> UpsdFacts:
    """Ask upsd what it shows."""
    timeout_s = min(_UPSD_S, place.left_s)
    try:
        values = read_ups(place.settings.ups, place.upsd, timeout_s)
    except NutError as exc:
        return UpsdFacts(place.upsd, None, exc.problem, type(exc).__name__)
    return UpsdFacts(place.upsd, values)
