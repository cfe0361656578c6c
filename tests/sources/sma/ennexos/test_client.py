"""Login, token, requests and failures, against a device on loopback."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NotEnnexos,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.worker import ThreadWaiter
from nutbridge.simulator.messages import Reply
from nutbridge.simulator.sma.ennexos import html_401
from nutbridge.simulator.sma.inverter import err, html_page, to_https
from nutbridge.sources.sma.ennexos.client import DEVICE, Ennexos
from nutbridge.sources.sma.login_gate import LoginGate
from nutbridge.sources.sma.session_store import SessionStore
from nutbridge.ups.status.saved import RetryState
from tests.fakes.ennexos import (
    LIVE,
    PARAMETERS,
    PASSWORD,
    TOKEN,
    USER,
    RunningEnnexos,
)
from tests.fakes.faults import ENDLESS, FAULTS, Faults
from tests.fakes.inside import Ahead

Run = Callable[..., RunningEnnexos]


class Known:
    """A client with a clock that is put forward together with the device's."""

    def __init__(
        self,
        running: RunningEnnexos,
        *,
        user: str = USER,
        password: str = PASSWORD,
        kept: Path | None = None,
        gated: bool = False,
    ) -> None:
        self.running = running
        self.clock = Ahead()
        self.store = SessionStore(kept, "x") if kept else None
        wire = HttpsDevice(
            running.host,
            context=PinnedContext(),
            clock=self.clock,
            waiter=ThreadWaiter(),
            timeout_s=10.0,
        )
        self.client = Ennexos(
            wire,
            running.host,
            self.clock,
            user=user,
            password=password,
            state_session=self.store,
            gate=LoginGate(running.host, self.clock, RetryState()) if gated else None,
        )

    def later(self, seconds: float) -> None:
        self.clock.ahead_s += seconds
        self.running.clock.now += seconds

    def read(self) -> float | None:
        return self.client.read().soc_pct


