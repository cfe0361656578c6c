"""One session, ended whatever happens; who is let in, and who is waited for."""

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import typer

from nutbridge.cli.sma import capture
from nutbridge.cli.sma.session import Interrupted, Interrupts, Target, patiently
from nutbridge.errors import NoFreeSession
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.inverter import (
    HANG,
    err,
    json_reply,
    to_https,
)
from nutbridge.simulator.sma.sessions import SessionEntry
from nutbridge.tools import sma_capture
from tests.cli.sma.tool import LONGEST_S, PASSWORDS, Site, Tool, site, wait_until
from tests.fakes.ennexos import running_ennexos

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


def fill(running: Site) -> None:
    """Let others have all sessions."""
    for number in range(4):
        running.inverter.sessions.entries[f"other{number}"] = SessionEntry("usr", 0.0)


def end(process: "subprocess.Popen[str]", number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, stderr = process.communicate(timeout=LONGEST_S)
    return process.returncode, out, stderr


@pytest.mark.parametrize(
    ("password", "group"), [("not-this", "usr"), ("user-pw", "istl")]
)
def test_login_refused(hybrid: Site, password: str, group: str) -> None:
    hybrid.tool.environ["SMA_PASSWORD"] = password
    done = hybrid.run("probe", "--group", group)
    assert done.code != 0
    assert done.complaints == [
        f"nutbridge: {hybrid.host}: wrong password or group ({group})"
    ]
    assert password not in done.err
    assert hybrid.asked.count("login") == 1


def test_session_ended_by_the_inverter(hybrid: Site) -> None:
    """Err 401: one more login, and the answer."""
    ended: list[str] = []

    def before(path: str) -> None:
        if "getAllOnl" in path and not ended:
            ended.append(path)
            hybrid.inverter.sessions.entries.clear()

    hybrid.asked.before = before
    done = hybrid.run("tree")
    assert done.code == 0
    assert hybrid.asked.count("login") == 2


def test_session_lost_by_mistake_is_ended(hybrid: Site) -> None:
    """Err 401 for a session that lives: the table has no other way to lose it."""
    path = "/dyn/getAllOnlValues.json"

    def before(asked: str) -> None:
        again = asked == path and hybrid.asked.count("getAllOnl") > 1
        if again:
            hybrid.inverter.replies.pop(path, None)

    hybrid.asked.before = before
    hybrid.inverter.replies[path] = err(401)
    assert hybrid.run("tree").code == 0
    assert hybrid.asked.count("login") == hybrid.asked.count("logout") == 2


def test_session_always_refused(hybrid: Site) -> None:
    hybrid.inverter.replies["/dyn/getAllOnlValues.json"] = err(401)
    done = hybrid.tool.run("tree")
    assert done.code != 0
    assert len(done.complaints) == 1
    assert hybrid.asked.count("login") == 2


def test_session_ends_after_a_failure(hybrid: Site) -> None:
    """An answer without values: logged out all the same (Site.run looks)."""
    hybrid.inverter.online.clear()
    done = hybrid.run("tree")
    assert done.code != 0
    assert "holds no values" in done.complaints[0]


def test_no_free_session_probe_exits(hybrid: Site) -> None:
    fill(hybrid)
    done = hybrid.tool.run("probe")
    assert done.code != 0
    assert len(done.complaints) == 1
    assert "no free session (err 503)" in done.err
    assert hybrid.asked.count("login") == 1


def test_no_free_session_told_at_once(hybrid: Site) -> None:
    """It waits, says so at once, and ^C ends the wait quietly."""
    fill(hybrid)
    with hybrid.tool.start("tree") as process:
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        assert "no free session (err 503): next try in 10 s" in "".join(lines)
        code, out, rest = end(process, signal.SIGINT)
    assert (code, out, rest) == (130, "", "")
    assert hybrid.asked.count("login") == 1


def test_no_free_session_no_wait(hybrid: Site) -> None:
    fill(hybrid)
    done = hybrid.tool.run("values", "--wait", "9")
    assert done.code != 0
    assert "no free session (err 503): all are in use" in done.complaints[-1]
    assert hybrid.asked.count("login") == 1


@pytest.mark.slow(11)
def test_no_free_session_comes_free(hybrid: Site) -> None:
    fill(hybrid)
    with hybrid.tool.start("tree", "--wait", "10") as process:
        wait_until(lambda: hybrid.asked.count("login") == 1)
        hybrid.inverter.sessions.entries.clear()
        out, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0
    assert "Battery voltage" in out
    assert hybrid.asked.count("login") == 2


@pytest.mark.parametrize(
    ("wait_s", "tries"), [(0.0, 1), (9.9, 1), (10.0, 2), (60.0, 7)]
)
def test_patiently_tries(wait_s: float, tries: int) -> None:
    """A try every 10 s, none more often, none after --wait."""
    slept: list[float] = []
    made: list[int] = []

    def call() -> None:
        made.append(1)
        raise NoFreeSession("here", "err 503", 503)

    with pytest.raises(NoFreeSession):
        patiently(call, wait_s, slept.append)
    assert len(made) == tries
    assert slept == [10.0] * (tries - 1)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_watch_ends_with_a_logout(hybrid: Site, number: int, code: int) -> None:
    with hybrid.tool.start("values", "--watch", "60", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())
        assert len(hybrid.inverter.sessions.entries) == 1
        ended, out, stderr = end(process, number)
    assert (ended, out) == (code, "")
    assert "Traceback" not in stderr
    assert not hybrid.inverter.sessions.entries


def test_signal_in_a_login_waits_for_the_session(hybrid: Site) -> None:
    """Otherwise one of four sessions is lost: nobody knows its id."""
    asked, go = threading.Event(), threading.Event()

    def before(path: str) -> None:
        if "login" in path:
            asked.set()
            go.wait(LONGEST_S)

    hybrid.asked.before = before
    with hybrid.tool.start("tree") as process:
        assert asked.wait(LONGEST_S)
        process.send_signal(signal.SIGTERM)
        go.set()
        out, _ = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, out) == (143, "")
    assert hybrid.asked.count("login") == hybrid.asked.count("logout") == 1
    assert not hybrid.inverter.sessions.entries


