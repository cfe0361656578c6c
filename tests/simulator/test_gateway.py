"""The stand-in gateway answers as enphase gateways with firmware 8.3 do."""

import json
from typing import Any

import pytest

from nutbridge.simulator.gateway import SERVER, SimulatedGateway
from nutbridge.simulator.house import SimulatedController, SimulatedHouse
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.tokens import make_token
from tests.fakes.client import Client
from tests.fakes.fixtures import RunningGateway

NOW = 1_790_000_000.0
HOUSE_SERIAL = "122000000001"
GOOD = make_token(HOUSE_SERIAL, NOW + 86400)


def house(**changes: Any) -> SimulatedHouse:
    return SimulatedHouse(**{"clock": lambda: NOW, **changes})


def ask(
    gateway: SimulatedGateway, path: str, token: str | None = GOOD, **more: Any
) -> Reply:
    headers = dict(more.pop("headers", {}))
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return gateway(Incoming(more.pop("method", "GET"), path, headers=headers, **more))


def read(gateway: SimulatedGateway, path: str) -> Any:
    reply = ask(gateway, path)
    assert reply.status == 200
    return json.loads(reply.body)


def test_gateway_over_https(standin_gateway: RunningGateway) -> None:
    """No Content-Type on /ivp, Server and Date always, one session per client."""
    with Client(standin_gateway.server, token=standin_gateway.token) as client:
        got = client.ask("/ivp/ensemble/relay")
        assert "content-type" not in got.headers
        assert got.headers["server"] == SERVER
        assert got.headers["date"].endswith("GMT")
        cookie = got.headers["set-cookie"].partition(";")[0]
        again = client.ask("/ivp/ensemble/relay", headers={"Cookie": cookie})
        assert "set-cookie" not in again.headers
        standin_gateway.house.lose_grid()
        got = client.ask("/ivp/ensemble/relay", headers={"Cookie": cookie})
    assert json.loads(got.body)["mains_oper_state"] == "open"
    assert standin_gateway.server.counts.connections == 1


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "not.a.token",
        "nonsense",
        make_token(HOUSE_SERIAL, NOW),
        make_token("122000009999", NOW + 86400),
    ],
    ids=["none", "empty", "three-parts", "one-part", "ended", "other-gateway"],
)
def test_gateway_refuses_a_bad_token(token: str | None) -> None:
    gateway = SimulatedGateway(house())
    for path in ("/ivp/ensemble/relay", "/auth/check_jwt", "/nowhere"):
        got = ask(gateway, path, token)
        assert got.status == 401
        assert got.headers["Content-Type"] == "text/html"
        assert got.body.startswith(b"<")
    assert ask(gateway, "/info", token).status == 200
    assert ask(gateway, "/info.xml", token).status == 200


def test_gateway_accepts_listed_tokens_only() -> None:
    gateway = SimulatedGateway(house(tokens={"special"}))
    assert ask(gateway, "/auth/check_jwt", "special").status == 200
    assert ask(gateway, "/auth/check_jwt", GOOD).status == 401


def test_gateway_session_replaces_the_token() -> None:
    gateway = SimulatedGateway(house())
    first = ask(gateway, "/ivp/meters")
    cookie = {"cookie": first.headers["Set-Cookie"].partition(";")[0]}
    assert ask(gateway, "/ivp/meters", None, headers=cookie).status == 200
    gateway.house.clock = lambda: NOW + 599
    assert ask(gateway, "/ivp/meters", None, headers=cookie).status == 200
    gateway.house.clock = lambda: NOW + 599 + 600
    assert ask(gateway, "/ivp/meters", None, headers=cookie).status == 401


def test_gateway_has_few_sessions() -> None:
    gateway = SimulatedGateway(house())
    first = ask(gateway, "/ivp/meters")
    cookie = {"cookie": first.headers["Set-Cookie"].partition(";")[0]}
    for second in range(1, 5):
        gateway.house.clock = lambda late=second: NOW + late  # type: ignore[misc]
        ask(gateway, "/ivp/meters")
    assert ask(gateway, "/ivp/meters", None, headers=cookie).status == 401


def test_gateway_redirects_unknown_paths() -> None:
    got = ask(SimulatedGateway(house()), "/ivp/nothing")
    assert got.status == 301
    assert got.headers["Location"] == "/error.html"


def test_gateway_relay_words_follow_the_house() -> None:
    gateway = SimulatedGateway(house())
    assert read(gateway, "/ivp/ensemble/relay")["Enchg_grid_mode"] == "multimode-ongrid"
    gateway.house.lose_grid()
    relay = read(gateway, "/ivp/ensemble/relay")
    assert relay["mains_oper_state"] == "open"
    assert relay["mains_admin_state"] == "closed"
    assert relay["Enchg_grid_mode"] == "multimode-offgrid"
    gateway.house.generator = True
    mode = read(gateway, "/ivp/ensemble/relay")["Enchg_grid_mode"]
    assert mode == "multimode-generator"
    gateway.house.regain_grid()
    assert read(gateway, "/ivp/ensemble/relay")["mains_oper_state"] == "closed"
    gateway.house.controller = SimulatedController.NONE
    assert read(gateway, "/ivp/ensemble/relay")["Solar_grid_mode"] == "grid-tied"


