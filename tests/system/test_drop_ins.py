"""The drop-ins for NUT's units, and the unit that waits for the port file."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.readme.tables import MANUAL
from tests.system.unit_file import SYSTEMD, parse

DROP_INS = sorted(SYSTEMD.glob("nut*/*.conf"))
PATH_UNIT = SYSTEMD / "nut/nutbridge-port@.path"
DRIVER = SYSTEMD / "nut/nut-driver@.service.conf"
MONITOR = "[Unit]\nDescription=NUT\n[Service]\nExecStart=/bin/true\n"


def said_by_systemd(folder: Path, units: dict[str, str]) -> list[str]:
    """Return what systemd finds wrong with units in this folder."""
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze is missing: apt-get install systemd"
    for name, text in units.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    instance = next(iter(units)).replace("@.", "@home.")
    done = subprocess.run(
        [tool, "verify", "--man=no", str(folder / instance)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [line for line in done.stderr.splitlines() if str(folder) in line]


@pytest.mark.parametrize("path", DROP_INS, ids=lambda path: path.parent.name)
def test_systemd_takes_each_line(tmp_path: Path, path: Path) -> None:
    unit = path.name.removesuffix(".conf")
    where = f"{unit.replace('@.', '@home.')}.d/nutbridge.conf"
    text = path.read_text()
    assert said_by_systemd(tmp_path, {unit: MONITOR, where: text}) == []
    odd = {unit: MONITOR, where: text + "Nonsense=1\n"}
    assert any("Nonsense" in line for line in said_by_systemd(tmp_path, odd))


def test_systemd_takes_the_path_unit(tmp_path: Path) -> None:
    units = {PATH_UNIT.name: PATH_UNIT.read_text(), "nut-driver@.service": MONITOR}
    assert said_by_systemd(tmp_path, units) == []


def test_driver_starts_and_waits_for_the_same_file() -> None:
    """Two files would be an endless loop."""
    (condition,) = parse(DRIVER.read_text())["Service"]["ExecCondition"]
    (path,) = parse(PATH_UNIT.read_text())["Path"]["PathExists"]
    assert condition == f"/usr/bin/test -e {path}"


@pytest.mark.parametrize(
    "path", [*DROP_INS, PATH_UNIT], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_manual_names_each(path: Path) -> None:
    text = " ".join(page.read_text(encoding="utf-8") for page in MANUAL)
    assert path.name in text
    assert f"/systemd/{path.parent.name}\n" in text
    assert "man:nutbridge-nut(7)" in path.read_text()
