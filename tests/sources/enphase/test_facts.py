"""Grid, battery, equipment from the gateway's words."""

import pytest

from nutbridge.sources.enphase.facts import (
    GatewayAnswers,
    derive_battery,
    derive_equipment,
    derive_grid,
    power_soc_pct,
)
from nutbridge.sources.enphase.flows import PowerParts
from nutbridge.sources.enphase.readings import (
    BatteryPowers,
    Collar,
    Controller,
    Dated,
    Inventory,
    LiveData,
    Relay,
    SecCtrl,
)
from nutbridge.ups.model import Equipment, Flows, Grid

AT = 1000.0


@pytest.mark.parametrize(
    ("word", "grid"),
    [
        ("closed", Grid.CLOSED),
        ("Closed", Grid.CLOSED),
        ("closed something", Grid.CLOSED),
        ("open", Grid.OPEN),
        ("open synchronizing", Grid.OPEN),
        ("open synchronized", Grid.OPEN),
        ("unknown", Grid.UNKNOWN),
        ("disclosed", Grid.UNKNOWN),
        ("?", Grid.UNKNOWN),
    ],
)
def test_grid_words(word: str, grid: Grid) -> None:
    answer = derive_grid(Relay(word, "closed"))
    assert (answer.grid, answer.word) == (grid, word)


@pytest.mark.parametrize(
    ("modes", "backup", "generator"),
    [
        (("multimode-ongrid", "multimode-ongrid"), True, False),
        (("unknown", "multimode-ongrid"), True, False),
        (("multimode-generator", "multimode-generator"), True, True),
        (("unknown", "unknown"), False, False),
        (("unknown",), False, False),
        (("unknown", "grid-tied"), None, False),
        (("grid-tied", "grid-tied"), None, False),
        ((), None, False),
    ],
)
def test_grid_modes(
    modes: tuple[str, ...], backup: bool | None, generator: bool
) -> None:
    answer = derive_grid(Relay("closed", "closed", modes))
    assert (answer.backup_mode, answer.generator) == (backup, generator)


@pytest.mark.parametrize("oper", ["open", "closed"])
def test_grid_does_not_ask_who_wanted_it(oper: str) -> None:
    """Off grid on purpose is on battery all the same."""
    wanted = derive_grid(Relay(oper, "closed"))
    assert derive_grid(Relay(oper, "open")) == wanted


@pytest.mark.parametrize(
    ("collar", "grid"),
    [
        (Collar("ENCMN_MDE_ON_GRID", "close"), Grid.CLOSED),
        (Collar("ENCMN_MDE_OFF_GRID", "close"), Grid.OPEN),
        (Collar("ENCMN_MDE_ON_GRID", "open"), Grid.OPEN),
        (Collar("ENCMN_MDE_ON_GRID", None), Grid.CLOSED),
        (Collar(None, "close"), Grid.CLOSED),
        (Collar(None, None), Grid.UNKNOWN),
        (Collar("unknown", "unknown"), Grid.UNKNOWN),
        (Collar("ENCMN_MDE_ON_GRID", "close", communicating=True), Grid.CLOSED),
        (Collar("ENCMN_MDE_ON_GRID", "close", communicating=False), Grid.UNKNOWN),
        (Collar("ENCMN_MDE_OFF_GRID", None, communicating=False), Grid.OPEN),
    ],
)
def test_grid_behind_a_collar(collar: Collar, grid: Grid) -> None:
    """An open Collar wins over a relay that says closed, or nothing.

    One that says nothing leaves open what the relay's ``closed`` means.
    """
    answer = derive_grid(Relay("closed"), (collar,))
    assert answer.grid is grid
    assert "collar" in answer.word
    wanted = Grid.OPEN if grid is Grid.OPEN else Grid.UNKNOWN
    assert derive_grid(None, (collar,)).grid is wanted
    assert derive_grid(Relay("open"), (collar,)).grid is Grid.OPEN


