"""What a status means, and how it reads (pure)."""

from dataclasses import replace

import pytest

from nutbridge.system.services import BY_HAND, SYSTEMD, Services
from nutbridge.tools.status.report import (
    Battery,
    GatewayReport,
    GridReport,
    Live,
    MonitorReport,
    PortFileReport,
    PowerReport,
    ProtectionVerdict,
    Status,
    Token,
    When,
    note_due_s,
    source_of,
)
from nutbridge.tools.status.words import lines_of
from tests.tools.tool import WIDTH

NOW = 1_790_000_000.0


def ago(seconds: float) -> When:
    return When(NOW - seconds, seconds)


STATUS = Status(
    ups="home",
    time=NOW,
    status="OB LB",
    since=ago(7200),
    monitor=MonitorReport(running=True, pid=12, state="holding", noted=ago(5)),
    port_file=PortFileReport("/run/nutbridge/home.dev", "visible", ago(20)),
    grid=GridReport("open", ago(3000), ago(2990)),
    battery=Battery(19.4, 20.0, 1800.0, 10000.0, None, "reckoned", ago(3000), 62.0),
    power=PowerReport(734.0, None, None, 812.0, 0.0, 78.0, ago(3000)),
    gateway=GatewayReport(
        "gateway", "192.0.2.7", "122000000001", "D8.3", 45.0, ago(90000)
    ),
    token=Token("owner", 301.2, NOW + 301.2 * 86400),
)


def with_monitor(**changes: object) -> Status:
    return replace(STATUS, monitor=replace(STATUS.monitor, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "verdict", "code"),
    [
        (STATUS, ProtectionVerdict.PROTECTED, 0),
        (replace(STATUS, status=None), ProtectionVerdict.NOCOMMS, 69),
        (replace(STATUS, status=""), ProtectionVerdict.NO_STATUS, 1),
        (with_monitor(running=False), ProtectionVerdict.NO_MONITOR, 1),
        (with_monitor(noted=ago(901)), ProtectionVerdict.MONITOR_HANGS, 1),
        (
            with_monitor(noted=ago(901), note_due_s=4200.0),
            ProtectionVerdict.PROTECTED,
            0,
        ),
        (with_monitor(noted=When()), ProtectionVerdict.PROTECTED, 0),
    ],
)
def test_status_means(status: Status, verdict: ProtectionVerdict, code: int) -> None:
    assert (status.verdict, status.exit_code) == (verdict, code)


def test_note_is_due_later_where_the_config_looks_seldom() -> None:
    assert note_due_s(60, 10) == 900
    assert note_due_s(3600, 0) == 4200


def test_status_of_a_silent_outage_reads_well() -> None:
    lines = [line for line in lines_of(STATUS, SYSTEMD) if "since" not in line]
    assert lines[1:] == [
        "",
        "  grid      open, asked 50 min 0 s ago; silent for 49 min 50 s",
        "  battery   19.4 %, reckoned from 62 % read 50 min 0 s ago; low below 20 %",
        "  runtime   30 min 0 s at the present power",
        "  load      734 W, read 50 min 0 s ago",
        "  power     battery gives 812 W, grid 0 W, sun gives 78 W",
        "  gateway   122000000001 at 192.0.2.7, D8.3",
        lines[8],
        "  token     owner, 301 days left",
        "  monitor   pid 12, holding, noted this 5 s ago",
        "  port file /run/nutbridge/home.dev (visible, written 20 s ago)",
    ]
    assert lines[8].startswith("  last gap  45 s, ended 2026-")
    assert all(len(line) <= WIDTH for line in lines_of(STATUS, SYSTEMD))


@pytest.mark.parametrize(
    ("words", "source"),
    [
        (None, "read"),
        ("reckoned", "reckoned"),
        ("reckoned, silent since 14:02", "reckoned"),
        ("charge unknown, silent since 14:02", None),
        ("read, silent since 14:02", "read"),
    ],
)
def test_source_of_a_charge(words: str | None, source: str | None) -> None:
    assert source_of(words) == source


def test_status_tells_why_the_gateway_is_silent() -> None:
    """As the log does; in lines that fit."""
    why = "192.0.2.7/ivp/ensemble/relay: answered 404 " + "and more " * 9
    hidden = replace(STATUS, status=None, grid=GridReport(None, When(), ago(10), why))
    lines = lines_of(hidden, SYSTEMD)
    first = lines.index("  grid      unknown; silent for 10 s")
    assert lines[first + 1].startswith("            192.0.2.7/ivp/ensemble/relay: ans")
    assert max(len(line) for line in lines[first : first + 4]) <= WIDTH
    closed = replace(STATUS, grid=GridReport("closed", When(), ago(10)))
    assert "  grid      closed; silent for 10 s" in lines_of(closed, SYSTEMD)


@pytest.mark.parametrize(
    ("services", "how"),
    [
        (SYSTEMD, "systemctl restart enphase-monitor@home"),
        (BY_HAND, "let your supervisor start enphase-monitor home anew"),
    ],
)
def test_status_says_how_a_monitor_is_started_here(
    services: Services, how: str
) -> None:
    alone = replace(STATUS, monitor=MonitorReport(running=False))
    assert f"  monitor   none runs; {how}" in lines_of(alone, services)


@pytest.mark.parametrize(
    ("days", "left"),
    [(365.0, "365 days"), (1.4, "34 h"), (0.5, "12 h"), (0.0, "under")],
)
def test_status_of_a_token_that_lives_a_day(days: float, left: str) -> None:
    """An installer's lives for 12 h: never "0 days", nor "1 days"."""
    short = replace(STATUS, token=Token("installer", days))
    row = next(line for line in lines_of(short, SYSTEMD) if line.startswith("  token"))
    assert row.startswith(f"  token     installer, {left}")


def test_status_tells_in_lines_that_fit_why_there_is_no_answer_now() -> None:
    why = "192.0.2.7:46201/dyn/login.json: wrong password, or group usr is not allowed"
    lines = lines_of(replace(STATUS, live=Live(None, problem=why)), SYSTEMD)
    first = lines.index("now, from the gateway:") + 1
    assert max(map(len, lines[first:])) <= WIDTH
    assert lines[first].startswith("  grid      no answer: 192.0.2.7:46201/dyn")
    assert lines[-1].endswith("not allowed")


def test_status_of_a_house_without_a_battery() -> None:
    none = replace(STATUS, battery=Battery(fitted=False))
    row = "  battery   none: OB when the grid is gone, and never LB"
    assert row in lines_of(none, SYSTEMD)
