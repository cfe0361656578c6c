"""A command of root's on a stage."""

import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
#: A hang is minutes; a busy machine needs many times what a command needs.
LONG_S = 60


def run(
    *words: str, environ: dict[str, str], said: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end; nothing that it says is a traceback."""
    program, *rest = words
    done = subprocess.run(
        [PROGRAMS / program, *rest],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environ},
        cwd="/",
        input=said,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LONG_S,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "must not get out" not in done.stdout + done.stderr
    return done
