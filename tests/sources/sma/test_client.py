"""The Webconnect client against the stand-in: session, errors, secrets."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NoFreeSession,
    NotWebconnect,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.simulator.messages import Reply
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.inverter import (
    HANG,
    err,
    html_page,
    json_reply,
    to_https,
)
from nutbridge.sources.sma.webconnect import keys
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.sources.sma.webconnect.connect import connect
from tests.fakes import failures
from tests.fakes.failures import Fault
from tests.fakes.faults import ENDLESS, FAULTS, Faults
from tests.fakes.inverter import (
    INSTALLER,
    PASSWORD,
    RunningInverter,
    make_inverter,
)

Run = Callable[..., RunningInverter]
SOC = "6100_00295A00"
VALUES = "/dyn/getValues.json"


def client_of(running: RunningInverter, password: str = PASSWORD) -> Webconnect:
    return connect(running.host, password=password, timeout_s=10.0)


def test_one_session_serves_all_requests(hybrid: RunningInverter) -> None:
    client = client_of(hybrid)
    client.login()
    for _ in range(3):
        client.get_values([SOC])
    client.online_values()
    client.param_values()
    assert hybrid.logins == 1
    assert hybrid.sessions == 1
    client.logout()
    assert hybrid.sessions == 0
    assert not client.logged_in
    assert hybrid.server.counts.connections == 1
    client.close()


def test_values_come_as_sent(hybrid: RunningInverter) -> None:
    client = client_of(hybrid)
    found = client.get_values([SOC, "6800_00893700", "no such key"])
    assert isinstance(found, dict)
    (keys,) = found.values()
    assert set(keys) == {SOC, "6800_00893700"}
    assert keys[SOC] == {"9": [{"val": 62}]}
    client.logout()


def test_group_decides_what_is_seen(hybrid: RunningInverter) -> None:
    key = "6182_08497600"
    user = client_of(hybrid)
    assert key not in json.dumps(user.online_values())
    installer = connect(hybrid.host, password=INSTALLER, group="istl", timeout_s=10.0)
    assert key in json.dumps(installer.online_values())
    user.logout()
    installer.logout()
    assert hybrid.sessions == 0


def test_expired_session_is_made_anew_once(hybrid: RunningInverter) -> None:
    client = client_of(hybrid)
    client.login()
    hybrid.inverter.sessions.entries.clear()
    client.get_values([SOC])
    assert hybrid.logins == 2
    assert hybrid.sessions == 1
    client.logout()


@pytest.mark.parametrize("kept", [True, False], ids=["old session", "no session"])
def test_session_refused_again_is_given_up_and_ended(
    hybrid: RunningInverter, kept: bool
) -> None:
    """A login per poll would fill the table of four."""
    client = client_of(hybrid)
    if kept:
        client.login()
    hybrid.inverter.replies[VALUES] = err(401)
    with pytest.raises(SessionRefused):
        client.get_values([SOC])
    assert hybrid.logins == (2 if kept else 1)
    # The one of before the err 401 may have lived all the same.
    assert hybrid.sessions == 0


def test_full_table_is_its_own_error(hybrid: RunningInverter) -> None:
    others = [client_of(hybrid) for _ in range(4)]
    for other in others:
        other.login()
    with pytest.raises(NoFreeSession, match="no free session"):
        client_of(hybrid).login()
    assert client_of(hybrid).free_sessions() == 0
    others[0].logout()
    assert client_of(hybrid).free_sessions() == 1
    client_of(hybrid).login()


@pytest.mark.parametrize(("password", "group"), [("wrong", "usr"), (PASSWORD, "istl")])
def test_wrong_password_or_group(
    hybrid: RunningInverter, password: str, group: str
) -> None:
    client = connect(hybrid.host, password=password, group=group, timeout_s=10.0)
    with pytest.raises(PasswordRefused, match=f"wrong password, or group {group}"):
        client.get_values([SOC])
    assert hybrid.sessions == 0


ODD: dict[str, tuple[Reply, type[Exception]]] = {
    "err 404": (err(404), NotWebconnect),
    "html": (html_page(), NotWebconnect),
    "404": (html_page(404), NotWebconnect),
    "redirect": (to_https("x"), NotWebconnect),
    "no json": (Reply(body=b"{"), NotWebconnect),
    "nothing": (Reply(), NotWebconnect),
    "500": (html_page(500), DeviceAnswerError),
    "err 503": (err(503), NoFreeSession),
    "err in an object": (err({"a": [{"code": 503}]}), NoFreeSession),
    "err as a text": (err("503"), NoFreeSession),
    "err in an object as a text": (err({"t": "busy", "code": "503"}), NoFreeSession),
    "err as a float": (err(503.0), NoFreeSession),
    "err text": (err("x"), DeviceAnswerError),
    "err null": (err(None), DeviceAnswerError),
    "err beside a result": (json_reply({"err": 7, "result": {}}), DeviceAnswerError),
    "no result": (json_reply({}), DeviceAnswerError),
    "list": (json_reply([1]), DeviceAnswerError),
}


@pytest.mark.parametrize("path", ["/dyn/login.json", VALUES])
@pytest.mark.parametrize(("reply", "kind"), ODD.values(), ids=ODD)
def test_odd_answers_are_errors(
    hybrid: RunningInverter, path: str, reply: Reply, kind: type[Exception]
) -> None:
    client = client_of(hybrid)
    hybrid.inverter.replies[path] = reply
    if path == VALUES and kind is NoFreeSession:
        # There is a session: "no free session" would send people to the wrong end.
        kind = DeviceAnswerError
    with pytest.raises(kind) as raised:
        client.get_values([SOC])
    assert (raised.type is NoFreeSession) == (kind is NoFreeSession)
    hybrid.inverter.replies.clear()
    client.get_values([SOC])
    assert hybrid.sessions == 1


def test_labels_without_values(
    hybrid: RunningInverter, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a unit is asked for everything, and that is said once."""
    caplog.set_level(logging.INFO, "nutbridge")
    client = client_of(hybrid)
    labels: dict[str, Any] = {
        "01B8-xxxxx7A0": {key: {"9": [{}]} for key in keys.UPS_KEYS}
    }
    hybrid.inverter.replies[VALUES] = json_reply({"result": labels})
    for _ in range(4):
        found = client.complete(client.read())
    assert (found.soc_pct, found.serial, found.nominal_w) == (62, "3005550303", 6000)
    assert (hybrid.polls, hybrid.logins) == (1, 1)
    assert hybrid.asked("/dyn/getAllOnlValues.json") == 4
    assert hybrid.asked("/dyn/getAllParamValues.json") == 1
    assert caplog.text.count("getAllOnlValues is asked instead") == 1


