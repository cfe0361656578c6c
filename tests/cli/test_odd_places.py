"""Commands started where something is missing that every process has, mostly."""

import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.errors import EX_CONFIG
from nutbridge.system.installation import adding

ROOT = Path(__file__).parents[2]


def run(shell: str, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run nutbridge by a line of shell: ``"$@"`` in it is the command."""
    return subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "nutbridge", *words],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        | {"NUT_SYSCONFIG": str(folder), "NUT_LOCALSTATE": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("setup",), "Name of the UPS: the input has ended, nothing was done"),
        (("token", "import", "home"), "not a token"),
        (("sma", "tree", "--host", "127.0.0.1:9"), "no password: --password-file"),
        (("sma", "decode", "-"), "empty body"),
    ],
)
def test_without_any_stdin(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """As some supervisors start programs, and ``<&-``."""
    tmp_path.chmod(0o700)
    text = f"USERNAME=a\nPASSWORD=b\nSERIAL=1\nPORT_FILE={tmp_path}/home.dev\n"
    config = tmp_path / "enphase-home.conf"
    config.touch(0o600)
    config.write_text(text, encoding="ascii")
    done = run('"$@" <&-', tmp_path, *words)
    assert done.returncode not in (0, 70)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("status", "home"),
        ("setup", "x", "--yes", "--host", "h", "--username", "a", "--no-login"),
        ("reports", "list", "--db", "reports.db"),
    ],
)
def test_in_a_folder_that_was_removed(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Relative paths begin nowhere then; it is no bug."""
    gone = 'mkdir gone && cd gone && rmdir ../gone && "$@" </dev/null'
    done = run(gone, tmp_path, *words)
    assert done.returncode == EX_CONFIG
    (line,) = done.stderr.splitlines()
    assert "no current folder: No such file or directory; cd to one" in line


@pytest.mark.parametrize(
    ("words", "extras"),
    [(("web",), "web"), (("demo", "--web"), "demo,web,collector")],
)
def test_without_the_libraries_of_the_page(words: tuple[str, ...], extras: str) -> None:
    """What to do fits how nutbridge was installed: apt, pip, pipx or uv."""
    # A None in sys.modules is a library that is not there.
    program = (
        "import sys, importlib.util as util; sys.modules['jinja2'] = None;"
        "found = util.find_spec;"
        "util.find_spec = lambda name: None if name == 'jinja2' else found(name);"
        f"sys.argv[1:] = {list(words)!r};"
        "from nutbridge.cli.tools import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode not in (0, 70)
    assert done.stderr.endswith(f": {adding(extras)}\n")
