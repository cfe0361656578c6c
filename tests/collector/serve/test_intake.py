"""What is taken in as a whole, or kept for later. In this process."""

import asyncio
import dataclasses
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from nutbridge.collector.errors import StoreRefused
from nutbridge.collector.serve.intake import Intake, Rules
from nutbridge.collector.serve.options import Allowed, Caps, Mode
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
    assert [isinstance(one, StoreRefused) for one in answers] == [False, True, False]
    assert sorted(row["id"] for row in exported(url)) == [1, 2, 1001]
    (left,) = [one for one in listed(url) if one["parse_state"] == "pending"]
    assert left["sha256"] == sha256(again.body).hexdigest()
    assert asyncio.run(Intake(store, RULES).recover()) == 1
    assert len(exported(url)) == 4
    store.close()