def test_parameters_that_get_values_does_not_know(hybrid: RunningInverter) -> None:
    """They come from getAllParamValues, once: capacity, rating, serial number."""
    said = hybrid.inverter
    client = client_of(hybrid)
    (device,) = said.params
    params = said.params[device]
    said.params[device] = {}
    client.read()
    assert client.complete(client.read()).serial is None
    said.replies["/dyn/getAllParamValues.json"] = json_reply(
        {"result": {device: params}}
    )
    for _ in range(5):
        found = client.complete(client.read())
    assert (found.serial, found.nominal_w, found.rated_wh) == (
        "3005550303",
        6000,
        10200,
    )
    assert found.soc_pct == 62
    assert hybrid.asked("/dyn/getAllParamValues.json") == 2
    assert not hybrid.asked("/dyn/getAllOnlValues.json")


def test_labels_without_values_after_a_login(hybrid: RunningInverter) -> None:
    """Another device may have the address now."""
    client = client_of(hybrid)
    hybrid.inverter.replies[VALUES] = json_reply({"result": {"a": {SOC: {"9": []}}}})
    assert client.complete(client.read()).serial == "3005550303"
    hybrid.inverter.set(keys.SERIAL, 3005550999)
    hybrid.inverter.sessions.entries.clear()
    assert client.complete(client.read()).serial == "3005550999"


