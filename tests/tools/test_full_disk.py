"""Standard output on a full disk: one line, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

MONITOR = str(Path(sys.executable).with_name("enphase-monitor"))


@pytest.mark.parametrize(
    "words", [("--help",), ("--version",), ("token", "--help"), ("doctor", "-c", "/x")]
)
def test_full_disk_is_told_in_one_line(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "nutbridge", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.stderr == "nutbridge: standard output: No space left on device\n"
    assert ended.returncode == 1


@pytest.mark.parametrize("option", ["-h", "--version"])
def test_full_disk_is_told_by_the_monitor_too(option: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [MONITOR, option],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.stderr == "enphase-monitor: standard output: No space left on device\n"
    assert ended.returncode == 1


@pytest.mark.parametrize(
    "command", [(sys.executable, "-m", "nutbridge", "--help"), (MONITOR, "-h")]
)
def test_closed_pipe_ends_quietly(command: tuple[str, ...]) -> None:
    """As with ``nutbridge --help | true``."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.wait(30)


#: More than Python keeps back until its end.
_LONG = """
import sys
from nutbridge.cli.common import sudo_hint, writing
from nutbridge.errors import NutbridgeError
try:
    with writing(), sudo_hint():
        print("x" * 100_000)
except NutbridgeError as error:
    sys.stderr.write(str(error))
"""


def test_full_disk_is_told_of_long_output_too() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-c", _LONG],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.stderr == "standard output: No space left on device"
