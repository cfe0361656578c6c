"""Who answers at an address is found out before any login."""

import contextlib
import logging
import math

import pytest

from nutbridge.errors import DeviceError, NotWebconnect, UserMissing
from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.wire import Answer
from nutbridge.net.worker import ThreadWaiter
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.inverter import err, html_page, json_reply
from nutbridge.sources.sma.inverter import Account, Family, Inverter, family_of
from nutbridge.system.clock import SystemClock
from tests.fakes.ennexos import (
    LIVE,
    PASSWORD,
    SYSTEM_INFO,
    USER,
    RunningEnnexos,
    ennexos,
    run_ennexos,
)
from tests.fakes.inverter import PASSWORD as USR
from tests.fakes.inverter import RunningInverter

__all__ = ["ennexos", "run_ennexos"]

LOGIN = "/dyn/login.json"


def inverter_at(host: str, password: str = PASSWORD, user: str = USER) -> Inverter:
    clock = SystemClock()
    wire = HttpsDevice(
        host,
        context=PinnedContext(),
        clock=clock,
        waiter=ThreadWaiter(),
        timeout_s=10.0,
    )
    return Inverter(wire, host, Account(password, "usr", user), clock)


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (200, b'{"productFriendlyNameTagId":19130}', Family.ENNEXOS),
        (200, b'{"productFriendlyNameTagId":19130,"more":{}}', Family.ENNEXOS),
        (200, b'{"err":404}', Family.WEBCONNECT),
        (404, b'{"err":404}', Family.WEBCONNECT),
        # A router answers any path with a page, and proves nothing.
        (200, b"<!DOCTYPE html><html></html>", None),
        (200, b'{"productFriendlyNameTagId":true}', None),
        (200, b'{"productFriendlyNameTagId":"19130"}', None),
        (200, b'{"productFriendlyNameTagId":null}', None),
        (200, b'{"productFriendlyNameTagId":1.5}', None),
        (401, b'{"productFriendlyNameTagId":19130}', None),
        (403, b"<html>", None),
        (200, b'[{"productFriendlyNameTagId":19130}]', None),
        (200, b"", None),
    ],
)
def test_what_proves_a_family(status: int, body: bytes, wanted: Family | None) -> None:
    assert family_of(Answer(status, {}, body)) is wanted


def test_each_is_asked_in_its_language(
    ennexos: RunningEnnexos, hybrid: RunningInverter
) -> None:
    one = inverter_at(ennexos.host)
    assert one.read().soc_pct == 62
    assert (one.family, ennexos.asked(LOGIN)) == (Family.ENNEXOS, 0)
    one.read()
    assert ennexos.asked(SYSTEM_INFO) == 1
    other = inverter_at(hybrid.host, USR)
    assert other.read().soc_pct == 62
    assert (other.family, hybrid.asked("/api/v1/token")) == (Family.WEBCONNECT, 0)
    other.read()
    assert hybrid.asked(SYSTEM_INFO) == 1
    for each in (one, other):
        each.logout()
    assert (ennexos.sessions, hybrid.sessions) == (0, 0)


def test_router_is_no_ennexos() -> None:
    with Server(lambda _: html_page()) as server:
        inverter = inverter_at(f"{LOOPBACK}:{server.port}")
        with pytest.raises(NotWebconnect):
            inverter.read()
    # The password of the user went to no token.
    assert not server.counts.requests["/api/v1/token"]


def test_user_that_is_missing_is_named(ennexos: RunningEnnexos) -> None:
    with pytest.raises(UserMissing, match=r"ennexOS device .* needs SMA_USER"):
        inverter_at(ennexos.host, user="").read()
    assert not ennexos.asked("/api/v1/token") + ennexos.asked(LOGIN)


