"""A gateway that fails while the house is on battery never ends in a shutdown.

Nor does any client see a gap: no LIST VAR fails, the driver never ends. With NUT
2.8.1 and 2.8.2 the first gap would be the shutdown.
"""

from dataclasses import replace

import pytest

from nutbridge.simulator.messages import (
    Answer,
    Incoming,
    Line,
    Reply,
)
from tests.fakes import failures
from tests.nut.harness import wait_until
from tests.outage.lab import AFTER_S, RELAY, TOLD_S, Lab

pytestmark = pytest.mark.nut

#: How long the gateway fails in each case, s.
ERRORS_S = 20.0
DEAD_S = 90.0
#: Longer than a charge that was read may be shown (60 s): it is then reckoned.
ZEROS_S = 75.0
#: An answer that is waited for takes up to 2 tries of 2 x API_TIMEOUT.
ANSWERED_S = 60.0


@pytest.mark.slow(60)
def test_errors_of_the_gateway_for_20_s(lab: Lab) -> None:
    daemon = lab.start_in_outage()
    lab.gateway.faults.always(failures.status(503))
    daemon.says("holding OB")
    lab.quiet_for(ERRORS_S)
    lab.gateway.faults.clear()
    daemon.says("the gateway answers again")
    lab.calm_for(AFTER_S, "OL", "OB")


@pytest.mark.slow(145)
def test_dead_gateway_for_90_s(lab: Lab) -> None:
    """It takes connections and never answers: every try lasts to its deadline."""
    daemon = lab.start_in_outage()
    lab.gateway.server.stalled = True
    lab.gateway.server.drop_connections()
    daemon.says("holding OB", ANSWERED_S)
    lab.calm_for(DEAD_S, "OL", "OB")
    lab.gateway.server.stalled = False
    lab.gateway.server.drop_connections()
    daemon.says("the gateway answers again", ANSWERED_S)
    lab.calm_for(AFTER_S, "OL", "OB")


@pytest.mark.slow(95)
def test_gateway_back_with_zeros(lab: Lab) -> None:
    """After a reboot it has no batteries yet: that is no empty battery."""
    daemon = lab.start_in_outage()
    lab.gateway.server.refuse()
    daemon.says("holding OB")
    lab.house.ready = False
    lab.gateway.server.listen()
    daemon.says("the gateway answers again")
    lab.calm_for(ZEROS_S, "OL", "OB")
    assert lab.site.value("experimental.nutbridge.source") == "reckoned"
    lab.house.ready = True
    lab.house.soc_pct = 91
    wait_until(lambda: lab.site.value("battery.charge") == "91", TOLD_S, "91 %")
    lab.calm_for(0, "OL", "OB")
    assert "0" not in lab.witness.values("battery.charge")


@pytest.mark.slow(40)
def test_open_once_then_dead(lab: Lab) -> None:
    """The switch that feeds the network may go with the grid."""
    daemon = lab.start_on_line()

    def last_words(asked: Incoming, answer: Answer) -> Reply:
        def deliver(channel: Line, head: bytes, body: bytes) -> None:
            channel.send(head + body)
            lab.gateway.server.refuse()

        lab.house.lose_grid()
        return replace(answer(asked), deliver=deliver, close=True)

    lab.gateway.faults.once(last_words, path=RELAY)
    lab.see_outage()
    daemon.says("holding OB")
    lab.calm_for(AFTER_S, "OL", "OB")
    assert lab.gateway.faults.left == 0
    assert lab.site.value("battery.charge") == "92"
