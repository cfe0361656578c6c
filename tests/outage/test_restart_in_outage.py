"""What happens to the monitor in an outage is not seen by any client."""

import pytest

from tests.e2e.site import Daemon
from tests.outage.lab import AFTER_S, Lab

pytestmark = pytest.mark.nut

#: How long nobody writes the port file, s.
KILLED_S = 20.0


def start_again(lab: Lab) -> Daemon:
    daemon = lab.start_monitor()
    daemon.says("relay open: on battery, charge 92 %")
    return daemon


@pytest.mark.slow(40)
def test_monitor_restarted(lab: Lab) -> None:
    assert lab.start_in_outage().stop() == 0
    start_again(lab)
    lab.calm_for(AFTER_S, "OL", "OB")


@pytest.mark.slow(60)
def test_monitor_killed_for_20_s(lab: Lab) -> None:
    lab.start_in_outage().kill()
    lab.calm_for(KILLED_S, "OL", "OB")
    start_again(lab)
    lab.calm_for(AFTER_S, "OL", "OB")


@pytest.mark.slow(40)
def test_one_check_and_a_second_monitor_by_hand(lab: Lab) -> None:
    daemon = lab.start_in_outage()
    done = lab.site.run("-s")
    assert done.code == 0
    assert "OB" in done.out
    assert f"pid {daemon.pid}; nothing was changed" in done.out
    assert lab.site.run().code == 75
    lab.calm_for(AFTER_S, "OL", "OB")
    assert daemon.process.poll() is None
