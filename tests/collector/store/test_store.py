"""Accepting, the outbox, answers, quarantine. On both databases."""

from dataclasses import replace

import pytest

from nutbridge.collector.errors import StoreDown
from nutbridge.collector.parse.body import parse
from nutbridge.collector.queries.bodies import capture
from nutbridge.collector.store import jobs
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.jobs import FailedTry
from nutbridge.collector.store.states import (
    DeliveryAnswer,
    ForwardState,
    ParseState,
)
from tests.collector.parse.samples import NOW, SERIAL, body, event
from tests.collector.store.using import (
    HEADERS,
    asking,
    exported,
    listed,
    put,
    raw,
)

OK = DeliveryAnswer(200, (("Status", "200"), ("A", "1"), ("A", "2")), b"\x78\x9c")
OTHER = "990000000002"


def of(serial: str, number: int) -> bytes:
    return body(event(id=number), envoy={"serial_num": serial})


def state(url: str) -> list[str]:
    return [one["forward_state"] for one in listed(url)]


def test_accepted_is_there_before_anything_is_known_of_it(
    store: Store, url: str
) -> None:
    first = store.accept(raw(b"bytes", received=NOW))
    again = store.accept(raw(b"bytes"))
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.raw_id == again.raw_id
    assert first.parse_state is ParseState.PENDING
    (one,) = listed(url)
    assert (one["received"], one["times_received"]) == (NOW, 2)


def test_what_was_accepted_but_not_parsed_is_found_again(url: str) -> None:
    """The process died between the two transactions."""
    first = Store.open(url)
    put(first, body())
    left = [first.accept(raw(of(SERIAL, number))).raw_id for number in (1, 2)]
    first.close()
    second = Store.open(url)
    found = list(second.unparsed())
    assert [one.raw_id for one in found] == left
    assert (found[0].body, found[0].headers) == (of(SERIAL, 1), HEADERS)
    for one in found:
        second.parsed(one.raw_id, parse(one.body))
    assert list(second.unparsed()) == []
    assert len(exported(url)) == 2
    second.close()


def test_outbox_gives_the_oldest_of_each_envoy(store: Store) -> None:
    ids = [put(store, of(SERIAL, n), queue=True) for n in range(3)]
    other = put(store, of(OTHER, 1), queue=True)
    heads = store.outbox_heads()
    assert [one.raw_id for one in heads] == [ids[0], other]
    assert [one.raw_id for one in store.outbox_heads(1)] == [ids[0]]
    assert (heads[0].body, heads[0].serial) == (of(SERIAL, 0), SERIAL)
    assert (heads[0].path, heads[0].query, heads[0].headers) == (
        "/emu_reports/performance_report",
        "webcomm_version=4.6.0",
        HEADERS,
    )
    store.forwarded(ids[0], OK)
    assert [one.raw_id for one in store.outbox_heads()] == [ids[1], other]


def test_queued_once_whatever_comes_again(store: Store, url: str) -> None:
    raw_id = put(store, body(), queue=True)
    put(store, body(), queue=True)
    assert store.counters().outbox == 1
    store.forwarded(raw_id, OK)
    put(store, body(), queue=True)
    assert (store.counters().outbox, state(url)) == (0, ["forwarded"])


def test_body_that_was_passed_on_may_be_queued_later(store: Store, url: str) -> None:
    """The mode changed, or a first try failed: it is no reason to lose it."""
    raw_id = put(store, body())
    store.failed(raw_id, "no answer", wait=True)
    assert state(url) == ["failed"]
    put(store, body(), queue=True)
    assert state(url) == ["queued"]


