"""The wheel that a user installs, tried in an empty environment."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import nutbridge
from nutbridge.man import pages

ROOT = Path(__file__).parents[2]
UNIT = "systemd/enphase-monitor@.service"
MAN_PAGES = {pages.install_path(source) for source in pages.sources()}

#: What messages and examples call the README.
MANUAL = {"share/doc/nutbridge/README.rst"}

#: All of conf/ and systemd/ can be copied from an installation.
EXAMPLES = {
    f"share/nutbridge/{path.relative_to(ROOT)}"
    for folder in ("conf", "systemd")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
}

#: What an installation must not bring: tools, the demo, heavy libraries.
NOT_INSTALLED = {
    *("pytest", "hypothesis", "mypy", "ruff", "build", "hatchling", "trustme"),
    *("cryptography", "pydantic", "zeroconf", "sqlalchemy", "starlette"),
    "docutils",
}


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a command that must succeed, and show what it said if it does not."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
        umask=0o022,  # as sudo has it
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel that was made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


def wheel_of(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_wheel_holds_the_package_and_what_belongs_to_it(built: Path) -> None:
    wheel = wheel_of(built)
    assert wheel.name == f"nutbridge-{nutbridge.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode()
    tops = {name.split("/")[0].split("-")[0] for name in names}
    assert tops == {"nutbridge"}
    assert "nutbridge/py.typed" in names
    shared = {name.partition(".data/data/")[2] for name in names} - {""}
    assert shared == MAN_PAGES | EXAMPLES | MANUAL
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert "License-Expression: GPL-3.0-or-later" in text
    assert "Description-Content-Type: text/x-rst" in text
    assert (ROOT / "README.rst").read_text(encoding="utf-8").strip() in text
    assert not [name for name in names if "__pycache__" in name]
    # No data: what the simulator plays it makes itself.
    inside = {
        name
        for name in names
        if re.match(r"nutbridge/(?!web/(static|templates)/)", name)
    }
    assert {Path(name).suffix for name in inside} == {".py", ".typed"}
    assert not [name for name in inside if "/test" in name]
    # Their sources; what is made of them is installed.
    assert not [name for name in names if name.startswith("nutbridge/man/")]


@pytest.mark.slow
def test_man_pages_of_the_wheel_are_those_of_the_sources(built: Path) -> None:
    """Made anew by every build; a page in the wheel is never an old one."""
    with zipfile.ZipFile(wheel_of(built)) as archive:
        for source in pages.sources():
            path = pages.install_path(source)
            (name,) = [name for name in archive.namelist() if name.endswith(path)]
            assert archive.read(name).decode() == pages.render(source)


@pytest.mark.slow
def test_sdist_can_be_tested_from(built: Path) -> None:
    """The sdist holds what ``make test`` needs, and nothing that make made."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "LICENSE", "README.rst", UNIT}
    wanted |= {path.name for path in ROOT.glob("requirements*.lock")}
    wanted |= {"tests/test_layers.py", "nutbridge/__init__.py", "pyproject.toml"}
    wanted |= {f"nutbridge/man/{source.name}" for source in pages.sources()}
    wanted |= {path.removeprefix("share/nutbridge/") for path in EXAMPLES}
    assert wanted <= names
    unwanted = (".venv", ".git/", "dist/", ".mypy_cache", ".hypothesis")
    assert not [name for name in names if name.startswith(unwanted)]


@pytest.mark.slow
def test_commands_answer_with_runtime_dependencies_only(
    built: Path, tmp_path: Path
) -> None:
    place = tmp_path / "venv"
    run(sys.executable, "-m", "venv", place)
    python = place / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", wheel_of(built))
    installed = {
        line.partition("==")[0].lower() for line in run(*pip, "freeze").splitlines()
    }
    assert installed & NOT_INSTALLED == set()
    # Away from the checkout, so that the installed package answers.
    usage = run(place / "bin" / "enphase-monitor", "-h", cwd=tmp_path)
    for option in ("-c", "-d", "-h", "-s", "-v", "-x"):
        assert option in usage
    assert run(place / "bin" / "nutbridge", "--help", cwd=tmp_path)
    for path in MAN_PAGES | EXAMPLES | MANUAL:
        assert (place / path).is_file(), path
    # The service runs as the user nut: it must be able to read all of it.
    closed = [
        path
        for path in place.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o044 != 0o044
    ]
    assert closed == []
