"""A real broker: what it holds, what happens when it goes away, refuses, forgets."""

import contextlib
import gc
import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from nutbridge.collector.errors import StoreDown
from nutbridge.collector.mqtt.messages import Topics, segment
from nutbridge.collector.mqtt.publish import Broker, Pace, Publisher
from nutbridge.collector.queries.now import EnvoyNow, PanelNow
from nutbridge.collector.queries.panel_states import PanelState
from nutbridge.system.sdnotify import Notifier
from tests.fakes.mosquitto import (
    PASSWORD,
    USER,
    Mosquitto,
    mosquitto,
    with_password,
    with_tls,
)

WAIT_S = 60
ONE = PanelNow("990000001201.1", PanelState.OK, 71.5, 512.0, 9000.0, 1_700_000_000)
TWO = ONE._replace(eqid="990000001202.1")
STATE_OF_TWO = f"nutbridge/990000000012/{segment(TWO.eqid)}/state"


class House:
    """What the database says; a test changes it."""

    def __init__(self) -> None:
        self.panels: tuple[PanelNow, ...] = (ONE, TWO)
        self.down = False

    def ask(self) -> list[EnvoyNow]:
        if self.down:
            raise StoreDown("the database is away")
        return [EnvoyNow("990000000012", self.panels, 1_700_000_100, 0)]


class Listener:
    """Somebody who listens to all topics, as Home Assistant does."""

    def __init__(self, port: int, **settings: object) -> None:
        self.held: dict[str, bytes] = {}
        self._change = threading.Condition()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._on_message
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        if "user" in settings:
            self.client.username_pw_set(USER, PASSWORD)
        if "context" in settings:
            self.client.tls_set_context(settings["context"])  # type: ignore[arg-type]
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("localhost", port)
        self.client.loop_start()

    def _on_message(self, _c: object, _d: object, message: paho.MQTTMessage) -> None:
        with self._change:
            if message.payload:
                self.held[message.topic] = bytes(message.payload)
            else:
                self.held.pop(message.topic, None)
            self._change.notify_all()

    def wait(self, fits: Callable[[dict[str, bytes]], bool]) -> None:
        with self._change:
            assert self._change.wait_for(lambda: fits(self.held), WAIT_S), self.held

    def forget(self) -> None:
        with self._change:
            self.held.clear()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextlib.contextmanager
def listening(port: int, **settings: object) -> Iterator[Listener]:
    listener = Listener(port, **settings)
    try:
        yield listener
    finally:
        listener.close()


@contextlib.contextmanager
def publishing(house: House, broker: Broker) -> Iterator[Publisher]:
    publisher = Publisher(
        broker,
        house.ask,
        topics=Topics(),
        version="1.0",
        pace=Pace(0.1, time.monotonic, 0.3),
        notifier=Notifier(None),
    )
    thread = threading.Thread(target=publisher.run)
    thread.start()
    try:
        yield publisher
    finally:
        publisher.end()
        thread.join(WAIT_S)
        assert not thread.is_alive()
        for each in threading.enumerate():
            if each.name.startswith(f"paho-mqtt-client-{broker.client_id}"):
                each.join(WAIT_S)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as one:
        yield one


def is_online(held: dict[str, bytes]) -> bool:
    return held.get("nutbridge/status") == b"online"


def test_broker_holds_all_for_one_who_comes_later(broker: Mosquitto) -> None:
    house = House()
    with publishing(house, Broker("127.0.0.1", broker.port)):
        with listening(broker.port) as first:
            first.wait(is_online)
        with listening(broker.port) as later:
            later.wait(lambda held: len(held) == 1 + 3 + 10 + 5 + 5)
            topics = [topic for topic in later.held if topic.endswith("/config")]
            for topic in topics:
                json.loads(later.held[topic])
            later.wait(is_online)


def test_value_that_changes_is_told(broker: Mosquitto) -> None:
    house = House()
    place = Broker("127.0.0.1", broker.port)
    with publishing(house, place), listening(broker.port) as listener:
        listener.wait(is_online)
        house.panels = (ONE, TWO._replace(power_w=12.0))
        listener.wait(lambda held: b'"power_w":12.0' in held.get(STATE_OF_TWO, b""))


