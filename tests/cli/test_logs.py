"""Log lines: their form, and that nothing about them ever stops the daemon."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.cli.logs import level_for, log_notices, set_up
from nutbridge.system.text import printable
from nutbridge.ups.notices import BODIES, VERBOSE, Notice

log = logging.getLogger("nutbridge.test")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Put the loggers back: other tests look at them too."""
    ours, root = logging.getLogger("nutbridge"), logging.getLogger()
    kept = ours.handlers[:], ours.level, root.handlers[:]
    raising = logging.raiseExceptions
    yield
    ours.handlers[:], level, root.handlers[:] = kept
    ours.setLevel(level)
    logging.raiseExceptions = raising


class Log:
    """A log file, set up as a terminal or as journald's stream."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.file = path.open("wb")

    def set_up(self, level: int = logging.INFO, *, journal: bool = False) -> None:
        info = os.fstat(self.file.fileno())
        environ = {"JOURNAL_STREAM": f"{info.st_dev}:{info.st_ino}"} if journal else {}
        set_up("enphase-monitor home", level, environ, self.file.fileno())

    @property
    def lines(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Log]:
    found = Log(tmp_path / "log")
    yield found
    found.file.close()


@pytest.mark.parametrize(
    ("debug", "verbose", "level"),
    [
        (0, False, logging.INFO),
        (0, True, VERBOSE),
        (1, False, logging.DEBUG),
        (1, True, logging.DEBUG),
        (2, False, BODIES),
        (3, False, BODIES),
    ],
)
def test_level_for(debug: int, verbose: bool, level: int) -> None:
    assert level_for(debug, verbose=verbose) == level


def test_lines_on_a_terminal(shown: Log) -> None:
    shown.set_up()
    log.info("on line, %s W", 5)
    log.warning("gateway lost")
    log.debug("not shown")
    log.log(VERBOSE, "not shown")
    first, second = shown.lines
    assert re.fullmatch(r"\d\d:\d\d:\d\d enphase-monitor home: on line, 5 W", first)
    assert second.endswith(" enphase-monitor home: WARNING: gateway lost")


def test_lines_for_journald(shown: Log) -> None:
    """No time, a priority each: sd-daemon(3)."""
    shown.set_up(BODIES, journal=True)
    for level in (50, 40, 30, 20, VERBOSE, 10, BODIES, 1):
        log.log(level, "x")
    assert shown.lines == ["<2>x", "<3>x", "<4>x", "<6>x", "<6>x", "<7>x", "<7>x"]


@pytest.mark.parametrize("stream", ["", "1:2", "x", "8:1:2"])
def test_journal_variable_of_another_stream(shown: Log, stream: str) -> None:
    """A child with redirected output inherits the variable."""
    set_up("n", logging.INFO, {"JOURNAL_STREAM": stream}, shown.file.fileno())
    log.info("x")
    assert shown.lines[0].endswith(" n: x")


def test_one_line_whatever_is_in_it(shown: Log) -> None:
    shown.set_up(journal=True)
    log.info("a\nb\r\x1b[2J\x00\u202e\u2028%s\ud800 \u00fc", "\x9b")
    assert shown.lines == ["<6>a\\nb\\r\\x1b[2J\\x00\\u202e\\u2028\\x9b\\ud800 \u00fc"]


@given(st.text(st.characters()))
def test_printable(text: str) -> None:
    found = printable(text)
    assert found.isprintable()
    assert found == text or not text.isprintable()


def test_traceback_has_a_prefix_on_each_line(shown: Log) -> None:
    shown.set_up(journal=True)
    try:
        int("odd\n\x1b")
    except ValueError:
        log.exception("failed")
    assert shown.lines[0] == "<3>failed"
    assert len(shown.lines) > 3
    assert all(line.startswith("<3>") and line.isprintable() for line in shown.lines)


def test_only_our_loggers_are_shown() -> None:
    """The HTTP library logs headers at DEBUG; a process of its own: pytest logs."""
    code = (
        "import logging, os\n"
        "from nutbridge.cli.logs import set_up\n"
        "set_up('n', 5, {})\n"
        "logging.getLogger('httpcore.http11').debug('Set-Cookie')\n"
        "logging.getLogger('other').critical('x')\n"
        "logging.getLogger('nutbridge.x').debug('ours')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert re.fullmatch(r"\d\d:\d\d:\d\d n: ours\n", done.stderr)


def test_set_up_again_replaces(shown: Log) -> None:
    shown.set_up()
    shown.set_up(journal=True)
    log.info("x")
    assert shown.lines == ["<6>x"]


def test_log_notices(shown: Log) -> None:
    shown.set_up(journal=True)
    log_notices(log, [Notice(30, "100 % %s"), Notice(10, "no"), Notice(20, "b")])
    assert shown.lines == ["<4>100 % %s", "<6>b"]


def test_wrong_log_call_is_told_not_raised(shown: Log) -> None:
    shown.set_up(journal=True)
    log.info("%d", "x")
    assert shown.lines[0].startswith("log call at test_logs:")
    assert len(shown.lines) == 1


def test_stderr_closed_or_broken() -> None:
    read, write = os.pipe()
    set_up("n", logging.INFO, {}, write)
    os.close(read)
    log.info("nobody reads")
    os.close(write)
    log.info("not even open")


def test_reader_that_hangs_does_not_stop_us() -> None:
    """A full pipe: what fits is written, the rest is lost."""
    read, write = os.pipe()
    try:
        set_up("n", logging.INFO, {"JOURNAL_STREAM": ""}, write)
        log.info("x" * 200_000)
        os.set_blocking(read, False)
        assert 4096 <= len(os.read(read, 1 << 20)) < 200_000
        log.info("again")
        assert os.read(read, 99).endswith(b"n: again\n")
    finally:
        os.close(read)
        os.close(write)


def test_closed_stderr_is_never_another_file(tmp_path: Path) -> None:
    """With 2>&- the next file opened would get the log lines."""
    code = (
        "import logging, os, sys\n"
        "from nutbridge.cli.logs import guard_streams, set_up\n"
        "guard_streams()\n"
        "set_up('n', 20, {})\n"
        f"file = open({str(tmp_path / 'port.dev')!r}, 'w')\n"
        "logging.getLogger('nutbridge').warning('astray')\n"
        "sys.stdout.write('x')\n"
        "sys.stderr.write('x')\n"
        "sys.stderr.flush()\n"
        "assert file.fileno() > 2\n"
    )
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, code],
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert (tmp_path / "port.dev").read_text() == ""