def test_firmware_that_makes_it_another_one(
    ennexos: RunningEnnexos, hybrid: RunningInverter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nutbridge")
    both = {USER: USR}
    ennexos.device.users = both
    inverter = inverter_at(hybrid.host, USR)
    inverter.read()
    hybrid.server.answer = ennexos.device
    with pytest.raises(DeviceError):
        inverter.read()
    assert inverter.read().serial == "3010550607"
    assert inverter.family is Family.ENNEXOS
    assert f"{hybrid.host} speaks ennexOS" in caplog.text


def test_restart_makes_it_no_other_one(ennexos: RunningEnnexos) -> None:
    """Its web server is up before its API: pages, then the truth."""
    inverter = inverter_at(ennexos.host)
    inverter.read()
    for reply in (html_page(), html_page(404), err("x"), html_page(503)):
        ennexos.device.replies[LIVE] = reply
        ennexos.device.replies[SYSTEM_INFO] = html_page()
        with pytest.raises(DeviceError):
            inverter.read()
    ennexos.device.replies.clear()
    assert inverter.read().soc_pct == 62
    assert (ennexos.logins, ennexos.asked(LOGIN)) == (1, 0)


def test_both_at_one_address(ennexos: RunningEnnexos, hybrid: RunningInverter) -> None:
    """After an update; whoever has no user of it goes on as before."""

    def both(asked: Incoming) -> Reply:
        new = asked.path.startswith("/api/")
        return (ennexos.device if new else hybrid.inverter)(asked)

    hybrid.server.answer = both
    old = inverter_at(hybrid.host, USR, user="")
    assert (old.read().serial, old.family) == ("3005550303", Family.WEBCONNECT)
    new = inverter_at(hybrid.host)
    assert (new.read().serial, new.family) == ("3010550607", Family.ENNEXOS)
    old.logout()
    new.logout()
    assert (ennexos.sessions, hybrid.sessions) == (0, 0)


def test_doubt_about_one_that_proves_nothing_costs_no_session(
    hybrid: RunningInverter,
) -> None:
    """Its web server restarts again and again; nobody keeps the session for us."""
    hybrid.inverter.replies[SYSTEM_INFO] = html_page(404)
    inverter = inverter_at(hybrid.host, USR)
    for _ in range(5):
        assert inverter.read().soc_pct == 62
        hybrid.inverter.replies["/dyn/getValues.json"] = err(404)
        with pytest.raises(NotWebconnect):
            inverter.read()
        del hybrid.inverter.replies["/dyn/getValues.json"]
    assert (hybrid.logins, hybrid.sessions) == (1, 1)
    assert hybrid.asked(SYSTEM_INFO) == 5
    inverter.logout()
    assert hybrid.sessions == 0


#: What a device may say in place of 401 to a session that it does not know.
ENDED = {
    "nothing": json_reply({"result": {}}),
    "err 404": err(404),
    "err 403": err(403),
    "page": html_page(),
    "redirect": html_page(302),
    "400": html_page(400),
}


@pytest.mark.parametrize("said", ENDED.values(), ids=ENDED)
def test_session_that_is_of_no_use_for_long_is_given_up(
    hybrid: RunningInverter, said: Reply
) -> None:
    """Else it would be offered until somebody starts the monitor anew."""

    def answer(asked: Incoming) -> Reply:
        ended = asked.query and not hybrid.sessions
        return said if ended else hybrid.inverter(asked)

    inverter = inverter_at(hybrid.host, USR)
    inverter.read()
    hybrid.server.answer = answer
    hybrid.inverter.sessions.entries.clear()
    assert reads_until_it_answers(inverter) in range(5, 15)
    assert (hybrid.logins, hybrid.sessions) == (2, 1)


@pytest.mark.parametrize("said", ENDED.values(), ids=ENDED)
def test_token_that_is_of_no_use_for_long_is_given_up(
    ennexos: RunningEnnexos, said: Reply
) -> None:
    def answer(asked: Incoming) -> Reply:
        ended = asked.path == LIVE and asked.bearer not in ennexos.device.tokens
        return said if ended else ennexos.device(asked)

    inverter = inverter_at(ennexos.host)
    inverter.read()
    ennexos.server.answer = answer
    ennexos.device.expire()
    # It is a login at most every minute.
    client = inverter.client()
    client._login_at = -math.inf  # type: ignore[attr-defined]
    assert reads_until_it_answers(inverter) in range(5, 15)
    assert (ennexos.logins, ennexos.sessions) == (2, 1)


def test_values_that_are_of_no_use_for_long_cost_few_sessions(
    hybrid: RunningInverter,
) -> None:
    inverter = inverter_at(hybrid.host, USR)
    inverter.read()
    hybrid.inverter.replies["/dyn/getValues.json"] = json_reply({"result": {}})
    for _ in range(60):
        with pytest.raises(DeviceError):
            inverter.read()
    assert hybrid.logins <= 7
    assert hybrid.sessions <= 1


def reads_until_it_answers(inverter: Inverter) -> int:
    for tries in range(30):
        with contextlib.suppress(DeviceError):
            assert inverter.read().soc_pct == 62
            return tries
    raise AssertionError


def test_http_that_wants_https_gets_no_password() -> None:
    asked: list[str] = []

    def answer(request: Incoming) -> Reply:
        asked.append(request.path)
        return Reply(301, {"Location": f"https://{LOOPBACK}{request.path}"})

    with Server(answer, tls=False) as server:
        clock = SystemClock()
        host = f"{LOOPBACK}:{server.port}"
        wire = HttpsDevice(host, context=None, clock=clock, waiter=ThreadWaiter())
        with pytest.raises(NotWebconnect, match="wants https") as told:
            Inverter(wire, host, Account(PASSWORD, user=USER), clock).read()
    assert told.value.redirected
    assert asked == [SYSTEM_INFO]


def test_answer_that_hangs_is_no_proof(hybrid: RunningInverter) -> None:
    """Some unit may take the question and never answer."""
    from nutbridge.simulator.sma.inverter import HANG

    hybrid.inverter.replies[SYSTEM_INFO] = HANG
    clock = SystemClock()
    wire = HttpsDevice(
        hybrid.host,
        context=PinnedContext(),
        clock=clock,
        waiter=ThreadWaiter(),
        timeout_s=1.0,
    )
    inverter = Inverter(wire, hybrid.host, Account(USR), clock)
    assert inverter.read().soc_pct == 62
    assert inverter.family is None
