"""A host that boots with a port file of its last life."""

import json

import pytest

from tests.outage.lab import AFTER_S, RESTARTED_S, Lab

pytestmark = [pytest.mark.nut]

STALE = "battery.charge: 12\nups.status: OB LB\n"


def leave_state_of_another_boot(lab: Lab) -> None:
    """A monitor has run in an outage, before the host went down."""
    lab.house.lose_grid()
    assert lab.site.run("-s").code == 0
    path = lab.site.run_folder / "enphase-e2e.state"
    state = json.loads(path.read_text())
    assert state["memory"]["shown"]["status"] == "OB"
    path.write_text(json.dumps(state | {"boot_id": "of-another-boot"}))
    lab.house.regain_grid()


@pytest.mark.slow(45)
@pytest.mark.parametrize("state_file", [False, True], ids=["no-state", "other-boot"])
def test_stale_low_battery_and_a_late_gateway(lab: Lab, state_file: bool) -> None:
    """Upsmon shuts down at its first look at an OB LB, so it must never see it."""
    if state_file:
        leave_state_of_another_boot(lab)
    lab.site.show(STALE)
    lab.gateway.server.refuse()
    lab.start_monitor()
    lab.start_nut()
    lab.quiet_for(AFTER_S)
    assert lab.site.status is None
    lab.gateway.server.listen()
    lab.nut.wait_status("OL", RESTARTED_S)
    lab.upsmon_says("COMMOK")
    lab.check_no_shutdown()
    assert lab.witness.values("ups.status") <= {"OL", "WAIT"}
