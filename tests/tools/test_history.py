"""nutbridge history: in words, as JSON, CSV and a drawing."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from nutbridge.daemon.history.points import HistoryPoint
from nutbridge.daemon.history.reading import History, read_history
from nutbridge.tools.history import ROWS, drawing_of, lines_of, rows_of
from tests.daemon.history.build import lines, outage_points, point


@pytest.fixture
def points() -> list[HistoryPoint]:
    """A low battery, half of it reckoned; a silence; a short outage."""
    first = []
    for number, each in enumerate(outage_points(minutes=33)):
        low = each.on_battery and (each.soc_pct or 0) < 20
        first.append(
            each._replace(
                status="OB LB" if low else each.status, reckoned=9 < number < 18
            )
        )
    silence = [point(9e4, silent_s=70.0), point(91000.0)]
    return [*first, *silence, *outage_points(2e5, minutes=5)]


@pytest.fixture
def history(points: list[HistoryPoint]) -> History:
    return read_history([*lines(points), b"xx"])


def test_words(history: History) -> None:
    assert list(lines_of("home", history, UTC)) == [
        "home: 2 outages since 2026-03-01 00:15, together 38 min 0 s",
        "  the longest 33 min 0 s",
        "",
        "  outage            length        charge            energy  lowest runtime",
        "  2026-03-01 00:16  33 min 0 s    80 % -> 16 %     2.0 kWh  18 min 0 s",
        "    until 2026-03-01 00:49; read and reckoned",
        "    LB after 31 min 0 s: upsmon would have shut machines down",
        "  2026-03-03 07:33  5 min 0 s     80 % -> 72 %      300 Wh  46 min 0 s",
        "    until 2026-03-03 07:38; read",
        "    LB was not reached: upsmon would have shut nothing down",
        "",
        "  silent from       for",
        "  2026-03-02 00:58  17 min 50 s",
        "",
        "  nothing was noted",
        "  2026-03-01 00:49 to 2026-03-02 01:00 1 d 0 h",
        "  2026-03-02 01:16 to 2026-03-03 07:32 1 d 6 h",
        "",
        "  2026-03  2 outages, 38 min 0 s, 2.3 kWh, LB in 1; 1 silence, 17 min 50 s",
        "",
        "left out: 1 line that cannot be read",
    ]


def test_words_of_nothing() -> None:
    assert list(lines_of("home", History())) == ["home: nothing was noted in this time"]
    calm = read_history(lines(iter([point(0)])))
    assert list(lines_of("home", calm, UTC)) == [
        "home: no outage since 2026-03-01 00:00"
    ]


def test_words_of_what_nobody_saw_end() -> None:
    before = list(outage_points())[:6]
    after = point(20, "OL", at=before[0].at + 90000, origin="m1.b2", mark="start")
    told = "\n".join(lines_of("home", read_history(lines([*before, after])), UTC))
    assert ">= 4 min 0 s" in told
    assert "at least, then nobody watched" in told
    last = before[-1].at
    lasts = read_history(lines(before), now=last + 100)
    now = "\n".join(lines_of("home", lasts, UTC))
    assert "it lasts; read" in now
    assert "5 min 40 s" in now  # not only as far as its last point
    gone = "\n".join(
        lines_of("home", read_history(lines(before), now=last + 9000), UTC)
    )
    assert "it lasts" not in gone
    assert "LB was not reached as far as it was watched" in gone
    assert "until now           2 h 30 min" in gone


def test_no_outage_is_told_only_as_far_as_it_was_watched() -> None:
    calm = read_history(lines(iter([point(0)])), now=point(0).at + 9000)
    assert list(lines_of("home", calm, UTC)) == [
        "home: no outage since 2026-03-01 00:00, as far as it was watched",
        "",
        "  nothing was noted",
        "  2026-03-01 00:00 until now           2 h 30 min",
    ]


def test_drawing_fits_a_narrow_terminal_and_names_both_days(history: History) -> None:
    drawn = list(drawing_of(history.outages[0], UTC, width=40))
    assert max(map(len, drawn)) <= 40
    long = history.outages[0]._replace(length_s=90000.0)
    assert any("2026-03-02 01:16" in line for line in drawing_of(long, UTC))


def test_rows(history: History) -> None:
    head, first, second = rows_of(history, UTC)
    told = dict(zip(head, first, strict=True))
    assert told["began"] == "2026-03-01T00:16:40+00:00"
    assert told["low_at"] == "2026-03-01T00:47:40+00:00"
    assert told["length_s"] == 1980
    assert dict(zip(head, second, strict=True))["low_at"] is None


@pytest.mark.parametrize("blocks", [True, False])
def test_drawing(history: History, *, blocks: bool) -> None:
    drawn = list(drawing_of(history.outages[0], UTC, blocks=blocks))
    assert max(map(len, drawn)) <= 80
    assert drawn[0].startswith(" 100 % |")
    full = "█" if blocks else "#"
    filled = [line.count(full) for line in drawn[:ROWS]]
    assert filled == sorted(filled)
    assert filled[-1] > 50
    assert drawn[ROWS + 2].endswith("^ LB")
    assert drawn[-1].strip() == (
        "█ charge read, ░ reckoned" if blocks else "# charge read, : reckoned"
    )
    assert blocks or all(line.isascii() for line in drawn)


class Tool:
    """The command, on a history in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.history = folder / "enphase-home.history"
        self.config = folder / "enphase-home.conf"
        self.config.write_text(
            f"SERIAL=122000000001\nPORT_FILE=home.dev\nSTATE_DIR={folder}\n"
        )
        self.config.chmod(0o600)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [
                *(sys.executable, "-m", "nutbridge", "history", "-c"),
                *(str(self.config), *words),
            ],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def tool(tmp_path: Path, points: list[HistoryPoint]) -> Tool:
    tool = Tool(tmp_path)
    tool.history.write_bytes(b"".join(lines(points)) + b"cut")
    return tool


def test_command_json_and_csv(tool: Tool) -> None:
    done = tool.run("--json", "--since", "2026-03-02")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    (outage,) = told["outages"]
    assert outage["known"] == "read"
    assert len(outage["curve"]) == 6
    assert told["left_out"] == ["left out: 1 line that cannot be read"]
    done = tool.run("--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["known"] for row in rows] == ["read and reckoned", "read"]
    assert done.stderr == "left out: 1 line that cannot be read\n"


def test_command_plot(tool: Tool) -> None:
    done = tool.run("--plot")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(" 100 % |\n")
    assert done.stdout.isascii()


@pytest.mark.parametrize("when", ["today", "yesterday", "2026-03", "2026-03-01"])
def test_command_since(tool: Tool, when: str) -> None:
    assert tool.run("--since", when).returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--since", "tomorrow"), 2, "--since tomorrow: a day like 2026-03-01"),
        (("--since", "2026-13-01"), 2, "--since 2026-13-01: a day"),
        (("--json", "--plot"), 2, "only one of them"),
        (("--since", "1h", "--plot"), 1, "home: no outage in this time"),
    ],
)
def test_command_refuses(
    tool: Tool, words: tuple[str, ...], code: int, said: str
) -> None:
    done = tool.run(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_command_without_a_history(tool: Tool) -> None:
    tool.history.unlink()
    done = tool.run()
    assert done.returncode == 1
    assert "is not there yet: enphase-monitor writes it while it runs" in done.stderr
