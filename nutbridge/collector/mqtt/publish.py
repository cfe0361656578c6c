"""Tells a broker what the collector knows, again and again.

paho's thread keeps the connection and takes up a lost one; this loop asks the
database and hands over what has changed. While a broker is away, slow or refuses,
nothing piles up: a round is left out.
"""

import contextlib
import logging
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from nutbridge.collector.errors import StoreError
from nutbridge.collector.mqtt.messages import (
    MOST_DEVICES,
    OFFLINE,
    ONLINE,
    Message,
    Topics,
    bounded,
    discovery,
    removals,
    states,
)
from nutbridge.collector.queries.now import EnvoyNow
from nutbridge.system.sdnotify import Notifier
from nutbridge.system.text import printable

_log = logging.getLogger(__name__)

#: All is told anew so often: a broker may have forgotten, s.
AGAIN_S = 3600.0
#: What the broker holds of an earlier run has come after so long, s.
SETTLE_S = 3.0
#: Longest time between two signs of life for systemd, s.
_BEAT_S = 5.0
_MOST_SEEN = 20_000
#: What is on its way may take so long at the end, s.
_LAST_S = 0.8
#: Two clients of one name take the connection from each other.
_TWO = "it was a short one: does another collector tell it with the same --topic?"


class Broker(NamedTuple):
    """Who is told.

    Attributes:
        host: name or address.
        port: 1883, with TLS 8883.
        tls: None without TLS.
        user: None: nobody.
        password: of that user; shown by no repr.
        client_id: by which the broker knows us; one process each.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    user: str | None = None
    password: str | None = None
    client_id: str = "nutbridge"

    def __repr__(self) -> str:
        return f"{self.host}:{self.port}"


class Pace(NamedTuple):
    """When something is done.

    Attributes:
        every_s: between two rounds, s.
        clock: one that never goes back, s.
        settle_s: what the broker holds of an earlier run has come after it, s.
    """

    every_s: float
    clock: Callable[[], float]
    settle_s: float = SETTLE_S


class Publisher:
    """Asks what there is, and tells the broker what has changed.

    Args:
        broker: who is told.
        ask: returns what there is now; raises StoreError.
        topics: where.
        version: of this program.
        pace: when.
        notifier: of systemd.
    """

    def __init__(
        self,
        broker: Broker,
        ask: Callable[[], Sequence[EnvoyNow]],
        *,
        topics: Topics,
        version: str,
        pace: Pace,
        notifier: Notifier,
    ) -> None:
        self._broker, self._ask, self._topics = broker, ask, topics
        self._version, self._notifier = version, notifier
        self._every_s, self._clock, self._settle_s = pace
        self._wake = threading.Event()
        self._ended = self._left = False
        self._connected_at: float | None = None
        self._short_lived = False
        self._problem: str | None = None
        self._store_problem: str | None = None
        self._seen: set[str] = set()
        self._told: dict[str, bytes] = {}
        self._told_at = 0.0
        self._under_way: list[MQTTMessageInfo] = []
        self._too_many = False
        self._client = self._make_client()

    def _make_client(self) -> Client:
        broker = self._broker
        client = Client(CallbackAPIVersion.VERSION2, client_id=broker.client_id)
        if broker.tls is not None:
            client.tls_set_context(broker.tls)
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        client.will_set(self._topics.status, OFFLINE, qos=1, retain=True)
        client.reconnect_delay_set(min_delay=1, max_delay=60)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def end(self) -> None:
        """Let ``run`` return; may be called by any thread."""
        self._ended = True
        self._wake.set()

    def run(self) -> None:
        """Tell until ``end`` is called, then say so to the broker."""
        self._client.connect_async(self._broker.host, self._broker.port)
        self._client.loop_start()
        self._notifier.ready(f"broker {self._broker!r}")
        due = 0.0
        while not self._ended:
            now = self._clock()
            if now >= due:
                due = now + self._round(now)
            self._notifier.watchdog()
            self._wake.wait(max(0.0, min(_BEAT_S, due - self._clock())))
            if self._wake.is_set() and not self._ended:
                self._wake.clear()
                due = 0.0
        self.leave()

    def leave(self) -> None:
        """Tell the broker that nobody tells it any more; bounded.

        ``run`` does so itself, where no question to the database holds it up.
        """
        if self._left:
            return
        self._ended = self._left = True
        self._notifier.stopping()
        if self._connected_at is not None:
            last = self._client.publish(self._topics.status, OFFLINE, 1, retain=True)
            # It raises where the broker ends at the same moment.
            with contextlib.suppress(RuntimeError, ValueError):
                last.wait_for_publish(_LAST_S)
        self._client.disconnect()

    def _round(self, now: float) -> float:
        """Tell what has changed, and return how long to wait, s."""
        since = self._connected_at
        if since is None:
            return self._every_s
        if since + self._settle_s > now:
            return since + self._settle_s - now
        if not all(map(_is_over, self._under_way)):
            self._trouble("the broker takes nothing; waiting for it")
            return self._every_s
        self._under_way = []
        if self._short_lived:
            self._short_lived = False
            self._see_connected()
        found = self._asked()
        if found is None:
            self._tell([Message(self._topics.status, OFFLINE)])
            return self._every_s
        if now - self._told_at > AGAIN_S:
            self._told, self._told_at = {}, now
        told = bounded(found)
        self._see_count(found)
        gone = list(removals(self._seen, told, self._topics))
        self._seen -= {message.topic for message in gone}
        for message in gone:
            self._told.pop(message.topic, None)
        # The states first: what a sensor reads is there when it is made.
        self._tell(states(told, self._topics))
        self._tell(discovery(told, self._topics, self._version))
        self._tell([*gone, Message(self._topics.status, ONLINE)])
        self._seen.update(m.topic for m in states(told, self._topics))
        return self._every_s

    def _asked(self) -> Sequence[EnvoyNow] | None:
        try:
            found = self._ask()
        except StoreError as exc:
            text = str(exc)
            if text != self._store_problem:
                _log.warning("%s; the broker is told that nothing is known", text)
            self._store_problem = text
            return None
        if self._store_problem is not None:
            _log.info("the database answers again")
            self._store_problem = None
        return found

    def _see_count(self, found: Sequence[EnvoyNow]) -> None:
        count = len(found) + sum(len(envoy.panels) for envoy in found)
        if count > MOST_DEVICES and not self._too_many:
            _log.warning(
                "%d Envoys and panels; only the first %d are told one by one",
                count,
                MOST_DEVICES,
            )
        self._too_many = count > MOST_DEVICES

    def _tell(self, messages: Iterable[Message]) -> None:
        for topic, payload in messages:
            if payload and self._told.get(topic) == payload:
                continue
            if self._connected_at is None or self._ended:
                return  # lost meanwhile: all is told anew
            sent = self._client.publish(topic, payload, qos=1, retain=True)
            self._under_way.append(sent)
            if payload:
                self._told[topic] = payload

    def _see_connected(self) -> None:
        _log.info("connected to %r", self._broker)
        self._problem = None

    def _trouble(self, problem: str) -> None:
        """Tell of a problem with the broker, once."""
        if problem != self._problem:
            _log.warning("%r: %s", self._broker, printable(problem))
        self._problem = problem

    # What follows is called by paho's thread.

    def _on_connect(
        self,
        client: Client,
        _data: object,
        _flags: object,
        code: ReasonCode,
        _p: object,
    ) -> None:
        if code.is_failure:
            remedy = "check --user and --password-file"
            self._trouble(f"the broker refuses: {code}; {remedy}")
            return
        if not self._short_lived:
            self._see_connected()
        topics = self._topics
        client.subscribe(
            [
                (f"{topics.base}/+/state", 1),
                (f"{topics.base}/+/+/state", 1),
                (f"{topics.discovery}/status", 1),
            ]
        )
        # What is under way stays: paho sends it again, and nothing is added to it.
        self._told, self._told_at = {}, self._clock()
        self._connected_at = self._clock()
        self._wake.set()

    def _on_connect_fail(self, _client: Client, _data: object) -> None:
        # paho does not tell why, but calls this while it handles the error.
        error = sys.exc_info()[1]
        if isinstance(error, ssl.SSLCertVerificationError):
            problem = f"is not trusted: {error.verify_message}; --ca FILE names who is"
        elif isinstance(error, OSError):
            problem = f"no broker answers: {error.strerror or error}; trying again"
        else:
            problem = "no broker answers; trying again"
        self._trouble(problem)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: object,
        code: ReasonCode,
        _p: Properties | None,
    ) -> None:
        since, self._connected_at = self._connected_at, None
        if since is not None and not self._ended:
            self._short_lived = self._clock() - since < self._settle_s
            hint = f"; {_TWO}" if self._short_lived else ""
            self._trouble(f"the connection ended: {code}; trying again{hint}")
        elif self._problem is None and not self._ended:
            # It took the connection and then said nothing; a refusal was told before.
            self._trouble(f"the broker does not answer: {code}; trying again")

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == f"{self._topics.discovery}/status":
            # Home Assistant was started: it may have forgotten what it was told.
            if message.payload == ONLINE and not message.retain:
                self._told = {}
                self._wake.set()
        elif message.payload and len(self._seen) < _MOST_SEEN:
            self._seen.add(message.topic)


def _is_over(sent: MQTTMessageInfo) -> bool:
    """Whether a message has arrived, or never will in this connection."""
    try:
        return sent.is_published()
    except (RuntimeError, ValueError):
        return True  # the connection was lost as it was handed over
