"""The stand-in inverter behaves as the documents say of a real one."""

import json
from typing import Any

import pytest

from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.sma.inverter import SimulatedInverter
from tests.fakes.clock import FakeClock
from tests.fakes.inverter import (
    FOLDERS,
    INSTALLER,
    PASSWORD,
    make_inverter,
)


def post(inverter: SimulatedInverter, name: str, sid: str = "", **body: Any) -> Any:
    data = json.dumps(body).encode()
    query = f"sid={sid}" if sid else ""
    reply = inverter(Incoming("POST", f"/dyn/{name}.json", query, {}, data))
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json;"
    return json.loads(reply.body)


def get(inverter: SimulatedInverter, path: str) -> Reply:
    return inverter(Incoming("GET", path))


def login(inverter: SimulatedInverter, group: str = "usr") -> str:
    password = {"usr": PASSWORD, "istl": INSTALLER}[group]
    answer = post(inverter, "login", **{"right": group, "pass": password})
    return str(answer["result"]["sid"])


@pytest.fixture
def inverter() -> SimulatedInverter:
    return make_inverter("hybrid")


def test_login_and_logout(inverter: SimulatedInverter) -> None:
    sid = login(inverter)
    assert len(sid) == 16
    assert post(inverter, "sessionCheck") == {"result": {"cntFreeSess": 3}}
    assert post(inverter, "logout", sid) == {"result": {"isLogin": False}}
    assert post(inverter, "sessionCheck") == {"result": {"cntFreeSess": 4}}
    assert post(inverter, "logout", sid) == {"err": 401}


@pytest.mark.parametrize(
    "body", [{}, {"right": "usr", "pass": "x"}, {"right": "root", "pass": PASSWORD}]
)
def test_wrong_password_is_no_err(
    inverter: SimulatedInverter, body: dict[str, str]
) -> None:
    assert post(inverter, "login", **body) == {"result": {"sid": None}}


def test_fifth_session_is_refused(inverter: SimulatedInverter) -> None:
    for _ in range(4):
        login(inverter)
    answer = post(inverter, "login", **{"right": "usr", "pass": PASSWORD})
    assert answer == {"err": 503}


def test_session_ends_without_use() -> None:
    clock = FakeClock(0.0)
    inverter = make_inverter("hybrid", clock.boottime)
    inverter.sessions.idle_s = 300.0
    sid = login(inverter)
    clock.now = 299.0
    assert "result" in post(inverter, "getAllOnlValues", sid)
    clock.now = 599.0
    assert post(inverter, "getAllOnlValues", sid) == {"err": 401}


def test_what_is_not_there(inverter: SimulatedInverter) -> None:
    sid = login(inverter)
    assert post(inverter, "getAllOnValues", sid) == {"err": 404}
    assert post(inverter, "setParamValues", sid) == {"err": 404}
    assert post(inverter, "getAllOnlValues") == {"err": 401}
    assert json.loads(get(inverter, "/").body) == {"err": 404}
    assert json.loads(get(inverter, "/data/../x").body) == {"err": 404}
    assert get(inverter, "/data/l10n/../../x.json").body == b""


def test_suffix_is_answered_with_the_whole_array(inverter: SimulatedInverter) -> None:
    answer = post(inverter, "getValues", login(inverter), keys=["6380_40251E00_1"])
    ((_, keys),) = answer["result"].items()
    assert keys == {"6380_40251E00": {"1": [{"val": 0}, {"val": 0}]}}


@pytest.mark.parametrize(
    ("folder", "level"),
    [("pv-only", "1"), ("storage", "7"), ("hybrid", "9"), ("meter", "65")],
)
def test_class_levels(folder: str, level: str) -> None:
    found = make_inverter(folder)
    answer = post(found, "getAllOnlValues", login(found))
    ((_, keys),) = answer["result"].items()
    assert any(level in payload for payload in keys.values())


def test_masked_id(inverter: SimulatedInverter) -> None:
    inverter.mask()
    (name,) = post(inverter, "getAllOnlValues", login(inverter))["result"]
    assert name == "01B8-xxxxxEDF"


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_has_a_real_serial(folder: str) -> None:
    """Ours have 555 in the middle; the id is made of them."""
    found = make_inverter(folder)
    for name, keys in found.params.items():
        payload = keys.get("6800_00A21E00")
        serial = json.dumps(payload)
        assert payload is None or "0550" in serial or "3005550" in serial, name
