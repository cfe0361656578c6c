"""The answer to one request: guards, then store, then what the mode says.

An ASGI application without routes: it needs the raw path, the raw query and the
raw headers. The order of the guards: who may not talk to us learns nothing; the
body is read only when everything before it is in order; nothing is forwarded or
acknowledged before it is on the disk.
"""

import asyncio
import functools
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from nutbridge.collector.errors import (
    StoreError,
    StoreRefused,
    TooLarge,
    UpstreamDown,
)
from nutbridge.collector.parse.body import response_xml
from nutbridge.collector.parse.model import RawReport, is_task
from nutbridge.collector.serve.body import (
    Budget,
    Message,
    Receive,
    Unusable,
    drain,
    read_body,
)
from nutbridge.collector.serve.forwarder import Forwarder, texts
from nutbridge.collector.serve.headers import (
    Header,
    backward,
    report_path,
)
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.intake import (
    ForeignSerial,
    Intake,
    NoRoomForStrangers,
    Rules,
    Taken,
)
from nutbridge.collector.serve.metrics import Metrics
from nutbridge.collector.serve.options import Rate, plain_address
from nutbridge.collector.serve.rate import RateLimiter
from nutbridge.collector.serve.reply import (
    EnvoyReply,
    acknowledgement,
    refusal,
)
from nutbridge.collector.serve.verdict import Way, is_success

Send = Callable[[Message], Awaitable[None]]
Scope = Message

#: Nobody fills the log: one line for each sender and reason, and so many of all.
_ONE_LINE = Rate(1, 600.0)
_ALL_LINES = Rate(100, 10.0)
#: An answer that nobody takes is given up, s.
SEND_S = 30.0
#: What cannot be stored within this is refused; the Envoy gives up after 60 s.
STORE_S = 45.0
#: One that a connection takes at once, bytes.
_SHORT = 16384
#: Addresses that need not be read again.
_SHOWN = 16384

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AppClocks:
    """The clocks; arguments, so that tests need not wait.

    Attributes:
        wall: Unix time, s.
        monotonic: s, never goes back.
    """

    wall: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class AppParts:
    """What the application works with.

    Attributes:
        rules: mode, caps, who is allowed.
        intake: stores and parses.
        forwarder: None in mode local.
        sources: counts per address.
        metrics: counts.
        store_health: of the store.
        store_back: called when the store works again.
        queued: called when the outbox got a report.
        times: the clocks.
    """

    rules: Rules
    intake: Intake
    forwarder: Forwarder | None
    sources: RateLimiter
    metrics: Metrics
    store_health: Health
    store_back: Callable[[], None]
    queued: Callable[[], None]
    times: AppClocks


