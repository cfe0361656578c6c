"""store-and-forward and local: what is acknowledged here, and what never is."""

import hashlib
import socket
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.store.api import Store
from tests.collector.serve.collector import Answered, collector
from tests.collector.serve.reports import PATH, event_ids, report_body
from tests.collector.serve.upstream import (
    Enphase,
    Got,
    Reaction,
    answer,
    resets,
    says,
    takes,
    wait_for,
    yes_to,
)

FORWARD = ("--mode", "store-and-forward", "--upstream")
TASK = "/emu_reports/task_complete?id=1"
UNPARSABLE = (b"nonsense", zlib.compress(b"<perf_report/>"), report_body()[:-9])


def acknowledged(got: Answered) -> list[str]:
    """Return the event ids of an acknowledgement."""
    assert got.status == 200
    assert got.header("content-type") == ["application/x-deflate; charset=utf-8"]
    assert got.header("content-length") == [str(len(got.body))]
    assert got.header("connection") == ["close"]
    root = ET.fromstring(zlib.decompress(got.body))
    assert (root.tag, root.get("status")) == ("perf_report_response", "success")
    return [event.get("id", "") for event in root.findall("events_processed/event")]


def test_local_acknowledges_what_is_stored(tmp_path: Path) -> None:
    with collector(tmp_path, "--mode", "local") as running:
        assert acknowledged(running.post(report_body())) == event_ids(0)
        assert acknowledged(running.post(report_body(1, events=0))) == []
        assert acknowledged(running.post(report_body())) == event_ids(0)
        rows = running.rows("SELECT times_received, forward_state FROM raw")
        assert sorted((row[0], row[1]) for row in rows) == [(1, "none"), (2, "none")]
        assert len(running.rows("SELECT 1 FROM event")) == 2


def test_local_refuses_what_it_cannot_acknowledge(tmp_path: Path) -> None:
    with collector(tmp_path, "--mode", "local") as running:
        for body in UNPARSABLE:
            assert running.post(body).status == 422
        assert running.post(report_body(), TASK).status == 422
        assert len(running.rows("SELECT 1 FROM raw")) == 4


def test_queued_reports_go_on_in_order_with_their_bytes(
    tmp_path: Path, enphase: Enphase
) -> None:
    """Acknowledged while the upstream is away, delivered when it is back."""
    bodies = [report_body(n, serial=f"11000000000{n % 3}") for n in range(8)]
    enphase.reaction = resets
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        for number, body in enumerate(bodies):
            assert acknowledged(running.post(body)) == event_ids(number)
        assert len(running.rows("SELECT 1 FROM outbox")) == 8
        # The oldest of all, and after half a minute in vain those of others.
        assert {got.body for got in enphase.got} <= set(bodies[:3])
        enphase.got.clear()
        enphase.reaction = takes
        wait_for(lambda: len(enphase.got) >= 8)
        found = [bodies.index(got.body) for got in enphase.got]
        assert sorted(found) == list(range(8))
        for envoy in range(3):
            ours = [number for number in found if number % 3 == envoy]
            assert ours == sorted(ours)
        assert b"Content-Type: application/x-deflate" in enphase.got[3].headers
        wait_for(lambda: not running.rows("SELECT 1 FROM outbox"))


def test_head_stays_until_it_is_delivered(tmp_path: Path, enphase: Enphase) -> None:
    """408, 429, 5xx, redirects, and a 200 that is none: again."""
    script = iter([answer(503), answer(429), answer(body=b""), answer(302)])

    def react(got: Got, link: socket.socket) -> None:
        first = got.body == bodies[0]
        link.sendall(next(script, yes_to(got.body)) if first else yes_to(got.body))

    bodies = [report_body(n) for n in range(2)]
    enphase.reaction = react
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        for body in bodies:
            assert running.post(body).status == 200
        wait_for(lambda: not running.rows("SELECT 1 FROM outbox"))
        assert [bodies.index(got.body) for got in enphase.got] == [0, 0, 0, 0, 0, 1]
        states = running.rows("SELECT DISTINCT forward_state FROM raw")
        assert states == [("forwarded",)]
        running.says("the upstream answered 200, but it is empty", 1)


@pytest.mark.parametrize(
    ("poison", "state", "serial"),
    [
        (says(answer(400)), "dead_letter", "110000000001"),
        (says(answer(body=zlib.compress(b"<error/>"))), "stuck", "110000000002"),
        (resets, "stuck", "110000000001"),
    ],
    ids=["400", "error", "reset"],
)
@pytest.mark.slow(25)
def test_poison_stands_aside_while_others_pass(
    tmp_path: Path, enphase: Enphase, poison: Reaction, state: str, serial: str
) -> None:
    """Whether these are of another Envoy, or wait behind it."""
    first, second = report_body(0), report_body(1, serial=serial)

    def react(got: Got, link: socket.socket) -> None:
        if got.body == first:
            poison(got, link)
        else:
            takes(got, link)

    enphase.reaction = react
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        assert running.post(first).status == 200
        wait_for(lambda: enphase.got)
        assert running.post(second).status == 200
        waiting = "SELECT 1 FROM raw WHERE forward_state = 'queued'"
        wait_for(lambda: not running.rows(waiting))
        states = running.rows("SELECT forward_state FROM raw ORDER BY raw_id")
        assert [row[0] for row in states] == [state, "forwarded"]
        ((problem,),) = running.rows("SELECT forward_problem FROM raw WHERE raw_id = 1")
        assert problem


