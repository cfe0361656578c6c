"""Where files lie, and what tmpfiles.d makes of it at boot."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nutbridge.tools.setup.places import (
    Places,
    is_lost_at_boot,
    port_path_problem,
    template_of,
    tmpfiles_text,
)


def places_of(ups: str = "home", port_file: str = "/run/nutbridge/home.dev") -> Places:
    return Places(
        ups=ups,
        config=f"/etc/nut/enphase-{ups}.conf",
        ups_conf="/etc/nut/ups.conf",
        nut_conf="/etc/nut/nut.conf",
        port_file=port_file,
        state_dir="/var/lib/nut",
        token_file=f"/var/lib/nut/enphase-{ups}.token",
    )


def test_names() -> None:
    places = places_of()
    assert places.template == "/etc/nut/home.dev-template"
    assert template_of(places.config, places.port_file) == places.template
    assert places.hidden_port_file == "/run/nutbridge/home.dev-nocomms"
    assert places.fingerprint == "/var/lib/nut/enphase-home.fingerprint"
    assert places.tmpfiles == "/etc/tmpfiles.d/nutbridge-home.conf"


@pytest.mark.parametrize(
    ("path", "lost"),
    [
        ("/run/nutbridge/home.dev", True),
        ("/var/run/home.dev", True),
        ("/running/home.dev", False),
        ("/var/lib/nut/home.dev", False),
    ],
)
def test_only_run_is_lost_at_boot(path: str, lost: bool) -> None:
    assert is_lost_at_boot(path) is lost


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("/run/nutbridge/home-battery_1.dev", True),
        ("run/home.dev", False),
        ("/run/a b.dev", False),
        ("/run/a@b", False),
        ("/run/a#b", False),
        ('/run/a"b', False),
        ("/run/", False),
        # "mv it away" would be the next word of setup.
        ("/etc/passwd", False),
        ("/etc/nut/home.dev", True),
        ("/run/../etc/x.dev", False),
        ("/run/home.dev-nocomms", False),
    ],
)
def test_port_file_that_nut_can_use(path: str, good: bool) -> None:
    assert (port_path_problem(path) is None) is good


def create(root: Path, *options: str) -> str:
    command = shutil.which("systemd-tmpfiles")
    if command is None:
        pytest.skip("systemd-tmpfiles is missing: apt-get install systemd")
    done = subprocess.run(
        [command, "--create", f"--root={root}", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_boot_brings_the_users_lines_back(tmp_path: Path) -> None:
    """systemd-tmpfiles itself reads what setup writes, for two UPSes."""
    root = tmp_path / "root"
    for folder in ("etc/tmpfiles.d", "etc/nut", "run"):
        (root / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text(f"nut:x:{os.getuid()}:{os.getgid()}::/:/\n")
    (root / "etc/group").write_text(f"nut:x:{os.getgid()}:\n")
    for ups in ("home", "ups"):
        places = places_of(ups, f"/run/nutbridge/{ups}.dev")
        lines = f"battery.charge.low: 3{len(ups)}\n"
        (root / places.template.lstrip("/")).write_text(lines)
        text = tmpfiles_text(places, "nut", "nut")
        (root / places.tmpfiles.lstrip("/")).write_text(text)
    assert create(root, "--boot") == ""
    run = root / "run/nutbridge"
    assert (run / "home.dev-nocomms").read_text() == "battery.charge.low: 34\n"
    assert (run / "ups.dev-nocomms").read_text() == "battery.charge.low: 33\n"
    assert run.stat().st_mode & 0o7777 == 0o755
    assert (run / "home.dev-nocomms").stat().st_mode & 0o7777 == 0o644
    # Later: what the monitor has renamed stays renamed.
    (run / "home.dev-nocomms").rename(run / "home.dev")
    assert create(root) == ""
    assert not (run / "home.dev-nocomms").exists()


def test_odd_folder_is_quoted_for_tmpfiles(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for folder in ("etc/tmpfiles.d", "etc/n u%t", "run/nutbridge"):
        (root / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text(f"nut:x:{os.getuid()}:{os.getgid()}::/:/\n")
    (root / "etc/group").write_text(f"nut:x:{os.getgid()}:\n")
    places = Places(
        ups="home",
        config="/etc/n u%t/enphase-home.conf",
        ups_conf="",
        nut_conf="",
        port_file="/run/nutbridge/home.dev",
        state_dir="/var/lib/nut",
        token_file="",
    )
    (root / places.template.lstrip("/")).write_text("# mine\n")
    text = tmpfiles_text(places, "nut", "nut")
    (root / places.tmpfiles.lstrip("/")).write_text(text)
    assert create(root, "--boot") == ""
    assert (root / "run/nutbridge/home.dev-nocomms").read_text() == "# mine\n"


def test_folder_of_somebody_else_keeps_its_access(tmp_path: Path) -> None:
    """NUT's own /run/nut must not be opened to everybody at boot."""
    root = tmp_path / "root"
    for folder in ("etc/tmpfiles.d", "etc/nut", "run/nut"):
        (root / folder).mkdir(parents=True)
    (root / "run/nut").chmod(0o770)
    (root / "etc/passwd").write_text(f"nut:x:{os.getuid()}:{os.getgid()}::/:/\n")
    (root / "etc/group").write_text(f"nut:x:{os.getgid()}:\n")
    places = places_of(port_file="/run/nut/home.dev")
    (root / places.template.lstrip("/")).write_text("# mine\n")
    text = tmpfiles_text(places, "nut", "nut")
    (root / places.tmpfiles.lstrip("/")).write_text(text)
    assert create(root, "--boot") == ""
    assert (root / "run/nut").stat().st_mode & 0o7777 == 0o770
    assert (root / "run/nut/home.dev-nocomms").exists()


def test_shipped_example_is_what_setup_writes() -> None:
    shipped = Path(__file__).parents[3] / "systemd/tmpfiles.d/nutbridge-home.conf"
    lines = shipped.read_text(encoding="ascii").splitlines()
    wanted = tmpfiles_text(places_of(), "nut", "nut").splitlines()
    assert [line for line in lines if line[0] != "#"] == wanted[1:]