def test_labels_without_values_and_no_parameters(hybrid: RunningInverter) -> None:
    """Err 503 to the parameters is no reason for a second login."""
    client = client_of(hybrid)
    hybrid.inverter.replies[VALUES] = json_reply({"result": {"a": {SOC: {"9": []}}}})
    hybrid.inverter.replies["/dyn/getAllParamValues.json"] = err(503)
    for _ in range(9):
        found = client.complete(client.read())
    assert (found.soc_pct, found.serial) == (62, None)
    assert hybrid.logins == 1
    assert hybrid.asked("/dyn/getAllParamValues.json") == 3


def test_labels_without_values_and_parameters_that_are_forbidden(
    hybrid: RunningInverter,
) -> None:
    """Err 401 to the parameters ends no session: the values need it."""
    client = client_of(hybrid)
    hybrid.inverter.replies[VALUES] = json_reply({"result": {"a": {SOC: {"9": []}}}})
    hybrid.inverter.replies["/dyn/getAllParamValues.json"] = err(401)
    for _ in range(9):
        assert client.complete(client.read()).soc_pct == 62
    assert hybrid.logins == 1


def nulls(hybrid: RunningInverter) -> Reply:
    (device,) = hybrid.inverter.online
    said = {key: {"9": [{"val": None}]} for key in keys.UPS_KEYS}
    return json_reply({"result": {device: said}})


def test_no_value_for_a_moment_is_no_habit(hybrid: RunningInverter) -> None:
    """An inverter that starts has none; its parameters come with getValues alone."""
    client = client_of(hybrid)
    client.read()
    hybrid.inverter.replies[VALUES] = nulls(hybrid)
    hybrid.inverter.replies["/dyn/getAllParamValues.json"] = err(503)
    client.complete(client.read())
    del hybrid.inverter.replies[VALUES]
    for _ in range(61):
        found = client.complete(client.read())
    assert (found.serial, found.nominal_w) == ("3005550303", 6000)
    polls = hybrid.polls
    client.read()
    assert hybrid.polls == polls + 1


@pytest.mark.parametrize("reply", [err(503), html_page(), "nulls"])
def test_no_value_for_a_moment_and_nothing_else_either(
    hybrid: RunningInverter, reply: Reply | str
) -> None:
    """What refuses everything, or has no values at all, is asked for few again."""
    client = client_of(hybrid)
    hybrid.inverter.replies[VALUES] = nulls(hybrid)
    online = nulls(hybrid) if isinstance(reply, str) else reply
    hybrid.inverter.replies["/dyn/getAllOnlValues.json"] = online
    try:
        assert client.read().soc_pct is None
    except DeviceAnswerError:
        assert not isinstance(reply, str)
    del hybrid.inverter.replies[VALUES]
    assert client.read().soc_pct == 62


@pytest.mark.parametrize("sid", [None, 5, "", "x" * 300, ["a"]])
def test_odd_session_ids(hybrid: RunningInverter, sid: object) -> None:
    hybrid.inverter.replies["/dyn/login.json"] = json_reply({"result": {"sid": sid}})
    with pytest.raises(DeviceAnswerError):
        client_of(hybrid).login()


def test_session_id_is_encoded_in_the_url(hybrid: RunningInverter) -> None:
    hybrid.inverter.sessions.alphabet = "&=#? %+/"
    client = client_of(hybrid)
    client.get_values([SOC])
    (sid,) = hybrid.inverter.sessions.entries
    assert hybrid.server.counts.recent[-1].query == f"sid={quote(sid, safe='')}"


def test_redirect_takes_the_password_nowhere(
    hybrid: RunningInverter, run_inverter: Run
) -> None:
    other = run_inverter()
    hybrid.inverter.replies[""] = to_https(other.host)
    with pytest.raises(NotWebconnect) as caught:
        client_of(hybrid).login()
    assert caught.value.redirected
    assert other.server.counts.connections == 0


