"""TEST mode: the round of stages and the bodies made from the TEST_ keys."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.daemon.playback.cycle import (
    CYCLE,
    CYCLE_S,
    fill,
    issue_token,
    live_body,
    secctrl_template,
    soc_pct,
    stage_at,
)
from nutbridge.sources.enphase.claims import parse_token
from tests.sources.enphase.tokens import token

NOW = 1800000000.0


def test_cycle_order() -> None:
    """The seed: online -> nocomms -> online -> onbatt -> lowbatt, repeated."""
    names = [stage.name for stage in CYCLE]
    assert names == ["online", "nocomms", "online", "onbatt", "lowbatt"]
    seen = [stage_at(second).name for second in range(int(2 * CYCLE_S))]
    changes = [name for name, _ in itertools.groupby(seen)]
    assert changes == names * 2


def test_cycle_is_long_enough_to_be_seen() -> None:
    """OL stays 30 s after an OB before it may be hidden; no LB in the first 30 s."""
    seconds = {stage.name: stage.seconds for stage in CYCLE}
    assert seconds["nocomms"] > 30 + 5
    assert seconds["onbatt"] > 30


@pytest.mark.parametrize(
    ("elapsed_s", "name"),
    [
        (0, "online"),
        (11.9, "online"),
        (12, "nocomms"),
        (52, "online"),
        (64, "onbatt"),
        (98, "lowbatt"),
        (111.9, "lowbatt"),
        (112, "online"),
        (1e9 * 112, "online"),
    ],
)
def test_stage_at(elapsed_s: float, name: str) -> None:
    assert stage_at(elapsed_s).name == name


def test_stage_relay_and_charge() -> None:
    found = {stage.name: (stage.relay, soc_pct(stage, 25.0)) for stage in CYCLE}
    assert found == {
        "online": ("closed", 100),
        "nocomms": (None, 100),
        "onbatt": ("open", 90),
        "lowbatt": ("open", 24),
    }
    assert soc_pct(CYCLE[-1], 0.5) == 0


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"soc":"@BATT_SOC@"}', '{"soc":89.5}'),
        ('{"soc":@BATT_SOC@}', '{"soc":89.5}'),
        ('{"mains_oper_state":"@RELAY_STATE@"}', '{"mains_oper_state":"open"}'),
        ("<x/>", "<x/>"),
    ],
)
def test_fill(template: str, body: str) -> None:
    assert fill(template, "open", 89.5) == body


def test_live_body_of_one_level() -> None:
    """The seed's form for TEST_LIVE."""
    body, epoch_s = live_body('{"soc":90}', NOW)
    live = json.loads(body)
    assert live["meters"] == {"soc": 90, "last_update": NOW}
    assert live["connection"]["sc_stream"] == "enabled"
    assert epoch_s == NOW


def test_live_body_recorded_with_the_stream_off() -> None:
    """What a real gateway said last year is as good as new."""
    recorded = {
        "connection": {"mqtt_state": "connected", "sc_stream": "disabled"},
        "info": "Last available status data shown. Live stream not enabled",
        "meters": {"last_update": 1739391123, "soc": 50},
    }
    body, epoch_s = live_body(json.dumps(recorded), NOW)
    live = json.loads(body)
    assert epoch_s == live["meters"]["last_update"] == 1739391123
    assert live["connection"] == {"mqtt_state": "connected", "sc_stream": "enabled"}
    assert "info" not in live


@pytest.mark.parametrize("odd", [None, True, "1739391123", 0, -1, 1e300])
def test_live_body_without_a_usable_time(odd: object) -> None:
    body, epoch_s = live_body(json.dumps({"meters": {"last_update": odd}}), NOW)
    assert json.loads(body)["meters"]["last_update"] == epoch_s == NOW


@pytest.mark.parametrize("body", ["", "[]", "{", "<html>", '"x"', "[" * 100000])
def test_live_body_leaves_junk_to_the_parser(body: str) -> None:
    assert live_body(body, NOW) == (body, NOW)


@pytest.mark.parametrize(
    ("secctrl", "live", "kept"),
    [
        ('{"agg_soc":100,"ENC_agg_soc":99,"x":1}', '{"soc":"@BATT_SOC@"}', {"x": 1}),
        ('{"agg_soc":100}', '{"soc":50}', {"agg_soc": 100}),
        ('{"agg_soc":"@BATT_SOC@"}', '"@BATT_SOC@"', {"agg_soc": "@BATT_SOC@"}),
    ],
)
def test_secctrl_charge_gives_way(
    secctrl: str, live: str, kept: dict[str, object]
) -> None:
    """A fixed charge in TEST_SECCTRL must not hide the one that moves."""
    assert json.loads(secctrl_template(secctrl, live)) == kept


def test_secctrl_junk_stays() -> None:
    assert secctrl_template("{", "@BATT_SOC@") == "{"
    assert secctrl_template("", "@BATT_SOC@") == ""


def test_issue_token_moves_its_life_to_now() -> None:
    issued, ends_s = issue_token(
        token({"aud": "1", "iat": NOW - 500, "exp": NOW + 500}), NOW, 0
    )
    claims = parse_token(issued)
    assert (claims.issued_epoch, claims.expires_epoch) == (NOW, NOW + 1000)
    assert ends_s == NOW + 1000
    assert claims.audience == ("1",)


def test_issue_token_each_ends_later() -> None:
    """The renewal refuses a token that ends no later than the old one."""
    text, ends_s = token({"aud": "1", "exp": NOW + 9}), 0.0
    ends = []
    for _ in range(3):
        issued, ends_s = issue_token(text, NOW, ends_s)
        ends.append(parse_token(issued).expires_epoch)
    assert ends == [NOW + 9, NOW + 10, NOW + 11]


def test_issue_token_with_a_clock_before_it() -> None:
    """A Raspberry Pi without a clock believes in 1970."""
    issued, _ = issue_token(token({"iat": NOW, "exp": NOW + 9}), 5.0, 0)
    assert parse_token(issued).expires_epoch == NOW + 9


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "a.b", "a.\u00fc.c", token([]), token({"exp": "soon"})]
)
def test_issue_token_leaves_junk_to_the_renewal(text: str) -> None:
    assert issue_token(text, NOW, 7.0) == (text, 7.0)


@given(st.text(max_size=30), st.floats(0, 100))
def test_bodies_of_any_text_raise_nothing(text: str, charge: float) -> None:
    live_body(fill(text, "open", charge), NOW)
    secctrl_template(text, "@BATT_SOC@")
    issue_token(text, NOW, 0)
    issue_token(f"a.{text}.b", NOW, 0)
