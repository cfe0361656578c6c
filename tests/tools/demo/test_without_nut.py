"""The whole command where NUT is not installed.

In a file of its own: its minute then runs beside that of test_demo.py.
"""

from pathlib import Path

import pytest

from tests.tools.demo.running import PLAY, code, place, run, statuses

__all__ = ["place"]

pytestmark = [pytest.mark.nut, pytest.mark.slow(50)]

WITHOUT_NUT = code(
    *PLAY, "sys.exit(play(sys.stdout, os.environ, find=lambda _environ: None))"
)


def test_demo_without_nut_shows_the_port_file(place: Path) -> None:
    status, output = run(place, *WITHOUT_NUT)
    assert status == 0, output
    assert "Read from the port file" in output
    assert statuses(output) == ["hidden", "OL", "OB", "OB LB", "OB", "OL"]