class ReportsApp:
    """Answers POST /emu_reports/*; an ASGI application."""

    def __init__(self, parts: AppParts) -> None:
        self._parts = parts
        self._lines = RateLimiter(_ONE_LINE)
        self._all_lines = RateLimiter(_ALL_LINES)
        self._budget = Budget()

    def lets_in(self, peer: str) -> bool:
        """Tell whether this address may connect; one that may not is counted."""
        if self._parts.rules.allowed.source(peer):
            return True
        self._parts.metrics.refused.labels("address not allowed").inc()
        self._tell(_shown(peer), "is not allowed to report (--allow-from)")
        return False

    def knocked_with_tls(self, peer: str) -> None:
        """Count and name a client that speaks TLS on the plain port."""
        self._parts.metrics.refused.labels("TLS on the plain port").inc()
        self._tell(_shown(peer), "speaks TLS on --listen; lead it to --tls-listen")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            reply = await self._reply(scope, receive)
        except Exception:  # noqa: BLE001 - one request must not hide the reason nor end the others
            _log.exception("this is a bug in nutbridge; please report it")
            reply = self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")
        if reply is None:
            return  # the sender has gone
        if reply.reason is not None:
            self._parts.metrics.refused.labels(reply.reason).inc()
        await self._send(reply, scope["headers"], receive, send)

    async def _send(
        self, reply: EnvoyReply, headers: list[Header], receive: Receive, send: Send
    ) -> None:
        start = {
            "type": "http.response.start",
            "status": reply.status,
            "headers": reply.headers,
        }
        # Who asked whether to continue was told no, and sends nothing more.
        asks = any(name == b"expect" for name, _ in headers)
        unread = reply.unread and not asks
        body = {"type": "http.response.body", "body": reply.body, "more_body": unread}
        # Nothing waits for who takes a short one.
        async with asyncio.timeout(SEND_S if len(reply.body) > _SHORT else None):
            await send(start)
            await send(body)
            if unread:
                await drain(receive)
                await send({"type": "http.response.body", "body": b""})

    async def _reply(self, scope: Scope, receive: Receive) -> EnvoyReply | None:
        peer = _peer(scope)
        guarded = self._guard(scope, peer)
        if isinstance(guarded, EnvoyReply):
            return guarded
        self._parts.metrics.received.inc()
        headers: list[Header] = scope["headers"]
        cap = self._parts.rules.caps.compressed
        body = await read_body(receive, headers, cap, budget=self._budget)
        if body is Unusable.GONE:
            return None
        if body is Unusable.TOO_LARGE:
            self._tell(peer, f"a body of more than {cap} bytes was refused")
            return self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body too large", unread=True
            )
        if body is Unusable.NO_ROOM:
            after = (b"Retry-After", b"5")
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return self._refuse(status, "too many bodies at once", after, unread=True)
        if not isinstance(body, bytes):
            return self._refuse(HTTPStatus.REQUEST_TIMEOUT, "body too slow")
        raw = RawReport(
            received=int(self._parts.times.wall()),
            peer=peer,
            path=guarded.decode("ascii"),
            query=scope["query_string"].decode("ascii"),
            headers=texts(headers),
            body=body,
        )
        try:
            return await self._with_body(raw)
        finally:
            self._budget.give(len(body))

    def _guard(self, scope: Scope, peer: str) -> bytes | EnvoyReply:
        """Return the path of a report, or why there is none."""
        path = report_path(scope["raw_path"])
        if path is None:
            return self._refuse(HTTPStatus.NOT_FOUND, "no such path", unread=True)
        if scope["method"] != "POST":
            allow = (b"Allow", b"POST")
            status = HTTPStatus.METHOD_NOT_ALLOWED
            return self._refuse(status, "only POST", allow, unread=True)
        wait_s = self._parts.sources.take(peer, self._parts.times.monotonic())
        return self._too_often(wait_s, peer, unread=True) if wait_s else path

    async def _with_body(self, raw: RawReport) -> EnvoyReply:
        parts = self._parts
        try:
            async with asyncio.timeout(STORE_S):
                taken = await parts.intake.take(raw)
        except TooLarge as exc:
            self._tell(raw.peer, f"{exc}; kept in the quarantine")
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return self._refuse(status, "inflated body too large")
        except ForeignSerial:
            self._tell(raw.peer, "not an Envoy of --allow-serial; quarantined")
            return self._refuse(HTTPStatus.FORBIDDEN, "Envoy not allowed")
        except NoRoomForStrangers:
            self._tell(raw.peer, "no room for Envoys that were never here before")
            return self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, "no room")
        except StoreRefused:
            # Of this report alone: the database is well.
            self._tell(raw.peer, "a report cannot be stored; its bytes are")
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "cannot store")
        except (StoreError, TimeoutError) as exc:
            parts.store_health.bad(str(exc) or "it does not answer")
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "cannot store")
        if parts.store_health.good():
            parts.store_back()
        parts.metrics.stored.inc()
        if taken.accepted.duplicate:
            parts.metrics.repeated.inc()
        if not taken.result.parsed:
            parts.metrics.unparsable.inc()
            self._tell(raw.peer, "not a report", f": {taken.result.problem}")
        return await self._as_the_mode_says(raw, taken)

    async def _as_the_mode_says(self, raw: RawReport, taken: Taken) -> EnvoyReply:
        if taken.way is Way.QUEUE:
            self._parts.queued()
        if taken.way in {Way.QUEUE, Way.ACKNOWLEDGE}:
            body = response_xml(taken.result.event_ids)
            return acknowledgement(body, self._parts.times.wall())
        forwarder = self._parts.forwarder
        if taken.way is Way.REFUSE or forwarder is None:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return self._refuse(status, "kept, but not understood")
        raw_id, task = taken.accepted.raw_id, is_task(raw.path)
        try:
            answer = await forwarder.ask(raw.path, raw.query, raw.headers, raw.body)
        except UpstreamDown as exc:
            forwarder.note_failure(raw_id, exc.problem, task=task)
            return self._refuse(HTTPStatus.BAD_GATEWAY, "upstream does not answer")
        refusal = forwarder.refusal(answer, taken.result.event_ids, task=task)
        forwarder.note(raw_id, answer, refusal, task=task)
        if taken.way is Way.RELAY_REFUSAL and is_success(answer.status):
            return self._refuse(HTTPStatus.BAD_GATEWAY, "kept, but not understood")
        headers = backward(answer.headers, len(answer.body), answer.status)
        return EnvoyReply(answer.status, headers, answer.body)

    def _too_often(
        self, wait_s: float, peer: str, *, unread: bool = False
    ) -> EnvoyReply:
        self._tell(peer, "too many reports (--rate-limit)")
        after = (b"Retry-After", b"%d" % max(1, math.ceil(wait_s)))
        status = HTTPStatus.TOO_MANY_REQUESTS
        return self._refuse(status, "too many reports", after, unread=unread)

    def _tell(self, peer: str, what: str, why: str = "") -> None:
        now = self._parts.times.monotonic()
        # Why it is none is the sender's own word, another one each time if he likes.
        if not self._lines.take(f"{peer} {what}", now) and not self._all_lines.take(
            "", now
        ):
            _log.warning("%s: %s%s", peer, what, why)

    def _refuse(
        self, status: HTTPStatus, reason: str, *more: Header, unread: bool = False
    ) -> EnvoyReply:
        now = self._parts.times.wall()
        return refusal(status, reason, *more, now=now, unread=unread)


def _peer(scope: Scope) -> str:
    client: Any = scope.get("client")
    return _shown(client[0]) if client else "unknown"


@functools.lru_cache(_SHOWN)
def _shown(address: str) -> str:
    found = plain_address(address)
    return str(found) if found else "unknown"
