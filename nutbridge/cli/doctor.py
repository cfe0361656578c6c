"""nutbridge doctor: one line per check, and what to do about it."""

import contextlib
import json
import logging
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from nutbridge.cli.common import Config, Ups
from nutbridge.cli.sma.session import interruptible
from nutbridge.errors import ConfigError
from nutbridge.system.terminal import (
    GREEN,
    GREY,
    RED,
    WIDTH,
    YELLOW,
    Terminal,
    painted,
    shows,
)
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.config.settings import Settings
    from nutbridge.tools.doctor.check import Finding
    from nutbridge.ups.notices import Notice

#: All is said after 20 s; programs start slowly on a small board.
_PROBES_S = 14.0
_CONFIG_S = 3.0

#: By result: a mark for terminals that know it, a word for others, a colour.
_MARKS: Mapping[str, tuple[str, str, str]] = {
    "ok": ("\u2713", "ok", GREEN),
    "warning": ("!", "warn", YELLOW),
    "failed": ("\u2717", "FAIL", RED),
    "skipped": ("-", "skip", GREY),
}
_WORD_WIDTH = 4

EPILOG = """\
\b
Exit status:
  0   every check holds; warnings and checks that do not apply aside
  1   a check failed, or may not be made by this user
  2   the command line is wrong
  78  the config cannot be used; nothing else was checked
"""


def doctor(
    ups: Ups = None,
    config: Config = None,
    upsd: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where upsd listens; else upsd.conf tells.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Show a JSON array of objects.")
    ] = False,
) -> None:
    """Say what is wrong with one UPS, and what to do; change nothing.

    Shows one line per check and, where something is to do, what. Needs 20
    seconds at most. As root it sees most.
    """
    # A session on an inverter is ended first.
    with interruptible():
        raise typer.Exit(_tell(config, ups, upsd, as_json=as_json))


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keep back what the parts log: it is in the findings."""
    log = logging.getLogger("nutbridge")
    silence = logging.NullHandler()
    log.addHandler(silence)
    log.propagate = False
    try:
        yield
    finally:
        # A bug is told by main, through the same logger.
        log.propagate = True
        log.removeHandler(silence)


def _tell(
    config: str | None, ups: str | None, upsd: str | None, *, as_json: bool
) -> int:
    look = LineStyle.of(sys.stdout, os.environ)
    with _unlogged():
        findings, unusable = _examine(config, ups, upsd)
    sys.stdout.write(as_text_json(findings) if as_json else as_lines(findings, look))
    sys.stdout.flush()
    if unusable is not None:
        if not as_json:
            sys.stderr.write("nutbridge: without a config nothing else was checked\n")
        return unusable
    from nutbridge.tools.doctor.check import all_hold

    return 0 if all_hold(findings) else 1


def _examine(
    config: str | None, ups: str | None, upsd: str | None
) -> "tuple[Sequence[Finding], int | None]":
    """Return the findings, and the exit code where there is no config."""
    from nutbridge.errors import UsageError
    from nutbridge.net.addresses import split_host
    from nutbridge.nut.upsd import UPSD_PORT
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.doctor.check import DoctorFacts, Finding, failed
    from nutbridge.tools.doctor.context import DoctorContext
    from nutbridge.tools.doctor.nut import listen_here
    from nutbridge.tools.doctor.run import examine

    upsd = upsd or listen_here(os.environ)
    try:
        split_host(upsd, UPSD_PORT)
    except ValueError as exc:
        raise UsageError(f"--upsd: {exc}") from None
    clock = SystemClock()
    try:
        settings, notices = _load(config, ups, clock.boottime() + _CONFIG_S)
    except ConfigError as exc:
        return [Finding(_at_fault(exc), failed(str(exc), _remedy()))], exc.exit_code
    unknown = [note.text for note in notices if "unknown key" in note.text]
    odd = [note.text for note in notices if note.text not in unknown]
    facts = DoctorFacts(settings, tuple(unknown), tuple(odd))
    place = DoctorContext(
        settings, os.environ, clock, clock.boottime() + _PROBES_S, upsd
    )
    return examine(facts, place), None


def _at_fault(error: ConfigError) -> str:
    """Return the check that a config error belongs to."""
    if error.key == "STATE_DIR" or "folder of" in error.problem:
        return "folders"
    return "config-permissions" if "everybody" in error.problem else "config"


def _remedy() -> str:
    if os.geteuid():
        return "look again as root: sudo nutbridge doctor ...; else correct it"
    return "correct it, or make a config with: nutbridge setup"


def _load(
    config: str | None, ups: str | None, until: float
) -> "tuple[Settings, list[Notice]]":
    """Read the config, or give up a file system that hangs.

    Raises:
        ConfigError: see config.file.load; or late.
    """
    from nutbridge.config.file import load
    from nutbridge.net.worker import LateError, call_within
    from nutbridge.system.clock import SystemClock

    def read() -> "tuple[Settings, list[Notice]]":
        return load(config, ups, os.environ, account_needed=False)

    try:
        return call_within("config", read, until, SystemClock())
    except LateError:
        problem = f"cannot be read within {_CONFIG_S:g} s; does its disk hang?"
        raise ConfigError(config or ups or "config", None, problem) from None


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How lines are drawn.

    Attributes:
        unicode: the stream can show the marks.
        colour: it is a terminal, and nobody asked for none.
        width: columns.
    """

    unicode: bool
    colour: bool
    width: int = WIDTH

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> "LineStyle":
        """Return the style that a stream can show."""
        marks = "".join(mark for mark, _, _ in _MARKS.values())
        unicode = shows(marks, stream, environ)
        screen = Terminal(stream, environ)
        return cls(unicode, screen.colour, screen.width)

    def mark(self, result: str) -> str:
        """Return the mark before a finding."""
        sign, word, colour = _MARKS[result]
        shown = sign if self.unicode else word.ljust(_WORD_WIDTH)
        return painted(shown, colour) if self.colour else shown

    @property
    def indent(self) -> int:
        """Columns before the finding."""
        return (1 if self.unicode else _WORD_WIDTH) + 2


def as_lines(findings: "Sequence[Finding]", look: LineStyle) -> str:
    """Return the findings for people, as wide as the style where words allow."""
    lines: list[str] = []
    indent = " " * look.indent
    for finding in findings:
        verdict = finding.verdict
        head = _wrapped(verdict.finding, indent, look.width)
        lines += [f"{look.mark(verdict.result)}  {head[0].lstrip()}", *head[1:]]
        if verdict.remedy:
            lines += _wrapped(f"to do: {verdict.remedy}", f"{indent}  ", look.width)
    counts = [
        f"{sum(each.verdict.result == result for each in findings)} {result}"
        for result in _MARKS
    ]
    checks = "1 check" if len(findings) == 1 else f"{len(findings)} checks"
    lines.append(f"{checks}: {', '.join(counts)}")
    return "".join(f"{line}\n" for line in lines)


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        # A path or a command must stay fit for copying.
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_text_json(findings: "Sequence[Finding]") -> str:
    """Return the findings for programs."""
    rows = [
        {
            "check": each.check,
            "result": each.verdict.result.value,
            "finding": each.verdict.finding,
            "remedy": each.verdict.remedy,
        }
        for each in findings
    ]
    return json.dumps(rows, indent=2) + "\n"
