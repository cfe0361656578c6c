"""Kill a process that adds lines to a history, many times, at random moments.

Usage: python killed_history.py FILE KILLS SEED; run by test_file.py. The cap is small:
kills hit the making of room as well. A half line may stand at the end, no other. Prints
how many histories were whole, how many lines that were written for certain were
missing, how often room was made, the largest size seen, and how many files are left.
"""

import os
import random
import select
import signal
import struct
import sys
from pathlib import Path

from nutbridge.daemon.history import file
from nutbridge.daemon.history.points import HistoryPoint, parse_point, render_point
from nutbridge.system.files import sweep

#: About as long as adding a line takes.
WRITE_S = 0.0005
CAP_BYTES = 5_000

file.CAP_BYTES = CAP_BYTES


def line(number: int) -> bytes:
    changed = number % 7 == 0
    return render_point(HistoryPoint(1.8e9, float(number), "m.b", changed=changed))


def add_for_ever(path: Path, number: int, ready: int) -> None:
    """Add lines until killed; tell of each that is written."""
    while True:
        os.write(ready, struct.pack("i", number))
        number += 1
        file.append(path, line(number), None)


def kill_one(path: Path, number: int, nth: int, delay_s: float) -> int:
    """Kill a writer; return the number of the last line that was written."""
    told, ready = os.pipe()
    child = os.fork()
    if not child:
        add_for_ever(path, number, ready)
    for _ in range(nth):
        (number,) = struct.unpack("i", os.read(told, 4))
    select.select([], [], [], delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    while data := os.read(told, 4):
        (number,) = struct.unpack("i", data)
    os.close(told)
    return number


def main(path: Path, kills: int, seed: int) -> None:
    """Kill and look, ``kills`` times."""
    chance = random.Random(seed)
    whole = missing = rooms = largest = number = 0
    second_of = 1.0
    file.append(path, line(0), None)
    for _ in range(kills):
        last = kill_one(path, number, chance.randint(1, 3), chance.uniform(0, WRITE_S))
        data = path.read_bytes()
        largest = max(largest, len(data))
        *lines, _half = data.split(b"\n")
        ups = [parse_point(each).up for each in lines]
        whole += ups == sorted(ups)
        missing += last not in ups
        # The first line is a change, and stays.
        second = ups[1] if len(ups) > 1 else second_of
        rooms += second != second_of
        second_of = second
        number = int(max(last, ups[-1]))
        sweep(path)
    print(whole, missing, rooms, largest, len(list(path.parent.iterdir())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
