"""What the loop needs from a source of power; one module implements one source.

The loop asks the grid often and the details seldom. A source never touches the
port file and decides nothing: it answers or raises DeviceError.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from nutbridge.ups.model import Facts, GridAnswer

T = TypeVar("T")


class Retry(Protocol):
    """The retry policy (net.worker.retrying with its clock and waiter)."""

    def __call__(self, call: Callable[[], T], *, tries: int, until: float) -> T:
        """Call again after a failure that may pass."""
        ...


class Source(Protocol):
    """A gateway or an inverter, asked by one thread."""

    def grid(self, until: float) -> GridAnswer:
        """Ask whether the house is connected to the grid; at most two tries.

        Args:
            until: CLOCK_BOOTTIME by which the answer must be there, s.

        Raises:
            DeviceError: no usable answer (any of its kinds).
            Stopping: asked to end while waiting.
        """
        ...

    def begin_round(self) -> None:
        """Put every detail that is due on the list of things to ask."""
        ...

    def details(self, until: float) -> bool:
        """Ask what is on the list, one try each, and stop at ``until``.

        What was not reached stays on the list, first in line. A detail that
        fails leaves its part of ``facts`` as it was; only its age tells.

        Returns:
            True when the list is empty: the round is complete.
        """
        ...

    @property
    def facts(self) -> Facts:
        """All that is known now."""
        ...

    def upkeep(self, *, grid_gone: bool) -> None:
        """Start what is due in the background (a new token), never wait."""
        ...

    def close(self) -> None:
        """End connections and background work at once."""
        ...


class TokenNews(Protocol):
    """A source that can ask for a poll early, because a new token has come."""

    @property
    def has_new_token(self) -> bool:
        """Whether a token has come that the last check lacked."""
        ...

    @property
    def token_pending(self) -> bool:
        """Whether a login is under way that may bring such a token."""
        ...


class MainSource(TokenNews, Protocol):
    """The source that decides."""

    def recall(self, *, collar: bool, backup_mode: bool) -> None:
        """Take over what an earlier boot knew of the house.

        Args:
            collar: a Meter Collar was seen.
            backup_mode: a mode ``multimode-*`` was seen.
        """
        ...
