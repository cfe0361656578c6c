"""Kill a process that does only the replace, many times, at random moments.

Usage: python killed_writer.py KIND FILE KILLS SEED; run by test_port_kills.py.
KIND is port, state or token. It forks instead of starting Python anew: a
thousand kills in seconds. Prints how often the file was whole, which contents
it had and how many kills hit the middle of a write (a temporary file was left).
"""

import itertools
import os
import random
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nutbridge.daemon.state_store import StateStore
from nutbridge.nut.port_file import PortFile
from nutbridge.nut.port_text import PortText
from nutbridge.nut.port_text import render as render_port
from nutbridge.simulator.tokens import make_token
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.clock import SystemClock
from nutbridge.system.files import sweep
from nutbridge.ups.status.memory import Memory, ShownStatus
from nutbridge.ups.status.saved import SavedState
from nutbridge.ups.status.saved import render as render_state

PORTS = [
    render_port(PortText(), {"ups.status": status, "battery.charge": charge}, 3)
    for status, charge in (("OL", "100"), ("OB LB", "7"))
]
STATES = [
    SavedState("boot", "/run/home.dev", Memory(shown=ShownStatus(status)))
    for status in ("OL", "OB LB")
]
TOKENS = [make_token("122000000001", end) for end in (2e9, 2.1e9)]

#: About as long as a write takes.
WRITE_S = 0.002


@dataclass(frozen=True)
class Kind:
    """What is written in turn, and how it must look on disk."""

    contents: list[bytes]
    writer: Callable[[Path], Callable[[int], object]]


def _port(path: Path) -> Callable[[int], object]:
    file = PortFile(path, SystemClock())
    return lambda turn: file.write(PORTS[turn])


def _state(path: Path) -> Callable[[int], object]:
    store = StateStore(path)
    return lambda turn: store.write(STATES[turn])


def _token(path: Path) -> Callable[[int], object]:
    store = TokenStore(path, None)
    return lambda turn: store.store(TOKENS[turn])


KINDS = {
    "port": Kind(PORTS, _port),
    "state": Kind([render_state(saved) for saved in STATES], _state),
    "token": Kind([token.encode() for token in TOKENS], _token),
}


def write_for_ever(kind: Kind, path: Path, ready: int) -> None:
    """Write the contents in turn until killed; tell of each that is about to come."""
    write = kind.writer(path)
    for turn in itertools.cycle((0, 1)):
        os.write(ready, b"r")
        write(turn)


def kill_one(kind: Kind, path: Path, nth: int, delay_s: float) -> None:
    """Start a writer, kill it ``delay_s`` after its ``nth`` write began.

    Counted, because a busy machine gets nowhere near a second write in any fixed
    time; the random moment inside the write is what is tested.
    """
    told, ready = os.pipe()
    child = os.fork()
    if not child:
        write_for_ever(kind, path, ready)
    for _ in range(nth):
        os.read(told, 1)
    select.select([], [], [], delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(told)
    os.close(ready)


def main(kind: Kind, path: Path, kills: int, seed: int) -> None:
    """Kill and look, ``kills`` times."""
    chance = random.Random(seed)
    whole = torn = 0
    seen: set[bytes] = set()
    kind.writer(path)(0)
    for _ in range(kills):
        kill_one(kind, path, chance.randint(1, 3), chance.uniform(0, WRITE_S))
        found = path.read_bytes().rstrip(b"\n")
        whole += found in [content.rstrip(b"\n") for content in kind.contents]
        seen.add(found)
        torn += bool(list(path.parent.glob(".*.tmp")))
        sweep(path)
    print(
        whole,
        len(seen),
        torn,
        len([left for left in path.parent.iterdir() if left.suffix != ".spare"]),
    )


if __name__ == "__main__":
    main(KINDS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