def test_late_answer_to_a_task_says_nothing_about_the_report(
    store: Store, url: str
) -> None:
    """The same bytes: asked as a task, queued as a report, then the answer."""
    task = replace(raw(body()), path="/emu_reports/task_complete", query="id=1")
    raw_id = store.accept(task).raw_id
    store.forwarded(raw_id, OK, task=True)
    assert state(url) == ["forwarded"]
    assert put(store, body(), queue=True) == raw_id
    (head,) = store.outbox_heads()
    assert (head.path, head.query) == (raw(body()).path, raw(body()).query)
    with asking(url) as database:
        assert capture(database, None)["answer"] is None
    store.forwarded(raw_id, OK, task=True)
    store.failed(raw_id, "no answer", wait=True, task=True)
    store.accept(task)
    (one,) = listed(url)
    assert (one["forward_state"], one["forward_problem"]) == ("queued", None)
    assert (one["times_received"], store.counters().outbox) == (3, 1)


def test_unparsable_is_never_queued(store: Store, url: str) -> None:
    put(store, b"garbage", queue=True)
    assert (store.counters().outbox, state(url)) == (0, ["none"])


def test_failure_and_refusal_leave_it_in_the_outbox(store: Store, url: str) -> None:
    raw_id = put(store, body(), queue=True)
    store.failed(raw_id, "no answer", wait=True)
    store.forwarded(raw_id, DeliveryAnswer(503))
    assert [one.raw_id for one in store.outbox_heads()] == [raw_id]
    assert state(url) == ["queued"]


def test_dead_letter_is_kept(store: Store, url: str) -> None:
    first, second = (put(store, of(SERIAL, n), queue=True) for n in (1, 2))
    dead = FailedTry("answered 410", 5, NOW, None, ForwardState.DEAD_LETTER)
    store.refused(first, DeliveryAnswer(410, (), b"gone"), dead)
    assert [one.raw_id for one in store.outbox_heads()] == [second]
    assert state(url) == ["dead_letter", "queued"]
    counters = store.counters()
    assert (counters.dead_letters, counters.outbox, counters.reports) == (1, 1, 2)
    put(store, of(SERIAL, 1))
    assert store.counters().outbox == 1
    # The Envoy sends it again: it shall go out again.
    put(store, of(SERIAL, 1), queue=True)
    assert state(url) == ["queued", "queued"]


def test_refused_stays_at_the_head_until_its_time(store: Store, url: str) -> None:
    first, behind = (put(store, of(SERIAL, n), queue=True) for n in (1, 2))
    other = put(store, of(OTHER, 1), queue=True)
    for tries in range(2):
        store.refused(first, None, FailedTry("says no", tries + 1, NOW, NOW + 60))
    head = store.outbox_heads()[1]
    assert (head.raw_id, head.tries, head.refused_since) == (first, 2, NOW)
    assert [one.raw_id for one in store.outbox_heads(9, NOW + 59)] == [other]
    assert [one.raw_id for one in store.outbox_heads(9, NOW + 60)] == [other, first]
    # Where much waits that was never sent, it has its turn as well.
    late = store.outbox_heads(9, NOW + 120, late=NOW + 60)
    assert [one.raw_id for one in late] == [first, other]
    # The clock went back by years, or by two days: nobody waits until then.
    for now in (1000, NOW - 2 * 86_400):
        assert first in [one.raw_id for one in store.outbox_heads(9, now)]
    found = store.outbox_next(first)
    assert found is not None
    assert found.raw_id == behind
    assert listed(url)[0]["forward_problem"] == "says no"


def test_queued_body_that_is_gone_holds_up_nobody(store: Store, url: str) -> None:
    first, behind = (put(store, of(SERIAL, n), queue=True) for n in (1, 2))
    store.write(lambda sql: sql.run("DELETE FROM raw_body WHERE raw_id = ?", (first,)))
    assert store.outbox_heads(9, NOW) == []
    assert [one.raw_id for one in store.outbox_heads(9, NOW)] == [behind]
    assert state(url) == ["dead_letter", "queued"]
    assert "no longer" in listed(url)[0]["forward_problem"]


