"""Rows come once; what differs is kept beside them. On both databases."""

import threading
import time
from hashlib import sha256

import pytest

from nutbridge.collector.errors import StoreRefused
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.periods import By
from nutbridge.collector.queries.energy import energy
from nutbridge.collector.queries.listing import reports
from nutbridge.collector.store import jobs
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.ingest import Known
from nutbridge.collector.store.sql import Sql
from tests.collector.parse.samples import (
    NOW,
    SERIAL,
    big,
    body,
    channel,
    device,
    event,
    interval,
    reading,
)
from tests.collector.store.using import (
    asking,
    exported,
    listed,
    put,
    raw,
)

FULL = (interval(), reading(), event(), device())


def joules(url: str) -> list[int]:
    with asking(url) as database:
        return [one["energy_j"] for one in energy(database, By.MONTH)]


def test_same_report_ten_times_is_one_set_of_rows(store: Store, url: str) -> None:
    for _ in range(10):
        put(store, body(*FULL))
    (one,) = listed(url)
    assert one["times_received"] == 10
    assert [row["kind"] for row in exported(url)] == [
        *("interval", "reading", "event", "device", "channel")
    ]
    assert joules(url) == [65439]


def test_rows_of_a_new_report_that_were_there_come_once(store: Store, url: str) -> None:
    """The Envoy sends unacknowledged rows again in a report with a new time."""
    put(store, body(*FULL))
    put(store, body(*FULL, interval(id=1002, end_date=NOW), report_timestamp=NOW + 300))
    kinds = [row["kind"] for row in exported(url)]
    assert kinds.count("interval") == 2
    assert kinds.count("reading") == kinds.count("event") == 1
    assert joules(url) == [2 * 65439]


def test_rows_that_come_again_are_looked_for_beforehand(postgres_url: str) -> None:
    """An Envoy that repeats rows costs one transaction in vain, not one each time."""
    store = Store.open(postgres_url)
    vain = []
    store._writer._forget = lambda: vain.append(store._known.careful)
    for number in range(3):
        put(store, body(*FULL, report_timestamp=NOW + number))
    assert vain == [100]
    assert store._known.careful == 98
    assert joules(postgres_url) == [65439]
    store.close()


def test_list_says_what_each_body_held(store: Store, url: str) -> None:
    put(store, body(*FULL, interval(id="odd")))
    put(store, b"garbage")
    first, second = listed(url)
    counts = {"intervals": 2, "readings": 1, "events": 1, "devices": 1}
    assert {key: first[key] for key in counts} == counts
    assert (first["serial_num"], first["report_timestamp"]) == (SERIAL, NOW)
    assert (first["parse_state"], first["forward_state"]) == ("parsed", "none")
    assert second["parse_state"] == "unparsable"
    assert second["serial_num"] is second["report_timestamp"] is None
    assert second["problem"]


def test_version_is_that_of_the_query_where_the_report_has_none(
    store: Store, url: str
) -> None:
    put(store, body(webcomm_version=None))
    assert listed(url)[0]["webcomm_version"] == "4.6.0"


@pytest.mark.parametrize("together", [True, False])
def test_other_payload_is_kept_and_the_first_counts(
    store: Store, url: str, together: bool
) -> None:
    rows = (interval(), interval(stats=1), interval(stats=1), interval(eqid="7.1"))
    for some in [rows] if together else [[row] for row in rows]:
        put(store, body(*some))
    found = [(row["stats"], row.get("conflict")) for row in exported(url)]
    assert found[0] == ("65439", None)
    assert sorted(found[1:], key=str) == [("1", True), ("65439", True)]
    assert joules(url) == [65439]


def test_ids_that_begin_anew_are_other_rows(store: Store, url: str) -> None:
    """An Envoy that was reset counts from 1 again: the date tells them apart."""
    put(store, body(interval(), event()))
    put(store, body(interval(end_date=NOW), event(event_date=NOW)))
    assert len(exported(url)) == 4
    assert not [row for row in exported(url) if row.get("conflict")]
    assert joules(url) == [2 * 65439]


