"""What an answer says about battery and power, in every form it can have."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.net.jsonfields import BodyError, parse_json
from nutbridge.sources.sma import status
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.readings import (
    Answered,
    elements,
    firmware_text,
    ups_reading,
)
from tests.fakes.inverter import FOLDERS, SMA_DATA, make_inverter

SOC, STATE = keys.SOC.key, keys.BATTERY_STATE
AH = keys.RATED_CHARGE.key
NUMBERS = [each for each in vars(keys).values() if isinstance(each, keys.Quantity)]
RATED, VOLTAGE = keys.RATED_CAPACITY.key, keys.BATTERY_VOLTAGE.key


def tags(*found: int) -> list[dict[str, int]]:
    return [{"tag": tag} for tag in found]


def read(values: dict[str, Any], level: str | None = "9") -> UpsReading:
    def payload(value: Any) -> Any:
        if level is None:
            return {"val": value}
        several = isinstance(value, tuple)
        return {level: [{"val": one} for one in (value if several else (value,))]}

    keyed = {key: payload(value) for key, value in values.items()}
    return ups_reading({"01B8-xxxxx7A0": keyed})


def of_folder(name: str) -> UpsReading:
    inverter = make_inverter(name)
    (device,) = inverter.online
    return ups_reading({device: inverter.online[device] | inverter.params[device]})


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({"9": [{"val": 5}]}, [5]),
        ({"1": [{"val": 1}], "9": [{"val": 2}, {"val": None}]}, [1, 2, None]),
        ({"9": []}, []),
        ({"val": 46}, [46]),
        ([{"str": 1, "val": 57}], [57]),
        ({"188": [], "x": 5}, []),
        (None, []),
        ("text", []),
        ({}, []),
        ([1, None, {"low": 3}], [None]),
    ],
)
def test_elements_of_every_form(payload: Any, wanted: list[Any]) -> None:
    assert elements(payload) == wanted


def test_hybrid() -> None:
    seen = of_folder("hybrid")
    assert (seen.fitted, seen.battery_keys) == (True, True)
    assert (seen.soc_pct, seen.voltage_v, seen.current_a) == (62, 418.5, 2.246)
    assert (seen.temperature_c, seen.battery_w, seen.rated_wh) == (21.4, 940, 10200)
    assert (seen.ac_w, seen.grid_w, seen.nominal_w) == (900, 150, 6000)
    assert seen.ac_v == (230.12, 231.05, 229.87)
    assert (seen.serial, seen.firmware) == ("3005550303", "3.01.6.R")
    assert seen.name == "STP6.0-3SE-40 303"


def test_storage_with_places_for_three_batteries() -> None:
    seen = of_folder("storage")
    assert (seen.soc_pct, seen.voltage_v, seen.current_a) == (64, 163.63, 1.569)
    assert (seen.rated_wh, seen.health_pct, seen.battery_w) == (6500, 97, 256)


def test_several_batteries() -> None:
    """The emptiest counts, where there is no total; currents add up."""
    seen = read(
        {
            keys.SOC_EACH.key: (40, 55, None),
            VOLTAGE: (5000, 5200, None),
            keys.BATTERY_CURRENT.key: (-1000, 3000, None),
            keys.BATTERY_TEMPERATURE.key: (180, 215, None),
        }
    )
    assert (seen.soc_pct, seen.voltage_v, seen.current_a) == (40, 51, 2)
    assert seen.temperature_c == 21.5
    # -1 A x 50 V + 3 A x 52 V, where no power is told.
    assert seen.battery_w == 106
    # A place without a battery says 0.
    assert read({keys.SOC_EACH.key: (40, 0, 55)}).soc_pct == 40
    assert read({keys.SOC_EACH.key: (0, 0)}).soc_pct == 0


def test_device_with_the_battery_is_the_one_that_speaks() -> None:
    """Whatever stands beside it in an answer, and in whatever order."""
    own = {keys.SERIAL: {"9": [{"val": 1}]}, keys.SOC.key: {"9": [{"val": 40}]}}
    other = {keys.SERIAL: {"65": [{"val": 2}]}}
    for answer in ({"a": other, "b": own}, {"b": own, "a": other}):
        assert ups_reading(answer).serial == "1"
    twins = {"b": own, "a": {**own, keys.SERIAL: {"9": [{"val": 3}]}}}
    assert ups_reading(twins).serial == ups_reading(dict(sorted(twins.items()))).serial


def test_pv_only_and_flat_have_no_battery_keys() -> None:
    assert not of_folder("pv-only").battery_keys
    flat = of_folder("old-flat")
    assert not flat.battery_keys
    assert (flat.ac_v, flat.frequency_hz, flat.pv_w) == ((229.35,), 49.99, 46)
    assert (flat.serial, flat.firmware) == ("1930550505", "2.03.1.N")


@pytest.mark.parametrize("level", ["9", "7", "1", None])
def test_charging_current_is_negative(level: str | None) -> None:
    """-4.773 A at 429 V is 2048 W into the battery."""
    seen = read(
        {
            keys.BATTERY_CURRENT.key: -4773,
            VOLTAGE: 42900,
            keys.CHARGE_POWER.key: 2048,
            keys.DISCHARGE_POWER.key: 0,
        },
        level,
    )
    assert (seen.current_a, seen.voltage_v, seen.battery_w) == (-4.773, 429, -2048)


@pytest.mark.parametrize(
    ("out_w", "in_w", "wanted"),
    [
        (940, None, 940),
        (None, 700, -700),
        (0, 0, 0),
        # 2 A at 50 V: a 0 alone says nothing.
        (None, 0, 100),
        (0, None, 100),
        (None, None, 100),
    ],
)
def test_half_of_the_power_of_a_battery(
    out_w: int | None, in_w: int | None, wanted: float
) -> None:
    seen = read(
        {
            keys.DISCHARGE_POWER.key: out_w,
            keys.CHARGE_POWER.key: in_w,
            VOLTAGE: 5000,
            keys.BATTERY_CURRENT.key: 2000,
        }
    )
    assert seen.battery_w == wanted


NO_BATTERY = {SOC: 0, VOLTAGE: 0, STATE: tags(303), RATED: 0}


@pytest.mark.parametrize(
    ("said", "fitted"),
    [
        (NO_BATTERY, False),
        ({SOC: 0, STATE: tags(303)}, False),
        ({SOC: 0, STATE: tags(16777213)}, False),
        ({SOC: 0, STATE: []}, False),
        ({SOC: 0, VOLTAGE: 0, RATED: 0, STATE: tags(2291)}, False),
        ({SOC: None, VOLTAGE: None, RATED: 0, STATE: tags(303)}, False),
        # Seen on a full-grown system in February: really empty, in standby.
        ({SOC: 0, STATE: tags(2291)}, True),
        ({SOC: 0, STATE: tags(2291), RATED: 10200, VOLTAGE: 40000}, True),
        ({SOC: 0, STATE: tags(303), RATED: 10200, VOLTAGE: 39000}, True),
        # A size that was entered is no battery yet.
        ({SOC: 0, STATE: tags(303), RATED: 10200, VOLTAGE: 0}, False),
        ({SOC: 0}, True),
        ({SOC: 18, STATE: tags(2292)}, True),
        ({SOC: 18, STATE: tags(303), RATED: 0}, True),
        ({SOC: None, STATE: tags(2293)}, None),
        ({SOC: None, STATE: tags(16777213), RATED: None}, None),
        ({STATE: tags(2293)}, None),
    ],
)
def test_whether_a_battery_is_fitted(said: dict[str, Any], fitted: bool | None) -> None:
    assert read(said).fitted is fitted


@pytest.mark.parametrize(
    "odd",
    [None, "62", True, [], {}, -1, 101, 1e308, 10**400, 2147483648, 4294967295],
)
def test_odd_charges_are_unknown(odd: object) -> None:
    assert read({SOC: odd, VOLTAGE: 42900}).soc_pct is None
    assert read({SOC: odd, VOLTAGE: 42900}).voltage_v == 429


@pytest.mark.parametrize("quantity", NUMBERS, ids=lambda each: each.key)
def test_not_available_is_no_value_on_every_key(quantity: keys.Quantity) -> None:
    """16777213 as a number: 167772.13 V, 16777 A, a nominal power of 16 MW."""
    seen = Answered.from_json({"d": {quantity.key: {"9": [{"val": 16777213}]}}})
    assert seen.numbers(quantity) == []


def test_not_available_is_no_serial_name_or_firmware() -> None:
    seen = read(dict.fromkeys((keys.SERIAL, keys.FIRMWARE, keys.DEVICE_NAME), 16777213))
    assert (seen.serial, seen.firmware, seen.name) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # Sunny Island: Ah alone, at 48 V; the voltage of the moment does not count.
        ({AH: 200, VOLTAGE: 5310}, 9600),
        ({AH: 200, VOLTAGE: 4650}, 9600),
        ({AH: 200, VOLTAGE: None}, 9600),
        ({AH: 200, RATED: 10200, VOLTAGE: 42000}, 10200),
        # Another voltage: the size would go up and down with the charge.
        ({AH: 25, VOLTAGE: 42000}, None),
        ({AH: 0, VOLTAGE: 5310}, None),
    ],
)
def test_capacity_in_ah(said: dict[str, Any], wanted: float | None) -> None:
    assert read({SOC: 50, **said}).rated_wh == wanted


def test_odd_answer_harms_no_neighbour() -> None:
    body = (
        b'{"d":{"6100_00295A00":{"9":[{"val":1e999}]},"6100_00495C00":{"9":[{"val":'
        b'42900}]},"6180_0846A600":{"9":[{"val":[{"tag":"x"},{"tag":true},7,'
        b'{"tag":1780}]}]},"6800_00A21E00":{"9":[{"val":[1]}]},"x":null}}'
    )
    seen = ups_reading(parse_json(body))
    assert (seen.soc_pct, seen.voltage_v, seen.serial) == (None, 429, None)
    assert seen.tags[status.MAINS] == {1780}


def test_tags_of_all_devices_and_classes_count() -> None:
    """One device in an island is an island."""
    seen = ups_reading(
        {
            "a": {keys.MAINS: {"1": [{"val": tags(1780)}]}, SOC: {"9": [{"val": 5}]}},
            "b": {keys.MAINS: {"9": [{"val": tags(1781)}]}, SOC: {"9": [{"val": 6}]}},
        }
    )
    assert seen.tags[status.MAINS] == {1780, 1781}
    assert seen.soc_pct == 5


@pytest.mark.parametrize("tag", [1780, 1781])
def test_device_without_a_battery_does_not_vote(tag: int) -> None:
    """A solar inverter in the island of another one takes it for the mains."""
    solar = {keys.MAINS: {"1": [{"val": tags(tag)}]}, keys.SERIAL: {"1": []}}
    own = {keys.MAINS: {"7": [{"val": tags(1779)}]}, SOC: {"7": [{"val": 40}]}}
    seen = ups_reading({"0199-1": solar, "0169-2": own})
    assert seen.tags[status.MAINS] == {1779}
    # Alone it is no UPS, and says what it says.
    assert ups_reading({"0199-1": solar}).tags[status.MAINS] == {tag}


def test_device_or_class_without_a_number_hides_no_other() -> None:
    """A part of a system may have the key and nothing to say."""
    seen = ups_reading(
        {
            "a": {SOC: {"9": [{"val": None}]}, RATED: {"9": []}},
            "b": {
                SOC: {"1": [], "9": [{"val": 40}]},
                RATED: {"7": [{"val": 5000}, {"val": 5000}], "9": [{"val": 10000}]},
                keys.SERIAL: {"9": [{"val": 77}]},
            },
        }
    )
    assert (seen.soc_pct, seen.serial) == (40, "77")
    # Said in two classes it is still the same battery.
    assert seen.rated_wh == 10000


def test_whole_numbers_may_be_sent_as_floats() -> None:
    seen = read(
        {
            keys.MAINS: [{"tag": 1781.0}, {"tag": 1.5}],
            keys.SERIAL: 3005550303.0,
            keys.FIRMWARE: 50398724.0,
            SOC: 61.5,
        }
    )
    assert seen.tags[status.MAINS] == {1781}
    assert (seen.serial, seen.firmware, seen.soc_pct) == (
        "3005550303",
        "3.01.6.R",
        61.5,
    )


@pytest.mark.parametrize("name", ["", "0", "01B8-B2E8", "01B8-xxxxx7A0", "\x1b[2J"])
def test_any_device_id_will_do(name: str) -> None:
    """Newer firmware masks it; it changed overnight with an update."""
    found = ups_reading({name: {SOC: {"9": [{"val": 62}]}}})
    assert found.soc_pct == 62


@pytest.mark.parametrize("odd", [None, [], {}, "x", 5, {"d": None}, {"d": {}}])
def test_answer_without_a_device(odd: object) -> None:
    with pytest.raises(BodyError):
        ups_reading(odd)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["val", "tag", "1", "9", *keys.UPS_KEYS[:12]]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_is_read_or_refused(found: Any) -> None:
    try:
        seen = ups_reading(found)
    except BodyError:
        return
    assert seen.soc_pct is None or 0 <= seen.soc_pct <= 100


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (51389444, "3.10.36.R"),
        (0x03000204, "3.00.2.R"),
        (16777213, None),
        (33751296, "2.03.1.N"),
        (0x04100A04, "4.10.10.R"),
        (0x01020309, "1.02.3.9"),
        (0, None),
        (None, None),
        (True, None),
        ("x", None),
        (1 << 32, None),
    ],
)
def test_firmware_version(raw: object, wanted: str | None) -> None:
    assert firmware_text(raw) == wanted


def test_every_fixture_is_read() -> None:
    assert len(FOLDERS) >= 7
    for name in FOLDERS:
        assert json.loads((SMA_DATA / name / "online.json").read_text())["result"]
