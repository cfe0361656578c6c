"""Put the collector together, run it, end it.

The end (SIGTERM) is bounded: no more connections, GRACE_S for the upstream's
answers, then 502 for those still open; what was received is stored by then.
"""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable
from typing import Any

from nutbridge.collector.errors import StoreError
from nutbridge.collector.queries.figures import envoy_figures
from nutbridge.collector.serve.app import AppClocks, AppParts, ReportsApp
from nutbridge.collector.serve.certificate import listener_context
from nutbridge.collector.serve.forwarder import Forwarder
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.intake import Intake
from nutbridge.collector.serve.listeners import (
    ConnectionCount,
    Listener,
    bind,
    bound_address,
    most_connections,
)
from nutbridge.collector.serve.metrics import Metrics
from nutbridge.collector.serve.options import Mode, Origin
from nutbridge.collector.serve.outbox import Outbox
from nutbridge.collector.serve.plan import ServePlan
from nutbridge.collector.serve.rate import RateLimiter
from nutbridge.collector.serve.resolver import (
    OwnListeners,
    Resolver,
    look_up_within,
)
from nutbridge.collector.serve.status import StatusPages
from nutbridge.collector.serve.threads import call_aside, wait_aside
from nutbridge.collector.serve.upstream import Upstream
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import Reader
from nutbridge.errors import Refused
from nutbridge.net.cloud_https import verifying_context
from nutbridge.system.clock import Clock
from nutbridge.system.sdnotify import Notifier

# An end may take 5 s: LAST_S, which begins with GRACE_S, and CLOSE_S after it leave
# some of them to a busy machine.

#: Answers of the upstream are waited for after SIGTERM, s.
GRACE_S = 1.0
#: Requests under way have this long to be stored and answered, s.
LAST_S = 2
#: How long the start waits for a name server, s.
_LOOK_UP_S = 3.0
#: How often it tells that it is still opening the database, s.
_TICK_S = 10
#: How long the database may take to close, s.
CLOSE_S = 1.0

_log = logging.getLogger(__name__)


