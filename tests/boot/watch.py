"""Asks upsd for ups.status, over and over, as a client of NUT does.

Run as ``python -m tests.boot.watch UPS`` in the network of a machine: writes a line
``SECONDS STATUS`` at every change, until stdin ends. SECONDS are CLOCK_BOOTTIME;
STATUS is ``-`` where upsd has none to give.
"""

import select
import socket
import sys
import time

_EVERY_S = 0.25
_PORT = 3493


def main(ups: str) -> None:
    told = None
    while not select.select([sys.stdin], [], [], _EVERY_S)[0]:
        status = ask(ups)
        if status != told:
            told = status
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            sys.stdout.write(f"{now:.2f} {status}\n")
            sys.stdout.flush()


def ask(ups: str) -> str:
    """Return ups.status, or ``-``."""
    try:
        with socket.create_connection(("127.0.0.1", _PORT), timeout=2) as door:
            door.sendall(f"GET VAR {ups} ups.status\n".encode("ascii"))
            answer = door.recv(256).decode("ascii", "replace")
    except OSError:
        return "-"
    found = answer.split('"')
    return found[1] if answer.startswith("VAR ") and len(found) > 1 else "-"


if __name__ == "__main__":
    main(sys.argv[1])
