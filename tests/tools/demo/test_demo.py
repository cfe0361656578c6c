"""The whole command, as a newcomer runs it."""

import signal
from pathlib import Path

import pytest

from tests.nut.harness import wait_until
from tests.tools.demo.running import (
    DEMO,
    PLAY,
    code,
    place,
    processes_of,
    run,
    started,
    statuses,
)

__all__ = ["place"]

pytestmark = [pytest.mark.nut, pytest.mark.slow(30)]

#: What the monitor is given as PYTHONHOME keeps its Python from starting.
WITHOUT_MONITOR = code(
    *PLAY, "sys.exit(play(sys.stdout, os.environ | {'PYTHONHOME': '/nonexistent'}))"
)
#: The tests may themselves run under nohup, which is inherited.
WITHOUT_NOHUP = code(
    "import signal, sys",
    "from nutbridge.cli.tools import main",
    "signal.signal(signal.SIGHUP, signal.SIG_DFL)",
    "sys.argv = ['nutbridge', 'demo']",
    "main()",
)
WITHOUT_TRUSTME = code(
    "import sys",
    "from nutbridge.cli.tools import main",
    "sys.modules['trustme'] = None",
    "sys.argv = ['nutbridge', 'demo']",
    "main()",
)


def test_demo_with_nut_shows_an_outage(place: Path) -> None:
    status, output = run(place, *DEMO)
    assert status == 0, output
    assert "Read with upsc demo@localhost:" in output
    assert statuses(output) == ["not connected", "OL", "OB", "OB LB", "OB", "OL"]
    assert "\x1b" not in output
    assert max(map(len, output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, "OL"),
        (signal.SIGTERM, "not connected"),
        (signal.SIGHUP, "not connected"),
    ],
)
def test_demo_interrupted_leaves_nothing(
    place: Path, number: signal.Signals, status: str
) -> None:
    with started(place, *WITHOUT_NOHUP) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if status in statuses(line):
                break
        running = " ".join(processes_of(place))
        assert "enphase_monitor" in running
        assert "upsd" in running
        process.send_signal(number)
        rest, _ = process.communicate(timeout=20)
    assert process.returncode == 130, "".join(lines) + rest
    assert rest.endswith("interrupted; everything is stopped and removed\n")


def test_demo_whose_reader_goes_away_leaves_nothing(place: Path) -> None:
    with started(place, *DEMO) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        wait_until(lambda: process.poll() is not None, 60, "the end of the demo")
    assert process.returncode == 130


def test_demo_tells_what_was_not_seen(place: Path) -> None:
    status, output = run(place, *WITHOUT_MONITOR)
    assert status == 1
    tail = output.partition("Not seen: ")[2]
    assert tail.startswith(("OL (the gateway answers)", "that no UPS is to be seen"))
    assert "Fatal Python error" in tail


def test_demo_names_the_extra_that_is_missing(place: Path) -> None:
    status, output = run(place, *WITHOUT_TRUSTME)
    assert status == 1
    assert output.count("\n") == 1
    assert "pip install 'nutbridge[demo]'" in output
