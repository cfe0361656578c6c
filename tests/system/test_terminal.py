"""What a terminal is sent, and what everything else."""

import io
import re

import pytest

from nutbridge.system.terminal import WIDTH, Terminal, shows

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
XTERM = {"TERM": "xterm"}


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ"),
    [
        (io.StringIO(), XTERM),
        (Tty(), {"TERM": "dumb"}),
        (Tty(), {}),
    ],
)
def test_plain_stream_gets_lines_only(
    stream: io.StringIO, environ: dict[str, str]
) -> None:
    screen = Terminal(stream, environ)
    assert not screen.redraws
    assert screen.paint("x", "32") == "x"
    screen.live("passing")
    screen.say("one", "two")
    screen.live("")
    screen.redraw(["a"])
    screen.redraw(["b"])
    assert stream.getvalue() == "one\ntwo\na\n\nb\n"


def test_no_color_takes_the_colour_alone() -> None:
    stream = Tty()
    screen = Terminal(stream, {**XTERM, "NO_COLOR": "1"})
    screen.live("passing")
    assert stream.getvalue() == "\r\x1b[2Kpassing"
    assert screen.paint("x", "32") == "x"


def test_live_line_is_redrawn_below_what_stays() -> None:
    stream = Tty()
    screen = Terminal(stream, {**XTERM, "NO_COLOR": ""})
    screen.live("passing " + "x" * 200)
    screen.live("later")
    screen.say("row")
    screen.live("")
    assert shown(stream.getvalue()) == ["row", ""]
    assert "\n" not in stream.getvalue().partition("row")[0]
    drawn = ESCAPE.sub("", stream.getvalue()).split("\r\x1b[2K")
    assert max(map(len, drawn)) < WIDTH


def shown(text: str) -> list[str]:
    """What a terminal shows in the end."""
    lines = ESCAPE.sub("", text).split("\n")
    return [line.rpartition("\r\x1b[2K")[2] for line in lines]


def test_block_is_drawn_over_the_one_before() -> None:
    stream = Tty()
    screen = Terminal(stream, XTERM)
    screen.redraw(["one", "x" * 200])
    screen.redraw(["two"], lambda line: screen.paint(line, "31"))
    first, second = stream.getvalue().split("\x1b[2A")
    assert first == f"\rone\x1b[K\n\r{'x' * (WIDTH - 1)}\x1b[K\n\x1b[J"
    assert second == "\r\x1b[31mtwo\x1b[0m\x1b[K\n\x1b[J"


@pytest.mark.parametrize(
    ("environ", "marks"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "de_DE.utf8", "LANG": "C"}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({}, False),
    ],
)
def test_marks_go_by_the_locale(environ: dict[str, str], marks: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert shows("\u2713", stream, environ) is marks


def test_marks_go_by_the_stream() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert not shows("\u2713", stream, {"LANG": "C.UTF-8"})
