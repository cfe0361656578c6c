"""Put the page together, serve it, end it.

The end (SIGTERM) is bounded: no more connections, then LAST_S for answers under way.
"""

import asyncio
import functools
import logging
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nutbridge.collector.serve.listeners import (
    ConnectionCount,
    Listener,
    bind,
    bound_address,
)
from nutbridge.collector.serve.options import Address, Allowed
from nutbridge.daemon.state_store import UNIT_FOLDER
from nutbridge.system import services
from nutbridge.system.clock import Clock
from nutbridge.system.sdnotify import Notifier
from nutbridge.web import metrics
from nutbridge.web.app import Pages, SolarSource
from nutbridge.web.guard import HostGuard, WebDoor
from nutbridge.web.house import HouseReader
from nutbridge.web.house_page import HouseLook
from nutbridge.web.kept import Kept
from nutbridge.web.layout import Place
from nutbridge.web.past import PastReader

#: Answers under way have this long after SIGTERM, s.
LAST_S = 1
#: Open connections at the same time: a hundred pages, several each.
MOST_CONNECTIONS = 400
#: How often files and database are looked at, s, however many pages are open.
HOUSE_FRESH_S, SOLAR_FRESH_S = 2.0, 20.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebPlan:
    """What the process is told.

    Attributes:
        listen: where.
        allowed: who, besides this machine itself.
        names: further names of this machine, lower case.
        upses: names of the UPSes.
        folders: where their state files may lie.
        history: where their histories may lie.
        db: of the collector; None: there is none.
        layout: of the panels.
        upsd: asked for its clients; None: not asked.
    """

    listen: Address
    allowed: Allowed
    names: frozenset[str]
    upses: tuple[str, ...]
    folders: tuple[Path, ...] = (UNIT_FOLDER,)
    history: tuple[Path, ...] = ()
    db: str | None = None
    layout: Mapping[str, Place] | None = None
    upsd: str | None = None


def pages_of(plan: WebPlan, clock: Clock) -> Pages:
    """Return the pages of a plan."""
    houses = {ups: _house(plan, ups, clock) for ups in plan.upses}
    source = None if plan.db is None else _solar(plan, plan.db, clock)
    return Pages(houses, source, [metrics.route(houses)])


def _solar(plan: WebPlan, db: str, clock: Clock) -> SolarSource:
    from nutbridge.web.solar import SolarReader

    reader = SolarReader(db, plan.layout or {}, clock.wall)
    # One thread asks them all: an old machine has one disk.
    thread = ThreadPoolExecutor(1, thread_name_prefix="panels")
    return SolarSource(
        Kept(reader.read, SOLAR_FRESH_S, clock.boottime, thread),
        lambda eqid: Kept(
            functools.partial(reader.polls, eqid), SOLAR_FRESH_S, clock.boottime, thread
        ),
    )


def _house(plan: WebPlan, ups: str, clock: Clock) -> Kept[HouseLook]:
    reader = HouseReader(ups, plan.folders, clock, plan.upsd)
    past = PastReader(ups, plan.history, clock)
    return Kept(
        lambda: HouseLook(reader.read(), past.read(), services.here()),
        HOUSE_FRESH_S,
        clock.boottime,
    )


async def serve(
    plan: WebPlan,
    clock: Clock,
    notifier: Notifier,
    ready: Callable[[Address], None] = lambda _: None,
) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        plan: what to do.
        clock: all times.
        notifier: hears of the start and the end.
        ready: told where it listens.

    Returns:
        The number of the signal.

    Raises:
        NutbridgeError: the address is not free.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _settle, ended, number)
    link = bind(plan.listen)
    app = HostGuard(pages_of(plan, clock).app(), plan.names)
    gate = ConnectionCount(MOST_CONNECTIONS)
    listener = Listener(app, link, gate, None, LAST_S, WebDoor(plan.allowed))
    address = bound_address(link)
    serving = loop.create_task(listener.serve())
    listening = loop.create_task(listener.listening.wait())
    first: set[asyncio.Future[Any]] = {serving, listening}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    _log.info("the page is at http://%s/", address)
    notifier.ready(f"http://{address}/")
    ready(address)
    first = {serving, ended}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    notifier.stopping()
    listener.should_exit = True
    await asyncio.wait({serving}, timeout=LAST_S + 1)
    gate.clear()
    return ended.result() if ended.done() else 0


def _settle(ended: "asyncio.Future[int]", number: int) -> None:
    if not ended.done():
        ended.set_result(number)
