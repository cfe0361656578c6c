"""Who may report, how much, how often; and what is refused is never passed on."""

import contextlib
import socket
import ssl
import time
import zlib
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.collector.serve.collector import (
    Collector,
    collector,
    exchange,
)
from tests.collector.serve.reports import (
    PATH,
    SERIAL,
    report_body,
    request,
)
from tests.collector.serve.upstream import Enphase, wait_for

MIB = 1 << 20


def refused(found: Collector, reason: str) -> float:
    """Return the count of a reason on the metrics page."""
    page = found.get("/metrics").body.decode()
    name = f'nutbridge_requests_refused_total{{reason="{reason}"}} '
    values = [line[len(name) :] for line in page.splitlines() if line.startswith(name)]
    return float(values[0]) if values else 0.0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 404),
        ("POST", "/emu_reports", 404),
        ("POST", "/emu_report/performance_report", 404),
        ("POST", "/other?/emu_reports/x", 404),
        ("GET", "/nothing", 404),
        ("POST", "/emu_reports/../admin", 404),
        ("POST", "/emu_reports/%2e%2e/admin", 404),
        ("POST", "/emu_reports/x/..%2f..%2fadmin", 404),
        ("POST", "/emu_reports/%252e%252e/admin", 404),
        ("POST", "/emu_reports/..;/admin", 404),
        ("POST", "/emu_reports/..%5cadmin", 404),
        ("POST", "http://192.0.2.1/admin", 404),
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("DELETE", PATH, 405),
        ("OPTIONS", PATH, 405),
    ],
)
def test_other_paths_and_methods(
    free: Collector, behind: Enphase, method: str, path: str, status: int
) -> None:
    got = free.send(request(report_body(), path, method=method))
    assert got.status == status
    assert got.header("allow") == (["POST"] if status == 405 else [])
    assert behind.got == []
    assert free.new("raw") == 0


def test_too_large_as_sent(free: Collector, behind: Enphase) -> None:
    """413, with Content-Length, in chunks, and announced only; never stored."""
    before = refused(free, "body too large")
    body = bytes(MIB + 1)
    assert free.post(body).status == 413
    head = request(b"", PATH).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )
    chunks = b"10000\r\n" + bytes(65536) + b"\r\n"
    assert free.send(head + 17 * chunks + b"0\r\n\r\n").status == 413
    asked = request(b"", PATH, "Expect: 100-continue", length=MIB + 1)
    assert free.send(asked).status == 413
    with free.connect() as link:
        # Who reads only after it has sent all gets its answer too.
        link.sendall(request(bytes(20 * MIB)))
        assert link.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert refused(free, "body too large") - before == 4
    assert (behind.got, free.new("raw")) == ([], 0)
    assert free.new("quarantine") == 0


def test_largest_body_is_taken(free: Collector, behind: Enphase) -> None:
    body = bytes(MIB)
    assert free.post(body).status == 200
    assert behind.got[0].body == body


def test_chunks_are_taken(free: Collector, behind: Enphase) -> None:
    """An Envoy never sends them; what goes on has a length."""
    body = report_body()
    head = request(b"", PATH).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )
    data = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert free.send(head + data).status == 200
    assert behind.got[0].body == body
    assert not [one for one in behind.got[0].headers if b"chunked" in one]


def test_too_large_when_inflated(free: Collector, behind: Enphase) -> None:
    """A bomb: 413, kept in the quarantine, counted, no report, and cheap."""
    body = zlib.compress(bytes(1000 * MIB), 9)
    assert len(body) < MIB
    count = refused(free, "inflated body too large")
    before = peak_kb(free)
    assert free.post(body).status == 413
    assert peak_kb(free) - before < 50 * 1024
    assert refused(free, "inflated body too large") - count == 1
    assert free.new("quarantine") == 1
    assert (behind.got, free.new("raw")) == ([], 0)


