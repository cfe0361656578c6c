"""Look into a request, then store it: bytes, rows and place in the outbox at once.

What makes it safe: all of it is on the disk, in one transaction, before anybody hears
of it. A body that nobody understands is kept as well, and so is one whose rows cannot
be stored: that one is looked into again later.

Memory: bodies of the usual size are handled side by side; one that inflates to
more than BIG is handled alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from nutbridge.collector.errors import StoreError, StoreRefused, TooLarge
from nutbridge.collector.parse.body import inflated_size, parse
from nutbridge.collector.parse.model import ParseResult, RawReport
from nutbridge.collector.serve.options import Allowed, Caps, Mode
from nutbridge.collector.serve.threads import Handback
from nutbridge.collector.serve.verdict import Way, way_of
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.states import Accepted
from nutbridge.collector.store.zones import named_zone, zone_of
from nutbridge.errors import NutbridgeError
from nutbridge.system.text import printable

#: Bodies looked into at the same time. They share one core, whatever their number;
#: one whose sender must be asked for in the database holds up no other.
THREADS = 4
#: One that inflates to no more, as nearly all do, is looked into at once: a thread
#: would take longer to hear of it than it takes to read, bytes.
SMALL = 1 << 16
#: A body that inflates to more is handled alone, bytes.
BIG = 1 << 19

#: Unknown timezones that the log names; a stranger may make up any number.
_MOST_TOLD = 20

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ForeignSerial(NutbridgeError):
    """The report of an Envoy that is not on the list."""


class NoRoomForStrangers(NutbridgeError):
    """The disk is nearly full, and this is of nobody who was here before."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that is on the disk, with its rows.

    Attributes:
        accepted: what the store says.
        result: what was found in it.
        way: what to do with it now.
    """

    accepted: Accepted
    result: ParseResult
    way: Way


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about a request once its body is there."""

    mode: Mode
    caps: Caps
    allowed: Allowed


class Intake:
    """Takes requests; several at a time.

    Args:
        store: where to.
        rules: what may come in.
    """

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="intake")
        self._big = asyncio.Lock()
        self._back = Handback()
        self._zones_told: set[str] = set()

    async def take(self, raw: RawReport) -> Taken:
        """Store and parse one request.

        Raises:
            TooLarge, ForeignSerial: not let in; kept in the quarantine.
            NoRoomForStrangers: not stored.
            StoreError: not stored, or not as a whole.
        """
        result = self._if_small(raw.body)
        if result is None:
            result = await self._in_thread(self._if_usual, raw)
        if result is not None:
            return await self._keep(raw, result)
        async with self._big:
            result = await self._in_thread(self._look_into, raw.body)
            return await self._keep(raw, result)

    async def _keep(self, raw: RawReport, result: ParseResult) -> Taken:
        await self._admit(raw, result)
        way = way_of(self._rules.mode, raw.path, parsed=result.parsed)
        store, queue = self._store, way is Way.QUEUE
        try:
            kept = await self._back.wait(store.take(raw, result, queue=queue))
        except StoreRefused:
            # Its bytes stay, to be looked into again; it is not acknowledged.
            await self._back.wait(store.take(raw, None))
            raise
        self._tell_zone(result)
        return Taken(kept.answer, result, way)

    async def _admit(self, raw: RawReport, result: ParseResult) -> None:
        """Turn away who may not report."""
        if not self._rules.allowed.serial(result.serial):
            reason = "serial number not allowed"
            await self._in_thread(self._quarantine, raw, reason)
            raise ForeignSerial(reason)
        if self._store.room_is_low():
            known = await self._in_thread(self._store.knows, result.serial)
            if not known:
                raise NoRoomForStrangers("no room")

    async def recover(self) -> int:
        """Parse what a process that died had stored only; returns how many.

        None of it was acknowledged, so none of it is queued: the Envoy sends it
        again.
        """
        async with self._big:
            return await self._in_thread(self._recover)

    def close(self) -> None:
        """Begin no more calls; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, call, *args)

    def _if_small(self, body: bytes) -> ParseResult | None:
        if len(body) > SMALL:
            return None
        try:
            return self._look_into(body, min(SMALL, self._rules.caps.inflated))
        except TooLarge:
            return None

    def _if_usual(self, raw: RawReport) -> ParseResult | None:
        try:
            size = inflated_size(raw.body, self._rules.caps.inflated)
        except TooLarge as exc:
            self._quarantine(raw, str(exc))
            raise
        return self._look_into(raw.body) if (size or 0) <= BIG else None

    def _tell_zone(self, result: ParseResult) -> None:
        """Say once that a timezone is not known: its days would be wrong unseen."""
        zone = named_zone(result.report.envoy.timezone) if result.report else None
        if zone is None or zone_of(zone) is not None or zone in self._zones_told:
            return
        if len(self._zones_told) < _MOST_TOLD:
            self._zones_told.add(zone)
            _log.warning(
                "Envoy %s: its timezone %.64s is not known; its days are those of UTC",
                result.serial,
                printable(zone),
            )

    def _look_into(self, body: bytes, cap: int | None = None) -> ParseResult:
        try:
            return parse(body, self._rules.caps.inflated if cap is None else cap)
        except TooLarge:
            raise
        except Exception:  # noqa: BLE001 - a bug in the parser must not stop the Envoy's queue
            _log.exception("this is a bug in nutbridge; the report is kept unparsed")
            return ParseResult(None, "the parser failed")

    def _quarantine(self, raw: RawReport, reason: str) -> None:
        if self._store.room_is_low():
            return
        try:
            self._store.quarantine(raw, reason)
        except StoreError as exc:
            _log.warning("a refused request was not kept: %s", exc)

    def _recover(self) -> int:
        count = 0
        for stored in self._store.unparsed():
            # One that cannot be stored keeps those behind it from nothing.
            with contextlib.suppress(StoreRefused):
                self._store.parsed(stored.raw_id, self._look_into(stored.body))
                count += 1
        return count
