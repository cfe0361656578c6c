"""Debian's packages, as far as they can be looked at without building them."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boot.package import debian_version
from tests.boot.tree import LIBRARIES

ROOT = Path(__file__).parents[2]
DEBIAN = ROOT / "debian"
SCRIPTS = sorted(
    path
    for path in DEBIAN.glob("nutbridge*")
    if path.suffix in (".preinst", ".postinst", ".prerm", ".postrm")
)


def depends() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, str(DEBIAN / "depends.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    found = {}
    for line in done.stdout.splitlines():
        name, _, packages = line.partition(":Depends=")
        found[name] = packages.split(", ")
    return found


def test_what_is_required_has_a_package() -> None:
    """Both bounds of each requirement; what is named without them is not there."""
    found = depends()
    assert "python3-httpx (>= 0.28.1)" in found["base"]
    assert "python3-httpx (<< 0.29)" in found["base"]
    assert "python3-jwt (>= 2.10.1)" in found["base"]
    assert "python3-psycopg (>= 3.2.6)" in found["collector"]
    assert "tzdata (>= 2024.1)" in found["collector"]
    used = re.findall(r"\$\{(\w+):Depends\}", (DEBIAN / "control").read_text())
    assert set(found) <= set(used)


def test_machines_that_boot_have_what_the_packages_need() -> None:
    found = depends()
    names = {
        each.partition(" ")[0]
        for extra in ("base", "discovery", "web", "collector")
        for each in found[extra]
    }
    assert names - {"tzdata"} == set(LIBRARIES)


@pytest.mark.parametrize(
    ("version", "debian"),
    [("0.1.0", "0.1.0"), ("1.0rc1", "1.0~rc1"), ("1.0.dev3", "1.0~dev3")],
)
def test_versions_sort_as_debian_sorts(version: str, debian: str) -> None:
    assert debian_version(version) == debian


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_maintainer_script_is_plain_sh(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    assert text.count("\n#DEBHELPER#\n") == 1
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_nothing_is_stopped_before_an_upgrade() -> None:
    """Monitors are begun anew after it; they are stopped on removal alone."""
    stops = [path.name for path in SCRIPTS if "invoke stop" in path.read_text()]
    assert stops == ["nutbridge.prerm"]
    text = (DEBIAN / "nutbridge.prerm").read_text()
    assert text.index('"$1" = remove') < text.index("invoke stop")


def test_units_of_the_packages_start_what_the_packages_install() -> None:
    """The recipe of debian/rules, on the units of today."""
    (recipe,) = re.findall(r"sed '(s,=.*?)' \$\$unit", (DEBIAN / "rules").read_text())
    for unit in ROOT.glob("systemd/*.service"):
        done = subprocess.run(
            ["sed", recipe, str(unit)], capture_output=True, text=True, check=True
        )
        starts = re.findall(r"(?m)^ExecStart\w*=-?(\S+)", done.stdout)
        assert starts
        assert {str(Path(path).parent) for path in starts} == {"/usr/bin"}


def test_script_for_the_build_needs_no_library() -> None:
    tree = ast.parse((DEBIAN / "depends.py").read_text())
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert names <= sys.stdlib_module_names
