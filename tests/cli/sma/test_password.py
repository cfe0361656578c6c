"""Where the password comes from, and that it goes nowhere else."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.sma.tool import LONGEST_S, PASSWORDS, Site


def password_file(running: Site, text: str, mode: int = 0o600) -> str:
    file = Path(running.tool.folder, "password")
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return str(file)


def test_password_file(hybrid: Site) -> None:
    """It goes before the environment; a line end falls away."""
    hybrid.tool.environ["SMA_PASSWORD"] = "another"
    file = password_file(hybrid, PASSWORDS["usr"] + "\n")
    assert hybrid.run("tree", "--password-file", file).code == 0
    assert hybrid.run("tree", "--password-file", "password").code == 0


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        ("user-pw", 0o644, "everybody can read it"),
        ("", 0o600, "must hold the password"),
        ("a\nb\n", 0o600, "must hold the password"),
    ],
)
def test_password_file_refused(
    hybrid: Site, text: str, mode: int, problem: str
) -> None:
    file = password_file(hybrid, text, mode)
    done = hybrid.run("tree", "--password-file", file)
    assert done.code == 78
    assert problem in done.err
    assert hybrid.asked.paths == []


def test_password_none(hybrid: Site) -> None:
    """Without a terminal nobody is asked."""
    del hybrid.tool.environ["SMA_PASSWORD"]
    done = hybrid.run("tree")
    assert (done.code, done.out) == (2, "")
    assert "--password-file FILE, or SMA_PASSWORD" in done.err


def test_password_too_long(hybrid: Site) -> None:
    """Inverters take 12 characters: a warning, and a try all the same."""
    long = "0123456789abcdef"
    hybrid.inverter.passwords["usr"] = long
    hybrid.tool.environ["SMA_PASSWORD"] = long
    done = hybrid.run("tree")
    assert done.code == 0
    assert len(done.complaints) == 1
    assert "16 characters" in done.complaints[0]
    assert long not in done.err


def wait_for_prompt(process: "subprocess.Popen[str]") -> None:
    assert process.stderr is not None
    seen = ""
    while not seen.endswith("inverter: "):
        read = process.stderr.read(1)
        assert read, seen
        seen += read


def test_password_asked_on_a_terminal(hybrid: Site) -> None:
    """What is typed is not shown; the output stays clean."""
    del hybrid.tool.environ["SMA_PASSWORD"]
    ours, theirs = pty.openpty()
    with hybrid.tool.start(
        "values", "6100_00295A00", stdin=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        # What is typed before the question is thrown away, as everywhere.
        wait_for_prompt(process)
        os.write(ours, PASSWORDS["usr"].encode() + b"\n")
        out, stderr = process.communicate(timeout=LONGEST_S)
    os.close(ours)
    assert out.startswith("6100_00295A00  Charge level")
    assert PASSWORDS["usr"] not in out + stderr
