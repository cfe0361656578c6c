"""Ask the upstream about a stored report, and note what became of it."""

import asyncio
import logging
from collections.abc import Iterable

from nutbridge.collector.errors import StoreError, UpstreamDown
from nutbridge.collector.parse.answer import read_answer
from nutbridge.collector.serve.headers import Header, onward
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.metrics import Metrics
from nutbridge.collector.serve.upstream import Sent, Upstream
from nutbridge.collector.serve.verdict import is_delivery, is_success
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.states import DeliveryAnswer
from nutbridge.net.forward import RawAnswer

_log = logging.getLogger(__name__)


class Forwarder:
    """The one way out, for reports that came in now and for queued ones.

    Args:
        upstream: whom to ask.
        store: where to note the answers.
        metrics: counts.
        health: of the upstream.
    """

    def __init__(
        self, upstream: Upstream, store: Store, metrics: Metrics, health: Health
    ) -> None:
        self._upstream = upstream
        self._store = store
        self._metrics = metrics
        self._health = health
        self._open: set[asyncio.Task[RawAnswer]] = set()
        self._ended = False

    async def ask(
        self, path: str, query: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> RawAnswer:
        """Send a report as it came.

        Args:
            path: raw.
            query: raw, without the question mark.
            headers: names in lower case, values in Latin-1.
            body: as received.

        Raises:
            UpstreamDown: no answer, or the collector ends.
        """
        target = f"{path}?{query}" if query else path
        received = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        host = self._upstream.origin.default_host_header
        sent = Sent(target.encode("ascii"), onward(received, len(body), host), body)
        try:
            answer = await self._cuttable(sent)
        except UpstreamDown as exc:
            if not self._ended:
                self._metrics.upstream_failures.inc()
                self._health.bad(exc.problem)
            raise
        self._metrics.upstream_answers.labels(str(answer.status)).inc()
        self._health.good()
        return answer

    def refusal(
        self, answer: RawAnswer, events: Iterable[str], *, task: bool = False
    ) -> str | None:
        """Return why an answer says that a report was not taken; None: it was.

        Args:
            answer: of the upstream.
            events: ids of all events of the report.
            task: it was no report; nobody knows what its answer says.
        """
        taken = is_success if task else is_delivery
        if not taken(answer.status):
            return f"answered {answer.status}"
        words = None if task else read_answer(answer.body).refusal(events)
        if words is None:
            self._metrics.forwarded.inc()
            return None
        return f"answered {answer.status}, but {words}"

    async def _cuttable(self, sent: Sent) -> RawAnswer:
        task = asyncio.ensure_future(self._upstream.send(sent))
        self._open.add(task)
        if self._ended:
            task.cancel()
        try:
            await asyncio.wait({task})
        finally:
            self._open.discard(task)
            task.cancel()  # only where this wait itself was cancelled
        if task.cancelled():
            raise UpstreamDown(str(self._upstream.origin), "the collector ends")
        return task.result()

    def cut(self) -> None:
        """Wait for no answer any longer, nor for later ones: the collector ends."""
        self._ended = True
        for task in self._open:
            task.cancel()

    def note(
        self,
        raw_id: int,
        answer: RawAnswer,
        refusal: str | None,
        *,
        task: bool = False,
    ) -> None:
        """Keep the answer to a report, or a task, that was relayed; does not wait."""
        try:
            self._store.forwarded(raw_id, kept(answer), refusal, wait=False, task=task)
        except StoreError as exc:
            _log.warning("an answer of the upstream was not kept: %s", exc)

    def note_failure(self, raw_id: int, problem: str, *, task: bool = False) -> None:
        """Keep why a report, or a task, was not answered; does not wait."""
        try:
            self._store.failed(raw_id, problem, wait=False, task=task)
        except StoreError as exc:
            _log.warning("a failure of the upstream was not kept: %s", exc)


def kept(answer: RawAnswer) -> DeliveryAnswer:
    """Return an answer as the store keeps it."""
    return DeliveryAnswer(answer.status, texts(answer.headers), answer.body)


def texts(headers: Iterable[Header]) -> tuple[tuple[str, str], ...]:
    """Return headers as the store keeps them."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers
    )