def parts(secctrl: SecCtrl | None, live_soc_pct: float | None = None) -> GatewayAnswers:
    live = Dated(LiveData(soc_pct=live_soc_pct), AT + 1)
    return GatewayAnswers(
        powers=PowerParts(live=live if live_soc_pct is not None else None),
        secctrl=Dated(secctrl, AT) if secctrl else None,
        last_secctrl=secctrl,
    )


def test_battery_from_secctrl() -> None:
    reading = derive_battery(
        parts(SecCtrl(55.0, 10000.0, 15.0, 20.0), 92.0), Flows(AT + 1, battery_w=650.0)
    )
    assert reading is not None
    assert (reading.at, reading.soc_pct, reading.capacity_wh) == (AT, 55.0, 10000.0)
    assert (reading.floor_pct, reading.restart_pct) == (15.0, 20.0)
    assert reading.power_w == 650.0


@pytest.mark.parametrize("soc_pct", [0.0, 55.0])
def test_battery_live_soc_only_where_secctrl_has_none(soc_pct: float) -> None:
    reading = derive_battery(parts(SecCtrl(soc_pct, 0.0), 92.0), None)
    assert reading is not None
    assert reading.soc_pct == soc_pct
    reading = derive_battery(parts(SecCtrl(None, 10000.0), 92.0), None)
    assert reading is not None
    assert (reading.soc_pct, reading.capacity_wh) == (92.0, 10000.0)
    assert reading.at == AT + 1, "when its charge came"


def test_battery_live_only() -> None:
    """Livedata knows no capacity; the limits of an earlier secctrl hold."""
    given = parts(None, 83.0)._replace(last_secctrl=SecCtrl(50.0, 10000.0, 15.0, 20.0))
    reading = derive_battery(given, None)
    assert reading is not None
    assert (reading.at, reading.soc_pct) == (AT + 1, 83.0)
    assert reading.capacity_wh is None
    assert (reading.floor_pct, reading.restart_pct) == (15.0, 20.0)


def test_battery_live_only_names_no_floor_before_secctrl_did() -> None:
    """After a start the floor of the run before holds, not the default."""
    reading = derive_battery(parts(None, 83.0), None)
    assert reading is not None
    assert reading.floor_pct is None


def test_battery_unknown() -> None:
    assert derive_battery(parts(None), Flows(AT, load_w=5.0)) is None
    reading = derive_battery(parts(SecCtrl()), None)
    assert reading is not None
    assert reading.soc_pct is reading.capacity_wh is None
    assert reading.floor_pct == 10.0


def test_battery_takes_no_old_power_or_temperature() -> None:
    warm = Dated(Inventory(warmest_c=31.0), AT - 600)
    given = parts(SecCtrl(55.0))._replace(inventory=warm)
    reading = derive_battery(given, Flows(AT - 61, battery_w=5.0))
    assert reading is not None
    assert reading.power_w is None
    assert reading.temperature_c == 31.0
    cold = given._replace(inventory=Dated(Inventory(warmest_c=31.0), AT - 1801))
    reading = derive_battery(cold, None)
    assert reading is not None
    assert reading.temperature_c is None


@pytest.mark.parametrize(
    ("inventory", "equipment"),
    [
        (Inventory(), Equipment()),
        (
            Inventory(devices=3, enpowers=(Controller(),), batteries=2),
            Equipment(True, 2),
        ),
        (Inventory(devices=1, collars=(Collar(),)), Equipment(True, 0, collar=True)),
        (Inventory(devices=1, batteries=1), Equipment(False, 1)),
        (Inventory(devices=1, enpowers=(Controller(),)), Equipment(True, 0)),
    ],
)
def test_equipment(inventory: Inventory, equipment: Equipment) -> None:
    """An empty inventory proves nothing: gateways boot with one."""
    assert derive_equipment(inventory) == equipment