def test_stuck_stands_aside_and_is_tried_again(store: Store, url: str) -> None:
    first, behind = (put(store, of(SERIAL, n), queue=True) for n in (1, 2))
    stuck = FailedTry("says no", 5, NOW, NOW + 86_400, ForwardState.STUCK)
    store.refused(first, DeliveryAnswer(500), stuck)
    assert state(url) == ["stuck", "queued"]
    assert [one.raw_id for one in store.outbox_heads(9, NOW)] == [behind]
    heads = store.outbox_heads(9, NOW + 86_400)
    assert [(one.raw_id, one.stuck) for one in heads] == [
        (behind, False),
        (first, True),
    ]
    # It was noted by a clock that was two days, or years, ahead.
    for now in (NOW - 2 * 86_400, 1000):
        assert first in [one.raw_id for one in store.outbox_heads(9, now)]
    counters = store.counters()
    assert (counters.outbox, counters.stuck, counters.dead_letters) == (2, 1, 0)
    # The Envoy sends it again, or its owner wants it.
    put(store, of(SERIAL, 1), queue=True)
    assert [one.raw_id for one in store.outbox_heads(9, NOW)] == [first]
    store.refused(first, None, stuck)
    assert store.requeue([first, behind, 99]) == 2
    (head,) = store.outbox_heads(9, NOW)
    assert (head.raw_id, head.tries, state(url)[0]) == (first, 0, "queued")


@pytest.mark.parametrize(
    ("statuses", "last"),
    [
        ((200,), ForwardState.FORWARDED),
        ((404,), ForwardState.REFUSED),
        ((500, 200), ForwardState.FORWARDED),
        ((200, 500), ForwardState.FORWARDED),
    ],
)
def test_answers(
    store: Store, url: str, statuses: tuple[int, ...], last: ForwardState
) -> None:
    raw_id = put(store, body())
    for status in statuses:
        store.forwarded(raw_id, DeliveryAnswer(status, OK.headers, b"x"), wait=False)
    store.failed(raw_id, "reset", wait=True)
    found = "failed" if last is ForwardState.REFUSED else last
    assert state(url) == [found]


def test_quarantine_keeps_the_newest(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "QUARANTINE_ROWS", 3)
    for number in range(5):
        store.quarantine(raw(b"%d" % number), "foreign")
        store.quarantine(raw(b"%d" % number), "foreign")
    assert store.counters().quarantined == 3
    assert listed(url) == []


@pytest.mark.parametrize(("what", "most"), [("BYTES", 2500), ("ROWS", 2)])
def test_bodies_that_nobody_understands_are_bounded(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch, what: str, most: int
) -> None:
    """In bytes and in number; the oldest go first, reports stay."""
    monkeypatch.setattr(jobs, f"UNPARSABLE_{what}", most)
    good = put(store, body())
    for number in range(5):
        put(store, b"%d" % number * 1000)
        put(store, b"%d" % number * 1000)
    kept = [one["size"] for one in _sizes(url)]
    assert kept == [1000, 1000]
    assert [one.raw_id for one in store._stored(good)] == [good]
    counts = "SELECT (SELECT count(*) FROM raw_body), (SELECT count(*) FROM receipt)"
    with asking(url) as database:
        assert database.rows(counts) == [(3, 2)]


def _sizes(url: str) -> list[dict[str, int]]:
    with asking(url) as database:
        rows = "SELECT size FROM raw WHERE parse_state = 'unparsable' ORDER BY raw_id"
        return [{"size": row[0]} for row in database.rows(rows)]


def test_one_process_leads_the_outbox(url: str) -> None:
    first, second = Store.open(url), Store.open(url)
    assert first.lead_outbox()
    assert first.lead_outbox()
    assert not second.lead_outbox()
    first.close()
    assert second.lead_outbox()
    second.close()


def test_closed_store_says_so(url: str) -> None:
    store = Store.open(url)
    store.close()
    store.close()
    with pytest.raises(StoreDown):
        store.accept(raw(b"x"))
