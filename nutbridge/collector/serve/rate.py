"""How often one source may report: a burst, then one per interval.

Pure: the time is an argument. One number is kept per source: the time at which
its bucket is full again. A source whose time has passed needs none.
"""

from nutbridge.collector.serve.options import Rate

#: Sources remembered at once. Beyond, the least loaded are forgotten: they get a
#: new burst, nobody is refused for it.
MOST_SOURCES = 50_000


class RateLimiter:
    """Counts requests per source and says when one comes too often.

    Args:
        rate: how many, how often; None takes everything.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate
        self._full_again: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_again)

    def take(self, source: str, now: float) -> float:
        """Count one report of ``source``.

        Args:
            source: an address or a serial number.
            now: s, of a clock that never goes back.

        Returns:
            0.0 when it is taken, else after how many seconds to come again; a
            refused report does not count.
        """
        if self._rate is None:
            return 0.0
        full_again = max(self._full_again.get(source, now), now)
        room_s = (self._rate.burst - 1) * self._rate.every_s
        wait_s = full_again - now - room_s
        if wait_s > 0:
            return wait_s
        if source not in self._full_again and len(self._full_again) >= MOST_SOURCES:
            self._forget(now)
        self._full_again[source] = full_again + self._rate.every_s
        return 0.0

    def _forget(self, now: float) -> None:
        late = sorted(
            (item for item in self._full_again.items() if item[1] > now),
            key=lambda item: item[1],
        )
        self._full_again = dict(late[len(late) - MOST_SOURCES // 2 :])