def test_signal_in_the_logout_counts_after_it() -> None:
    interrupts = Interrupts()
    with pytest.raises(Exception, match="interrupted"), interrupts.held():
        interrupts._on_signal(signal.SIGINT, None)


@pytest.mark.parametrize("path", ["/dyn/getValues.json", "/dyn/getAllOnlValues.json"])
def test_signal_in_a_request_that_hangs(hybrid: Site, path: str) -> None:
    """The first one after the login, and a later one."""
    hybrid.inverter.replies[path] = HANG
    with hybrid.tool.start("tree") as process:
        wait_until(lambda: hybrid.asked.count(path) > 0)
        code, out, _ = end(process, signal.SIGINT)
    assert (code, out) == (130, "")
    assert not hybrid.inverter.sessions.entries


@pytest.mark.parametrize(("refused", "most"), [({"sid": None}, 1), ({}, 1)])
def test_drill_that_ends_the_session_is_no_login_every_5_s(
    hybrid: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: dict[str, object],
    most: int,
) -> None:
    """The inverter restarts in its island, and lets nobody in for a while."""
    folder = hybrid.tool.folder / "saved"
    monkeypatch.setattr(capture, "EVERY_S", 0.0)
    monkeypatch.setattr(Interrupts, "install", lambda _: None)
    looks: list[int] = []

    def watched(client: Any) -> dict[str, Any]:
        looks.append(1)
        if len(looks) == 1:
            hybrid.inverter.sessions.entries.clear()
            hybrid.inverter.replies["/dyn/login.json"] = json_reply({"result": refused})
        if len(looks) == 30:
            hybrid.inverter.replies.clear()
            raise Interrupted(signal.SIGINT)
        return sma_capture.watched(client)

    monkeypatch.setattr(capture, "watched", watched)
    target = Target(hybrid.host, PASSWORDS["usr"], "usr", "https", None)
    with pytest.raises(typer.Exit):
        capture.capture_inverter(target, str(folder), 10.0)
    assert hybrid.asked.count("login") == 1 + most
    assert "no answer" in (folder / "watch.jsonl").read_text()
    assert "user-pw" not in "".join(capsys.readouterr())