def test_gateway_relay_post_opens_the_house() -> None:
    """A client that posts to the relay must be seen: the real one obeys."""
    gateway = SimulatedGateway(house())
    body = b'{"mains_admin_state":"open"}'
    assert ask(gateway, "/ivp/ensemble/relay", method="POST", body=body).status == 200
    assert gateway.house.islanded
    bad = ask(gateway, "/ivp/ensemble/relay", method="POST", body=b"[]")
    assert bad.status == 400


def test_gateway_stream_runs_15_minutes_and_then_freezes() -> None:
    gateway = SimulatedGateway(house())
    live = read(gateway, "/ivp/livedata/status")
    assert live["connection"]["sc_stream"] == "disabled"
    assert "info" in live
    assert live["meters"]["last_update"] == NOW - 3600

    on = ask(gateway, "/ivp/livedata/stream", method="POST", body=b'{"enable":1}')
    assert json.loads(on.body) == {"sc_stream": "enabled"}
    gateway.house.load_w = 1500.0
    live = read(gateway, "/ivp/livedata/status")
    assert "info" not in live
    assert live["meters"]["load"]["agg_p_mw"] == 1_500_000

    gateway.house.clock = lambda: NOW + 901
    gateway.house.load_w = 2000.0
    live = read(gateway, "/ivp/livedata/status")
    assert live["connection"]["sc_stream"] == "disabled"
    assert live["meters"]["load"]["agg_p_mw"] == 1_500_000
    assert live["meters"]["last_update"] == NOW


@pytest.mark.parametrize("body", [b"", b"enable=1", b"[]", b'{"enable":"yes"}'])
def test_gateway_stream_refuses_a_malformed_body(body: bytes) -> None:
    gateway = SimulatedGateway(house())
    got = ask(gateway, "/ivp/livedata/stream", method="POST", body=body)
    assert got.status == 400
    assert not gateway.house.stream_on


def test_gateway_stream_can_be_switched_off() -> None:
    gateway = SimulatedGateway(house())
    gateway.house.start_stream()
    body = b'{"enable":0}'
    got = ask(gateway, "/ivp/livedata/stream", method="POST", body=body)
    assert json.loads(got.body) == {"sc_stream": "disabled"}
    assert not gateway.house.stream_on


def test_gateway_livedata_has_duplicate_keys() -> None:
    body = ask(SimulatedGateway(house()), "/ivp/livedata/status").body
    pairs: list[list[tuple[str, Any]]] = []
    json.loads(body, object_pairs_hook=pairs.append)
    assert [key for key, _ in next(p for p in pairs if p and p[0][0] == "")] == ["", ""]


def test_gateway_in_an_outage_has_no_watts_in_its_meters() -> None:
    gateway = SimulatedGateway(house())
    gateway.house.start_stream()
    gateway.house.lose_grid()
    watts = [
        report["cumulative"]["currW"] for report in read(gateway, "/ivp/meters/reports")
    ]
    assert watts == [0.0, 0.0, 0.0]
    live = read(gateway, "/ivp/livedata/status")["meters"]
    assert live["load"]["agg_p_mw"] == live["storage"]["agg_p_mw"] == 734_000
    power = read(gateway, "/ivp/ensemble/power")["devices:"]
    assert sum(device["real_power_mw"] for device in power) == 734_000


def test_gateway_just_restarted_knows_no_battery() -> None:
    gateway = SimulatedGateway(house(ready=False))
    secctrl = read(gateway, "/ivp/ensemble/secctrl")
    assert secctrl["agg_soc"] == secctrl["Enc_max_available_capacity"] == 0
    assert read(gateway, "/ivp/ensemble/inventory") == []
    assert read(gateway, "/ivp/ensemble/power") == {"devices:": []}


@pytest.mark.parametrize("phases", [1, 2, 3])
def test_gateway_reports_have_a_line_per_phase(phases: int) -> None:
    gateway = SimulatedGateway(house(phases=phases, pv_w=1200.0))
    for report in read(gateway, "/ivp/meters/reports"):
        assert len(report["lines"]) == phases
        lines = [line["currW"] for line in report["lines"]]
        assert report["cumulative"]["currW"] == pytest.approx(sum(lines), abs=0.01)
    for reading in read(gateway, "/ivp/meters/readings"):
        assert len(reading["channels"]) == 3


def test_gateway_with_a_collar() -> None:
    gateway = SimulatedGateway(house(controller=SimulatedController.COLLAR))
    groups = read(gateway, "/ivp/ensemble/inventory")
    assert [group["type"] for group in groups] == ["ENCHARGE", "COLLAR"]
    collar = groups[1]["devices"][0]
    assert collar["admin_state_str"] == "ENCMN_MDE_ON_GRID"
    assert collar["mid_state"] == "close"
    gateway.house.lose_grid()
    collar = read(gateway, "/ivp/ensemble/inventory")[1]["devices"][0]
    assert collar["admin_state_str"] == "ENCMN_MDE_OFF_GRID"
    assert collar["mid_state"] == "open"
    assert collar["grid_state"] == "on_grid"