def test_panel_that_goes_is_taken_back(broker: Mosquitto) -> None:
    house = House()
    place = Broker("127.0.0.1", broker.port)
    name = segment(TWO.eqid)
    with publishing(house, place), listening(broker.port) as listener:
        listener.wait(is_online)
        house.panels = (ONE,)
        listener.wait(lambda held: not any(name in topic for topic in held))
        assert is_online(listener.held)


def test_panel_that_went_between_two_runs_is_taken_back(broker: Mosquitto) -> None:
    house = House()
    place = Broker("127.0.0.1", broker.port)
    name = segment(TWO.eqid)
    with listening(broker.port) as listener:
        with publishing(house, place):
            listener.wait(is_online)
            assert any(name in topic for topic in listener.held)
        listener.wait(lambda held: held["nutbridge/status"] == b"offline")
        house.panels = (ONE,)
        with publishing(house, place):
            listener.wait(lambda held: not any(name in topic for topic in held))


def test_end_is_told(broker: Mosquitto) -> None:
    with listening(broker.port) as listener:
        with publishing(House(), Broker("127.0.0.1", broker.port)):
            listener.wait(is_online)
        listener.wait(lambda held: held["nutbridge/status"] == b"offline")


def test_end_is_told_while_a_question_hangs(broker: Mosquitto) -> None:
    """A locked database: another thread tells it, and the answer is told to nobody."""
    asked, answer = threading.Event(), threading.Event()

    class HangingHouse(House):
        def ask(self) -> list[EnvoyNow]:
            asked.set()
            assert answer.wait(WAIT_S)
            return super().ask()

    with (
        listening(broker.port) as listener,
        publishing(HangingHouse(), Broker("127.0.0.1", broker.port)) as publisher,
    ):
        assert asked.wait(WAIT_S)
        publisher.end()
        publisher.leave()
        listener.wait(lambda held: held.get("nutbridge/status") == b"offline")
        answer.set()
    assert list(listener.held) == ["nutbridge/status"]


