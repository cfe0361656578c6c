"""From one poll to battery, load and meters."""

import pytest

from nutbridge.nut.numbers import NumbersContext, nut_values
from nutbridge.sources.sma.facts import derive_facts
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.ups.model import Grid
from nutbridge.ups.status.low import Verdict
from nutbridge.ups.status.policy import effective_low_pct

NOW = 100.0


def reading(**given: object) -> UpsReading:
    return UpsReading(**{"tags": {}, "battery_keys": True, "fitted": True, **given})  # type: ignore[arg-type]


def load_w(grid: Grid, **given: object) -> float | None:
    flows = derive_facts(reading(**given), NOW, grid).flows
    assert flows is not None
    return flows.load_w


@pytest.mark.parametrize(
    ("grid", "ac_w", "grid_w", "wanted"),
    [
        # Of captures: 2802 W and 276 W by this sum.
        (Grid.CLOSED, -10, 2812, 2802),
        (Grid.CLOSED, 320, -44, 276),
        (Grid.CLOSED, 320, None, None),
        (Grid.CLOSED, None, 500, None),
        # Another inverter feeds in.
        (Grid.CLOSED, -2500, 0, None),
        # In an island nothing else carries the house.
        (Grid.OPEN, 900, None, 900),
        (Grid.OPEN, 900, 30, 900),
        (Grid.OPEN, -5, None, 0),
        # A PV inverter of its own carries the house and charges the battery.
        (Grid.OPEN, -2000, None, None),
        (Grid.OPEN, None, None, None),
        (Grid.UNKNOWN, 320, -44, 276),
    ],
)
def test_load(
    grid: Grid, ac_w: float | None, grid_w: float | None, wanted: float | None
) -> None:
    assert load_w(grid, ac_w=ac_w, grid_w=grid_w) == wanted


@pytest.mark.parametrize(
    ("ac_w", "battery_w", "wanted"),
    [
        (900, 940, 900),
        (850, 1000, 850),
        # Another channel carries the island: as a load it would be remembered.
        (3, 940, None),
        (0, 940, None),
        (0, 20, 0),
        (900, -2000, 900),
        (900, None, 900),
    ],
)
def test_load_of_an_island_is_what_the_battery_gives_at_least(
    ac_w: float, battery_w: float | None, wanted: float | None
) -> None:
    given = {"ac_w": ac_w, "battery_w": battery_w, "soc_pct": 50}
    assert load_w(Grid.OPEN, **given) == wanted
    assert load_w(Grid.CLOSED, **given, grid_w=0) == ac_w


@pytest.mark.parametrize(
    ("ac_w", "battery_w", "pv_w", "wanted"),
    [
        (480, -1500, 2000, 480),
        # What is left of the sun goes to the house, by a way that is not measured.
        (0, -1500, 2000, None),
        (0, 0, 3000, None),
        (-5, 0, 3000, None),
        (0, -1990, 2000, 0),
        (0, 0, 0, 0),
        (0, 0, None, 0),
        # What the battery takes is not known.
        (400, None, 2000, 400),
    ],
)
def test_load_of_an_island_is_what_battery_and_sun_give_at_least(
    ac_w: float, battery_w: float | None, pv_w: float | None, wanted: float | None
) -> None:
    given = {"ac_w": ac_w, "battery_w": battery_w, "pv_w": pv_w, "soc_pct": 50}
    assert load_w(Grid.OPEN, **given) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"battery_w": 0}, None),
        ({"battery_w": 0, "soc_pct": 0}, None),
        ({"battery_w": 0, "soc_pct": 50}, 0),
        ({"battery_w": 0, "soc_pct": 0, "voltage_v": 400.0}, 0),
        ({"battery_w": 900}, 900),
        ({"battery_w": 900, "fitted": False}, None),
    ],
)
def test_0_w_of_a_battery_not_found_is_no_power(
    given: dict[str, object], wanted: float | None
) -> None:
    """As a measured power it would hold a reckoned charge in an outage."""
    flows = derive_facts(reading(**given), NOW, Grid.OPEN).flows
    assert flows is not None
    assert flows.battery_w == wanted


