"""A stand-in gateway in a process of its own, so that its work is not counted.

It reads one command per line on stdin and answers each with one line of JSON.
"""

import json
import mmap
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.tokens import make_token

_YEAR_S = 365 * 86400.0
_RELAY = "/ivp/ensemble/relay"


class SharedLead:
    """How far the clock of a house is put forward, shared between processes.

    Args:
        path: of a file of 8 bytes.
    """

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), struct.calcsize("d"))

    @property
    def seconds(self) -> float:
        """So many."""
        (found,) = struct.unpack("d", self._bytes[:])
        return float(found)

    def put(self, seconds: float) -> None:
        """Put it forward so far, of the host's clock."""
        self._bytes[:] = struct.pack("d", seconds)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the gateway has counted since its start."""

    relay: int
    requests: int
    full_handshakes: int
    resumed_handshakes: int


class StandIn:
    """Starts and commands the process; a context manager.

    Args:
        idle_s: connections idle for so long are closed; None: never.

    Attributes:
        host: as ENVOY_HOST has it.
        serial: of the gateway.
        token: one that it accepts.
        lead: path of the ``SharedLead`` of its house's clock.
    """

    def __init__(self, idle_s: float | None = None) -> None:
        self._idle_s = idle_s

    def __enter__(self) -> Self:
        self._file = tempfile.NamedTemporaryFile(prefix="bench-clock-")
        self._file.write(bytes(struct.calcsize("d")))
        self._file.flush()
        self.lead = self._file.name
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, json.dumps(self._idle_s), self.lead],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.host, self.serial, self.token = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        # The end of its stdin ends it.
        self._process.communicate()
        self._file.close()

    def be(self, *, grid: bool) -> None:
        """Let the grid be there, or not."""
        self._tell("regain" if grid else "lose")

    @property
    def counts(self) -> Counts:
        """What was counted so far."""
        return Counts(*self._tell("count"))

    def _tell(self, command: str) -> list[int]:
        assert self._process.stdin is not None
        print(command, file=self._process.stdin, flush=True)
        return [int(number) for number in self._read()]

    def _read(self) -> list[str]:
        assert self._process.stdout is not None
        found: list[str] = json.loads(self._process.stdout.readline())
        return found


def main() -> None:
    """Serve until stdin ends."""
    gateway = SimulatedGateway()
    house, lead = gateway.house, SharedLead(sys.argv[2])
    house.clock = lambda: time.time() + lead.seconds
    commands: dict[str, Callable[[], None]] = {
        "lose": house.lose_grid,
        "regain": house.regain_grid,
        "count": lambda: None,
    }
    with Server(gateway, idle_s=json.loads(sys.argv[1])) as server:
        counts = server.counts
        token = make_token(house.serial, time.time() + _YEAR_S)
        _say([f"{LOOPBACK}:{server.port}", house.serial, token])
        for line in sys.stdin:
            commands[line.strip()]()
            _say(
                [
                    counts.requests[_RELAY],
                    sum(counts.requests.values()),
                    counts.full_handshakes,
                    counts.resumed_handshakes,
                ]
            )


def _say(words: list[str] | list[int]) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