def test_event_sent_again_fills_what_is_missing(store: Store, url: str) -> None:
    put(store, body(event(message_key=4)))
    put(store, body(event(correlation_id=3002)))
    put(store, body(event()))
    (row,) = exported(url)
    assert (row["correlation_id"], row["message_key"]) == (3002, 4)


def test_event_filled_and_changed_in_one_report(store: Store, url: str) -> None:
    put(store, body(event(), event(correlation_id=5), event(correlation_id=6)))
    first, second = exported(url)
    assert (first["correlation_id"], second["correlation_id"]) == (5, 6)
    assert second["conflict"] is True


def test_two_envoys_may_use_the_same_ids(store: Store, url: str) -> None:
    put(store, body(*FULL))
    put(store, body(*FULL, envoy={"serial_num": "990000000002"}))
    assert len(exported(url)) == 10
    assert len(exported(url, serial="990000000002")) == 5


def test_last_are_those_of_the_envoy_in_question(store: Store, url: str) -> None:
    for serial in (SERIAL, SERIAL, "990000000002"):
        stamp = NOW + len(listed(url))
        put(store, body(envoy={"serial_num": serial}, report_timestamp=stamp))
    with asking(url) as database:
        found = [
            [one["report_timestamp"] - NOW for one in reports(database, serial, 1)]
            for serial in (None, SERIAL, "990000000002", "1")
        ]
    assert found == [[2], [1], [2], []]


def test_odd_rows_come_once_too(store: Store, url: str) -> None:
    for stamp in (NOW, NOW + 1):
        put(store, body(interval(id="x"), report_timestamp=stamp))
    (row,) = exported(url)
    assert (row["id"], row["stats"], row["odd"]) == ("x", "65439", True)


def test_attributes_named_like_ours_change_nothing(store: Store, url: str) -> None:
    ours = {"kind": "event", "envoy_serial": "1", "extra": "x", "estimated": "no"}
    put(store, body(interval(**ours), interval(id="x", stat_duration=300, **ours)))
    first, odd = exported(url)
    for row in (first, odd):
        assert (row["kind"], row["envoy_serial"]) == ("interval", SERIAL)
        assert row["extra"] == "x"
    assert (first["estimated"], odd["estimated"], odd["odd"]) == (False, True, True)


def test_device_is_kept_as_each_report_describes_it(store: Store, url: str) -> None:
    put(store, body(device()))
    put(store, body(device(channel(condition_flags=0)), report_timestamp=NOW + 300))
    flags = [
        row["condition_flags"] for row in exported(url) if row["kind"] == "channel"
    ]
    assert flags == [16, 0]


def test_texts_of_all_kinds_come_back(store: Store, url: str) -> None:
    """The two databases quote differently."""
    text = "a'b,{c}\\d NULL é % ? ; --"
    put(store, body(device(part_num=text.replace('"', "&quot;"), eqid="N\\1")))
    row = exported(url)[0]
    assert (row["part_num"], row["eqid"]) == (text, "N\\1")


def test_lines_and_columns_of_a_text_come_back(store: Store, url: str) -> None:
    text = "a\tb\nc\\N"
    put(store, body(event(f"<message_params>{text}</message_params>"), event(id=3)))
    found = {row["id"]: row.get("message_params") for row in exported(url)}
    assert found == {3001: text, 3: None}


def test_large_numbers_come_back(store: Store, url: str) -> None:
    put(store, body(reading(id=2**63 - 1, flags=2**62, duration=2**40)))
    (row,) = exported(url)
    assert (row["id"], row["flags"]) == (2**63 - 1, 2**62)


def test_many_rows_at_once(store: Store, url: str) -> None:
    """A report of 20,000 rows is stored, and so are its rows."""
    put(store, big(6000, 13_000, 1000))
    assert len(exported(url)) == 20_000
    assert sum(joules(url)) == 6000 * 65439


