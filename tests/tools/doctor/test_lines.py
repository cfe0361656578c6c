"""How findings are drawn, to the letter."""

import pytest

from nutbridge.cli.doctor import LineStyle, as_lines, as_text_json
from nutbridge.tools.doctor.check import (
    Finding,
    failed,
    ok,
    skipped,
    warning,
)

LONG = "/var/lib/" + "x" * 90
FINDINGS = [
    Finding("a", ok("config /etc/nut/enphase-home.conf: UPS home")),
    Finding(
        "b",
        failed(
            "ups.conf: port of [home] is /var/lib/nut/house.dev, the monitor writes "
            "/var/lib/nut/home.dev",
            'port = "/var/lib/nut/home.dev" in ups.conf, then restart nut-driver@home '
            "and look again",
        ),
    ),
    Finding("c", warning("NUT 2.8.1\x1b[2J is hasty", "update")),
    Finding("d", skipped("SELinux is not in use")),
]

MARKS = """\
\u2713  config /etc/nut/enphase-home.conf: UPS home
\u2717  ups.conf: port of [home] is /var/lib/nut/house.dev, the monitor writes
   /var/lib/nut/home.dev
     to do: port = "/var/lib/nut/home.dev" in ups.conf, then restart
     nut-driver@home and look again
!  NUT 2.8.1\\x1b[2J is hasty
     to do: update
-  SELinux is not in use
4 checks: 1 ok, 1 warning, 1 failed, 1 skipped
"""
WORDS = """\
ok    config /etc/nut/enphase-home.conf: UPS home
FAIL  ups.conf: port of [home] is /var/lib/nut/house.dev, the monitor writes
      /var/lib/nut/home.dev
        to do: port = "/var/lib/nut/home.dev" in ups.conf, then restart
        nut-driver@home and look again
warn  NUT 2.8.1\\x1b[2J is hasty
        to do: update
skip  SELinux is not in use
4 checks: 1 ok, 1 warning, 1 failed, 1 skipped
"""


@pytest.mark.parametrize(("marks", "expected"), [(True, MARKS), (False, WORDS)])
def test_as_lines(marks: bool, expected: str) -> None:
    drawn = as_lines(FINDINGS, LineStyle(unicode=marks, colour=False))
    assert drawn == expected
    assert all(len(line) <= 80 for line in drawn.splitlines())


@pytest.mark.parametrize("width", [40, 60])
def test_as_lines_of_a_narrow_terminal(width: int) -> None:
    """Words are not cut by its edge."""
    style = LineStyle(unicode=True, colour=False, width=width)
    lines = as_lines(FINDINGS, style).splitlines()
    assert max(map(len, lines[:-1])) <= width


def test_as_lines_keeps_a_long_path_whole() -> None:
    drawn = as_lines([Finding("a", ok(LONG))], LineStyle(unicode=True, colour=False))
    assert LONG in drawn


def test_as_lines_colours_the_mark_alone() -> None:
    drawn = as_lines(FINDINGS, LineStyle(unicode=False, colour=True))
    assert "\x1b[31mFAIL\x1b[0m  ups.conf" in drawn
    assert drawn.count("\x1b") == 2 * len(FINDINGS)


def test_json_is_plain_ascii() -> None:
    assert as_text_json(FINDINGS).isascii()
    assert "\x1b" not in as_text_json(FINDINGS)
