"""A writer that is killed leaves the old file or the new one, never less."""

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 1000
WRITER = Path(__file__).with_name("killed_writer.py")
CHECKOUT = Path(__file__).parents[3]


@pytest.mark.slow(12)
@pytest.mark.parametrize("kind", ["port", "state", "token"])
def test_file_is_whole_after_1000_kills(tmp_path: Path, kind: str) -> None:
    """SIGKILL at random moments of a process that does only the replace."""
    tmp_path.chmod(0o700)
    path = tmp_path / "home.dev"
    done = subprocess.run(
        [sys.executable, str(WRITER), kind, str(path), str(KILLS), "20261120"],
        cwd=CHECKOUT,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    whole, contents, torn, names = map(int, done.stdout.split())
    assert whole == KILLS
    assert contents == 2
    # Some kills hit a write, or this proves nothing; and all traces are swept.
    assert torn > 0
    assert names == 1
