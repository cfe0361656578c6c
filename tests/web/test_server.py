"""The server: who may ask for what, and what is answered where nothing is right."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from nutbridge.collector.serve.options import Allowed, parse_network
from nutbridge.system.clock import SystemClock
from nutbridge.web import solar
from nutbridge.web.guard import WebDoor
from nutbridge.web.house import HouseReader
from nutbridge.web.model import HouseState
from nutbridge.web.past import PastReader
from tests.sources.enphase.tokens import owner_token
from tests.web import scenes, sunshine
from tests.web.conftest import Served, served


def ask(
    url: str, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], str]:
    """Return status, headers and body."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    link.request(method, path, headers=sent)
    answer = link.getresponse()
    body = answer.read().decode()
    link.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body


def headers_keep_strangers_out(site: Served) -> None:
    status, headers, _ = ask(site.url, "/")
    assert status == 200
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def name_of_another_site_is_refused(site: Served) -> None:
    """A page of that site could read this one else (DNS rebinding)."""
    for host in ["evil.example", "evil.example:9181", "a.com.", ""]:
        status, headers, body = ask(site.url, "/api/house/low", Host=host)
        assert status == 421
        assert "Low battery" not in body
        assert "content-security-policy" in headers


def names_of_this_machine_are_known(site: Served) -> None:
    for host in ["localhost", "nas", "nas.local:9181", "[::1]:9181"]:
        assert ask(site.url, "/healthz", Host=host)[0] == 200


def what_is_not_there_is_404(site: Served) -> None:
    for path in [
        *("/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py"),
        *("/../../etc/passwd", "/house/..%2f..%2fetc%2fpasswd", "/house/nobody"),
        *("/panels/%3Cscript%3E", "/api/house/nobody", "/nothing", "/api/panels/1"),
    ]:
        status, _, body = ask(site.url, path)
        assert status == 404
        assert "Traceback" not in body
        assert "<script>" not in body.replace('<script src="/static', "")


