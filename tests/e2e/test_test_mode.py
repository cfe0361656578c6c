"""TEST mode: one whole cycle of conf/test.conf through the real dummy-ups."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nut.fixtures import StartNut, start_nut
from tests.nut.harness import Times

__all__ = ["start_nut"]

ROOT = Path(__file__).parents[2]

#: What upsc shows in one cycle; None is "Driver not connected".
CYCLE = ("OL", None, "OL", "OB", "OB LB", "OL")

#: The longest stage, with the restart of the driver, s.
STAGE_S = 60.0


@pytest.mark.slow(125)
@pytest.mark.nut
def test_one_cycle_through_dummy_ups(tmp_path: Path, start_nut: StartNut) -> None:
    """As the manual says: test-ref.dev copied to test.dev, then -c test.conf."""
    tmp_path.chmod(0o700)
    shutil.copy(ROOT / "conf" / "test.conf", tmp_path / "test.conf")
    port = tmp_path / "test.dev"
    shutil.copy(ROOT / "test-data" / "test-ref.dev", port)
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "nutbridge.cli.enphase_monitor", "-c", "test.conf"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stderr=stderr,
        )
    try:
        nut = start_nut(port, Times(restart=1.0))
        for status in CYCLE:
            nut.wait_status(status, seconds=STAGE_S)
        values = nut.variables()
        daemon.terminate()
        assert daemon.wait(timeout=STAGE_S) == 0
    finally:
        daemon.kill()
        daemon.wait()
    assert values["device.location"] == "cellar, next to the stairs"
    assert "Traceback" not in log.read_text(encoding="utf-8")
