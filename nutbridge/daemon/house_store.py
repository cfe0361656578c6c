"""The file of what is true of the house, in STATE_DIR: it outlives reboots."""

import logging
from pathlib import Path

from nutbridge.errors import reason
from nutbridge.system.files import read_file
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.house import HouseMemory, parse_house

_log = logging.getLogger(__name__)
_CAP = 1 << 16


def read_house(path: Path, serial: str) -> HouseMemory | None:
    """Return what is known of the house.

    Args:
        path: of the file.
        serial: configured; "" where any device may answer.

    Returns:
        None where there is nothing, or it is of another gateway; with a WARNING
        where it is worthless.
    """
    try:
        house = parse_house(read_file(path, _CAP).data)
    except FileNotFoundError:
        return None
    except (OSError, SnapshotError) as exc:
        _log.warning("%s ignored: %s", path, reason(exc))
        return None
    return None if serial and house.serial != serial else house
