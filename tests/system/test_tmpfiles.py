"""The example for tmpfiles.d is what setup writes, and works at a boot."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nutbridge.tools.setup.places import Places, tmpfiles_text
from tests.system.unit_file import UNIT, parse

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "systemd" / "tmpfiles.d" / "nutbridge-home.conf"
HOME = Places(
    ups="home",
    config="/etc/nut/enphase-home.conf",
    ups_conf="/etc/nut/ups.conf",
    nut_conf="/etc/nut/nut.conf",
    port_file="/run/nutbridge/home.dev",
    state_dir="/var/lib/nut",
    token_file="/var/lib/nut/enphase-home.token",
)


def rules(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_example_is_what_setup_writes() -> None:
    assert rules(EXAMPLE.read_text()) == rules(tmpfiles_text(HOME, "nut", "nut"))
    assert Path(HOME.tmpfiles).name == EXAMPLE.name


def test_example_of_ups_conf_names_the_same_file() -> None:
    text = (ROOT / "conf" / "ups.conf.example").read_text()
    assert f"  port = {HOME.port_file}\n" in text
    assert HOME.hidden_port_file in text


def test_folder_of_the_unit_is_that_of_the_port_files() -> None:
    """Mode 0755, systemd's default: dummy-ups and upsc's users look in."""
    service = parse(UNIT.read_text())["Service"]
    assert service["RuntimeDirectory"] == [Path(HOME.port_folder).name]
    assert "RuntimeDirectoryMode" not in service
    # What systemd-tmpfiles has put there stays when the service stops.
    assert service["RuntimeDirectoryPreserve"] == ["yes"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system before its boot: users, a template, an empty /run."""
    user, group = os.getuid(), os.getgid()
    for path, text in {
        "etc/passwd": f"nut:x:{user}:{group}::/:/bin/false\n",
        "etc/group": f"nut:x:{group}:\n",
        "etc/nut/home.dev-template": "battery.charge.low: 30\n",
        "etc/tmpfiles.d/nutbridge-home.conf": EXAMPLE.read_text(),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def boot(root: Path) -> None:
    tool = shutil.which("systemd-tmpfiles")
    assert tool, "systemd-tmpfiles is missing: apt-get install systemd"
    done = subprocess.run(
        [tool, f"--root={root}", "--create", "--boot", EXAMPLE.name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_boot_makes_the_hidden_port_file(root: Path) -> None:
    boot(root)
    folder = root / "run" / "nutbridge"
    assert [path.name for path in folder.iterdir()] == ["home.dev-nocomms"]
    hidden = folder / "home.dev-nocomms"
    assert hidden.read_text() == "battery.charge.low: 30\n"
    assert hidden.stat().st_mode & 0o777 == 0o644
    assert folder.stat().st_mode & 0o777 == 0o755


def test_boot_leaves_a_port_file_alone(root: Path) -> None:
    """systemd-tmpfiles may run at any time, beside a monitor."""
    boot(root)
    hidden = root / "run" / "nutbridge" / "home.dev-nocomms"
    hidden.write_text("battery.charge.low: 40\n")
    boot(root)
    assert hidden.read_text() == "battery.charge.low: 40\n"
