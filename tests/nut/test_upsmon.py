"""The harness itself, with upsmon: a shutdown is seen, and only a real one."""

from pathlib import Path

import pytest

from nutbridge.nut.port_file import PortFile
from nutbridge.nut.port_text import PortText, render
from nutbridge.system.clock import SystemClock
from tests.nut.fixtures import StartNut
from tests.nut.harness import SOON_S, wait_until

pytestmark = [pytest.mark.nut, pytest.mark.slow]


def status(word: str) -> bytes:
    return render(PortText(), {"ups.status": word}, None)


def test_upsmon_shuts_down_at_low_battery_not_at_a_hidden_file(
    tmp_path: Path, start_nut: StartNut
) -> None:
    file = PortFile(tmp_path / "home.dev", SystemClock())
    file.write(status("OL"))
    nut = start_nut(file.path)
    nut.wait_status("OL")
    nut.start_upsmon()
    file.hide()
    wait_until(lambda: "NOCOMM" in nut.events(), SOON_S, "NOCOMM")
    assert not nut.shutdown_mark()
    file.write(status("OB"))
    nut.wait_status("OB")
    wait_until(lambda: "ONBATT" in nut.events(), SOON_S, "ONBATT")
    assert not nut.shutdown_mark()
    file.write(status("OB LB"))
    wait_until(nut.shutdown_mark, SOON_S, "SHUTDOWNCMD")
