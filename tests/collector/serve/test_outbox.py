"""The worker of the outbox, with a real store and a real upstream."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nutbridge.collector.errors import StoreFull, UpstreamDown
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.serve.forwarder import Forwarder
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.metrics import Metrics
from nutbridge.collector.serve.options import parse_origin
from nutbridge.collector.serve.outbox import Outbox
from nutbridge.collector.serve.resolver import OwnListeners, Resolver
from nutbridge.collector.serve.upstream import Upstream
from nutbridge.collector.store.api import Store
from tests.collector.serve.reports import report_body
from tests.collector.serve.upstream import (
    Enphase,
    Got,
    Reaction,
    answer,
    resets,
    says,
    takes,
    wait_for,
)

PATIENCE_S = 60.0
NOW = 1_700_000_000


class FullOnce(Store):
    """A store whose disk is full for the first answer."""

    full = True

    def forwarded(self, *args: Any, **more: Any) -> None:
        """Note an answer, but not the first one."""
        if self.full:
            self.full = False
            raise StoreFull("no room")
        super().forwarded(*args, **more)


@contextmanager
def queued(kind: type[Store], folder: Path, *bodies: bytes) -> Iterator[Store]:
    """Open a store with these bodies in its outbox."""
    store = kind.open(str(folder / "reports.db"))
    try:
        for body in bodies:
            put(store, body)
        yield store
    finally:
        store.close()


def forwarder_of(store: Store, url: str) -> Forwarder:
    """Return the way to an upstream."""
    origin = parse_origin(url)
    way = Upstream(origin, None, Resolver(origin, OwnListeners(())))
    return Forwarder(way, store, Metrics(), Health("the upstream", time.monotonic))


def outbox_of(store: Store, url: str, wall: Callable[[], float] = time.time) -> Outbox:
    """Return the worker, not running yet."""
    health = Health("the outbox", time.monotonic)
    return Outbox(store, forwarder_of(store, url), health, wall)


def put(store: Store, body: bytes) -> None:
    """Queue a body."""
    raw = RawReport(NOW, "192.0.2.1", "/emu_reports/x", "", (), body)
    store.parsed(store.accept(raw).raw_id, parse(body), queue=True)


def test_answer_that_was_not_noted_is_noted_again(
    tmp_path: Path, enphase: Enphase
) -> None:
    """No room for it is no reason to send the report twice."""
    with queued(FullOnce, tmp_path, report_body()) as store:

        async def play() -> None:
            outbox = outbox_of(store, enphase.url)
            task = asyncio.create_task(outbox.run())
            await asyncio.to_thread(
                wait_for, lambda: not store.outbox_heads(), PATIENCE_S
            )
            outbox.end()
            await asyncio.wait_for(task, PATIENCE_S)

        asyncio.run(play())
    assert len(enphase.got) == 1


def test_end_waits_for_one_answer_and_begins_nothing(
    tmp_path: Path, enphase: Enphase
) -> None:
    """What the upstream took is noted, so that it is not sent again."""
    ended = threading.Event()

    def answer_late(got: Got, link: Any) -> None:
        ended.wait(PATIENCE_S)
        takes(got, link)

    enphase.reaction = answer_late
    bodies = [report_body(number) for number in range(2)]
    with queued(Store, tmp_path, *bodies) as store:

        async def play() -> None:
            outbox = outbox_of(store, enphase.url)
            task = asyncio.create_task(outbox.run())
            await asyncio.to_thread(wait_for, lambda: enphase.got, PATIENCE_S)
            outbox.end()
            ended.set()
            await asyncio.wait_for(task, PATIENCE_S)

        asyncio.run(play())
        (left,) = store.outbox_heads(1)
    assert [got.body for got in enphase.got] == bodies[:1]
    assert hashlib.sha256(left.body).digest() == hashlib.sha256(bodies[1]).digest()


@pytest.mark.parametrize("reaction", [resets, says(answer(503)), says(answer(404))])
def test_poisoned_envoys_hold_up_no_other_one(
    tmp_path: Path, enphase: Enphase, reaction: Reaction
) -> None:
    """While others pass nobody waits for them: each waits for its own time alone."""
    numbers = range(24)
    bodies = [report_body(0, serial=f"2200000000{n:02}") for n in numbers]
    poisoned = [bodies[n] for n in numbers if n % 4 == 1]

    def react(got: Got, link: Any) -> None:
        (reaction if got.body in poisoned else takes)(got, link)

    def sent() -> list[bytes]:
        return [got.body for got in enphase.got]

    enphase.reaction = react
    with queued(Store, tmp_path, bodies[0]) as store:

        async def play() -> None:
            # The time of none of them comes.
            outbox = outbox_of(store, enphase.url, lambda: NOW)
            task = asyncio.create_task(outbox.run())
            await asyncio.to_thread(wait_for, lambda: enphase.got, PATIENCE_S)
            for body in bodies[1:]:
                await asyncio.to_thread(put, store, body)
                outbox.wake()
                await asyncio.to_thread(wait_for, lambda: sent()[-1:] == [body])  # noqa: B023 - called here
            outbox.end()
            await asyncio.wait_for(task, PATIENCE_S)

        asyncio.run(play())
    assert sent() == bodies


def test_several_find_out_whether_the_upstream_is_well_again(
    tmp_path: Path, enphase: Enphase
) -> None:
    """One that is ill itself would make all others wait, longer each time."""
    bodies = [report_body(0, serial=f"2200000000{n:02}") for n in range(9)]
    poisoned, well = bodies[1:5], bodies[5:]
    together = threading.Barrier(len(well))

    def react(got: Got, link: Any) -> None:
        if got.body in poisoned:
            resets(got, link)
            return
        if got.body in well:
            together.wait(PATIENCE_S)
        takes(got, link)

    def sent() -> list[bytes]:
        return [got.body for got in enphase.got]

    enphase.reaction = react
    with queued(Store, tmp_path, bodies[0]) as store:

        async def play() -> None:
            outbox = outbox_of(store, enphase.url, lambda: NOW)
            task = asyncio.create_task(outbox.run())
            await asyncio.to_thread(wait_for, lambda: bodies[0] in sent())
            for some in (poisoned, well):
                for body in some:
                    await asyncio.to_thread(put, store, body)
                outbox.wake()
                await asyncio.to_thread(wait_for, lambda: set(some) <= set(sent()))  # noqa: B023 - called here
            await asyncio.to_thread(wait_for, lambda: together.n_waiting == 0)
            outbox.end()
            await asyncio.wait_for(task, PATIENCE_S)

        asyncio.run(play())
    assert not together.broken


def test_nothing_is_sent_after_the_cut(tmp_path: Path, enphase: Enphase) -> None:
    """A report that was stored late in the end is not sent to be given up at once."""
    with queued(Store, tmp_path) as store:

        async def play() -> None:
            forwarder = forwarder_of(store, enphase.url)
            forwarder.cut()
            with pytest.raises(UpstreamDown, match="the collector ends"):
                await forwarder.ask("/emu_reports/x", "", (), report_body())

        asyncio.run(play())
    assert enphase.connections == 0
