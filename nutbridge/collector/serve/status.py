"""The status listener: /healthz and /metrics. Routes; a page for people can join.

On its own port, loopback by default: it tells how many Envoys there are, and asks
for no password.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nutbridge.collector.errors import StoreError
from nutbridge.collector.queries.figures import EnvoyFigures
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.metrics import CONTENT_TYPE, Metrics
from nutbridge.collector.serve.options import Mode
from nutbridge.collector.store.states import Counters

#: A store that does not answer within this is not well, s.
_PATIENCE_S = 5.0
#: Figures of many Envoys are asked for again after this many times as long as they
#: took: whoever scrapes does not slow the collector down.
_REST = 10


class StatusPages:
    """Answers /healthz and /metrics.

    Args:
        mode: of the collector.
        metrics: the figures.
        count: asks the store; blocks.
        store: whether reports can be stored.
        upstream: whether it answers.
        problem: why the last report of the outbox was not taken; None: it was.
        figures: asks the store about the Envoys; blocks.
    """

    def __init__(
        self,
        mode: Mode,
        metrics: Metrics,
        count: Callable[[], Counters],
        store: Health,
        upstream: Health,
        problem: Callable[[], str | None],
        figures: Callable[[], Sequence[EnvoyFigures]],
    ) -> None:
        self._mode = mode
        self._metrics = metrics
        self._count = count
        self._store = store
        self._upstream = upstream
        self._problem = problem
        self._figures = figures
        self._figures_until_s = 0.0
        self._store_problem: str | None = None
        # Of their own: whether reports can be stored is told while figures are made.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="status")
        self._other = ThreadPoolExecutor(1, thread_name_prefix="figures")

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/healthz", self._healthz, methods=["GET"]),
                Route("/metrics", self._metrics_page, methods=["GET"]),
            ]
        )

    async def _kept(self) -> Counters | None:
        loop = asyncio.get_running_loop()
        self._store_problem = None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await loop.run_in_executor(self._thread, self._count)
        except StoreError as exc:
            self._store_problem = str(exc)
        except TimeoutError:
            self._store_problem = "it does not answer"
        return None

    async def _healthz(self, _request: Request) -> Response:
        """200 while reports can be stored, else 503.

        A silent upstream is no illness of the collector: it is told, with 200.
        """
        kept = await self._kept()
        well = kept is not None and self._store.works is not False
        found: dict[str, object] = {
            "status": "ok" if well else "failing",
            "mode": str(self._mode),
            "store": "ok" if well else "failing",
            "upstream": "off" if self._mode is Mode.LOCAL else self._upstream.word,
            "outbox": None if kept is None else kept.outbox,
        }
        # What should not be is told where it is.
        more = {
            "stuck": 0 if kept is None else kept.stuck,
            "dead_letters": 0 if kept is None else kept.dead_letters,
            "outbox_problem": self._problem(),
            "store_problem": self._store_problem or self._store.problem,
        }
        found |= {name: value for name, value in more.items() if value}
        return JSONResponse(found, 200 if well else 503)

    async def _of_envoys(self) -> None:
        """Ask about the Envoys, if that was not done just now; else the last stay."""
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        if begun_s < self._figures_until_s:
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await loop.run_in_executor(self._other, self._figures)
        except (StoreError, TimeoutError):
            return
        finally:
            took_s = loop.time() - begun_s
            self._figures_until_s = loop.time() + _REST * took_s
        self._metrics.of_envoys(found)

    async def _metrics_page(self, _request: Request) -> Response:
        kept = await self._kept()
        if kept is not None:
            await self._of_envoys()
        store = kept is not None and self._store.works is not False
        page = self._metrics.render(kept, upstream=self._upstream.works, store=store)
        return Response(page, headers={"Content-Type": CONTENT_TYPE})
