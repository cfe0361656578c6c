"""Each fixture folder gives one port file: ``expected.dev`` beside its bodies.

The real monitor asks a stand-in gateway that serves the folder. The files are
rewritten by ``pytest --update-golden`` and then read value by value.
"""

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.fixtures import ENPHASE_DATA, FOLDERS, RunningFolder
from tests.fakes.inside import Inside

#: What stands in expected.dev where the file must not be visible.
HIDDEN = "# hidden: PORT_FILE-nocomms\n"


def port_file(running: RunningFolder, folder: Path) -> str:
    """Return what the port file says once three checks are done."""
    inside = Inside(folder, running.host, running.token, running.gateway.serial)
    try:
        for _ in range(3):
            inside.monitor.tick()
    finally:
        inside.monitor.close()
    return inside.text if inside.visible else HIDDEN


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_gives_its_port_file(
    name: str,
    standin_folder: Callable[[str], RunningFolder],
    tmp_path: Path,
    update_golden: bool,
) -> None:
    text = port_file(standin_folder(name), tmp_path)
    path = ENPHASE_DATA / name / "expected.dev"
    if update_golden:
        path.write_text(text, encoding="ascii")
    wanted = path.read_text(encoding="ascii")
    changes = difflib.unified_diff(
        wanted.splitlines(), text.splitlines(), str(path.name), "now", n=0, lineterm=""
    )
    assert text == wanted, "\n" + "\n".join(changes)