def test_key_that_comes_again_far_behind_in_one_report(store: Store, url: str) -> None:
    """Rows are stored slice by slice; the first of a key counts in all of them."""
    many = [interval(id=n, end_date=NOW - 300 * n) for n in range(2500)]
    some = [event(id=n) for n in range(2500)]
    again = (
        many[1],
        interval(id=2, end_date=NOW - 600, stats=5),
        event(id=3, correlation_id=4),
    )
    put(store, body(*many, *some, *again))
    found = exported(url)
    assert len(found) == 5001
    (odd,) = [row for row in found if row.get("conflict")]
    assert (odd["id"], odd["stats"]) == (2, "5")
    assert [row["id"] for row in found if row.get("correlation_id") == 4] == [3]
    assert sum(joules(url)) == 2500 * 65439


def test_threads_share_transactions(store: Store, url: str) -> None:
    bodies = [
        body(interval(id=n, end_date=NOW + 300 * n), event(id=n)) for n in range(60)
    ]

    def work(some: list[bytes]) -> None:
        for one in some:
            put(store, one)

    threads = [threading.Thread(target=work, args=(bodies[n::8],)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(listed(url)) == 60
    assert len(exported(url)) == 120
    assert sum(joules(url)) == 60 * 65439


def test_two_processes_parse_the_same_body(postgres_url: str) -> None:
    """The second one waits for the first, and adds no energy once more."""
    store = Store.open(postgres_url)
    raw_id = store.accept(raw(body(*FULL))).raw_id
    result = parse(body(*FULL))
    second = threading.Thread(target=store.parsed, args=(raw_id, result))
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with store.engine.begin() as first:
        found = [jobs.Parsed(raw_id, result, queue=False)]
        jobs.store_batch(Sql(first), [], found, Known())
        second.start()
        until = time.monotonic() + 30
        with store.engine.connect() as looking:
            while not looking.exec_driver_sql(waiting).scalar():
                assert time.monotonic() < until
    second.join()
    assert joules(postgres_url) == [65439]
    assert len(exported(postgres_url)) == 5
    store.close()


def test_job_that_fails_does_not_fail_those_beside_it(store: Store, url: str) -> None:
    gate = threading.Event()
    before = store._writer.ask(lambda _: gate.wait())
    bad = store._writer.ask(
        lambda batch: batch.sql.run("INSERT INTO envoy (serial_num) VALUES (NULL)")
    )
    good = store.take(raw(b"bytes"), None)
    gate.set()
    before.result()
    with pytest.raises(StoreRefused):
        bad.result()
    assert not good.result().answer.duplicate
    assert [one["sha256"] for one in listed(url)] == [sha256(b"bytes").hexdigest()]
    put(store, body(*FULL))
    assert len(exported(url)) == 5


def test_job_that_nobody_waits_for_is_left_out(store: Store, url: str) -> None:
    """Its sender has gone before it was begun: the ones beside it are stored."""
    gate = threading.Event()
    before = store._writer.ask(lambda _: gate.wait())
    gone = store.take(raw(b"gone"), None)
    good = store.take(raw(b"bytes"), None)
    assert gone.cancel()
    gate.set()
    before.result()
    assert not good.result().answer.duplicate
    assert [one["sha256"] for one in listed(url)] == [sha256(b"bytes").hexdigest()]


def test_one_batch_with_all_that_can_come_together(store: Store, url: str) -> None:
    """The same body twice, one that was stored alone, one without a meaning."""
    known, new = body(event(id=1)), body(event(id=2))
    raw_id = store.accept(raw(known)).raw_id
    gate = threading.Event()
    before = store._writer.ask(lambda _: gate.wait())
    sent = [(new, False), (known, True), (b"nothing", True), (new, True)]
    futures = [store.take(raw(one), parse(one), queue=queue) for one, queue in sent]
    gate.set()
    before.result()
    answers = [future.result().answer for future in futures]
    assert [one.duplicate for one in answers] == [False, True, False, True]
    assert [answers[1].raw_id, answers[3].raw_id] == [raw_id, answers[0].raw_id]
    states = [(one["parse_state"], one["forward_state"]) for one in listed(url)]
    assert states == [
        ("parsed", "queued"),
        ("parsed", "queued"),
        ("unparsable", "none"),
    ]
    assert sorted(row["id"] for row in exported(url)) == [1, 2]
    heads = [*store.outbox_heads(), store.outbox_next(raw_id)]
    assert [one.raw_id for one in heads if one] == [raw_id, answers[0].raw_id]
