"""Mode transparent: stored, then passed on and relayed, byte by byte."""

import hashlib
import socket
import threading
import zlib
from pathlib import Path

import pytest
import trustme

from tests.collector.serve.collector import (
    Collector,
    collector,
    exchange,
)
from tests.collector.serve.reports import PATH, report_body, request
from tests.collector.serve.upstream import (
    Enphase,
    Got,
    answer,
    bombs,
    resets,
    says,
    takes,
    wait_for,
    yes_to,
)


def stored(found: Collector) -> dict[str, str]:
    """Return sha256 and forward_state of all bodies."""
    rows = found.rows("SELECT sha256, forward_state FROM raw")
    return {str(row[0]): str(row[1]) for row in rows}


def acknowledgement_of(body: bytes) -> bytes:
    return yes_to(body).partition(b"\r\n\r\n")[2]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_bytes_are_the_same_on_both_sides(free: Collector, behind: Enphase) -> None:
    """Request line, headers and body go on, the answer comes back, unchanged."""
    body = report_body(2000)
    got = free.post(body)
    (sent,) = behind.got
    assert sent.body == body
    # The HTTP library puts Host first; the lines themselves are the Envoy's.
    asked = request(b"", length=len(body))[:-4].split(b"\r\n")
    assert sent.line == asked[0]
    assert sorted(sent.headers) == sorted(asked[1:])
    wanted = yes_to(body).partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    assert sorted(got.headers) == sorted(wanted)
    assert got.body == acknowledgement_of(body)
    assert got.status == 200
    wait_for(lambda: stored(free)[digest(body)] == "forwarded")


def test_sender_that_only_listens_any_longer_is_answered(
    free: Collector, behind: Enphase
) -> None:
    """It closed its half of the connection after the last byte."""
    body = report_body(2001)
    go_on = threading.Event()

    def after_a_while(got: Got, link: socket.socket) -> None:
        go_on.wait(60)
        takes(got, link)

    behind.reaction = after_a_while
    with free.connect() as link:
        link.sendall(request(body))
        link.shutdown(socket.SHUT_WR)
        wait_for(lambda: behind.got)
        go_on.set()
        got = exchange(link, b"")
    assert (got.status, got.body) == (200, acknowledgement_of(body))


def test_sender_that_ends_within_the_body_is_let_go(
    free: Collector, behind: Enphase
) -> None:
    with free.connect() as link:
        link.sendall(request(report_body(2002))[:-1])
        link.shutdown(socket.SHUT_WR)
        assert link.recv(100) == b""
    assert not behind.got


def test_lines_before_the_request_change_nothing(
    free: Collector, behind: Enphase
) -> None:
    body = report_body(2004)
    with free.connect() as link:
        link.sendall(b"\r\n")
        assert free.get("/healthz").status == 200
        got = exchange(link, b"\r\n\n" + request(body))
    assert (got.status, got.body) == (200, acknowledgement_of(body))
    assert behind.got[0].body == body


def test_line_after_the_body_changes_nothing(free: Collector, behind: Enphase) -> None:
    """Old HTTP libraries send one more; it comes while the upstream is asked."""
    body = report_body(2003)
    go_on = threading.Event()

    def after_a_while(got: Got, link: socket.socket) -> None:
        go_on.wait(60)
        takes(got, link)

    behind.reaction = after_a_while
    with free.connect() as link:
        link.sendall(request(body))
        wait_for(lambda: behind.got)
        link.sendall(b"\r\n")
        # Taken before the status page that is asked for after it.
        assert free.get("/healthz").status == 200
        go_on.set()
        got = exchange(link, b"")
    assert (got.status, got.body) == (200, acknowledgement_of(body))
    assert behind.got[0].body == body


@pytest.mark.parametrize(
    "path",
    [
        "/emu_reports/performance_report?webcomm_version=9.9&x=%7e|~%C3%A9",
        "/emu_reports/task_complete?id=1&state=done",
        "/emu_reports/some/thing%20new//",
        "/emu_reports/a+b;c=d?e?f",
    ],
)
def test_path_and_query_go_on_as_they_are(
    free: Collector, behind: Enphase, path: str
) -> None:
    assert free.post(report_body(), path).status == 200
    assert behind.got[0].line == f"POST {path} HTTP/1.1".encode()


def test_absolute_form_goes_on_as_a_path(free: Collector, behind: Enphase) -> None:
    """Neither the target nor Host chooses the upstream."""
    target = "http://192.0.2.1:81" + PATH
    assert free.post(report_body(), target).status == 200
    assert behind.got[0].line == f"POST {PATH} HTTP/1.1".encode()
    assert b"Host: reports.enphaseenergy.com:443" in behind.got[0].headers


