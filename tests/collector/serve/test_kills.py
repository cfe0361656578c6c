"""kill -9 at random moments: what was acknowledged is never lost, nor doubled.

Nor is it where the database is exchanged under the collector.
"""

import contextlib
import hashlib
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from nutbridge.collector.store.api import Store
from tests.collector.serve.collector import START_S
from tests.collector.serve.reports import PATH, report_body
from tests.collector.serve.upstream import Enphase, wait_for

#: 300 by hand: NUTBRIDGE_KILLS=300 pytest tests/collector/serve/test_kills.py
KILLS = int(os.environ.get("NUTBRIDGE_KILLS", "25"))
SENDERS = 3
PANELS = 2
#: One of so many dies while it starts, the others after some reports.
EARLY = 5
#: Under one of so many the database is exchanged.
REPLACED = 4

_LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")


class Nursery:
    """Starts collectors on one database and kills them."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self._log = folder / "log"
        self._options = [
            *("--listen", "127.0.0.1:0", "--state", str(folder)),
            *("--mode", "store-and-forward", "--upstream", upstream),
            *("--rate-limit", "off"),
        ]
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.collector.serve.killable"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = 0

    def start(self) -> None:
        """Start one; does not wait until it listens."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        with contextlib.suppress(FileNotFoundError):
            self._log.unlink()
        asked = {"log": str(self._log), "options": self._options}
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        self.pid = int(self._parent.stdout.readline())

    def port(self) -> int | None:
        """Return where it listens; None: not yet."""
        with contextlib.suppress(FileNotFoundError):
            found = _LISTENING.search(self._log.read_text())
            return int(found[1]) if found else None
        return None

    def kill(self) -> None:
        """Kill it and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{self.pid}").exists())

    def close(self) -> None:
        """End everything."""
        self.kill()
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(10)
        self._parent.stdout.close()


def send(port: int, body: bytes) -> bool:
    """Send a report; True when it was acknowledged."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with (
        contextlib.closing(link),
        contextlib.suppress(OSError, http.client.HTTPException),
    ):
        link.request("POST", PATH, body, {"Connection": "close"})
        answer = link.getresponse()
        return answer.status == 200 and bool(answer.read())
    return False


def keep_sending(
    nursery: Nursery,
    numbers: Iterator[int],
    acked: dict[str, int],
    end: threading.Event,
) -> None:
    """Send one report after another; each again until it is acknowledged."""
    number = next(numbers)
    while not end.is_set():
        port = nursery.port()
        if port is None:
            end.wait(0.005)
            continue
        body = report_body(number, panels=PANELS)
        if send(port, body):
            acked[hashlib.sha256(body).hexdigest()] = number
            number = next(numbers)


def live_a_while(
    nursery: Nursery, acked: dict[str, int], chance: random.Random
) -> None:
    """Wait for a random moment; not by the clock, a busy machine starts slowly."""
    if chance.randrange(EARLY):
        wait_for(lambda: nursery.port() is not None, START_S)
        goal = len(acked) + chance.randrange(1, 8)
        wait_for(lambda: len(acked) >= goal, START_S)
    time.sleep(chance.uniform(0.0, 0.1))


def die_over_another_database(
    nursery: Nursery, folder: Path, chance: random.Random
) -> None:
    """The file is taken away, or another one put in its place, just before."""
    db, away = folder / "reports.db", folder / "away.db"
    if nursery.port() is None:
        # One that only starts takes what is there: its owner's word.
        return
    db.rename(away)
    if chance.randrange(2):
        shutil.copy(folder / "other.db", db)
    time.sleep(chance.uniform(0.0, 0.1))
    nursery.kill()
    away.replace(db)


@pytest.mark.slow(15)
def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Each report that got a 200 is in the store once, and reaches the upstream."""
    chance = random.Random(20120213)
    acked: dict[str, int] = {}
    numbers = itertools.count()
    end = threading.Event()
    Store.open(str(tmp_path / "other.db")).close()
    with Enphase().running() as enphase:
        nursery = Nursery(tmp_path, enphase.url)
        senders = [
            threading.Thread(target=keep_sending, args=(nursery, numbers, acked, end))
            for _ in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        try:
            for _ in range(KILLS):
                nursery.start()
                live_a_while(nursery, acked, chance)
                if chance.randrange(REPLACED) == 0:
                    die_over_another_database(nursery, tmp_path, chance)
                nursery.kill()
        finally:
            end.set()
            for sender in senders:
                sender.join()
        nursery.start()
        try:
            check(tmp_path, enphase, acked)
        finally:
            nursery.close()
    print(f"{KILLS} kills, {len(acked)} reports acknowledged")
    assert len(acked) >= KILLS, "too few reports for a proof"


def check(folder: Path, enphase: Enphase, acked: dict[str, int]) -> None:
    """Wait until the outbox is empty, then compare."""
    engine = create_engine(f"sqlite:///{folder / 'reports.db'}")

    def rows(sql: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    waiting = (
        "SELECT (SELECT count(*) FROM outbox),"
        " (SELECT count(*) FROM raw WHERE parse_state = 'pending')"
    )
    left = rows(waiting)
    while left != [(0, 0)]:
        # Hundreds may wait; each round must bring some on.
        before = left
        wait_for(lambda: rows(waiting) != before, START_S)  # noqa: B023 - called here
        left = rows(waiting)
    found = [str(row[0]) for row in rows("SELECT sha256 FROM raw")]
    assert len(found) == len(set(found))
    assert set(acked) <= set(found)
    delivered = {hashlib.sha256(got.body).hexdigest() for got in enphase.got}
    assert set(acked) <= delivered
    # Rows once for each body, acknowledged or not.
    assert rows("SELECT count(*) FROM interval") == [(len(found) * PANELS,)]
    ids = rows("SELECT count(DISTINCT id) FROM interval")
    assert ids == [(len(found) * PANELS,)]
    assert rows("PRAGMA integrity_check") == [("ok",)]
    engine.dispose()
