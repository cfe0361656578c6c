"""The state file: where it lies, reading and replacing it."""

import logging
from collections.abc import Mapping
from pathlib import Path

from nutbridge.system.files import Access, read_file, replace_file, sweep
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.saved import SavedState, parse, render

_log = logging.getLogger(__name__)

#: RuntimeDirectory= of the unit. A monitor started by hand finds there what
#: the one of systemd knew.
UNIT_FOLDER = Path("/run/nutbridge")
_CAP = 1 << 20


def state_folder(
    environ: Mapping[str, str], state_dir: str, unit_folder: Path = UNIT_FOLDER
) -> Path:
    """Return the folder of the state file.

    $RUNTIME_DIRECTORY (systemd sets it), else the unit's folder where it
    exists, else STATE_DIR.
    """
    given = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    return unit_folder if unit_folder.is_dir() else Path(state_dir)


class StateStore:
    """Reads and writes one monitor's state file.

    Args:
        path: ``<folder>/enphase-<ups>.state``.
        owner: see ``files.owner_for``.
    """

    def __init__(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        self.path = path
        # The group (NUT's) may read it: the page does, and there is no secret in it.
        self._access = Access(0o640, owner)
        self._failed = False
        self._ignored = ""

    def read(self) -> SavedState | None:
        """Return what was saved, or None with a WARNING when it is worthless."""
        try:
            return parse(read_file(self.path, _CAP).data)
        except FileNotFoundError:
            return None
        except (OSError, SnapshotError) as exc:
            if str(exc) != self._ignored:  # a page reads it again and again
                _log.warning("state file %s ignored: %s", self.path, exc)
            self._ignored = str(exc)
            return None

    def write(self, saved: SavedState) -> None:
        """Replace the file; a failure is logged once and changes nothing else.

        Not fsynced: it vouches only within one boot.
        """
        try:
            replace_file(
                self.path,
                render(saved),
                access=self._access,
                durable=False,
            )
        except OSError as exc:
            if not self._failed:
                _log.warning("state file %s not written: %s", self.path, exc)
            self._failed = True
        else:
            self._failed = False

    def sweep(self) -> None:
        """Remove what a killed write left."""
        sweep(self.path)
