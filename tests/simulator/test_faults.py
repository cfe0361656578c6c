"""Every scripted failure does to a client what its name says."""

import http.client
import json
import math
import socket
import threading
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from nutbridge.net.wire import Answer
from nutbridge.simulator.messages import Incoming, Line, Reply
from tests.fakes import failures, spoil
from tests.fakes.client import Client
from tests.fakes.faults import ENDLESS, FAULTS, ODD_VALUES, Faults
from tests.fakes.fixtures import RunningGateway
from tests.nut.harness import SOON_S, wait_until

RELAY = "/ivp/ensemble/relay"
LIVE = "/ivp/livedata/status"

BROKEN = ["no-answer", "reset", "cut", "garbage"]
SILENT = sorted(ENDLESS)
BIG = ["huge", "huge-chunked"]
STATUS = {"401": 401, "403": 403, "404": 404, "500": 500, "503": 503}
STATUS |= {"redirect": 302, "redirect-to-self": 301}
USELESS = [
    name for name in FAULTS if name not in {*BROKEN, *SILENT, *BIG, *STATUS, "cut-head"}
]


def ask(running: RunningGateway, path: str = RELAY, timeout: float = SOON_S) -> Answer:
    with Client(running.server, token=running.token) as client:
        client.connection.timeout = timeout
        return client.ask(path)


def fine(_asked: Incoming) -> Reply:
    return Reply(body=b'{"fine":1}')


def statuses(faults: Faults, *paths: str) -> list[int]:
    return [faults(Incoming("GET", path)).status for path in paths]


def test_faults_always_until_cleared() -> None:
    faults = Faults(fine)
    faults.always(failures.status(503))
    assert statuses(faults, "/a", "/b") == [503, 503]
    faults.clear()
    assert statuses(faults, "/a", "/b") == [200, 200]


def test_faults_for_one_path() -> None:
    faults = Faults(fine)
    faults.always(failures.status(503))
    faults.always(failures.status(403), "/a", "/b")
    assert statuses(faults, "/a", "/b", "/c") == [403, 403, 503]
    faults.clear("/a")
    assert statuses(faults, "/a", "/b", "/c") == [503, 403, 503]


def test_faults_once_in_order() -> None:
    faults = Faults(fine)
    faults.once(failures.status(503), None, failures.status(500))
    assert faults.left == 3
    assert statuses(faults, "/a", "/b", "/c", "/d") == [503, 200, 500, 200]
    assert faults.left == 0


def test_faults_once_for_a_path_leaves_the_others() -> None:
    faults = Faults(fine)
    faults.once(failures.status(503), path="/a")
    faults.always(failures.status(500))
    assert statuses(faults, "/b", "/a", "/a") == [500, 503, 500]


def test_faults_once_for_a_path_goes_first() -> None:
    faults = Faults(fine)
    faults.once(failures.status(500))
    faults.once(failures.status(503), path="/a")
    assert statuses(faults, "/a", "/a", "/a") == [503, 500, 200]


@pytest.mark.parametrize("name", STATUS)
def test_fault_with_a_status(standin_gateway: RunningGateway, name: str) -> None:
    standin_gateway.faults.always(FAULTS[name])
    assert ask(standin_gateway).status == STATUS[name]


@pytest.mark.parametrize("name", USELESS)
def test_fault_with_a_useless_body(standin_gateway: RunningGateway, name: str) -> None:
    standin_gateway.faults.always(FAULTS[name])
    got = ask(standin_gateway)
    assert got.status == 200
    with pytest.raises((ValueError, RecursionError)):
        json.loads(got.body.decode())


@pytest.mark.parametrize("name", BROKEN)
def test_fault_that_breaks_the_connection(
    standin_gateway: RunningGateway, name: str
) -> None:
    standin_gateway.faults.once(FAULTS[name])
    with pytest.raises((http.client.HTTPException, OSError)):
        ask(standin_gateway)
    assert ask(standin_gateway).status == 200


def test_fault_reset_gives_no_answer(standin_gateway: RunningGateway) -> None:
    standin_gateway.faults.once(FAULTS["reset"])
    with pytest.raises(ConnectionResetError):
        ask(standin_gateway)