@pytest.mark.slow(15)
def test_many_poisoned_envoys_stop_no_other_one(
    tmp_path: Path, enphase: Enphase
) -> None:
    """Each is asked about once, at the same pace: not a minute later each time."""
    poisoned = {report_body(n, serial=f"22000000000{n}") for n in range(8)}
    last = report_body(9)

    def react(got: Got, link: socket.socket) -> None:
        link.sendall(answer(400) if got.body in poisoned else yes_to(got.body))

    enphase.reaction = react
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        for body in (*poisoned, last):
            assert running.post(body).status == 200
        wait_for(
            lambda: running.rows("SELECT 1 FROM raw WHERE forward_state = 'forwarded'")
        )
        # Once one has passed the others are asked about again, at once.
        asked = [got.body for got in enphase.got]
        assert asked.index(last) == len(poisoned)
        assert set(asked[: len(poisoned)]) == poisoned


@pytest.mark.parametrize("status", [404, 403, 503])
def test_refusal_of_everything_is_an_outage(
    tmp_path: Path, enphase: Enphase, status: int
) -> None:
    """Nothing is given up, and all goes out when it is over."""
    enphase.reaction = says(answer(status))
    bodies = [report_body(n, serial=f"11000000000{n % 2}") for n in range(4)]
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        for body in bodies:
            assert running.post(body).status == 200
        wait_for(lambda: len(enphase.got) >= 4)
        states = running.rows("SELECT DISTINCT forward_state FROM raw")
        assert states == [("queued",)]
        assert f"answered {status}" in str(running.get("/healthz").body)
        enphase.reaction = takes
        wait_for(lambda: not running.rows("SELECT 1 FROM outbox"))


@pytest.mark.parametrize("body", [*UNPARSABLE, "task"], ids=["a", "b", "c", "task"])
def test_what_cannot_be_acknowledged_is_forwarded_at_once(
    tmp_path: Path, enphase: Enphase, body: bytes | str
) -> None:
    """A refusal is relayed; a success, which would acknowledge it, becomes 502.

    Not that of a task: the upstream alone knows what its answer means.
    """
    sent = report_body() if isinstance(body, str) else body
    path = TASK if body == "task" else "/emu_reports/performance_report?a=b"
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        first = running.post(sent, path)
        assert first.status == (200 if body == "task" else 502)
        assert len(enphase.got) == 1
        enphase.reaction = says(answer(404, body=b"gone"))
        got = running.post(sent, path)
        assert (got.status, got.body) == (404, b"gone")
        enphase.reaction = resets
        assert running.post(sent, path).status == 502
        assert [got.body for got in enphase.got] == [sent] * 3
        assert running.rows("SELECT 1 FROM outbox") == []
        assert len(running.rows("SELECT 1 FROM raw")) == 1


def test_same_bytes_as_a_task_and_as_a_report_are_two_requests(
    tmp_path: Path, enphase: Enphase
) -> None:
    """An answer to the task is none to the report, whichever came first."""
    early, late = report_body(0), report_body(1)
    reports: Reaction = resets

    def react(got: Got, link: socket.socket) -> None:
        react_to = tasks if b"task_complete" in got.line else reports
        react_to(got, link)

    enphase.reaction = react
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        tasks: Reaction = takes
        assert running.post(early, TASK).status == 200
        assert running.post(late).status == 200
        assert running.post(early).status == 200
        tasks = says(answer(403))
        assert running.post(late, TASK).status == 403
        tasks = takes
        assert running.post(late, TASK).status == 200
        assert len(running.rows("SELECT 1 FROM outbox")) == 2
        reports = takes
        wait_for(lambda: not running.rows("SELECT 1 FROM outbox"))
        sent = {got.body for got in enphase.got if b"performance" in got.line}
        assert sent == {early, late}
        states = running.rows("SELECT DISTINCT forward_state FROM raw")
        assert states == [("forwarded",)]


def test_imported_report_goes_on_as_the_envoy_sends_it(
    tmp_path: Path, enphase: Enphase
) -> None:
    """A file names no path; once, such a report stopped the outbox for ever."""
    store = Store.open(str(tmp_path / "reports.db"))
    imported = RawReport(1_700_000_000, "", "", "", (), report_body())
    assert store.add([(imported, parse(imported.body))]) == [True]
    store.close()
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        assert running.post(report_body()).status == 200
        wait_for(lambda: not running.rows("SELECT 1 FROM outbox"))
        (got,) = enphase.got
        assert got.line == f"POST {PATH} HTTP/1.1".encode()
        assert b"Content-Type: application/x-deflate" in got.headers


def test_outbox_outlives_the_collector_and_its_mode(
    tmp_path: Path, enphase: Enphase
) -> None:
    """What was acknowledged goes out, also in mode transparent; once."""
    enphase.reaction = resets
    body = report_body()
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        assert running.post(body).status == 200
        assert running.end() == 0
    with collector(tmp_path, "--mode", "local") as running:
        running.says("1 reports wait")
    enphase.got.clear()
    enphase.reaction = takes
    with collector(tmp_path, "--upstream", enphase.url) as running:
        wait_for(lambda: not running.rows("SELECT 1 FROM outbox"))
        assert [got.body for got in enphase.got] == [body]
    (row,) = running.rows("SELECT sha256, forward_state FROM raw")
    assert tuple(row) == (hashlib.sha256(body).hexdigest(), "forwarded")


def test_task_in_an_answer_to_a_queued_report_is_told(
    tmp_path: Path, enphase: Enphase
) -> None:
    xml = b'<perf_report_response status="success"><rescan/></perf_report_response>'
    enphase.reaction = says(answer(body=zlib.compress(xml)))
    with collector(tmp_path, *FORWARD, enphase.url) as running:
        assert running.post(report_body(events=0)).status == 200
        running.says("<rescan>")