TWO = Inventory(devices=3, batteries=2, sizes_wh=(("A", 5000.0), ("B", 2500.0)))


@pytest.mark.parametrize(
    ("socs", "soc_pct"),
    [
        ((("A", 60.0), ("B", 30.0)), 50.0),  # by capacity
        ((("B", 30.0), ("A", 60.0)), 50.0),
        ((("A", 60.0), ("B", 30.0), ("C", 90.0)), 50.0),
        ((("A", 60.0),), None),  # one of them does not report
        ((("A", 60.0), ("B", 0.0)), None),  # one has not been found yet
        ((("A", 60.0), ("B", None)), None),
        ((), None),
    ],
)
def test_battery_charge_one_by_one(
    socs: tuple[tuple[str, float | None], ...], soc_pct: float | None
) -> None:
    """Only when every battery of the inventory is in it with a charge above 0."""
    assert power_soc_pct(BatteryPowers((), socs), TWO) == soc_pct
    assert power_soc_pct(BatteryPowers((), socs), None) is None


def test_battery_charge_one_by_one_without_sizes() -> None:
    unsized = TWO._replace(sizes_wh=(("A", 5000.0), ("B", None)))
    assert unsized.size_wh is None
    both = BatteryPowers((), (("A", 60.0), ("B", 30.0)))
    assert power_soc_pct(both, unsized) == 45.0


@pytest.mark.parametrize(
    ("secctrl", "soc_pct", "capacity_wh"),
    [
        (SecCtrl(None, 7500.0), 50.0, 7500.0),
        (SecCtrl(0.0, 7500.0), 50.0, 7500.0),
        (SecCtrl(44.0, 7500.0), 44.0, 7500.0),
        (None, 50.0, None),
    ],
    ids=["no charge", "charge 0", "a charge", "no secctrl"],
)
def test_battery_charge_of_power_where_secctrl_has_none(
    secctrl: SecCtrl | None, soc_pct: float, capacity_wh: float | None
) -> None:
    power = Dated(BatteryPowers((), (("A", 60.0), ("B", 30.0))), AT)
    parts = GatewayAnswers(
        powers=PowerParts(power=power),
        secctrl=Dated(secctrl, AT) if secctrl else None,
        listed=TWO,
    )
    found = derive_battery(parts, None)
    assert found is not None
    assert (found.soc_pct, found.capacity_wh) == (soc_pct, capacity_wh)
    assert found.own_socs_pct == (60.0, 30.0)


def test_battery_charge_of_an_older_round_is_not_mixed_in() -> None:
    power = Dated(BatteryPowers((), (("A", 60.0), ("B", 30.0))), AT - 61)
    secctrl = Dated(SecCtrl(None, 7500.0), AT)
    parts = GatewayAnswers(PowerParts(power=power), secctrl, listed=TWO)
    found = derive_battery(parts, None)
    assert found is not None
    assert (found.soc_pct, found.own_socs_pct) == (None, ())


@pytest.mark.parametrize(
    ("secctrl", "doubted"),
    [
        (SecCtrl(50.0, 7500.0), False),
        (SecCtrl(50.0, 6800.0), False),
        (SecCtrl(50.0, 5000.0), True),
        (SecCtrl(0.0, 7500.0), True),
        (SecCtrl(None, 7500.0), True),
        (None, True),
    ],
)
def test_battery_own_charges_are_asked_for_while_in_doubt(
    secctrl: SecCtrl | None, *, doubted: bool
) -> None:
    said = Dated(secctrl, AT) if secctrl else None
    assert GatewayAnswers(secctrl=said, listed=TWO).charge_doubted is doubted
    assert GatewayAnswers(secctrl=said, full_wh=7500.0).charge_doubted is doubted


def test_equipment_size_is_that_of_every_battery() -> None:
    assert derive_equipment(TWO).size_wh == 7500.0
    assert derive_equipment(Inventory(devices=1)).size_wh is None