def test_one_request_per_poll(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    for _ in range(5):
        assert known.read() == 62
    requests = ennexos.server.counts.requests
    assert dict(requests) == {
        TOKEN: 1,
        "/api/v1/plants/Plant:1/devices/IGULD:SELF": 1,
        LIVE: 5,
    }
    known.client.logout()
    assert (ennexos.sessions, known.client.logged_in) == (0, False)


def test_parameters_and_device_every_ten_minutes(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    first = known.client.read()
    assert (first.nominal_w, first.serial) == (5000, "3010550607")
    for _ in range(30):
        found = known.client.complete(known.client.read())
        known.later(60.0)
    assert (found.floor_pct, found.backup) == (10, True)
    assert ennexos.asked(PARAMETERS) == 3


def test_hour_needs_one_token(ennexos: RunningEnnexos) -> None:
    """Renewed, never logged in again, and not one 401."""
    known = Known(ennexos)
    for _ in range(6 * 60):
        known.client.complete(known.client.read())
        known.later(60.0)
    made = ennexos.device.made
    assert made["password"] == 1
    assert 0 < made["refresh_token"] <= 6
    assert ennexos.asked(TOKEN) == 1 + made["refresh_token"]
    assert ennexos.polls == 6 * 60


def test_token_that_is_over_is_renewed_once(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    known.read()
    known.later(4000.0)
    assert known.read() == 62
    assert ennexos.device.made == {"password": 1, "refresh_token": 1}


def test_refresh_that_fails_is_one_login(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    known.read()
    known.later(4000.0)
    ennexos.device.refresh.clear()
    assert known.read() == 62
    assert (ennexos.device.made, ennexos.sessions) == (
        {"password": 2, "refresh_token": 0},
        1,
    )


@pytest.mark.parametrize("status", [401, 403, 500])
def test_end_of_a_token_has_several_words(ennexos: RunningEnnexos, status: int) -> None:
    known = Known(ennexos)
    known.read()
    known.later(600.0)
    ennexos.device.expire()
    said = Reply(status, {"Content-Type": "text/html"}, b"<html>no</html>")
    before = ennexos.device.__class__.__call__
    real = ennexos.device
    # Until a new token is made, live values are refused in these words.
    ennexos.server.answer = lambda asked: (
        said if asked.path == LIVE and not real.tokens else before(real, asked)
    )
    assert known.read() == 62
    assert real.made["refresh_token"] == 1


def test_token_refused_at_once_is_no_storm_of_logins(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    ennexos.device.replies[LIVE] = html_401()
    for _ in range(5):
        with pytest.raises(SessionRefused):
            known.read()
    assert ennexos.logins == 1
    known.later(61.0)
    with pytest.raises(SessionRefused):
        known.read()
    assert ennexos.logins == 2


def test_long_500_renews_no_token_each_time(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    known.read()
    ennexos.device.replies[LIVE] = html_page(500)
    for _ in range(5):
        with pytest.raises(DeviceAnswerError, match="answered 500"):
            known.read()
    assert sum(ennexos.device.made.values()) == 1


@pytest.mark.parametrize("status", [403, 500])
def test_hour_of_403_or_500_gives_its_tokens_back(
    ennexos: RunningEnnexos, status: int
) -> None:
    known = Known(ennexos, gated=True)
    known.read()
    ennexos.device.replies[LIVE] = html_page(status)
    for _ in range(360):
        known.later(10.0)
        with pytest.raises(DeviceAnswerError, match=str(status)):
            known.read()
    assert ennexos.sessions == 1
    assert ennexos.device.made["password"] < 9
    del ennexos.device.replies[LIVE]
    assert known.read() == 62


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", [PARAMETERS, DEVICE])
def test_what_is_forbidden_costs_no_token(
    ennexos: RunningEnnexos, path: str, status: int
) -> None:
    """The values go on: without them an outage would not be seen."""
    known = Known(ennexos, gated=True)
    ennexos.device.replies[path] = html_page(status)
    for _ in range(60):
        assert known.client.complete(known.client.read()).soc_pct == 62
        known.later(60.0)
    assert ennexos.device.made["password"] == 1


def test_parameters_that_are_forbidden_cost_no_token(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    ennexos.device.replies[PARAMETERS] = html_page(403)
    for _ in range(60):
        found = known.client.complete(known.client.read())
        known.later(60.0)
    assert found.soc_pct == 62
    assert found.floor_pct is None
    assert sum(ennexos.device.made.values()) <= 2


@pytest.mark.parametrize(
    ("user", "password"), [("", PASSWORD), (USER, "x"), ("a@b.example", PASSWORD)]
)
def test_wrong_password_names_all_causes(
    ennexos: RunningEnnexos, user: str, password: str
) -> None:
    with pytest.raises(PasswordRefused) as refused:
        Known(ennexos, user=user, password=password).read()
    text = str(refused.value)
    assert "user or password" in text
    assert "portal" in text
    assert password not in text


def test_token_survives_a_kill(ennexos: RunningEnnexos, tmp_path: Path) -> None:
    kept = tmp_path / "sma-x.session"
    Known(ennexos, kept=kept).read()
    assert kept.stat().st_mode & 0o777 == 0o600
    again = Known(ennexos, kept=kept)
    assert again.read() == 62
    assert ennexos.logins == 1
    again.client.logout()
    assert not kept.exists()
    assert ennexos.sessions == 0


ODD: dict[str, tuple[Reply, type[DeviceError]]] = {
    "html": (html_page(), NotEnnexos),
    "404": (html_page(404), NotEnnexos),
    "err": (err(404), NotEnnexos),
    "redirect": (to_https("127.0.0.1"), NotEnnexos),
    "503": (html_page(503), DeviceAnswerError),
    "empty list": (Reply(body=b"[]"), DeviceAnswerError),
    "object": (Reply(body=b"{}"), DeviceAnswerError),
    "too large": (Reply(body=b"[" + b" " * (1 << 20) + b"]"), DeviceAnswerError),
}


@pytest.mark.parametrize(("reply", "kind"), ODD.values(), ids=ODD)
def test_odd_answers(
    ennexos: RunningEnnexos, reply: Reply, kind: type[DeviceError]
) -> None:
    known = Known(ennexos)
    known.read()
    ennexos.device.replies[LIVE] = reply
    with pytest.raises(kind) as odd:
        known.read()
    shown = repr(odd.value) + str(odd.value)
    assert PASSWORD not in shown
    assert not any(token in shown for token in ennexos.device.tokens)
    ennexos.device.replies.clear()
    assert known.read() == 62
    assert ennexos.logins == 1


def test_nobody_there(ennexos: RunningEnnexos) -> None:
    ennexos.server.refuse()
    with pytest.raises(DeviceUnreachable):
        Known(ennexos).read()


def test_battery_behind_a_manager_is_refused_with_addresses(run_ennexos: Run) -> None:
    running = run_ennexos("ennexos-manager")
    known = Known(running)
    for _ in range(3):
        found = known.client.read()
    assert "try SMA_HOST with: Sunny Boy Smart Energy 5.0" in found.grid.unfit
    assert running.asked("/api/v1/plants/Plant:1/devices") == 1


def test_only_reading_paths_are_asked(ennexos: RunningEnnexos) -> None:
    known = Known(ennexos)
    known.client.complete(known.client.read())
    known.client.logout()
    ways = {(each.method, each.path) for each in ennexos.server.counts.recent}
    assert {method for method, _ in ways} == {"GET", "POST", "DELETE"}
    assert not [path for method, path in ways if method == "PUT"]


def test_beside_a_gateway_two_requests_are_enough(ennexos: RunningEnnexos) -> None:
    """Numbers alone: nobody has to know who it is."""
    known = Known(ennexos)
    for _ in range(3):
        assert known.client.read(side=True).ac_w == 900
        known.later(3700.0)
    assert dict(ennexos.server.counts.requests) == {TOKEN: 3, LIVE: 5}
    assert ennexos.device.made == {"password": 1, "refresh_token": 2}


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - ENDLESS))
def test_every_fault_is_an_error_and_passes(ennexos: RunningEnnexos, name: str) -> None:
    """The table of all wires; silence is in test_ennexos.py of the daemon."""
    known = Known(ennexos)
    assert known.read() == 62
    faults = Faults(ennexos.device)
    ennexos.server.answer = faults
    faults.always(FAULTS[name], LIVE)
    with pytest.raises(DeviceError):
        known.read()
    faults.clear()
    known.later(61.0)
    assert known.read() == 62
