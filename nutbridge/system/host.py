"""What a process of ours runs on, handed to all that is wired together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nutbridge.system.clock import Clock, Waiter


@dataclass(frozen=True, slots=True)
class Host:
    """What this process runs on.

    Attributes:
        clock: all times.
        waiter: of the main thread.
        environ: the environment.
        owner: who gets the files that it writes; see ``files.owner_for``.
    """

    clock: Clock
    waiter: Waiter
    environ: Mapping[str, str] = field(repr=False)
    owner: tuple[int, int] | None = None
