"""The remedy for a missing library fits how nutbridge was installed."""

from pathlib import Path

import pytest

from nutbridge.system.installation import adding

SITE = "lib/python3.13/site-packages/nutbridge"
DEBIAN = Path("/usr/lib/python3/dist-packages/nutbridge")


def venv(folder: Path, *, pip: bool) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("")
    if pip:
        (folder / "bin/pip").write_text("")
    return folder


@pytest.mark.parametrize(
    ("name", "pip", "command"),
    [
        ("opt/nutbridge", True, "{}/bin/pip install 'nutbridge[collector]'"),
        (
            "opt/nutbridge",
            False,
            "uv pip install --python {}/bin/python 'nutbridge[collector]'",
        ),
        (
            ".local/share/pipx/venvs/nutbridge",
            True,
            "pipx runpip nutbridge install 'nutbridge[collector]'",
        ),
    ],
)
def test_environment(tmp_path: Path, name: str, pip: bool, command: str) -> None:
    prefix = venv(tmp_path / name, pip=pip)
    assert adding("collector", prefix / SITE, prefix) == command.format(prefix)


def test_no_environment() -> None:
    command = adding("demo", Path("/usr/local", SITE), Path("/nowhere"))
    assert command == "python3 -m pip install 'nutbridge[demo]'"


@pytest.mark.parametrize(
    ("extra", "packages"),
    [
        ("collector", "nutbridge-collector"),
        ("discovery", "python3-zeroconf"),
        ("demo,collector", "python3-trustme nutbridge-collector"),
    ],
)
def test_debian(extra: str, packages: str) -> None:
    assert adding(extra, DEBIAN, Path("/usr")) == f"sudo apt install {packages}"
