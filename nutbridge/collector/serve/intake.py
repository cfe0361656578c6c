"""Store a request, then look into it: the blocking half, in threads.

The order is what makes it safe: the bytes are on the disk before they are parsed,
parsed before anybody hears of them. Where --allow-serial is given, or the disk is
nearly full, they are parsed first: who is not known must not be among the reports.

Memory: bodies of the usual size are handled side by side; one that inflates to
more than BIG is handled alone.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nutbridge.collector.errors import StoreError, TooLarge
from nutbridge.collector.parse.body import inflated_size, parse
from nutbridge.collector.parse.model import ParseResult, RawReport
from nutbridge.collector.serve.options import Allowed, Caps, Mode
from nutbridge.collector.serve.verdict import Way, way_of
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.states import Accepted
from nutbridge.collector.store.zones import zone_of
from nutbridge.errors import NutbridgeError
from nutbridge.system.text import printable

#: Calls of the store at the same time: one wait for the disk serves them all.
THREADS = 32
#: A body that inflates to more is handled alone, bytes.
BIG = 1 << 19

#: Unknown timezones that the log names; a stranger may make up any number.
_MOST_TOLD = 20

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
        self._zones_told: set[str] = set()

    async def take(self, raw: RawReport) -> Taken:
        """Store and parse one request.

        Raises:
            TooLarge, ForeignSerial: not let in; kept in the quarantine.
            NoRoomForStrangers: not stored.
            StoreError: not stored, or not as a whole.
        """
        loop = asyncio.get_running_loop()
        taken = await loop.run_in_executor(self._threads, self._if_usual, raw)
        if taken is None:
            async with self._big:
                taken = await loop.run_in_executor(self._threads, self._take, raw)
        return taken

    async def recover(self) -> int:
        """Parse what a process that died had stored only; returns how many.

        None of it was acknowledged, so none of it is queued: the Envoy sends it
        again.
        """
        loop = asyncio.get_running_loop()
        async with self._big:
            return await loop.run_in_executor(self._threads, self._recover)

    def close(self) -> None:
        """Begin no more calls; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _if_usual(self, raw: RawReport) -> Taken | None:
        try:
            size = inflated_size(raw.body, self._rules.caps.inflated)
        except TooLarge as exc:
            self._quarantine(raw, str(exc))
            raise
        return self._take(raw) if (size or 0) <= BIG else None

    def _take(self, raw: RawReport) -> Taken:
        allowed = self._rules.allowed
        low = self._store.room_is_low()
        result = None
        if allowed.serials or low:
            result = self._look_into(raw.body)
            if not allowed.serial(result.serial):
                self._quarantine(raw, "serial number not allowed")
                raise ForeignSerial("serial number not allowed")
            if low and not self._store.knows(result.serial):
                raise NoRoomForStrangers("no room")
        accepted = self._store.accept(raw)
        if result is None:
            result = self._look_into(raw.body)
        way = way_of(self._rules.mode, raw.path, parsed=result.parsed)
        self._store.parsed(accepted.raw_id, result, queue=way is Way.QUEUE)
        self._tell_zone(result)
        return Taken(accepted, result, way)

    def _tell_zone(self, result: ParseResult) -> None:
        """Say once that a timezone is not known: its days would be wrong unseen."""
        zone = result.report.envoy.timezone if result.report else None
        if not zone or zone_of(zone) is not None or zone in self._zones_told:
            return
        if len(self._zones_told) < _MOST_TOLD:
            self._zones_told.add(zone)
            _log.warning(
                "Envoy %s: its timezone %.64s is not known; its days are those of UTC",
                result.serial,
                printable(zone),
            )

    def _look_into(self, body: bytes) -> ParseResult:
        try:
            return parse(body, self._rules.caps.inflated)
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
            self._store.parsed(stored.raw_id, self._look_into(stored.body))
            count += 1
        return count
