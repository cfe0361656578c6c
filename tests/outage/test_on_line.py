"""Silence on line, and after an outage, hides the file and shuts nothing down."""

import time

import pytest

from tests.nut.harness import wait_until
from tests.outage.lab import AFTER_S, RESTARTED_S, TOLD_S, Lab

pytestmark = pytest.mark.nut

#: Longer than the NOCOMMS_DELAY of that test, 120 s.
LOST_S = 200.0
#: Hidden no sooner: NOCOMMS_DELAY, less the RELAYFREQ that may lie between the
#: last answer and the beginning of the silence, and a look that came late.
KEPT_S = 120.0 - 5.0 - 5.0
#: A gateway that reboots, and then has no batteries for a while.
REBOOT_S = 45.0
ZEROS_S = 20.0
#: An OL that follows an OB stands for so long; the look at it may come late.
OL_STANDS_S = 30.0 - 5.0
#: Time for hiding the file, beyond those.
HIDDEN_S = 60.0


@pytest.mark.slow(220)
def test_comms_lost_for_200_s(lab: Lab) -> None:
    """The driver ends when the file is hidden; its supervisor brings it back."""
    lab.site.keys["NOCOMMS_DELAY"] = "120"
    lab.start_on_line()
    lost_at = time.monotonic()
    lab.gateway.server.refuse()
    lab.quiet_for(LOST_S)
    assert lab.witness.file_first_said(None) - lost_at >= KEPT_S
    assert all(not seen.error for seen in lab.witness.until(lost_at + KEPT_S))
    assert "NOCOMM" in lab.nut.events()
    lab.gateway.server.listen()
    lab.nut.wait_status("OL", RESTARTED_S)
    lab.upsmon_says("COMMOK")
    lab.check_no_shutdown()
    assert lab.witness.values("ups.status") <= {"OL", "WAIT"}


@pytest.mark.slow(120)
def test_gateway_reboots_when_power_returns(lab: Lab) -> None:
    """Closed twice, and in that moment the gateway is gone, then back with zeros."""
    daemon = lab.start_in_outage()
    lab.house.regain_grid()
    lab.site.wait_status("OL")
    lab.gateway.server.refuse()
    daemon.says("OL stands for now")
    lab.upsmon_says("ONLINE")
    lab.calm_for(REBOOT_S, "OL", "OB")
    lab.house.ready = False
    lab.gateway.server.listen()
    daemon.says("the gateway answers again")
    lab.calm_for(ZEROS_S, "OL", "OB")
    lab.house.ready = True
    lab.house.soc_pct = 91
    wait_until(lambda: lab.site.value("battery.charge") == "91", TOLD_S, "91 %")
    lab.calm_for(AFTER_S, "OL", "OB")
    assert "0" not in lab.witness.values("battery.charge")


@pytest.mark.slow(80)
def test_back_on_line_and_silent_at_once(lab: Lab) -> None:
    """Even without any delay the OL is seen by all before the file is hidden."""
    lab.site.keys["NOCOMMS_DELAY"] = "0"
    lab.start_in_outage()
    lab.house.regain_grid()
    lab.site.wait_status("OL")
    lab.gateway.server.refuse()
    lab.site.wait_status(None, HIDDEN_S)
    outage_at = lab.witness.file_first_said("OB")
    online_at = lab.witness.file_first_said("OL", outage_at)
    hidden_at = lab.witness.file_first_said(None, online_at)
    assert hidden_at - online_at >= OL_STANDS_S
    assert "ONLINE" in lab.nut.events()
    lab.quiet_for(AFTER_S)


@pytest.mark.slow(30)
def test_low_battery_on_line(lab: Lab) -> None:
    lab.house.soc_pct = 5
    lab.start_on_line()
    lab.calm_for(AFTER_S, "OL")
    assert lab.site.value("battery.charge") == "5"


@pytest.mark.slow(30)
def test_status_note_of_the_user(lab: Lab) -> None:
    """dummy-ups takes the line for the status: a hidden file would be an OB gone."""
    lab.site.keys["NOCOMMS_DELAY"] = "0"
    lab.site.twin.write_text("ups.status.note: OB\nmy.line: 1\n")
    lab.start_on_line()
    lab.nut.wait_variable("my.line", "1")
    lab.check_undisturbed("OL")
    lab.gateway.server.refuse()
    lab.site.wait_status(None, HIDDEN_S)
    lab.quiet_for(AFTER_S)
    assert lab.witness.values("ups.status") <= {"OL", "WAIT"}
