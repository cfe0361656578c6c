"""What a process of ours runs on, handed to all that is wired together."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nutbridge.system.clock import Clock, Waiter


class Host(NamedTuple):
    """What this process runs on.

    Attributes:
        clock: all times.
        waiter: of the main thread.
        environ: the environment.
        owner: who gets the files that it writes; see ``files.owner_for``.
    """

    clock: Clock
    waiter: Waiter
    environ: Mapping[str, str]
    owner: tuple[int, int] | None = None

    def __repr__(self) -> str:
        """Show no environment."""
        return f"Host(owner={self.owner!r})"


def machine_name(path: Path = Path("/etc/machine-id")) -> str:
    """Return what tells this machine from another one, and nothing else of it.

    machine-id(5) is not to be shown to others; "" where there is none.
    """
    try:
        return f"{zlib.crc32(path.read_bytes()):08x}"
    except OSError:
        return ""