def only_questions_are_answered(site: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert ask(site.url, "/", method)[0] in (400, 405)


def huge_query_is_refused(site: Served) -> None:
    assert ask(site.url, f"/?{'a' * 60_000}")[0] in (400, 414, 431)
    assert ask(site.url, f"/?{'a' * 5000}")[0] == 414
    assert ask(site.url, f"/?{'a' * 500}")[0] == 200


def page_that_is_known_is_not_sent_again(site: Served) -> None:
    status, headers, _ = ask(site.url, "/panels")
    again, _, body = ask(site.url, "/panels", If_None_Match=headers["etag"])
    assert (status, again, body) == (200, 304, "")
    _, headers, _ = ask(site.url, "/static/style.css")
    assert "immutable" in headers["cache-control"]


def slow_client_keeps_nobody_waiting(site: Served) -> None:
    parts = urlsplit(site.url)
    slow = [socket.create_connection((parts.hostname, parts.port)) for _ in range(50)]
    for link in slow:
        link.sendall(b"GET / HTTP/1.1\r\nHost: localh")
    assert ask(site.url, "/healthz")[0] == 200
    for link in slow:
        link.close()


def api_is_what_the_page_shows(site: Served) -> None:
    found = json.loads(ask(site.url, "/api/house/low")[2])
    assert found["status"] == "OB LB"
    assert found["charge_pct"]["value"] == 17
    assert found["sentence"].startswith("Low battery, 17 %")
    history = json.loads(ask(site.url, "/api/history/low")[2])
    assert history["outages"][0]["ended"] is None
    assert history["outages"][1]["known"] == "read and reckoned"
    panels = json.loads(ask(site.url, "/api/panels")[2])
    states = [one["state"] for one in panels["panels"]]
    assert (states.count("dead"), states.count("ok")) == (1, 11)
    assert json.loads(ask(site.url, "/api/houses")[2])["low"] == "/api/house/low"


def nothing_private_is_told(site: Served) -> None:
    """No place, no MAC address, no address of the Envoy, anywhere."""
    paths = ("/", "/panels", "/api/panels", "/api/house/low", "/api/history/low")
    for path in paths:
        body = ask(site.url, path)[2]
        for private in ("02:00:00:00:00:12", "192.0.2.12", "latitude", "longitude"):
            assert private not in body


SITE_PARTS = (
    headers_keep_strangers_out,
    name_of_another_site_is_refused,
    names_of_this_machine_are_known,
    what_is_not_there_is_404,
    only_questions_are_answered,
    huge_query_is_refused,
    page_that_is_known_is_not_sent_again,
    slow_client_keeps_nobody_waiting,
    api_is_what_the_page_shows,
    nothing_private_is_told,
)


def test_served_pages(site: Served, subtests: pytest.Subtests) -> None:
    """One server for all parts, whatever worker runs them."""
    for part in SITE_PARTS:
        with subtests.test(part=part.__name__):
            part(site)


def test_port_file_that_vanishes(tmp_path: Path) -> None:
    scene = scenes.Scene(tmp_path).write()
    with served(tmp_path, "--state-dir", str(tmp_path), "--upsd=off") as (url, log, _):
        assert "On line" in ask(url, "/")[2]
        scene.port_file.unlink()
        time.sleep(2.1)  # what was read counts so long
        _, _, body = ask(url, "/")
        assert "Nothing can be read" in body
        assert "does not exist" in body
        (tmp_path / "enphase-home.state").write_text("no state")
        time.sleep(2.1)
        assert "has left no state" in ask(url, "/")[2]
        # There is no database either.
        status, _, body = ask(url, "/panels")
        assert status == 404
        assert "without --db" in body
        assert "Traceback" not in log.read_text()
    scene.close()


def test_databases_that_cannot_be_asked(tmp_path: Path) -> None:
    """Of a newer version, locked, broken, gone: a clear page."""
    path = tmp_path / "reports.db"
    sunshine.fill(path, time.time(), days=1)
    good = path.read_bytes()
    scenes.Scene(tmp_path, runs=False).write()
    options = ("--state-dir", str(tmp_path), "--upsd=off", "--db", str(path))

    def see(words: str) -> None:
        """Ask until the page says so: an error counts for two seconds."""
        until = time.monotonic() + 60
        while words not in (body := ask(url, "/panels")[2]):
            assert time.monotonic() < until, body
            time.sleep(0.2)

    with served(tmp_path, *options) as (url, log, _):
        with sqlite3.connect(path) as database:
            database.execute("UPDATE schema_version SET version = 99")
        database.close()
        see("schema 99")
        status, _, body = ask(url, "/api/panels")
        assert (status, "schema 99" in json.loads(body)["error"]) == (503, True)
        path.write_bytes(b"no database at all" * 1000)
        see("not a database")
        path.unlink()
        see("no database at")
        path.write_bytes(good)
        see("of 12 panels")
        assert "Traceback" not in log.read_text()


@pytest.mark.slow(8)
def test_database_that_another_process_has_locked(tmp_path: Path) -> None:
    """The page says so soon, the house is shown, and all is well afterwards."""
    path = tmp_path / "reports.db"
    sunshine.fill(path, time.time(), days=1)
    scenes.Scene(tmp_path, runs=False).write()
    other = sqlite3.connect(path)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    options = ("--state-dir", str(tmp_path), "--upsd=off", "--db", str(path))
    with served(tmp_path, *options) as (url, log, _):
        status, _, body = ask(url, "/panels")
        assert status == 503
        assert "try again in a moment" in body
        assert "no monitor runs" in ask(url, "/")[2]
        other.close()
        until = time.monotonic() + 60
        while "of 12 panels" not in (body := ask(url, "/panels")[2]):
            assert time.monotonic() < until, body
        assert "Traceback" not in log.read_text()


def test_folder_that_may_not_be_looked_into(tmp_path: Path) -> None:
    """As for a user outside of NUT's group; a name that is too long is one for root."""
    folder = tmp_path / ("x" * 300)
    clock = SystemClock()
    house = HouseReader("home", (folder,), clock, None).read()
    assert house.state is HouseState.UNREADABLE
    past = PastReader("home", (folder, tmp_path), clock)
    assert "cannot be read" in str(past.read().problem)
    scenes.write_history(tmp_path)
    assert past.read().problem is None
    assert past.read().outages_kept == len(past.read().outages) > 0


def test_state_that_is_worthless_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "enphase-home.state").write_text("no state")
    reader = HouseReader("home", (tmp_path,), SystemClock(), None)
    for _ in range(3):
        assert reader.read().state is HouseState.UNREADABLE
    assert len(caplog.messages) == 1


