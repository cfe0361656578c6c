"""An upstream that hangs, a store that fails, ends that come at a bad time."""

import contextlib
import signal
import socket
import sqlite3
from pathlib import Path

import pytest

from nutbridge.collector.serve import run
from tests.collector.serve.collector import collector
from tests.collector.serve.reports import report_body, request
from tests.collector.serve.upstream import (
    Enphase,
    Got,
    hangs,
    takes,
    wait_for,
)

#: Why a report was not forwarded: not that the upstream's time was over.
CUT = [("the collector ends",)]


def hangs_for_one(got: Got, link: socket.socket) -> None:
    """Hang for the first Envoy only."""
    if len(got.body) > len(report_body(events=20)):
        hangs(got, link)
    else:
        takes(got, link)


def test_hanging_forward_delays_nobody_else(tmp_path: Path, enphase: Enphase) -> None:
    """40 forwards hang; the report of another Envoy is answered at once."""
    enphase.reaction = hangs_for_one
    big = report_body(events=300)
    options = ("--upstream", enphase.url, "--rate-limit", "off")
    with collector(tmp_path, *options) as running:
        links = [socket.create_connection(running.places["http"]) for _ in range(40)]
        for link in links:
            link.sendall(request(big))
        wait_for(lambda: len(enphase.got) == 40)
        assert running.post(report_body(serial="110000000009")).status == 200
        for link in links:
            link.close()


def test_waits_of_the_end_are_less_than_five_seconds() -> None:
    """The other tests of an end show that it waits for nothing else."""
    assert max(run.GRACE_S, run.LAST_S) + 0.5 + run.CLOSE_S <= 4


def test_end_while_forwards_are_open(tmp_path: Path, enphase: Enphase) -> None:
    """SIGTERM: exit 0, what was received is stored, the sender gets 502."""
    enphase.reaction = hangs
    with collector(tmp_path, "--upstream", enphase.url) as running:
        with running.connect() as link:
            link.sendall(request(report_body()))
            wait_for(lambda: len(enphase.got) == 1)
            assert running.end() == 0
            assert link.recv(4096).startswith(b"HTTP/1.1 502 ")
        assert running.rows("SELECT forward_problem FROM raw") == CUT
        running.says("ending")
        assert running.log[-1].endswith("ending")


def test_end_with_idle_and_half_sent_connections(tmp_path: Path) -> None:
    with collector(tmp_path, "--mode", "local") as running:
        links = [socket.create_connection(running.places["http"]) for _ in range(3)]
        links[1].sendall(b"POST /emu_reports/x HT")
        links[2].sendall(request(report_body(), length=9999))
        assert running.post(report_body()).status == 200
        assert running.end() == 0
        # It did not wait until the body was too late.
        with contextlib.suppress(ConnectionResetError):
            assert not links[2].recv(4096).startswith(b"HTTP/1.1 408 ")
        for link in links:
            link.close()


def test_interrupt_ends_quietly(tmp_path: Path) -> None:
    with collector(tmp_path, "--mode", "local") as running:
        assert running.end(signal.SIGINT) == 130
        running.says("ending")
        assert running.log[-1].endswith("ending")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_end_with_a_full_outbox(
    tmp_path: Path, enphase: Enphase, number: signal.Signals
) -> None:
    enphase.reaction = hangs
    options = ("--mode", "store-and-forward", "--upstream", enphase.url)
    with collector(tmp_path, *options) as running:
        for count in range(3):
            assert running.post(report_body(count)).status == 200
        wait_for(lambda: enphase.got)
        assert running.end(number) == (0 if number == signal.SIGTERM else 130)
        assert len(running.rows("SELECT 1 FROM outbox")) == 3
        # The delivery under way was waited for, no other was begun.
        assert running.rows("SELECT forward_problem FROM raw LIMIT 1") == CUT
        assert len(enphase.got) == 1


@pytest.mark.slow(11)
def test_locked_database_is_503_and_passes(tmp_path: Path, enphase: Enphase) -> None:
    """Nothing is acknowledged or passed on; afterwards all is well again."""
    with collector(tmp_path, "--upstream", enphase.url) as running:
        with sqlite3.connect(tmp_path / "reports.db") as other:
            other.execute("BEGIN IMMEDIATE")
            assert running.post(report_body()).status == 503
            other.rollback()
        other.close()
        assert enphase.got == []
        assert running.get("/healthz").status == 503
        assert running.post(report_body()).status == 200
        assert running.get("/healthz").status == 200


def test_end_while_the_database_is_locked(tmp_path: Path) -> None:
    """Nothing was acknowledged, so nothing is lost."""
    with collector(tmp_path, "--mode", "local") as running:
        with sqlite3.connect(tmp_path / "reports.db") as other:
            other.execute("BEGIN IMMEDIATE")
            with running.connect() as link:
                link.sendall(request(report_body()))
                wait_for(lambda: b"received_total 1.0" in running.get("/metrics").body)
                assert running.end() == 0
                # It did not wait until the database gave up.
                assert link.recv(4096)[:13] not in (b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")
            other.rollback()
        other.close()


def test_queries_read_while_it_serves(tmp_path: Path) -> None:
    """Somebody who reads the database does not keep reports out."""
    with collector(tmp_path, "--mode", "local") as running:
        assert running.post(report_body()).status == 200
        with sqlite3.connect(tmp_path / "reports.db") as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM raw").fetchone() == (1,)
            assert running.post(report_body(1)).status == 200
        reader.close()