def peak_kb(found: Collector) -> int:
    status = Path(f"/proc/{found.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_caps_are_options(tmp_path: Path, enphase: Enphase) -> None:
    options = ("--upstream", enphase.url, "--max-compressed", "400")
    with collector(tmp_path, *options, "--max-inflated", "900") as running:
        assert running.post(report_body(panels=1)).status == 413
        assert running.post(bytes(401)).status == 413
        assert running.post(zlib.compress(bytes(900))).status == 200


def test_senders_not_allowed(tmp_path: Path, enphase: Enphase) -> None:
    options = ("--allow-from", "127.0.0.2", "--allow-from", "127.1.0.0/16")
    with collector(tmp_path, "--upstream", enphase.url, *options) as running:
        assert running.post(report_body()).status == 403
        assert running.post(bytes(2 * MIB)).status == 403
        assert running.post(report_body(), source="127.0.0.2").status == 200
        assert running.post(report_body(1), source="127.1.2.3").status == 200
        assert refused(running, "address not allowed") == 2
        assert len(enphase.got) == 2
        assert running.count("raw") == 2


def test_header_names_no_sender(tmp_path: Path, enphase: Enphase) -> None:
    """The address is that of the connection."""
    options = ("--upstream", enphase.url, "--allow-from", "192.0.2.7")
    with collector(tmp_path, *options) as running:
        got = running.post(report_body(), PATH, "X-Forwarded-For: 192.0.2.7")
        assert got.status == 403


def test_envoys_not_allowed(tmp_path: Path, enphase: Enphase) -> None:
    """403, not passed on, quarantined; a body without a serial is foreign."""
    options = ("--upstream", enphase.url, "--allow-serial", SERIAL)
    with collector(tmp_path, *options) as running:
        assert running.post(report_body(serial="110000000009")).status == 403
        assert running.post(b"nonsense").status == 403
        assert running.post(report_body()).status == 200
        assert len(enphase.got) == 1
        assert running.count("raw") == 1
        assert running.count("quarantine") == 2


def test_rate_per_sender(tmp_path: Path, enphase: Enphase) -> None:
    """20 at once, then 429 with the seconds to wait; other senders go on."""
    with collector(tmp_path, "--upstream", enphase.url) as running:
        begin_s, taken = time.monotonic(), 0
        while (got := running.post(report_body(serial=f"{taken:012}"))).status == 200:
            taken += 1
        # A slow machine gives the sender time for more than the 20.
        more = (time.monotonic() - begin_s) / 5
        assert 20 <= taken <= 20 + more
        assert got.status == 429
        assert 1 <= int(got.header("retry-after")[0]) <= 5
        other = running.post(report_body(30), source="127.0.0.2")
        assert other.status == 200
        assert len(enphase.got) == taken + 1


def test_stranger_with_its_number_locks_no_envoy_out(
    tmp_path: Path, enphase: Enphase
) -> None:
    """Who may report how often is a matter of the address, not of what it says."""
    options = ("--upstream", enphase.url, "--rate-limit", "3/1000")
    with collector(tmp_path, *options) as running:
        taken = [running.post(report_body(n), source="127.0.0.9") for n in range(5)]
        assert [got.status for got in taken] == [200, 200, 200, 429, 429]
        assert running.post(report_body(9)).status == 200


def test_strangers_are_turned_away_before_tls(tmp_path: Path) -> None:
    """1,100 of them that say nothing take neither room nor time."""
    with ExitStack() as stack:
        options = ("--mode", "local", "--tls-listen", "127.0.0.1:0")
        allowed = ("--allow-from", "127.0.0.1")
        running = stack.enter_context(collector(tmp_path, *options, *allowed))
        told = stack.enter_context(running.connect(source="127.0.0.9"))
        assert told.recv(4096).startswith(b"HTTP/1.1 403 ")
        for _ in range(549):
            # Beyond the number that is answered: reset, also before connect(2) returns.
            with contextlib.suppress(ConnectionResetError):
                stack.enter_context(running.connect(source="127.0.0.9"))
        for _ in range(550):
            with pytest.raises(ConnectionResetError):
                stack.enter_context(running.connect("https", "127.0.0.9")).recv(1)
        assert running.post(report_body()).status == 200
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        assert running.send_tls(request(report_body()), context).status == 200
        assert refused(running, "address not allowed") == 1100
        running.says("is not allowed to report", 1)


def test_tls_on_the_plain_port_is_named(free: Collector) -> None:
    count = refused(free, "TLS on the plain port")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        free.connect() as plain,
        pytest.raises((ssl.SSLError, OSError)),
        context.wrap_socket(plain),
    ):
        pass
    # The greeting of SSL 2, as the oldest Envoys send it.
    with free.connect() as link:
        link.sendall(b"\x80\x2e\x01\x03\x01" + bytes(43))
        assert link.recv(1) == b""
    assert refused(free, "TLS on the plain port") - count == 2
    free.says("speaks TLS on --listen; lead it to --tls-listen", 1)


def test_many_large_bodies_at_once_have_one_budget(tmp_path: Path) -> None:
    """400 senders of nearly 1 MiB each: memory stays, usual reports pass."""
    with ExitStack() as stack:
        options = ("--mode", "local", "--rate-limit", "off")
        running = stack.enter_context(collector(tmp_path, *options))
        assert running.post(report_body()).status == 200
        before = peak_kb(running)
        for number in range(200):
            link = stack.enter_context(running.connect(source=f"127.0.1.{number}"))
            link.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                link.sendall(request(bytes(MIB - 1), length=MIB))
        wait_for(lambda: refused(running, "too many bodies at once") > 50)
        assert running.post(report_body(1)).status == 200
        assert peak_kb(running) - before < 150 * 1024


def test_slow_senders_keep_nobody_out(free: Collector) -> None:
    """Connections that say nothing, or half a request, do not delay a report."""
    half = request(report_body(), length=9999)
    with ExitStack() as stack:
        links: list[socket.socket] = []
        for number in range(200):
            link = stack.enter_context(free.connect())
            link.sendall(half[: number % len(half)])
            links.append(link)
        assert free.post(report_body()).status == 200


def test_lies_about_the_length(free: Collector, behind: Enphase) -> None:
    """A body that never comes is not stored; what is beyond the length is not read."""
    body = report_body()
    with free.connect() as link:
        link.sendall(request(body, length=len(body) + 9))
        link.shutdown(socket.SHUT_WR)
        link.recv(10)
    wait_for(lambda: free.new("raw") == 0)
    assert free.post(body + b"GET / HTTP/1.1\r\n\r\n").status == 200
    with free.connect() as link:
        got = exchange(link, request(body, length=len(body)) + b"junk\r\n\r\n")
    assert got.status == 200
    assert behind.got[1].body == body
    two = request(body, PATH, "Content-Length: 5")
    assert free.send(two).status == 400
