"""nutbridge sma as a process, and a stand-in inverter to point it at."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.inverter import SimulatedInverter

DATA = Path(__file__).parents[3] / "test-data" / "sma"
MODEL = DATA / "ObjectMetadata_Istl.json"
LANGUAGE = DATA / "l10n" / "en-US.json"

PASSWORDS = {"usr": "user-pw", "istl": "install-pw"}

#: A process that hangs fails the test.
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What --json wrote."""
        found: list[dict[str, Any]] = json.loads(self.out)
        return found

    @property
    def complaints(self) -> list[str]:
        """Lines of stderr, but the one about the certificate."""
        return [line for line in self.err.splitlines() if "certificate of" not in line]


@dataclass
class Tool:
    """Runs ``nutbridge sma``.

    Attributes:
        folder: HOME, with the cache in it.
        environ: all that the command sees.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ |= {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
        }

    @contextlib.contextmanager
    def start(self, *words: str, **more: Any) -> "Iterator[subprocess.Popen[str]]":
        """Start the command with text streams; at the end it is gone."""
        program = "from nutbridge.cli.tools import main; main()"
        command = [sys.executable, "-c", program, "sma", *words]
        pipe = subprocess.PIPE
        streams = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe} | more
        with subprocess.Popen(
            command, env=self.environ, cwd=self.folder, text=True, **streams
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: str) -> Done:
        """Run the command to its end."""
        with self.start(*words) as process:
            out, err = process.communicate(timeout=LONGEST_S)
        return Done(process.returncode, out, err)


class Asked:
    """Counts the requests of an inverter by path; an answer function."""

    def __init__(self, inverter: SimulatedInverter) -> None:
        self.inverter = inverter
        self.paths: list[str] = []
        #: Called before an answer is given, with the path.
        self.before: Callable[[str], None] = lambda _path: None

    def __call__(self, asked: Incoming) -> Reply:
        self.paths.append(asked.path)
        self.before(asked.path)
        return self.inverter(asked)

    def count(self, part: str) -> int:
        """Return how many requests had ``part`` in their path."""
        return sum(part in path for path in self.paths)


@dataclass
class Site:
    """A stand-in inverter and a tool that knows its address and password."""

    inverter: SimulatedInverter
    asked: Asked
    server: Server
    tool: Tool

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.server.port}"

    def run(self, *words: str) -> Done:
        """Run one command to its end; every session must have ended by then."""
        done = self.tool.run(*words)
        assert not self.inverter.sessions.entries
        return done


@contextlib.contextmanager
def site(folder: Path, name: str = "hybrid", *, tls: bool = True) -> Iterator[Site]:
    """Run a stand-in for a folder of test-data/sma."""
    inverter = SimulatedInverter(DATA / name, PASSWORDS)
    asked = Asked(inverter)
    with Server(asked, tls=tls) as server:
        tool = Tool(folder)
        tool.environ["SMA_HOST"] = f"{LOOPBACK}:{server.port}"
        tool.environ["SMA_PASSWORD"] = PASSWORDS["usr"]
        yield Site(inverter, asked, server, tool)


def wait_until(met: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + LONGEST_S
    while not met():
        if time.monotonic() > end:
            raise AssertionError("too late")
        time.sleep(0.02)