def test_health_makes_the_capacity_smaller() -> None:
    facts = derive_facts(reading(rated_wh=10000, health_pct=80), NOW, Grid.CLOSED)
    assert facts.battery is not None
    assert (facts.battery.capacity_wh, facts.battery.rated_wh) == (8000, 10000)


def test_capacity_that_nobody_entered_is_unknown_not_0() -> None:
    facts = derive_facts(reading(rated_wh=0, soc_pct=50), NOW, Grid.CLOSED)
    assert facts.battery is not None
    assert facts.battery.capacity_wh is None


@pytest.mark.parametrize(("floor", "low"), [(None, 20), (0, 20), (5, 20), (30, 35)])
def test_floor(floor: float | None, low: float) -> None:
    facts = derive_facts(reading(floor_pct=floor), NOW, Grid.CLOSED)
    assert facts.battery is not None
    assert effective_low_pct(20, facts.battery.floor_pct) == low


@pytest.mark.parametrize(
    ("volts", "shown"),
    [
        ((230.0,), 230.0),
        ((230.0, 231.0, 232.0), 231.0),
        # Two legs: line to line; two of three phases: line to neutral.
        ((120.0, 121.0), 241.0),
        ((230.0, 232.0), 231.0),
        # What has no wire picks up some volts.
        ((230.0, 0.0, 0.0), 230.0),
        ((230.0, 8.5, 12.0), 230.0),
        ((120.0, 121.0, 3.0), 241.0),
        ((0.0, 0.0, 0.0), 0.0),
        ((), None),
    ],
)
def test_voltage_of_each_kind_of_house(
    volts: tuple[float, ...], shown: float | None
) -> None:
    meters = derive_facts(reading(ac_v=volts), NOW, Grid.CLOSED).meters
    assert meters is not None
    assert meters.output is not None
    assert meters.output.total.voltage_v == shown
    assert meters.phases == (3 if min(volts, default=0) > 200 and volts[2:] else 1)


def test_no_battery_is_no_reading_and_none_listed() -> None:
    facts = derive_facts(
        reading(fitted=False, soc_pct=0, battery_w=0), NOW, Grid.CLOSED
    )
    assert facts.battery is None
    assert facts.equipment is not None
    assert (facts.equipment.controller, facts.equipment.batteries) == (True, 0)
    assert facts.flows is not None
    assert facts.flows.battery_w is None


def values(reading: UpsReading, nominal_v: float | None = None) -> dict[str, object]:
    verdict = Verdict("OL", 50, None, 20, 8000, False, False, None)
    facts = derive_facts(reading, NOW, Grid.CLOSED)
    basis = NumbersContext(NOW, "", 768, None, nominal_v, rated_w=facts.nominal_w)
    return dict(nut_values(facts, verdict, basis))


def test_measured_values_are_shown_as_they_are() -> None:
    found = values(
        reading(
            voltage_v=429, current_a=-4.773, battery_w=-2048, rated_wh=10200,
            ac_w=320, grid_w=-44, nominal_w=6000,
        )
    )  # fmt: skip
    assert found["battery.voltage"] == 429
    assert found["battery.current"] == -4.773
    assert found["battery.capacity"] == pytest.approx(23.776, abs=0.001)
    assert found["ups.realpower.nominal"] == 6000
    assert found["ups.load"] == pytest.approx(4.6)


def test_users_nominal_voltage_gives_the_capacity() -> None:
    found = values(reading(voltage_v=429, rated_wh=10200), nominal_v=400)
    assert found["battery.capacity"] == 25.5


def test_without_a_measured_voltage_there_is_none() -> None:
    """The curve of LFP cells is that of another maker's battery."""
    found = values(reading(battery_w=500, rated_wh=10200))
    assert found["battery.voltage"] is None
    assert found["battery.current"] is None
    assert found["battery.capacity"] is None
