"""What a broker is told of panels: topics, payloads, what is taken back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.collector.mqtt.messages import (
    ENVOY_SENSORS,
    PANEL_SENSORS,
    Message,
    Topics,
    bounded,
    discovery,
    removals,
    segment,
    states,
)
from nutbridge.collector.queries.now import EnvoyNow, PanelNow
from nutbridge.collector.queries.panel_states import PanelState

TOPICS = Topics()
GOOD = PanelNow("990000001201.1", PanelState.OK, 71.46, 512.34, 9000.06, 1_700_000_000)
DEAD = PanelNow("990000001212.1", PanelState.DEAD, None, 0.0, 12.0, None)
ENVOY = EnvoyNow("990000000012", (GOOD, DEAD), 1_700_000_100, 3)


def by_topic(found: Any) -> dict[str, Any]:
    return {message.topic: json.loads(message.payload) for message in found}


def test_state_of_an_envoy_and_its_panels() -> None:
    told = by_topic(states(bounded([ENVOY]), TOPICS))
    assert told == {
        "nutbridge/990000000012/state": {
            "power_w": 71.5,
            "energy_today_wh": 512.3,
            "energy_wh": 9012.1,
            "last_report": 1_700_000_100,
            "panels": 2,
            "panels_ok": 1,
            "panels_asleep": 0,
            "panels_silent": 0,
            "panels_dead": 1,
            "waiting": 3,
        },
        f"nutbridge/990000000012/{segment(GOOD.eqid)}/state": {
            "eqid": "990000001201.1",
            "state": "ok",
            "power_w": 71.5,
            "energy_today_wh": 512.3,
            "energy_wh": 9000.1,
            "last_energy": 1_700_000_000,
        },
        f"nutbridge/990000000012/{segment(DEAD.eqid)}/state": {
            "eqid": "990000001212.1",
            "state": "dead",
            "power_w": None,
            "energy_today_wh": 0.0,
            "energy_wh": 12.0,
            "last_energy": None,
        },
    }


def test_power_of_an_envoy_is_unknown_when_that_of_all_panels_is() -> None:
    (told, _) = states(bounded([ENVOY._replace(panels=(DEAD,))]), TOPICS)
    assert json.loads(told.payload)["power_w"] is None


def test_discovery_reads_what_the_states_tell() -> None:
    """Each sensor names a topic that is told, and a value that is in it."""
    told = bounded([ENVOY])
    known = by_topic(states(told, TOPICS))
    found = list(discovery(told, TOPICS, "1.0"))
    assert len(found) == len(ENVOY_SENSORS) + 2 * len(PANEL_SENSORS)
    assert len({message.topic for message in found}) == len(found)
    keys = {sensor.key for sensor in (*ENVOY_SENSORS, *PANEL_SENSORS)}
    for message in found:
        config = json.loads(message.payload)
        name = message.topic.split("/")[-2]
        (key,) = [key for key in keys if name.endswith(key) and key in name][:1] or [""]
        assert key, name
        assert any(f"value_json.{key}" in config["value_template"] for key in keys)
        assert config["state_topic"] in known
        assert config["availability_topic"] == "nutbridge/status"


def test_energy_of_today_is_the_only_counter_of_home_assistant() -> None:
    """What arrives late for an earlier day must not be credited to today."""
    counters = {
        json.loads(message.payload)["value_template"]
        for message in discovery(bounded([ENVOY]), TOPICS, "1.0")
        if json.loads(message.payload).get("state_class")
        in {"total", "total_increasing"}
    }
    assert counters == {"{{ value_json.energy_today_wh }}"}


def test_unique_ids_are_unique() -> None:
    other = ENVOY._replace(serial="990000000013")
    found = list(discovery(bounded([ENVOY, other]), TOPICS, "1.0"))
    ids = [json.loads(message.payload)["unique_id"] for message in found]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "name",
    ["a/b", "+", "#", 'quote"', "line\nbreak", "Küche", "a b", "", "x" * 80, "\ud800"],
)
def test_odd_name_is_one_level_of_a_topic(name: str) -> None:
    shown = segment(name)
    assert shown
    assert shown.isascii()
    assert not set(shown) & set('/+# "\n')


@given(st.lists(st.text(max_size=70), unique=True, max_size=20))
def test_two_names_stay_two(names: list[str]) -> None:
    assert len({segment(name) for name in names}) == len(names)


def test_panel_that_is_gone_is_taken_back() -> None:
    """All of its sensors, and last its state: a run that dies before begins anew."""
    before = bounded([ENVOY])
    seen = [message.topic for message in states(before, TOPICS)]
    now = bounded([ENVOY._replace(panels=(GOOD,))])
    gone = list(removals([*seen, "nutbridge/status", "other/x/state"], now, TOPICS))
    still = {message.topic for message in discovery(now, TOPICS, "1.0")}
    were = {message.topic for message in discovery(before, TOPICS, "1.0")}
    assert {message.topic for message in gone[:-1]} == were - still
    assert gone[-1] == Message(
        f"nutbridge/990000000012/{segment(DEAD.eqid)}/state", b""
    )
    assert all(message.payload == b"" for message in gone)


def test_envoy_that_is_gone_is_taken_back() -> None:
    before = bounded([ENVOY])
    seen = [message.topic for message in states(before, TOPICS)]
    gone = {message.topic for message in removals(seen, [], TOPICS)}
    were = {message.topic for message in discovery(before, TOPICS, "1.0")}
    assert gone == were | set(seen)


@pytest.mark.parametrize(
    "topic",
    ["nutbridge/a/b/c/state", "nutbridge//state", "x/a/state", "nutbridge/a b/state"],
)
def test_what_is_not_ours_is_left_alone(topic: str) -> None:
    assert list(removals([topic], [], TOPICS)) == []


def test_thousands_of_panels_are_bounded() -> None:
    many = tuple(GOOD._replace(eqid=f"{n}.1") for n in range(5000))
    told = bounded([ENVOY._replace(panels=many), ENVOY], 100)
    assert [len(one.panels) for one in told] == [98, 0]
    (whole, *_) = states(told, TOPICS)
    assert json.loads(whole.payload)["panels"] == 5000


def test_thousands_of_envoys_are_bounded() -> None:
    assert len(bounded([ENVOY] * 5000, 100)) == 100


def test_payloads_of_thousands_of_panels_are_small() -> None:
    """Brokers refuse long ones; no payload grows with the number of panels."""
    odd = 'x"\\/\n' * 12
    many = tuple(GOOD._replace(eqid=f"{n}.{odd}"[:64]) for n in range(5000))
    told = bounded([ENVOY._replace(panels=many)])
    found = [*states(told, TOPICS), *discovery(told, TOPICS, "1.0")]
    assert len(found) <= 1000 * (1 + max(len(ENVOY_SENSORS), len(PANEL_SENSORS)))
    assert max(len(message.payload) for message in found) < 2048
    assert max(len(message.topic) for message in found) < 256
    assert len({message.topic for message in found}) == len(found)


def test_removal_of_thousands_of_panels_is_bounded_too() -> None:
    many = tuple(GOOD._replace(eqid=f"{n}.1") for n in range(5000))
    before = bounded([ENVOY._replace(panels=many)])
    seen = [message.topic for message in states(before, TOPICS)]
    gone = list(removals(seen, bounded([ENVOY._replace(panels=())]), TOPICS))
    assert len(gone) == 999 * (1 + len(PANEL_SENSORS))
