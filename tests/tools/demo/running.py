"""The command in a process of its own, and what it leaves behind."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.tools.demo.nut import find_programs
from tests.nut.harness import INSTALL

ROW = re.compile(r" *\d+:\d\d .{28} (not connected|hidden|O[LB][A-Z ]*?)  ")
DEMO = ("-m", "nutbridge", "demo")


def code(*statements: str) -> tuple[str, str]:
    return "-c", "\n".join(statements)


PLAY = ("import os, sys", "from nutbridge.tools.demo.show import play")


@pytest.fixture
def place() -> Iterator[Path]:
    """The demo's TMPDIR; in the end nothing may be left in it, or by it."""
    if find_programs(os.environ) is None:
        pytest.fail(INSTALL)
    folder = Path(tempfile.mkdtemp(prefix="d-"))
    yield folder
    left = [*folder.iterdir()], processes_of(folder)
    folder.rmdir()
    assert left == ([], [])


def processes_of(folder: Path) -> list[str]:
    """Find processes that name the folder in arguments or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Others' processes, and those that end just now.
        with contextlib.suppress(OSError):
            arguments = (process / "cmdline").read_bytes()
            said = arguments + (process / "environ").read_bytes()
            if os.fsencode(folder) in said:
                found.append(arguments.replace(b"\0", b" ").decode())
    return found


@contextlib.contextmanager
def started(place: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with process:
            yield process
    finally:
        process.kill()


def run(place: Path, *arguments: str) -> tuple[int, str]:
    with started(place, *arguments) as process:
        output, _ = process.communicate(timeout=90)
    return process.returncode, output


def statuses(output: str) -> list[str]:
    """Return the statuses shown, each once in a row."""
    rows = (ROW.match(line) for line in output.splitlines())
    found = [row[1].strip() for row in rows if row]
    return [
        status
        for number, status in enumerate(found)
        if number == 0 or status != found[number - 1]
    ]