def test_plain_http(run_inverter: Run) -> None:
    old = run_inverter("old-flat", tls=False)
    client = connect(old.host, password=PASSWORD, scheme="http", timeout_s=10.0)
    assert "012F-" in json.dumps(client.online_values())
    assert client.fingerprint is None
    client.logout()
    assert old.sessions == 0


def test_other_certificate_gets_nothing(hybrid: RunningInverter) -> None:
    client = connect(
        hybrid.host, password=PASSWORD, fingerprint="0" * 64, timeout_s=10.0
    )
    with pytest.raises(CertificateChanged):
        client.login()
    assert not hybrid.server.counts.recent
    right = connect(
        hybrid.host,
        password=PASSWORD,
        fingerprint=hybrid.server.fingerprint,
        timeout_s=10.0,
    )
    right.login()
    assert right.fingerprint == hybrid.server.fingerprint


def test_files_need_no_session(hybrid: RunningInverter) -> None:
    client = client_of(hybrid)
    hybrid.inverter.replies["/data/l10n/xx.json"] = Reply(body=b"{}")
    assert client.fetch("/data/l10n/xx.json") == b"{}"
    assert hybrid.logins == 0
    hybrid.inverter.replies[""] = html_page(404)
    with pytest.raises(DeviceAnswerError):
        client.fetch("/data/ObjectMetadata_Istl.json")


def test_file_over_8_mib_is_refused(hybrid: RunningInverter) -> None:
    hybrid.inverter.replies["/data/x"] = Reply(body=b" " * (8 * 2**20 + 1))
    with pytest.raises(DeviceUnreachable, match="larger than 8 MiB"):
        client_of(hybrid).fetch("/data/x")


@pytest.mark.parametrize("level", [logging.DEBUG, 5], ids=["-d", "-dd"])
def test_secrets_are_in_no_line_repr_or_error(
    hybrid: RunningInverter, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level, "nutbridge")
    client = client_of(hybrid)
    client.get_values([SOC])
    (sid,) = hybrid.inverter.sessions.entries
    client.param_values()
    hybrid.inverter.replies[""] = HANG
    short = connect(hybrid.host, password=PASSWORD, timeout_s=0.2)
    with pytest.raises(DeviceUnreachable) as caught:
        short.login()
    assert caught.value.sent
    hybrid.inverter.replies.clear()
    client.logout()
    told = f"{caplog.text} {client!r} {caught.value!r} {short!r}"
    assert PASSWORD not in told
    assert sid not in told
    # Parameters hold passwords, which no table finds.
    assert "6800_10841E00" not in told
    assert (SOC in caplog.text) == (level == 5)


def test_logout_without_an_answer_is_no_error(hybrid: RunningInverter) -> None:
    client = client_of(hybrid)
    client.login()
    hybrid.server.refuse()
    client.logout()
    assert not client.logged_in


@pytest.mark.parametrize(
    "fault",
    [
        *(failures.replaced(err(number).body) for number in (503, 404)),
        *(failures.status(500), failures.no_answer),
    ],
)
def test_logout_that_fails_is_tried_again(fault: Fault) -> None:
    """Nobody else can end the session."""
    inverter = make_inverter("hybrid")
    faults = Faults(inverter)
    faults.once(fault, path="/dyn/logout.json")
    with Server(faults) as server:
        host = f"{LOOPBACK}:{server.port}"
        client = connect(host, password=PASSWORD, timeout_s=10.0)
        client.login()
        client.logout()
        assert not faults.left
        assert not inverter.sessions.entries
        client.close()


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - ENDLESS))
def test_every_fault_is_an_error_and_passes(name: str) -> None:
    """The table of all wires; silence is in test_daemon.py."""
    faults = Faults(make_inverter("hybrid"))
    with Server(faults) as server:
        host = f"{LOOPBACK}:{server.port}"
        client = connect(host, password=PASSWORD, timeout_s=10.0)
        assert client.get_values([SOC])
        faults.always(FAULTS[name], VALUES)
        with pytest.raises(DeviceError):
            client.get_values([SOC])
        faults.clear()
        assert client.get_values([SOC])
        client.logout()
        client.close()
