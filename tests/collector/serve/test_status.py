"""The status listener, and what systemd hears."""

import asyncio
import json
import os
import socket
import sqlite3
import threading
import time
import zlib
from pathlib import Path

from starlette.requests import Request

from nutbridge import __version__
from nutbridge.collector.queries.figures import EnvoyFigures
from nutbridge.collector.serve.health import Health
from nutbridge.collector.serve.metrics import Metrics
from nutbridge.collector.serve.options import Mode
from nutbridge.collector.serve.status import StatusPages
from nutbridge.collector.store.states import Counters
from tests.collector.serve.collector import Collector, collector
from tests.collector.serve.reports import (
    PATH,
    SERIAL,
    report_body,
    report_xml,
    request,
)
from tests.collector.serve.upstream import (
    Enphase,
    resets,
    says,
    wait_for,
)


def metric(found: Collector, name: str) -> float:
    """Return a value of the metrics page."""
    page = found.get("/metrics").body.decode()
    (line,) = [row for row in page.splitlines() if row.startswith(f"{name} ")]
    return float(line.split()[1])


def test_pages_tell_of_the_upstream(tmp_path: Path, enphase: Enphase) -> None:
    """Reports received, stored, forwarded, outbox depth, upstream health."""
    options = ("--mode", "store-and-forward", "--upstream", enphase.url)
    with collector(tmp_path, *options) as running:
        first = json.loads(running.get("/healthz").body)
        assert first == {
            "status": "ok",
            "mode": "store-and-forward",
            "store": "ok",
            "upstream": "unknown",
            "outbox": 0,
        }
        assert running.post(report_body()).status == 200
        wait_for(lambda: metric(running, "nutbridge_reports_forwarded_total") == 1)
        assert metric(running, "nutbridge_upstream_up") == 1
        enphase.reaction = resets
        assert running.post(report_body(1)).status == 200
        wait_for(lambda: metric(running, "nutbridge_upstream_up") == 0)
        assert metric(running, "nutbridge_outbox_depth") == 1
        assert metric(running, "nutbridge_reports_received_total") == 2
        assert metric(running, "nutbridge_reports_stored_total") == 2
        got = running.get("/healthz")
        assert (got.status, json.loads(got.body)["upstream"]) == (200, "failing")
        assert (
            running.get("/metrics").header("content-type")[0].startswith("text/plain")
        )
        enphase.reaction = says(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
        wait_for(lambda: "outbox_problem" in str(running.get("/healthz").body))
        dead = "UPDATE raw SET forward_state = 'dead_letter'"
        with sqlite3.connect(tmp_path / "reports.db", timeout=60) as other:
            other.execute(dead)
        other.close()
        wait_for(lambda: metric(running, "nutbridge_dead_letters") == 2)
        assert json.loads(running.get("/healthz").body)["dead_letters"] == 2


def test_slow_figures_are_no_illness() -> None:
    """They are asked for of a hundred Envoys; whether reports are stored is not."""
    asked, go_on = threading.Event(), threading.Event()

    def figures() -> list[EnvoyFigures]:
        asked.set()
        go_on.wait(60)
        return []

    pages = StatusPages(
        *(Mode.LOCAL, Metrics(), lambda: Counters(0, 0, 0, 0, 0, 0)),
        *(Health("store", time.monotonic), Health("upstream", time.monotonic)),
        *(lambda: None, figures),
    )

    async def play() -> int:
        page = asyncio.create_task(pages._metrics_page(Request({"type": "http"})))
        await asyncio.to_thread(asked.wait, 60)
        found = await pages._healthz(Request({"type": "http"}))
        go_on.set()
        await page
        return found.status_code

    assert asyncio.run(play()) == 200


def test_figures_of_the_envoys(tmp_path: Path, enphase: Enphase) -> None:
    """Last report, oldest that waits, panels by state, energy of today, version."""
    enphase.reaction = resets
    options = ("--mode", "store-and-forward", "--upstream", enphase.url)
    with collector(tmp_path, *options) as running:
        before = int(time.time())
        now = before // 300 * 300
        body = report_body(0, start=now, panels=3)
        assert running.post(body).status == 200
        page = running.get("/metrics").body.decode()
    found = {
        name: float(value)
        for name, _, value in (row.rpartition(" ") for row in page.splitlines())
        if not name.startswith("#")
    }
    whose = f'{{envoy="{SERIAL}"}}'
    for name in ("last_report", "oldest_waiting"):
        when = found[f"nutbridge_envoy_{name}_timestamp_seconds{whose}"]
        assert before <= when <= time.time()
    states = {
        state: found[f'nutbridge_envoy_panels{{envoy="{SERIAL}",state="{state}"}}']
        for state in ("ok", "asleep", "silent", "dead")
    }
    assert states == {"ok": 3, "asleep": 0, "silent": 0, "dead": 0}
    # The slot began five minutes ago: yesterday, just after midnight.
    today = found[f"nutbridge_envoy_energy_today_joules{whose}"]
    assert today in {0, 60000 + 60001 + 60002}
    assert found[f'nutbridge_build_info{{version="{__version__}"}}'] == 1


def test_unknown_timezone_is_told_once(tmp_path: Path) -> None:
    with collector(tmp_path, "--mode", "local") as running:
        for number in range(2):
            xml = report_xml(number).replace(b"US/Pacific", b"Mars/Base")
            assert running.post(zlib.compress(xml)).status == 200
    told = [line for line in running.log if "Mars/Base" in line]
    assert len(told) == 1
    assert "UTC" in told[0]


def test_pages_and_reports_do_not_mix(free: Collector) -> None:
    """Each listener knows its own paths; the status pages are on loopback."""
    assert free.places["status"][0] == "127.0.0.1"
    assert free.get("/").status == 404
    assert free.get(PATH).status == 404
    for path in ("/healthz", "/metrics"):
        assert free.send(request(b"", path, method="GET")).status == 404


def test_systemd_hears_of_start_and_end(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(address))
        listener.settimeout(60)
        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "200000"}
        with collector(tmp_path, "--mode", "local", env=env) as running:
            heard = [listener.recv(4096) for _ in range(4)]
            assert heard[0].startswith(b"READY=1\n")
            assert b"local" in heard[0]
            assert heard[1:] == [b"WATCHDOG=1"] * 3
            assert running.end() == 0
            while heard[-1] != b"STOPPING=1":
                heard.append(listener.recv(4096))


