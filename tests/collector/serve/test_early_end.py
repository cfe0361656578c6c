"""A signal that comes while the collector starts."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.collector.store.api import Store

#: What is raised in a finalizer does not come up.
IN_A_FINALIZER = """
import os, signal
from nutbridge.cli.reports import serve

class Last:
    def __del__(self):
        signal.raise_signal(signal.{name})

serve._begin()
Last()
os._exit(7)
"""

#: SQLite waits in C, where no signal is looked at.
BEFORE_A_LOCKED_DATABASE = """
import os, pathlib, signal, threading
from nutbridge.cli.reports import serve
from nutbridge.system.clock import SystemClock
from nutbridge.collector.serve.intake import Rules
from nutbridge.collector.serve.options import (Address, Allowed, Caps, Mode,)
from nutbridge.collector.serve.plan import ServePlan
from nutbridge.collector.serve.run import Collector
from nutbridge.collector.store import engine
from nutbridge.system.sdnotify import Notifier

engine.BUSY_S = 600
plan = ServePlan(
    listen=Address("127.0.0.1", 0), tls_listen=None, status_listen=None,
    legacy_tls=False, upstream=None, upstream_ca=None,
    rules=Rules(Mode.LOCAL, Caps(), Allowed()), rate=None,
    db={db!r}, state=pathlib.Path({state!r}),
)
serve._begin()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
Collector(plan, SystemClock(), Notifier.from_environ({{}}))
os._exit(7)
"""


def exit_code(script: str) -> int:
    """Run a script; TimeoutExpired is the failure that it must not end in."""
    command = [sys.executable, "-c", script]
    return subprocess.run(command, timeout=60, check=False).returncode


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 0), ("SIGINT", 130)])
def test_signal_ends_wherever_it_comes(name: str, code: int) -> None:
    assert exit_code(IN_A_FINALIZER.format(name=name)) == code


def test_signal_ends_the_wait_for_a_locked_database(tmp_path: Path) -> None:
    db = tmp_path / "reports.db"
    Store.open(str(db)).close()
    with contextlib.closing(sqlite3.connect(db)) as other:
        other.execute("BEGIN IMMEDIATE")
        script = BEFORE_A_LOCKED_DATABASE.format(db=str(db), state=str(tmp_path))
        assert exit_code(script) == 0