class Collector:
    """The whole, from the sockets to the end.

    Args:
        plan: what to do.
        clock: tells the times.
        notifier: hears of the start and the end.
        watchdog_s: how often it hears that the loop turns, None: never.

    Raises:
        NutbridgeError: an address is not free, the upstream is ourselves, the
            database or the certificate cannot be used.
    """

    def __init__(
        self,
        plan: ServePlan,
        clock: Clock,
        notifier: Notifier,
        watchdog_s: float | None = None,
    ) -> None:
        self._plan = plan
        self._watchdog_s = watchdog_s
        self._clock = clock
        self._notifier = notifier
        self._metrics = Metrics()
        self._told: set[str] = set()
        self._step = ""
        self._store_back = asyncio.Event()
        self._links: dict[str, socket.socket] = {}
        try:
            # A locked database and a silent name server do not look at signals.
            wait_aside("open", self._open, self._still_opening, _TICK_S)
        except BaseException:
            for link in self._links.values():
                link.close()
            raise

    def _open(self) -> None:
        plan = self._plan
        for name, where in (
            ("http", plan.listen),
            ("https", plan.tls_listen),
            ("status", plan.status_listen),
        ):
            if where is not None:
                self._links[name] = bind(where)
        self._own = OwnListeners([_place(link) for link in self._links.values()])
        if plan.upstream is not None:
            self._refuse_a_loop(plan.upstream)
        self._context: ssl.SSLContext | None = None
        if plan.tls_listen is not None:
            self._context = listener_context(
                plan.state, legacy=plan.legacy_tls, failed=self._handshake_failed
            )
        self._store = Store.open(plan.db, progress=self._at)
        self._waiting = self._store.counters().outbox

    def _at(self, what: str, done: int, total: int) -> None:
        """Tell how far an older database is on its way to this version's schema."""
        if not self._step:
            _log.info("the database is of an older version; it is brought up")
        self._step = f"bringing the database up: {what}, {done} of {total}"

    def _still_opening(self) -> None:
        """Ask systemd for patience: an old database of years takes minutes."""
        self._notifier.extend(6 * _TICK_S, self._step)
        if self._step:
            _log.info(self._step)

    def _refuse_a_loop(self, origin: Origin) -> None:
        found = look_up_within(origin, _LOOK_UP_S)
        if found is None:
            _log.warning("the upstream's name %s is not found now", origin.host)
        if any(self._own.include(address, origin.port) for address in found or ()):
            raise Refused(
                f"the upstream {origin} is this collector itself; name the real one "
                "(a changed DNS entry must not reach the collector's own machine)"
            )

    def _handshake_failed(self, reason: str) -> None:
        self._metrics.tls_failures.inc()
        if reason not in self._told:
            self._told.add(reason)
            hint = "" if self._plan.legacy_tls else "; old Envoys need --legacy-tls"
            _log.warning("a TLS handshake failed: %s%s", reason, hint)

    async def run(self) -> int:
        """Serve until SIGTERM or SIGINT.

        Returns: the number of the signal; 0 where a part of it died: who started it
            shall start it again.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[int] = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _settle, ended, number)
        parts, outbox, pages = self._parts()
        gate = ConnectionCount(most_connections())
        app = ReportsApp(parts)
        apps: dict[str, Callable[..., Any]] = {
            "http": app,
            "https": app,
            "status": pages.app(),
        }
        listeners = [
            Listener(
                apps[name],
                link,
                gate,
                self._context if name == "https" else None,
                LAST_S,
                None if name == "status" else app,
            )
            for name, link in self._links.items()
        ]
        servers = [loop.create_task(listener.serve()) for listener in listeners]
        others = [loop.create_task(self._recover(parts.intake))]
        busy = servers + ([loop.create_task(outbox.run())] if outbox else [])
        await _all_listen(listeners, servers)
        self._tell_ready(gate)
        if self._watchdog_s is not None:
            others.append(loop.create_task(self._watchdog(self._watchdog_s)))
        signalled = await _first_of(ended, [*busy, *others])
        if outbox is not None:
            outbox.end()
        await self._end(listeners, busy, parts, gate)
        for task in others:
            task.cancel()
        parts.intake.close()
        await self._close_store()
        return signalled

    def _parts(self) -> tuple[AppParts, Outbox | None, StatusPages]:
        plan, clock = self._plan, self._clock
        store_health = Health("the database", clock.boottime)
        upstream_health = Health(f"the upstream {plan.upstream}", clock.boottime)
        forwarder = outbox = None
        if plan.upstream is not None:
            verify = plan.upstream.scheme == "https"
            context = verifying_context(plan.upstream_ca) if verify else None
            way = Upstream(plan.upstream, context, Resolver(plan.upstream, self._own))
            forwarder = Forwarder(way, self._store, self._metrics, upstream_health)
            # In mode transparent too: what an earlier run acknowledged goes out.
            queue_health = Health("the outbox", clock.boottime)
            outbox = Outbox(self._store, forwarder, queue_health, clock.wall)
        intake = Intake(self._store, plan.rules)
        parts = AppParts(
            rules=plan.rules,
            intake=intake,
            forwarder=forwarder,
            sources=RateLimiter(plan.rate),
            metrics=self._metrics,
            store_health=store_health,
            store_back=self._store_back.set,
            queued=outbox.wake if outbox else lambda: None,
            times=AppClocks(clock.wall, clock.boottime),
        )
        pages = StatusPages(
            plan.rules.mode,
            self._metrics,
            self._store.counters,
            store_health,
            upstream_health,
            lambda: outbox.problem if outbox else None,
            # A store may be another after a while: the copy that took its place.
            lambda: envoy_figures(Reader(self._store.engine), int(clock.wall())),
        )
        return parts, outbox, pages

    async def _recover(self, intake: Intake) -> None:
        """Finish what was stored only: now, and after each failure of the store."""
        while True:
            self._store_back.clear()
            try:
                count = await intake.recover()
            except StoreError as exc:
                _log.warning("reports that were only stored stay so: %s", exc)
            else:
                if count:
                    _log.info("parsed %d reports that had only been stored", count)
            await self._store_back.wait()

    def _tell_ready(self, gate: ConnectionCount) -> None:
        for name, link in self._links.items():
            where = bound_address(link)
            if name == "status":
                _log.info("status on http://%s", where)
            else:
                _log.info("listening on %s://%s", name, where)
        goal = f", upstream {self._plan.upstream}" if self._plan.upstream else ""
        mode = self._plan.rules.mode
        _log.info("ready: mode %s%s, at most %d connections", mode, goal, gate.most)
        if self._waiting and mode is Mode.LOCAL:
            _log.warning(
                "%d reports wait for an upstream; mode local has none", self._waiting
            )
        self._notifier.ready(f"mode {mode}{goal}")

    async def _watchdog(self, every_s: float) -> None:
        """Tell systemd that the loop turns, as often as it asks for."""
        while True:
            self._notifier.watchdog()
            await asyncio.sleep(every_s)

    async def _end(
        self,
        listeners: list[Listener],
        busy: list["asyncio.Task[None]"],
        parts: AppParts,
        gate: ConnectionCount,
    ) -> None:
        _log.info("ending")
        self._notifier.stopping()
        for listener in listeners:
            listener.should_exit = True
        _, slow = await asyncio.wait(busy, timeout=GRACE_S)
        if parts.forwarder is not None:
            parts.forwarder.cut()
        if slow:
            await asyncio.wait(slow, timeout=LAST_S - GRACE_S + 0.5)
        gate.clear()

    async def _close_store(self) -> None:
        """Close it in a thread that cannot keep the process from ending."""
        closed = call_aside("close", self._store.close)
        await asyncio.wait({closed}, timeout=CLOSE_S)


async def _all_listen(
    listeners: list[Listener], servers: list["asyncio.Task[None]"]
) -> None:
    """Wait until all listen, or one cannot.

    Raises:
        NutbridgeError: an address is not free.
    """
    listening = asyncio.gather(*(one.listening.wait() for one in listeners))
    first: list[asyncio.Future[Any]] = [listening, *servers]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        if server.done():
            listening.cancel()
            server.result()


async def _first_of(
    ended: "asyncio.Future[int]", tasks: list["asyncio.Task[None]"]
) -> int:
    """Wait for the end, or for a task that should not end; tell of that."""
    parts: list[asyncio.Future[Any]] = [ended, *tasks]
    await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        return ended.result()
    for task in tasks:
        if task.done():
            _log.critical("a part of the collector died; it ends", exc_info=_why(task))
    return 0


def _why(task: "asyncio.Task[None]") -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _place(link: socket.socket) -> tuple[str, int]:
    address = bound_address(link)
    return address.host, address.port


def _settle(ended: "asyncio.Future[int]", number: int) -> None:
    if not ended.done():
        ended.set_result(number)