def test_what_belongs_to_one_connection_stays_there(
    free: Collector, behind: Enphase
) -> None:
    behind.reaction = says(
        b"HTTP/1.1 207 Odd\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        b"Keep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=1\r\n"
        b"Set-Cookie: b=2\r\nContent-Encoding: gzip\r\n\r\n"
        b"3\r\n\x1f\x8b\x00\r\n2\r\nxy\r\n0\r\n\r\n"
    )
    got = free.post(report_body(), PATH, "Expect: 100-continue", "X-Own: 1", "X-Own: 2")
    sent = behind.got[0].headers
    assert [line for line in sent if line.startswith(b"X-Own")] == [
        b"X-Own: 1",
        b"X-Own: 2",
    ]
    assert not [line for line in sent if line.startswith(b"Expect")]
    # A 100 comes first.
    assert got.status == 100
    head, _, body = got.body.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 207 ")
    assert body == b"\x1f\x8b\x00xy"
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == sorted(
        [b"set-cookie"] * 2 + [b"content-encoding", b"content-length", b"connection"]
    )


@pytest.mark.parametrize("status", [302, 304, 400, 404, 500, 503])
def test_any_answer_is_relayed(free: Collector, behind: Enphase, status: int) -> None:
    """No redirect is followed; a refusal of the upstream is an answer."""
    text = b"" if status == 304 else b"no"
    behind.reaction = says(answer(status, b"Location: http://192.0.2.1/", body=text))
    body = report_body(1000 + status)
    got = free.post(body)
    assert (got.status, got.body) == (status, text)
    assert got.header("location") == ["http://192.0.2.1/"]
    assert len(behind.got) == 1
    wait_for(lambda: stored(free)[digest(body)] == "refused")


def test_silent_upstream_is_502_and_the_report_is_kept(
    tmp_path: Path, enphase: Enphase
) -> None:
    with collector(tmp_path, "--upstream", "http://127.0.0.1:1") as running:
        assert running.post(report_body()).status == 502
        wait_for(lambda: list(stored(running).values()) == ["failed"])
        assert running.post(report_body(1)).status == 502
        running.says("connection refused")


@pytest.mark.parametrize(
    "reaction",
    [
        resets,
        bombs,
        says(b"SSH-2.0-x\r\n"),
        says(b""),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxx"),
        says(b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n"),
        says(answer(body=bytes((1 << 20) + 1))),
        says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    ],
    ids=["reset", "bomb", "garbage", "nothing", "cut", "999", "large", "101"],
)
def test_bad_answer_is_502(free: Collector, behind: Enphase, reaction: object) -> None:
    behind.reaction = reaction  # type: ignore[assignment]
    assert free.post(report_body()).status == 502
    behind.reaction = takes
    assert free.post(report_body()).status == 200


def test_unparsable_body_is_kept_and_passed_on(
    free: Collector, behind: Enphase
) -> None:
    bodies = [b"", b"nonsense", zlib.compress(b"<a/>"), report_body(7)[:-9]]
    for body in bodies:
        assert free.post(body).status == 200
    assert [got.body for got in behind.got] == bodies
    states = dict(free.rows("SELECT sha256, parse_state FROM raw"))
    assert {states[digest(body)] for body in bodies} == {"unparsable"}


def test_upstream_is_verified(
    tmp_path: Path, authority: trustme.CA, tls_enphase: Enphase
) -> None:
    """A certificate that is not trusted is a silent upstream, never a bypass.

    The name is that of --upstream, whatever Host says.
    """
    by_name = tls_enphase.url.replace("127.0.0.1", "localhost")
    trusted = ("--upstream-ca", str(tmp_path / "ca.pem"))
    with collector(tmp_path, "--upstream", by_name, *trusted) as running:
        assert running.post(report_body()).status == 200
    with collector(tmp_path, "--upstream", tls_enphase.url, *trusted) as running:
        assert running.post(report_body(1)).status == 502
        running.says("certificate not trusted")
    with collector(tmp_path, "--upstream", by_name) as running:
        assert running.post(report_body(1)).status == 502
        running.says("certificate not trusted")
    assert len(tls_enphase.got) == 1


def test_plain_upstream_earns_a_warning(tmp_path: Path, enphase: Enphase) -> None:
    with collector(tmp_path, "--upstream", enphase.url) as running:
        running.says("WARNING: upstream http:")
