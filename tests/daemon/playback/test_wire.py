"""TEST mode: gateway and cloud answered from the config."""

import json
from email.utils import parsedate_to_datetime
from random import Random

import pytest

from nutbridge.config import settings
from nutbridge.daemon.playback.wire import PlayedCloud, PlayedGateway
from nutbridge.errors import DeviceUnreachable
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.claims import parse_token
from tests.fakes.clock import FakeClock
from tests.sources.enphase.tokens import token

TOKENS = "https://cloud.example/tokens"
NOW = 1800000000.0
FULL = settings.TestAnswers(
    session='{"session_id":"s"}',
    token=token({"aud": "1", "exp": NOW + 1000, "iat": NOW}),
    relay='{"mains_oper_state":"@RELAY_STATE@"}',
    live='{"soc":"@BATT_SOC@"}',
    reports="[]",
    secctrl='{"soc_recovery_exit":10,"agg_soc":100}',
    info="<envoy_info/>",
)


class FixedRandom(Random):
    """Says the same every time: 0 expires the token, 1 never does."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def random(self) -> float:
        return self.number


class Played:
    """A pretended house at a point of its round."""

    def __init__(
        self, answers: settings.TestAnswers = FULL, random: float = 1.0, low: float = 20
    ) -> None:
        self.random = FixedRandom(random)
        self.clock = FakeClock(5000.0, NOW)
        self.cloud = PlayedCloud(answers, TOKENS, self.clock)
        self.gateway = PlayedGateway(
            answers, self.cloud, self.clock, self.random, lambda: low
        )

    def lose_grid(self) -> None:
        """Go on to onbatt, where tokens may expire."""
        self.clock.now += 70.0

    def get(self, path: str, method: str = "GET") -> Answer:
        return self.gateway.send(Request(method, path), 0.0)

    def ask_cloud(self, url: str) -> Answer:
        return self.cloud.send(Request("POST", url), 0.0)


def test_gateway_goes_round() -> None:
    """Relay word, charge and silence follow the stages on CLOCK_BOOTTIME."""
    played = Played(low=30)
    seen: list[tuple[str, int] | None] = []
    for second in (0, 11, 12, 51, 52, 63, 64, 97, 98, 111, 112):
        played.clock.now = 5000.0 + second
        try:
            relay = json.loads(played.get(paths.RELAY).body)["mains_oper_state"]
            live = json.loads(played.get(paths.LIVEDATA).body)["meters"]["soc"]
            seen.append((relay, live))
        except DeviceUnreachable:
            seen.append(None)
    online, onbatt, lowbatt = ("closed", 100), ("open", 90), ("open", 29)
    assert seen == [online] * 2 + [None] * 2 + [online] * 2 + [onbatt] * 2 + [
        lowbatt,
        lowbatt,
        online,
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (paths.REPORTS, b"[]"),
        (paths.INFO, b"<envoy_info/>"),
        (paths.SECCTRL, b'{"soc_recovery_exit": 10}'),
        (paths.STREAM, b'{"sc_stream":"enabled"}\n'),
    ],
)
def test_gateway_bodies(path: str, body: bytes) -> None:
    answer = Played().get(path, "POST" if path == paths.STREAM else "GET")
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize("path", [paths.INVENTORY, paths.POWER, paths.METERS, "/x"])
def test_gateway_has_nothing_else(path: str) -> None:
    assert Played().get(path).status == 404


def test_gateway_livedata_is_fresh() -> None:
    """The Date header, the gateway's clock, shows the time of the values."""
    recorded = FULL._replace(live='{"meters":{"last_update":1739391123}}')
    for answers, epoch_s in ((FULL, NOW), (recorded, 1739391123)):
        date = Played(answers).get(paths.LIVEDATA).headers["date"]
        assert parsedate_to_datetime(date).timestamp() == epoch_s
    assert "date" not in Played().get(paths.RELAY).headers


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("relay", paths.RELAY),
        ("live", paths.LIVEDATA),
        ("live", paths.STREAM),
        ("reports", paths.REPORTS),
        ("secctrl", paths.SECCTRL),
        ("info", paths.INFO),
    ],
)
def test_gateway_empty_answer_is_a_failed_query(field: str, path: str) -> None:
    with pytest.raises(DeviceUnreachable, match="is empty"):
        Played(FULL._replace(**{field: " "})).get(path)


def test_cloud_empty_answer_is_a_failed_query() -> None:
    played = Played(FULL._replace(session="", token=""))
    with pytest.raises(DeviceUnreachable, match="TEST_SESS is empty"):
        played.ask_cloud("https://cloud.example/login")
    with pytest.raises(DeviceUnreachable, match="TEST_TOKEN is empty"):
        played.ask_cloud(TOKENS)


def test_cloud_answers_while_the_gateway_is_silent() -> None:
    played = Played()
    played.clock.now += 20
    with pytest.raises(DeviceUnreachable, match="nocomms"):
        played.get(paths.INFO)
    assert played.ask_cloud("https://cloud.example/login").body == b'{"session_id":"s"}'
    issued = parse_token(played.ask_cloud(TOKENS).body.decode())
    assert issued.expires_epoch == NOW + 1000


def test_token_expires_until_a_new_one_is_issued() -> None:
    played = Played(random=0.19)
    played.lose_grid()
    for path in (paths.RELAY, paths.LIVEDATA, paths.CHECK_JWT):
        assert played.get(path).status == 401
    assert played.get(paths.INFO).status == 200
    played.random.number = 0.2
    assert played.get(paths.RELAY).status == 401
    played.ask_cloud("https://cloud.example/login")
    assert played.get(paths.RELAY).status == 401
    played.ask_cloud(TOKENS)
    assert played.get(paths.RELAY).status == 200
    assert b"Valid token" in played.get(paths.CHECK_JWT).body


def test_token_expires_at_relay_queries_only() -> None:
    played = Played(random=0.0)
    played.lose_grid()
    assert played.get(paths.LIVEDATA).status == 200
    assert played.get(paths.RELAY).status == 401


def test_token_does_not_expire_on_line() -> None:
    """There the lost poll would hide the file: NOCOMMS_DELAY is 0."""
    assert Played(random=0.0).get(paths.RELAY).status == 200


def test_token_expires_about_every_fifth_query() -> None:
    played = Played()
    played.gateway = PlayedGateway(
        FULL, played.cloud, played.clock, Random(7), lambda: 20
    )
    played.lose_grid()
    refused = 0
    for _ in range(1000):
        refused += played.get(paths.RELAY).status == 401
        played.cloud.token_refused = False
    assert 150 < refused < 250
