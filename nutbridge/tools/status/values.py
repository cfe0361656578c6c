"""The values that a port file shows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.nut.port_file import PortFile, PortFileName
from nutbridge.nut.port_text import parse, values_in
from nutbridge.system.clock import Clock
from nutbridge.system.files import owner_for


@dataclass(frozen=True, slots=True)
class PortView:
    """A port file as clients of NUT see it.

    Attributes:
        place: visible or hidden.
        status: ups.status, "" without one, None while hidden.
        texts: the values of its lines by name, the empty ones left out.
        mtime_epoch: its modification time, s since 1970.
    """

    place: PortFileName
    status: str | None
    texts: Mapping[str, str] = field(default_factory=dict)
    mtime_epoch: float | None = None

    def number(self, name: str) -> float | None:
        """Return a value as a number, or None."""
        try:
            value = float(self.texts.get(name, ""))
        except ValueError:
            return None
        return value if math.isfinite(value) else None


def read_port(port: PortFile) -> PortView:
    """Read the port file, visible or hidden.

    Raises:
        PortFileError: neither name exists, or it cannot be read.
    """
    data = port.read()
    found = port.signature()
    place = found.place if found else PortFileName.HIDDEN
    return PortView(
        place=place,
        status=(parse(data).status or "") if place is PortFileName.VISIBLE else None,
        texts=values_in(data),
        mtime_epoch=found.mtime_ns / 1e9 if found else None,
    )


def read_status(port: PortFile) -> str | None:
    """Return ups.status, None while the file is hidden.

    Raises:
        PortFileError: see ``read_port``.
    """
    return read_port(port).status


def monitors_user(settings: Settings, clock: Clock) -> tuple[int, int] | None:
    """Return who should own what a tool leaves for the monitor; ``files.owner_for``.

    Without a port file yet: as its folder, which is the monitor's too.
    """
    port = PortFile(Path(settings.port_file), clock)
    return port.owner or owner_for(Path(settings.state_dir))
