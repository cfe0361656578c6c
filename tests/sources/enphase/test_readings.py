"""Answers about grid and batteries: missing, odd and absurd fields are None."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.net.jsonfields import BodyError
from nutbridge.sources.enphase.meters import MeterReports, MeterSetup
from nutbridge.sources.enphase.readings import (
    BatteryPowers,
    BatteryReport,
    Collar,
    Controller,
    EnsembleStatus,
    Inventory,
    LiveData,
    PhasePower,
    Relay,
    SecCtrl,
)
from tests.fakes.any_json import JSON

READERS: dict[str, Callable[[Any], Any]] = {
    "relay": Relay.from_json,
    "livedata": LiveData.from_json,
    "secctrl": SecCtrl.from_json,
    "inventory": Inventory.from_json,
    "power": BatteryPowers.from_json,
    "meters": MeterSetup.from_json,
    "reports": MeterReports.from_json,
}
WORDS = (
    *("mains_oper_state", "Enchg_grid_mode", "meters", "connection", "sc_stream"),
    *("last_update", "soc", "load", "storage", "agg_p_mw", "agg_p_ph_a_mw"),
    *("ENC_agg_soc", "agg_soc", "Enc_max_available_capacity", "Max_energy"),
    *("VLS_Limit", "type", "devices", "devices:", "temperature", "real_power_mw"),
    *("reportType", "cumulative", "lines", "currW", "rmsVoltage", "state"),
    *("measurementType", "phaseMode", "phaseCount", "admin_state_str", "info"),
)
#: Values that look like an answer more often than chance would have it.
LIKELY = st.recursive(
    JSON | st.sampled_from(["ENCHARGE", "COLLAR", "enabled", "three", "production"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(value=LIKELY)
def test_readers_raise_only_their_own_error(value: Any) -> None:
    for read in READERS.values():
        with contextlib.suppress(BodyError):
            read(value)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("value", [None, 5, "text", True])
def test_readers_refuse_what_is_no_answer(name: str, value: Any) -> None:
    with pytest.raises(BodyError):
        READERS[name](value)


def test_relay_reads_words_and_modes() -> None:
    relay = Relay.from_json(
        {
            "mains_oper_state": "open synchronizing",
            "mains_admin_state": "closed",
            "Enchg_grid_mode": "Multimode-OffGrid",
            "Solar_grid_mode": 3,
        }
    )
    assert relay == Relay("open synchronizing", "closed", ("multimode-offgrid",))


def live(**meters: Any) -> LiveData:
    return LiveData.from_json(
        {
            "connection": {"sc_stream": "enabled"},
            "meters": {"last_update": 1790471499, "soc": 92, **meters},
        }
    )


def test_livedata_is_in_milliwatts() -> None:
    reading = live(
        load={"agg_p_mw": 734000, "agg_s_mva": 756701, "agg_p_ph_a_mw": 418380},
        storage={"agg_p_mw": -1000},
        grid={"agg_p_mw": 250},
        pv={"agg_p_mw": -2500},
    )
    assert reading.load == PhasePower(734.0, 756.701)
    assert reading.load_lines[0] == PhasePower(418.38)
    assert (reading.battery_w, reading.grid_w, reading.pv_w) == (-1.0, 0.25, 0.0)
    assert (reading.stream_on, reading.soc_pct) == (True, 92.0)
    assert reading.last_update_s == 1790471499


@pytest.mark.parametrize(
    "power", [{"agg_p_mw": 1.1e9}, {"agg_p_mw": "5"}, {"agg_p_mw": None}, [], {}, 5]
)
def test_livedata_odd_power_is_unknown(power: Any) -> None:
    reading = live(load=power, storage=power, grid=power, pv=power)
    assert reading.load.realpower_w is None
    assert reading.battery_w is reading.grid_w is reading.pv_w is None


def test_livedata_soc_0_is_a_gateway_without_batteries_yet() -> None:
    assert live(soc=0).soc_pct is None
    assert live(soc=101).soc_pct is None


def test_livedata_info_says_that_the_stream_is_off() -> None:
    on = {"connection": {"sc_stream": "enabled"}, "info": "Live stream not enabled"}
    assert not LiveData.from_json(on).stream_on
    assert not LiveData.from_json({"connection": {"sc_stream": "disabled"}}).stream_on
    assert not LiveData.from_json({}).stream_on


@pytest.mark.parametrize(
    ("answer", "soc_pct", "capacity_wh"),
    [
        ({"agg_soc": 41, "ENC_agg_soc": 57}, 57.0, None),
        ({"agg_soc": 41}, 41.0, None),
        ({"ENC_agg_soc": "unknown", "agg_soc": 41}, 41.0, None),
        ({"Max_energy": 7220, "Enc_max_available_capacity": 3500}, None, 3500.0),
        ({"Max_energy": 7220}, None, 7220.0),
        ({"Max_energy": 0, "Enc_max_available_capacity": 0, "agg_soc": 0}, 0.0, 0.0),
        ({"agg_soc": 100.5, "Max_energy": -1}, None, None),
        ({"agg_soc": True, "Max_energy": 1.5e6}, None, None),
        ({}, None, None),
    ],
)
def test_secctrl_charge_and_capacity(
    answer: dict[str, Any], soc_pct: float | None, capacity_wh: float | None
) -> None:
    reading = SecCtrl.from_json(answer)
    assert (reading.soc_pct, reading.capacity_wh) == (soc_pct, capacity_wh)


@pytest.mark.parametrize(
    ("vls", "entry", "floor_pct"),
    [
        (5, 10, 10.0),
        (15, 10, 15.0),
        (5, None, 5.0),
        (0, 0, None),
        (None, None, None),
        (95, "10", None),
    ],
)
def test_secctrl_floor(vls: Any, entry: Any, floor_pct: float | None) -> None:
    reading = SecCtrl.from_json({"VLS_Limit": vls, "soc_recovery_entry": entry})
    assert reading.floor_pct == floor_pct


def test_inventory_counts_and_finds_the_warmest() -> None:
    """ENPOWER is in degF, "unknown" is what a battery says after a reboot."""
    inventory = Inventory.from_json(
        [
            {"type": "ENPOWER", "devices": [{"temperature": 97}]},
            {
                "type": "ENCHARGE",
                "devices": [
                    {"temperature": 24, "maxCellTemp": 26},
                    {"temperature": "unknown"},
                    {"temperature": -300},
                    {"temperature": 50, "communicating": False},
                    "odd",
                ],
            },
            {"type": "COLLAR", "devices": [{"admin_state_str": "X", "mid_state": 1}]},
            {"grid_profile": "something"},
            7,
        ]
    )
    collars = (Collar("X", None),)
    sizes = ((None, None),) * 4
    reports = (*(BatteryReport(),) * 3, BatteryReport(communicating=False))
    known = Inventory(6, (Controller(),), 4, collars, 26.0, reports, sizes_wh=sizes)
    assert inventory._replace(health=()) == known


@pytest.mark.parametrize(
    ("second", "size_wh"), [(3500, 8500.0), ("unknown", None), (0, None), (-1, None)]
)
def test_inventory_size_of_all_batteries(second: object, size_wh: float | None) -> None:
    sizes = {"A": 5000, "B": second}
    devices = [{"serial_num": s, "encharge_capacity": c} for s, c in sizes.items()]
    found = Inventory.from_json([{"type": "ENCHARGE", "devices": devices}])
    assert found.size_wh == size_wh
    assert [serial for serial, _ in found.sizes_wh] == ["A", "B"]


def test_inventory_of_a_starting_gateway() -> None:
    assert Inventory.from_json([]) == Inventory()
    assert Inventory.from_json([{"type": "ENCHARGE", "devices": []}]).devices == 0


@pytest.mark.parametrize("key", ["devices:", "devices"])
def test_power_adds_up(key: str) -> None:
    devices = [{"real_power_mw": 300000}, {"real_power_mw": -100000}]
    assert BatteryPowers.from_json({key: devices}).total_w == 200.0


@pytest.mark.parametrize(
    "devices", [[], [{}], [{"real_power_mw": 1000}, {"real_power_mw": "x"}], None]
)
def test_power_with_a_gap_is_unknown(devices: Any) -> None:
    assert BatteryPowers.from_json({"devices:": devices}).total_w is None


@pytest.mark.parametrize(
    ("batteries", "rated_w"),
    [
        ([1280, 1280, 1280], 3840.0),
        ([3840], 3840.0),
        ([3840, None], None),
        ([3840, "unknown"], None),
        ([0], None),
        ([], None),
    ],
)
def test_rated_power_is_that_of_every_battery(
    batteries: list[Any], rated_w: float | None
) -> None:
    listed = {
        str(number): {"device_type": 13, "encharge_rated_power": each}
        for number, each in enumerate(batteries)
    }
    listed["controller"] = {"device_type": 17}
    found = EnsembleStatus.from_json({"inventory": {"serial_nums": listed}})
    assert found.rated_w == rated_w
