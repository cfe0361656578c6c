"""A signal that comes while the collector starts."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nutbridge.clock import SystemClock
from nutbridge.reports.serve.intake import Rules
from nutbridge.reports.serve.options import Address, Allowed, Caps, Mode
from nutbridge.reports.serve.plan import Plan
from nutbridge.reports.serve.run import Collector
from nutbridge.reports.store import engine
from nutbridge.reports.store.api import Store
from nutbridge.sdnotify import Notifier

#: What is raised in a finalizer does not come up.
SIGNAL_IN_A_FINALIZER = """
import os, signal
from nutbridge.cli.reports import serve

class Last:
    def __del__(self):
        signal.raise_signal(signal.{name})

serve._begin()
Last()
os._exit(7)
"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 0), ("SIGINT", 130)])
def test_signal_ends_wherever_it_comes(name: str, code: int) -> None:
    script = SIGNAL_IN_A_FINALIZER.format(name=name)
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == code


class Ended(Exception):
    """The signal came."""


def test_signal_ends_the_wait_for_a_locked_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite waits in C, where no signal is looked at; the start waits elsewhere."""
    db = tmp_path / "reports.db"
    Store.open(str(db)).close()
    monkeypatch.setattr(engine, "BUSY_S", 600)
    plan = Plan(
        listen=Address("127.0.0.1", 0),
        tls_listen=None,
        status_listen=None,
        legacy_tls=False,
        upstream=None,
        upstream_ca=None,
        rules=Rules(Mode.LOCAL, Caps(), Allowed()),
        rate=None,
        db=str(db),
        state=tmp_path,
    )

    def end(*_: object) -> None:
        raise Ended

    def start() -> None:
        ring.start()
        limit.start()
        Collector(plan, SystemClock(), Notifier.from_environ({}))

    def release() -> None:
        other.rollback()
        late.append(True)

    late: list[bool] = []
    other = sqlite3.connect(db, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ring = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
    limit = threading.Timer(60, release)
    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(Ended):
            start()
        assert not late
    finally:
        limit.cancel()
        ring.join()
        signal.signal(signal.SIGUSR1, before)
        # What is still opening it finds nothing to go on with.
        db.unlink()
        other.close()
