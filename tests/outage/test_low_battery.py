"""When the battery is low the house is shut down, in time."""

import time

import pytest

from tests.outage.lab import AFTER_S, Lab

pytestmark = pytest.mark.nut

#: From OB LB in the port file to SHUTDOWNCMD: pollinterval 2, POLLFREQ 5 and
#: FINALDELAY 5 are 12 s; the rest is for a busy machine.
SHUTDOWN_S = 30.0

#: No LB in the first 30 s of an outage; then the next full poll says it.
LOW_S = 60.0

#: 500 Wh at 1000 W: reckoned at 1200 W, the 5 % above the limit last 75 s. The
#: last reading is up to one full poll older than the silence, and a check comes
#: every RELAYFREQ, both 5 s here; the rest is for a busy machine.
CAPACITY_WH, LOAD_W, ABOVE_LOW_PCT = 500.0, 1000.0, 5.0
ESTIMATED_S = ABOVE_LOW_PCT / 100 * CAPACITY_WH * 3600 / (1.2 * LOAD_W)
POLL_S = 5.0
BUSY_S = 20.0


def see_shutdown(lab: Lab) -> float:
    """Wait for SHUTDOWNCMD; return when the port file said OB LB."""
    deadline = time.monotonic() + AFTER_S
    while lab.witness.shutdown_at is None and time.monotonic() < deadline:
        time.sleep(0.1)
    low_at = lab.witness.file_first_said("OB LB")
    assert lab.witness.shutdown_at is not None, "SHUTDOWNCMD did not run"
    assert lab.witness.shutdown_at - low_at <= SHUTDOWN_S
    return low_at


@pytest.mark.slow(50)
def test_charge_below_low(lab: Lab) -> None:
    lab.house.soc_pct = 21
    lab.start_in_outage()
    lab.house.soc_pct = 19
    lab.site.wait_status("OB LB", LOW_S)
    see_shutdown(lab)
    lab.check_served()


@pytest.mark.slow(100)
def test_estimated_charge_below_low_with_a_dead_gateway(lab: Lab) -> None:
    lab.house.capacity_wh, lab.house.load_w = CAPACITY_WH, LOAD_W
    lab.house.soc_pct = 20 + ABOVE_LOW_PCT
    # The charge decides here, not the runtime, which is short all the time.
    lab.site.twin.write_text("battery.runtime.low: 60\n")
    lab.start_in_outage()
    lab.see_battery_power()
    lab.gateway.server.refuse()
    dead_at = time.monotonic()
    lab.site.wait_status("OB LB", ESTIMATED_S + POLL_S + BUSY_S)
    low_at = see_shutdown(lab)
    assert low_at - dead_at >= ESTIMATED_S - POLL_S - BUSY_S
    assert 15 < float(lab.site.value("battery.charge") or "nan") < 20
    lab.check_served()
