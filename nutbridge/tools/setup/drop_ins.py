"""Drop-ins for NUT's own units: which of them this machine needs, and their price.

NUT 2.8.1 and 2.8.2 have an upsmon in a hurry; units of 2.8.0 do not start upsd and
upsmon again (systemd/ of the source has both, nutbridge-nut(7) tells why).
"""

import posixpath
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nutbridge.nut.versions import is_hasty
from nutbridge.system.files import read_file
from nutbridge.tools.doctor import systemd
from nutbridge.tools.setup.files import Disk
from nutbridge.tools.setup.places import RUN_FOLDER, UNITS_FOLDER, Places
from nutbridge.tools.setup.plan import Change, Who

_NAME = "nutbridge.conf"
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
    wanted: dict[str, dict[str, str]] = {}
    if not disk.is_folder(UNITS_FOLDER):
        return  # no systemd
    if is_hasty(version):
        driver = f"nut-driver@{places.ups}.service"
        units = {"nut-monitor.service": "nut-monitor.service"}
        wanted["nut-2.8.1"] = {**units, "nut-driver@.service": driver}
    asked = ("LoadState", "Restart")
    if disk.root:
        folders = ":".join(f"{disk.root}{folder}" for folder in systemd.LOAD_PATH)
        environ = {**environ, "SYSTEMD_UNIT_PATH": folders}
    for unit in ("nut-server.service", "nut-monitor.service"):
        look = systemd.from_files if disk.root else None
        values = look(unit, environ) if look else systemd.look(unit, asked, environ)
        there = values is not None and values.get("LoadState", "loaded") == "loaded"
        if there and (values or {}).get("Restart", "no") in ("", "no"):
            wanted.setdefault("nut-2.8.0", {})[unit] = unit
    if "nut-2.8.1" in wanted:
        wanted.get("nut-2.8.0", {}).pop("nut-monitor.service", None)
    for folder, units in wanted.items():
        changes = tuple(_changes(disk, places, folder, units))
        if changes:
            yield DropInOffer(REASONS[folder], changes)


def _changes(
    disk: Disk, places: Places, folder: str, units: Mapping[str, str]
) -> Iterator[Change]:
    for source, unit in units.items():
        text = _shipped(f"{folder}/{source}.conf")
        if text is None:
            continue
        usual = f"{RUN_FOLDER}/%i.dev"
        data = text.replace(usual, places.port_file).encode()
        if places.port_file == f"{RUN_FOLDER}/{places.ups}.dev":
            data = text.encode()
        target = f"{UNITS_FOLDER}/{unit}.d"
        now = disk.see(f"{target}/{_NAME}")
        if now is not None and now.data == data:
            continue
        if not disk.is_folder(target):
            yield Change(target, None, 0o755, Who.ROOT, "folder of the drop-in")
        before = now.data if now else None
        path = posixpath.join(target, _NAME)
        yield Change(path, data, 0o644, Who.ROOT, f"for {unit}", before)


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
