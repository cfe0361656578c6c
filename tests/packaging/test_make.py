"""make says what it does to the machine before it does it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    *("chromedriver", "chromium", "dummy-ups", "initdb", "man", "mosquitto"),
    *("promtool", "systemd-analyze", "upsc", "upsd", "upsmon"),
)

_TELLS = '#!/bin/sh\necho "called: ${0##*/} $*"\n'
_SUDO = _TELLS + 'test "$1" = -n && shift\n"$@"\n'


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of its own, with an apt-get and a sudo that only tell."""
    folder = tmp_path / "bin"
    folder.mkdir()
    write(folder / "apt-get", _TELLS)
    write(folder / "sudo", _SUDO)
    for name in ("env", "sh"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    return folder


def write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def make(target: str, programs: Path, user: int, *variables: str) -> list[str]:
    write(programs / "id", f"#!/bin/sh\necho {user}\n")
    program = shutil.which("make")
    assert program, "make is missing: apt-get install make"
    done = subprocess.run(
        [
            *(program, "--no-print-directory", target),
            *(variables or (f"PYTHON={sys.executable}",)),
        ],
        cwd=ROOT,
        env={"PATH": str(programs)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("target", ["nut", "nut-if-possible", "system-packages"])
@pytest.mark.parametrize("user", [0, 1000])
def test_says_what_it_installs_and_with_what_rights(
    target: str, user: int, programs: Path
) -> None:
    first, *rest = make(target, programs, user)
    assert first.startswith("installs nut-server nut-client ")
    assert first.endswith("as root" if user == 0 else "as root, by sudo")
    assert rest[0].startswith("called: ")
    # Without a terminal nobody is asked for a password.
    sudo = [line for line in rest if "called: sudo" in line]
    assert all("called: sudo -n " in line for line in sudo)
    assert bool(sudo) == (user != 0)


def test_says_that_it_installs_what_makes_a_tree_of_debian(programs: Path) -> None:
    first, *_ = make("deb-tools", programs, 0)
    assert first.startswith("installs mmdebstrap, and what these need, with apt-get")
    write(programs / "mmdebstrap", "#!/bin/sh\n")
    assert make("deb-tools", programs, 0) == []


def test_says_that_it_installs_what_makes_a_virtual_environment(
    programs: Path, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    lacks = 'case "$*" in *ensurepip*|"-m venv"*) exit 1 ;; esac'
    write(python, f'#!/bin/sh\n{lacks}\nexec {sys.executable} "$@"\n')
    variables = (f"PYTHON={python}", f"VENV={tmp_path}/venv")
    first, *_ = make("lint", programs, 0, *variables)
    assert first.startswith("installs python3-venv, and what these need, with apt-get")


def test_installs_nothing_that_is_there(programs: Path) -> None:
    for name in NEEDED:
        write(programs / name, "#!/bin/sh\n")
    assert make("nut", programs, 0) == []
