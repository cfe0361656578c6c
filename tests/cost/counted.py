"""A monitor whose clock is put forward, and what its polls cost the gateway.

The clock serves monitor and house alike: sessions and the live stream end as
they would in real time. Waiting for an answer is real.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.tokens import make_token
from tests.fakes.inside import Ahead, Inside
from tests.nut.harness import wait_until

_YEAR_S = 365 * 86400.0
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What some polls cost.

    Attributes:
        polls: checks of the relay, with or without a full poll after it.
        failed: checks without a usable answer.
        minutes: time that passed on the monitor's clock.
        requests: by path.
        full_handshakes: with a new TLS session.
        resumed_handshakes: that resumed one.
        most_handshakes: of one poll.
        writes: of the port file.
    """

    polls: int
    failed: int
    minutes: float
    requests: Mapping[str, int]
    full_handshakes: int
    resumed_handshakes: int
    most_handshakes: int
    writes: int

    @property
    def handshakes(self) -> int:
        """All of them."""
        return self.full_handshakes + self.resumed_handshakes

    @property
    def per_minute(self) -> float:
        """Requests per minute."""
        return sum(self.requests.values()) / self.minutes


class Counted:
    """One monitor with the default config, on line; a context manager.

    Args:
        folder: empty.
        keys: more keys of the config.

    Attributes:
        gateway: the house behind it may be changed at any time.
    """

    def __init__(self, folder: Path, keys: str = "") -> None:
        self._clock = Ahead()
        self.gateway = SimulatedGateway()
        self.gateway.house.clock = self._clock.wall
        # It drops connections when told, not by the time of a busy machine.
        self.server = Server(self.gateway, idle_s=None)
        self._folder, self._keys = folder, keys

    def __enter__(self) -> Self:
        self.server.listen()
        house = self.gateway.house
        self._inside = Inside(
            self._folder,
            f"{LOOPBACK}:{self.server.port}",
            make_token(house.serial, house.clock() + _YEAR_S),
            house.serial,
            keys=self._keys,
            clock=self._clock,
            timeout_s=60.0,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.monitor.close()
        self.server.stop()

    def poll(self, polls: int, *, drop: bool = False) -> Cost:
        """Poll so often, and count from zero.

        Args:
            polls: how often; the clock is put forward in between.
            drop: the gateway closes the idle connection before each poll.
        """
        counts = self.server.counts
        counts.clear()
        began = self._clock.boottime()
        failed = most = writes = 0
        for _ in range(polls):
            if drop:
                self._drop()
            shakes = counts.full_handshakes + counts.resumed_handshakes
            written = self._written()
            self._next_poll()
            failed += self._silent
            writes += self._written() != written
            now = counts.full_handshakes + counts.resumed_handshakes
            most = max(most, now - shakes)
        return Cost(
            polls,
            failed,
            (self._clock.boottime() - began) / _MINUTE_S,
            dict(counts.requests),
            counts.full_handshakes,
            counts.resumed_handshakes,
            most,
            writes,
        )

    @property
    def _silent(self) -> bool:
        return self._inside.monitor.memory.relay.silent_since is not None

    def _next_poll(self) -> None:
        """Check, and let the time pass until the next check."""
        due = self._inside.monitor.tick()
        self._clock.ahead_s += max(0.0, due - self._clock.boottime())

    def _written(self) -> tuple[int, int] | None:
        """Another file by each write: it is replaced as a whole."""
        try:
            found = self._inside.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _drop(self) -> None:
        """End the connection as a gateway does that was idle for 4 s."""
        self.server.drop_connections()
        wait_until(lambda: not self.server.open_connections, 20, "the dropped end")
