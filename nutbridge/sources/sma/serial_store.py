"""The serial number that first answered at SMA_HOST, kept over restarts.

Routers lend addresses, and in an outage both the router and this machine may start
anew: the inverter that answers then need not be the one of before.
"""

import json
import logging
from pathlib import Path

from nutbridge.errors import OtherInverter, reason
from nutbridge.system.files import Access, read_file, replace_file, sweep

_log = logging.getLogger(__name__)
_CAP = 1024


def check_serial(
    host: str, known: str | None, serial: str | None, ups: str = "UPS"
) -> None:
    """Raise when the inverter that answers is not the one that is known.

    Args:
        host: SMA_HOST.
        known: serial number of before.
        serial: that of now.
        ups: name of the UPS, for the remedy.

    Raises:
        OtherInverter: one answers.
    """
    if None not in (known, serial) and known != serial:
        raise OtherInverter(
            host,
            f"another inverter answers: serial {serial}, before {known}; check "
            f"SMA_HOST; if it was replaced: nutbridge gateway trust {ups} --inverter",
        )


class SerialStore:
    """The file ``sma-<ups>.serial``.

    Args:
        path: the file.
        host: SMA_HOST; another one is another first contact.
        owner: see ``files.owner_for``.
    """

    def __init__(
        self, path: Path, host: str, owner: tuple[int, int] | None = None
    ) -> None:
        self._path = path
        self._host = host
        self._access = Access(owner=owner)
        self._told: set[str] = set()

    @property
    def ups(self) -> str:
        """Name of the UPS."""
        return self._path.stem.removeprefix("sma-")

    def load(self) -> str | None:
        """Return the serial number, or None where none is known."""
        try:
            found = json.loads(read_file(self._path, _CAP).data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            self._tell(f"{self._path} ignored: it cannot be read")
            return None
        if not isinstance(found, dict) or found.get("of") != self._host:
            return None
        serial = found.get("serial")
        return serial if isinstance(serial, str) and serial else None

    def save(self, serial: str) -> None:
        """Store it; a failure is only said."""
        sweep(self._path)
        data = json.dumps({"of": self._host, "serial": serial}).encode("ascii")
        try:
            replace_file(self._path, data, access=self._access)
        except OSError as error:
            self._tell(f"{self._path} not written: {reason(error)}")

    def _tell(self, problem: str) -> None:
        """Log a problem, once: it is looked at with every full poll."""
        if problem not in self._told:
            self._told.add(problem)
            _log.warning("%s", problem)
