"""What is asked besides the relay: in which order, and what failed how often.

Knows names only; source.py does the asking.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    TokenRejected,
)
from nutbridge.ups.notices import DEBUG, INFO, WARNING

_log = logging.getLogger(__name__)

#: Slow facts are read again after this long, s.
SLOW_S = 600.0

#: A slow fact that this gateway does not give to our token is asked this often
#: in a row, then as seldom as one that it gives.
_STUBBORN = 3

#: So many failures in a row are worth a warning; one or two happen every night.
_MANY = 3

_NOT_FOUND = 404


class PollQueue:
    """The line of things to ask.

    Args:
        order: every name, in the order of asking.
        slow: those among them that are asked seldom, and after how many seconds.
    """

    def __init__(self, order: tuple[str, ...], slow: Mapping[str, float]) -> None:
        self._order = order
        self._slow = slow
        self._due_at = dict.fromkeys(slow, 0.0)
        self._line: list[str] = []
        self._failures: dict[str, int] = {}
        self._warned: set[str] = set()
        self._cut: str | None = None

    def begin_round(self, now: float) -> None:
        """Put what is due in line, behind what was not reached before."""
        self._cut = None
        for name in self._order:
            if name not in self._line and now >= self._due_at.get(name, 0.0):
                self._line.append(name)

    def hurry(self, name: str) -> None:
        """Ask a slow one in the next round, whenever it was asked."""
        self._due_at[name] = 0.0

    @property
    def next(self) -> str | None:
        """The first in line, or None when the round is complete."""
        return self._line[0] if self._line else None

    def waits_for(self, *names: str) -> bool:
        """Whether one of these is still in line."""
        return not set(names).isdisjoint(self._line)

    def cut(self) -> bool:
        """Keep the first in line, because its time was too short.

        Returns:
            False when that has happened before: then it counts as failed.
        """
        again = self._cut == self.next
        self._cut = self.next
        return not again

    def done(self, now: float, *, settled: bool = True) -> None:
        """Take the first off the line: it answered.

        Args:
            now: CLOCK_BOOTTIME, s.
            settled: False when a slow answer has to be asked again soon.
        """
        name = self._line.pop(0)
        if name in self._due_at:
            self._due_at[name] = now + self._slow[name] if settled else now
        self._answered(name)

    def _answered(self, name: str) -> None:
        self._failures.pop(name, None)
        if name in self._warned:
            self._warned.discard(name)
            _log.info("%s answers again", name)

    def failed(self, error: DeviceError, now: float) -> None:
        """Take the first off the line: it failed, and waits for the next round."""
        name = self._line.pop(0)
        self._tell(name, error)
        if name in self._due_at:
            stubborn = is_refused(error) and self._failures[name] >= _STUBBORN
            self._due_at[name] = now + SLOW_S if stubborn else now

    @contextlib.contextmanager
    def optional(self, name: str) -> Iterator[None]:
        """Take note of how a request went that is never in line."""
        try:
            yield
        except DeviceError as error:
            self._tell(name, error)
        else:
            self._answered(name)

    def _tell(self, name: str, error: DeviceError) -> None:
        times = self._failures[name] = self._failures.get(name, 0) + 1
        refused = is_refused(error)
        level = DEBUG
        # What is wrong with the gateway is told once, of the relay.
        new = name not in self._warned and not error.of_device
        if new and (refused or times >= _MANY):
            self._warned.add(name)
            level = INFO if refused and not error.lasting else WARNING
        told = error if level == DEBUG else error.advice
        _log.log(level, "goes on without %s: %s", name, told)

    def done_elsewhere(self, name: str, now: float) -> None:
        """Take note that a slow fact was read outside of the line."""
        self._due_at[name] = now + self._slow[name]
        if name in self._line:
            self._line.remove(name)
        self._answered(name)


def is_refused(error: DeviceError) -> bool:
    """Whether the gateway will not give this to our token, today or ever."""
    if isinstance(error, DeviceAnswerError):
        return error.status == _NOT_FOUND
    return isinstance(error, TokenRejected)
