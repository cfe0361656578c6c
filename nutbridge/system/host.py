"""What a process of ours runs on, handed to all that is wired together."""

from collections.abc import Mapping
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