def test_second_signal_does_not_wait() -> None:
    interrupts = Interrupts()
    interrupts.admit()
    interrupts._on_signal(signal.SIGINT, None)
    with pytest.raises(Exception, match="interrupted"):
        interrupts._on_signal(signal.SIGINT, None)


def test_fingerprint_first_use(hybrid: Site) -> None:
    """It is told; with it the next run insists, however it is written."""
    done = hybrid.run("probe")
    (line,) = (line for line in done.err.splitlines() if "certificate" in line)
    shown = line.rsplit(" ", 1)[1]
    spaced = ":".join(shown[i : i + 2] for i in range(0, 64, 2)).upper()
    again = hybrid.run("probe", "--fingerprint", spaced)
    assert (again.code, again.err) == (0, "")


def test_fingerprint_of_another(hybrid: Site) -> None:
    """Refused before the login is sent; nothing at all was."""
    done = hybrid.run("tree", "--fingerprint", "0" * 64)
    assert done.code != 0
    assert "another certificate" in done.err
    assert len(done.err.splitlines()) == 1
    assert hybrid.asked.paths == []


def test_another_certificate_in_a_watch(hybrid: Site) -> None:
    """What was taken at first use stays the only one."""
    with hybrid.tool.start("values", "--watch", "0.2", "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        logins = hybrid.asked.count("login")
        hybrid.server.new_certificate()
        hybrid.server.drop_connections()
        _, stderr = process.communicate(timeout=LONGEST_S)
    assert process.returncode not in (0, 130)
    assert "another certificate" in stderr
    assert hybrid.asked.count("login") == logins


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--fingerprint", "12"], "64 hex digits"),
        (["--fingerprint", "z" * 64], "64 hex digits"),
        (["--fingerprint", "0" * 64, "--scheme", "http"], "needs --scheme https"),
        (["--group", "root"], "usr or istl"),
        (["--scheme", "ftp"], "https or http"),
        (["--host", "a b"], "is not HOST"),
        (["--host", "h:99999"], "is not HOST"),
        (["--host", ""], "which inverter?"),
        (["--lang", "../../etc"], "--lang takes one of"),
        (["--wait", "nan"], "--wait"),
        (["--wait", "-1"], "--wait"),
        (["--class", "x"], "--class"),
    ],
)
def test_usage(hybrid: Site, words: list[str], problem: str) -> None:
    done = hybrid.run("tree", *words)
    assert done.code == 2
    assert problem in done.err
    assert done.out == ""
    assert hybrid.asked.paths == []


def test_ennexos(tool: Tool) -> None:
    with running_ennexos() as running:
        tool.environ["SMA_PASSWORD"] = "x"
        done = tool.run("probe", "--host", running.host)
    assert done.code != 0
    assert "this is an ennexOS device: name a user made on it (--user" in done.err
    assert not running.asked("/dyn/login.json")


def test_http_only(tmp_path: Path) -> None:
    with site(tmp_path, "old-flat", tls=False) as running:
        done = running.run("probe")
    assert done.code != 0
    assert "http only: use --scheme http" in done.err


def test_https_only(tmp_path: Path) -> None:
    moved: Any = lambda _asked: to_https("inverter")  # noqa: E731 - an answer function
    with Server(moved, tls=False) as server:
        tool = Tool(tmp_path)
        tool.environ["SMA_PASSWORD"] = "x"
        host = f"{LOOPBACK}:{server.port}"
        done = tool.run("tree", "--scheme", "http", "--host", host)
    assert "https only" in done.err


def test_nobody_there(tool: Tool) -> None:
    tool.environ["SMA_PASSWORD"] = "x"
    done = tool.run("probe", "--host", f"{LOOPBACK}:1")
    assert done.code == 69
    (line,) = done.err.splitlines()
    assert line.endswith("connection refused; is it on, and is the address right?")
