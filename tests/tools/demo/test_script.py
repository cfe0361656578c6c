"""The script as data: it fits into a minute and keeps to the monitor's guards."""

from itertools import pairwise

import pytest

from nutbridge.config.keys import KEYS
from nutbridge.nut.port_text import parse, user_settings
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.tools.demo import script
from nutbridge.tools.demo.reading import ClientView
from nutbridge.tools.demo.script import STEPS, DemoStep
from nutbridge.ups.status.estimate import runtime_s
from nutbridge.ups.status.policy import (
    FALL_SLACK_PCT,
    NO_LB_FIRST_S,
    Policy,
)

#: From a change at the gateway to a row: RELAYFREQ, a second look at "open" or
#: "closed", the driver, two looks of the demo.
SLOWEST_S = {"OB": 5 + 1 + 1 + 0.5, "OL": 5 + 5 + 2 + 0.5}
FLOOR_PCT = 10.0

OUTAGE, LOW = (
    next(step for step in STEPS if step.status == status) for status in ("OB", "OB LB")
)


def soc_after(seconds: float) -> float:
    """Charge after so long on the battery."""
    house = SimulatedHouse(
        capacity_wh=script.CAPACITY_WH, soc_pct=script.SOC_PCT, load_w=script.LOAD_W
    )
    house.lose_grid()
    house.let_pass(seconds)
    return house.soc_pct


def policy() -> Policy:
    settings = user_settings(parse(script.PORT_FILE.encode()))
    assert settings.notices == ()
    return Policy(
        loadkwh_w=float(script.CONFIG["LOADKWH"]),
        charge_low_pct=settings.charge_low_pct,
        runtime_low_s=settings.runtime_low_s,
    )


def test_script_is_in_order_and_over_in_a_minute() -> None:
    assert STEPS[0].at_s == 0
    assert all(one.at_s < two.at_s for one, two in pairwise(STEPS))
    assert STEPS[-1].at_s + SLOWEST_S["OL"] <= script.LIMIT_S < 60


def test_script_shows_every_state() -> None:
    wanted = [None, "OL", "OB", "OB LB", "OB LB", "OL"]
    assert [step.status for step in STEPS] == wanted
    assert [step.held for step in STEPS] == [False] * 4 + [True, False]


def test_script_config_has_known_keys_within_their_limits() -> None:
    for name, value in script.CONFIG.items():
        assert KEYS[name].least <= float(value) <= KEYS[name].most


def test_script_charge_crosses_the_limit_when_the_script_says_so() -> None:
    outage_s = LOW.at_s - OUTAGE.at_s
    assert soc_after(outage_s - 1) > script.CHARGE_LOW_PCT
    assert soc_after(outage_s + 0.1) < script.CHARGE_LOW_PCT


def test_script_charge_never_falls_faster_than_is_believed() -> None:
    """The gateway tells whole percents, so that a fall may look 1 % larger."""
    fall_pct = script.SOC_PCT - soc_after(5)
    assert fall_pct + 1 < FALL_SLACK_PCT + 5 * policy().fall_pct_per_s


def test_script_low_battery_may_be_told_in_the_first_seconds() -> None:
    """And comes from the charge, not from the runtime."""
    assert LOW.at_s + SLOWEST_S["OB"] - OUTAGE.at_s < NO_LB_FIRST_S
    left_s = runtime_s(
        script.CHARGE_LOW_PCT - 1, script.CAPACITY_WH, FLOOR_PCT, script.LOAD_W, 1e6
    )
    assert left_s is not None
    assert policy().runtime_low_s < left_s < 2 * policy().runtime_low_s


@pytest.mark.parametrize(
    ("step", "reading", "met"),
    [
        (STEPS[0], ClientView(), True),
        (STEPS[0], ClientView("OL"), False),
        (STEPS[1], ClientView("OL", "23", "52", "90"), True),
        (STEPS[1], ClientView(), False),
        (STEPS[2], ClientView("OB", "22", "48", "90"), True),
        (STEPS[2], ClientView("OB LB", "19", "36", "90"), False),
        (STEPS[4], ClientView("OB LB", "18", "32", "90"), False),
        (STEPS[4], ClientView("OB LB", "18", "32"), True),
        (STEPS[4], ClientView("OB LB"), False),
        (STEPS[4], ClientView("OB", "18", "32"), False),
    ],
)
def test_step_met_by(step: DemoStep, reading: ClientView, *, met: bool) -> None:
    assert step.met_by(reading) is met
