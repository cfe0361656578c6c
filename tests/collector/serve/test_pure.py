"""Options, headers and verdicts: tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.collector.serve import options
from nutbridge.collector.serve.headers import (
    backward,
    onward,
    report_path,
)
from nutbridge.collector.serve.options import (
    Address,
    Allowed,
    Mode,
    Origin,
    Rate,
)
from nutbridge.collector.serve.verdict import (
    Outcome,
    Refusals,
    Way,
    aside,
    counted,
    next_pause_s,
    outcome_of,
    own_pause_s,
    way_of,
)
from nutbridge.collector.store.states import ForwardState

REPORT = "/emu_reports/performance_report"
TASK = "/emu_reports/task_complete"
ODD_TASK = "/emu_reports//task%5Fcomplete"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:80", Address("127.0.0.1", 80)),
        ("[::1]:8443", Address("::1", 8443)),
        (":0", Address("0.0.0.0", 0)),
        ("nas.local:65535", Address("nas.local", 65535)),
        ("127.0.0.1", None),
        ("127.0.0.1:65536", None),
        ("127.0.0.1:-1", None),
        ("127.0.0.1:٣", None),
        ("::1:80", None),
        ("a b:80", None),
        ("", None),
    ],
)
def test_parse_address(text: str, found: Address | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match=r"HOST:PORT|ADDRESS"):
            options.parse_address(text)
    else:
        assert options.parse_address(text) == found
        assert options.parse_address(str(found)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9180", Address("127.0.0.1", 9180)),
        (":9180", Address("127.0.0.1", 9180)),
        ("0.0.0.0:9180", Address("0.0.0.0", 9180)),
        ("[::]:9180", Address("::", 9180)),
    ],
)
def test_parse_status(text: str, found: Address) -> None:
    """Without a host on loopback."""
    assert options.parse_status(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://reports.example", Origin("https", "reports.example", 443)),
        ("http://192.0.2.1:8080/", Origin("http", "192.0.2.1", 8080)),
        ("https://[2001:db8::1]", Origin("https", "2001:db8::1", 443)),
        ("reports.example", None),
        ("ftp://reports.example", None),
        ("https://user@reports.example", None),
        ("https://reports.example/path", None),
        ("https://reports.example?a", None),
        ("https://reports.example:0", None),
        ("https://reports.example:x", None),
        ("https://", None),
        ("https://bücher.example", None),
    ],
)
def test_parse_origin(text: str, found: Origin | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match=r"upstream|host|path|HOST"):
            options.parse_origin(text)
    else:
        assert options.parse_origin(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20/5", Rate(20, 5.0)),
        ("7", Rate(7, 5.0)),
        ("1/0.5", Rate(1, 0.5)),
        ("off", None),
        ("0", None),
    ],
)
def test_parse_rate(text: str, found: Rate | None) -> None:
    assert options.parse_rate(text) == found


@pytest.mark.parametrize("text", ["", "0/5", "5/0", "-1", "a", "5/5/5", "1e9"])
def test_parse_rate_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="BURST"):
        options.parse_rate(text)


def test_allowed() -> None:
    everyone = Allowed()
    assert everyone.source("unknown")
    assert everyone.serial(None)
    some = Allowed((options.parse_network("192.0.2.0/24"),), ("1",))
    assert some.source("192.0.2.9")
    assert some.source("::ffff:192.0.2.9")
    assert not some.source("192.0.3.9")
    assert not some.source("unknown")
    assert some.serial("1")
    assert not some.serial(None)


@pytest.mark.parametrize(
    ("network", "allowed", "refused"),
    [
        ("::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"),
        ("::ffff:c000:209", "192.0.2.9", "192.0.2.10"),
        ("::ffff:192.0.2.77/120", "192.0.2.9", "::c000:209"),
        ("::/0", "2001:db8::1", "192.0.2.9"),
        ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
    ],
)
def test_network_of_ipv4_written_as_ipv6(
    network: str, allowed: str, refused: str
) -> None:
    found = Allowed((options.parse_network(network),))
    assert found.source(allowed)
    assert not found.source(refused)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (REPORT.encode(), REPORT.encode()),
        (b"/emu_reports/", b"/emu_reports/"),
        (b"/emu_reports/a/../b", None),
        (b"/emu_reports/./b", None),
        (b"/emu_reports/..", None),
        (b"/emu_reports/...", b"/emu_reports/..."),
        (b"/emu_reports/%2E%2e/x", None),
        (b"/emu_reports/%252e%252e/x", None),
        (b"/emu_reports/%25252e%25252e/x", None),
        (b"/emu_reports/..;/x", None),
        (b"/emu_reports/..;a=b/x", None),
        (b"/emu_reports/%2e%2e%3b/x", None),
        (b"/emu_reports/.%00./x", None),
        (b"/emu_reports/..%20/x", None),
        (b"/emu_reports/a;b/c..d", b"/emu_reports/a;b/c..d"),
        (b"/emu_reports/%25", None),
        (b"/emu_reports%2fx", None),
        (b"/EMU_REPORTS/x", None),
        (b"HTTPS://h:1/emu_reports/x", b"/emu_reports/x"),
        (b"http://h", None),
        (b"*", None),
    ],
)
def test_report_path(raw: bytes, found: bytes | None) -> None:
    assert report_path(raw) == found


def test_onward_drops_and_completes() -> None:
    given_headers = [
        (b"x-a", b"1"),
        (b"connection", b"x-hop, keep-alive, host"),
        (b"x-hop", b"2"),
        (b"te", b"trailers"),
        (b"expect", b"100-continue"),
        (b"content-length", b"7"),
        (b"cookie", b"secret"),
        (b"authorization", b"Basic eA=="),
        (b"content-length", b"7"),
        (b"x-a", b"3"),
    ]
    assert onward(given_headers, 5, b"up.example") == [
        (b"X-A", b"1"),
        (b"Connection", b"close"),
        (b"Content-Length", b"5"),
        (b"X-A", b"3"),
        (b"Host", b"up.example"),
    ]
    assert (b"Host", b"own") in onward([(b"host", b"own")], 0, b"up.example")


def test_backward_keeps_spelling_and_duplicates() -> None:
    given_headers = [
        (b"ETag", b"1"),
        (b"set-COOKIE", b"a"),
        (b"Transfer-Encoding", b"chunked"),
        (b"set-COOKIE", b"b"),
    ]
    assert backward(given_headers, 3, 200) == [
        (b"ETag", b"1"),
        (b"set-COOKIE", b"a"),
        (b"set-COOKIE", b"b"),
        (b"Content-Length", b"3"),
        (b"Connection", b"close"),
    ]
    assert backward([(b"Content-Length", b"9")], 0, 304)[0] == (b"Content-Length", b"9")
    assert backward([], 0, 204) == [(b"Connection", b"close")]


@pytest.mark.parametrize(
    ("mode", "path", "parsed", "way"),
    [
        (Mode.TRANSPARENT, REPORT, True, Way.RELAY),
        (Mode.TRANSPARENT, TASK, False, Way.RELAY),
        (Mode.STORE_AND_FORWARD, REPORT, True, Way.QUEUE),
        (Mode.STORE_AND_FORWARD, REPORT, False, Way.RELAY_REFUSAL),
        (Mode.STORE_AND_FORWARD, TASK, True, Way.RELAY),
        (Mode.STORE_AND_FORWARD, TASK, False, Way.RELAY),
        (Mode.STORE_AND_FORWARD, f"{TASK}/", True, Way.RELAY),
        (
            Mode.STORE_AND_FORWARD,
            "/emu_reports//task%5Fcomplete",
            True,
            Way.RELAY,
        ),
        (Mode.LOCAL, REPORT, True, Way.ACKNOWLEDGE),
        (Mode.LOCAL, REPORT, False, Way.REFUSE),
        (Mode.LOCAL, TASK, True, Way.REFUSE),
    ],
)
def test_way_of(mode: Mode, path: str, parsed: bool, way: Way) -> None:
    assert way_of(mode, path, parsed=parsed) is way


@given(st.integers(200, 599))
def test_outcome_of(status: int) -> None:
    """A success without the words of one is none."""
    if status == 200:
        assert outcome_of(status, None) is Outcome.DELIVERED
        assert outcome_of(status, "it is empty") is Outcome.REFUSED
    elif status < 300:
        # Accepted, of somebody else, in part: none is "I have it".
        assert outcome_of(status, None) is Outcome.REFUSED
    elif status < 400 or status >= 500 or status in {408, 429}:
        assert outcome_of(status, "answered") is Outcome.REFUSED
    else:
        assert outcome_of(status, "answered") is Outcome.FINAL


DAY = 86_400


@pytest.mark.parametrize(
    ("outcome", "tries", "refused_s", "others_pass", "state"),
    [
        # Once or twice proves nothing.
        (Outcome.FINAL, 4, 9 * DAY, True, None),
        (Outcome.REFUSED, 4, 9 * DAY, True, None),
        # Others pass: it is the report.
        (Outcome.FINAL, 5, 15, True, ForwardState.DEAD_LETTER),
        (Outcome.REFUSED, 5, 15, True, ForwardState.STUCK),
        (Outcome.SILENT, 5, 15, True, ForwardState.STUCK),
        # None passes: 404 for everything is an outage.
        (Outcome.FINAL, 500, 3 * DAY - 1, False, None),
        (Outcome.FINAL, 500, 3 * DAY, False, ForwardState.DEAD_LETTER),
        (Outcome.REFUSED, 500, DAY - 1, False, None),
        (Outcome.REFUSED, 500, DAY, False, ForwardState.STUCK),
        (Outcome.SILENT, 5000, 99 * DAY, False, None),
    ],
)
def test_aside(
    outcome: Outcome,
    tries: int,
    refused_s: float,
    others_pass: bool,
    state: ForwardState | None,
) -> None:
    assert aside(outcome, tries, refused_s, others_pass=others_pass) is state


def counts(*outcomes: Outcome, passing: bool = False, every_s: int = DAY) -> Refusals:
    found = Refusals(0, None)
    for number, outcome in enumerate(outcomes):
        now = 1_700_000_000 + number * every_s
        found = counted(outcome, found, now, others_pass=passing)
    return found


def test_silence_refuses_nothing() -> None:
    """The first 404 behind an outage of a week is the first refusal."""
    silent, final = [Outcome.SILENT] * 7, Outcome.FINAL
    first = counts(*silent, final)
    assert first == Refusals(1, 1_700_000_000 + 7 * DAY)
    assert aside(final, first.tries, 0, others_pass=True) is None
    # Nor is what was refused before it still counted.
    assert counts(final, *silent).since is None
    assert counts(*[final] * 5, *silent, final).tries == 1
    assert counts(*[final] * 5) == Refusals(5, 1_700_000_000)
    # Where others pass, a silence is about this report.
    assert counts(*[Outcome.SILENT] * 5, passing=True).tries == 5


def test_time_before_the_clock_was_set_does_not_count() -> None:
    """A small board is in 1970 until it has the network's time."""
    now = 1_700_000_000
    for since in (40, now + 9 * DAY):
        before = Refusals(9, since)
        found = counted(Outcome.FINAL, before, now, others_pass=False)
        assert found == Refusals(10, now)


def test_own_pauses() -> None:
    """A refused report waits; a silent upstream is asked about the oldest one."""
    for outcome in (Outcome.REFUSED, Outcome.FINAL, Outcome.SILENT):
        pauses = [own_pause_s(outcome, n, others_pass=True) for n in (1, 2, 3, 9, 99)]
        assert pauses == [1, 2, 4, 256, 300]
    silent = [own_pause_s(Outcome.SILENT, n, others_pass=False) for n in (1, 4, 5)]
    assert silent == [None, None, 0]
    assert own_pause_s(Outcome.REFUSED, 1, others_pass=False) == 0


def test_pauses_double_to_a_minute() -> None:
    pauses = [next_pause_s(None)]
    for _ in range(8):
        pauses.append(next_pause_s(pauses[-1]))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