def test_state_is_private(free: Collector) -> None:
    """The place of the house is in the database."""
    assert free.post(report_body()).status == 200
    files = list(free.folder.glob("reports.db*"))
    assert files
    for file in files:
        assert os.stat(file).st_mode & 0o077 == 0, file
    text = "\n".join(free.log)
    for private in ("02:00:00:00:00:01", "192.0.2.7", "0.000"):
        assert private not in text


def test_database_that_is_exchanged_is_told(tmp_path: Path) -> None:
    """503 on both sides until it is right again."""
    with collector(tmp_path, "--mode", "local") as running:
        assert running.post(report_body()).status == 200
        db, away = tmp_path / "reports.db", tmp_path / "away.db"
        db.rename(away)
        found = running.get("/healthz")
        assert found.status == 503
        assert "is gone" in json.loads(found.body)["store_problem"]
        assert running.post(report_body(1)).status == 503
        assert metric(running, "nutbridge_store_up") == 0
        away.rename(db)
        assert running.post(report_body(1)).status == 200
        assert running.get("/healthz").status == 200
        assert running.count("raw") == 2


def test_older_database_is_brought_up(tmp_path: Path) -> None:
    data = Path(__file__).parents[3] / "test-data" / "collector" / "v1" / "sqlite.sql"
    with sqlite3.connect(tmp_path / "reports.db") as link:
        link.executescript(data.read_text())
    link.close()
    with collector(tmp_path, "--mode", "local") as running:
        running.says("older version")
        assert running.post(report_body()).status == 200
