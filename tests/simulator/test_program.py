"""``python -m nutbridge.simulator``: what it prints is a config that works."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nutbridge.simulator.server import LOOPBACK

ROOT = Path(__file__).parents[2]
MONITOR = (sys.executable, "-m", "nutbridge.cli.enphase_monitor")
FOLDER = str(ROOT / "test-data" / "sma" / "hybrid")


@contextmanager
def simulator(*words: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "nutbridge.simulator", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.communicate(timeout=60)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "99999"), "argument --port: 0 to 65535"),
        (("sma", "nowhere"), "nowhere: neither online.json (Webconnect) nor live.json"),
        (("sma", FOLDER, "--port", "-1"), "argument --port: 0 to 65535"),
    ],
)
def test_words_that_do_not_fit(words: tuple[str, ...], says: str) -> None:
    """A folder that is not there would be an inverter that knows nothing."""
    with simulator(*words) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [(), ("sma", FOLDER)])
def test_port_that_is_taken(words: tuple[str, ...]) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        with simulator("--port", port, *words) as process:
            _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.endswith(f"error: --port {port}: Address already in use\n")


def test_told_to_end_it_leaves_nothing_behind() -> None:
    with simulator() as process:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("#"):
            pass
        folder = Path(line.rpartition("SSL_CERT_FILE=")[2].strip()).parent
        assert folder.is_dir()
        process.terminate()
        assert (process.wait(timeout=60), folder.exists()) == (130, False)


def test_printed_config_is_enough_for_a_monitor(tmp_path: Path) -> None:
    with simulator() as process:
        assert process.stdout is not None
        assert process.stdin is not None
        lines = []
        while not (line := process.stdout.readline()).startswith("#"):
            lines.append(line)
        ca = line.rpartition("SSL_CERT_FILE=")[2].strip()
        port_file = tmp_path / "home.dev"
        port_file.with_name("home.dev-nocomms").touch()
        config = tmp_path / "enphase-home.conf"
        config.touch(mode=0o600)
        config.write_text(
            "".join(lines) + f"PORT_FILE={port_file}\nSTATE_DIR={tmp_path}\n"
        )
        environ = {"SSL_CERT_FILE": ca, "PATH": os.environ["PATH"]}

        def once() -> str:
            subprocess.run(
                [*MONITOR, "-s", "-c", str(config)],
                env=environ,
                cwd=ROOT,
                check=True,
                timeout=60,
            )
            return port_file.read_text()

        assert "ups.status: OL\n" in once()
        process.stdin.write("soc 91\ngrid off\nnonsense\nsoc 910\n")
        process.stdin.flush()
        assert process.stderr is not None
        assert process.stderr.readline() == "not understood: nonsense\n"
        needed = "not understood: 910, a number from 0 to 100 is needed\n"
        assert process.stderr.readline() == needed
        text = once()
        assert "ups.status: OB\n" in text
        assert "battery.charge: 91" in text


def test_inverter_says_where_it_listens() -> None:
    with simulator("sma", FOLDER) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("SMA_HOST=127.0.0.1:")


@pytest.mark.parametrize("words", [("--help",), ("sma", "--help")])
def test_help_names_the_lines_on_stdin(words: tuple[str, ...]) -> None:
    with simulator(*words) as process:
        assert process.stdout is not None
        assert "lines on stdin:" in process.stdout.read()


def test_ennexos_device_is_served_by_its_folder() -> None:
    with simulator("sma", f"{FOLDER}/../ennexos-hybrid") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        said = [process.stdout.readline() for _ in range(3)]
        assert [line.partition("=")[0] for line in said] == [
            *("SMA_HOST", "SMA_SCHEME", "SMA_USER"),
        ]
        process.stdin.write("Operation.RunStt tag 1463\nsleep\nexpire\nnonsense\n")
        process.stdin.flush()
        assert process.stderr is not None
        assert process.stderr.readline() == "not understood: nonsense\n"
