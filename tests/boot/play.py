"""One scene being played: what clients see, and what upsmon did."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tests.boot.machine import MARKS, Machine
from tests.boot.tree import ROOT

#: Long enough for a driver's restart and for upsmon to give it up: DEADTIME, 25 s.
SETTLED_S = 32.0
SOON_S = 120.0


@dataclass(slots=True)
class Seen:
    """What a client of upsd saw: (CLOCK_BOOTTIME, status), one for each change."""

    changes: list[tuple[float, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Now; ``-`` while upsd has no status to give."""
        return self.changes[-1][1] if self.changes else "-"

    def away_s(self, since: float) -> float:
        """How long after ``since`` there was no status to see, s."""
        total, begun = 0.0, None
        for at, status in [*self.changes, (now(), "")]:
            if begun is not None:
                total += max(0.0, at - max(begun, since))
            begun = at if status == "-" else None
        return total


def now() -> float:
    """Return CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Play:
    """A scene on a machine; a context manager.

    Attributes:
        machine: the machine.
        seen: by a client of upsd.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.seen = Seen()

    def __enter__(self) -> Self:
        self._watch = subprocess.Popen(
            self.machine.near(sys.executable, "-m", "tests.boot.watch", "home"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._watch.stdin is not None
        self._watch.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._watch.wait(10)
        self._reader.join(10)
        if self._watch.stdout is not None:
            self._watch.stdout.close()

    def _read(self) -> None:
        assert self._watch.stdout is not None
        for line in self._watch.stdout:
            at, _, status = line.strip().partition(" ")
            self.seen.changes.append((float(at), status))

    def boot(self) -> None:
        """Switch the machine on."""
        self.machine.boot()

    def let(self, *lines: str) -> None:
        """Change the house."""
        for line in lines:
            self.machine.let(line)

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for a condition; AssertionError after ``seconds``."""
        end = now() + seconds
        while not condition():
            assert now() < end, f"waited {seconds:.0f} s for {what}: {self.told()}"
            time.sleep(0.25)

    def wait_for(self, status: str) -> None:
        """Wait until clients see this status."""
        self.until(lambda: self.seen.status == status, SOON_S, status)

    def quiet(self, seconds: float) -> None:
        """Let time pass on the machine."""
        end = now() + seconds
        self.until(lambda: now() >= end, seconds + 1, "time to pass")

    def settle(self, status: str) -> None:
        """Wait for a status that then stays for SETTLED_S, or for a shutdown."""
        end = now() + SOON_S

        def settled() -> bool:
            if self.marked():
                return True
            changes = self.seen.changes
            last, told = changes[-1] if changes else (end - SOON_S, "-")
            return told == status and now() - last >= SETTLED_S

        self.until(settled, SOON_S + SETTLED_S, f"{status} to stay")

    def upsmon_knows(self) -> bool:
        """Whether upsmon has told of the outage."""
        said = self.machine.run("journalctl -b -u nut-monitor -o cat", check=False)
        return "home@localhost on battery" in said

    def marked(self) -> bool:
        """Whether upsmon has shut the machine down."""
        return bool(self.machine.read(MARKS))

    def told(self) -> str:
        """Return what was seen, and the last lines of the journal."""
        seen = " ".join(f"{status}@{at:.0f}" for at, status in self.seen.changes)
        command = "journalctl -b --no-pager -o cat -p warning | tail -20"
        return f"{seen}\n{self.machine.run(command, check=False)}"
