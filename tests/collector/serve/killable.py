"""Starts collectors quickly, to be killed: imports once, forks for each.

``python -m tests.collector.serve.killable`` reads lines of JSON, ``{"log": FILE,
"options": [...]}``, and answers each with the process id of a new collector.
"""

import json
import os
import signal
import sys

import nutbridge.collector.serve.run  # noqa: F401 - loaded before the fork
from nutbridge.cli import tools


def main() -> None:
    """Fork until the input ends; nobody waits for the children."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(asked["log"], asked["options"])
        print(pid, flush=True)


def _become(log: str, options: list[str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    sys.argv = ["nutbridge", "reports", "serve", *options]
    try:
        tools.main()
    except SystemExit as exc:
        os._exit(exc.code if isinstance(exc.code, int) else 1)
    os._exit(0)


if __name__ == "__main__":
    main()
