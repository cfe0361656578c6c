"""A stand-in inverter to try the tools on by hand.

``python -m nutbridge.simulator.sma test-data/sma/hybrid`` listens on 127.0.0.1
until ^C; the passwords are ``user`` (usr) and ``installer`` (istl). A line on
stdin changes it: ``6180_08412B00 tag 1463``, ``6100_00295A00 val 15``, ``expire``.
"""

import argparse
import sys
from pathlib import Path

from nutbridge.simulator.server import Server
from nutbridge.simulator.sma.inverter import Inverter

_WORDS = 3


def main() -> int:
    """Serve until the end of stdin."""
    parser = argparse.ArgumentParser(prog="python -m nutbridge.simulator.sma")
    parser.add_argument("folder", type=Path, help="folder with online.json")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0: any")
    parser.add_argument("--http", action="store_true", help="plain http")
    asked = parser.parse_args()
    inverter = Inverter(asked.folder, {"usr": "user", "istl": "installer"})
    with Server(inverter, port=asked.port, tls=not asked.http) as server:
        print(f"{server.url}  usr: user  istl: installer", flush=True)  # noqa: T201 - its output
        try:
            for line in sys.stdin:
                _change(inverter, line.split())
        except KeyboardInterrupt:
            return 130
    return 0


def _change(inverter: Inverter, words: list[str]) -> None:
    if words == ["expire"]:
        inverter.sessions.entries.clear()
    elif len(words) >= _WORDS and words[1] == "tag":
        inverter.say(words[0], *(int(word) for word in words[2:]))
    elif len(words) >= _WORDS and words[1] == "val":
        inverter.set(words[0], *(float(word) for word in words[2:]))


if __name__ == "__main__":
    sys.exit(main())
