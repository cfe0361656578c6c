"""Kill a process that does only the replace, many times, at random moments.

Usage: python killed_writer.py PORT_FILE KILLS SEED; run by test_port_kills.py.
It forks instead of starting Python anew: a thousand kills in seconds. Prints
how often the file was whole, which contents it had and how many kills hit the
middle of a write (a temporary file was left).
"""

import os
import random
import select
import signal
import sys
from pathlib import Path

from nutbridge.clock import SystemClock
from nutbridge.nut.port_file import PortFile
from nutbridge.nut.port_text import PortText, render

CONTENTS = [
    render(PortText(), {"ups.status": status, "battery.charge": charge}, 3)
    for status, charge in (("OL", "100"), ("OB LB", "7"))
]


def write_for_ever(path: Path, ready: int) -> None:
    """Write the contents in turn until killed."""
    file = PortFile(path, SystemClock())
    os.write(ready, b"r")
    while True:
        for content in CONTENTS:
            file.write(content)


def kill_one(path: Path, delay_s: float) -> None:
    """Start a writer, wait until it writes, kill it ``delay_s`` later."""
    told, ready = os.pipe()
    child = os.fork()
    if not child:
        write_for_ever(path, ready)
    os.read(told, 1)
    # The random moment is what is tested; nothing is waited for.
    select.select([], [], [], delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(told)
    os.close(ready)


def main(path: Path, kills: int, seed: int) -> None:
    """Kill and look, ``kills`` times."""
    chance = random.Random(seed)
    whole = torn = 0
    seen: set[bytes] = set()
    PortFile(path, SystemClock()).write(CONTENTS[0])
    for _ in range(kills):
        kill_one(path, chance.uniform(0, 0.004))
        found = path.read_bytes()
        whole += found in CONTENTS
        seen.add(found)
        left = list(path.parent.glob("*.tmp")) + list(path.parent.glob(".*.tmp"))
        torn += bool(left)
        PortFile(path, SystemClock()).check()
    print(whole, len(seen), torn, len(list(path.parent.iterdir())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