def test_stranger_is_not_let_in(tmp_path: Path) -> None:
    """Who is not in --allow-from gets no byte; this machine itself is let in."""
    scenes.Scene(tmp_path, runs=False).write()
    options = ("--state-dir", str(tmp_path), "--upsd=off", "--allow-from=192.0.2.0/24")
    with served(tmp_path, *options, "--listen=127.0.0.1:0") as (url, _, _):
        assert ask(url, "/healthz")[0] == 200
    door = WebDoor(Allowed((parse_network("192.0.2.0/24"),)))
    for peer, enters in {
        "192.0.2.7": True,
        "::ffff:192.0.2.7": True,
        "198.51.100.7": False,
        "::ffff:198.51.100.7": False,
        "fe80::1%eth0": False,
        "127.0.0.1": True,
        "::ffff:127.0.0.1": True,
        "::1": True,
        "": False,
        "localhost": False,
    }.items():
        assert door.lets_in(peer) == enters, peer


def test_listening_elsewhere_needs_allow_from() -> None:
    command = [sys.executable, "-m", "nutbridge", "web", "--ups=home"]
    done = subprocess.run(
        [*command, "--listen", "0.0.0.0:0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--allow-from" in done.stderr
    assert "outages of the house" in done.stderr


def test_end_is_quick_and_quiet(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nutbridge", "web", "--ups=home"]
    more = ["--listen", "127.0.0.1:0", "--state-dir", str(tmp_path)]
    server = subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    assert "the page is at" in server.stderr.readline()
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert server.stderr.read() == ""
    server.stderr.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="run as root: it becomes another user")
def test_its_user_reads_no_secret(tmp_path: Path) -> None:
    """A user in the group of the files reads port file, state and history alone."""
    group, user = 12345, 54321
    scene = scenes.Scene(tmp_path, runs=False).write()
    scenes.write_history(tmp_path)
    from nutbridge.daemon.state_store import StateStore
    from nutbridge.sources.enphase.token_store import TokenStore
    from nutbridge.ups.status.saved import parse

    owner = (0, group)
    state = tmp_path / "enphase-home.state"
    saved = parse(state.read_bytes())
    StateStore(state, owner).write(saved)
    scene.port_file.chmod(0o640)
    history = tmp_path / "enphase-home.history"
    history.chmod(0o640)
    token, config = tmp_path / "enphase-home.token", tmp_path / "enphase-home.conf"
    TokenStore(token, None, owner).store(owner_token(time.time()))
    config.write_text("PASSWORD=secret\n")
    config.chmod(0o600)
    for path in (tmp_path, scene.port_file, history, config):
        os.chown(path, 0, group)
    tmp_path.chmod(0o750)
    script = (
        "import os, sys\n"
        f"os.setgroups([{group}]); os.setgid({user}); os.setuid({user})\n"
        "os.chdir(sys.argv[1])\n"
        "for name in sys.argv[2:]:\n"
        "    try: open(name).read(); print(name, 'read')\n"
        "    except PermissionError: print(name, 'denied')\n"
    )
    names = [path.name for path in (scene.port_file, state, history, token, config)]
    folder = os.open(tmp_path, os.O_RDONLY)
    done = subprocess.run(
        [sys.executable, "-c", script, f"/proc/self/fd/{folder}", *names],
        capture_output=True,
        text=True,
        pass_fds=[folder],
        check=False,
    )
    os.close(folder)
    found = dict(line.split() for line in done.stdout.splitlines())
    assert found == {
        **dict.fromkeys(names[:3], "read"),
        **dict.fromkeys(names[3:], "denied"),
    }, done.stderr


def test_panels_without_end_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page, its JSON and the memory they take do not grow with a database."""
    monkeypatch.setattr(solar, "MOST_PANELS", 5)
    url = sunshine.fill(tmp_path / "reports.db", time.time(), days=1)
    found = solar.SolarReader(url, {}, time.time).read()
    assert (len(found.panels), found.more_panels) == (5, 7)
    assert found.plain()["more_panels"] == 7
