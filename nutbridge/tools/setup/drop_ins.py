"""Drop-ins for NUT's own units: which of them this machine needs, and their price.

NUT 2.8.1 and 2.8.2 have an upsmon in a hurry; units of 2.8.0 do not start upsd and
upsmon again; no NUT has a driver that waits for its port file (systemd/ of the source
has all of them, nutbridge-nut(7) tells why).
"""

import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nutbridge.nut.versions import is_hasty
from nutbridge.system.files import read_file
from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.port_wait import (
    Look,
    driver_unit,
    path_unit,
    watched_file,
)
from nutbridge.tools.setup.files import Disk
from nutbridge.tools.setup.places import RUN_FOLDER, UNITS_FOLDER, Places
from nutbridge.tools.setup.plan import Change, Who

_NAME = "nutbridge.conf"
_PORT_NAME = "nutbridge-port.conf"
_PORT_TEMPLATE = "nutbridge-port@.path"
_CAP = 1 << 16
#: Why, by the folder of systemd/ that has them.
REASONS = {
    "nut-2.8.0": (
        "systemd does not start NUT's server and its guard again when they die.",
        "Without the server all machines shut down in an outage, without the guard",
        "this one never does. Drop-ins for their units take that away.",
    ),
    "nut-2.8.1": (
        "This NUT shuts machines down at once when, in an outage, its driver or its",
        "server is gone for a moment; restarting one is enough. Drop-ins for two",
        "units take that away. Their price: a driver or a server that never comes back",
        "in an outage shuts nothing down any more. Other machines with NUT 2.8.1 or",
        "2.8.2 that ask this one have the fault too; there no drop-in helps.",
    ),
    "nut": (
        "While the device is silent on line the port file is hidden, and NUT's driver",
        "cannot run: systemd tries every 15 seconds, the journal gets 84 lines a",
        "minute, and clients see the UPS again up to 25 seconds late. With a drop-in",
        "and a path unit the driver waits for the file. The path unit begins with the",
        "driver, and before with the last of the lines below.",
    ),
}


@dataclass(frozen=True, slots=True)
class DropInOffer:
    """What is offered.

    Attributes:
        reason: lines for a person.
        changes: folders and files to be written.
    """

    reason: tuple[str, ...]
    changes: tuple[Change, ...]


def offers(
    disk: Disk, places: Places, version: str | None, environ: Mapping[str, str]
) -> Iterator[DropInOffer]:
    """Yield what this machine needs and does not have.

    Args:
        disk: where units and drop-ins lie.
        places: of the UPS.
        version: of NUT, or None.
        environ: for systemctl.
    """
    if not disk.is_folder(UNITS_FOLDER):
        return  # no systemd
    if disk.root:
        folders = ":".join(f"{disk.root}{folder}" for folder in systemd.LOAD_PATH)
        environ = {**environ, "SYSTEMD_UNIT_PATH": folders}

    def files(unit: str, _names: Sequence[str]) -> Mapping[str, str] | None:
        return systemd.from_files(unit, environ)

    def look(unit: str, names: Sequence[str]) -> Mapping[str, str] | None:
        return systemd.look(unit, names, environ)

    for folder, units in _wanted(places.ups, version, files if disk.root else look):
        changes = tuple(_changes(disk, places, folder, units))
        if changes:
            yield DropInOffer(REASONS[folder], changes)
    # Files, not systemctl: what was written before may not be loaded yet.
    changes = tuple(_waiting(disk, places, files))
    if changes:
        yield DropInOffer(REASONS["nut"], changes)


def _wanted(
    ups: str, version: str | None, look: Look
) -> Iterable[tuple[str, Mapping[str, str]]]:
    """Return units to mend, and what mends each, by the folder that has it."""
    wanted: dict[str, dict[str, str]] = {}
    if is_hasty(version):
        units = {"nut-monitor.service": "nut-monitor.service"}
        wanted["nut-2.8.1"] = {**units, "nut-driver@.service": driver_unit(ups)}
    for unit in ("nut-server.service", "nut-monitor.service"):
        values = look(unit, ("LoadState", "Restart"))
        there = values is not None and values.get("LoadState", "loaded") == "loaded"
        if there and (values or {}).get("Restart", "no") in ("", "no"):
            wanted.setdefault("nut-2.8.0", {})[unit] = unit
    if "nut-2.8.1" in wanted:
        wanted.get("nut-2.8.0", {}).pop("nut-monitor.service", None)
    return wanted.items()


def has_path_unit(disk: Disk, ups: str) -> bool:
    """Tell whether the driver of a UPS waits for its port file, or shall."""
    return disk.exists(f"{UNITS_FOLDER}/{driver_unit(ups)}.d/{_PORT_NAME}")


def _changes(
    disk: Disk, places: Places, folder: str, units: Mapping[str, str]
) -> Iterator[Change]:
    for source, unit in units.items():
        text = _shipped(f"{folder}/{source}.conf")
        if text is not None:
            yield from _drop_in(disk, unit, _NAME, _with_port(text, places))


def _drop_in(disk: Disk, unit: str, name: str, data: bytes) -> Iterator[Change]:
    folder = f"{UNITS_FOLDER}/{unit}.d"
    path = posixpath.join(folder, name)
    now = disk.see(path)
    if now is not None and now.data == data:
        return
    if not disk.is_folder(folder):
        yield Change(folder, None, 0o755, Who.ROOT, "folder of the drop-in")
    before = now.data if now else None
    yield Change(path, data, 0o644, Who.ROOT, f"for {unit}", before)


def _waiting(disk: Disk, places: Places, look: Look) -> Iterator[Change]:
    """Both name the port file: two files would be an endless loop of starts."""
    ups = places.ups
    condition = _shipped("nut/nut-driver@.service.conf")
    path = _shipped(f"nut/{_PORT_TEMPLATE}")
    if look(driver_unit(ups), ()) is None or condition is None or path is None:
        return
    if watched_file(ups, look) != places.port_file:
        units = (path_unit(ups), _PORT_TEMPLATE)
        if any(disk.names(f"{UNITS_FOLDER}/{unit}.d") for unit in units):
            return  # They win over the unit, and name another file: doctor tells.
        data = _with_port(path, places)
        own, common = (f"{UNITS_FOLDER}/{unit}" for unit in units)
        # The template is every UPS's: what is not for all is an instance's own.
        shared = data == path.encode() and not disk.exists(own)
        target = common if shared and not disk.exists(common) else own
        now = disk.see(target)
        before = now.data if now else None
        what = "starts the driver when the port file appears"
        yield Change(target, data, 0o644, Who.ROOT, what, before)
    data = _with_port(condition, places)
    yield from _drop_in(disk, driver_unit(ups), _PORT_NAME, data)


def _with_port(text: str, places: Places) -> bytes:
    """Return what is shipped, with the port file of this UPS where that is another."""
    if places.port_file != f"{RUN_FOLDER}/{places.ups}.dev":
        text = text.replace(f"{RUN_FOLDER}/%i.dev", places.port_file)
    return text.encode()


def _shipped(name: str) -> str | None:
    """Return a file of systemd/, as it was installed, or of the source tree."""
    for folder in (
        Path(sys.prefix, "share/nutbridge/systemd"),
        Path(__file__).parents[3] / "systemd",
    ):
        try:
            return read_file(folder / name, _CAP).data.decode("utf-8")
        except OSError:
            continue
    return None