def test_reset_is_no_orderly_end() -> None:
    """Without TLS: Python 3.11's ssl shows a reset as the end of the stream."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
        with client, connection:
            with pytest.raises(ConnectionResetError, match="scripted"):
                Line(connection, threading.Event()).reset()
            connection.close()
            with pytest.raises(ConnectionResetError):
                client.recv(1)


def test_fault_cut_head_has_no_body(standin_gateway: RunningGateway) -> None:
    """http.client takes the end of the stream for the end of the headers."""
    standin_gateway.faults.once(FAULTS["cut-head"])
    got = ask(standin_gateway)
    assert got.body == b""
    assert "content-length" not in got.headers


@pytest.mark.parametrize("name", SILENT)
def test_fault_that_outlasts_a_client(
    standin_gateway: RunningGateway, name: str
) -> None:
    """Reading never ends, though a dripping body feeds every single read."""
    standin_gateway.faults.once(FAULTS[name])
    with Client(standin_gateway.server, token=standin_gateway.token) as client:
        client.be_impatient(0.05)
        with pytest.raises(TimeoutError):
            client.ask(RELAY)
    # Where the client gave up first, the next one must not meet the fault.
    wait_until(lambda: standin_gateway.faults.left == 0, SOON_S, "the fault")
    assert ask(standin_gateway).status == 200


@pytest.mark.parametrize("name", BIG)
def test_fault_with_a_huge_body(standin_gateway: RunningGateway, name: str) -> None:
    standin_gateway.faults.once(FAULTS[name])
    assert len(ask(standin_gateway).body) == failures.HUGE_BYTES


def test_fault_slow_and_drop_after_are_good_answers(
    standin_gateway: RunningGateway,
) -> None:
    standin_gateway.faults.once(failures.slow(0.01), failures.drop_after)
    assert ask(standin_gateway).status == 200
    with Client(standin_gateway.server, token=standin_gateway.token) as client:
        assert client.ask(RELAY).status == 200
        client.connection.auto_open = 0
        with pytest.raises((http.client.HTTPException, OSError)):
            client.ask(RELAY)


def test_fault_closed_port(standin_gateway: RunningGateway) -> None:
    standin_gateway.server.refuse()
    with pytest.raises(ConnectionRefusedError):
        ask(standin_gateway)
    standin_gateway.server.listen()
    assert ask(standin_gateway).status == 200


def spoiled(name: str, body: bytes) -> bytes:
    return ODD_VALUES[name](
        Incoming("GET", RELAY), lambda _asked: Reply(body=body)
    ).body


NUMBERS = b'{"a": 1, "b":[2.5,-3], "c":{"d":{"x":"4"}}}'


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("1e999", {"a": math.inf, "b": [math.inf] * 2, "c": {"d": {"x": "4"}}}),
        ("-1e999", {"a": -math.inf, "b": [-math.inf] * 2, "c": {"d": {"x": "4"}}}),
        ("negative", {"a": -7, "b": [-7, -7], "c": {"d": {"x": "4"}}}),
        ("true", {"a": True, "b": [True, True], "c": {"d": {"x": "4"}}}),
        ("null", {"a": None, "b": [None, None], "c": {"d": {"x": "4"}}}),
        ("number-strings", {"a": "1", "b": ["2.5", "-3"], "c": {"d": {"x": "4"}}}),
        ("lists-for-objects", [1, [2.5, -3], [["4"]]]),
        (
            "objects-for-lists",
            {"a": 1, "b": {"0": 2.5, "1": -3}, "c": {"d": {"x": "4"}}},
        ),
        ("doctype", {"a": 1, "b": [2.5, -3], "c": {"d": {"x": "4"}}}),
        ("wrong-serial", {"a": 1, "b": [2.5, -3], "c": {"d": {"x": "4"}}}),
    ],
)
def test_odd_values(name: str, wanted: Any) -> None:
    assert json.loads(spoiled(name, NUMBERS)) == wanted


def test_odd_value_nan() -> None:
    assert math.isnan(json.loads(spoiled("nan", NUMBERS))["a"])


def test_odd_value_with_thousands_of_digits() -> None:
    """Python itself refuses to read such an integer."""
    with pytest.raises(ValueError, match="4300 digits"):
        json.loads(spoiled("thousands-of-digits", NUMBERS))


@pytest.mark.parametrize("name", ODD_VALUES)
def test_odd_value_changes_some_answer(
    standin_gateway: RunningGateway, name: str
) -> None:
    """No entry of the table is without effect."""
    changed = []
    for path in (LIVE, "/info", RELAY, "/ivp/meters"):
        standin_gateway.faults.clear()
        good = ask(standin_gateway, path).body
        standin_gateway.faults.always(ODD_VALUES[name])
        changed.append(ask(standin_gateway, path).body != good)
    assert any(changed)


def test_odd_values_of_info(standin_gateway: RunningGateway) -> None:
    info = ask(standin_gateway, "/info").body
    version = ET.fromstring(spoiled("control-version", info)).findtext(
        "device/software"
    )
    assert version is not None
    assert "\n" in version
    assert '"#\\' in version
    with pytest.raises(ET.ParseError):
        ET.fromstring(spoiled("raw-control-version", info))
    assert b"<!DOCTYPE" in spoiled("doctype", info)
    assert b"122000008888" in spoiled("wrong-serial", info)


def test_odd_strings() -> None:
    found = json.loads(spoiled("odd-strings", b'{"a":"b","c":1}'))
    assert "\x1b" in found["a"]
    assert found["c"] == 1


def test_spoil_deep_bodies_are_balanced() -> None:
    assert spoil.DEEP_JSON.count(b"[") == spoil.DEEP_JSON.count(b"]") == spoil.DEPTH
    assert spoil.DEEP_OBJECTS.count(b"{") == spoil.DEEP_OBJECTS.count(b"}")
