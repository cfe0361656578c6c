"""What is taken in as a whole, or kept for later. In this process."""

import asyncio
import dataclasses
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from nutbridge.collector.errors import StoreRefused
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.serve.app import AppClocks, AppParts, ReportsApp
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.intake import Intake, Rules
from nutbridge.collector.serve.metrics import Metrics
from nutbridge.collector.serve.options import Allowed, Caps, Mode
from nutbridge.collector.serve.rate import RateLimiter
from nutbridge.collector.store import jobs
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.ingest import store_rows
from tests.collector.parse.samples import body, event, interval
from tests.collector.store.using import exported, listed, raw

RULES = Rules(Mode.LOCAL, Caps(), Allowed())


def refuses(good: Callable[..., None], envoy_id: int) -> Callable[..., None]:
    """Return what stores rows, but none of this Envoy."""

    def store_some(sql: Any, found: Any, known: Any) -> None:
        if any(one.envoy_id == envoy_id for one in found):
            raise ValueError
        good(sql, found, known)

    return store_some


def test_report_whose_rows_cannot_be_stored_is_kept_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not acknowledged; its bytes stay, and those beside it are stored."""
    url = f"{tmp_path}/r.db"
    store = Store.open(url)
    odd = raw(body(interval(), envoy={"serial_num": "990000000002"}))
    others = [raw(body(event(id=number))) for number in (1, 2)]

    async def take(*some: Any) -> list[Any]:
        intake = Intake(store, RULES)
        found = [intake.take(one) for one in some]
        return await asyncio.gather(*found, return_exceptions=True)

    asyncio.run(take(odd))
    with monkeypatch.context() as broken:
        broken.setattr(f"{jobs.__name__}.store_rows", refuses(store_rows, 1))
        again = dataclasses.replace(
            odd, body=body(interval(id=2), envoy={"serial_num": "990000000002"})
        )
        answers = asyncio.run(take(others[0], again, others[1]))
        # Nor does it keep others from being looked into, or make the database ill.
        store.accept(raw(body(event(id=3))))
        assert asyncio.run(Intake(store, RULES).recover()) == 1
        health = Health("the database", time.monotonic)
        assert asyncio.run(answered(store, health, again)) == 503
        assert health.problem is None
    assert [isinstance(one, StoreRefused) for one in answers] == [False, True, False]
    assert sorted(row["id"] for row in exported(url)) == [1, 2, 3, 1001]
    (left,) = [one for one in listed(url) if one["parse_state"] == "pending"]
    assert left["sha256"] == sha256(again.body).hexdigest()
    assert asyncio.run(Intake(store, RULES).recover()) == 1
    assert len(exported(url)) == 5
    store.close()


async def answered(store: Store, health: Health, one: RawReport) -> int:
    """Return the status of the answer to a request."""
    parts = AppParts(
        rules=RULES,
        intake=Intake(store, RULES),
        forwarder=None,
        sources=RateLimiter(None),
        metrics=Metrics(),
        store_health=health,
        store_back=lambda: None,
        queued=lambda: None,
        times=AppClocks(time.time, time.monotonic),
    )
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": one.path.encode(),
        "query_string": b"",
        "headers": [],
        "client": ("192.0.2.1", 1),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": one.body}

    async def send(message: Any) -> None:
        sent.append(message)

    await ReportsApp(parts)(scope, receive, send)
    return int(sent[0]["status"])
