"""Log lines on stderr, one line per event, whatever happens to stderr.

Only the loggers below ``nutbridge`` are shown: the HTTP library's own lines may
hold what must not be in a log. Levels: INFO changes of state; VERBOSE (-v) one
line per poll; DEBUG (-d); BODIES (-dd) answers, their secrets replaced by those
who log them.

Nothing here raises or waits for a reader: a log that cannot be written is lost,
the protection of the house goes on.
"""

import contextlib
import logging
import os
import select
import sys
import time
from collections.abc import Mapping

from nutbridge.system.text import printable
from nutbridge.ups.notices import BODIES, VERBOSE, Notice

_STDERR = 2
# A pipe that poll(2) calls writable takes this much in one piece (PIPE_BUF).
_PIECE = 4096
# journald restarting takes milliseconds; a reader that hangs gets no more.
_PATIENCE_MS = 200

#: syslog(3) priorities, which journald reads from the <N> before a line.
_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (VERBOSE, 6),
    (0, 7),
)


def level_for(debug: int, *, verbose: bool) -> int:
    """Return the level that ``-d`` (how often) and ``-v`` ask for."""
    if debug > 1:
        return BODIES
    if debug:
        return logging.DEBUG
    return VERBOSE if verbose else logging.INFO


def guard_streams() -> None:
    """Put /dev/null where stdin, stdout or stderr is closed.

    The first file opened later would get that number, and log lines would be
    written into it. Call it before anything else opens a file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, this one
    # Python has None for a stream that was closed at its start.
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def set_up(
    name: str, level: int, environ: Mapping[str, str], fd: int = _STDERR
) -> None:
    """Send the lines of all our loggers to ``fd``; may be called again.

    Args:
        name: what stands before each line, e.g. ``enphase-monitor home``;
            journald gets none, it knows the unit.
        level: from ``level_for``.
        environ: JOURNAL_STREAM tells whether journald reads.
        fd: where to write.
    """
    logging.raiseExceptions = False
    for number, word in ((VERBOSE, "VERBOSE"), (BODIES, "BODIES")):
        logging.addLevelName(number, word)
    handler = LineHandler(fd, None if journal_reads(environ, fd) else name)
    ours = logging.getLogger("nutbridge")
    ours.handlers[:] = [handler]
    ours.setLevel(level)
    # Lines of others would go to stderr unchecked.
    logging.getLogger().handlers[:] = [logging.NullHandler()]


def log_notices(logger: logging.Logger, notices: list[Notice]) -> None:
    """Log what pure code noticed."""
    for notice in notices:
        logger.log(notice.level, "%s", notice.text)


def journal_reads(environ: Mapping[str, str], fd: int) -> bool:
    """Tell whether ``fd`` is the stream that systemd made for journald.

    Source: systemd.exec(5), $JOURNAL_STREAM: ``device:inode``, to be compared,
    because a child with redirected output inherits the variable.
    """
    try:
        info = os.fstat(fd)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{info.st_dev}:{info.st_ino}"


class LineHandler(logging.Handler):
    """Writes each record as one line, a traceback as several.

    Args:
        fd: where to write.
        name: begins each line after the time; None writes for journald.
    """

    def __init__(self, fd: int, name: str | None) -> None:
        super().__init__()
        self._fd = fd
        self._name = name

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; never raises."""
        try:
            lines = self._lines(record)
        except Exception:  # noqa: BLE001 - a wrong log call must not end the daemon
            lines = [f"log call at {record.module}:{record.lineno} does not work"]
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        with contextlib.suppress(OSError):  # nobody is left to tell
            _write(self._fd, data)

    def _lines(self, record: logging.LogRecord) -> list[str]:
        begin = self._begin(record)
        lines = [begin + printable(record.getMessage())]
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            lines += [begin + printable(line) for line in trace.splitlines()]
        return lines

    def _begin(self, record: logging.LogRecord) -> str:
        if self._name is None:
            number = next(n for level, n in _PRIORITIES if record.levelno >= level)
            return f"<{number}>"
        now = time.strftime("%H:%M:%S", time.localtime(record.created))
        word = f"{record.levelname}: " if record.levelno >= logging.WARNING else ""
        return f"{now} {self._name}: {word}"


def _write(fd: int, data: bytes) -> None:
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    while data:
        if not any(event & select.POLLOUT for _, event in poller.poll(_PATIENCE_MS)):
            return
        data = data[os.write(fd, data[:_PIECE]) :]
