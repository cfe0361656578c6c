"""Short ways to put reports into a store and to look at what is there."""

import io
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from nutbridge.cli.tools import main
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.queries.export import export
from nutbridge.collector.queries.listing import reports
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.given import panels_in
from nutbridge.collector.store.reading import Reader, reading
from nutbridge.collector.store.sql import Row, Sql

Object = dict[str, Any]

HEADERS = (("Host", "reports.example:443"), ("Accept", "*/*"))


def raw(body: bytes, received: int | None = None) -> RawReport:
    """Return a request with this body."""
    return RawReport(
        int(time.time()) if received is None else received,
        "192.0.2.77",
        "/emu_reports/performance_report",
        "webcomm_version=4.6.0",
        HEADERS,
        body,
    )


def put(store: Store, body: bytes, *, queue: bool = False) -> int:
    """Do with a body what the collector does."""
    return store.take(raw(body), parse(body), queue=queue).result().answer.raw_id


def exported(url: str, **options: Any) -> list[Object]:
    """Return all rows."""
    with reading(url) as database:
        return list(export(database, **options))


def listed(url: str) -> list[Object]:
    """Return all bodies."""
    with reading(url) as database:
        return list(reports(database))


@contextmanager
def asked() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Note the statements that look for rows, and their values."""
    found = Sql._found
    sent: list[tuple[str, tuple[Any, ...]]] = []

    def noted(self: Sql, statement: str, values: Sequence[Any]) -> list[Row]:
        sent.append((statement, tuple(values)))
        return found(self, statement, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sql, "_found", noted)
        yield sent


def hours_in(database: Reader | Sql) -> list[tuple[int, str, int, int, int, int]]:
    """Return of each Envoy and panel hours, offsets, energy and what is estimated."""
    rows = database.rows("SELECT envoy_id, hour, offset_s, gave FROM envoy_hour")
    return [
        (envoy_id, eqid, hour, offset, *given)
        for envoy_id, hour, offset, gave in rows
        for eqid, *given in panels_in(gave)
    ]


def asking(url: str) -> Any:
    """Return a context with a Reading."""
    return reading(url)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command wrote."""

    stdout: str
    stderr: str


def run(*arguments: object, code: int = 0) -> Done:
    """Run the command in this process: it starts thirty times as fast."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["nutbridge", "reports", *map(str, arguments)]
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
    finally:
        sys.argv = before
    assert (end.value.code or 0) == code, err.getvalue()
    assert "Traceback" not in err.getvalue()
    return Done(out.getvalue(), err.getvalue())


def waits_for_lock(url: str, thread: threading.Thread) -> bool:
    """Wait until a thread ends, or its transaction waits; tell which."""
    question = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    with psycopg.connect(url, autocommit=True) as link:
        while thread.is_alive():
            if link.execute(question).fetchall():
                return True
    return False


def objects(*arguments: object) -> list[dict[str, Any]]:
    found = json.loads(run(*arguments, "--json").stdout)
    assert isinstance(found, list)
    return found


__all__ = [
    "HEADERS",
    "Done",
    "Reader",
    "asking",
    "exported",
    "listed",
    "objects",
    "put",
    "raw",
    "run",
    "waits_for_lock",
]
