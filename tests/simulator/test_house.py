"""The pretended house keeps its energy in balance."""

from hypothesis import given
from hypothesis import strategies as st

from nutbridge.simulator.house import SimulatedController, SimulatedHouse

watts = st.floats(0, 20_000)


@given(load=watts, pv=watts, battery=st.none() | st.floats(-5000, 5000))
def test_house_power_is_balanced_on_line(
    load: float, pv: float, battery: float | None
) -> None:
    house = SimulatedHouse(load_w=load, pv_w=pv, battery_w=battery)
    given_w = house.grid_w + house.pv_w + house.storage_w + house.generator_w
    assert abs(given_w - load) < 1e-6


@given(load=watts, pv=watts)
def test_house_power_is_balanced_in_an_outage(load: float, pv: float) -> None:
    house = SimulatedHouse(load_w=load, pv_w=pv)
    house.lose_grid()
    assert house.grid_w == 0
    assert abs(house.pv_w + house.storage_w - load) < 1e-6


@given(load=watts, charge=st.floats(-5000, 0))
def test_house_generator_carries_house_and_charge(load: float, charge: float) -> None:
    house = SimulatedHouse(load_w=load, generator=True, battery_w=charge)
    house.lose_grid()
    assert house.grid_w == 0
    assert abs(house.generator_w - (load - charge)) < 1e-6


def test_house_battery_empties_in_an_outage() -> None:
    house = SimulatedHouse(soc_pct=50.0, load_w=1000.0, capacity_wh=10_000.0)
    house.let_pass(3600)
    assert house.soc_pct == 50.0
    house.lose_grid()
    house.let_pass(3600)
    assert house.soc_pct == 40.0
    house.let_pass(100_000)
    assert house.soc_pct == 0.0


def test_house_without_a_battery() -> None:
    house = SimulatedHouse(batteries=0, capacity_wh=0.0, soc_pct=0.0)
    house.let_pass(3600)
    assert house.storage_w == 0.0
    assert house.energy_wh == 0.0


def test_house_with_a_collar_loses_the_grid() -> None:
    house = SimulatedHouse(controller=SimulatedController.COLLAR)
    house.lose_grid()
    assert house.islanded
    assert house.collar_off_grid
    house.regain_grid()
    assert not house.islanded
