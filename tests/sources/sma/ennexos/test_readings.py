"""What an ennexOS answer says, in every form it can have."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.net.jsonfields import BodyError, parse_json
from nutbridge.sources.sma import status
from nutbridge.sources.sma.ennexos import channels
from nutbridge.sources.sma.ennexos.readings import (
    UNFIT,
    ChannelValues,
    DeviceInfo,
    completed,
    devices_of,
    live_reading,
    unfit_text,
)
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.ups.model import Grid
from tests.fakes.inverter import SMA_DATA

SOC = "Measurement.Bat.ChaStt"
VOLTS = "Measurement.Bat.Vol[]"
IN, OUT = "Measurement.BatChrg.CurBatCha", "Measurement.BatDsch.CurBatDsch"
RUN, BCK = "Measurement.Operation.RunStt", "Measurement.Operation.BckStt"


def element(channel: str, value: Any, component: str = channels.SELF) -> dict[str, Any]:
    entry: dict[str, Any] = {"time": "2026-01-02T03:04:05.678Z"}
    if isinstance(value, list):
        entry["values"] = value
    elif value is not ...:
        entry["value"] = value
    return {"channelId": channel, "componentId": component, "values": [entry]}


def read(said: dict[str, Any]) -> UpsReading:
    body = [element(channel, value) for channel, value in said.items()]
    return live_reading(ChannelValues.of_live(body))


def of_folder(name: str) -> UpsReading:
    def loaded(part: str) -> Any:
        return json.loads((SMA_DATA / name / f"{part}.json").read_text())

    return completed(
        live_reading(ChannelValues.of_live(loaded("live"))),
        DeviceInfo.from_json(loaded("device")),
        ChannelValues.of_parameters(loaded("params")),
    )


def test_hybrid() -> None:
    seen = of_folder("ennexos-hybrid")
    assert (seen.battery_keys, seen.fitted, seen.soc_pct) == (True, True, 62)
    assert (seen.voltage_v, seen.current_a, seen.battery_w) == (418.5, 2.246, 940)
    assert (seen.temperature_c, seen.rated_wh, seen.floor_pct) == (21.4, None, 10)
    assert (seen.ac_w, seen.grid_w, seen.nominal_w, seen.pv_w) == (900, 150, 5000, 0)
    assert (seen.ac_v, seen.frequency_hz) == ((230.12,), 50.01)
    assert (seen.serial, seen.firmware) == ("3010550607", "03.14.22.R")
    assert (seen.grid.grid, seen.grid.unfit, seen.backup) == (Grid.CLOSED, "", True)
    assert seen.grid.word == "OpStt 569 RunStt 235 PvGriConn 1780 BckStt 1440"


def test_storage_has_scalars_and_tells_its_size() -> None:
    seen = of_folder("ennexos-storage")
    assert (seen.soc_pct, seen.voltage_v, seen.current_a) == (64, 640.2, -3.1)
    assert (seen.battery_w, seen.rated_wh, seen.health_pct) == (-2000, 50000, 97)
    assert (seen.temperature_c, len(seen.ac_v)) == (24, 3)


def test_island() -> None:
    seen = of_folder("ennexos-island")
    assert (seen.grid.grid, seen.ac_w, seen.grid_w) == (Grid.OPEN, 820, None)


def test_solar_inverter_says_grid_for_ever_and_is_no_ups() -> None:
    seen = of_folder("ennexos-pv")
    assert (seen.grid.grid, seen.battery_keys) == (Grid.CLOSED, False)
    assert seen.grid.unfit == UNFIT


def test_devices_behind_it_never_vote() -> None:
    seen = of_folder("ennexos-manager")
    assert seen.grid.grid is Grid.UNKNOWN
    assert (seen.grid.word, seen.battery_keys) == ("no status", False)
    found = devices_of(
        json.loads((SMA_DATA / "ennexos-manager" / "devices.json").read_text())
    )
    assert unfit_text(found) == (
        f"{UNFIT}; try SMA_HOST with: Sunny Boy Smart Energy 5.0 at 192.0.2.60, "
        "SB5.0-1AV-41 at 192.0.2.61"
    )
    assert unfit_text([]) == UNFIT
    assert len(devices_of({"devices": [{"deviceId": "a"}], "x": 1})) == 1


#: "No value" in all its forms.
ABSENT: list[Any] = [
    ...,
    None,
    "NaN",
    "nan",
    16777213,
    16777213.0,
    "16777213",
    [],
    True,
    {},
    "x",
]


@pytest.mark.parametrize("absent", ABSENT, ids=repr)
def test_no_value_is_unknown_and_never_0(absent: Any) -> None:
    seen = read({SOC: absent, VOLTS: absent, OUT: absent, RUN: absent})
    assert (seen.soc_pct, seen.voltage_v, seen.battery_w) == (None, None, None)
    assert (seen.fitted, seen.battery_keys) == (None, True)
    assert seen.grid.grid is Grid.UNKNOWN


def test_bare_nan_and_endless_numbers() -> None:
    body = parse_json(
        b'[{"channelId":"Measurement.Bat.ChaStt","componentId":"IGULD:SELF",'
        b'"values":[{"value":NaN}]},{"channelId":"Measurement.Bat.Vol","componentId":'
        b'"IGULD:SELF","values":[{"value":1' + b"0" * 400 + b"}]}]"
    )
    seen = live_reading(ChannelValues.of_live(body))
    assert (seen.soc_pct, seen.voltage_v) == (None, None)


def test_302_is_no_tag_and_a_fine_power() -> None:
    seen = read({RUN: 302, OUT: 302.0, IN: 0})
    assert seen.tags[status.RUN_STATE] == frozenset()
    assert seen.battery_w == 302


def test_tags_come_as_whole_floats() -> None:
    assert read({BCK: 1441.0}).grid.grid is Grid.OPEN
    assert read({BCK: 1441.5}).grid.grid is Grid.UNKNOWN


def test_last_value_counts() -> None:
    two = {**element(RUN, 235)}
    two["values"] = [{"value": 235}, {"value": 1463}]
    assert live_reading(ChannelValues.of_live([two])).grid.grid is Grid.OPEN


def test_charge_of_the_emptiest_where_there_is_no_total() -> None:
    seen = read({SOC: "NaN", "Measurement.Bat.ChaSttArr[]": [40.0, "NaN", 55.0]})
    assert seen.soc_pct == 40
    # A place without a battery.
    assert read({"Measurement.Bat.ChaSttArr[]": [40.0, 0.0, 55.0]}).soc_pct == 40
    assert read({"Measurement.Bat.ChaSttArr[]": [0.0, 0.0]}).soc_pct == 0
    # The reserve is in this one.
    assert read({"Measurement.Bat.ChaSttReal": 70.0}).soc_pct is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({OUT: 940, IN: 0}, 940),
        ({OUT: 0, IN: 700}, -700),
        ({OUT: 0, IN: 0}, 0),
        # A 0 alone does not say that nothing flows the other way.
        ({OUT: 0}, None),
        ({IN: 0}, None),
        ({IN: 700}, -700),
        # Each is at least 0: what is less would hold a reckoned charge for ever.
        ({OUT: -7}, None),
        ({OUT: -7, IN: 0}, None),
        ({OUT: 940, IN: -7}, 940),
        (
            {
                OUT: "NaN",
                "Measurement.BatDsch.CurBatDschArr[]": [100, 150],
                "Measurement.BatChrg.CurBatChaArr[]": [0, 0],
            },
            250,
        ),
        (
            {
                "Measurement.Metering.GridMs.TotWOut.Bat": 80,
                "Measurement.Metering.GridMs.TotWIn.Bat": 0,
            },
            80,
        ),
    ],
)
def test_power_of_the_battery(said: dict[str, Any], wanted: float | None) -> None:
    assert read(said).battery_w == wanted


def test_current_that_contradicts_the_power_is_left_out() -> None:
    amp = "Measurement.Bat.Amp[]"
    assert read({amp: [2.0, 1.0], OUT: 900, IN: 0}).current_a == 3
    assert read({amp: [-3.0], OUT: 900, IN: 0}).current_a is None
    assert read({amp: [-3.0]}).current_a == -3


def test_both_halves_of_the_meter_are_needed() -> None:
    drawn, fed = (f"Measurement.Metering.GridMs.TotW{way}" for way in ("In", "Out"))
    plant = "Measurement.Metering.PCCMs.Plnt"
    assert read({drawn: 150}).grid_w is None
    assert read({drawn: 150, fed: 0}).grid_w == 150
    assert read({drawn: 150, f"{plant}CsmpW": 10, f"{plant}W": 30}).grid_w == -20


def test_power_of_an_island_where_the_usual_channel_is_silent() -> None:
    said = {RUN: 1463, "Measurement.GridMs.TotW": 0.0}
    assert read({**said, "Measurement.EpsMs.Watt": 430.0}).ac_w == 430
    phases = {f"Measurement.BckOnGriMs.Watt.phs{one}": 100.0 for one in "ABC"}
    assert read({**said, **phases}).ac_w == 300
    assert read({**said, RUN: 235, **phases}).ac_w == 0
    for ac_w, wanted in ((3.0, 430), (-3.0, 430), (-2000.0, -2000)):
        told = {"Measurement.GridMs.TotW": ac_w, "Measurement.EpsMs.Watt": 430.0}
        assert read({**said, **told}).ac_w == wanted


def test_night_is_unknown_and_no_missing_battery() -> None:
    """Nobody knows what a hybrid says then; 1779 beside NaN must not be OL."""
    night = {"Measurement.Operation.PvGriConn": 1779, RUN: "NaN", SOC: "NaN"}
    seen = read({**night, "Measurement.PvGen.PvW": "NaN"})
    assert (seen.grid.grid, seen.fitted, seen.pv_w) == (Grid.UNKNOWN, None, None)
    assert not seen.grid.unfit


def test_empty_battery_beside_its_size_is_real() -> None:
    seen = read({SOC: 0.0})
    assert (seen.fitted, seen.soc_pct) == (None, 0)
    size = ChannelValues.of_parameters(
        [
            {
                "componentId": channels.SELF,
                "values": [{"channelId": "Parameter.Bat.CapacRtgWh", "value": "9800"}],
            }
        ]
    )
    found = completed(seen, DeviceInfo(), size)
    assert (found.fitted, found.rated_wh) == (True, 9800)


def test_battery_of_0_volts_has_no_charge() -> None:
    """It is not found yet, after a restart: 0 % would shut a house down."""
    seen = read({SOC: 0.0, VOLTS: [0.0, 0.0]})
    assert (seen.soc_pct, seen.fitted, seen.battery_keys) == (None, None, True)
    assert read({SOC: 0.0, VOLTS: [400.0]}).soc_pct == 0


@pytest.mark.parametrize("odd", [[], {}, None, "x", 5, [1], [{"channelId": "a"}]])
def test_empty_list_is_no_answer(odd: Any) -> None:
    """No rights, or a restart; never "no battery"."""
    with pytest.raises(BodyError):
        ChannelValues.of_live(odd)


def test_nominal_power_falls_back_to_the_device() -> None:
    info = DeviceInfo.from_json({"generatorPower": 15000, "serial": 3016250000})
    found = completed(UpsReading({}), info, ChannelValues({}))
    assert (found.nominal_w, found.serial, found.firmware) == (
        15000,
        "3016250000",
        None,
    )


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({}, 5000),
        # Feeding in may be limited; an island is not. A charge reckoned with half of
        # that would last for days.
        ({"Parameter.Inverter.WMax": "300"}, 5000),
        ({"Parameter.Inverter.WMax": "300", "Parameter.Inverter.WLim": "6000"}, 6000),
        ({"Parameter.Inverter.WMax": "NaN", "Parameter.Inverter.WLim": "0"}, 5000),
    ],
)
def test_nominal_power_is_the_highest_that_is_told(
    told: dict[str, str], wanted: float
) -> None:
    info = DeviceInfo.from_json({"generatorPower": 5000})
    values = {name: (value,) for name, value in told.items()}
    assert completed(UpsReading({}), info, ChannelValues(values)).nominal_w == wanted


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["channelId", "componentId", "values", "value", SOC, channels.SELF]
            ),
            inner | st.sampled_from([channels.SELF, SOC, RUN]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON, _JSON)
def test_any_json_is_read_or_refused(live: Any, params: Any) -> None:
    devices_of(params)
    DeviceInfo.from_json(params)
    try:
        seen = live_reading(ChannelValues.of_live(live))
        seen = completed(seen, DeviceInfo(), ChannelValues.of_parameters(params))
    except BodyError:
        return
    assert seen.soc_pct is None or 0 <= seen.soc_pct <= 100
