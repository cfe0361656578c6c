"""The section TRY IT of nutbridge-collector(8), typed as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

from nutbridge.man.pages import SOURCES
from tests.fakes.ports import free_port

_MASKS = (
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d UTC (?=\d{12} )", "WHEN "),
    (r"(?<= \d{12} )[0-9a-f]{8} ", "DIGEST "),
)


def section() -> list[str]:
    """Return its lines: commands, and what they write."""
    page = (SOURCES / "nutbridge-collector.8.rst").read_text(encoding="utf-8")
    (text,) = re.findall(r"(?ms)^TRY IT\n=+\n(.*?)^[A-Z ]+\n=+\n", page)
    return [line[4:] for line in text.splitlines() if line.startswith("    ")]


def masked(text: str) -> str:
    """Return a text without the time of receipt, and the digest of zlib's bytes."""
    for shape, word in _MASKS:
        text = re.sub(shape, word, text, flags=re.MULTILINE)
    return text


def test_as_it_stands(tmp_path: Path) -> None:
    lines = section()
    typed = [line.removeprefix("$ ") for line in lines if re.match(r"\$ | {4}", line)]
    expected = [line for line in lines if not re.match(r"\$ | {4}", line)]
    command = tmp_path / "nutbridge"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m nutbridge "$@"\n')
    command.chmod(0o755)
    # A port and a folder of our own: others may try the same on this machine.
    script = "\n".join(typed).replace("7480", str(free_port()))
    script = script.replace("/tmp/collector", f"{tmp_path}/collector")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TZ": "UTC"}
    done = subprocess.run(
        ["bash", "-e"],
        input=f"{script}\nwait\n",
        env=environ,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    log = tmp_path / "collector.log"
    assert done.returncode == 0, (done.stderr, log.read_text())
    assert masked(done.stdout) == masked("\n".join(expected) + "\n")
    assert done.stderr == ""
