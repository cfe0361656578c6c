"""A renewal with clock, file and cloud of the test's own."""

import errno
import threading

from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.enphase.claims import Claims
from nutbridge.sources.enphase.renewal import Renewal
from nutbridge.ups.status.saved import RetryState
from tests.fakes.clock import FakeClock
from tests.sources.enphase.tokens import DAY, NOW, owner_token

#: A time that no test reaches.
FAR = 1e8

OLD = owner_token(NOW - 340 * DAY)
NEW = owner_token(NOW)


class File:
    """A token file in memory, on a disk that may be full."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.known = text
        self.full = False

    def read(self) -> str | None:
        return self.text

    def fresh(self) -> str | None:
        known, self.known = self.known, self.text
        return None if known == self.text else self.text

    def store(self, text: str) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.text = self.known = text


class Enlighten:
    """Gives the tokens or raises the errors it was handed, in order."""

    def __init__(self, *gives: str | Exception) -> None:
        self.gives = list(gives)
        self.asked: list[Claims | None] = []
        self.closed = 0
        self.open = threading.Event()
        self.open.set()

    def new_token(self, old: Claims | None, until: float) -> str:
        self.asked.append(old)
        self.open.wait(60)
        give = self.gives.pop(0) if len(self.gives) > 1 else self.gives[0]
        if isinstance(give, Exception):
            raise give
        return give

    def close(self) -> None:
        self.closed += 1


class Bench:
    """A renewal with its surroundings."""

    def __init__(
        self,
        cached: str | None,
        *gives: str | Exception,
        state: RetryState | None = None,
        pause_s: float = 900.0,
    ) -> None:
        self.clock = FakeClock(wall_s=NOW)
        self.file = File(cached)
        self.cloud = Enlighten(*gives)
        self.renewal = Renewal(
            make_cloud=lambda: self.cloud,
            store=self.file,
            clock=self.clock,
            waiter=ThreadWaiter(),
            state=state,
            pause_after_success_s=pause_s,
        )

    def poke(self, *, grid_gone: bool = False) -> int:
        """Poke, wait for what it starts, return how often the cloud was asked."""
        self.renewal.poke(grid_gone=grid_gone)
        self.renewal.wait(FAR)
        return len(self.cloud.asked)

    def asked_during(self, seconds: float, step_s: float = 30.0) -> int:
        before = len(self.cloud.asked)
        for _ in range(int(seconds / step_s)):
            self.clock.advance(step_s)
            self.poke()
        return len(self.cloud.asked) - before
