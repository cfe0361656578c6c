"""What the monitor has noted, read beside it; nothing is changed or swept away."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings, state_name
from nutbridge.daemon.state_store import StateStore, state_folder
from nutbridge.system.clock import Clock
from nutbridge.ups.status.saved import SavedState


@dataclass(frozen=True, slots=True)
class Noted:
    """The state file of this port file.

    Attributes:
        path: where it lies.
        saved: what is in it.
        this_boot: it was written since the machine started: its times count.
    """

    path: Path
    saved: SavedState
    this_boot: bool

    @property
    def next_login_epoch(self) -> float | None:
        """Before that no login, s since 1970."""
        return self.saved.next_login_epoch


def read_noted(
    settings: Settings,
    port_file: Path,
    clock: Clock,
    environ: Mapping[str, str] = os.environ,
) -> Noted | None:
    """Return the state file's content, None where there is none to use.

    Args:
        settings: of the config.
        port_file: real path of the port file.
        clock: tells this boot.
        environ: RUNTIME_DIRECTORY.
    """
    folder = state_folder(environ, settings.state_dir)
    path = folder / state_name(settings.ups)
    saved = StateStore(path).read()
    if saved is None or saved.port_file != str(port_file):
        return None
    boot = clock.boot_id()
    return Noted(path, saved, this_boot=bool(boot) and saved.boot_id == boot)