def test_broker_that_was_away_and_forgot_is_told_all(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with publishing(House(), Broker("127.0.0.1", broker.port)):
        with listening(broker.port) as listener:
            listener.wait(is_online)
        broker.stop()
        broker.start()
        with listening(broker.port) as listener:
            listener.wait(lambda held: is_online(held) and len(held) == 24)
    lost = [line for line in caplog.messages if "connection ended" in line]
    assert len(lost) == 1
    assert caplog.messages.count(f"connected to 127.0.0.1:{broker.port}") == 2


def test_broker_that_is_not_there_yet(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        broker.stop()
        with publishing(House(), Broker("127.0.0.1", broker.port)):
            broker.start()
            with listening(broker.port) as listener:
                listener.wait(is_online)


def test_home_assistant_that_starts_is_told_anew(broker: Mosquitto) -> None:
    place = Broker("127.0.0.1", broker.port)
    with publishing(House(), place), listening(broker.port) as listener:
        listener.wait(is_online)
        listener.forget()
        listener.client.publish("homeassistant/status", b"online", qos=1)
        listener.wait(lambda held: is_online(held) and len(held) == 25)


def test_database_that_is_away_makes_all_unavailable(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house = House()
    place = Broker("127.0.0.1", broker.port)
    with publishing(house, place), listening(broker.port) as listener:
        listener.wait(is_online)
        house.down = True
        listener.wait(lambda held: held["nutbridge/status"] == b"offline")
        assert len(listener.held) == 24
        house.down = False
        listener.wait(is_online)
    assert sum("is away" in line for line in caplog.messages) == 1
    assert caplog.messages.count("the database answers again") == 1


def test_wrong_password_is_one_line_with_its_remedy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = threading.Event()
    caplog.handler.addFilter(lambda record: told.set() or True)  # type: ignore[func-returns-value]
    with mosquitto(tmp_path, *with_password(tmp_path)) as broker:
        place = Broker("127.0.0.1", broker.port, user=USER, password="wrong")
        with publishing(House(), place):
            assert told.wait(WAIT_S)
    assert [line for line in caplog.messages if "wrong" in line] == []
    assert any("--password-file" in line for line in caplog.messages)
    assert "wrong" not in repr(place)


def test_password_that_is_right(tmp_path: Path) -> None:
    with mosquitto(tmp_path, *with_password(tmp_path)) as broker:
        place = Broker("127.0.0.1", broker.port, user=USER, password=PASSWORD)
        with publishing(House(), place), listening(broker.port, user=1) as listener:
            listener.wait(is_online)


def test_tls_to_a_broker_that_is_known(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with mosquitto(tmp_path, *with_tls(tmp_path, authority)) as broker:
        place = Broker("localhost", broker.port, context)
        with (
            publishing(House(), place),
            listening(broker.port, context=context) as listener,
        ):
            listener.wait(is_online)


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_tls_to_a_stranger_tells_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = threading.Event()
    caplog.handler.addFilter(lambda record: told.set() or True)  # type: ignore[func-returns-value]
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with mosquitto(tmp_path, *with_tls(tmp_path, authority)) as broker:
        place = Broker("localhost", broker.port, ssl.create_default_context())
        with publishing(House(), place):
            assert told.wait(WAIT_S)
        with listening(broker.port, context=context) as listener:
            listener.client.publish("mark", b"1", qos=1, retain=True)
            listener.wait(lambda held: "mark" in held)
            assert list(listener.held) == ["mark"]
    assert any("is not trusted" in line for line in caplog.messages)
    caplog.clear()
    gc.collect()


def round_of(publisher: Publisher, client: "HangingClient") -> int:
    """Let a publisher work once on a client; return how much it handed over."""
    publisher._client = client  # type: ignore[assignment]
    before = client.handed
    publisher._round(time.monotonic() + 10)
    return client.handed - before


class HangingClient:
    """paho's client while a broker takes nothing, or has just gone."""

    def __init__(self, rc: MQTTErrorCode = MQTTErrorCode.MQTT_ERR_SUCCESS) -> None:
        self.rc = rc
        self.handed = 0

    def subscribe(self, *_: object) -> None:
        """Do nothing."""

    def publish(self, *_: object, **__: object) -> paho.MQTTMessageInfo:
        self.handed += 1
        found = paho.MQTTMessageInfo(self.handed)
        found.rc = self.rc
        return found


def connected(publisher: Publisher) -> None:
    """Let it hear that a connection was made."""
    code = ReasonCode(PacketTypes.CONNACK, "Success")
    publisher._on_connect(publisher._client, None, None, code, None)


def lone_publisher(settle_s: float = 0.0) -> Publisher:
    return Publisher(
        Broker("127.0.0.1", 1883),
        House().ask,
        topics=Topics(),
        version="1.0",
        pace=Pace(60, time.monotonic, settle_s),
        notifier=Notifier(None),
    )


def test_nothing_piles_up_for_a_broker_that_comes_and_takes_nothing() -> None:
    """However often it is connected anew: paho sends again what is under way."""
    publisher, client = lone_publisher(), HangingClient()
    publisher._client = client  # type: ignore[assignment]
    handed = []
    for _ in range(5):
        connected(publisher)
        handed.append(round_of(publisher, client))
    assert handed == [24, 0, 0, 0, 0]


def test_connection_that_is_lost_as_it_is_told_ends_nothing() -> None:
    publisher = lone_publisher()
    client = HangingClient(MQTTErrorCode.MQTT_ERR_NO_CONN)
    publisher._client = client  # type: ignore[assignment]
    connected(publisher)
    assert round_of(publisher, client) == 24
    assert round_of(publisher, client) == 0  # looks at what is under way
    connected(publisher)
    assert round_of(publisher, client) == 24


def test_two_that_take_the_connection_from_each_other_say_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The broker ends the older connection of two clients with one name."""
    caplog.set_level(logging.INFO)
    publisher = lone_publisher(settle_s=3.0)
    publisher._client = HangingClient()  # type: ignore[assignment]
    code = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")
    for _ in range(5):
        connected(publisher)
        publisher._on_disconnect(publisher._client, None, None, code, None)
    first, second = caplog.messages
    assert first.startswith("connected to")
    assert "with the same --topic?" in second
    connected(publisher)
    publisher._round(time.monotonic() + 10)
    assert caplog.messages[2:] == [first]


def test_broker_that_says_nothing_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    publisher = lone_publisher()
    code = ReasonCode(PacketTypes.DISCONNECT, "Keep alive timeout")
    for _ in range(3):
        publisher._on_disconnect(publisher._client, None, None, code, None)
    assert len([line for line in caplog.messages if "does not answer" in line]) == 1
