"""An upstream that hangs, a store that fails, ends that come at a bad time."""

import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from tests.reports_serve.collector import collector
from tests.reports_serve.reports import report_body, request
from tests.reports_serve.upstream import (
    Enphase,
    Got,
    answer,
    hangs,
    wait_for,
)


def hangs_for_one(got: Got, link: socket.socket) -> None:
    """Hang for the first Envoy only."""
    if len(got.body) > len(report_body(events=20)):
        hangs(got, link)
    else:
        link.sendall(answer())


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


def test_end_while_forwards_are_open(tmp_path: Path, enphase: Enphase) -> None:
    """SIGTERM: exit 0 within 5 s, what was received is stored, the sender gets 502."""
    enphase.reaction = hangs
    with collector(tmp_path, "--upstream", enphase.url) as running:
        with running.connect() as link:
            link.sendall(request(report_body()))
            wait_for(lambda: len(enphase.got) == 1)
            begun = time.monotonic()
            assert running.end() == 0
            assert time.monotonic() - begun < 5
            assert link.recv(4096).startswith(b"HTTP/1.1 502 ")
        assert len(running.rows("SELECT 1 FROM raw")) == 1


def test_end_with_idle_and_half_sent_connections(tmp_path: Path) -> None:
    with collector(tmp_path, "--mode", "local") as running:
        links = [socket.create_connection(running.places["http"]) for _ in range(3)]
        links[1].sendall(b"POST /emu_reports/x HT")
        links[2].sendall(request(report_body(), length=9999))
        assert running.post(report_body()).status == 200
        begun = time.monotonic()
        assert running.end() == 0
        assert time.monotonic() - begun < 5
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
        begun = time.monotonic()
        assert running.end(number) == (0 if number == signal.SIGTERM else 130)
        assert time.monotonic() - begun < 5
        assert len(running.rows("SELECT 1 FROM outbox")) == 3


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
                begun = time.monotonic()
                assert running.end() == 0
                assert time.monotonic() - begun < 5
                assert not link.recv(4096).startswith(b"HTTP/1.1 200")
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
